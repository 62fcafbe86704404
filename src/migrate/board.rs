//! Which host can take which machines: what was found out, what to ask next, what to say of it.
//!
//! Pure: whoever uses it asks the hosts on another thread, puts the answers in, and lets it hear the hosts' updates. A hover
//! over a host only reads.
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::answers::Answers;
use super::check::{Input, best_kind, check, verdict};
use super::facts::{HostFacts, Neighbour};
use super::finding::{Finding, Severity};
use super::machine::Machine;
use super::survey::Survey;
use super::{Choices, Kind};
use crate::domain::{DomainInfo, DomainKey};
use crate::host::{HostId, LinkState, Update};

/// What was found out counts for so long, unless an update says otherwise before: networks, pools and bridges have none.
pub const FRESH: Duration = Duration::from_secs(60);
/// So many questions are under way at once, one for each host.
pub const AT_ONCE: usize = 8;

/// A question to hosts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Question {
    /// [`HostFacts::read`].
    Facts(HostId),
    /// [`Survey::of`] for this machine and this destination; the facts of both hosts are known.
    Pair(DomainKey, HostId),
}

/// A question under way. Its answer does not count if what it is about changed meanwhile.
#[derive(Clone, Debug)]
pub struct Asked {
    pub question: Question,
    serial: u64,
}

/// What a question is answered with.
#[derive(Debug)]
pub enum Answer {
    Facts(Box<HostFacts>),
    Pair(Box<Survey>),
}

/// How one machine would move to one host.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// The kind that suits best.
    pub kind: Kind,
    /// What warns or blocks.
    pub findings: Vec<Finding>,
    /// What it takes of the destination's memory when it runs there.
    pub memory_kib: u64,
}

impl Pair {
    /// Checks with the kind that suits best.
    fn of(input: &Input) -> Self {
        let machine = input.machine;
        let with = |choices: &Choices| check(&Input { choices, ..*input });
        let mut choices = Choices::new(if machine.state.is_active() { Kind::Live } else { Kind::Offline });
        let mut findings = with(&choices);
        // What disturbs it least is what most machines can do; only for the others all kinds are looked at.
        if verdict(&findings) == Severity::Block {
            choices.kind = best_kind(input);
            findings = with(&choices);
        }
        findings.retain(|f| f.severity > Severity::Ok);
        let memory_kib = if machine.state.is_active() { machine.memory_kib } else { 0 };
        Self { kind: choices.kind, findings, memory_kib }
    }
}

/// What a host says to machines that hover over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// They are all there already.
    Here,
    All,
    Some,
    None,
    /// Not all is known yet.
    Unknown,
}

/// The sum of the pairs of one host.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict<'a> {
    pub takes: Takes,
    /// Of so many machines that are not there already…
    pub total: usize,
    /// …so many can go.
    pub can: usize,
    /// The kinds that they would go by, each once.
    pub kinds: Vec<Kind>,
    /// What stands against it, what blocks first.
    pub findings: Vec<(&'a DomainKey, &'a Finding)>,
    /// Pairs that could not be looked at, in the host's words.
    pub failed: Vec<(&'a DomainKey, &'a str)>,
    /// KiB that those that can go take there.
    pub memory_kib: u64,
}

#[derive(Debug)]
enum Slot<T> {
    Asking(u64),
    Known(Result<T, String>, Instant),
}

impl<T> Slot<T> {
    fn known(&self) -> Option<&Result<T, String>> {
        match self {
            Self::Asking(_) => None,
            Self::Known(value, _) => Some(value),
        }
    }

    fn known_mut(&mut self) -> Option<&mut T> {
        match self {
            Self::Known(Ok(value), _) => Some(value),
            _ => None,
        }
    }

    fn is_old(&self, now: Instant) -> bool {
        matches!(self, Self::Known(_, at) if now.duration_since(*at) >= FRESH)
    }

    fn awaits(&self, serial: u64) -> bool {
        matches!(self, Self::Asking(asked) if *asked == serial)
    }
}

/// A machine and what both hosts answered about it.
#[derive(Debug)]
struct Told {
    machine: Machine,
    answers: Answers,
    /// What follows from it; found out when it is read first after a change.
    pair: Option<Pair>,
}

/// All that is known of hosts and pairs.
#[derive(Debug, Default)]
pub struct Board {
    facts: HashMap<HostId, Slot<Arc<HostFacts>>>,
    /// By destination, then by machine.
    pairs: HashMap<HostId, HashMap<DomainKey, Slot<Told>>>,
    serial: u64,
    /// Hosts with a question under way, also one whose answer will not count.
    busy: Vec<HostId>,
}

