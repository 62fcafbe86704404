//! All that the Migrate dialog knows: the machines and what their hosts said, the hosts, the choices. Pure: it says what to
//! ask, and takes answers in.
use std::collections::HashMap;
use std::sync::Arc;

use drover::domain::{DomainInfo, DomainKey};
use drover::host::{Host, HostId};
use drover::inventory::Inventory;
use drover::migrate::estimate::Pace;
use drover::migrate::facts::HostFacts;
use drover::migrate::survey::Survey;
use drover::migrate::{Choices, Kind};

use super::control::{self, Control, Prepare};
use super::copies::Copies;
use super::options::Entered;
use super::verdict::{Sheet, Surveyed};
use super::{Move, Why};
use crate::i18n::{gettext, gettext_f, ngettext_f};
use crate::install::HostChoice;

/// So many questions are under way at once…
const AT_ONCE: usize = 8;
/// …and so many to one source, so that one that does not answer leaves room for others.
const PER_SOURCE: usize = 3;

/// A question to hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// [`HostFacts::read`] of this host.
    Facts(HostId),
    /// [`Survey::of`] the machine in this place; the facts of both hosts are known.
    Machine(usize),
}

/// A question under way. Its answer does not count if what it is about changed meanwhile.
#[derive(Clone, Debug)]
pub struct Asked {
    pub question: Question,
    serial: u64,
}

/// A host's facts.
#[derive(Debug)]
enum Facts {
    Asking(u64),
    Known(Result<Arc<HostFacts>, String>),
}

/// A machine of the dialog beside its [`Surveyed`].
#[derive(Debug)]
struct Entry {
    key: DomainKey,
    /// As the inventory had it when it was last asked for.
    info: Option<DomainInfo>,
    asking: Option<u64>,
}

/// Something that is being done on a host, or that failed.
#[derive(Clone, Debug, PartialEq)]
pub enum Doing {
    Runs(Prepare),
    Failed(Prepare, String),
}

/// The state.
pub struct State {
    pub hosts: Vec<HostChoice>,
    pub to: Option<HostId>,
    pub choices: Choices,
    pub copies: Copies,
    /// What is known of the links between hosts.
    pub paces: HashMap<(HostId, HostId), Pace>,
    pub doing: Option<Doing>,
    pub machines: Vec<Surveyed>,
    entries: Vec<Entry>,
    facts: HashMap<HostId, Facts>,
    /// A person chose the kind; else it is the best.
    kind_by_hand: bool,
    serial: u64,
}

impl State {
    /// Machines that are gone already are left out; without a wanted destination the first that can be one is taken.
    pub fn new(hosts: Vec<HostChoice>, keys: Vec<DomainKey>, to: Option<HostId>, inventory: &Inventory) -> Self {
        let mut state = Self {
            hosts,
            to: None,
            choices: Choices::new(Kind::Live),
            copies: Copies::default(),
            paces: HashMap::new(),
            doing: None,
            machines: Vec::new(),
            entries: Vec::new(),
            facts: HashMap::new(),
            kind_by_hand: false,
            serial: 0,
        };
        for key in keys {
            let Some(machine) = inventory.machine(&key) else { continue };
            state.machines.push(Surveyed { name: machine.info.name.clone(), survey: None });
            state.entries.push(Entry { key, info: Some(machine.info.clone()), asking: None });
        }
        let usable = |h: &&HostChoice| state.against(h).is_none();
        state.to = to.or_else(|| state.hosts.iter().find(usable).map(|h| h.host.id().clone()));
        state
    }

    /// The machine in this place.
    pub fn key(&self, machine: usize) -> Option<&DomainKey> {
        self.entries.get(machine).map(|e| &e.key)
    }

    /// A host by its id, if it can be used now.
    pub fn host(&self, id: &HostId) -> Option<&Host> {
        self.choice(id).filter(|h| h.trouble.is_none()).map(|h| &h.host)
    }

    fn choice(&self, id: &HostId) -> Option<&HostChoice> {
        self.hosts.iter().find(|h| h.host.id() == id)
    }

    /// A host's name for the person.
    pub fn name_of(&self, id: &HostId) -> String {
        self.choice(id).map_or_else(|| id.as_str().to_owned(), |h| h.name.clone())
    }

    /// Why this host can't be the destination.
    pub fn against(&self, host: &HostChoice) -> Option<String> {
        let here = self.entries.iter().filter(|e| &e.key.host == host.host.id()).count();
        if here > 0 && here == self.entries.len() {
            return Some(ngettext_f("The machine is there.", "The machines are there.", here as u64, &[]));
        }
        host.trouble.clone()
    }

    /// The hosts that the machines come from, each once.
    pub fn sources(&self) -> Vec<HostId> {
        let mut sources: Vec<HostId> = Vec::new();
        for entry in &self.entries {
            if !sources.contains(&entry.key.host) {
                sources.push(entry.key.host.clone());
            }
        }
        sources
    }

