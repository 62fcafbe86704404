//! The pointer and the keyboard in the table's rows, as events.
use gtk::gdk::{Key, ModifierType as Mod};
use gtk::glib::Propagation;
use gtk::prelude::*;
use gtk::subclass::prelude::*;

use super::{Event, Table};
use crate::machines::rows::RowId;
use crate::machines::selection::{Keep, Select};

/// So far from its left edge a host's row is its arrow, in pixels.
const ARROW: f64 = 32.0;

/// Listens to a table.
pub fn connect(table: &Table) {
    let click = gtk::GestureClick::new();
    let weak = table.downgrade();
    click.connect_pressed(move |click, n, x, y| {
        if let Some(table) = weak.upgrade() {
            pressed(&table, click, n, (x, y));
        }
    });
    let weak = table.downgrade();
    click.connect_released(move |click, _, _, y| {
        if let Some(table) = weak.upgrade() {
            released(&table, click, y);
        }
    });
    table.add_controller(click);
    let keys = gtk::EventControllerKey::new();
    // Before a search field that listens here for letters, and would take Enter along.
    keys.set_propagation_phase(gtk::PropagationPhase::Capture);
    let weak = table.downgrade();
    keys.connect_key_pressed(move |_, key, _, state| match weak.upgrade() {
        Some(table) if key_pressed(&table, key, state) => Propagation::Stop,
        _ => Propagation::Proceed,
    });
    table.add_controller(keys);
}

fn pressed(table: &Table, click: &gtk::GestureClick, n: i32, (x, y): (f64, f64)) {
    let Some(row) = table.row_at(y) else {
        if y > f64::from(table.imp().headings.borrow().height()) {
            table.send(Event::Select(Select::Nothing));
        }
        return;
    };
    table.imp().focus_rows();
    if let RowId::Host(id) = &row
        && x + table.hadjustment().map_or(0.0, |a| a.value()) < ARROW
    {
        return table.send(Event::Fold(id.clone()));
    }
    if n == 2 {
        return table.send(Event::Activate(row));
    }
    let state = click.current_event_state();
    match (state.contains(Mod::SHIFT_MASK), state.contains(Mod::CONTROL_MASK)) {
        (true, add) => table.send(Event::Select(Select::To(row, add))),
        (false, true) => table.send(Event::Select(Select::Toggle(row))),
        // One of several may be the beginning of a drag of them all: the release decides.
        (false, false) if is_selected(table, &row) => {}
        (false, false) => table.send(Event::Select(Select::Only(row))),
    }
}

fn released(table: &Table, click: &gtk::GestureClick, y: f64) {
    let plain = !click.current_event_state().intersects(Mod::SHIFT_MASK | Mod::CONTROL_MASK);
    if let Some(row) = table.row_at(y).filter(|row| plain && is_selected(table, row)) {
        table.send(Event::Select(Select::Only(row)));
    }
}

fn is_selected(table: &Table, row: &RowId) -> bool {
    table.imp().source().is_some_and(|source| source.model.borrow().selection().has(row))
}

/// Whether the key is one of the rows'.
fn key_pressed(table: &Table, key: Key, state: Mod) -> bool {
    let (shift, control) = (state.contains(Mod::SHIFT_MASK), state.contains(Mod::CONTROL_MASK));
    if state.intersects(Mod::ALT_MASK | Mod::SUPER_MASK) || !table.imp().has_row_focus() {
        return false;
    }
    let page = table.imp().rows_in_page();
    let step = match key {
        Key::Up | Key::KP_Up => -1,
        Key::Down | Key::KP_Down => 1,
        Key::Page_Up | Key::KP_Page_Up => -page,
        Key::Page_Down | Key::KP_Page_Down => page,
        Key::Home | Key::KP_Home => i32::MIN,
        Key::End | Key::KP_End => i32::MAX,
        _ => return other_key(table, key, shift, control),
    };
    let keep = match (shift, control) {
        (true, _) => Keep::Extend,
        (false, true) => Keep::Yes,
        (false, false) => Keep::No,
    };
    table.send(Event::Select(Select::Step(step, keep)));
    true
}

fn other_key(table: &Table, key: Key, shift: bool, control: bool) -> bool {
    let cursor = || table.imp().source()?.model.borrow().selection().cursor().cloned();
    let event = match (key, control) {
        (Key::Return | Key::KP_Enter | Key::ISO_Enter, false) => cursor().map(Event::Activate),
        (Key::space, true) => cursor().map(|row| Event::Select(Select::Toggle(row))),
        (Key::space, false) => cursor().map(|row| Event::Select(Select::Only(row))),
        (Key::a | Key::slash, true) => Some(Event::Select(Select::All)),
        (Key::A, true) | (Key::backslash, true) if shift || key == Key::backslash => {
            Some(Event::Select(Select::Nothing))
        }
        _ => None,
    };
    let taken = event.is_some();
    if let Some(event) = event {
        table.send(event);
    }
    taken
}
