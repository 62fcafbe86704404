//! Tests of the dialog's verdict, with surveys made by hand.
use std::sync::Arc;

use drover::domain::{DomainId, State};
use drover::migrate::answers::{Answers, CpuAnswer, DiskAnswer, File, Image, Room, Shared, TlsAnswer};
use drover::migrate::facts::{Guest, HostFacts, Pool};
use drover::migrate::finding::Evidence;
use drover::migrate::machine::{Disk, Machine, Nic, Source};
use drover::migrate::prepare::Preparation;
use uuid::Uuid;

use super::super::control::Prepare;
use super::*;

fn prepare(what: Preparation, machine: usize) -> Control {
    Control::Prepare(Prepare { what, machines: vec![machine] })
}

fn host(name: &str, number: u8) -> HostFacts {
    let guest = Guest { arch: "x86_64".into(), types: vec!["kvm".into()], ..Guest::default() };
    let address = Some([10, 77, 0, number].into());
    HostFacts {
        name: name.into(),
        uuid: Some(Uuid::from_u128(number.into())),
        driver: "QEMU".into(),
        guests: vec![guest],
        migrates: true,
        bridges: Some(vec!["br0".into(), "virbr0".into()]),
        cpus: 8,
        free_memory_kib: Some(8 << 20),
        address,
        name_resolves: address.into_iter().collect(),
        ..HostFacts::default()
    }
}

/// A machine with a shared disk on br0, which nothing keeps from going.
pub fn survey(state: State) -> Survey {
    let image = Image { capacity: 10 << 30, used: 1 << 30, length: 1 << 30, ..Image::default() };
    let disk = Disk {
        target: "vda".into(),
        device: "disk".into(),
        source: Source::File("/srv/a.qcow2".into()),
        format: "qcow2".into(),
        read_only: false,
    };
    let path = Some("/srv/a.qcow2".to_owned());
    let answer = DiskAnswer {
        path: path.clone(),
        path_there: path,
        here: File::Here(image.clone()),
        there: File::Here(image),
        shared: Shared::Yes(Evidence::SameFile),
        folder: Room::Free(100 << 30),
        ..DiskAnswer::default()
    };
    Survey {
        machine: Machine {
            id: Some(DomainId(Uuid::from_u128(7))),
            name: "web-01".into(),
            state,
            persistent: true,
            virt_type: "kvm".into(),
            arch: "x86_64".into(),
            memory_kib: 1 << 20,
            vcpus: 1,
            disks: vec![disk],
            nics: vec![Nic::Bridge("br0".into())],
            ..Machine::default()
        },
        source: Arc::new(host("kvm1", 1)),
        dest: Arc::new(host("kvm2", 2)),
        answers: Answers { cpu: Some(CpuAnswer::Fits), disks: vec![answer], ..Answers::default() },
    }
}

/// One whose disk only the source has.
fn private(state: State) -> Survey {
    let mut survey = survey(state);
    let disk = &mut survey.answers.disks[0];
    (disk.there, disk.shared) = (File::Missing, Shared::No);
    survey
}

/// One on a bridge that is not there.
fn unplugged() -> Survey {
    let mut survey = survey(State::Running);
    survey.machine.nics = vec![Nic::Bridge("xenbr0".into())];
    survey
}

fn lot(surveys: Vec<Survey>) -> Vec<Surveyed> {
    let one = |(n, survey)| Surveyed { name: format!("vm{n}"), survey: Some(Ok(survey)) };
    (1..).zip(surveys).map(one).collect()
}

fn sheet_of<'a>(machines: &'a [Surveyed], choices: &'a Choices) -> Sheet<'a> {
    static USUAL: Copies = Copies { pool: None, format: None, disks: Vec::new() };
    Sheet::of(machines, choices, &USUAL)
}

fn live() -> Choices {
    Choices::new(Kind::Live)
}

/// The texts that are no notes.
fn against(machines: &[Surveyed], choices: &Choices) -> Vec<(Severity, String)> {
    let lines = sheet_of(machines, choices).judge().lines;
    lines.into_iter().filter(|l| l.severity > Severity::Ok).map(|l| (l.severity, l.text)).collect()
}

#[test]
fn a_good_machine_goes_live_and_nothing_is_said() {
    let machines = lot(vec![survey(State::Running)]);
    let choices = live();
    let sheet = sheet_of(&machines, &choices);
    assert_eq!((sheet.can(), sheet.best()), (vec![true], Kind::Live));
    let verdict = sheet.judge();
    assert_eq!(verdict.lines, []);
    assert!(verdict.passed.contains(&"Architecture".to_owned()), "{:?}", verdict.passed);
    assert!(verdict.passed.iter().any(|p| p.contains("/srv/a.qcow2 is the same on both hosts")));
    let note = |kind| sheet.kinds().into_iter().find(|k| k.kind == kind).and_then(|k| k.note);
    assert_eq!(note(Kind::Copy).as_deref(), Some("Not needed: all disks are shared."));
    assert_eq!(
        note(Kind::Offline).as_deref(),
        Some("It is running; the configuration alone would make a second machine.")
    );
    assert_eq!(note(Kind::Live), None);
}

