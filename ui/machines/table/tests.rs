//! Component tests of the table: a real widget in a real window, over a model that changes.
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use drover::domain::{DomainStats, State};
use drover::host::{HostId, HostLoad, LinkState, Update};
use drover::migrate::board::Takes;
use gtk::prelude::*;
use gtk::subclass::prelude::*;

use super::*;
use crate::machines::testing::{id, inventory, key};
use crate::migrate::sign::{Sign, Signs};

struct Fixture {
    model: Rc<RefCell<Model>>,
    inventory: Rc<RefCell<Inventory>>,
    host: HostId,
    table: Table,
    window: gtk::Window,
    told: Rc<RefCell<Vec<Event>>>,
}

impl Fixture {
    fn new(machines: &[(&str, State)]) -> Self {
        let host = HostId::new("test:///default");
        let inventory = Rc::new(RefCell::new(inventory(&host, machines)));
        let model = Rc::new(RefCell::new(Model::new(inventory.clone(), Order::default())));
        let told = Rc::new(RefCell::new(Vec::new()));
        let tell = told.clone();
        let table = Table::new(model.clone(), inventory.clone(), &Layout::default(), move |event| {
            tell.borrow_mut().push(event);
        });
        let scroll = gtk::ScrolledWindow::builder().child(&table).build();
        let window = gtk::Window::builder().child(&scroll).default_width(900).default_height(700).build();
        window.present();
        let fixture = Self { model, inventory, host, table, window, told };
        fixture.tell(Update::Link { host: fixture.host.clone(), link: LinkState::Up });
        settle();
        fixture
    }

    fn tell(&self, update: Update) {
        let changes = self.inventory.borrow_mut().apply(update);
        let effect = self.model.borrow_mut().apply(&changes);
        if effect.filter {
            self.model.borrow_mut().filter_again();
        }
        self.table.rows_changed();
        self.table.refresh();
    }

    fn search(&self, text: &str) {
        self.model.borrow_mut().search(text);
        self.table.rows_changed();
    }

    /// The names on screen, from top to bottom.
    fn names(&self) -> Vec<String> {
        let contents = self.table.imp().contents();
        contents.into_iter().map(|content| content.cells[0].text.clone()).filter(|name| !name.is_empty()).collect()
    }

    fn row_widgets(&self) -> Vec<gtk::Widget> {
        let children = self.table.observe_children();
        children
            .iter::<gtk::glib::Object>()
            .flatten()
            .filter_map(|c| c.downcast::<row::TableRow>().ok())
            .map(Cast::upcast)
            .collect()
    }

    fn heading(&self, title: &str) -> gtk::Button {
        let children = self.table.observe_children();
        let buttons = children.iter::<gtk::glib::Object>().flatten().filter_map(|c| c.downcast::<gtk::Button>().ok());
        let label = |b: &gtk::Button| b.child().and_then(|line| line.first_child()).and_downcast::<gtk::Label>();
        buttons.into_iter().find(|b| label(b).is_some_and(|l| l.text() == title)).unwrap()
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        self.window.destroy();
    }
}

/// Lets the window draw for a quarter of a second, without using the CPU for the wait itself.
fn settle() {
    let over = Rc::new(std::cell::Cell::new(false));
    let end = over.clone();
    gtk::glib::timeout_add_local_once(Duration::from_millis(250), move || end.set(true));
    while !over.get() {
        gtk::glib::MainContext::default().iteration(true);
    }
}

fn many(n: usize) -> Vec<String> {
    (0..n).map(|n| format!("vm-{n:05}")).collect()
}

fn off(names: &[String]) -> Vec<(&str, State)> {
    names.iter().map(|name| (name.as_str(), State::Off)).collect()
}

#[gtk::test]
fn rows_on_screen_follow_the_model() {
    let list = Fixture::new(&[("a", State::Running), ("b", State::Off), ("ab", State::Off)]);
    assert_eq!(list.names(), ["a", "ab", "b"]);
    list.search("b");
    settle();
    assert_eq!(list.names(), ["ab", "b"]);
    list.search("");
    list.tell(Update::Gone { host: list.host.clone(), domain: id(1) });
    settle();
    assert_eq!(list.names(), ["ab", "b"]);
}

