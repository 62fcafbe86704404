//! Tests of what can be done about findings: each control appears where it helps, and not where it does not.
use drover::domain::State;
use drover::migrate::DiskChoice;
use drover::migrate::answers::{CpuAnswer, File, Room, Shared};
use drover::migrate::facts::Neighbour;
use uuid::Uuid;

use super::super::copies::{Copies, Offer, offers};
use super::super::verdict::tests::survey;
use super::super::verdict::{Sheet, Surveyed};
use super::*;
use drover::migrate::survey::Survey;

fn lines(surveys: Vec<Survey>, choices: &Choices, copies: &Copies) -> Vec<Line> {
    let one = |(n, survey)| Surveyed { name: format!("vm{n}"), survey: Some(Ok(survey)) };
    let machines: Vec<_> = (1..).zip(surveys).map(one).collect();
    Sheet::of(&machines, choices, copies).judge().lines
}

fn controls(surveys: Vec<Survey>, choices: &Choices) -> Vec<Control> {
    lines(surveys, choices, &Copies::default()).into_iter().flat_map(|line| line.controls).collect()
}

fn changed(state: State, change: impl FnOnce(&mut Survey)) -> Survey {
    let mut survey = survey(state);
    change(&mut survey);
    survey
}

fn dest(survey: &mut Survey) -> &mut drover::migrate::facts::HostFacts {
    std::sync::Arc::make_mut(&mut survey.dest)
}

#[test]
fn actions_on_machines_are_for_all_of_whom_it_was_found() {
    let saved = || changed(State::Off, |s| s.machine.has_managed_save = true);
    let (offline, live) = (Choices::new(Kind::Offline), Choices::new(Kind::Live));
    let drop = |machines| Control::Prepare(Prepare { what: Preparation::DropSave, machines });
    assert_eq!(controls(vec![saved(), survey(State::Off), saved()], &offline), [drop(vec![0, 2])]);
    assert_eq!(controls(vec![survey(State::Off)], &offline), []);
    let lacks = || changed(State::Running, |s| s.answers.cpu = Some(CpuAnswer::Lacks(vec!["avx".into()])));
    let lower = Control::Prepare(Prepare { what: Preparation::LowerCpu, machines: vec![1] });
    assert_eq!(controls(vec![survey(State::Running), lacks()], &live), [lower]);
    let mut soon = lacks();
    soon.answers.next_cpu_fits = true;
    let said = lines(vec![soon], &live, &Copies::default());
    let words = "A CPU that fits is set: it has it after a shutdown and start.";
    assert_eq!((said[0].advice.as_deref(), said[0].controls.len()), (Some(words), 0));
    // What is done at the destination helps all of them at once.
    let lan = || changed(State::Running, |s| s.machine.nics = vec![Nic::Network("lan".into())]);
    let network = Prepare { what: Preparation::CopyNetwork("lan".into()), machines: vec![0] };
    assert_eq!(controls(vec![lan(), lan()], &live), [Control::Prepare(network)]);
}

#[test]
fn options_that_clash_are_changed_by_a_button() {
    let of = |change: fn(&mut Choices)| {
        let mut choices = Choices::new(Kind::Live);
        change(&mut choices);
        let able = changed(State::Running, |s| {
            let version = drover::migrate::finding::Version(11, 0, 0);
            dest(s).libvirt = version;
            dest(s).hypervisor = version;
            s.source = s.dest.clone();
            let other = std::sync::Arc::make_mut(&mut s.source);
            (other.uuid, other.name) = (Some(Uuid::from_u128(9)), "kvm1".into());
        });
        controls(vec![able], &choices)
    };
    let edit = Control::Edit;
    assert_eq!(of(|c| c.compress = Some(Compression::Zstd)), [edit(Edit::Compress(Compression::Xbzrle))]);
    let both = |c: &mut Choices| (c.compress, c.parallel) = (Some(Compression::Xbzrle), Some(2));
    assert_eq!(of(both), [edit(Edit::Compress(Compression::Zlib))]);
    assert_eq!(of(|c| (c.compress, c.parallel) = (Some(Compression::Zstd), Some(2))), []);
    let tunnel = |c: &mut Choices| {
        c.way = drover::migrate::Way::Tunnel("qemu+tcp://b/system".into());
        c.parallel = Some(2);
    };
    assert_eq!(of(tunnel), [edit(Edit::LeaveOut(Feature::Tunnel))]);
    assert!(can_leave_out(Feature::NewName) && !can_leave_out(Feature::Kind(Kind::Live)));
}

