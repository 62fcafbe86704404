//! The cells of the list: what a host and a machine show in each column, and which of them are on screen.
//!
//! Only cells that are bound to a row look at it; a tick of figures asks them to look again, so 10,000 machines cost no
//! more than the two hundred rows that the view keeps.
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::SystemTime;

use drover::host::{HostId, LinkState};
use drover::inventory::{HISTORY, HostEntry, Inventory};
use gtk::glib;
use gtk::prelude::*;

use super::columns::Column;
use super::facts::Facts;
use super::row::{Item, MachineRow};
use super::{format, host_text, state_icon};
use crate::i18n::gettext;
use crate::widgets::sparkline::Sparkline;

/// Called with the host whose "Try now" was clicked.
pub type Retry = Rc<dyn Fn(HostId)>;

/// How far the machines stand in from their host, in pixels: as far as an expander would set them.
const INDENT: i32 = 40;

/// The widgets of one cell. Texts are inscriptions: another text costs no new layout of the list.
enum Parts {
    /// What a host shows is made when the cell gets one for the first time: an expander for each of the machines
    /// would be half of what a row costs.
    Name {
        machine: gtk::Box,
        icon: gtk::Image,
        text: gtk::Inscription,
        host: OnceCell<HostParts>,
    },
    /// A word; the button of a lost host takes its place.
    State {
        text: gtk::Inscription,
        retry: OnceCell<gtk::Button>,
    },
    Cpu {
        text: gtk::Inscription,
        sparkline: Sparkline,
    },
    Text(gtk::Inscription),
}

/// The lines of a host.
struct HostParts {
    expander: gtk::TreeExpander,
    name: gtk::Inscription,
    status: gtk::Inscription,
}

struct CellWidgets {
    column: Column,
    parts: Parts,
    bound: bool,
    item: gtk::ListItem,
}

/// All cells that the view made.
#[derive(Clone)]
pub struct Cells {
    inventory: Rc<RefCell<Inventory>>,
    cells: Rc<RefCell<HashMap<gtk::ListItem, CellWidgets>>>,
    retry: Retry,
}

impl Cells {
    /// No cells yet; they read from this inventory.
    pub fn new(inventory: Rc<RefCell<Inventory>>, retry: Retry) -> Self {
        Self { inventory, cells: Rc::default(), retry }
    }

    /// The factory of a column.
    pub fn factory(&self, column: Column) -> gtk::SignalListItemFactory {
        let factory = gtk::SignalListItemFactory::new();
        let cells = self.clone();
        factory.connect_setup(move |_, object| {
            let Some(item) = object.downcast_ref::<gtk::ListItem>() else { return };
            let (parts, widget) = make(column);
            item.set_child(Some(&widget));
            let cell = CellWidgets { column, parts, bound: false, item: item.clone() };
            cells.cells.borrow_mut().insert(item.clone(), cell);
        });
        let cells = self.clone();
        factory.connect_bind(move |_, object| cells.bind(object.downcast_ref(), true));
        let cells = self.clone();
        factory.connect_unbind(move |_, object| cells.bind(object.downcast_ref(), false));
        let cells = self.clone();
        factory.connect_teardown(move |_, object| {
            if let Some(item) = object.downcast_ref::<gtk::ListItem>() {
                cells.cells.borrow_mut().remove(item);
            }
        });
        factory
    }

    /// Lets bound cells look at their rows again: all of them, or only those that a tick of figures changes.
    pub fn refresh(&self, figures_only: bool) {
        let (cells, inventory) = (self.cells.borrow(), self.inventory.borrow());
        for cell in cells.values().filter(|c| c.bound && (c.column.is_figure() || !figures_only)) {
            cell.show(&inventory, &self.retry);
        }
    }

    /// The position of the row that a widget of the view belongs to; `None` outside of the rows.
    pub fn position_at(&self, widget: &gtk::Widget) -> Option<u32> {
        let mut row = widget.clone();
        while row.css_name() != "row" {
            row = row.parent()?;
        }
        let cells = self.cells.borrow();
        let of_row = cells.values().find(|c| c.bound && c.item.child().is_some_and(|child| child.is_ancestor(&row)))?;
        Some(of_row.item.position())
    }

    /// How many cells are bound.
    #[cfg(test)]
    pub fn bound(&self) -> usize {
        self.cells.borrow().values().filter(|c| c.bound).count()
    }

