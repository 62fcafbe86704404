//! Tests of what the dialog asks and when, of answers that come too late, of hosts that go.
use drover::domain::State as Power;
use drover::host::HostOptions;
use drover::host::Update;

use super::super::verdict::tests::survey;
use super::*;
use crate::machines::testing::{info, key};

/// Hosts with these machines; the test driver is in the process and nothing is asked of it here.
fn hosts(names: &[&str]) -> Vec<HostChoice> {
    let choice = |name: &&str| {
        let host = Host::open(&format!("test:///{name}"), HostOptions::default(), |_| {});
        HostChoice { host, name: (*name).to_owned(), trouble: None }
    };
    names.iter().map(choice).collect()
}

fn inventory(hosts: &[HostChoice], count: u32) -> Inventory {
    let mut inventory = Inventory::default();
    for (n, choice) in (0..).zip(hosts) {
        let host = choice.host.id().clone();
        inventory.add_host(host.clone());
        let domains = (1..=count).map(|i| info(n * 100 + i, &format!("vm{n}{i}"), Power::Running)).collect();
        inventory.apply(Update::Domains { host, domains });
    }
    inventory
}

fn down(mut hosts: Vec<HostChoice>, which: usize) -> Vec<HostChoice> {
    hosts[which].trouble = Some("not connected".into());
    hosts
}

fn questions(state: &mut State) -> Vec<Asked> {
    state.next()
}

fn of(asked: &[Asked]) -> Vec<Question> {
    asked.iter().map(|a| a.question.clone()).collect()
}

/// Answers everything that is asked until nothing more is.
fn settle(state: &mut State) {
    loop {
        let asked = questions(state);
        if asked.is_empty() {
            return;
        }
        for a in &asked {
            match &a.question {
                Question::Facts(_) => state.take_facts(a, Ok(HostFacts::default())),
                Question::Machine(_) => state.take_machine(a, Ok(survey(Power::Running))),
            }
        }
    }
}

#[gtk::test]
fn facts_are_asked_first_then_machines_a_few_at_a_time() {
    let hosts = hosts(&["a", "b", "c"]);
    let inventory = inventory(&hosts, 6);
    let keys: Vec<_> = [(0, 1), (0, 2), (0, 3), (0, 4), (1, 101), (1, 102), (1, 103), (1, 104)]
        .map(|(h, n): (usize, u32)| key(hosts[h].host.id(), n))
        .into();
    let mut state = State::new(hosts.clone(), keys, Some(hosts[2].host.id().clone()), &inventory);
    let first = questions(&mut state);
    assert_eq!(of(&first), [0, 1, 2].map(|h| Question::Facts(hosts[h].host.id().clone())));
    assert_eq!(of(&questions(&mut state)), [], "each only once");
    assert_eq!(state.pending(), ["Asking a…", "Asking b…", "Asking c…"]);
    state.take_facts(&first[0], Ok(HostFacts::default()));
    state.take_facts(&first[2], Ok(HostFacts::default()));
    let second = questions(&mut state);
    assert_eq!(of(&second), [0, 1, 2].map(Question::Machine), "b has not answered: its machines wait, a's do not");
    state.take_machine(&second[0], Ok(survey(Power::Running)));
    assert_eq!(of(&questions(&mut state)), [Question::Machine(3)], "three at once of one source");
    state.take_facts(&first[1], Err("it hung".into()));
    assert_eq!(of(&questions(&mut state)), []);
    assert_eq!(
        state.machines[4].survey.as_ref().and_then(|s| s.as_ref().err()).map(String::as_str),
        Some("b: it hung")
    );
    assert_eq!(state.pending(), ["Asking c about 3 machines…"]);
    settle(&mut state);
    assert_eq!(state.moves().len(), 1, "answers of the others are still out");
}