#[test]
fn a_private_disk_makes_copying_the_best() {
    let machines = lot(vec![private(State::Running)]);
    let choices = live();
    let sheet = sheet_of(&machines, &choices);
    assert_eq!((sheet.best(), sheet.can()), (Kind::Copy, vec![false]));
    let kinds = sheet.kinds();
    assert_eq!(kinds[0].note.as_deref(), Some("kvm2 has no /srv/a.qcow2."), "why live can't be");
    assert_eq!((kinds[1].can, kinds[1].note.as_deref()), (1, None), "copying is needed");
    let line = &sheet.judge().lines[0];
    assert_eq!(line.controls, [Control::Kind(Kind::Copy)]);
    assert_eq!(line.advice, None, "there is a control for it");
}

#[test]
fn what_blocks_every_kind_is_said_once() {
    let machines = lot(vec![unplugged()]);
    let mut choices = live();
    let sheet = sheet_of(&machines, &choices);
    assert_eq!(sheet.best(), Kind::Live);
    assert_eq!(sheet.kinds()[0].note, None);
    let lines = sheet.judge().lines;
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].text, "kvm2 has no bridge xenbr0; it has: br0, virbr0.");
    let have = vec!["br0".to_owned(), "virbr0".to_owned()];
    let control = Control::Bridge { here: "xenbr0".into(), have: have.clone(), chosen: None };
    assert_eq!(lines[0].controls, [control]);
    // Chosen, it stays where it can be changed; and taken back, it blocks again.
    let chosen = Control::Bridge { here: "xenbr0".into(), have, chosen: Some("br0".into()) };
    control::set(&mut choices, &chosen);
    let sheet = sheet_of(&machines, &choices);
    assert_eq!(sheet.can(), [true]);
    let lines = sheet.judge().lines;
    assert_eq!((lines.len(), &lines[0].controls), (1, &vec![chosen.clone()]));
    assert_eq!(lines[0].severity, Severity::Ok);
    assert!(chosen.is_same(&Control::Bridge { here: "xenbr0".into(), have: vec![], chosen: None }));
    control::set(&mut choices, &Control::Bridge { here: "xenbr0".into(), have: vec![], chosen: None });
    assert_eq!(sheet_of(&machines, &choices).can(), [false]);
}

#[test]
fn of_many_machines_each_finding_is_said_once_with_its_names() {
    let mut machines =
        lot(vec![unplugged(), unplugged(), survey(State::Running), unplugged(), unplugged(), unplugged()]);
    machines.push(Surveyed { name: "lost".into(), survey: Some(Err("kvm1: not connected".into())) });
    machines.push(Surveyed { name: "late".into(), survey: None });
    let choices = live();
    assert_eq!(sheet_of(&machines, &choices).can().iter().filter(|can| **can).count(), 1);
    let said: Vec<String> = against(&machines, &choices).into_iter().map(|(_, text)| text).collect();
    let want =
        ["lost: kvm1: not connected", "vm1, vm2, vm4 and 2 more: kvm2 has no bridge xenbr0; it has: br0, virbr0."];
    assert_eq!(said, want);
}

#[test]
fn of_a_mixed_lot_those_that_are_off_go_without_running() {
    let machines = lot(vec![survey(State::Running), survey(State::Off), private(State::Off)]);
    let choices = live();
    let sheet = sheet_of(&machines, &choices);
    assert_eq!(sheet.can(), [true, true, false]);
    assert_eq!(sheet.choices_for(1, Kind::Live).kind, Kind::Offline);
    let copy = Choices::new(Kind::Copy);
    let sheet = sheet_of(&machines, &copy);
    let kinds: Vec<_> = sheet.going(Kind::Copy).map(|(i, choices)| (i, choices.kind)).collect();
    assert_eq!(kinds, [(0, Kind::Copy), (1, Kind::Offline), (2, Kind::Static)]);
    assert_eq!(sheet.best(), Kind::Copy, "most can go by it");
    let notes: Vec<String> = sheet.judge().lines.into_iter().map(|line| line.text).collect();
    assert_eq!(
        notes,
        ["vm2: It is off, so it goes like this: Offline.", "vm3: It is off, so it goes like this: Static."]
    );
    // A lot that is all off is asked for a kind like any other.
    let off = lot(vec![survey(State::Off), survey(State::Off)]);
    let sheet = sheet_of(&off, &choices);
    assert_eq!((sheet.can(), sheet.best()), (vec![false, false], Kind::Offline));
}