    fn bind(&self, item: Option<&gtk::ListItem>, bound: bool) {
        let mut cells = self.cells.borrow_mut();
        let Some(cell) = item.and_then(|item| cells.get_mut(item)) else { return };
        cell.bound = bound;
        if bound {
            cell.show(&self.inventory.borrow(), &self.retry);
        } else if let Parts::Name { host, .. } = &cell.parts
            && let Some(host) = host.get()
        {
            host.expander.set_list_row(None);
        }
    }
}

fn make(column: Column) -> (Parts, gtk::Widget) {
    match column {
        Column::Name => {
            let icon = gtk::Image::new();
            let text = inscription(0.0);
            text.set_min_chars(16);
            let machine = gtk::Box::new(gtk::Orientation::Horizontal, 8);
            machine.append(&icon);
            machine.append(&text);
            machine.set_margin_start(INDENT);
            (Parts::Name { machine: machine.clone(), icon, text, host: OnceCell::new() }, machine.upcast())
        }
        Column::Cpu => {
            let text = inscription(1.0);
            text.set_hexpand(false);
            text.set_min_chars(7);
            let sparkline = Sparkline::default();
            sparkline.set_hexpand(true);
            let all = gtk::Box::new(gtk::Orientation::Horizontal, 8);
            all.append(&text);
            all.append(&sparkline);
            (Parts::Cpu { text, sparkline }, all.upcast())
        }
        Column::Disk | Column::Network | Column::Snapshots => {
            let text = inscription(1.0);
            text.add_css_class("numeric");
            (Parts::Text(text.clone()), text.upcast())
        }
        Column::State => {
            let text = inscription(0.0);
            (Parts::State { text: text.clone(), retry: OnceCell::new() }, text.upcast())
        }
        Column::Os | Column::Memory | Column::Addresses | Column::Autostart => {
            let text = inscription(0.0);
            (Parts::Text(text.clone()), text.upcast())
        }
    }
}

fn inscription(xalign: f32) -> gtk::Inscription {
    gtk::Inscription::builder()
        .xalign(xalign)
        .hexpand(true)
        .min_chars(3)
        .text_overflow(gtk::InscriptionOverflow::EllipsizeEnd)
        .build()
}

impl CellWidgets {
    fn show(&self, inventory: &Inventory, retry: &Retry) {
        let Some(object) = self.item.item() else { return };
        match Item::of(&object) {
            Some(Item::Host(row)) => {
                let Some(entry) = row.id().and_then(|id| inventory.host(&id)) else { return };
                self.show_host(entry, object.downcast_ref(), retry);
            }
            Some(Item::Machine(row)) => self.show_machine(&row, inventory),
            None => {}
        }
    }

    fn show_host(&self, host: &HostEntry, row: Option<&gtk::TreeListRow>, on_retry: &Retry) {
        match &self.parts {
            Parts::Name { host: parts, .. } => {
                let parts = parts.get_or_init(host_parts);
                self.item.set_child(Some(&parts.expander));
                parts.expander.set_list_row(row);
                let status = host_text::status(host, SystemTime::now());
                let (name, address) = (escape(&host.name()), escape(&host_text::address(host)));
                parts.name.set_markup(Some(&format!("<b>{name}</b>  <span alpha=\"60%\">{address}</span>")));
                set_text(&parts.status, &status);
                // Why it is down may be long.
                parts.status.set_min_lines(if is_down(&host.link) { 2 } else { 1 });
                set_class(&parts.status, "dim-label", !is_down(&host.link));
                parts.expander.set_tooltip_text(Some(&format!("{}\n{status}", host.id.as_str())));
            }
            Parts::State { text, retry } => {
                set_text(text, "");
                if is_down(&host.link) {
                    let button = retry.get_or_init(|| retry_button(&self.item, on_retry.clone()));
                    self.item.set_child(Some(button));
                } else {
                    self.item.set_child(Some(text));
                }
            }
            Parts::Cpu { text, sparkline } => {
                let cpu = host.load.cpu_percent.filter(|_| host.link == LinkState::Up);
                show_cpu(text, sparkline, cpu, host.cpu_history.iter().copied());
            }
            Parts::Text(text) if self.column == Column::Memory => set_text(text, &host_text::memory(host)),
            Parts::Text(text) => set_text(text, ""),
        }
    }

