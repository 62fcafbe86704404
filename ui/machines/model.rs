//! The list's model: hosts → tree → sort → filter → selection, fed with what changed in the inventory.
use std::cell::{Cell, RefCell};
use std::cmp::Ordering;
use std::collections::HashMap;
use std::rc::Rc;

use drover::domain::DomainKey;
use drover::host::HostId;
use drover::inventory::{Change, Inventory};
use drover::search::Query;
use gtk::prelude::*;
use gtk::{gio, glib};

use super::columns::Column;
use super::row::{HostRow, Item, Search};
use crate::hosts::Shown;

/// The order of the machines within each host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    pub column: Column,
    pub descending: bool,
}

impl Default for Order {
    fn default() -> Self {
        Self { column: Column::Name, descending: false }
    }
}

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

/// All rows and the models over them.
pub struct Model {
    inventory: Rc<RefCell<Inventory>>,
    hosts: gio::ListStore,
    by_id: HashMap<HostId, HostRow>,
    next_place: usize,
    order: Rc<Cell<Order>>,
    sorter: gtk::CustomSorter,
    filter: gtk::CustomFilter,
    tree: gtk::TreeListModel,
    selection: gtk::MultiSelection,
    text: String,
    search: Search,
    found: usize,
    of: usize,
}

impl Model {
    /// Shows all that the inventory has by now.
    pub fn new(inventory: Rc<RefCell<Inventory>>, order: Order) -> Self {
        let hosts = gio::ListStore::new::<HostRow>();
        let tree = gtk::TreeListModel::new(hosts.clone(), false, true, |object| {
            object.downcast_ref::<HostRow>().map(|host| host.store().clone().upcast())
        });
        let order = Rc::new(Cell::new(order));
        let sorter = gtk::CustomSorter::new({
            let order = order.clone();
            move |a, b| compare(a, b, order.get()).into()
        });
        let filter = gtk::CustomFilter::new(|object| match Item::of(object) {
            Some(Item::Machine(row)) => row.matches(),
            Some(Item::Host(row)) => row.shown(),
            None => false,
        });
        let sorted = gtk::SortListModel::new(Some(tree.clone()), Some(sorter.clone()));
        let filtered = gtk::FilterListModel::new(Some(sorted), Some(filter.clone()));
        let mut model = Self {
            inventory,
            hosts,
            by_id: HashMap::new(),
            next_place: 0,
            order,
            sorter,
            filter,
            tree,
            selection: gtk::MultiSelection::new(Some(filtered)),
            text: String::new(),
            search: Search::default(),
            found: 0,
            of: 0,
        };
        let all: Vec<Change> = model.inventory.borrow().hosts().iter().map(|h| Change::Reset(h.id.clone())).collect();
        model.apply(&all);
        model.filter_again();
        model
    }

    /// The model for the view, with its selection.
    pub fn selection(&self) -> &gtk::MultiSelection {
        &self.selection
    }

    /// The order now.
    pub fn order(&self) -> Order {
        self.order.get()
    }

    /// Machines that the search finds, of those that the sidebar's choice takes.
    pub fn counts(&self) -> (usize, usize) {
        (self.found, self.of)
    }

    /// The search text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Takes changes of the inventory in.
    pub fn apply(&mut self, changes: &[Change]) -> Effect {
        let inventory = self.inventory.clone();
        let inventory = inventory.borrow();
        let mut effect = Effect::default();
        for change in changes {
            match change {
                Change::Host(id) => {
                    self.apply_host(&inventory, id);
                    if let (Some(entry), Some(row)) = (inventory.host(id), self.by_id.get(id)) {
                        effect.filter |= row.rename(entry);
                    }
                }
                Change::Reset(id) => {
                    self.apply_host(&inventory, id);
                    if let (Some(entry), Some(row)) = (inventory.host(id), self.by_id.get(id)) {
                        row.reset(entry);
                    }
                    effect = Effect { filter: true, sort: true };
                }
                Change::Machines(keys) => {
                    self.apply_machines(&inventory, keys);
                    effect = Effect { filter: true, sort: true };
                }
                Change::Gone(key) => {
                    if let Some(row) = self.by_id.get(&key.host) {
                        row.remove(key.domain);
                    }
                    effect.filter = true;
                }
                Change::Figures(id) => {
                    if let (Some(entry), Some(row)) = (inventory.host(id), self.by_id.get(id)) {
                        row.set_figures(entry);
                    }
                    effect.sort |= self.order.get().column.is_figure();
                    effect.filter |= self.search.query.uses_figures();
                }
            }
        }
        effect
    }

