//! The list's model: which rows of which hosts stand where, and which are selected; fed with the inventory's changes.
//!
//! It has no GTK in it: the table shows it, and looks again when the list says so.
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use drover::domain::DomainKey;
use drover::host::HostId;
use drover::inventory::{Change, Inventory};
use drover::search::Query;

use super::columns::Order;
use super::facts::Facts;
use super::rows::{HostRows, RowId, Search};
use super::selection::{Select, Selection};
use crate::hosts::Shown;
use crate::migrate::sign::{Sign, Signs};

/// What a change of the inventory means for what is on screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    /// Rows came, went, or show or hide: call [`Model::filter_again`] soon.
    pub filter: bool,
    /// The column that sorts has other values: call [`Model::sort_again`], at most once a second.
    pub sort: bool,
}

impl Effect {
    /// Both.
    pub fn and(self, other: Self) -> Self {
        Self { filter: self.filter || other.filter, sort: self.sort || other.sort }
    }
}

/// All rows.
pub struct Model {
    inventory: Rc<RefCell<Inventory>>,
    hosts: Vec<HostRows>,
    rows: Vec<RowId>,
    selection: Selection,
    order: Order,
    text: String,
    search: Search,
    found: usize,
    of: usize,
    /// What hosts say to machines that are dragged, and the one below them.
    signs: HashMap<HostId, Sign>,
    over: Option<HostId>,
    /// Machines that are cut, to be pasted onto a host.
    cut: HashSet<DomainKey>,
}

impl Model {
    /// Shows all that the inventory has by now.
    pub fn new(inventory: Rc<RefCell<Inventory>>, order: Order) -> Self {
        let mut model = Self {
            inventory,
            hosts: Vec::new(),
            rows: Vec::new(),
            selection: Selection::default(),
            order,
            text: String::new(),
            search: Search::default(),
            found: 0,
            of: 0,
            signs: HashMap::new(),
            over: None,
            cut: HashSet::new(),
        };
        let all: Vec<Change> = model.inventory.borrow().hosts().iter().map(|h| Change::Reset(h.id.clone())).collect();
        model.apply(&all);
        model.filter_again();
        model
    }

    /// The rows from top to bottom.
    pub fn rows(&self) -> &[RowId] {
        &self.rows
    }

    /// What is selected.
    pub fn selection(&self) -> &Selection {
        &self.selection
    }

    /// The order now.
    pub fn order(&self) -> Order {
        self.order
    }

    /// Machines that the search finds, of those that the sidebar's choice takes.
    pub fn counts(&self) -> (usize, usize) {
        (self.found, self.of)
    }

    /// The search text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What the list knows of a machine.
    pub fn facts(&self, key: &DomainKey) -> Option<&Facts> {
        self.host(&key.host)?.facts(&key.domain)
    }

    /// Whether the host's machines are folded away.
    pub fn is_folded(&self, id: &HostId) -> bool {
        self.host(id).is_some_and(|host| host.folded)
    }

    fn host(&self, id: &HostId) -> Option<&HostRows> {
        self.hosts.iter().find(|host| host.id == *id)
    }

    /// Takes changes of the inventory in.
    pub fn apply(&mut self, changes: &[Change]) -> Effect {
        let inventory = self.inventory.clone();
        let inventory = inventory.borrow();
        let mut effect = Effect::default();
        let mut other_rows = false;
        for change in changes {
            other_rows |= !matches!(change, Change::Figures(_));
            effect = effect.and(self.apply_one(&inventory, change));
        }
        if other_rows {
            self.lay_out();
        }
        effect
    }

    fn apply_one(&mut self, inventory: &Inventory, change: &Change) -> Effect {
        let order = self.order;
        match change {
            Change::Host(id) => {
                self.know_host(inventory, id);
                let renamed = self.with_host(inventory, id, |host, entry| host.rename(entry));
                Effect { filter: renamed.unwrap_or_default(), sort: false }
            }
            Change::Reset(id) => {
                self.know_host(inventory, id);
                self.with_host(inventory, id, |host, entry| host.reset(entry, order));
                Effect { filter: true, sort: false }
            }
            Change::Machines(keys) => {
                self.apply_machines(inventory, keys);
                Effect { filter: true, sort: true }
            }
            Change::Gone(key) => {
                self.with_host(inventory, &key.host, |host, _| host.remove(&key.domain));
                Effect { filter: true, sort: false }
            }
            Change::Figures(_) => Effect { sort: order.column.is_figure(), filter: self.search.query.uses_figures() },
        }
    }

    /// A host is here exactly while the inventory has it.
    fn know_host(&mut self, inventory: &Inventory, id: &HostId) {
        match (inventory.host(id), self.host(id)) {
            (Some(_), None) => self.hosts.push(HostRows::new(id.clone())),
            (None, Some(_)) => self.hosts.retain(|host| host.id != *id),
            _ => {}
        }
    }

    fn with_host<T>(
        &mut self,
        inventory: &Inventory,
        id: &HostId,
        f: impl FnOnce(&mut HostRows, &drover::inventory::HostEntry) -> T,
    ) -> Option<T> {
        let host = self.hosts.iter_mut().find(|host| host.id == *id)?;
        Some(f(host, inventory.host(id)?))
    }

