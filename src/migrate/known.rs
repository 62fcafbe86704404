//! What is known of hosts and machines, kept fresh by the hosts' updates, so that a verdict over a host costs no call.
use std::collections::HashMap;
use std::sync::Arc;

use super::answers::Answers;
use super::facts::{HostFacts, Neighbour};
use super::machine::Machine;
use super::survey::Survey;
use crate::domain::{DomainInfo, DomainKey};
use crate::host::{HostId, LinkState, Update};

/// A pure fold of [`Update`]s beside the inventory; what is missing is asked with [`Survey`] and put in.
#[derive(Debug, Default)]
pub struct Known {
    hosts: HashMap<HostId, Arc<HostFacts>>,
    machines: HashMap<DomainKey, HashMap<HostId, (Machine, Answers)>>,
    /// Counts updates, so that an answer that is older than a change is not taken.
    clock: u64,
    changed: HashMap<DomainKey, u64>,
    lost: HashMap<HostId, u64>,
}

/// When a question was asked.
#[derive(Clone, Copy, Debug)]
pub struct Asked(u64);

impl Known {
    /// Before a question is asked; its answer comes back with this.
    pub fn ask(&self) -> Asked {
        Asked(self.clock)
    }

    /// Takes an answer about moving the machine to `dest`, unless something has changed since the question.
    pub fn put(&mut self, asked: Asked, key: &DomainKey, dest: &HostId, survey: Survey) {
        let since = |when: Option<&u64>| when.is_some_and(|w| *w > asked.0);
        let stale = since(self.changed.get(key)) || since(self.lost.get(&key.host)) || since(self.lost.get(dest));
        if stale {
            return;
        }
        // Facts that are here already were kept fresh by updates.
        self.hosts.entry(key.host.clone()).or_insert(survey.source);
        self.hosts.entry(dest.clone()).or_insert(survey.dest);
        let answers = self.machines.entry(key.clone()).or_default();
        answers.insert(dest.clone(), (survey.machine, survey.answers));
    }

    /// A host's facts.
    pub fn host(&self, host: &HostId) -> Option<&Arc<HostFacts>> {
        self.hosts.get(host)
    }

    /// Everything that a verdict stands on; `None` when it must be asked first.
    pub fn survey(&self, key: &DomainKey, dest: &HostId) -> Option<Survey> {
        let (machine, answers) = self.machines.get(key)?.get(dest)?.clone();
        let (source, dest) = (Arc::clone(self.hosts.get(&key.host)?), Arc::clone(self.hosts.get(dest)?));
        Some(Survey { machine, source, dest, answers })
    }

    /// Folds an update in.
    pub fn hear(&mut self, update: &Update) {
        self.clock += 1;
        match update {
            Update::Link { host, link } if *link != LinkState::Up => self.forget(host),
            Update::Domains { host, domains } => {
                self.machines.retain(|key, _| key.host != *host);
                self.lost.insert(host.clone(), self.clock);
                self.with(host, |facts| facts.machines = domains.iter().map(neighbour).collect());
            }
            Update::Changed { host, domains } => domains.iter().for_each(|info| self.changed(host, info)),
            Update::Gone { host, domain } => {
                self.touch(DomainKey { host: host.clone(), domain: *domain });
                self.with(host, |facts| facts.machines.retain(|m| m.id != *domain));
            }
            Update::Stats { host, load, .. } => {
                if let Some(used) = load.memory_used_kib {
                    self.with(host, |facts| facts.free_memory_kib = Some(facts.memory_kib.saturating_sub(used)));
                }
            }
            Update::Link { .. } | Update::Info { .. } | Update::Complete { .. } => {}
        }
    }

    /// A host's networks, pools and bridges have no updates: after a change of ours, or a while, they are read anew.
    pub fn forget(&mut self, host: &HostId) {
        self.hosts.remove(host);
        self.machines.retain(|key, _| key.host != *host);
        self.machines.values_mut().for_each(|dests| drop(dests.remove(host)));
        self.lost.insert(host.clone(), self.clock);
    }

