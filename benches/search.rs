//! A keystroke in the search field, without the window: parse the query and ask every machine of a fleet.
use std::hint::black_box;
use std::time::{Duration, Instant};

use drover::domain::{DiskInfo, DomainDetails, DomainId, DomainInfo, NicInfo, State};
use drover::host::{HostId, Update};
use drover::inventory::Inventory;
use drover::search::{Haystack, Query};
use uuid::Uuid;

fn machine(n: u128) -> DomainInfo {
    let details = DomainDetails {
        title: Some(format!("Web server {n}")),
        os_id: Some("http://debian.org/debian/12".into()),
        tags: vec!["web".into(), format!("rack{}", n % 40)],
        disks: vec![DiskInfo { source: Some(format!("/images/vm-{n}.img")), ..DiskInfo::default() }],
        nics: vec![NicInfo { mac: format!("52:54:00:00:{:02x}:{:02x}", n >> 8 & 255, n & 255), ..NicInfo::default() }],
        addresses: vec![format!("10.0.{}.{}", n >> 8 & 255, n & 255)],
        ..DomainDetails::default()
    };
    DomainInfo {
        id: DomainId(Uuid::from_u128(n)),
        name: format!("vm-{n:05}"),
        state: if n.is_multiple_of(3) { State::Running } else { State::Off },
        persistent: true,
        autostart: false,
        has_managed_save: false,
        vcpus: 2,
        memory_kib: 1 << 20,
        max_memory_kib: 1 << 20,
        details: Some(Box::new(details)),
    }
}

fn fleet(machines: u128) -> Inventory {
    let mut inventory = Inventory::default();
    for host in 0..machines / 100 {
        let id = HostId::new(&format!("qemu+ssh://root@kvm{host}/system"));
        inventory.add_host(id.clone());
        let domains = (host * 100..host * 100 + 100).map(machine).collect();
        inventory.apply(Update::Domains { host: id, domains });
    }
    inventory
}

/// The slowest and the median of many keystrokes.
fn keystrokes(inventory: &Inventory, typed: &str) -> (Duration, Duration, usize) {
    let rows: Vec<_> =
        inventory.hosts().iter().flat_map(|h| h.machines.values().map(move |m| (Haystack::new(h, m), m))).collect();
    let mut found = 0;
    let mut times: Vec<Duration> = (0..20)
        .flat_map(|_| typed.char_indices().map(|(at, c)| &typed[..at + c.len_utf8()]).collect::<Vec<_>>())
        .map(|text| {
            let start = Instant::now();
            let query = Query::parse(black_box(text));
            found = rows.iter().filter(|(haystack, machine)| query.matches(haystack, machine)).count();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    (times[times.len() / 2], times[times.len() - 1], found)
}

fn main() {
    for machines in [1_000, 10_000] {
        let inventory = fleet(machines);
        for typed in ["vm-0042", "state:running tag:rack7 mem>512M"] {
            let (median, slowest, found) = keystrokes(&inventory, typed);
            println!(
                "search of {machines:6} machines for {typed:34} {:6.2} ms a keystroke, {:6.2} ms the slowest, {found} found",
                median.as_secs_f64() * 1e3,
                slowest.as_secs_f64() * 1e3,
            );
        }
    }
}
