//! Machines dragged out of the table's rows, and over its hosts.
use drover::migrate::board::Takes;
use gtk::prelude::*;
use gtk::subclass::prelude::*;

use super::{Event, Table};
use crate::machines::rows::RowId;
use crate::machines::selection::Select;
use crate::migrate::drag::{self, Act, Anchor, Picked, Spot};
use crate::widgets::linger::Linger;

/// Lets rows be dragged and hosts be dropped on.
pub fn connect(table: &Table) {
    let tell = |table: &Table| {
        let weak = table.downgrade();
        move |act: Act| {
            if let Some(table) = weak.upgrade() {
                table.send(Event::Drag(act));
            }
        }
    };
    let weak = table.downgrade();
    drag::source(table, move |_, y| pick(&weak.upgrade()?, y), tell(table));
    let weak = table.downgrade();
    let again = drag::target(table, move |_, y| spot(&weak.upgrade()?, y), tell(table));
    table.connect_scrolled(move || again());
    unfold_below(table);
}

/// The selected machines, if the one at this height is among them, else that one alone.
pub fn pick(table: &Table, y: f64) -> Option<Picked> {
    let Some(row @ RowId::Machine(key)) = &table.row_at(y) else { return None };
    let source = table.imp().source()?;
    let (machines, name) = {
        let model = source.model.borrow();
        let machines = if model.selection().has(row) { model.selected() } else { vec![key.clone()] };
        let name = model.facts(machines.first()?)?.name.clone();
        (machines, name)
    };
    if machines == std::slice::from_ref(key) {
        table.send(Event::Select(Select::Only(row.clone())));
    }
    Some(Picked { machines, name })
}

/// The host whose row or machine stands at this height.
pub fn spot(table: &Table, y: f64) -> Option<Spot> {
    let host = match table.row_at(y)? {
        RowId::Host(id) => id,
        RowId::Machine(key) => key.host,
    };
    let model = table.imp().source()?.model.borrow();
    let index = model.rows().iter().position(|row| matches!(row, RowId::Host(id) if *id == host))?;
    let (top, height) = table.imp().place_of(index);
    let anchor = Anchor::new(table, [0, top, WidgetExt::width(table), height]);
    let takes = model.sign(&host).is_none_or(|sign| sign.takes != Takes::Here);
    Some(Spot { host, anchor, takes })
}

/// A folded host unfolds when machines rest over it.
fn unfold_below(table: &Table) {
    let weak = table.downgrade();
    let linger = Linger::new(move |host| {
        if let Some(table) = weak.upgrade() {
            table.send(Event::Unfold(host));
        }
    });
    let motion = gtk::DropControllerMotion::new();
    let (weak, rest) = (table.downgrade(), linger.clone());
    motion.connect_motion(move |motion, _, y| {
        let Some(table) = weak.upgrade().filter(|_| drag::carries_machines(motion)) else { return };
        let folded = table.row_at(y).and_then(|row| match row {
            RowId::Host(id) => table.imp().source()?.model.borrow().is_folded(&id).then_some(id),
            RowId::Machine(_) => None,
        });
        rest.at(folded);
    });
    motion.connect_leave(move |_| linger.at(None));
    table.add_controller(motion);
}
