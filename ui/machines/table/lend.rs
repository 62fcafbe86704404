//! The table's few row widgets: lent to the rows on screen, shown, selected, and given the focus.
use std::collections::HashSet;
use std::ops::Range;
use std::rc::Rc;

use drover::inventory::Inventory;
use gtk::prelude::*;
use gtk::subclass::prelude::*;

use super::Event;
use super::body::Table;
use super::draw::Heights;
use super::geometry::Tops;
use super::row::TableRow;
use crate::machines::cells;
use crate::machines::columns::Column;
use crate::machines::model::Model;
use crate::machines::rows::RowId;

/// A row widget, and the row that it shows.
pub struct Lent {
    pub widget: TableRow,
    pub row: Option<RowId>,
    /// Whether what it shows has to be looked up again.
    pub stale: bool,
}

impl Table {
    /// Finds out anew how tall the rows are.
    pub fn measure_rows(&self) {
        let Some(source) = self.source() else { return };
        let heights = Heights::of(self.obj().upcast_ref());
        self.heights.set(heights);
        let (model, inventory) = (source.model.borrow(), source.inventory.borrow());
        let height = |row: &RowId| match row {
            RowId::Machine(_) => heights.machine,
            RowId::Host(id) if cells::host_is_down(&inventory, id) => heights.down,
            RowId::Host(_) => heights.host,
        };
        self.tops.replace(Tops::new(model.rows().iter().map(height)));
    }

    /// Lends widgets to the rows in this part and to the one with the cursor, which keeps the focus while it is scrolled
    /// away.
    pub fn lend(&self, part: Range<i32>) {
        let Some(source) = self.source() else { return };
        let model = source.model.borrow();
        let rows = model.rows();
        let mut needed: Vec<RowId> = rows[self.tops.borrow().between(part)].to_vec();
        let cursor = model.selection().cursor().or(rows.first());
        needed.extend(cursor.filter(|row| !needed.contains(row)).cloned());
        let mut wanted: HashSet<&RowId> = needed.iter().collect();
        let mut lent = self.lent.borrow_mut();
        for one in lent.iter_mut() {
            if !one.row.as_ref().is_some_and(|row| wanted.remove(row)) {
                one.row = None;
            }
        }
        let mut free = lent.iter_mut().filter(|one| one.row.is_none());
        let mut more = Vec::new();
        for row in needed.iter().filter(|row| wanted.contains(*row)) {
            match free.next() {
                Some(one) => (one.row, one.stale) = (Some(row.clone()), true),
                None => more.push(Lent { widget: self.new_row(), row: Some(row.clone()), stale: true }),
            }
        }
        lent.extend(more);
    }

    pub fn show_contents(&self) {
        let Some(source) = self.source() else { return };
        let (model, inventory, columns) = (source.model.borrow(), source.inventory.borrow(), self.columns.borrow());
        let cursor = model.selection().cursor().or(model.rows().first());
        for lent in self.lent.borrow_mut().iter_mut() {
            lent.show(&model, &inventory, columns.shown());
            lent.widget.lend(lent.row.is_some());
            if let Some(row) = &lent.row {
                lent.widget.set_selected(model.selection().has(row));
                lent.widget.set_below_drag(model.is_over(row));
                lent.widget.set_focusable(cursor == Some(row));
            }
        }
    }

    fn new_row(&self) -> TableRow {
        let table = self.obj().downgrade();
        let row = TableRow::new(Rc::new(move |row| {
            let Some(table) = table.upgrade() else { return };
            let lent = table.imp().lent.borrow();
            let id = lent.iter().find(|one| one.widget == *row).and_then(|one| one.row.clone());
            drop(lent);
            if let Some(RowId::Host(id)) = id {
                table.send(Event::Retry(id));
            }
        }));
        // Before the headings, which lie above the rows.
        row.insert_before(&*self.obj(), self.headings.borrow().first());
        row
    }

    /// Lets the rows on screen look again at what they show.
    pub fn refresh(&self) {
        self.lent.borrow_mut().iter_mut().for_each(|lent| lent.stale = true);
        self.show_contents();
    }

    /// Scrolls to the cursor's row, and gives it the focus if a row had it.
    pub fn follow_cursor(&self) {
        let Some(source) = self.source() else { return };
        let index = {
            let model = source.model.borrow();
            model.selection().cursor().and_then(|cursor| model.rows().iter().position(|row| row == cursor))
        };
        let adjustment = self.vadjustment.borrow().clone();
        if let Some((index, adjustment)) = index.zip(adjustment) {
            let edges = self.tops.borrow().row(index);
            adjustment.clamp_page(f64::from(edges.start), f64::from(edges.end));
        }
        self.prepare();
        self.obj().queue_allocate();
    }

    /// Gives the focus to the rows, at the place of the cursor to come.
    pub fn focus_rows(&self) {
        if !self.has_row_focus() {
            self.grab_cursor();
        }
    }

    /// Whether one of the rows has the focus.
    pub fn has_row_focus(&self) -> bool {
        self.lent.borrow().iter().any(|lent| lent.widget.has_focus())
    }

    /// Gives the cursor's row the focus; says whether there is one.
    pub fn grab_cursor(&self) -> bool {
        let widget = self
            .lent
            .borrow()
            .iter()
            .find(|one| one.row.is_some() && one.widget.is_focusable())
            .map(|one| one.widget.clone());
        widget.is_some_and(|widget| widget.grab_focus())
    }

    /// What the rows on screen show, from top to bottom.
    #[cfg(test)]
    pub fn contents(&self) -> Vec<cells::Content> {
        let lent = self.lent.borrow();
        let mut shown: Vec<&Lent> = lent.iter().filter(|lent| lent.row.is_some()).collect();
        shown.sort_by_key(|lent| lent.widget.allocation().y());
        shown.iter().filter_map(|lent| lent.widget.content()).collect()
    }
}

impl Lent {
    fn show(&mut self, model: &Model, inventory: &Inventory, columns: &[Column]) {
        if let Some(row) = self.row.as_ref().filter(|_| std::mem::take(&mut self.stale))
            && let Some(content) = cells::content(model, inventory, row, columns)
        {
            self.widget.set_content(content);
        }
    }
}
