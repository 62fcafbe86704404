//! Every action, on the test driver.
use drover::Error;
use drover::domain::actions::{self, Action};
use drover::domain::{DomainId, DomainInfo, State};

use crate::fleet::Watched;

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
    let mut watched = Watched::quiet("test:///default");
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
    actions::run(&watched.host, id, Action::Delete { force: true }).unwrap();
    watched.until("deleted", |inventory, _| inventory.total() == 0);
    assert!(matches!(actions::run(&watched.host, id, Action::Start), Err(Error::NoDomain(_))));
}

#[test]
fn machines_are_found_by_name_and_uuid() {
    let watched = Watched::quiet("test:///default");
    let host = drover::host::Host::open_now("test:///default", std::sync::Arc::new(drover::host::NoCredentials)).unwrap();
    let found = actions::find(&host, "test").unwrap();
    assert_eq!(actions::find(&host, &found.id.to_string()).unwrap().name, "test");
    assert!(matches!(actions::find(&host, "none"), Err(Error::NoDomain(name)) if name == "none"));
    let all = actions::list(&host, true).unwrap();
    assert!(all.len() == 1 && all[0].details.is_some());
    drop(watched);
}

#[test]
fn a_taken_name_is_named() {
    let host = drover::host::Host::open_now("test:///default", std::sync::Arc::new(drover::host::NoCredentials)).unwrap();
    let xml = "<domain type='test'><name>second</name><memory>1024</memory><os><type>hvm</type></os></domain>";
    host.call(move |link| Ok(drop(link.define_domain_xml(xml)?))).unwrap();
    let second = actions::find(&host, "second").unwrap();
    let taken = actions::run(&host, second.id, Action::Rename("test".into()));
    assert!(matches!(&taken, Err(Error::NameTaken(name)) if name == "test"), "{taken:?}");
    let twice = host.call(|link| Ok(drop(link.define_domain_xml(
        "<domain type='test'><name>test</name><uuid>00000000-0000-4000-8000-000000000001</uuid><memory>1024</memory><os><type>hvm</type></os></domain>",
    )?)));
    assert!(matches!(&twice, Err(Error::NameTaken(name)) if name == "test"), "{twice:?}");
}
