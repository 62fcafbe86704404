//! Machines and hosts for the tests of the list.
use drover::domain::{DomainId, DomainInfo, DomainKey, State};
use drover::host::{HostId, Update};
use drover::inventory::{Inventory, Machine};

/// A machine as its host's first list tells it.
pub fn info(number: u32, name: &str, state: State) -> DomainInfo {
    DomainInfo {
        id: id(number),
        name: name.to_owned(),
        state,
        persistent: true,
        autostart: false,
        has_managed_save: false,
        vcpus: 2,
        memory_kib: 1024 * 1024,
        max_memory_kib: 4 * 1024 * 1024,
        details: None,
    }
}

/// The id of the machine of that number.
pub fn id(number: u32) -> DomainId {
    DomainId(format!("00000000-0000-4000-8000-{number:012x}").parse().expect("a UUID"))
}

/// The key of that machine on a host.
pub fn key(host: &HostId, number: u32) -> DomainKey {
    DomainKey { host: host.clone(), domain: id(number) }
}

/// A machine without figures.
pub fn machine(number: u32, name: &str, state: State) -> Machine {
    Machine::new(info(number, name, state))
}

/// An inventory of one host with these machines, numbered from 1.
pub fn inventory(host: &HostId, machines: &[(&str, State)]) -> Inventory {
    let mut inventory = Inventory::default();
    inventory.add_host(host.clone());
    let domains = (1..).zip(machines).map(|(n, (name, state))| info(n, name, *state)).collect();
    inventory.apply(Update::Domains { host: host.clone(), domains });
    inventory
}
