//! The table of machines: headings over the rows of a [`Model`], of which only those on screen have widgets.
//!
//! GTK 4.8's column view keeps two hundred rows of a widget per cell, and makes them anew when a filter changes what they
//! show: 200 ms for a key in the search field (docs/adr/0014). This one keeps what fits on the screen and draws it.
mod body;
mod dnd;
mod draw;
mod geometry;
mod header;
mod input;
mod lend;
mod row;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::rc::Rc;

use drover::host::HostId;
use drover::inventory::Inventory;
use gtk::glib;
use gtk::prelude::*;
use gtk::subclass::prelude::*;

use super::columns::{Column, Layout, Order};
use super::model::Model;
use super::rows::RowId;
use super::selection::Select;
use crate::i18n::gettext;
use crate::migrate::drag::Act;
use crate::widgets::accessible;

/// What a person did in the table.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Select(Select),
    /// A double click, or Enter at the row.
    Activate(RowId),
    /// The arrow of a host.
    Fold(HostId),
    /// "Try now" of a host.
    Retry(HostId),
    /// A heading.
    Sort(Order),
    /// Columns were chosen or dragged.
    Layout,
    /// Machines are dragged out of the table, or over it.
    Drag(Act),
    /// Machines rest over this folded host.
    Unfold(HostId),
}

glib::wrapper! {
    /// The table as a widget; it scrolls in both directions inside a `gtk::ScrolledWindow`.
    pub struct Table(ObjectSubclass<body::Table>)
        @extends gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget, gtk::Scrollable;
}

impl Table {
    /// Shows the model's rows, and says what is done in it.
    pub fn new(
        model: Rc<RefCell<Model>>,
        inventory: Rc<RefCell<Inventory>>,
        layout: &Layout,
        on_event: impl Fn(Event) + 'static,
    ) -> Self {
        let table: Self = glib::Object::new();
        let source = body::Source { model, inventory, on_event: Rc::new(on_event) };
        let _ = table.imp().source.set(source);
        table.imp().columns.replace(geometry::Columns::new(layout));
        accessible::set_label(&table, &gettext("Machines"));
        header::build(&table);
        input::connect(&table);
        dnd::connect(&table);
        table.rows_changed();
        table
    }

    /// The model has other rows, or the same in another order.
    pub fn rows_changed(&self) {
        self.imp().measure_rows();
        self.imp().prepare();
        self.queue_allocate();
    }

    /// What the rows show may have changed; the rows are the same.
    pub fn refresh(&self) {
        self.imp().refresh();
    }

    /// Other rows are selected, or the cursor is elsewhere: it is scrolled to, and has the focus if the table had.
    pub fn selection_changed(&self) {
        self.imp().follow_cursor();
    }

    /// Goes to the first row.
    pub fn scroll_to_top(&self) {
        if let Some(adjustment) = self.vadjustment() {
            adjustment.set_value(0.0);
        }
    }

    /// The row at a place of the table.
    pub fn row_at(&self, y: f64) -> Option<RowId> {
        let imp = self.imp();
        let index = imp.index_at(y)?;
        imp.source()?.model.borrow().rows().get(index).cloned()
    }

    /// The columns as they are now.
    pub fn layout(&self) -> Layout {
        let imp = self.imp();
        let columns = imp.columns.borrow();
        let order = imp.source().map(|s| s.model.borrow().order()).unwrap_or_default();
        Layout { shown: columns.shown().to_vec(), widths: columns.widths().to_vec(), order }
    }

    /// Shows or hides a column.
    pub fn show_column(&self, column: Column, show: bool) {
        self.imp().columns.borrow_mut().show(column, show);
        self.columns_changed();
    }

    fn resize_column(&self, column: Column, width: i32) {
        self.imp().columns.borrow_mut().resize(column, width);
        self.columns_changed();
    }

    fn columns_changed(&self) {
        self.imp().headings.borrow().update(self);
        self.imp().refresh();
        self.queue_allocate();
        self.send(Event::Layout);
    }

    /// The model is sorted otherwise: shows it in the headings.
    pub fn order_changed(&self) {
        self.imp().headings.borrow().update(self);
        self.rows_changed();
    }

    /// Calls it whenever the rows stand elsewhere by scrolling.
    fn connect_scrolled(&self, scrolled: impl Fn() + 'static) {
        self.imp().on_scroll.replace(Some(Rc::new(scrolled)));
    }

    fn send(&self, event: Event) {
        if let Some(source) = self.imp().source() {
            (source.on_event)(event);
        }
    }
}
