//! The rows of one host: what the list knows of each of its machines, which the search finds, and in what order.
use std::collections::HashMap;

use drover::domain::{DomainId, DomainKey};
use drover::host::HostId;
use drover::inventory::{HostEntry, Machine};
use drover::search::{Haystack, Query};

use super::columns::Order;
use super::facts::Facts;
use crate::hosts::Shown;

/// A row of the list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RowId {
    Host(HostId),
    Machine(DomainKey),
}

/// What is kept of a machine; made anew when its host tells it anew.
struct Contents {
    facts: Facts,
    haystack: Haystack,
    found: bool,
}

impl Contents {
    fn new(entry: &HostEntry, machine: &Machine, found: bool) -> Self {
        Self { facts: Facts::new(machine), haystack: Haystack::new(entry, machine), found }
    }
}

/// One host and its machines.
pub struct HostRows {
    pub id: HostId,
    /// Whether its machines are folded away.
    pub folded: bool,
    name: String,
    shown: bool,
    machines: HashMap<DomainId, Contents>,
    sorted: Vec<DomainId>,
}

impl HostRows {
    /// A host without machines.
    pub fn new(id: HostId) -> Self {
        Self { id, folded: false, name: String::new(), shown: true, machines: HashMap::new(), sorted: Vec::new() }
    }

    /// What the list shows of a machine.
    pub fn facts(&self, id: &DomainId) -> Option<&Facts> {
        self.machines.get(id).map(|m| &m.facts)
    }

    /// Machines are also found by their host's name; says whether it is another one.
    pub fn rename(&mut self, entry: &HostEntry) -> bool {
        let name = entry.name();
        let changed = self.name != name;
        if changed {
            self.name = name;
            self.update(entry, entry.machines.values());
        }
        changed
    }

    /// Knows exactly the entry's machines.
    pub fn reset(&mut self, entry: &HostEntry, order: Order) {
        self.name = entry.name();
        self.machines.retain(|id, _| entry.machines.contains_key(id));
        self.update(entry, entry.machines.values());
        self.sort(order);
    }

    /// Takes these machines in; new ones stand last until the next [`HostRows::sort`].
    pub fn update<'a>(&mut self, entry: &HostEntry, machines: impl Iterator<Item = &'a Machine>) {
        for machine in machines {
            let id = machine.info.id;
            match self.machines.get_mut(&id) {
                Some(known) => *known = Contents::new(entry, machine, known.found),
                None => {
                    self.machines.insert(id, Contents::new(entry, machine, true));
                    self.sorted.push(id);
                }
            }
        }
    }

    /// Forgets a machine.
    pub fn remove(&mut self, id: &DomainId) {
        if self.machines.remove(id).is_some() {
            self.sorted.retain(|other| other != id);
        }
    }

    /// Takes over the figures of now, to sort by them.
    pub fn set_figures(&mut self, entry: &HostEntry) {
        for (id, contents) in &mut self.machines {
            if let Some(machine) = entry.machines.get(id) {
                contents.facts.stats = machine.stats;
            }
        }
    }

    /// Puts its machines in order.
    pub fn sort(&mut self, order: Order) {
        let mut all: Vec<(&DomainId, &Facts)> = self.machines.iter().map(|(id, m)| (id, &m.facts)).collect();
        // By the id where all else is the same, so that such rows don't change places from one sort to the next.
        all.sort_unstable_by(|(x, a), (y, b)| a.compare(b, order.column, order.descending).then_with(|| x.cmp(y)));
        self.sorted = all.into_iter().map(|(id, _)| *id).collect();
    }

    /// Searches all its machines.
    pub fn search(&mut self, search: &Search, entry: &HostEntry) -> Found {
        let mut found = Found::default();
        let host = search.takes_host(&self.id);
        for (id, contents) in &mut self.machines {
            let Some(machine) = entry.machines.get(id) else { continue };
            let takes = host && search.takes(machine);
            let fits = takes && search.query.matches(&contents.haystack, machine);
            found.changed |= std::mem::replace(&mut contents.found, fits) != fits;
            found.machines += usize::from(fits);
            found.of += usize::from(takes);
        }
        let shown = host && (found.machines > 0 || (search.query.is_empty() && search.shown != Shown::Running));
        found.changed |= std::mem::replace(&mut self.shown, shown) != shown;
        found
    }

    /// Whether this row of the host is in the list.
    pub fn shows(&self, row: &RowId) -> bool {
        match row {
            RowId::Host(_) => self.shown,
            RowId::Machine(key) => {
                self.shown && !self.folded && self.machines.get(&key.domain).is_some_and(|m| m.found)
            }
        }
    }

    /// The host's row and those of its machines that show, from top to bottom.
    pub fn rows(&self) -> impl Iterator<Item = RowId> {
        let machines = self.sorted.iter().filter(|id| !self.folded && self.machines.get(id).is_some_and(|m| m.found));
        let machines = machines.map(|id| RowId::Machine(DomainKey { host: self.id.clone(), domain: *id }));
        self.shown.then(|| std::iter::once(RowId::Host(self.id.clone())).chain(machines)).into_iter().flatten()
    }
}

/// What the list shows: the sidebar's choice and the search field's text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Search {
    pub shown: Shown,
    pub query: Query,
}

impl Search {
    fn takes_host(&self, id: &HostId) -> bool {
        !matches!(&self.shown, Shown::Host(only) if only != id)
    }

    fn takes(&self, machine: &Machine) -> bool {
        self.shown != Shown::Running || machine.info.state.is_active()
    }
}

/// What a search found at one host.
#[derive(Clone, Copy, Debug, Default)]
pub struct Found {
    pub machines: usize,
    /// Of so many that the sidebar's choice takes.
    pub of: usize,
    /// Whether anything shows or hides by it.
    pub changed: bool,
}