#[gtk::test]
fn figures_are_shown_without_a_new_layout() {
    let list = Fixture::new(&[("a", State::Running)]);
    let stats = vec![(id(1), DomainStats { cpu_percent: Some(42.0), ..DomainStats::default() })];
    list.tell(Update::Stats { host: list.host.clone(), load: HostLoad::default(), stats });
    let cells: Vec<String> = list.table.imp().contents()[1].cells.iter().map(|c| c.text.clone()).collect();
    assert!(cells.contains(&"42 %".to_owned()) && cells.contains(&"Running".to_owned()), "{cells:?}");
}

#[gtk::test]
fn a_screen_full_of_widgets_is_enough_for_ten_thousand() {
    let names = many(10_000);
    let list = Fixture::new(&off(&names));
    let widgets = list.row_widgets().len();
    assert!((10..40).contains(&widgets), "{widgets} row widgets");
    list.table.vadjustment().unwrap().set_value(f64::MAX);
    settle();
    assert_eq!(list.names().last(), Some(&names[9_999]));
    for text in ["v", "vm-0", "vm-0012", "vm-00", ""] {
        list.search(text);
        settle();
    }
    assert!(list.row_widgets().len() <= widgets + 2, "they are lent again, not made anew");
}

#[gtk::test]
fn the_row_at_the_top_stays_while_rows_come_above_it() {
    let names = many(300);
    let list = Fixture::new(&off(&names));
    list.table.vadjustment().unwrap().set_value(3000.0);
    settle();
    let first = list.table.row_at(60.0);
    let new = crate::machines::testing::info(9_000, "a-new-one", State::Off);
    list.tell(Update::Changed { host: list.host.clone(), domains: vec![new] });
    list.model.borrow_mut().sort_again();
    list.table.rows_changed();
    settle();
    assert_eq!(list.table.row_at(60.0), first);
    assert!(list.table.vadjustment().unwrap().value() > 3000.0);
}

#[gtk::test]
fn the_cursor_is_scrolled_to_and_keeps_the_focus() {
    let names = many(300);
    let list = Fixture::new(&off(&names));
    assert!(list.table.grab_focus());
    let last = RowId::Machine(key(&list.host, 300));
    list.model.borrow_mut().select(Select::Only(last));
    list.table.selection_changed();
    settle();
    let focused = list.row_widgets().into_iter().find(|row| row.has_focus()).expect("a row with the focus");
    let content = focused.downcast::<row::TableRow>().unwrap().content().unwrap();
    assert_eq!(content.cells[0].text, names[299]);
    list.search("vm-00001");
    settle();
    assert_eq!(list.row_widgets().into_iter().filter(|row| row.has_focus()).count(), 1, "the focus stays in the list");
}

#[gtk::test]
fn a_heading_asks_for_its_order_and_then_for_the_other_direction() {
    let list = Fixture::new(&[("a", State::Off)]);
    list.heading("Memory").emit_clicked();
    let ascending = Order { column: Column::Memory, descending: false };
    assert_eq!(list.told.borrow().last(), Some(&Event::Sort(ascending)));
    list.model.borrow_mut().sort_by(ascending);
    list.table.order_changed();
    list.heading("Memory").emit_clicked();
    assert_eq!(list.told.borrow().last(), Some(&Event::Sort(Order { descending: true, ..ascending })));
}

#[gtk::test]
fn a_host_that_is_down_offers_to_try_again() {
    let list = Fixture::new(&[("a", State::Off)]);
    let button = |list: &Fixture| {
        let rows = list.row_widgets();
        rows.into_iter().filter_map(|row| row.first_child().and_downcast::<gtk::Button>()).find(WidgetExt::is_visible)
    };
    assert!(button(&list).is_none());
    list.tell(Update::Link { host: list.host.clone(), link: LinkState::Closed });
    settle();
    button(&list).expect("Try now").emit_clicked();
    assert_eq!(list.told.borrow().last(), Some(&Event::Retry(list.host.clone())));
    list.tell(Update::Link { host: list.host.clone(), link: LinkState::Up });
    settle();
    assert!(button(&list).is_none());
}

