//! Tests of the board: what it asks, when it forgets, and what it says.
use uuid::Uuid;

use super::*;
use crate::domain::{DomainId, State};
use crate::host::HostLoad;
use crate::migrate::finding::Check;
use crate::migrate::machine::Nic;

fn host(name: &str) -> HostId {
    HostId::new(&format!("qemu+ssh://{name}/system"))
}

fn key(n: u128) -> DomainKey {
    DomainKey { host: host("a"), domain: DomainId(Uuid::from_u128(n)) }
}

fn facts(host: &HostId) -> HostFacts {
    let guest = super::super::facts::Guest {
        os_type: "hvm".into(),
        arch: "x86_64".into(),
        types: vec!["kvm".into()],
        machines: Vec::new(),
    };
    HostFacts {
        name: host.as_str().into(),
        driver: "QEMU".into(),
        guests: vec![guest],
        migrates: true,
        bridges: Some(vec!["br0".into()]),
        memory_kib: 1000,
        free_memory_kib: Some(900),
        ..HostFacts::default()
    }
}

/// Machine 2 is on a bridge that no host has.
fn machine(n: u128) -> Machine {
    Machine {
        id: Some(key(n).domain),
        name: format!("web-{n}"),
        state: State::Running,
        virt_type: "kvm".into(),
        arch: "x86_64".into(),
        persistent: true,
        memory_kib: 500,
        nics: vec![Nic::Bridge(if n == 2 { "lost" } else { "br0" }.into())],
        ..Machine::default()
    }
}

fn answer(board: &Board, question: &Question) -> Answer {
    match question {
        Question::Facts(host) => Answer::Facts(Box::new(facts(host))),
        Question::Pair(of, to) => Answer::Pair(Box::new(Survey {
            machine: machine(of.domain.0.as_u128()),
            source: board.facts(&of.host).unwrap(),
            dest: board.facts(to).unwrap(),
            answers: Answers::default(),
        })),
    }
}

/// Answers all until nothing is asked any more.
fn answer_all(board: &mut Board, machines: &[DomainKey], hosts: &[HostId], now: Instant) -> usize {
    let mut count = 0;
    loop {
        let asked = board.next(machines, hosts, now);
        if asked.is_empty() {
            return count;
        }
        for one in asked {
            count += 1;
            let answer = answer(board, &one.question);
            board.take(&one, Ok(answer), now);
        }
    }
}

fn info(id: u128, name: &str) -> DomainInfo {
    DomainInfo {
        id: DomainId(Uuid::from_u128(id)),
        name: name.into(),
        state: State::Running,
        persistent: true,
        autostart: false,
        has_managed_save: false,
        vcpus: 1,
        memory_kib: 1,
        max_memory_kib: 1,
        details: None,
    }
}

#[test]
fn each_pair_is_asked_once_and_a_hover_after_that_asks_nothing() {
    let (mut board, now) = (Board::default(), Instant::now());
    let (machines, hosts) = ([key(1), key(2)], [host("a"), host("b"), host("c")]);
    assert_eq!(board.verdict(&machines, &host("b")).takes, Takes::Unknown);
    assert_eq!(answer_all(&mut board, &machines, &hosts, now), 3 + 4, "three hosts, and two machines to two of them");
    assert!(board.next(&machines, &hosts, now).is_empty());
    let some = board.verdict(&machines, &host("b"));
    assert_eq!((some.takes, some.total, some.can, some.memory_kib), (Takes::Some, 2, 1, 500));
    assert_eq!((some.kinds.as_slice(), some.findings[0].0), ([Kind::Live].as_slice(), &key(2)));
    assert_eq!(board.verdict(&machines[..1], &host("b")).takes, Takes::All);
    assert_eq!(board.verdict(&machines[1..], &host("c")).takes, Takes::None);
    assert_eq!(board.verdict(&machines, &host("a")).takes, Takes::Here);
}

#[test]
fn few_questions_are_under_way_and_one_for_each_host() {
    let (mut board, now) = (Board::default(), Instant::now());
    let hosts: Vec<HostId> = (0..100).map(|n| host(&format!("h{n}"))).collect();
    let asked = board.next(&[key(1)], &hosts, now);
    assert_eq!(asked.len(), AT_ONCE);
    assert_eq!(asked[1].question, Question::Facts(hosts[0].clone()), "in the order of the hosts, after the source");
    assert!(board.next(&[key(1)], &hosts, now).is_empty(), "none of them has answered");
}

