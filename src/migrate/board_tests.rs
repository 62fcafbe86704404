//! Tests of the board: what it asks, when it forgets, and what it says.
use uuid::Uuid;

use super::*;
use crate::domain::DomainId;
use crate::migrate::finding::{Check, Reason};

fn host(name: &str) -> HostId {
    HostId::new(&format!("qemu+ssh://{name}/system"))
}

fn key(n: u128) -> DomainKey {
    DomainKey { host: host("a"), domain: DomainId(Uuid::from_u128(n)) }
}

fn pair(block: bool) -> Pair {
    let reason = Reason::NoBridge { host: "b".into(), bridge: "br0".into(), have: Vec::new() };
    let findings = if block { vec![Finding::block(Check::Network, reason, None)] } else { Vec::new() };
    Pair { kind: Kind::Live, findings, memory_kib: 1024 }
}

/// Answers all until nothing is asked any more; machine 2 is blocked everywhere.
fn answer_all(board: &mut Board, machines: &[DomainKey], hosts: &[HostId], now: Instant) -> usize {
    let mut count = 0;
    loop {
        let asked = board.next(machines, hosts, now);
        if asked.is_empty() {
            return count;
        }
        for one in asked {
            count += 1;
            match &one.question {
                Question::Facts(_) => board.take_facts(&one, Ok(HostFacts::default()), now),
                Question::Pair(of, _) => board.take_pair(&one, Ok(pair(*of == key(2))), now),
            }
        }
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
    assert_eq!((some.takes, some.total, some.can, some.memory_kib), (Takes::Some, 2, 1, 1024));
    assert_eq!((some.kinds.as_slice(), some.findings[0].0), ([Kind::Live].as_slice(), &key(2)));
    assert_eq!(board.verdict(&machines[..1], &host("b")).takes, Takes::All);
    assert_eq!(board.verdict(&machines[1..], &host("c")).takes, Takes::None);
    assert_eq!(board.verdict(&machines, &host("a")).takes, Takes::Here);
}

#[test]
fn few_questions_are_under_way_and_one_for_each_host() {
    let (mut board, now) = (Board::default(), Instant::now());
    let hosts: Vec<HostId> = (0..100).map(|n| host(&format!("h{n}"))).collect();
    assert_eq!(board.next(&[key(1)], &hosts, now).len(), AT_ONCE);
    assert!(board.next(&[key(1)], &hosts, now).is_empty(), "none of them has answered");
}

#[test]
fn what_changed_or_is_old_is_asked_again() {
    let (mut board, now) = (Board::default(), Instant::now());
    let (machines, hosts) = ([key(1)], [host("b")]);
    answer_all(&mut board, &machines, &hosts, now);
    board.forget_machine(&key(1));
    assert_eq!(board.verdict(&machines, &host("b")).takes, Takes::Unknown);
    assert_eq!(answer_all(&mut board, &machines, &hosts, now), 2, "the machine's host and the pair");
    board.forget_host(&host("b"));
    assert_eq!(answer_all(&mut board, &machines, &hosts, now), 2);
    assert_eq!(answer_all(&mut board, &machines, &hosts, now + FRESH), 3);
}

#[test]
fn an_answer_about_what_changed_meanwhile_does_not_count() {
    let (mut board, now) = (Board::default(), Instant::now());
    let asked = board.next(&[], &[host("b")], now);
    board.forget_host(&host("b"));
    board.take_facts(&asked[0], Ok(HostFacts::default()), now);
    assert!(board.facts(&host("b")).is_none());
    assert_eq!(board.next(&[], &[host("b")], now).len(), 1, "asked again");
}

#[test]
fn a_host_that_does_not_answer_takes_none_and_says_why() {
    let (mut board, now) = (Board::default(), Instant::now());
    for asked in board.next(&[], &[host("b")], now) {
        board.take_facts(&asked, Err("no route to host".into()), now);
    }
    let machines = [key(1)];
    let verdict = board.verdict(&machines, &host("b"));
    assert_eq!((verdict.takes, verdict.failed.as_slice()), (Takes::None, [(&key(1), "no route to host")].as_slice()));
}