#[test]
fn warnings_stand_below_what_blocks() {
    let mut one = unplugged();
    one.machine.cpu_mode = Some("host-passthrough".into());
    let machines = lot(vec![one]);
    let said = against(&machines, &live());
    assert_eq!(said.iter().map(|(severity, _)| *severity).collect::<Vec<_>>(), [Severity::Block, Severity::Warn]);
    let choices = live();
    let lines = sheet_of(&machines, &choices).judge().lines;
    assert_eq!((lines[1].advice.as_deref(), lines[1].controls.len()), (None, 1), "there is a control for it");
}

#[test]
fn what_can_be_done_on_the_destination_is_a_button() {
    let mut one = survey(State::Running);
    one.machine.nics = vec![Nic::Network("lan".into())];
    one.machine.disks[0].source = Source::Volume { pool: "images".into(), volume: "a".into() };
    let machines = lot(vec![survey(State::Running), one.clone()]);
    let controls = |machines: &[Surveyed]| {
        let choices = live();
        sheet_of(machines, &choices).judge().lines.into_iter().flat_map(|line| line.controls).collect::<Vec<_>>()
    };
    let got = controls(&machines);
    assert!(got.contains(&prepare(Preparation::CopyNetwork("lan".into()), 1)), "{got:?}");
    assert!(got.contains(&prepare(Preparation::CopyPool("images".into()), 1)), "{got:?}");
    let there = Arc::make_mut(&mut one.dest);
    there.networks = vec![drover::network::NetworkInfo { name: "lan".into(), ..Default::default() }];
    there.pools = vec![Pool { name: "images".into(), ..Pool::default() }];
    let got = controls(&lot(vec![one]));
    assert!(got.contains(&prepare(Preparation::StartNetwork("lan".into()), 0)), "{got:?}");
    assert!(got.contains(&prepare(Preparation::StartPool("images".into()), 0)), "{got:?}");
}

#[test]
fn tls_counts_only_when_it_is_wanted() {
    let mut one = survey(State::Running);
    one.answers.tls = vec![TlsAnswer::Ready, TlsAnswer::Lacks("/etc/pki/qemu/ca-cert.pem".into())];
    let machines = lot(vec![one]);
    assert_eq!(against(&machines, &live()), []);
    let said = against(&machines, &Choices { tls: true, ..live() });
    assert_eq!(said, [(Severity::Block, "kvm2 has no /etc/pki/qemu/ca-cert.pem: TLS is not set up.".to_owned())]);
}

#[test]
fn a_disk_that_nobody_knows_is_asked_for_and_an_answer_can_be_changed() {
    let mut one = survey(State::Running);
    one.answers.disks[0].shared = Shared::Unknown;
    let machines = lot(vec![one]);
    let mut choices = live();
    let controls = |choices: &Choices| {
        let lines = sheet_of(&machines, choices).judge().lines;
        lines.into_iter().flat_map(|line| line.controls).collect::<Vec<_>>()
    };
    assert_eq!(controls(&choices), [Control::Shared(None)]);
    control::set(&mut choices, &Control::Shared(Some(true)));
    assert_eq!(controls(&choices), [Control::Shared(Some(true))]);
    assert_eq!(sheet_of(&machines, &choices).can(), [true]);
}

#[test]
fn another_place_is_chosen_only_for_disks_that_are_copied() {
    let mut away = private(State::Running);
    let pool = Pool { name: "big".into(), active: true, target: Some("/big".into()), ..Pool::default() };
    Arc::make_mut(&mut away.dest).pools = vec![pool];
    let machines = lot(vec![away, survey(State::Running)]);
    let (choices, copies) = (Choices::new(Kind::Copy), Copies { pool: Some("big".into()), ..Copies::default() });
    let sheet = Sheet::of(&machines, &choices, &copies);
    let disks = |i| sheet.choices_for(i, Kind::Copy).disks;
    assert_eq!(
        disks(0).iter().map(|d| (d.target.as_str(), d.place.clone())).collect::<Vec<_>>(),
        [("vda", Some(drover::migrate::Place::Pool("big".into())))]
    );
    assert_eq!((disks(1), sheet.choices_for(0, Kind::Live).disks), (vec![], vec![]));
}

#[test]
fn what_is_left_of_an_earlier_move_may_be_replaced() {
    let finding = Finding {
        check: Check::DiskPath,
        severity: Severity::Block,
        reason: Reason::OtherFile { host: "kvm2".into(), path: "/srv/a".into() },
        remedy: Some(drover::migrate::finding::Remedy::Replace { path: "/srv/a".into() }),
    };
    let mut choices = live();
    let tick = Control::Replace("/srv/a".into(), false);
    assert_eq!(control::of(&finding, &choices, true), std::slice::from_ref(&tick));
    control::set(&mut choices, &Control::Replace("/srv/a".into(), true));
    assert_eq!(choices.replace, ["/srv/a"]);
    assert_eq!(control::chosen(&[], &choices)[0].controls, [Control::Replace("/srv/a".into(), true)]);
    control::set(&mut choices, &tick);
    assert!(choices.replace.is_empty());
}
