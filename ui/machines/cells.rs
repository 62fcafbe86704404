//! The cells of the list: what a host and a machine show in each column, and which of them are on screen.
//!
//! Only cells that are bound to a row look at it; a tick of figures asks them to look again, so 10,000 machines cost no
//! more than the two hundred rows that the view keeps.
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::SystemTime;

use drover::host::{HostId, LinkState};
use drover::inventory::{HISTORY, HostEntry, Inventory};
use gtk::prelude::*;

use super::columns::Column;
use super::facts::Facts;
use super::row::{Item, MachineRow};
use super::{format, host_text, state_icon};
use crate::i18n::gettext;
use crate::widgets::sparkline::Sparkline;

/// Called with the host whose "Try now" was clicked.
pub type Retry = Rc<dyn Fn(HostId)>;

/// The widgets of one cell.
enum Parts {
    Name(NameParts),
    /// A word, and the button of a lost host.
    State {
        label: gtk::Label,
        retry: gtk::Button,
    },
    Figure {
        label: gtk::Label,
        sparkline: Sparkline,
    },
    Text(gtk::Label),
}

struct NameParts {
    expander: gtk::TreeExpander,
    icon: gtk::Image,
    name: gtk::Label,
    extra: gtk::Label,
    second: gtk::Label,
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
            let (parts, widget) = cells.make(column, item);
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

    /// Lets every bound cell look at its row again.
    pub fn refresh(&self) {
        let (cells, inventory) = (self.cells.borrow(), self.inventory.borrow());
        for cell in cells.values().filter(|c| c.bound) {
            cell.show(&inventory);
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
            cell.show(&self.inventory.borrow());
        } else if let Parts::Name(parts) = &cell.parts {
            parts.expander.set_list_row(None);
        }
    }

    fn make(&self, column: Column, item: &gtk::ListItem) -> (Parts, gtk::Widget) {
        match column {
            Column::Name => make_name(),
            Column::State => {
                let label = text_label(0.0);
                let retry = gtk::Button::builder()
                    .label(gettext("Try now"))
                    .visible(false)
                    .valign(gtk::Align::Center)
                    .halign(gtk::Align::Start)
                    .css_classes(["small"])
                    .build();
                let (on_retry, item) = (self.retry.clone(), item.downgrade());
                retry.connect_clicked(move |_| {
                    let host = item.upgrade().and_then(|i| i.item()).as_ref().and_then(Item::of);
                    if let Some(Item::Host(row)) = host
                        && let Some(id) = row.id()
                    {
                        on_retry(id);
                    }
                });
                let all = gtk::Box::new(gtk::Orientation::Horizontal, 0);
                all.append(&label);
                all.append(&retry);
                (Parts::State { label, retry }, all.upcast())
            }
            Column::Cpu => {
                let label = text_label(1.0);
                label.set_width_chars(5);
                let sparkline = Sparkline::default();
                sparkline.set_hexpand(true);
                let all = gtk::Box::new(gtk::Orientation::Horizontal, 8);
                all.append(&label);
                all.append(&sparkline);
                (Parts::Figure { label, sparkline }, all.upcast())
            }
            Column::Disk | Column::Network | Column::Snapshots => {
                let label = text_label(1.0);
                label.set_hexpand(true);
                (Parts::Text(label.clone()), label.upcast())
            }
            Column::Os | Column::Memory | Column::Addresses | Column::Autostart => {
                let label = text_label(0.0);
                (Parts::Text(label.clone()), label.upcast())
            }
        }
    }
}

fn text_label(xalign: f32) -> gtk::Label {
    gtk::Label::builder().xalign(xalign).ellipsize(gtk::pango::EllipsizeMode::End).css_classes(["numeric"]).build()
}

fn make_name() -> (Parts, gtk::Widget) {
    let icon = gtk::Image::new();
    let name = text_label(0.0);
    let extra = text_label(0.0);
    extra.add_css_class("dim-label");
    let second = text_label(0.0);
    second.add_css_class("dim-label");
    second.add_css_class("caption");
    let first = gtk::Box::new(gtk::Orientation::Horizontal, 8);
    first.append(&name);
    first.append(&extra);
    let lines = gtk::Box::new(gtk::Orientation::Vertical, 0);
    lines.set_valign(gtk::Align::Center);
    lines.append(&first);
    lines.append(&second);
    let all = gtk::Box::new(gtk::Orientation::Horizontal, 8);
    all.append(&icon);
    all.append(&lines);
    let expander = gtk::TreeExpander::new();
    expander.set_child(Some(&all));
    (Parts::Name(NameParts { expander: expander.clone(), icon, name, extra, second }), expander.upcast())
}