#[gtk::test]
fn a_selected_row_takes_the_others_along_and_another_one_goes_alone() {
    let list = Fixture::new(&off(&many(4)));
    let height = |n: usize| {
        let (top, height) = list.table.imp().place_of(n);
        f64::from(top + height / 2)
    };
    list.model.borrow_mut().select(Select::Only(RowId::Machine(key(&list.host, 2))));
    list.model.borrow_mut().select(Select::Toggle(RowId::Machine(key(&list.host, 3))));
    let picked = |n| dnd::pick(&list.table, height(n)).map(|picked| (picked.name, picked.machines));
    let (name, machines) = picked(2).expect("one of two");
    assert_eq!((name.as_str(), machines.as_slice()), ("vm-00001", [key(&list.host, 2), key(&list.host, 3)].as_slice()));
    assert_eq!(list.told.borrow().last(), None);
    assert_eq!(picked(4).expect("another").1, [key(&list.host, 4)]);
    let only = Select::Only(RowId::Machine(key(&list.host, 4)));
    assert_eq!(list.told.borrow().last(), Some(&Event::Select(only)));
    assert!(picked(0).is_none() && dnd::pick(&list.table, 5.0).is_none(), "neither hosts nor headings");
}

#[gtk::test]
fn a_host_shows_its_sign_and_takes_drops_on_all_its_rows() {
    let list = Fixture::new(&off(&many(300)));
    let sign = |takes| Sign { takes, text: "✔ sign".to_owned() };
    let show = |takes| {
        let changed = vec![(list.host.clone(), Some(sign(takes)))];
        list.model.borrow_mut().set_signs(&Signs { changed, over: Some(list.host.clone()) });
        list.table.refresh();
    };
    show(Takes::All);
    let shown = list.row_widgets().into_iter().find(|row| row.has_css_class("below-drag")).expect("the host's row");
    let content = shown.downcast::<row::TableRow>().unwrap().content().unwrap();
    assert!(content.spoken.contains("✔ sign"), "{}", content.spoken);
    let spot = dnd::spot(&list.table, 200.0).expect("a machine of it");
    assert!(spot.takes && spot.host == list.host);
    list.table.vadjustment().unwrap().set_value(2000.0);
    settle();
    let below = dnd::spot(&list.table, 300.0).expect("one far below its host");
    assert!(below.anchor.area[1] >= 0, "the card stays in the window: {:?}", below.anchor);
    show(Takes::Here);
    assert!(!dnd::spot(&list.table, 300.0).unwrap().takes, "they are there already");
    list.model.borrow_mut().set_signs(&Signs { changed: vec![(list.host.clone(), None)], over: None });
    list.table.refresh();
    assert!(!list.row_widgets().iter().any(|row| row.has_css_class("below-drag")));
}

#[gtk::test]
fn cut_machines_are_pale_and_said_to_be_cut() {
    let list = Fixture::new(&[("a", State::Running), ("b", State::Running)]);
    list.model.borrow_mut().cut(&[key(&list.host, 2)]);
    list.table.refresh();
    let contents = list.table.imp().contents();
    let pale: Vec<bool> = contents[1..].iter().map(|row| row.cells[0].dim).collect();
    assert_eq!(pale, [false, true]);
    assert!(contents[2].spoken.ends_with(", cut"), "{}", contents[2].spoken);
}

/// What this thread has used of a CPU, whatever else the machine does: the first number of its schedstat, in ns.
fn on_cpu_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split_whitespace().next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or_default() / 1e6
}

/// Prints what a fleet costs, drawing included; a reader judges, not an assertion.
#[gtk::test]
fn a_fleet_of_ten_thousand_is_filtered_and_sorted() {
    let names = many(10_000);
    let list = Fixture::new(&off(&names));
    let time = |what: &str, f: &dyn Fn()| {
        let begin = on_cpu_ms();
        f();
        let done = on_cpu_ms() - begin;
        settle();
        println!("10000 machines: {what} {done:.1} ms of CPU, {:.1} ms with all that was drawn", on_cpu_ms() - begin);
    };
    time("nothing", &|| {});
    for text in ["v", "vm", "vm-", "vm-0", "vm-00", "vm-001", "vm-0012", "vm-00", ""] {
        time(&format!("search “{text}”"), &|| list.search(text));
    }
    let figures = (1..=10_000)
        .map(|n| (id(n), DomainStats { cpu_percent: Some((n * 7919 % 101) as f32), ..DomainStats::default() }));
    let update = Update::Stats { host: list.host.clone(), load: HostLoad::default(), stats: figures.collect() };
    time("figures", &|| list.tell(update.clone()));
    time("sort by CPU", &|| {
        list.model.borrow_mut().sort_by(Order { column: Column::Cpu, descending: true });
        list.table.order_changed();
    });
    assert_eq!(list.model.borrow().rows().len(), 10_001);
}
