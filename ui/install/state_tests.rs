//! Tests of the window's state: what stands under which field, what blocks, and when the install can begin.
use drover::finding::Reason;
use drover::host::{Host, HostOptions};
use drover::install::capabilities::Virt;
use drover::install::plan::{Given, decide};
use drover::install::{Format, source::Location};

use super::*;
use crate::install::form::{Edit, tests::rhel5};

/// Everything is answered, the host has nothing against it.
fn ready() -> State {
    let mut form = Form::default();
    form.edit(Edit::Location("/soft/rhel5_source".into()));
    form.edit(Edit::Name("node2".into()));
    form.edit(Edit::DiskPath("/srv/node2.img".into()));
    let request = drover::install::Request { location: Location::Dir("/soft/rhel5_source".into()), ..form.request() };
    let given = Given {
        virt: Virt { domain_type: "qemu".into(), os_type: "hvm".into(), arch: "x86_64".into() },
        uuid: Default::default(),
        mac: None,
        boot_folder: "/boot".into(),
        existing_format: Format::Raw,
        block_device: false,
    };
    let plan = decide(request, rhel5(), given);
    let looked = Looked { plan: Some((Box::new(plan), String::new())), ..Looked::default() };
    // The test driver is in the process: nothing is reached, and nothing is asked of it here. GTK must be up before it,
    // because libvirt's event loop takes GLib's default main context where nobody else has it: hence gtk::test.
    let host = Host::open("test:///default", HostOptions::default(), |_| {});
    let hosts = vec![HostChoice { host, name: "kvm1".into(), trouble: None }];
    let mut state = State::new(hosts, Some(0), form);
    (state.step, state.visited, state.looked) = (Step::Summary, [true; 6], looked.clone());
    state.source.answer(Ok(rhel5()));
    state.look.answer(Ok(looked));
    state
}

fn find(state: &mut State, finding: Finding) {
    state.looked.findings.push(finding);
}

#[gtk::test]
fn a_checked_request_can_begin() {
    let state = ready();
    assert!(state.troubles().is_empty(), "{:?}", state.troubles());
    assert_eq!(state.ready().map(|p| p.request.name.as_str()), Some("node2"));
    assert!(Step::ALL.iter().all(|s| state.is_complete(*s) || *s == Step::Summary));
}

#[gtk::test]
fn a_blocking_finding_stops_its_step_and_a_warning_does_not() {
    let mut state = ready();
    find(&mut state, Finding::warn(Field::VirtType, Reason::NoKvm { host: "kvm1".into() }));
    assert!(state.ready().is_some());
    find(&mut state, Finding::block(Field::Mac, Reason::BadMac("zz".into())));
    assert!(state.ready().is_none());
    assert!(state.is_blocked(Step::Network) && !state.is_blocked(Step::System));
    assert!(matches!(state.says(Field::Mac), Says::Bad(text) if text.contains("zz")));
}

#[gtk::test]
fn the_worst_finding_stands_under_the_field() {
    let mut state = ready();
    find(&mut state, Finding::block(Field::Memory, Reason::Zero));
    find(&mut state, Finding::warn(Field::Memory, Reason::MemoryBelowMinimum { asked: 1, minimum: 512 }));
    assert!(matches!(state.says(Field::Memory), Says::Bad(_)));
}

#[gtk::test]
fn what_is_missing_is_asked_for_and_said_once() {
    let mut state = ready();
    state.form.edit(Edit::Answers(Answers::Url));
    find(&mut state, Finding::block(Field::Unattended, Reason::Zero));
    assert!(matches!(state.says(Field::Unattended), Says::Note(_)), "nobody has done anything wrong yet");
    assert_eq!(state.troubles().len(), 1);
    assert!(state.ready().is_none());
}

#[gtk::test]
fn an_unread_source_a_lost_host_and_a_check_under_way_stop_it() {
    let mut state = ready();
    state.look.restart();
    assert!(state.ready().is_none(), "a check is under way");
    let mut state = ready();
    state.source.answer(Err("gone".into()));
    assert!(state.ready().is_none() && state.says(Field::Source) == Says::Bad("gone".into()));
    assert_eq!(state.troubles().len(), 1);
    let mut state = ready();
    state.hosts[0].trouble = Some("stale".into());
    assert!(state.ready().is_none() && state.says(Field::Host) == Says::Bad("stale".into()));
}

#[gtk::test]
fn a_new_look_up_stops_the_old_one() {
    let mut live = Live::<u8>::default();
    let old = live.restart();
    let new = live.restart();
    assert!(old.is_cancelled() && !new.is_cancelled());
    drop(live);
    assert!(new.is_cancelled(), "closing the window stops it too");
}