#[test]
fn names_places_and_memory_have_their_ways() {
    let taken = || {
        changed(State::Running, |s| {
            let id = drover::domain::DomainId(Uuid::from_u128(8));
            dest(s).machines = vec![Neighbour { id, name: s.machine.name.clone(), active: true }];
        })
    };
    let live = Choices::new(Kind::Live);
    assert_eq!(controls(vec![taken()], &live), [Control::Edit(Edit::Name)]);
    let two = lines(vec![taken(), taken()], &live, &Copies::default());
    assert_eq!((two[0].controls.len(), two[0].advice.as_deref()), (0, Some("Rename one of the two.")));
    let full = changed(State::Running, |s| dest(s).free_memory_kib = Some(5));
    assert_eq!(controls(vec![full], &live), [Control::MoveAway]);
    let tight = changed(State::Running, |s| {
        let disk = &mut s.answers.disks[0];
        (disk.there, disk.shared, disk.folder) = (File::Missing, Shared::No, Room::Free(5));
    });
    assert_eq!(controls(vec![tight], &Choices::new(Kind::Copy)), [Control::Edit(Edit::Place)]);
}

/// A machine with a shared disk vda, a disk vdb that only the source has, and an empty drive.
fn two_disks() -> Survey {
    changed(State::Running, |s| {
        let (mut disk, mut answer) = (s.machine.disks[0].clone(), s.answers.disks[0].clone());
        disk.target = "vdb".into();
        (answer.there, answer.shared) = (File::Missing, Shared::No);
        let cdrom =
            drover::migrate::machine::Disk { target: "sda".into(), device: "cdrom".into(), ..Default::default() };
        s.machine.disks.extend([disk, cdrom]);
        s.answers.disks.extend([answer, Default::default()]);
    })
}

#[test]
fn single_disks_are_copied_or_not() {
    let (copy, live) = (Choices::new(Kind::Copy), Choices::new(Kind::Live));
    let offer = |target: &str, usual| Offer { target: target.into(), path: "/srv/a.qcow2".into(), usual };
    assert_eq!(offers(&two_disks(), &copy), [offer("vda", false), offer("vdb", true)]);
    assert_eq!(offers(&two_disks(), &live), []);
    let chosen = |disks: &[(&str, bool)]| Copies {
        disks: disks.iter().map(|(target, copy)| ((*target).to_owned(), *copy)).collect(),
        ..Copies::default()
    };
    let left_out = chosen(&[("vdb", false)]);
    let want = DiskChoice { target: "vdb".into(), copy: Some(false), ..DiskChoice::default() };
    assert_eq!(left_out.put(copy.clone(), &two_disks()).disks, [want]);
    assert_eq!(left_out.put(live, &two_disks()).disks, [], "it copies none anyway");
    let said = lines(vec![two_disks()], &copy, &left_out);
    assert_eq!(said[0].text, "kvm2 has no /srv/a.qcow2.");
    assert_eq!(said[0].controls, [Control::Edit(Edit::Copy("vdb".into()))]);
    assert_eq!(lines(vec![two_disks()], &copy, &Copies::default()), []);
    // Copied onto itself, a shared disk needs another place; the format is only for what is copied.
    let onto = Copies { format: Some(drover::install::Format::Raw), ..chosen(&[("vda", true), ("vdb", false)]) };
    let put = onto.put(copy.clone(), &two_disks()).disks;
    assert_eq!(put.iter().map(|d| d.format.is_some()).collect::<Vec<_>>(), [true, false]);
    let said = lines(vec![two_disks()], &copy, &chosen(&[("vda", true)]));
    assert_eq!(said[0].controls, [Control::Edit(Edit::Place)]);
}
