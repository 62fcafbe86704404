//! A hover of ten dragged machines over 100 hosts: every verdict anew, from what is known, without a call.
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use drover::domain::{DomainId, DomainKey, State};
use drover::host::HostId;
use drover::migrate::answers::{Answers, CpuAnswer, DiskAnswer};
use drover::migrate::check::{best_kind, check, verdict};
use drover::migrate::facts::{Guest, HostFacts, Neighbour};
use drover::migrate::known::Known;
use drover::migrate::machine::{Disk, Machine, Nic, Source};
use drover::migrate::survey::Survey;
use drover::migrate::{Choices, Kind};
use uuid::Uuid;

const HOSTS: u128 = 100;
const DRAGGED: u128 = 10;

fn host(number: u128) -> HostId {
    HostId::new(&format!("qemu+ssh://root@kvm{number}/system"))
}

fn facts(number: u128) -> Arc<HostFacts> {
    let guest = |arch: &str| Guest {
        os_type: "hvm".into(),
        arch: arch.into(),
        types: vec!["qemu".into(), "kvm".into()],
        machines: (0..80).map(|n| format!("pc-q35-{n}")).collect(),
    };
    let neighbour = |n| {
        let id = DomainId(Uuid::from_u128(1000 * (number + 1) + n));
        Neighbour { id, name: format!("vm-{number}-{n}"), active: true }
    };
    Arc::new(HostFacts {
        name: format!("kvm{number}"),
        uuid: Some(Uuid::from_u128(number + 1)),
        driver: "QEMU".into(),
        guests: ["i686", "x86_64"].map(guest).into(),
        migrates: true,
        bridges: Some((0..10).map(|n| format!("br{n}")).collect()),
        machines: (0..100).map(neighbour).collect(),
        memory_kib: 1 << 28,
        free_memory_kib: Some(1 << 27),
        ..HostFacts::default()
    })
}

fn machine(number: u128) -> Machine {
    let source = Source::File(format!("/images/vm-{number}.qcow2"));
    let disk = Disk { target: "vda".into(), device: "disk".into(), source, format: "qcow2".into(), read_only: false };
    Machine {
        id: Some(DomainId(Uuid::from_u128(number + 1))),
        name: format!("drag-{number}"),
        state: State::Running,
        persistent: true,
        virt_type: "kvm".into(),
        arch: "x86_64".into(),
        machine: Some("pc-q35-79".into()),
        memory_kib: 1 << 22,
        disks: vec![disk; 2],
        nics: vec![Nic::Bridge("br9".into())],
        ..Machine::default()
    }
}

fn main() {
    let mut known = Known::default();
    let key = |number| DomainKey { host: host(0), domain: DomainId(Uuid::from_u128(number + 1)) };
    for dragged in 0..DRAGGED {
        for dest in 1..=HOSTS {
            let answers =
                Answers { cpu: Some(CpuAnswer::Fits), disks: vec![DiskAnswer::default(); 2], ..Answers::default() };
            let survey = Survey { machine: machine(dragged), source: facts(0), dest: facts(dest), answers };
            known.put(known.ask(), &key(dragged), &host(dest), survey);
        }
    }
    let mut times: Vec<_> = (0..20)
        .map(|_| {
            let start = Instant::now();
            for dragged in 0..DRAGGED {
                for dest in 1..=HOSTS {
                    let Some(survey) = known.survey(&key(dragged), &host(dest)) else { continue };
                    let mut choices = Choices::new(Kind::Live);
                    choices.kind = best_kind(&survey.input(&choices));
                    black_box(verdict(&check(&survey.input(&choices))));
                }
            }
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    println!(
        "hover of {DRAGGED} machines over {HOSTS} hosts: {:.2} ms for all verdicts, {:.2} ms the slowest",
        times[times.len() / 2].as_secs_f64() * 1e3,
        times[times.len() - 1].as_secs_f64() * 1e3,
    );
}