    /// Another destination: what was said of the other one, and chosen for it, is gone.
    pub fn set_to(&mut self, to: HostId) {
        if self.to.as_ref() == Some(&to) {
            return;
        }
        if let Some(before) = self.to.replace(to) {
            self.facts.remove(&before);
        }
        let choices = &mut self.choices;
        (choices.bridges, choices.networks) = (Vec::new(), Vec::new());
        (choices.address, choices.shared, self.doing) = (None, None, None);
        choices.replace.clear();
        self.ask_all();
    }

    /// Everything is asked anew.
    pub fn ask_again(&mut self) {
        self.facts.clear();
        self.ask_all();
    }

    fn ask_all(&mut self) {
        for i in 0..self.entries.len() {
            self.forget(i);
        }
    }

    fn forget(&mut self, machine: usize) {
        self.machines[machine].survey = None;
        self.entries[machine].asking = None;
    }

    /// The questions to ask now; more follow when one was answered. What can't be asked is answered at once.
    pub fn next(&mut self) -> Vec<Asked> {
        let Some(to) = self.to.clone() else { return Vec::new() };
        let mut asked = Vec::new();
        for host in self.sources().into_iter().chain([to.clone()]) {
            if !self.facts.contains_key(&host) && self.trouble(&host).is_none() && self.under_way() < AT_ONCE {
                self.serial += 1;
                self.facts.insert(host.clone(), Facts::Asking(self.serial));
                asked.push(Asked { question: Question::Facts(host), serial: self.serial });
            }
        }
        for i in 0..self.entries.len() {
            let Entry { key, asking, info } = &self.entries[i];
            if asking.is_some() || self.machines[i].survey.is_some() {
                continue;
            }
            let source = key.host.clone();
            if let Some(words) = self.known_without_asking(&source, &to, info.is_none()) {
                self.machines[i].survey = Some(Err(words));
            } else if self.facts_of(&source).is_some()
                && self.facts_of(&to).is_some()
                && self.under_way() < AT_ONCE
                && self.asking_of(&source) < PER_SOURCE
            {
                self.serial += 1;
                self.entries[i].asking = Some(self.serial);
                asked.push(Asked { question: Question::Machine(i), serial: self.serial });
            }
        }
        asked
    }

    fn known_without_asking(&self, source: &HostId, to: &HostId, gone: bool) -> Option<String> {
        let failed = |id: &HostId| match self.facts.get(id) {
            Some(Facts::Known(Err(words))) => Some(self.words_of(id, words)),
            _ => self.trouble(id).map(|words| self.words_of(id, &words)),
        };
        if gone {
            return Some(gettext_f("It is no longer on {host}.", &[("host", &self.name_of(source))]));
        }
        if source == to {
            return Some(gettext_f("It is on {host} already.", &[("host", &self.name_of(to))]));
        }
        failed(source).or_else(|| failed(to))
    }

    fn words_of(&self, id: &HostId, words: &str) -> String {
        gettext_f("{host}: {what}", &[("host", &self.name_of(id)), ("what", words)])
    }

    fn trouble(&self, id: &HostId) -> Option<String> {
        match self.choice(id) {
            Some(choice) => choice.trouble.clone(),
            None => Some(gettext("It is no longer in the list of hosts.")),
        }
    }

    fn under_way(&self) -> usize {
        let facts = self.facts.values().filter(|f| matches!(f, Facts::Asking(_))).count();
        facts + self.entries.iter().filter(|e| e.asking.is_some()).count()
    }

    fn asking_of(&self, source: &HostId) -> usize {
        self.entries.iter().filter(|e| e.asking.is_some() && &e.key.host == source).count()
    }

    /// A host's facts, if they are known.
    pub fn facts_of(&self, id: &HostId) -> Option<&Arc<HostFacts>> {
        match self.facts.get(id) {
            Some(Facts::Known(Ok(facts))) => Some(facts),
            _ => None,
        }
    }

    /// Takes a host's facts in, or why there are none.
    pub fn take_facts(&mut self, asked: &Asked, answer: Result<HostFacts, String>) {
        let Question::Facts(host) = &asked.question else { return };
        if let Some(slot) = self.facts.get_mut(host).filter(|f| matches!(f, Facts::Asking(n) if *n == asked.serial)) {
            *slot = Facts::Known(answer.map(Arc::new));
        }
    }

    /// Takes in what was found out about a machine, or why nothing was.
    pub fn take_machine(&mut self, asked: &Asked, answer: Result<Survey, String>) {
        let Question::Machine(i) = asked.question else { return };
        let Some(entry) = self.entries.get_mut(i).filter(|e| e.asking == Some(asked.serial)) else { return };
        entry.asking = None;
        self.machines[i].survey = Some(answer);
    }

