//! Every action, on the test driver.
use std::sync::Arc;

use drover::Error;
use drover::domain::actions::{self, Action, Denial};
use drover::domain::{DomainId, DomainInfo, State};
use drover::host::{Host, NoCredentials};

use crate::fleet::{self, Watched};

/// Does it and waits until the watcher tells what `holds`.
fn act(watched: &mut Watched, id: DomainId, action: Action, holds: impl Fn(&DomainInfo) -> bool) {
    let host = watched.host.clone();
    actions::run(&host, id, action.clone()).unwrap_or_else(|e| panic!("{action:?}: {e}"));
    watched.until(&format!("{action:?}"), |inventory, _| {
        inventory.hosts()[0].machines.get(&id).is_some_and(|m| holds(&m.info))
    });
}

#[test]
fn actions_do_what_they_say() {
    let file = fleet::file(1);
    let mut watched = Watched::quiet(&fleet::uri(&file));
    watched.until("details", |_, kinds| kinds.contains(&"changed"));
    let id = *watched.entry().machines.keys().next().unwrap();
    let state = |wanted: State| move |info: &DomainInfo| info.state == wanted;

    act(&mut watched, id, Action::Pause, state(State::Paused));
    act(&mut watched, id, Action::Resume, state(State::Running));
    act(&mut watched, id, Action::Save, |info| info.state == State::Off && info.has_managed_save);
    act(&mut watched, id, Action::Restore, |info| info.state == State::Running && !info.has_managed_save);
    act(&mut watched, id, Action::Shutdown, state(State::Off));
    act(&mut watched, id, Action::Rename("other".into()), |info| info.name == "other");
    act(&mut watched, id, Action::Start, state(State::Running));
    act(&mut watched, id, Action::Autostart(true), |info| info.autostart);
    act(&mut watched, id, Action::Autostart(false), |info| !info.autostart);
    act(&mut watched, id, Action::Reboot, |_| true);
    act(&mut watched, id, Action::ForceOff, state(State::Off));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saved").display().to_string();
    act(&mut watched, id, Action::Start, state(State::Running));
    act(&mut watched, id, Action::SaveTo(path.clone()), state(State::Off));
    actions::restore_from(&watched.host, &path).unwrap();
    watched.until("restored", |inventory, _| inventory.running() == 1);

    let refused = actions::run(&watched.host, id, Action::Start);
    assert!(matches!(refused, Err(Error::Libvirt { .. })), "{refused:?}");
    let refused = actions::run(&watched.host, id, Action::Delete { force: false });
    assert!(matches!(refused, Err(Error::NotAllowed(Denial::MustBeOff))), "{refused:?}");
    actions::run(&watched.host, id, Action::Delete { force: true }).unwrap();
    watched.until("deleted", |inventory, _| inventory.total() == 0);
    assert!(matches!(actions::run(&watched.host, id, Action::Start), Err(Error::NoDomain(_))));
}

#[test]
fn machines_are_found_by_name_and_uuid() {
    let file = fleet::file(1);
    let host = Host::open_now(&fleet::uri(&file), Arc::new(NoCredentials)).unwrap();
    let found = actions::find(&host, "vm-00000").unwrap();
    assert_eq!(actions::find(&host, &found.id.to_string()).unwrap().name, "vm-00000");
    assert!(matches!(actions::find(&host, "none"), Err(Error::NoDomain(name)) if name == "none"));
    let all = actions::list(&host, true).unwrap();
    assert!(all.len() == 1 && all[0].details.is_some());
}

#[test]
fn a_taken_name_is_named() {
    let file = fleet::file(1);
    let host = Host::open_now(&fleet::uri(&file), Arc::new(NoCredentials)).unwrap();
    let xml = "<domain type='test'><name>second</name><memory>1024</memory><os><type>hvm</type></os></domain>";
    host.call(move |link| Ok(drop(link.define_domain_xml(xml)?))).unwrap();
    let second = actions::find(&host, "second").unwrap();
    let taken = actions::run(&host, second.id, Action::Rename("vm-00000".into()));
    assert!(matches!(&taken, Err(Error::NameTaken(name)) if name == "vm-00000"), "{taken:?}");
    let twice = host.call(|link| Ok(drop(link.define_domain_xml(
        "<domain type='test'><name>vm-00000</name><uuid>00000000-0000-4000-8000-000000000077</uuid><memory>1024</memory><os><type>hvm</type></os></domain>",
    )?)));
    assert!(matches!(&twice, Err(Error::NameTaken(name)) if name == "vm-00000"), "{twice:?}");
}