    fn apply_machines(&mut self, inventory: &Inventory, keys: &[DomainKey]) {
        for entry in inventory.hosts() {
            let mut machines =
                keys.iter().filter(|k| k.host == entry.id).filter_map(|k| entry.machines.get(&k.domain)).peekable();
            if machines.peek().is_some() {
                self.know_host(inventory, &entry.id);
                self.with_host(inventory, &entry.id, |host, entry| host.update(entry, machines));
            }
        }
    }

    /// Searches for another text.
    pub fn search(&mut self, text: &str) {
        self.text = text.trim().to_owned();
        self.search.query = Query::parse(&self.text);
        if !self.search.query.is_empty() {
            // A machine that was found must not hide in a folded host.
            self.hosts.iter_mut().for_each(|host| host.folded = false);
        }
        self.filter();
        self.lay_out();
    }

    /// Shows what the sidebar chose.
    pub fn choose(&mut self, shown: Shown) {
        self.search.shown = shown;
        self.filter_again();
    }

    /// Takes hosts in that were added, and forgets those that were removed.
    pub fn sync_hosts(&mut self) {
        let inventory = self.inventory.clone();
        let inventory = inventory.borrow();
        let known = self.hosts.iter().map(|host| host.id.clone());
        let all: Vec<HostId> = known.chain(inventory.hosts().iter().map(|h| h.id.clone())).collect();
        for id in all {
            self.know_host(&inventory, &id);
        }
        drop(inventory);
        self.filter();
        self.lay_out();
    }

    /// Looks again which rows show.
    pub fn filter_again(&mut self) {
        if self.filter() {
            self.lay_out();
        }
    }

    fn filter(&mut self) -> bool {
        let mut changed = false;
        (self.found, self.of) = (0, 0);
        let inventory = self.inventory.borrow();
        for host in &mut self.hosts {
            let Some(entry) = inventory.host(&host.id) else { continue };
            let found = host.search(&self.search, entry);
            self.found += found.machines;
            self.of += found.of;
            changed |= found.changed;
        }
        changed
    }

    /// Sorts anew.
    pub fn sort_again(&mut self) {
        let inventory = self.inventory.borrow();
        for host in &mut self.hosts {
            if let Some(entry) = inventory.host(&host.id).filter(|_| self.order.column.is_figure()) {
                host.set_figures(entry);
            }
            host.sort(self.order);
        }
        drop(inventory);
        self.lay_out();
    }

    /// Sorts by another column or in the other direction.
    pub fn sort_by(&mut self, order: Order) {
        if self.order != order {
            self.order = order;
            self.sort_again();
        }
    }

    fn lay_out(&mut self) {
        self.rows.clear();
        for host in &self.hosts {
            self.rows.extend(host.rows());
        }
        let hosts = &self.hosts;
        self.selection.follow(&self.rows, |row| {
            let id = match row {
                RowId::Host(id) => id,
                RowId::Machine(key) => &key.host,
            };
            hosts.iter().any(|host| host.id == *id && host.shows(row))
        });
    }

    /// Selects; says whether other rows are selected than before.
    pub fn select(&mut self, what: Select) -> bool {
        self.selection.select(what, &self.rows)
    }

    /// Folds or unfolds a host.
    pub fn fold(&mut self, id: &HostId, folded: bool) {
        if let Some(host) = self.hosts.iter_mut().find(|host| host.id == *id)
            && std::mem::replace(&mut host.folded, folded) != folded
        {
            self.lay_out();
        }
    }

    /// Folds or unfolds the host of the row with the cursor; a folded host is selected in place of its machines.
    pub fn fold_at_cursor(&mut self, folded: bool) {
        let Some(id) = self.host_at_cursor() else { return };
        if self.is_folded(&id) != folded {
            self.fold(&id, folded);
            self.select(Select::Only(RowId::Host(id)));
        }
    }

    /// Takes signs over that hosts show.
    pub fn set_signs(&mut self, signs: &Signs) {
        for (id, sign) in &signs.changed {
            match sign {
                Some(sign) => drop(self.signs.insert(id.clone(), sign.clone())),
                None => drop(self.signs.remove(id)),
            }
        }
        self.over.clone_from(&signs.over);
    }

    /// What a host says to the machines that are dragged.
    pub fn sign(&self, id: &HostId) -> Option<&Sign> {
        self.signs.get(id)
    }

    /// Whether machines hang over this row.
    pub fn is_over(&self, row: &RowId) -> bool {
        matches!(row, RowId::Host(id) if self.over.as_ref() == Some(id))
    }

    /// These machines are cut, and no others.
    pub fn cut(&mut self, machines: &[DomainKey]) {
        self.cut = machines.iter().cloned().collect();
    }

    /// Whether any is cut.
    pub fn any_cut(&self) -> bool {
        !self.cut.is_empty()
    }

    /// Whether the machine is cut.
    pub fn is_cut(&self, key: &DomainKey) -> bool {
        self.cut.contains(key)
    }

    /// The host that the keyboard is at, by its own row or one of its machines'.
    pub fn host_at_cursor(&self) -> Option<HostId> {
        self.selection.cursor().map(|row| match row {
            RowId::Host(id) => id.clone(),
            RowId::Machine(key) => key.host.clone(),
        })
    }

    /// The selected machines, in the order of the view.
    pub fn selected(&self) -> Vec<DomainKey> {
        if self.selection.len() == 0 {
            return Vec::new();
        }
        let machines = self.rows.iter().filter_map(|row| match row {
            RowId::Machine(key) if self.selection.has(row) => Some(key.clone()),
            _ => None,
        });
        machines.collect()
    }
}
