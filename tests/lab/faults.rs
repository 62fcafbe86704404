//! Hosts that break: a libvirtd that dies and comes back, and one that stops answering while others go on.
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use drover::domain::State;
use drover::host::{Host, HostId, HostOptions, LinkState, Update};
use drover::inventory::Inventory;

use crate::support::{lab, until, virsh};

/// Two hosts folded into one inventory, as the window does it.
#[derive(Clone, Default)]
struct Fleet(Arc<Mutex<Inventory>>);

impl Fleet {
    fn open(&self, uri: &str) -> Host {
        self.0.lock().expect("unpoisoned").add_host(HostId::new(uri));
        let inventory = self.0.clone();
        Host::open(uri, HostOptions::default(), move |update: Update| {
            inventory.lock().expect("unpoisoned").apply(update);
        })
    }

    fn link(&self, host: &Host) -> LinkState {
        self.0.lock().expect("unpoisoned").host(host.id()).expect("added").link.clone()
    }

    fn is_up(&self, host: &Host) -> bool {
        let inventory = self.0.lock().expect("unpoisoned");
        inventory.host(host.id()).is_some_and(|h| h.link == LinkState::Up && h.complete)
    }

    fn state(&self, host: &Host, name: &str) -> Option<State> {
        let inventory = self.0.lock().expect("unpoisoned");
        let machines = &inventory.host(host.id())?.machines;
        machines.values().find(|m| m.info.name == name).map(|m| m.info.state)
    }
}

#[test]
fn a_killed_libvirtd_is_lost_then_back_and_its_rows_stay() {
    let Some(lab) = lab() else { return };
    let machine = lab.still_machine(&lab.a, "lab-survivor");
    let fleet = Fleet::default();
    let host = fleet.open(&lab.a);
    until("hosta", Duration::from_secs(20), || fleet.is_up(&host));
    assert_eq!(fleet.state(&host, "lab-survivor"), Some(State::Running));

    lab.control(&["kill", "hosta"]);
    until("the loss to be noticed", Duration::from_secs(15), || matches!(fleet.link(&host), LinkState::Lost { .. }));
    assert_eq!(fleet.state(&host, "lab-survivor"), Some(State::Running), "its row stays, as last told");

    lab.control(&["start", "hosta"]);
    host.retry_now();
    until("hosta to be back", Duration::from_secs(30), || fleet.is_up(&host));
    virsh(&lab.a, &["suspend", &machine.name]);
    until("events to flow again", Duration::from_secs(10), || {
        fleet.state(&host, "lab-survivor") == Some(State::Paused)
    });
}

#[test]
fn it_comes_back_without_being_asked() {
    let Some(lab) = lab() else { return };
    let fleet = Fleet::default();
    let host = fleet.open(&lab.tcp_b);
    until("hostb", Duration::from_secs(20), || fleet.is_up(&host));
    lab.control(&["kill", "hostb"]);
    until("the loss to be noticed", Duration::from_secs(15), || !fleet.is_up(&host));
    lab.control(&["start", "hostb"]);
    until("hostb to be back by itself", Duration::from_secs(60), || fleet.is_up(&host));
}

#[test]
fn a_frozen_libvirtd_leaves_the_other_hosts_rows_live() {
    let Some(lab) = lab() else { return };
    let machine = lab.still_machine(&lab.b, "lab-lively");
    let fleet = Fleet::default();
    let (frozen, lively) = (fleet.open(&lab.a), fleet.open(&lab.b));
    until("both hosts", Duration::from_secs(20), || fleet.is_up(&frozen) && fleet.is_up(&lively));

    lab.control(&["freeze", "hosta"]);
    let asked = Instant::now();
    // More calls than a lane takes: they wait or are refused, on threads of their own.
    let calls: Vec<_> = (0..12)
        .map(|_| {
            let host = frozen.clone();
            std::thread::spawn(move || host.call(|c| Ok(c.hostname()?)).is_ok())
        })
        .collect();
    for (action, state) in [("suspend", State::Paused), ("resume", State::Running), ("suspend", State::Paused)] {
        virsh(&lab.b, &[action, &machine.name]);
        let from = Instant::now();
        until(action, Duration::from_secs(3), || fleet.state(&lively, "lab-lively") == Some(state));
        println!("measured: with hosta frozen, {action} on hostb showed after {} ms", from.elapsed().as_millis());
    }
    let answer = lively.call(|c| Ok(c.hostname()?)).expect("hostb answers");
    assert_eq!(answer, "hostb");
    assert!(asked.elapsed() < Duration::from_secs(12), "hostb did not wait for hosta");

    until("the freeze to be noticed", Duration::from_secs(30), || {
        matches!(fleet.link(&frozen), LinkState::Lost { .. })
    });
    lab.control(&["thaw", "hosta"]);
    until("hosta to be back", Duration::from_secs(60), || fleet.is_up(&frozen));
    for call in calls {
        let _ = call.join().expect("a call ends, whatever its answer");
    }
}