#[test]
fn updates_change_the_verdict_without_a_call() {
    let (mut board, now, b) = (Board::default(), Instant::now(), host("b"));
    let machines = [key(1)];
    answer_all(&mut board, &machines, std::slice::from_ref(&b), now);
    let found = |board: &mut Board, check| {
        board.verdict(&machines, &b).findings.iter().filter(|(_, finding)| finding.check == check).count()
    };
    assert_eq!((found(&mut board, Check::Name), found(&mut board, Check::Memory)), (0, 0));
    board.hear(&Update::Changed { host: b.clone(), domains: vec![info(9, "web-1")] });
    assert_eq!(found(&mut board, Check::Name), 1, "another machine took the name");
    board.hear(&Update::Gone { host: b.clone(), domain: DomainId(Uuid::from_u128(9)) });
    assert_eq!(found(&mut board, Check::Name), 0);
    board.hear(&Update::Domains { host: b.clone(), domains: vec![info(9, "web-1")] });
    assert_eq!(found(&mut board, Check::Name), 1);
    let load = HostLoad { cpu_percent: None, memory_used_kib: Some(800) };
    board.hear(&Update::Stats { host: b.clone(), load, stats: Vec::new() });
    assert_eq!(found(&mut board, Check::Memory), 1);
    assert!(board.next(&machines, std::slice::from_ref(&b), now).is_empty());
}

#[test]
fn what_changed_is_lost_or_old_is_asked_again() {
    let (mut board, now) = (Board::default(), Instant::now());
    let (machines, hosts) = ([key(1)], [host("b")]);
    answer_all(&mut board, &machines, &hosts, now);
    board.hear(&Update::Changed { host: host("a"), domains: vec![info(1, "web-1")] });
    assert_eq!(board.verdict(&machines, &host("b")).takes, Takes::Unknown);
    assert_eq!(answer_all(&mut board, &machines, &hosts, now), 1, "the pair");
    board.hear(&Update::Link { host: host("b"), link: LinkState::Closed });
    assert_eq!(answer_all(&mut board, &machines, &hosts, now), 2);
    assert_eq!(answer_all(&mut board, &machines, &hosts, now + FRESH), 3);
}

#[test]
fn an_answer_that_is_older_than_a_change_does_not_count() {
    let (b, now) = (host("b"), Instant::now());
    let changed = Update::Changed { host: b.clone(), domains: vec![info(9, "new")] };
    let lost = Update::Link { host: b.clone(), link: LinkState::Closed };
    for update in [changed, lost] {
        let mut board = Board::default();
        let asked = board.next(&[], std::slice::from_ref(&b), now);
        board.hear(&update);
        board.take(&asked[0], Ok(Answer::Facts(Box::new(facts(&b)))), now);
        assert!(board.facts(&b).is_none(), "{update:?}");
        assert_eq!(board.next(&[], std::slice::from_ref(&b), now).len(), 1, "asked again");
    }
    let mut board = Board::default();
    answer_all(&mut board, &[], &[host("a"), b.clone()], now);
    let asked = board.next(&[key(1)], std::slice::from_ref(&b), now);
    board.hear(&Update::Changed { host: host("a"), domains: vec![info(1, "web-1")] });
    let answer = answer(&board, &asked[0].question);
    board.take(&asked[0], Ok(answer), now);
    assert_eq!(board.verdict(&[key(1)], &b).takes, Takes::Unknown);
}

#[test]
fn a_host_that_does_not_answer_takes_none_and_says_why() {
    let (mut board, now) = (Board::default(), Instant::now());
    for asked in board.next(&[], &[host("b")], now) {
        board.take(&asked, Err("no route to host".into()), now);
    }
    let machines = [key(1)];
    let verdict = board.verdict(&machines, &host("b"));
    assert_eq!((verdict.takes, verdict.failed.as_slice()), (Takes::None, [(&key(1), "no route to host")].as_slice()));
}