    /// Hosts came, went, or changed their links. True if that concerns this move.
    pub fn set_hosts(&mut self, hosts: Vec<HostChoice>) -> bool {
        let mut concerned = self.sources();
        concerned.extend(self.to.clone());
        let of = |state: &Self, id: &HostId| (state.trouble(id).is_none(), state.choice(id).is_some());
        let usable = |state: &Self| concerned.iter().map(|id| of(state, id)).collect::<Vec<_>>();
        let before = usable(self);
        self.hosts = hosts;
        let after = usable(self);
        let changed: Vec<HostId> = concerned
            .iter()
            .zip(before.iter().zip(&after))
            .filter(|(_, (a, b))| a != b)
            .map(|(id, _)| id.clone())
            .collect();
        for id in &changed {
            self.facts.remove(id);
            for i in 0..self.entries.len() {
                if self.to.as_ref() == Some(id) || &self.entries[i].key.host == id {
                    self.forget(i);
                }
            }
        }
        !changed.is_empty()
    }

    /// Compares with what runs now: a machine that changed or went is asked for again. True if one did.
    pub fn look(&mut self, inventory: &Inventory) -> bool {
        let mut changed = false;
        for i in 0..self.entries.len() {
            let key = &self.entries[i].key;
            // A host that is being read anew has an empty list for a moment.
            if !inventory.host(&key.host).is_some_and(|h| h.complete) {
                continue;
            }
            let now = inventory.machine(key).map(|m| &m.info);
            if is_same(self.entries[i].info.as_ref(), now) {
                continue;
            }
            changed = true;
            if let Some(info) = now {
                self.machines[i].name.clone_from(&info.name);
            }
            self.entries[i].info = now.cloned();
            self.forget(i);
        }
        changed
    }

    /// A person's answer.
    pub fn set(&mut self, control: &Control) {
        self.kind_by_hand |= matches!(control, Control::Kind(_));
        control::set(&mut self.choices, control);
    }

    /// What is entered as options. Another place for copies is asked for.
    pub fn set_options(&mut self, entered: &Entered) {
        let dest = self.to.as_ref().map_or("", |to| to.as_str()).to_owned();
        entered.put(&mut self.choices, &dest);
        let other_place = self.copies.pool != entered.copies.pool;
        self.copies = entered.copies.clone();
        if other_place {
            self.ask_all();
        }
    }

    /// All machines by all kinds.
    pub fn sheet(&self) -> Sheet<'_> {
        Sheet::of(&self.machines, &self.choices, &self.copies)
    }

    /// Those that can go, as they were chosen.
    pub fn moves(&self) -> Vec<Move> {
        let Some(to) = &self.to else { return Vec::new() };
        let sheet = self.sheet();
        let of = |(i, choices): (usize, Choices)| {
            let (key, name) = (self.key(i)?.clone(), self.machines[i].name.clone());
            Some(Move { key, name, to: to.clone(), choices, why: Why::Asked })
        };
        sheet.going(self.choices.kind).filter_map(of).collect()
    }

    /// Until a person chose one, the kind is the best. To call before anything is shown.
    pub fn propose(&mut self) {
        if !self.kind_by_hand {
            self.choices.kind = self.sheet().best();
        }
    }

    /// Whom the dialog waits for, with how many machines.
    pub fn pending(&self) -> Vec<String> {
        let waiting: Vec<&Entry> =
            self.entries.iter().zip(&self.machines).filter(|(_, m)| m.survey.is_none()).map(|(e, _)| e).collect();
        let Some(to) = self.to.as_ref().filter(|_| !waiting.is_empty()) else { return Vec::new() };
        let asked = |id: &HostId| gettext_f("Asking {host}…", &[("host", &self.name_of(id))]);
        let open = |id: &&HostId| !matches!(self.facts.get(*id), Some(Facts::Known(_)));
        let mut hosts = self.sources();
        hosts.retain(|id| waiting.iter().any(|e| &e.key.host == id));
        let mut lines: Vec<String> = hosts.iter().chain([to]).filter(open).map(asked).collect();
        if lines.is_empty() {
            let (n, host) = (waiting.len() as u64, [("host", &*self.name_of(to))]);
            let words = ngettext_f("Asking {host} about {n} machine…", "Asking {host} about {n} machines…", n, &host);
            lines.push(words);
        }
        lines
    }

    /// What was last known of the pair of hosts of a machine.
    pub fn pace(&self, machine: usize) -> Option<Pace> {
        let source = self.key(machine)?.host.clone();
        self.paces.get(&(source, self.to.clone()?)).copied()
    }
}

/// Whether nothing that matters for a move differs.
fn is_same(a: Option<&DomainInfo>, b: Option<&DomainInfo>) -> bool {
    let (Some(a), Some(b)) = (a, b) else { return a.is_none() == b.is_none() };
    // Details come after the first rows, and memory in use goes up and down.
    let details = a.details.is_none() || b.details.is_none() || a.details == b.details;
    let of = |i: &DomainInfo| (i.name.clone(), i.state, i.persistent, i.has_managed_save, i.vcpus, i.max_memory_kib);
    details && of(a) == of(b)
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