impl CellWidgets {
    fn show(&self, inventory: &Inventory) {
        let Some(object) = self.item.item() else { return };
        match Item::of(&object) {
            Some(Item::Host(row)) => {
                let Some(entry) = row.id().and_then(|id| inventory.host(&id)) else { return };
                self.show_host(entry);
            }
            Some(Item::Machine(row)) => self.show_machine(&row, inventory),
            None => {}
        }
        if let Parts::Name(parts) = &self.parts {
            parts.expander.set_list_row(object.downcast_ref());
        }
    }

    fn show_host(&self, host: &HostEntry) {
        match &self.parts {
            Parts::Name(parts) => {
                parts.icon.set_visible(false);
                set_class(&parts.name, "heading", true);
                set_class(&parts.name, "dim-label", false);
                let (name, extra) = (host.name(), host_text::address(host));
                set_text(&parts.name, &name);
                set_text(&parts.extra, &extra);
                let second = host_text::status(host, SystemTime::now());
                set_text(&parts.second, &second);
                parts.second.set_visible(true);
                parts.expander.set_tooltip_text(Some(&second));
            }
            Parts::State { label, retry } => {
                let can_retry =
                    matches!(host.link, LinkState::Lost { .. } | LinkState::Failed { .. } | LinkState::Closed);
                retry.set_visible(can_retry);
                label.set_visible(!can_retry);
                set_text(label, "");
            }
            Parts::Figure { label, sparkline } => match host.load.cpu_percent.filter(|_| host.link == LinkState::Up) {
                Some(cpu) => {
                    set_text(label, &format::percent(cpu));
                    sparkline.set(host.cpu_history.iter().copied(), HISTORY, 100.0);
                }
                None => {
                    set_text(label, "");
                    sparkline.clear();
                }
            },
            Parts::Text(label) if self.column == Column::Memory => set_text(label, &host_text::memory(host)),
            Parts::Text(label) => set_text(label, ""),
        }
    }

    fn show_machine(&self, row: &MachineRow, inventory: &Inventory) {
        let Some(contents) = row.contents() else { return };
        let Some(entry) = inventory.host(&contents.key.host) else { return };
        let (facts, stale) = (&contents.facts, entry.link != LinkState::Up);
        match &self.parts {
            Parts::Name(parts) => {
                parts.icon.set_visible(true);
                parts.icon.set_icon_name(Some(state_icon(facts.state, facts.saved)));
                set_class(&parts.icon, "dim-label", stale || !facts.state.is_active());
                set_class(&parts.name, "heading", false);
                set_class(&parts.name, "dim-label", stale);
                set_text(&parts.name, &facts.name);
                set_text(&parts.extra, facts.title.as_deref().unwrap_or_default());
                parts.second.set_visible(false);
                parts.expander.set_tooltip_text(facts.title.as_deref());
            }
            Parts::State { label, retry } => {
                retry.set_visible(false);
                label.set_visible(true);
                set_class(label, "dim-label", stale || !facts.state.is_active());
                set_text(label, &format::state_word(facts.state, facts.saved, stale && facts.state.is_active()));
            }
            Parts::Figure { label, sparkline } => match live(facts, stale).and(facts.stats.cpu_percent) {
                Some(cpu) => {
                    set_text(label, &format::percent(cpu));
                    let history = entry.machines.get(&contents.key.domain).map(|m| &m.cpu_history);
                    sparkline.set(history.into_iter().flatten().copied(), HISTORY, 100.0);
                }
                None => {
                    set_text(label, "");
                    sparkline.clear();
                }
            },
            Parts::Text(label) => {
                set_class(label, "dim-label", stale || !facts.state.is_active());
                set_text(label, &text_of(self.column, facts, stale));
            }
        }
    }
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

/// Leaves a label alone that says it already: a set text costs a layout.
fn set_text(label: &gtk::Label, text: &str) {
    if label.text() != text {
        label.set_text(text);
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