impl Board {
    /// The facts of a host, if they are known.
    pub fn facts(&self, host: &HostId) -> Option<Arc<HostFacts>> {
        self.facts.get(host)?.known()?.as_ref().ok().cloned()
    }

    /// The questions to ask now about moving these machines to these hosts; more follow when one was answered. The first
    /// hosts come first.
    pub fn next(&mut self, machines: &[DomainKey], hosts: &[HostId], now: Instant) -> Vec<Asked> {
        self.facts.retain(|_, slot| !slot.is_old(now));
        self.pairs.values_mut().for_each(|pairs| pairs.retain(|_, slot| !slot.is_old(now)));
        let mut asked = Vec::new();
        let sources = machines.iter().map(|key| &key.host);
        for host in sources.chain(hosts) {
            if !self.facts.contains_key(host) {
                asked.extend(self.ask(host, Question::Facts(host.clone())));
            }
            if self.busy.len() >= AT_ONCE {
                return asked;
            }
        }
        for host in hosts.iter().filter(|host| self.facts(host).is_some()).cloned().collect::<Vec<_>>() {
            let pairs = self.pairs.get(&host);
            let open = |key: &&DomainKey| {
                key.host != host
                    && self.facts(&key.host).is_some()
                    && !pairs.is_some_and(|pairs| pairs.contains_key(*key))
            };
            if let Some(key) = machines.iter().find(open) {
                asked.extend(self.ask(&host, Question::Pair(key.clone(), host.clone())));
            }
        }
        asked
    }

    fn ask(&mut self, host: &HostId, question: Question) -> Option<Asked> {
        if self.busy.len() >= AT_ONCE || self.busy.contains(host) {
            return None;
        }
        self.busy.push(host.clone());
        self.serial += 1;
        let serial = self.serial;
        match &question {
            Question::Facts(host) => drop(self.facts.insert(host.clone(), Slot::Asking(serial))),
            Question::Pair(key, host) => {
                self.pairs.entry(host.clone()).or_default().insert(key.clone(), Slot::Asking(serial));
            }
        }
        Some(Asked { question, serial })
    }

    /// Takes an answer in, or in words why there is none.
    pub fn take(&mut self, asked: &Asked, answer: Result<Answer, String>, now: Instant) {
        match &asked.question {
            Question::Facts(host) => {
                self.busy.retain(|busy| busy != host);
                let Some(slot) = self.facts.get_mut(host).filter(|slot| slot.awaits(asked.serial)) else { return };
                let facts = answer.map(|answer| match answer {
                    Answer::Facts(facts) => Arc::from(facts),
                    Answer::Pair(survey) => survey.dest,
                });
                *slot = Slot::Known(facts, now);
                self.judge_again(|dest, key| dest == host || key.host == *host);
            }
            Question::Pair(key, host) => {
                self.busy.retain(|busy| busy != host);
                let slot = self.pairs.get_mut(host).and_then(|pairs| pairs.get_mut(key));
                let Some(slot) = slot.filter(|slot| slot.awaits(asked.serial)) else { return };
                let told = answer.and_then(|answer| match answer {
                    Answer::Pair(survey) => {
                        let Survey { machine, answers, .. } = *survey;
                        Ok(Told { machine, answers, pair: None })
                    }
                    Answer::Facts(_) => Err(String::new()),
                });
                *slot = Slot::Known(told, now);
            }
        }
    }

    /// Folds an update of a host in.
    pub fn hear(&mut self, update: &Update) {
        match update {
            Update::Link { host, link } if *link != LinkState::Up => self.forget(host),
            Update::Domains { host, domains } => {
                self.pairs.values_mut().for_each(|pairs| pairs.retain(|key, _| key.host != *host));
                self.machines(host, |machines| *machines = domains.iter().map(neighbour).collect());
            }
            Update::Changed { host, domains } => {
                for info in domains {
                    self.forget_machine(&DomainKey { host: host.clone(), domain: info.id });
                }
                self.machines(host, |machines| {
                    machines.retain(|m| !domains.iter().any(|info| info.id == m.id));
                    machines.extend(domains.iter().map(neighbour));
                });
            }
            Update::Gone { host, domain } => {
                self.forget_machine(&DomainKey { host: host.clone(), domain: *domain });
                self.machines(host, |machines| machines.retain(|m| m.id != *domain));
            }
            Update::Stats { host, load, .. } => {
                let Some(facts) = self.facts.get_mut(host).and_then(Slot::known_mut) else { return };
                let free = load.memory_used_kib.map(|used| facts.memory_kib.saturating_sub(used));
                if free.is_some() && free != facts.free_memory_kib {
                    Arc::make_mut(facts).free_memory_kib = free;
                    self.judge_again(|dest, _| dest == host);
                }
            }
            Update::Link { .. } | Update::Info { .. } | Update::Complete { .. } => {}
        }
    }

