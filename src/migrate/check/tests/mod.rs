//! Every check both ways, and the findings' words.
mod cpu;
mod disks;
mod host;
mod options;
mod places;

use uuid::Uuid;

use super::*;
use crate::domain::{DomainId, State};
use crate::migrate::Way;
use crate::migrate::answers::{CpuAnswer, DiskAnswer, File, Image, Room, Shared, Spot, TlsAnswer};
use crate::migrate::facts::{Guest, Neighbour, Pool};
use crate::migrate::finding::{Evidence, Remedy, Version};
use crate::migrate::machine::{Disk, Nic, Source};
use crate::network::NetworkInfo;

/// Two hosts and a machine between which nothing stands.
struct World {
    machine: Machine,
    source: HostFacts,
    dest: HostFacts,
    answers: Answers,
    choices: Choices,
}

fn host(name: &str, number: u8) -> HostFacts {
    let machines = vec!["pc-q35-8.2".into(), "pc-i440fx-10.0".into()];
    let guest =
        Guest { os_type: "hvm".into(), arch: "x86_64".into(), types: vec!["qemu".into(), "kvm".into()], machines };
    let network = NetworkInfo { name: "lan".into(), active: true, ..NetworkInfo::default() };
    let address = Some([10, 77, 0, number].into());
    HostFacts {
        name: name.into(),
        uuid: Some(Uuid::from_u128(u128::from(number))),
        driver: "QEMU".into(),
        libvirt: Version(11, 3, 0),
        hypervisor: Version(10, 0, 2),
        guests: vec![guest],
        migrates: true,
        networks: vec![network],
        bridges: Some(vec!["br0".into(), "xenbr0".into()]),
        cpus: 8,
        free_memory_kib: Some(8 << 20),
        address,
        name_resolves: address.into_iter().collect(),
        ..HostFacts::default()
    }
}

fn image() -> Image {
    Image { capacity: 10 << 30, used: 1 << 30, length: 1 << 30, ..Image::default() }
}

fn world(kind: Kind) -> World {
    let state = if matches!(kind, Kind::Offline) { State::Off } else { State::Running };
    let disk = Disk {
        target: "vda".into(),
        device: "disk".into(),
        source: Source::File("/srv/a.qcow2".into()),
        format: "qcow2".into(),
        read_only: false,
    };
    let answer = DiskAnswer {
        path: Some("/srv/a.qcow2".into()),
        path_there: Some("/srv/a.qcow2".into()),
        here: File::Here(image()),
        there: File::Here(image()),
        shared: Shared::Yes(Evidence::SameFile),
        folder: Room::Free(100 << 30),
        ..DiskAnswer::default()
    };
    World {
        machine: Machine {
            id: Some(DomainId(Uuid::from_u128(7))),
            name: "db-01".into(),
            state,
            persistent: true,
            virt_type: "kvm".into(),
            arch: "x86_64".into(),
            os_type: "hvm".into(),
            machine: Some("pc-q35-8.2".into()),
            memory_kib: 2 << 20,
            vcpus: 2,
            cpu_mode: Some("custom".into()),
            disks: vec![disk],
            nics: vec![Nic::Bridge("xenbr0".into())],
            ..Machine::default()
        },
        source: host("hosta", 11),
        dest: host("hostb", 12),
        answers: Answers { cpu: Some(CpuAnswer::Fits), disks: vec![answer], ..Answers::default() },
        choices: Choices::new(kind),
    }
}

impl World {
    fn input(&self) -> Input<'_> {
        Input {
            machine: &self.machine,
            source: &self.source,
            dest: &self.dest,
            answers: &self.answers,
            choices: &self.choices,
        }
    }

    /// What is not ok, as text.
    fn troubles(&self) -> Vec<(Check, Severity, String)> {
        let found = check(&self.input()).into_iter().filter(|f| f.severity != Severity::Ok);
        // Said of every post-copy move that Drover directs.
        let found = found.filter(|f| f.reason != Reason::EndsWithDrover);
        found.map(|f| (f.check, f.severity, f.reason.to_string())).collect()
    }
}