#[gtk::test]
fn a_destination_is_chosen_and_what_was_said_of_another_no_longer_counts() {
    let hosts = hosts(&["d", "e", "f"]);
    let inventory = inventory(&hosts, 1);
    let keys = vec![key(hosts[0].host.id(), 1)];
    let mut state = State::new(down(hosts.clone(), 1), keys, None, &inventory);
    assert_eq!(state.to.as_ref(), Some(hosts[2].host.id()), "the first that is neither the source nor down");
    assert_eq!(state.against(&state.hosts[0]).as_deref(), Some("The machine is there."));
    assert_eq!(state.against(&state.hosts[1]).as_deref(), Some("not connected"));
    settle(&mut state);
    state.set(&Control::Bridge { here: "br0".into(), have: vec![], chosen: Some("virbr0".into()) });
    assert_eq!(state.moves()[0].choices.bridges.len(), 1);
    state.set_hosts(hosts.clone());
    state.set_to(hosts[1].host.id().clone());
    assert!(state.moves().is_empty() && state.choices.bridges.is_empty());
    let late = questions(&mut state);
    assert_eq!(of(&late), [Question::Facts(hosts[1].host.id().clone())], "the source's facts are known");
    state.set_to(hosts[2].host.id().clone());
    state.take_facts(&late[0], Ok(HostFacts::default()));
    assert_eq!(of(&questions(&mut state)), [Question::Facts(hosts[2].host.id().clone())]);
    assert!(state.facts_of(hosts[1].host.id()).is_none(), "the answer came too late");
}

#[gtk::test]
fn a_host_that_goes_blocks_and_one_that_comes_back_is_asked() {
    let hosts = hosts(&["g", "h"]);
    let inventory = inventory(&hosts, 1);
    let mut state = State::new(hosts.clone(), vec![key(hosts[0].host.id(), 1)], None, &inventory);
    settle(&mut state);
    assert_eq!(state.moves().len(), 1);
    assert!(!state.set_hosts(hosts.clone()), "nothing changed");
    assert!(state.set_hosts(down(hosts.clone(), 1)));
    settle(&mut state);
    assert!(state.moves().is_empty());
    let words = |state: &State| state.machines[0].survey.clone().and_then(Result::err);
    assert_eq!(words(&state).as_deref(), Some("h: not connected"));
    assert!(state.set_hosts(vec![hosts[0].clone()]));
    settle(&mut state);
    assert!(words(&state).is_some_and(|w| w.ends_with("It is no longer in the list of hosts.")));
    assert!(state.set_hosts(hosts.clone()));
    settle(&mut state);
    assert_eq!(state.moves().len(), 1);
}

#[gtk::test]
fn a_machine_that_changed_is_asked_for_again_and_one_that_went_is_told() {
    let hosts = hosts(&["i", "j"]);
    let mut inventory = inventory(&hosts, 2);
    let source = hosts[0].host.id().clone();
    let mut state = State::new(hosts.clone(), vec![key(&source, 1), key(&source, 2)], None, &inventory);
    settle(&mut state);
    assert!(!state.look(&inventory));
    let mut changed = info(1, "renamed", Power::Off);
    changed.memory_kib = 1;
    inventory.apply(Update::Changed { host: source.clone(), domains: vec![changed] });
    assert!(state.look(&inventory));
    assert_eq!((state.machines[0].name.as_str(), state.machines[0].survey.is_none()), ("renamed", true));
    assert!(state.machines[1].survey.is_some(), "the other one was not asked for");
    assert_eq!(of(&questions(&mut state)), [Question::Machine(0)]);
    inventory.apply(Update::Gone { host: source.clone(), domain: key(&source, 2).domain });
    assert!(state.look(&inventory) && !state.look(&inventory));
    settle(&mut state);
    let words = state.machines[1].survey.clone().and_then(Result::err);
    assert_eq!(words.as_deref(), Some("It is no longer on i."));
}

#[gtk::test]
fn the_kind_is_the_best_until_a_person_chooses() {
    let hosts = hosts(&["k", "l"]);
    let inventory = inventory(&hosts, 1);
    let mut state = State::new(hosts.clone(), vec![key(hosts[0].host.id(), 1)], None, &inventory);
    let facts = questions(&mut state);
    facts.iter().for_each(|a| state.take_facts(a, Ok(HostFacts::default())));
    let asked = questions(&mut state);
    state.take_machine(&asked[0], Ok(survey(Power::Off)));
    state.propose();
    assert_eq!(state.choices.kind, Kind::Offline);
    state.set(&Control::Kind(Kind::Static));
    state.ask_again();
    settle(&mut state);
    state.propose();
    assert_eq!(state.choices.kind, Kind::Static);
}
