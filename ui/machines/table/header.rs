//! The headings: a click sorts, a drag at the edge resizes, the right button chooses columns.
use gtk::gdk;
use gtk::prelude::*;
use gtk::subclass::prelude::*;

use super::geometry::Place;
use super::{Event, Table};
use crate::machines::choose::column_menu;
use crate::machines::columns::{Column, Order};
use crate::widgets::accessible;

/// So close to its right edge a heading is dragged, in pixels.
const EDGE: f64 = 6.0;

/// The buttons of all columns; those of hidden ones are not visible.
#[derive(Default)]
pub struct Headings {
    buttons: Vec<(Column, gtk::Button, gtk::Image)>,
    line: Option<gtk::Separator>,
    menu: Option<gtk::PopoverMenu>,
}

/// Makes the headings of a table.
pub fn build(table: &Table) {
    let buttons = Column::ALL.map(|column| {
        let (button, arrow) = heading(table, column);
        button.set_parent(table);
        (column, button, arrow)
    });
    let line = gtk::Separator::new(gtk::Orientation::Horizontal);
    line.set_parent(table);
    let menu = gtk::PopoverMenu::from_model(Some(&column_menu()));
    menu.set_parent(table);
    menu.set_has_arrow(false);
    menu.set_halign(gtk::Align::Start);
    let headings = Headings { buttons: buttons.into(), line: Some(line), menu: Some(menu) };
    headings.update(table);
    table.imp().headings.replace(headings);
    connect_menu(table);
    connect_edges(table);
}

fn heading(table: &Table, column: Column) -> (gtk::Button, gtk::Image) {
    let label = gtk::Label::builder().label(column.title()).ellipsize(gtk::pango::EllipsizeMode::End).build();
    let arrow = gtk::Image::new();
    let line = gtk::Box::new(gtk::Orientation::Horizontal, 4);
    if column.is_at_right() {
        line.set_halign(gtk::Align::End);
    }
    line.append(&label);
    line.append(&arrow);
    let button = gtk::Button::builder().child(&line).css_classes(["flat", "heading"]).build();
    accessible::set_label(&button, &column.title());
    let table = table.downgrade();
    button.connect_clicked(move |_| {
        let Some(table) = table.upgrade() else { return };
        let now = table.layout().order;
        let descending = now.column == column && !now.descending;
        table.send(Event::Sort(Order { column, descending }));
    });
    (button, arrow)
}

/// The right button, anywhere over the headings.
fn connect_menu(table: &Table) {
    let click = gtk::GestureClick::builder().button(gdk::BUTTON_SECONDARY).build();
    let weak = table.downgrade();
    click.connect_pressed(move |click, _, x, y| {
        let Some(table) = weak.upgrade() else { return };
        let headings = table.imp().headings.borrow();
        if y < f64::from(headings.height())
            && let Some(menu) = &headings.menu
        {
            click.set_state(gtk::EventSequenceState::Claimed);
            menu.set_pointing_to(Some(&gdk::Rectangle::new(x as i32, y as i32, 1, 1)));
            menu.popup();
        }
    });
    table.add_controller(click);
}

/// The edge of a heading, under the pointer.
fn connect_edges(table: &Table) {
    let motion = gtk::EventControllerMotion::new();
    let weak = table.downgrade();
    motion.connect_motion(move |_, x, y| {
        let Some(table) = weak.upgrade() else { return };
        let over = edge_at(&table, x, y).map(|_| "col-resize");
        table.set_cursor_from_name(over);
    });
    table.add_controller(motion);
    let drag = gtk::GestureDrag::new();
    // Before the heading takes the press for a click.
    drag.set_propagation_phase(gtk::PropagationPhase::Capture);
    let from = std::rc::Rc::new(std::cell::Cell::new(None));
    let (weak, begin) = (table.downgrade(), from.clone());
    drag.connect_drag_begin(move |drag, x, y| {
        let edge = weak.upgrade().and_then(|table| edge_at(&table, x, y));
        begin.set(edge);
        let state = if edge.is_some() { gtk::EventSequenceState::Claimed } else { gtk::EventSequenceState::Denied };
        drag.set_state(state);
    });
    let weak = table.downgrade();
    drag.connect_drag_update(move |_, x, _| {
        if let (Some(table), Some(place)) = (weak.upgrade(), from.get()) {
            table.resize_column(place.column, place.width + x as i32);
        }
    });
    table.add_controller(drag);
}

/// The column whose right edge is here.
fn edge_at(table: &Table, x: f64, y: f64) -> Option<Place> {
    if y >= f64::from(table.imp().headings.borrow().height()) {
        return None;
    }
    table.imp().edges().into_iter().find(|place| (f64::from(place.x + place.width) - x).abs() <= EDGE)
}

impl Headings {
    /// Their height in pixels, with the line below.
    pub fn height(&self) -> i32 {
        let tallest = self.buttons.iter().map(|(_, button, _)| button.preferred_size().0.height()).max();
        tallest.unwrap_or_default() + i32::from(self.line.is_some())
    }

    /// The first of them, before which the rows stand among the table's children.
    pub fn first(&self) -> Option<&gtk::Button> {
        self.buttons.first().map(|(_, button, _)| button)
    }

    /// Shows which columns there are and which one sorts.
    pub fn update(&self, table: &Table) {
        let layout = table.layout();
        for (column, button, arrow) in &self.buttons {
            button.set_visible(layout.shown.contains(column));
            let sorts = layout.order.column == *column;
            arrow.set_visible(sorts);
            arrow.set_icon_name(Some(if layout.order.descending { "pan-down-symbolic" } else { "pan-up-symbolic" }));
        }
    }

    /// Puts them over their columns.
    pub fn allocate(&self, places: &[Place], left: i32, height: i32) {
        for (column, button, _) in &self.buttons {
            if let Some(place) = places.iter().find(|p| p.column == *column) {
                let _ = button.preferred_size();
                let area = gtk::Allocation::new(place.x - left, 0, place.width, height - 1);
                button.size_allocate(&area, -1);
            }
        }
        if let Some(line) = &self.line {
            let end = places.last().map_or(0, |p| p.x + p.width);
            let _ = line.preferred_size();
            line.size_allocate(&gtk::Allocation::new(0, height - 1, end.max(1), 1), -1);
        }
        if let Some(menu) = &self.menu {
            menu.present();
        }
    }

    /// Draws them.
    pub fn snapshot(&self, table: &Table, snapshot: &gtk::Snapshot) {
        for (_, button, _) in &self.buttons {
            table.snapshot_child(button, snapshot);
        }
        if let Some(line) = &self.line {
            table.snapshot_child(line, snapshot);
        }
    }

    /// Takes them off the table.
    pub fn unparent(self) {
        for (_, button, _) in self.buttons {
            button.unparent();
        }
        if let Some(line) = self.line {
            line.unparent();
        }
        if let Some(menu) = self.menu {
            menu.unparent();
        }
    }
}