    fn show_machine(&self, row: &MachineRow, inventory: &Inventory) {
        let Some(contents) = row.contents() else { return };
        let Some(entry) = inventory.host(&contents.key.host) else { return };
        let (facts, stale) = (&contents.facts, entry.link != LinkState::Up);
        let dim = stale || !facts.state.is_active();
        match &self.parts {
            Parts::Name { machine, icon, text, .. } => {
                if self.item.child().as_ref() != Some(machine.upcast_ref()) {
                    self.item.set_child(Some(machine));
                }
                icon.set_icon_name(Some(state_icon(facts.state, facts.saved)));
                set_class(icon, "dim-label", dim);
                set_class(text, "dim-label", stale);
                match &facts.title {
                    Some(title) => text.set_markup(Some(&format!(
                        "{}  <span alpha=\"60%\">{}</span>",
                        escape(&facts.name),
                        escape(title)
                    ))),
                    None => {
                        text.set_attributes(None);
                        set_text(text, &facts.name);
                    }
                }
                machine.set_tooltip_text(facts.title.as_deref());
            }
            Parts::State { text, .. } => {
                if self.item.child().as_ref() != Some(text.upcast_ref()) {
                    self.item.set_child(Some(text));
                }
                set_class(text, "dim-label", dim);
                set_text(text, &format::state_word(facts.state, facts.saved, stale && facts.state.is_active()));
            }
            Parts::Cpu { text, sparkline } => {
                let cpu = live(facts, stale).and(facts.stats.cpu_percent);
                let history = entry.machines.get(&contents.key.domain).map(|m| &m.cpu_history);
                show_cpu(text, sparkline, cpu, history.into_iter().flatten().copied());
            }
            Parts::Text(text) => {
                set_class(text, "dim-label", dim);
                set_text(text, &text_of(self.column, facts, stale));
            }
        }
    }
}

fn show_cpu(text: &gtk::Inscription, sparkline: &Sparkline, cpu: Option<f32>, history: impl Iterator<Item = f32>) {
    match cpu {
        Some(cpu) => {
            // A blank would let it break into two lines.
            set_text(text, &format::percent(cpu).replace(' ', "\u{a0}"));
            sparkline.set(history, HISTORY, 100.0);
        }
        None => {
            set_text(text, "");
            sparkline.clear();
        }
    }
}

fn is_down(link: &LinkState) -> bool {
    matches!(link, LinkState::Lost { .. } | LinkState::Failed { .. } | LinkState::Closed)
}

fn host_parts() -> HostParts {
    let (name, status) = (inscription(0.0), inscription(0.0));
    name.set_min_chars(26);
    status.add_css_class("caption");
    let all = gtk::Box::new(gtk::Orientation::Vertical, 0);
    all.append(&name);
    all.append(&status);
    let expander = gtk::TreeExpander::new();
    expander.set_child(Some(&all));
    HostParts { expander, name, status }
}

fn retry_button(item: &gtk::ListItem, on_retry: Retry) -> gtk::Button {
    let button =
        gtk::Button::builder().label(gettext("Try now")).valign(gtk::Align::Center).halign(gtk::Align::Start).build();
    let item = item.downgrade();
    button.connect_clicked(move |_| {
        let row = item.upgrade().and_then(|i| i.item()).as_ref().and_then(Item::of);
        if let Some(Item::Host(row)) = row
            && let Some(id) = row.id()
        {
            on_retry(id);
        }
    });
    button
}

fn escape(text: &str) -> glib::GString {
    glib::markup_escape_text(text)
}

/// Figures are told of what runs on a host that answers.
fn live(facts: &Facts, stale: bool) -> Option<()> {
    (!stale && facts.state.is_active()).then_some(())
}

fn text_of(column: Column, facts: &Facts, stale: bool) -> String {
    let rate = |value: Option<u64>| live(facts, stale).and(value).map(format::rate).unwrap_or_default();
    match column {
        Column::Os => facts.os.clone(),
        Column::Memory if facts.state.is_active() => format::memory_of(facts.memory_used(), facts.max_memory_kib),
        Column::Memory => format::memory(facts.max_memory_kib),
        Column::Disk => rate(facts.disk_rate()),
        Column::Network => rate(facts.network_rate()),
        Column::Addresses => facts.addresses.clone(),
        Column::Autostart if facts.autostart => gettext("Yes"),
        Column::Snapshots => facts.snapshots.filter(|n| *n > 0).map(|n| n.to_string()).unwrap_or_default(),
        Column::Name | Column::State | Column::Cpu | Column::Autostart => String::new(),
    }
}

/// Leaves a text alone that says it already.
fn set_text(inscription: &gtk::Inscription, text: &str) {
    if inscription.text().as_deref() != Some(text) {
        inscription.set_text(Some(text));
    }
}

fn set_class(widget: &impl IsA<gtk::Widget>, class: &str, on: bool) {
    if widget.has_css_class(class) != on {
        if on {
            widget.add_css_class(class);
        } else {
            widget.remove_css_class(class);
        }
    }
}
