//! Tests of the list's model, over an inventory that is fed with updates.
use std::cell::RefCell;
use std::rc::Rc;

use drover::domain::{DomainStats, State};
use drover::host::{HostId, HostLoad, Update};
use drover::inventory::Inventory;

use super::columns::{Column, Order};
use super::model::Model;
use super::rows::RowId;
use super::selection::Select;
use super::testing::{id, info, inventory, key};
use crate::hosts::Shown;

struct Fixture {
    inventory: Rc<RefCell<Inventory>>,
    model: Model,
    host: HostId,
}

impl Fixture {
    fn new(machines: &[(&str, State)]) -> Self {
        let host = HostId::new("test:///default");
        let inventory = Rc::new(RefCell::new(inventory(&host, machines)));
        let model = Model::new(inventory.clone(), Order::default());
        Self { inventory, model, host }
    }

    fn tell(&mut self, update: Update) {
        let changes = self.inventory.borrow_mut().apply(update);
        let effect = self.model.apply(&changes);
        if effect.filter {
            self.model.filter_again();
        }
        if effect.sort {
            self.model.sort_again();
        }
    }

    /// The rows from top to bottom; a host as its URI.
    fn rows(&self) -> Vec<String> {
        let name = |row: &RowId| match row {
            RowId::Host(id) => id.as_str().to_owned(),
            RowId::Machine(key) => self.model.facts(key).unwrap().name.clone(),
        };
        self.model.rows().iter().map(name).collect()
    }

    fn machine(&self, number: u32) -> RowId {
        RowId::Machine(key(&self.host, number))
    }

    fn stats(&self, figures: &[(u32, f32)]) -> Update {
        let stats =
            figures.iter().map(|(n, cpu)| (id(*n), DomainStats { cpu_percent: Some(*cpu), ..DomainStats::default() }));
        Update::Stats { host: self.host.clone(), load: HostLoad::default(), stats: stats.collect() }
    }
}

#[test]
fn machines_stand_below_their_host_sorted_by_name() {
    let mut list = Fixture::new(&[("vm-10", State::Off), ("vm-2", State::Running)]);
    assert_eq!(list.rows(), ["test:///default", "vm-2", "vm-10"]);
    list.tell(Update::Changed { host: list.host.clone(), domains: vec![info(3, "aa", State::Off)] });
    assert_eq!(list.rows(), ["test:///default", "aa", "vm-2", "vm-10"]);
    list.tell(Update::Gone { host: list.host.clone(), domain: id(1) });
    assert_eq!(list.rows(), ["test:///default", "aa", "vm-2"]);
}

#[test]
fn a_changed_machine_keeps_its_selection() {
    let mut list = Fixture::new(&[("a", State::Off), ("b", State::Off), ("c", State::Off)]);
    list.model.select(Select::Only(list.machine(1)));
    list.tell(Update::Changed { host: list.host.clone(), domains: vec![info(1, "z", State::Running)] });
    assert_eq!(list.rows(), ["test:///default", "b", "c", "z"]);
    assert_eq!(list.model.selected(), [key(&list.host, 1)]);
}

#[test]
fn a_search_hides_what_it_does_not_find_and_unselects_it() {
    let mut list = Fixture::new(&[("web-1", State::Running), ("db-1", State::Running), ("web-2", State::Off)]);
    list.model.select(Select::All);
    list.model.search("web state:running");
    assert_eq!(list.rows(), ["test:///default", "web-1"]);
    assert_eq!(list.model.counts(), (1, 3));
    assert_eq!(list.model.selected(), [key(&list.host, 1)]);
    list.model.search("nowhere");
    assert!(list.rows().is_empty());
    list.model.search("");
    assert_eq!(list.rows().len(), 4);
}

#[test]
fn a_search_is_kept_while_machines_change() {
    let mut list = Fixture::new(&[("a", State::Off), ("b", State::Off)]);
    list.model.search("state:running");
    assert!(list.rows().is_empty());
    list.tell(Update::Changed { host: list.host.clone(), domains: vec![info(2, "b", State::Running)] });
    assert_eq!(list.rows(), ["test:///default", "b"]);
    list.model.search("cpu>50");
    assert!(list.rows().is_empty());
    list.tell(list.stats(&[(2, 80.0)]));
    assert_eq!(list.rows(), ["test:///default", "b"]);
}

#[test]
fn a_found_machine_does_not_hide_in_a_folded_host() {
    let mut list = Fixture::new(&[("a", State::Off)]);
    let host = list.host.clone();
    list.model.fold(&host, true);
    assert_eq!(list.rows(), ["test:///default"]);
    list.model.search("a");
    assert_eq!(list.rows(), ["test:///default", "a"]);
}

#[test]
fn a_host_folds_and_unfolds_around_the_selection() {
    let mut list = Fixture::new(&[("a", State::Off), ("b", State::Off)]);
    list.model.select(Select::Only(list.machine(2)));
    list.model.fold_at_cursor(true);
    assert_eq!(list.rows(), ["test:///default"]);
    assert!(list.model.selection().has(&RowId::Host(list.host.clone())), "the host, for its machines are hidden");
    assert!(list.model.selected().is_empty());
    list.model.fold_at_cursor(false);
    assert_eq!(list.rows(), ["test:///default", "a", "b"]);
}

#[test]
fn figures_sort_within_each_host_and_hosts_stay_in_place() {
    let mut list = Fixture::new(&[("a", State::Running), ("b", State::Running)]);
    let other = HostId::new("test:///other");
    list.inventory.borrow_mut().add_host(other.clone());
    list.model.sync_hosts();
    list.tell(Update::Domains { host: other, domains: vec![info(7, "x", State::Off)] });
    list.model.sort_by(Order { column: Column::Cpu, descending: true });
    list.tell(list.stats(&[(1, 5.0), (2, 90.0)]));
    assert_eq!(list.rows(), ["test:///default", "b", "a", "test:///other", "x"]);
}

#[test]
fn the_sidebar_chooses_what_the_search_looks_through() {
    let mut list = Fixture::new(&[("a", State::Running), ("b", State::Off)]);
    let other = HostId::new("test:///other");
    list.inventory.borrow_mut().add_host(other.clone());
    list.model.sync_hosts();
    list.model.choose(Shown::Running);
    assert_eq!(list.rows(), ["test:///default", "a"]);
    assert_eq!(list.model.counts(), (1, 1));
    list.model.choose(Shown::Host(other));
    assert_eq!(list.rows(), ["test:///other"]);
}

#[test]
fn a_removed_host_takes_its_machines_along() {
    let mut list = Fixture::new(&[("a", State::Off)]);
    list.inventory.borrow_mut().remove_host(&list.host);
    list.model.sync_hosts();
    assert!(list.rows().is_empty());
}