    fn apply_host(&mut self, inventory: &Inventory, id: &HostId) {
        match (inventory.host(id), self.by_id.get(id)) {
            (Some(_), None) => {
                let row = HostRow::new(id.clone(), self.next_place);
                self.next_place += 1;
                self.hosts.append(&row);
                self.by_id.insert(id.clone(), row);
            }
            (None, Some(row)) => {
                if let Some(position) = self.hosts.find(row) {
                    self.hosts.remove(position);
                }
                self.by_id.remove(id);
            }
            _ => {}
        }
    }

    fn apply_machines(&mut self, inventory: &Inventory, keys: &[DomainKey]) {
        for host in inventory.hosts() {
            let mut machines =
                keys.iter().filter(|k| k.host == host.id).filter_map(|k| host.machines.get(&k.domain)).peekable();
            if machines.peek().is_some() {
                self.apply_host(inventory, &host.id);
                if let Some(row) = self.by_id.get(&host.id) {
                    row.update(host, machines);
                }
            }
        }
    }

    /// Searches for another text.
    pub fn search(&mut self, text: &str) {
        self.text = text.trim().to_owned();
        self.search.query = Query::parse(&self.text);
        self.filter_again();
        if !self.search.query.is_empty() {
            self.expand_all();
        }
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
        let known: Vec<HostId> = self.by_id.keys().cloned().collect();
        let added = inventory.hosts().iter().map(|h| h.id.clone());
        for id in known.into_iter().chain(added) {
            self.apply_host(&inventory, &id);
        }
        drop(inventory);
        self.filter_again();
    }

    /// Looks again which rows show.
    pub fn filter_again(&mut self) {
        let mut changed = false;
        (self.found, self.of) = (0, 0);
        for entry in self.inventory.borrow().hosts() {
            if let Some(row) = self.by_id.get(&entry.id) {
                let found = row.search(&self.search, entry);
                self.found += found.machines;
                self.of += found.of;
                changed |= found.changed;
            }
        }
        if changed {
            self.filter.changed(gtk::FilterChange::Different);
        }
    }

    /// Sorts anew.
    pub fn sort_again(&self) {
        self.sorter.changed(gtk::SorterChange::Different);
    }

    /// Sorts by another column or in the other direction.
    pub fn sort_by(&self, order: Order) {
        if self.order.replace(order) != order {
            self.sort_again();
        }
    }

    /// A machine that was found must not hide in a folded host.
    fn expand_all(&self) {
        let mut position = 0;
        while let Some(row) = self.tree.row(position) {
            if row.depth() == 0 && !row.is_expanded() {
                row.set_expanded(true);
            }
            position += 1 + row.children().map_or(0, |c| c.n_items());
        }
    }

    /// Folds or unfolds the host of the first selected row; a folded host is selected in place of its machines.
    pub fn unfold_selected(&self, unfold: bool) {
        let selected = self.selection.selection();
        if selected.is_empty() {
            return;
        }
        let Some(row) = self.selection.item(selected.minimum()).and_downcast::<gtk::TreeListRow>() else { return };
        let host = if row.depth() == 0 { Some(row) } else { row.parent() };
        let Some(host) = host.filter(|host| host.is_expanded() != unfold) else { return };
        host.set_expanded(unfold);
        let position =
            (0..self.selection.n_items()).find(|n| self.selection.item(*n).as_ref() == Some(host.upcast_ref()));
        if let Some(position) = position {
            self.selection.select_item(position, true);
        }
    }

    /// What stands at a position of the view.
    pub fn item(&self, position: u32) -> Option<Item> {
        Item::of(&self.selection.item(position)?)
    }

    /// The selected machines, in the order of the view.
    pub fn selected(&self) -> Vec<DomainKey> {
        let set = self.selection.selection();
        let Some((iterator, first)) = gtk::BitsetIter::init_first(&set) else { return Vec::new() };
        std::iter::once(first)
            .chain(iterator)
            .filter_map(|position| match self.item(position)? {
                Item::Machine(row) => row.key(),
                Item::Host(_) => None,
            })
            .collect()
    }
}

/// Hosts in their own order, each before its machines, these by the order asked for.
fn compare(a: &glib::Object, b: &glib::Object, order: Order) -> Ordering {
    let (Some(a), Some(b)) = (Item::of(a), Item::of(b)) else { return Ordering::Equal };
    match (&a, &b) {
        (Item::Machine(x), Item::Machine(y)) => {
            x.place().cmp(&y.place()).then_with(|| match (x.contents(), y.contents()) {
                (Some(x), Some(y)) => x.facts.compare(&y.facts, order.column, order.descending),
                _ => Ordering::Equal,
            })
        }
        (Item::Host(x), Item::Host(y)) => x.place().cmp(&y.place()),
        (Item::Host(x), Item::Machine(y)) => x.place().cmp(&y.place()).then(Ordering::Less),
        (Item::Machine(x), Item::Host(y)) => x.place().cmp(&y.place()).then(Ordering::Greater),
    }
}
