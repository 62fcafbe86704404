//! Ten dragged machines over 100 hosts, all of them known: what the window does when the pointer comes to a host, when an
//! update changes a host, and when the drag begins.
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use drover::domain::{DomainId, DomainKey, State};
use drover::host::{HostId, HostLoad, Update};
use drover::migrate::answers::{Answers, CpuAnswer, DiskAnswer};
use drover::migrate::board::{Answer, Board, Question};
use drover::migrate::facts::{Guest, HostFacts, Neighbour};
use drover::migrate::machine::{Disk, Machine, Nic, Source};
use drover::migrate::survey::Survey;
use uuid::Uuid;

const HOSTS: u128 = 100;
const DRAGGED: u128 = 10;

fn host(number: u128) -> HostId {
    HostId::new(&format!("qemu+ssh://root@kvm{number}/system"))
}

fn facts(number: u128) -> HostFacts {
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
    HostFacts {
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
    }
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

fn survey(dragged: u128, dest: u128) -> Survey {
    let answers = Answers { cpu: Some(CpuAnswer::Fits), disks: vec![DiskAnswer::default(); 2], ..Answers::default() };
    Survey { machine: machine(dragged), source: Arc::new(facts(0)), dest: Arc::new(facts(dest)), answers }
}

/// All that can be asked, answered.
fn board(machines: &[DomainKey], hosts: &[HostId]) -> Board {
    let (mut board, now) = (Board::default(), Instant::now());
    let number = |id: &HostId| (0..=HOSTS).find(|n| host(*n) == *id).unwrap_or_default();
    loop {
        let asked = board.next(machines, hosts, now);
        if asked.is_empty() {
            return board;
        }
        for one in asked {
            let answer = match &one.question {
                Question::Facts(id) => Answer::Facts(Box::new(facts(number(id)))),
                Question::Pair(key, id) => {
                    Answer::Pair(Box::new(survey(key.domain.0.as_u128().saturating_sub(1), number(id))))
                }
            };
            board.take(&one, Ok(answer), now);
        }
    }
}

fn report(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    println!(
        "{what}: {:.3} ms, {:.3} ms the slowest",
        times[times.len() / 2].as_secs_f64() * 1e3,
        times[times.len() - 1].as_secs_f64() * 1e3,
    );
}

fn main() {
    let machines: Vec<DomainKey> =
        (0..DRAGGED).map(|n| DomainKey { host: host(0), domain: DomainId(Uuid::from_u128(n + 1)) }).collect();
    let hosts: Vec<HostId> = (1..=HOSTS).map(host).collect();
    let mut board = board(&machines, &hosts);
    let (mut begin, mut hover, mut update) = (Vec::new(), Vec::new(), Vec::new());
    for turn in 0..20 {
        for id in &hosts {
            let load = HostLoad { cpu_percent: None, memory_used_kib: Some(turn + 1) };
            board.hear(&Update::Stats { host: id.clone(), load, stats: Vec::new() });
        }
        let start = Instant::now();
        for id in &hosts {
            black_box(board.verdict(&machines, id));
        }
        begin.push(start.elapsed());
        for id in &hosts {
            let start = Instant::now();
            black_box(board.verdict(&machines, id));
            black_box(board.next(&machines, &hosts, start));
            hover.push(start.elapsed());
        }
        let start = Instant::now();
        let load = HostLoad { cpu_percent: None, memory_used_kib: Some(turn + 1000) };
        board.hear(&Update::Stats { host: hosts[0].clone(), load, stats: Vec::new() });
        black_box(board.verdict(&machines, &hosts[0]));
        update.push(start.elapsed());
    }
    println!("{DRAGGED} machines over {HOSTS} hosts");
    report("the pointer comes to a host", hover);
    report("a host's memory changes", update);
    report("the drag begins: every verdict anew", begin);
}
