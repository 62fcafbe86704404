//! The objects of the list model: a host with its store of machines, and a machine, both changed in place.
use std::cell::{Cell, Ref, RefCell};
use std::collections::HashMap;

use drover::domain::{DomainId, DomainKey, DomainStats};
use drover::host::HostId;
use drover::inventory::{HostEntry, Machine};
use drover::search::{Haystack, Query};
use gtk::prelude::*;
use gtk::subclass::prelude::*;
use gtk::{gio, glib};

use super::facts::Facts;
use crate::hosts::Shown;

/// What a machine's row holds; made with the row, replaced when the host tells the machine anew.
pub struct Contents {
    pub key: DomainKey,
    pub facts: Facts,
    haystack: Haystack,
}

mod imp {
    use super::*;

    #[derive(Default)]
    pub struct MachineRow {
        pub contents: RefCell<Option<Contents>>,
        pub place: Cell<usize>,
        pub matches: Cell<bool>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for MachineRow {
        const NAME: &'static str = "DroverMachineRow";
        type Type = super::MachineRow;
    }

    impl ObjectImpl for MachineRow {}

    pub struct HostRow {
        pub id: RefCell<Option<HostId>>,
        pub name: RefCell<String>,
        pub place: Cell<usize>,
        pub store: gio::ListStore,
        pub rows: RefCell<HashMap<DomainId, super::MachineRow>>,
        pub shown: Cell<bool>,
    }

    impl Default for HostRow {
        fn default() -> Self {
            Self {
                id: RefCell::default(),
                name: RefCell::default(),
                place: Cell::default(),
                store: gio::ListStore::new::<super::MachineRow>(),
                rows: RefCell::default(),
                shown: Cell::new(true),
            }
        }
    }

    #[glib::object_subclass]
    impl ObjectSubclass for HostRow {
        const NAME: &'static str = "DroverHostRow";
        type Type = super::HostRow;
    }

    impl ObjectImpl for HostRow {}
}

glib::wrapper! {
    /// One machine. It sends no notifications: cells on screen are told to look again (see `cells.rs`).
    pub struct MachineRow(ObjectSubclass<imp::MachineRow>);
}

impl MachineRow {
    fn new(place: usize) -> Self {
        let row: Self = glib::Object::new();
        row.imp().place.set(place);
        row.imp().matches.set(true);
        row
    }

    /// The place of its host among the hosts.
    pub fn place(&self) -> usize {
        self.imp().place.get()
    }

    /// Whether the search finds it.
    pub fn matches(&self) -> bool {
        self.imp().matches.get()
    }

    /// Its key and facts; `None` only before the first [`MachineRow::set`].
    pub fn contents(&self) -> Option<Ref<'_, Contents>> {
        Ref::filter_map(self.imp().contents.borrow(), Option::as_ref).ok()
    }

    /// Which machine.
    pub fn key(&self) -> Option<DomainKey> {
        self.contents().map(|c| c.key.clone())
    }

    fn set(&self, host: &HostEntry, machine: &Machine) {
        let key = DomainKey { host: host.id.clone(), domain: machine.info.id };
        let contents = Contents { key, facts: Facts::new(machine), haystack: Haystack::new(host, machine) };
        self.imp().contents.replace(Some(contents));
    }

    fn set_stats(&self, stats: DomainStats) {
        if let Some(contents) = self.imp().contents.borrow_mut().as_mut() {
            contents.facts.stats = stats;
        }
    }

    /// Says whether it is new that the search finds it, or doesn't.
    fn search(&self, search: &Search, machine: &Machine) -> bool {
        let found =
            search.takes(machine) && self.contents().is_some_and(|c| search.query.matches(&c.haystack, machine));
        self.imp().matches.replace(found) != found
    }
}

glib::wrapper! {
    /// One host and the store of its machines.
    pub struct HostRow(ObjectSubclass<imp::HostRow>);
}

