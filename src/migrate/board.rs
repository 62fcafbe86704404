//! Which host can take which machines: what was found out, what to ask next, what to say of it.
//!
//! Pure: whoever uses it asks the hosts on another thread and puts the answers in. A hover over a host only reads.
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Kind;
use super::check::{best_kind, check, verdict};
use super::facts::HostFacts;
use super::finding::{Finding, Severity};
use super::survey::Survey;
use super::{Choices, machine};
use crate::domain::DomainKey;
use crate::host::HostId;

/// What was found out counts for so long, unless a change of the inventory says otherwise before.
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
    /// Checks a survey with the kind that suits best.
    pub fn of(survey: &Survey) -> Self {
        let any = Choices::new(Kind::Live);
        let choices = Choices::new(best_kind(&survey.input(&any)));
        let mut findings = check(&survey.input(&choices));
        findings.retain(|f| f.severity > Severity::Ok);
        let machine::Machine { state, memory_kib, .. } = survey.machine;
        Self { kind: choices.kind, findings, memory_kib: if state.is_active() { memory_kib } else { 0 } }
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

    fn is_old(&self, now: Instant) -> bool {
        matches!(self, Self::Known(_, at) if now.duration_since(*at) >= FRESH)
    }
}

/// All that is known of hosts and pairs.
#[derive(Debug, Default)]
pub struct Board {
    facts: HashMap<HostId, Slot<Arc<HostFacts>>>,
    pairs: HashMap<(DomainKey, HostId), Slot<Pair>>,
    serial: u64,
    /// Hosts with a question under way, also one whose answer will not count.
    busy: Vec<HostId>,
}

impl Board {
    /// The facts of a host, if they are known.
    pub fn facts(&self, host: &HostId) -> Option<Arc<HostFacts>> {
        self.facts.get(host)?.known()?.as_ref().ok().cloned()
    }

    /// The questions to ask now about moving these machines to these hosts; more follow when one was answered.
    pub fn next(&mut self, machines: &[DomainKey], hosts: &[HostId], now: Instant) -> Vec<Asked> {
        self.facts.retain(|_, slot| !slot.is_old(now));
        self.pairs.retain(|_, slot| !slot.is_old(now));
        let mut asked = Vec::new();
        let sources = machines.iter().map(|key| &key.host);
        for host in sources.chain(hosts) {
            if !self.facts.contains_key(host) {
                asked.extend(self.ask(host, Question::Facts(host.clone())));
            }
        }
        for host in hosts.iter().filter(|host| self.facts(host).is_some()).cloned().collect::<Vec<_>>() {
            let open = |key: &&DomainKey| {
                key.host != host
                    && self.facts(&key.host).is_some()
                    && !self.pairs.contains_key(&((*key).clone(), host.clone()))
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
            Question::Pair(key, host) => drop(self.pairs.insert((key.clone(), host.clone()), Slot::Asking(serial))),
        }
        Some(Asked { question, serial })
    }

    /// Takes a host's facts in, or why there are none.
    pub fn take_facts(&mut self, asked: &Asked, answer: Result<HostFacts, String>, now: Instant) {
        let Question::Facts(host) = &asked.question else { return };
        self.busy.retain(|busy| busy != host);
        if let Some(slot) = self.facts.get_mut(host).filter(|s| matches!(s, Slot::Asking(n) if *n == asked.serial)) {
            *slot = Slot::Known(answer.map(Arc::new), now);
        }
    }

    /// Takes in how a machine would move, or why it could not be found out.
    pub fn take_pair(&mut self, asked: &Asked, answer: Result<Pair, String>, now: Instant) {
        let Question::Pair(key, host) = &asked.question else { return };
        self.busy.retain(|busy| busy != host);
        let slot = self.pairs.get_mut(&(key.clone(), host.clone()));
        if let Some(slot) = slot.filter(|s| matches!(s, Slot::Asking(n) if *n == asked.serial)) {
            *slot = Slot::Known(answer, now);
        }
    }

    /// A host is another than it was.
    pub fn forget_host(&mut self, host: &HostId) {
        self.facts.remove(host);
        self.pairs.retain(|(key, dest), _| &key.host != host && dest != host);
    }

    /// A machine changed or went: what was said of it, and of what its host has free, no longer counts.
    pub fn forget_machine(&mut self, key: &DomainKey) {
        self.facts.remove(&key.host);
        self.pairs.retain(|(other, dest), _| other != key && dest != &key.host);
    }

    /// What a host says to these machines.
    pub fn verdict<'a>(&'a self, machines: &'a [DomainKey], host: &HostId) -> Verdict<'a> {
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
            match self.pairs.get(&(key.clone(), host.clone())).and_then(Slot::known) {
                Some(Ok(pair)) => sum.add(key, pair),
                Some(Err(words)) => sum.failed.push((key, words)),
                None => match no_facts(host).or_else(|| no_facts(&key.host)) {
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
