//! What updates change, and what is kept.
use super::*;
use crate::domain::{DomainDetails, State};
use proptest::prelude::*;
use uuid::Uuid;

fn id(n: u128) -> DomainId {
    DomainId(Uuid::from_u128(n))
}

fn info(n: u128, state: State) -> DomainInfo {
    DomainInfo {
        id: id(n),
        name: format!("vm-{n}"),
        state,
        persistent: true,
        autostart: false,
        has_managed_save: false,
        vcpus: 1,
        memory_kib: 1024,
        max_memory_kib: 1024,
        details: None,
    }
}

fn one_host() -> (Inventory, HostId) {
    let host = HostId::new("qemu+ssh://root@kvm1/system");
    let mut inventory = Inventory::default();
    inventory.add_host(host.clone());
    (inventory, host)
}

#[test]
fn strangers_change_nothing() {
    let (mut inventory, _) = one_host();
    let host = HostId::new("test:///default");
    let domains = vec![info(1, State::Running)];
    assert!(inventory.apply(Update::Domains { host, domains }).is_empty());
    assert_eq!(inventory.total(), 0);
}

#[test]
fn a_list_replaces_rows_and_keeps_their_details() {
    let (mut inventory, host) = one_host();
    let mut first = info(1, State::Running);
    first.details = Some(Box::new(DomainDetails { arch: "x86_64".into(), ..DomainDetails::default() }));
    let domains = vec![first, info(2, State::Off)];
    let changes = inventory.apply(Update::Domains { host: host.clone(), domains });
    assert_eq!(changes[0], Change::Reset(host.clone()));
    assert_eq!((inventory.running(), inventory.total()), (1, 2));
    inventory.apply(Update::Domains { host: host.clone(), domains: vec![info(1, State::Paused)] });
    assert_eq!(inventory.total(), 1);
    let key = DomainKey { host, domain: id(1) };
    let machine = inventory.machine(&key).unwrap();
    assert_eq!((machine.info.state, machine.info.details.is_some()), (State::Paused, true));
}

#[test]
fn figures_have_a_bounded_history_that_ends_with_the_machine() {
    let (mut inventory, host) = one_host();
    inventory.apply(Update::Domains { host: host.clone(), domains: vec![info(1, State::Running)] });
    for tick in 0..HISTORY + 5 {
        let stats = DomainStats {
            cpu_percent: Some(tick as f32),
            memory_used_kib: Some(1024),
            disk_read: Some(3),
            disk_write: Some(4),
            ..DomainStats::default()
        };
        let load = HostLoad { cpu_percent: Some(1.0), memory_used_kib: None };
        let update = Update::Stats { host: host.clone(), load, stats: vec![(id(1), stats), (id(9), stats)] };
        assert_eq!(inventory.apply(update), [Change::Figures(host.clone())]);
    }
    let key = DomainKey { host: host.clone(), domain: id(1) };
    let history = &inventory.machine(&key).unwrap().cpu_history;
    assert_eq!((history.len(), history[0]), (HISTORY, 5.0));
    let machine = inventory.machine(&key).unwrap();
    assert_eq!(machine.disk_history().iter().collect::<Vec<_>>(), [7.0; SAMPLES]);
    assert_eq!(machine.network_history().iter().len(), 0, "the host tells no rates of its network");
    assert_eq!(machine.memory_history().top(), 1024.0);
    inventory.apply(Update::Changed { host, domains: vec![info(1, State::Off)] });
    let machine = inventory.machine(&key).unwrap();
    assert_eq!(machine.memory_history().iter().len(), 0);
    assert!(machine.cpu_history.is_empty() && machine.stats == DomainStats::default());
}

#[test]
fn a_lost_host_keeps_its_rows_and_says_since_when() {
    let (mut inventory, host) = one_host();
    inventory.apply(Update::Domains { host: host.clone(), domains: vec![info(1, State::Running)] });
    let since = SystemTime::now();
    let link = LinkState::Lost { since, retry_at: since, reason: "cut".into() };
    assert_eq!(inventory.apply(Update::Link { host: host.clone(), link }), [Change::Host(host.clone())]);
    let entry = inventory.host(&host).unwrap();
    assert_eq!((entry.stale_since(), entry.total()), (Some(since), 1));
}

#[test]
fn names_come_from_the_host_and_are_told_apart() {
    let (mut inventory, ssh) = one_host();
    let other = HostId::new("qemu+tcp://kvm1/system");
    assert_eq!(inventory.label(&ssh), "kvm1");
    inventory.add_host(other.clone());
    assert_eq!(inventory.label(&other), "kvm1 (qemu+tcp://kvm1/system)");
    let info = Box::new(HostInfo { hostname: "kvm1.lan".into(), ..HostInfo::default() });
    inventory.apply(Update::Info { host: ssh.clone(), info });
    assert_eq!((inventory.label(&ssh).as_str(), inventory.label(&other).as_str()), ("kvm1.lan", "kvm1"));
}

proptest! {
    /// Whatever the order of updates, the rows are what the last ones say.
    #[test]
    fn rows_follow_the_last_word(steps in proptest::collection::vec((0u128..6, 0u8..3), 0..60)) {
        let (mut inventory, host) = one_host();
        let mut model = std::collections::BTreeMap::new();
        for (n, kind) in steps {
            let update = match kind {
                0 => { model.remove(&n); Update::Gone { host: host.clone(), domain: id(n) } }
                1 => { model.insert(n, State::Running); Update::Changed { host: host.clone(), domains: vec![info(n, State::Running)] } }
                _ => {
                    model.clear();
                    model.insert(n, State::Off);
                    Update::Domains { host: host.clone(), domains: vec![info(n, State::Off)] }
                }
            };
            inventory.apply(update);
            let entry = inventory.host(&host).unwrap();
            let rows: std::collections::BTreeMap<_, _> =
                entry.machines.iter().map(|(id, m)| (id.0.as_u128(), m.info.state)).collect();
            prop_assert_eq!(&rows, &model);
        }
    }
}