    /// A host is another than it was.
    pub fn forget(&mut self, host: &HostId) {
        self.facts.remove(host);
        self.pairs.remove(host);
        self.pairs.values_mut().for_each(|pairs| pairs.retain(|key, _| key.host != *host));
    }

    fn forget_machine(&mut self, key: &DomainKey) {
        self.pairs.values_mut().for_each(|pairs| drop(pairs.remove(key)));
    }

    /// Changes the list of machines that a host has. What is being read of it is older than the change: it won't count.
    fn machines(&mut self, host: &HostId, change: impl FnOnce(&mut Vec<Neighbour>)) {
        match self.facts.get_mut(host) {
            Some(Slot::Known(Ok(facts), _)) => change(&mut Arc::make_mut(facts).machines),
            Some(Slot::Asking(_)) => drop(self.facts.remove(host)),
            _ => return,
        }
        self.judge_again(|dest, _| dest == host);
    }

    fn judge_again(&mut self, of: impl Fn(&HostId, &DomainKey) -> bool) {
        for (dest, pairs) in &mut self.pairs {
            let told = pairs.iter_mut().filter(|(key, _)| of(dest, key)).filter_map(|(_, slot)| slot.known_mut());
            told.for_each(|told| told.pair = None);
        }
    }

    /// Finds out what follows from what was told about these machines.
    fn judge(&mut self, machines: &[DomainKey], host: &HostId) {
        let facts = |id: &HostId| self.facts.get(id)?.known()?.as_ref().ok();
        let (Some(dest), Some(pairs)) = (facts(host), self.pairs.get_mut(host)) else { return };
        let any = Choices::new(Kind::Live);
        for key in machines {
            if let Some(told) = pairs.get_mut(key).and_then(Slot::known_mut).filter(|told| told.pair.is_none())
                && let Some(source) = facts(&key.host)
            {
                let Told { machine, answers, .. } = &told;
                told.pair = Some(Pair::of(&Input { machine, source, dest, answers, choices: &any }));
            }
        }
    }

    /// What a host says to these machines.
    pub fn verdict<'a>(&'a mut self, machines: &'a [DomainKey], host: &HostId) -> Verdict<'a> {
        self.judge(machines, host);
        let mut sum = Verdict {
            takes: Takes::Here,
            total: 0,
            can: 0,
            kinds: Vec::new(),
            findings: Vec::new(),
            failed: Vec::new(),
            memory_kib: 0,
        };
        let no_facts = |id: &HostId| self.facts.get(id)?.known()?.as_ref().err().map(String::as_str);
        let mut unknown = 0;
        for key in machines.iter().filter(|key| &key.host != host) {
            sum.total += 1;
            let told = self.pairs.get(host).and_then(|pairs| pairs.get(key)?.known());
            match told.map(|told| told.as_ref().map(|told| &told.pair)) {
                Some(Ok(Some(pair))) => sum.add(key, pair),
                Some(Err(words)) => sum.failed.push((key, words)),
                _ => match no_facts(host).or_else(|| no_facts(&key.host)) {
                    Some(words) => sum.failed.push((key, words)),
                    None => unknown += 1,
                },
            }
        }
        sum.findings.sort_by_key(|(_, finding)| std::cmp::Reverse(finding.severity));
        sum.takes = match (sum.total, sum.can) {
            (0, _) => Takes::Here,
            _ if unknown > 0 => Takes::Unknown,
            (total, can) if can == total => Takes::All,
            (_, 0) => Takes::None,
            _ => Takes::Some,
        };
        sum
    }
}

fn neighbour(info: &DomainInfo) -> Neighbour {
    Neighbour { id: info.id, name: info.name.clone(), active: info.state.is_active() }
}

impl<'a> Verdict<'a> {
    fn add(&mut self, key: &'a DomainKey, pair: &'a Pair) {
        self.findings.extend(pair.findings.iter().map(|finding| (key, finding)));
        if verdict(&pair.findings) == Severity::Block {
            return;
        }
        self.can += 1;
        self.memory_kib += pair.memory_kib;
        if !self.kinds.contains(&pair.kind) {
            self.kinds.push(pair.kind);
        }
    }
}

#[cfg(test)]
#[path = "board_tests.rs"]
mod tests;