impl HostRow {
    /// An empty host; `place` orders the hosts, whatever column the machines are sorted by.
    pub fn new(id: HostId, place: usize) -> Self {
        let row: Self = glib::Object::new();
        row.imp().id.replace(Some(id));
        row.imp().place.set(place);
        row
    }

    /// Which host.
    pub fn id(&self) -> Option<HostId> {
        self.imp().id.borrow().clone()
    }

    /// Its place among the hosts.
    pub fn place(&self) -> usize {
        self.imp().place.get()
    }

    /// Its machines, in no order.
    pub fn store(&self) -> &gio::ListStore {
        &self.imp().store
    }

    /// Whether the list shows it: always without a search, else when a machine of it is found.
    pub fn shown(&self) -> bool {
        self.imp().shown.get()
    }

    /// Machines are also found by their host's name; says whether it is another one.
    pub fn rename(&self, entry: &HostEntry) -> bool {
        let name = entry.name();
        let changed = self.imp().name.replace(name.clone()) != name;
        if changed {
            self.update(entry, entry.machines.values());
        }
        changed
    }

    /// Shows exactly the entry's machines, with one change of the store.
    pub fn reset(&self, entry: &HostEntry) {
        self.imp().name.replace(entry.name());
        let mut rows = self.imp().rows.borrow_mut();
        rows.retain(|id, _| entry.machines.contains_key(id));
        for (id, machine) in &entry.machines {
            rows.entry(*id).or_insert_with(|| MachineRow::new(self.place())).set(entry, machine);
        }
        let all: Vec<MachineRow> = rows.values().cloned().collect();
        drop(rows);
        self.store().splice(0, self.store().n_items(), &all);
    }

    /// Takes these machines in: known ones in place, new ones with one change of the store.
    pub fn update<'a>(&self, entry: &HostEntry, machines: impl Iterator<Item = &'a Machine>) {
        let mut new = Vec::new();
        let mut rows = self.imp().rows.borrow_mut();
        for machine in machines {
            let row = rows.entry(machine.info.id).or_insert_with(|| {
                let row = MachineRow::new(self.place());
                new.push(row.clone());
                row
            });
            row.set(entry, machine);
        }
        drop(rows);
        if !new.is_empty() {
            self.store().extend_from_slice(&new);
        }
    }

    /// Forgets a machine.
    pub fn remove(&self, id: DomainId) {
        let Some(row) = self.imp().rows.borrow_mut().remove(&id) else { return };
        if let Some(position) = self.store().find(&row) {
            self.store().remove(position);
        }
    }

    /// Copies the figures of a tick.
    pub fn set_figures(&self, entry: &HostEntry) {
        for (id, row) in self.imp().rows.borrow().iter() {
            if let Some(machine) = entry.machines.get(id) {
                row.set_stats(machine.stats);
            }
        }
    }

    /// Searches all its machines.
    pub fn search(&self, search: &Search, entry: &HostEntry) -> Found {
        let mut found = Found::default();
        let host = search.takes_host(&entry.id);
        for (id, row) in self.imp().rows.borrow().iter() {
            let Some(machine) = entry.machines.get(id) else { continue };
            if host {
                found.changed |= row.search(search, machine);
                found.machines += usize::from(row.matches());
                found.of += usize::from(search.takes(machine));
            } else {
                found.changed |= row.imp().matches.replace(false);
            }
        }
        let shown = host && (found.machines > 0 || (search.query.is_empty() && search.shown != Shown::Running));
        found.changed |= self.imp().shown.replace(shown) != shown;
        found
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

/// What stands in a row of the tree.
pub enum Item {
    Host(HostRow),
    Machine(MachineRow),
}

impl Item {
    /// Reads an item of the tree model or of a model on top of it.
    pub fn of(object: &glib::Object) -> Option<Self> {
        let item = object.downcast_ref::<gtk::TreeListRow>()?.item()?;
        match item.downcast::<MachineRow>() {
            Ok(row) => Some(Self::Machine(row)),
            Err(other) => other.downcast::<HostRow>().ok().map(Self::Host),
        }
    }
}