/// Changes a good world and expects exactly one trouble; without the change there is none.
fn one(kind: Kind, change: impl Fn(&mut World), which: Check, severity: Severity, words: &str) -> Option<Remedy> {
    let mut world = world(kind);
    assert_eq!(world.troubles(), [], "{kind:?} is good before");
    change(&mut world);
    assert_eq!(world.troubles(), [(which, severity, words.to_owned())], "{kind:?}");
    check(&world.input()).into_iter().find(|f| f.severity == severity).and_then(|f| f.remedy)
}

use Kind::{Copy, Live, Offline, PostCopy, Static};
use Severity::{Block, Warn};

/// A disk that only the source has.
fn private(world: &mut World) {
    let answer = &mut world.answers.disks[0];
    (answer.there, answer.shared) = (File::Missing, Shared::No);
}

#[test]
fn a_good_pair_passes_every_check_by_name() {
    for kind in Kind::ALL {
        let world = world(kind);
        assert_eq!(world.troubles(), [], "{kind:?}");
        let mut found = check(&world.input());
        let mut names: Vec<_> = found.iter().map(|f| f.check).collect();
        assert!(names.is_sorted(), "in order: {names:?}");
        names.dedup();
        for seeds in [Check::Architecture, Check::Subnet, Check::Network, Check::DiskPath] {
            assert!(names.contains(&seeds), "{kind:?} {seeds:?}");
        }
        assert_eq!(names.contains(&Check::DiskSpace), kind.copies());
        assert_eq!(names.contains(&Check::SharedStorage), kind.is_live());
        found.retain(|f| f.reason != Reason::EndsWithDrover);
        assert_eq!(verdict(&found), Severity::Ok);
    }
}

#[test]
fn one_host_under_two_uris() {
    one(Live, |w| w.dest.uuid = w.source.uuid, Check::SameHost, Block, "the destination is hostb itself");
    let nameless = |w: &mut World| {
        w.dest = HostFacts { uuid: None, ..w.source.clone() };
    };
    one(Live, nameless, Check::SameHost, Block, "the destination is hosta itself");
}

#[test]
fn a_link_that_only_looks() {
    let words = "the link to hostb may only look, not change anything";
    let remedy = Some(Remedy::OpenToChange { host: "hostb".into() });
    for kind in [Live, Copy, Offline, Static] {
        assert_eq!(one(kind, |w| w.dest.read_only = true, Check::Permission, Block, words), remedy);
    }
    let words = "the link to hosta may only look, not change anything";
    let closed = |w: &mut World| {
        w.source.read_only = true;
        // What could not be asked is not said besides.
        w.answers.cpu = Some(CpuAnswer::Unknown("forbidden".into()));
    };
    one(Live, closed, Check::Permission, Block, words);
}

#[test]
fn post_copy_that_we_direct_ends_with_us() {
    let ends = |world: &World| check(&world.input()).iter().any(|f| f.reason == Reason::EndsWithDrover);
    assert!(Kind::ALL.into_iter().all(|kind| ends(&world(kind)) == (kind == PostCopy)));
    let mut peers = world(PostCopy);
    peers.choices.way = Way::Peer("qemu+tcp://hostb/system".into());
    assert!(!ends(&peers));
}

#[test]
fn the_state_must_suit_the_kind() {
    for kind in [Live, Copy, PostCopy] {
        let words = "it is off; only a running machine moves live";
        assert_eq!(
            one(kind, |w| w.machine.state = State::Off, Check::State, Block, words),
            Some(Remedy::OtherKind(Offline))
        );
    }
    let words = "it is running; the configuration alone would make a second machine";
    assert_eq!(
        one(Offline, |w| w.machine.state = State::Running, Check::State, Block, words),
        Some(Remedy::OtherKind(Live))
    );
    let words = "it has a saved state, which would be lost";
    assert_eq!(one(Offline, |w| w.machine.has_managed_save = true, Check::State, Block, words), Some(Remedy::DropSave));
    let words = "another job of it is running (a migration, a save, a backup)";
    assert_eq!(one(Live, |w| w.machine.busy = true, Check::State, Block, words), Some(Remedy::Wait));
    let arrived = |w: &mut World| {
        (w.machine.arrived_paused, w.source.hypervisor, w.dest.hypervisor) = (true, Version(8, 2, 2), Version(8, 2, 2));
    };
    let words =
        "it came to hosta paused: unless it has run since, QEMU 8.2.2 ends as it moves on, and its memory is lost";
    for kind in [Live, Copy, PostCopy, Static] {
        assert_eq!(one(kind, arrived, Check::State, Block, words), Some(Remedy::Resume), "{kind:?}");
    }
    let mut newer = world(Live);
    newer.machine.arrived_paused = true;
    assert_eq!(newer.troubles(), [], "QEMU 10 keeps its disks active");
    for kind in Kind::ALL {
        let words = "it has 2 snapshots, which libvirt does not migrate";
        assert_eq!(one(kind, |w| w.machine.snapshots = 2, Check::State, Block, words), Some(Remedy::DeleteSnapshots));
    }
    one(Static, |w| w.machine.tpm = true, Check::State, Block, "the state of its TPM lies on hosta and is not copied");
    one(
        Static,
        |w| w.machine.persistent = false,
        Check::State,
        Block,
        "it is transient: it has no definition to take along",
    );
    let mut live = world(Live);
    (live.machine.tpm, live.machine.persistent) = (true, false);
    assert_eq!(live.troubles(), [], "QEMU takes the TPM's state along, and a transient machine moves live");
}

