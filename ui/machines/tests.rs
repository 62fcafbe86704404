//! Component tests of the list: a real model and view over an inventory that is fed with updates.
use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use drover::domain::{DomainStats, State};
use drover::host::{HostId, HostLoad, LinkState, Update};
use drover::inventory::Inventory;
use gtk::prelude::*;

use super::cells::Cells;
use super::columns::Column;
use super::model::{Model, Order};
use super::row::Item;
use super::testing::{id, info, inventory, key};
use super::view::{Layout, View};
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
        (0..self.model.selection().n_items())
            .filter_map(|position| match self.model.item(position)? {
                Item::Host(row) => row.id().map(|id| id.as_str().to_owned()),
                Item::Machine(row) => row.contents().map(|c| c.facts.name.clone()),
            })
            .collect()
    }

    fn stats(&self, figures: &[(u32, f32)]) -> Update {
        let stats =
            figures.iter().map(|(n, cpu)| (id(*n), DomainStats { cpu_percent: Some(*cpu), ..DomainStats::default() }));
        Update::Stats { host: self.host.clone(), load: HostLoad::default(), stats: stats.collect() }
    }
}

#[gtk::test]
fn machines_stand_below_their_host_sorted_by_name() {
    let mut list = Fixture::new(&[("vm-10", State::Off), ("vm-2", State::Running)]);
    assert_eq!(list.rows(), ["test:///default", "vm-2", "vm-10"]);
    list.tell(Update::Changed { host: list.host.clone(), domains: vec![info(3, "aa", State::Off)] });
    assert_eq!(list.rows(), ["test:///default", "aa", "vm-2", "vm-10"]);
    list.tell(Update::Gone { host: list.host.clone(), domain: id(1) });
    assert_eq!(list.rows(), ["test:///default", "aa", "vm-2"]);
}

#[gtk::test]
fn a_changed_machine_keeps_its_row_and_its_selection() {
    let mut list = Fixture::new(&[("a", State::Off), ("b", State::Off), ("c", State::Off)]);
    list.model.selection().select_item(1, true);
    let before = list.model.selection().item(1);
    list.tell(Update::Changed { host: list.host.clone(), domains: vec![info(1, "z", State::Running)] });
    assert_eq!(list.rows(), ["test:///default", "b", "c", "z"]);
    assert_eq!(list.model.selection().item(3), before);
    assert_eq!(list.model.selected(), [key(&list.host, 1)]);
}

#[gtk::test]
fn a_search_hides_what_it_does_not_find_and_unselects_it() {
    let mut list = Fixture::new(&[("web-1", State::Running), ("db-1", State::Running), ("web-2", State::Off)]);
    list.model.selection().select_all();
    list.model.search("web state:running");
    assert_eq!(list.rows(), ["test:///default", "web-1"]);
    assert_eq!(list.model.counts(), (1, 3));
    assert_eq!(list.model.selected(), [key(&list.host, 1)]);
    list.model.search("nowhere");
    assert!(list.rows().is_empty());
    list.model.search("");
    assert_eq!(list.rows().len(), 4);
}

#[gtk::test]
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

#[gtk::test]
fn a_found_machine_does_not_hide_in_a_folded_host() {
    let mut list = Fixture::new(&[("a", State::Off)]);
    let row = list.model.selection().item(0).and_downcast::<gtk::TreeListRow>().unwrap();
    row.set_expanded(false);
    assert_eq!(list.rows(), ["test:///default"]);
    list.model.search("a");
    assert_eq!(list.rows(), ["test:///default", "a"]);
}

#[gtk::test]
fn a_host_folds_and_unfolds_around_the_selection() {
    let list = Fixture::new(&[("a", State::Off), ("b", State::Off)]);
    list.model.selection().select_item(2, true);
    list.model.unfold_selected(false);
    assert_eq!(list.rows(), ["test:///default"]);
    assert!(list.model.selection().is_selected(0), "the host, for its machines are hidden");
    list.model.unfold_selected(true);
    assert_eq!(list.rows(), ["test:///default", "a", "b"]);
}

#[gtk::test]
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

#[gtk::test]
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

#[gtk::test]
fn a_removed_host_takes_its_machines_along() {
    let mut list = Fixture::new(&[("a", State::Off)]);
    list.inventory.borrow_mut().remove_host(&list.host);
    list.model.sync_hosts();
    assert!(list.rows().is_empty());
}

fn texts_in(widget: &gtk::Widget, into: &mut Vec<String>) {
    if let Some(text) = widget.downcast_ref::<gtk::Inscription>() {
        into.extend(text.text().map(String::from));
    }
    let mut next = widget.first_child();
    while let Some(child) = next {
        texts_in(&child, into);
        next = child.next_sibling();
    }
}

fn settle() {
    let until = Instant::now() + Duration::from_millis(300);
    while Instant::now() < until {
        gtk::glib::MainContext::default().iteration(false);
    }
}