    fn with(&mut self, host: &HostId, change: impl FnOnce(&mut HostFacts)) {
        if let Some(facts) = self.hosts.get_mut(host) {
            change(Arc::make_mut(facts));
        }
    }

    fn touch(&mut self, key: DomainKey) {
        self.machines.remove(&key);
        self.changed.insert(key, self.clock);
    }

    fn changed(&mut self, host: &HostId, info: &DomainInfo) {
        self.touch(DomainKey { host: host.clone(), domain: info.id });
        self.with(host, |facts| {
            facts.machines.retain(|m| m.id != info.id);
            facts.machines.push(neighbour(info));
        });
    }
}

fn neighbour(info: &DomainInfo) -> Neighbour {
    Neighbour { id: info.id, name: info.name.clone(), active: info.state.is_active() }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::{DomainId, State};
    use crate::host::HostLoad;
    use crate::migrate::finding::{Check, Severity};
    use crate::migrate::{Choices, Kind, check};

    fn ids() -> (DomainKey, HostId) {
        let key = DomainKey { host: HostId::new("qemu://a/system"), domain: DomainId(Uuid::from_u128(1)) };
        (key, HostId::new("qemu://b/system"))
    }

    fn survey() -> Survey {
        let facts = |name: &str, id| HostFacts {
            name: name.into(),
            uuid: Some(Uuid::from_u128(id)),
            memory_kib: 1000,
            free_memory_kib: Some(900),
            ..HostFacts::default()
        };
        let machine = Machine { id: Some(ids().0.domain), name: "web".into(), memory_kib: 500, ..Machine::default() };
        let (source, dest) = (Arc::new(facts("a", 1)), Arc::new(facts("b", 2)));
        Survey { machine, source, dest, answers: Answers::default() }
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

    fn known() -> Known {
        let ((key, dest), mut known) = (ids(), Known::default());
        known.put(known.ask(), &key, &dest, survey());
        known
    }

    fn troubles(known: &Known, check: Check) -> usize {
        let (key, dest) = ids();
        let survey = known.survey(&key, &dest).unwrap();
        let found = check::check(&survey.input(&Choices::new(Kind::Live)));
        found.iter().filter(|f| f.check == check && f.severity != Severity::Ok).count()
    }

    #[test]
    fn updates_change_the_verdict_without_a_call() {
        let ((_, dest), mut known) = (ids(), known());
        assert_eq!((troubles(&known, Check::Name), troubles(&known, Check::Memory)), (0, 0));
        known.hear(&Update::Changed { host: dest.clone(), domains: vec![info(9, "web")] });
        assert_eq!(troubles(&known, Check::Name), 1, "another machine took the name");
        known.hear(&Update::Gone { host: dest.clone(), domain: DomainId(Uuid::from_u128(9)) });
        assert_eq!(troubles(&known, Check::Name), 0);
        known.hear(&Update::Domains { host: dest.clone(), domains: vec![info(9, "web")] });
        assert_eq!(troubles(&known, Check::Name), 1);
        // Whether a short memory blocks or warns is the check's own.
        let load = HostLoad { cpu_percent: None, memory_used_kib: Some(800) };
        known.hear(&Update::Stats { host: dest, load, stats: Vec::new() });
        assert_eq!(troubles(&known, Check::Memory), 1);
    }

    #[test]
    fn a_change_or_a_lost_host_must_be_asked_again() {
        let (key, dest) = ids();
        let lost = Update::Link { host: dest.clone(), link: LinkState::Closed };
        let changed = Update::Changed { host: key.host.clone(), domains: vec![info(1, "web")] };
        for update in [lost, changed] {
            let mut known = known();
            let asked = known.ask();
            known.hear(&update);
            assert!(known.survey(&key, &dest).is_none(), "{update:?}");
            known.put(asked, &key, &dest, survey());
            assert!(known.survey(&key, &dest).is_none(), "the answer is older than {update:?}");
            known.put(known.ask(), &key, &dest, survey());
            assert!(known.survey(&key, &dest).is_some());
        }
    }
}