#[test]
fn names_and_identities_there() {
    let there =
        |id: u128, name: &str, active| Neighbour { id: DomainId(Uuid::from_u128(id)), name: name.into(), active };
    let with = |n: Neighbour| move |w: &mut World| w.dest.machines = vec![n.clone()];
    let words = "hostb has another machine named “db-01”";
    assert_eq!(one(Live, with(there(8, "db-01", false)), Check::Name, Block, words), Some(Remedy::Rename));
    one(Live, with(there(7, "old", false)), Check::Name, Block, "hostb has the same machine under the name “old”");
    one(
        Live,
        with(there(7, "db-01", true)),
        Check::Name,
        Block,
        "hostb has a running machine “db-01” of the same identity",
    );
    let words = "hostb has a definition of “db-01” already; it is replaced";
    one(Live, with(there(7, "db-01", false)), Check::Name, Warn, words);
    let mut fine = world(Live);
    fine.dest.machines = vec![there(8, "web", true)];
    assert_eq!(fine.troubles(), []);
}

#[test]
fn bridges_and_networks_by_name() {
    let no_bridge = |w: &mut World| w.dest.bridges = Some(vec!["br0".into(), "virbr0".into()]);
    let words = "hostb has no bridge xenbr0; it has br0, virbr0";
    let remedy = Remedy::ChooseBridge { bridge: "xenbr0".into(), have: vec!["br0".into(), "virbr0".into()] };
    assert_eq!(one(Live, no_bridge, Check::Network, Block, words), Some(remedy));
    let mut chosen = world(Live);
    no_bridge(&mut chosen);
    chosen.choices.bridges.push(("xenbr0".into(), "br0".into()));
    assert_eq!(chosen.troubles(), [], "another bridge was chosen");
    let words = "hostb can't tell whether it has the bridge xenbr0";
    one(Live, |w| w.dest.bridges = None, Check::Network, Warn, words);

    let on = |name: &str| vec![Nic::Network(name.into()), Nic::Network(name.into())];
    one(Live, |w| w.machine.nics = on("netx"), Check::Network, Block, "hostb has no network netx; it has lan");
    let stopped = |w: &mut World| (w.machine.nics, w.dest.networks[0].active) = (on("lan"), false);
    one(Live, stopped, Check::Network, Block, "the network lan is not started on hostb");
    let words = "the network card sits on the interface eth1 of its host; hostb must have one of that name";
    one(Live, |w| w.machine.nics = vec![Nic::Direct("eth1".into())], Check::Network, Warn, words);
    one(
        Live,
        |w| w.machine.nics = vec![Nic::HostDevice],
        Check::Network,
        Block,
        "it uses a device of its host (network card)",
    );
    let mut free = world(Live);
    (free.machine.nics, free.dest.bridges) = (vec![Nic::Free], Some(Vec::new()));
    assert_eq!(free.troubles(), []);
}