#[gtk::test]
fn cells_show_what_the_host_said_last() {
    let mut list = Fixture::new(&[("a", State::Running)]);
    let cells = Cells::new(list.inventory.clone(), Rc::new(|_| {}));
    let view = View::new(list.model.selection(), &cells, &Layout::default(), || {});
    let window = gtk::Window::builder().child(&view.widget).default_width(900).default_height(400).build();
    window.present();
    settle();
    let texts = || {
        let mut texts = Vec::new();
        texts_in(view.widget.upcast_ref(), &mut texts);
        texts
    };
    list.tell(Update::Link { host: list.host.clone(), link: LinkState::Up });
    list.tell(list.stats(&[(1, 42.0)]));
    cells.refresh(false);
    assert!(texts().contains(&"Running".to_owned()) && texts().contains(&"42\u{a0}%".to_owned()), "{:?}", texts());
    let now = std::time::SystemTime::now();
    let lost = LinkState::Lost { since: now, retry_at: now, reason: "cut".into() };
    list.tell(Update::Link { host: list.host.clone(), link: lost });
    cells.refresh(false);
    assert!(texts().contains(&"Running?".to_owned()) && !texts().contains(&"42\u{a0}%".to_owned()), "{:?}", texts());
    window.destroy();
}

#[gtk::test]
fn a_heading_that_is_clicked_tells_column_and_direction() {
    let list = Fixture::new(&[("a", State::Off)]);
    let cells = Cells::new(list.inventory.clone(), Rc::new(|_| {}));
    let view = View::new(list.model.selection(), &cells, &Layout::default(), || {});
    let told = Rc::new(RefCell::new(Vec::new()));
    let tell = told.clone();
    view.connect_order(move |order| tell.borrow_mut().push(order));
    let memory = view.widget.columns().item(3).and_downcast::<gtk::ColumnViewColumn>().unwrap();
    view.widget.sort_by_column(Some(&memory), gtk::SortType::Descending);
    assert_eq!(told.borrow().last(), Some(&Order { column: Column::Memory, descending: true }));
    view.widget.sort_by_column(Some(&memory), gtk::SortType::Ascending);
    assert_eq!(told.borrow().last(), Some(&Order { column: Column::Memory, descending: false }));
}

#[gtk::test]
fn columns_that_are_chosen_come_in_their_place() {
    let list = Fixture::new(&[("a", State::Off)]);
    let cells = Cells::new(list.inventory.clone(), Rc::new(|_| {}));
    let touched = Rc::new(RefCell::new(0));
    let touch = touched.clone();
    let view = View::new(list.model.selection(), &cells, &Layout::default(), move || *touch.borrow_mut() += 1);
    let shown = || view.layout(Order::default()).shown;
    assert!(!shown().contains(&Column::Os));
    view.actions.activate_action("os", None);
    assert_eq!(shown()[..3], [Column::Name, Column::State, Column::Os]);
    let third = view.widget.columns().item(2).and_downcast::<gtk::ColumnViewColumn>().unwrap();
    assert_eq!(third.title().as_deref(), Some("Guest OS"));
    view.actions.activate_action("os", None);
    assert!(!shown().contains(&Column::Os));
    assert_eq!(*touched.borrow(), 2);
}

/// What this thread has used of a CPU, whatever else the machine does: the first number of its schedstat, in ns.
fn on_cpu_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split_whitespace().next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or_default() / 1e6
}

/// Prints what a fleet costs; a reader judges, not an assertion.
#[gtk::test]
fn a_fleet_of_ten_thousand_is_filtered_and_sorted() {
    let names: Vec<String> = (0..10_000).map(|n| format!("vm-{n:05}")).collect();
    let machines: Vec<(&str, State)> = names
        .iter()
        .enumerate()
        .map(|(n, name)| (name.as_str(), if n % 3 == 0 { State::Running } else { State::Off }))
        .collect();
    let time = |what: &str, f: &mut dyn FnMut()| {
        let begin = on_cpu_ms();
        f();
        println!("10000 machines: {what} {:.1} ms of CPU", on_cpu_ms() - begin);
    };
    let mut list = None;
    time("fill", &mut || list = Some(Fixture::new(&machines)));
    let mut list = list.unwrap();
    let cells = Cells::new(list.inventory.clone(), Rc::new(|_| {}));
    let view = View::new(list.model.selection(), &cells, &Layout::default(), || {});
    let scroll = gtk::ScrolledWindow::builder().child(&view.widget).build();
    let window = gtk::Window::builder().child(&scroll).default_width(900).default_height(700).build();
    window.present();
    settle();
    assert_eq!(list.model.selection().n_items(), 10_001);
    for text in ["v", "vm", "vm-", "vm-0", "vm-00", "vm-001", "vm-0012", "vm-00", ""] {
        time(&format!("search “{text}”"), &mut || list.model.search(text));
        settle();
    }
    let figures: Vec<(u32, f32)> = (1..=10_000).map(|n| (n, (n * 7919 % 101) as f32)).collect();
    let update = list.stats(&figures);
    time("figures", &mut || list.tell(update.clone()));
    time("refresh of figures", &mut || cells.refresh(true));
    settle();
    time("sort by CPU", &mut || list.model.sort_by(Order { column: Column::Cpu, descending: true }));
    settle();
    time("sort again", &mut || list.model.sort_again());
    assert!(cells.bound() < 4_000, "{} cells for what fits on a screen", cells.bound());
    window.destroy();
}