#[test]
fn the_way_to_the_host() {
    let far = |prefix| move |w: &mut World| (w.dest.address, w.dest.prefix) = (Some([10, 77, 3, 12].into()), prefix);
    let words =
        "10.77.0.11 and 10.77.3.12 are in different subnets: the machine may not be reachable there under its address";
    one(Live, far(Some(23)), Check::Subnet, Warn, words);
    let words = "10.77.0.11 and 10.77.3.12 are in different subnets if their prefix is the usual /24, which no host tells: \
                 the machine may not be reachable there under its address";
    one(Live, far(None), Check::Subnet, Warn, words);
    let mut wide = world(Live);
    far(Some(22))(&mut wide);
    assert_eq!(wide.troubles(), [], "one subnet by the prefix that is known");
    let unknown = "whether both hosts are in one subnet could not be found out";
    let nowhere = |w: &mut World| (w.source.address, w.source.name_resolves) = (None, Vec::new());
    one(Live, nowhere, Check::Subnet, Warn, unknown);
    let v6 = |text: &str| Some(text.parse::<std::net::IpAddr>().unwrap());
    let mut six = world(Live);
    (six.source.address, six.dest.address) = (v6("2001:db8::11"), v6("2001:db8::12"));
    assert_eq!(six.troubles(), []);
    six.dest.address = v6("2001:db8:0:1::12");
    assert_eq!(six.troubles()[0].0, Check::Subnet);
    let mut mixed = world(Live);
    mixed.dest.address = v6("2001:db8::12");
    assert_eq!(mixed.troubles(), [], "reached over IPv6, it has an address beside the other one's all the same");
    mixed.dest.name_resolves.clear();
    mixed.choices.address = Some("2001:db8::12".into());
    assert_eq!(mixed.troubles(), [(Check::Subnet, Warn, unknown.to_owned())]);

    let words = "hostb calls itself “hostb”, a name that is not known; the source must find it";
    let remedy = one(Live, |w| w.dest.name_resolves.clear(), Check::Address, Warn, words);
    assert_eq!(remedy, Some(Remedy::UseAddress { address: "10.77.0.12".into() }));
    let words = "localhost calls itself “localhost”, which the source takes for itself";
    one(Live, |w| w.dest.name = "localhost".into(), Check::Address, Block, words);
    let mut given = world(Live);
    (given.dest.name, given.choices.address) = ("localhost".into(), Some("10.77.0.12".into()));
    assert_eq!(given.troubles(), []);

    let tls = |answer: TlsAnswer| {
        move |w: &mut World| (w.choices.tls, w.answers.tls) = (true, vec![TlsAnswer::Ready, answer.clone()])
    };
    let words = "hostb has no /etc/pki/qemu/ca-cert.pem: TLS is not set up";
    one(Live, tls(TlsAnswer::Lacks("/etc/pki/qemu/ca-cert.pem".into())), Check::Tls, Block, words);
    let words = "hosta has no /etc/pki/qemu/client-cert.pem: the other host refuses a sender without one, \
                 unless it was told not to ask";
    let sender = |w: &mut World| {
        let lacks = TlsAnswer::LacksSender("/etc/pki/qemu/client-cert.pem".into());
        (w.choices.tls, w.answers.tls) = (true, vec![lacks, TlsAnswer::Ready]);
    };
    one(Live, sender, Check::Tls, Warn, words);
    let words = "whether TLS is set up on hostb could not be found out: no";
    one(Live, tls(TlsAnswer::Unknown("no".into())), Check::Tls, Warn, words);
}

#[test]
fn xens_relocation_server() {
    let xend = |relocation| {
        move |w: &mut World| {
            for host in [&mut w.source, &mut w.dest] {
                (host.driver, host.libvirt, host.hypervisor) = ("Xen".into(), Version(1, 2, 0), Version(4, 1, 0));
            }
            w.dest.relocation = relocation;
        }
    };
    let words = "nothing listens on port 8002 of hostb: its relocation server is off, or a firewall is between";
    let remedy = Remedy::EnableRelocation { host: "hostb".into(), port: 8002 };
    assert_eq!(one(Live, xend(Some(false)), Check::Relocation, Block, words), Some(remedy));
    let words = "the relocation server of hostb could not be asked; it must listen on port 8002";
    one(Live, xend(None), Check::Relocation, Warn, words);
    let mut up = world(Live);
    xend(Some(true))(&mut up);
    assert_eq!(up.troubles(), []);
}
