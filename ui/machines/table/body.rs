//! The table's widget: scrolls, and lends its few row widgets to the rows on screen.
use std::cell::{Cell, OnceCell, RefCell};
use std::ops::Range;
use std::rc::Rc;

use drover::inventory::Inventory;
use gtk::prelude::*;
use gtk::subclass::prelude::*;
use gtk::{glib, graphene};

use super::Event;
use super::draw::Heights;
use super::geometry::{Columns, Place, Tops};
use super::header::Headings;
use super::lend::Lent;
use crate::machines::columns::Layout;
use crate::machines::model::Model;
use crate::machines::rows::RowId;

/// Where the rows come from and what is done in them goes.
pub struct Source {
    pub model: Rc<RefCell<Model>>,
    pub inventory: Rc<RefCell<Inventory>>,
    pub on_event: Rc<dyn Fn(Event)>,
}

#[derive(glib::Properties)]
#[properties(wrapper_type = super::Table)]
pub struct Table {
    #[property(override_interface = gtk::Scrollable, get, set = Self::set_hadjustment)]
    hadjustment: RefCell<Option<gtk::Adjustment>>,
    #[property(override_interface = gtk::Scrollable, get, set = Self::set_vadjustment)]
    pub vadjustment: RefCell<Option<gtk::Adjustment>>,
    #[property(override_interface = gtk::Scrollable, get, set, builder(gtk::ScrollablePolicy::Minimum))]
    hscroll_policy: Cell<gtk::ScrollablePolicy>,
    #[property(override_interface = gtk::Scrollable, get, set, builder(gtk::ScrollablePolicy::Minimum))]
    vscroll_policy: Cell<gtk::ScrollablePolicy>,
    handlers: RefCell<[Option<glib::SignalHandlerId>; 2]>,
    pub source: OnceCell<Source>,
    pub columns: RefCell<Columns>,
    pub headings: RefCell<Headings>,
    places: RefCell<Rc<[Place]>>,
    pub heights: Cell<Heights>,
    pub tops: RefCell<Tops>,
    pub lent: RefCell<Vec<Lent>>,
    /// The row at the upper edge and how far it is scrolled out, to stay there while rows come and go above it.
    at_top: RefCell<Option<(RowId, i32)>>,
    /// We move an adjustment ourselves.
    adjusting: Cell<bool>,
    /// The part of the rows, in pixels, for which widgets are lent.
    covered: RefCell<Range<i32>>,
    /// Called when a person, or a drag at the edge, has scrolled.
    pub on_scroll: RefCell<Option<Rc<dyn Fn()>>>,
}

impl Default for Table {
    fn default() -> Self {
        Self {
            hadjustment: RefCell::default(),
            vadjustment: RefCell::default(),
            hscroll_policy: Cell::new(gtk::ScrollablePolicy::Minimum),
            vscroll_policy: Cell::new(gtk::ScrollablePolicy::Minimum),
            handlers: RefCell::default(),
            source: OnceCell::new(),
            columns: RefCell::new(Columns::new(&Layout::default())),
            headings: RefCell::default(),
            places: RefCell::new(Rc::new([])),
            heights: Cell::default(),
            tops: RefCell::default(),
            lent: RefCell::default(),
            at_top: RefCell::default(),
            adjusting: Cell::new(false),
            covered: RefCell::default(),
            on_scroll: RefCell::default(),
        }
    }
}

#[glib::object_subclass]
impl ObjectSubclass for Table {
    const NAME: &'static str = "DroverTable";
    type Type = super::Table;
    type ParentType = gtk::Widget;
    type Interfaces = (gtk::Scrollable,);

    fn class_init(class: &mut Self::Class) {
        class.set_css_name("machinetable");
        class.set_accessible_role(gtk::AccessibleRole::Table);
    }
}

#[glib::derived_properties]
impl ObjectImpl for Table {
    fn constructed(&self) {
        self.parent_constructed();
        self.obj().set_overflow(gtk::Overflow::Hidden);
    }

    fn dispose(&self) {
        self.headings.take().unparent();
        for lent in self.lent.take() {
            lent.widget.unparent();
        }
    }
}

impl ScrollableImpl for Table {}

impl WidgetImpl for Table {
    fn measure(&self, orientation: gtk::Orientation, _: i32) -> (i32, i32, i32, i32) {
        let natural = match orientation {
            gtk::Orientation::Horizontal => self.columns.borrow().places(0).iter().map(|p| p.width).sum(),
            _ => self.headings.borrow().height() + self.tops.borrow().total(),
        };
        (natural.min(120), natural, -1, -1)
    }

    fn size_allocate(&self, width: i32, height: i32, _: i32) {
        let places: Rc<[Place]> = self.columns.borrow().places(width).into();
        let total = places.last().map_or(width, |p| p.x + p.width);
        if *places != **self.places.borrow() {
            self.places.replace(places);
        }
        let head = self.headings.borrow().height();
        let page = (height - head).max(0);
        let left = self.configure(&self.hadjustment, width, total, 60);
        let step = self.heights.get().machine;
        let top = self.configure(&self.vadjustment, page, self.tops.borrow().total(), step);
        self.headings.borrow().allocate(&self.places.borrow(), left, head);
        self.place_rows(&Frame { left, top, head, width, total });
        self.remember_top(top);
        let covered = self.covered.borrow().clone();
        let font_changed = self.heights.get() != Heights::of(self.obj().upcast_ref());
        if font_changed || covered.start > top || covered.end < top + page {
            self.prepare_soon();
        }
    }

    fn snapshot(&self, snapshot: &gtk::Snapshot) {
        let table = self.obj();
        let head = self.headings.borrow().height() as f32;
        let (width, height) = (WidgetExt::width(&*table) as f32, WidgetExt::height(&*table) as f32);
        snapshot.push_clip(&graphene::Rect::new(0.0, head, width, (height - head).max(0.0)));
        for lent in self.lent.borrow().iter().filter(|lent| lent.row.is_some()) {
            table.snapshot_child(&lent.widget, snapshot);
        }
        snapshot.pop();
        self.headings.borrow().snapshot(&table, snapshot);
    }

    fn grab_focus(&self) -> bool {
        self.grab_cursor() || self.parent_grab_focus()
    }
}

/// So much of the rows is made ready before the window says how tall it is, in pixels.
const FIRST_PAGE: i32 = 640;

/// Where the rows are to be put.
struct Frame {
    left: i32,
    top: i32,
    head: i32,
    width: i32,
    total: i32,
}

impl Table {
    /// What [`super::Table::new`] was given.
    pub fn source(&self) -> Option<&Source> {
        self.source.get()
    }

    fn set_hadjustment(&self, adjustment: Option<gtk::Adjustment>) {
        self.adopt(0, &self.hadjustment, adjustment);
    }

    fn set_vadjustment(&self, adjustment: Option<gtk::Adjustment>) {
        self.adopt(1, &self.vadjustment, adjustment);
    }

    fn adopt(&self, which: usize, place: &RefCell<Option<gtk::Adjustment>>, adjustment: Option<gtk::Adjustment>) {
        let handler = self.handlers.borrow_mut()[which].take();
        if let Some((before, handler)) = place.take().zip(handler) {
            before.disconnect(handler);
        }
        if let Some(adjustment) = &adjustment {
            let table = self.obj().downgrade();
            let handler = adjustment.connect_value_changed(move |_| {
                if let Some(table) = table.upgrade().filter(|table| !table.imp().adjusting.get()) {
                    // A person scrolled: what was at the upper edge need not stay there.
                    table.imp().at_top.take();
                    table.imp().prepare();
                    table.queue_allocate();
                    let told = table.imp().on_scroll.borrow().clone();
                    if let Some(told) = told {
                        told();
                    }
                }
            });
            self.handlers.borrow_mut()[which] = Some(handler);
        }
        place.replace(adjustment);
        self.obj().queue_allocate();
    }

    /// The row at this height of the table, below the headings.
    pub fn index_at(&self, y: f64) -> Option<usize> {
        let top = self.vadjustment.borrow().as_ref().map_or(0.0, gtk::Adjustment::value);
        let head = f64::from(self.headings.borrow().height());
        if y < head { None } else { self.tops.borrow().at((y - head + top) as i32) }
    }

    /// The upper edge of a row in the table, though not above the headings, and its height.
    pub fn place_of(&self, index: usize) -> (i32, i32) {
        let top = self.vadjustment.borrow().as_ref().map_or(0, |a| a.value() as i32);
        let (head, edges) = (self.headings.borrow().height(), self.tops.borrow().row(index));
        ((head + edges.start - top).max(head), edges.end - edges.start)
    }

    /// How many rows fit into the window.
    pub fn rows_in_page(&self) -> i32 {
        let page = self.vadjustment.borrow().as_ref().map_or(0.0, gtk::Adjustment::page_size);
        (page as i32 / self.heights.get().machine.max(1) - 1).max(1)
    }

    /// Gets widgets and contents ready for the rows on screen. Never while GTK lays out: new widgets ask for a layout.
    pub fn prepare(&self) {
        let page = self.vadjustment.borrow().as_ref().map_or(0, |a| a.page_size() as i32);
        let page = if page > 0 { page } else { FIRST_PAGE };
        self.stay_at_top(page);
        let step = self.heights.get().machine;
        let top = self.configure(&self.vadjustment, page, self.tops.borrow().total(), step);
        // Some more, so that a window that is made taller has them at once.
        let covered = top..top + page + page / 4;
        self.covered.replace(covered.clone());
        let focus = self.has_row_focus();
        self.lend(covered);
        self.show_contents();
        if focus {
            self.grab_cursor();
        }
    }

    /// The same after this layout.
    fn prepare_soon(&self) {
        let table = self.obj().downgrade();
        glib::idle_add_local_full(glib::Priority::HIGH_IDLE, move || {
            if let Some(table) = table.upgrade() {
                table.rows_changed();
            }
            glib::ControlFlow::Break
        });
    }

    /// While rows come and go above it, the row at the upper edge stays there.
    fn stay_at_top(&self, page: i32) {
        let (Some(source), Some(adjustment)) = (self.source(), self.vadjustment.borrow().clone()) else { return };
        let Some((row, out)) = self.at_top.borrow().clone() else { return };
        let Some(index) = source.model.borrow().rows().iter().position(|other| *other == row) else { return };
        let y = f64::from(self.tops.borrow().row(index).start + out);
        self.adjusting.set(true);
        adjustment.set_upper(f64::from(self.tops.borrow().total().max(page)));
        adjustment.set_value(y);
        self.adjusting.set(false);
    }

    /// Tells an adjustment what there is; returns the place that is scrolled to, in pixels.
    fn configure(&self, adjustment: &RefCell<Option<gtk::Adjustment>>, page: i32, total: i32, step: i32) -> i32 {
        let Some(adjustment) = adjustment.borrow().clone() else { return 0 };
        let (page, upper) = (f64::from(page), f64::from(total.max(page)));
        let value = adjustment.value().clamp(0.0, upper - page);
        self.adjusting.set(true);
        adjustment.configure(value, 0.0, upper, f64::from(step), page * 0.9, page);
        self.adjusting.set(false);
        value as i32
    }

    fn remember_top(&self, top: i32) {
        // At the very top one stays there, whatever row comes.
        let index = if top > 0 { self.tops.borrow().at(top) } else { None };
        let row = index.and_then(|i| {
            let row = self.source()?.model.borrow().rows().get(i)?.clone();
            Some((row, top - self.tops.borrow().row(i).start))
        });
        self.at_top.replace(row);
    }

    fn place_rows(&self, frame: &Frame) {
        let Some(source) = self.source() else { return };
        let model = source.model.borrow();
        let (rows, tops, places) = (model.rows(), self.tops.borrow(), self.places.borrow().clone());
        let first = tops.at(frame.top).unwrap_or_default();
        for lent in self.lent.borrow().iter() {
            let Some(row) = &lent.row else { continue };
            lent.widget.set_places(&places, frame.width.min(frame.total));
            // Those on screen stand close behind the first of them.
            let near = rows.iter().skip(first).position(|other| other == row).map(|i| i + first);
            let Some(index) = near.or_else(|| rows.iter().position(|other| other == row)) else { continue };
            let edges = tops.row(index);
            let y = frame.head + edges.start - frame.top;
            let area = gtk::Allocation::new(-frame.left, y, frame.total, edges.end - edges.start);
            // GTK wants to have measured what it allocates.
            let _ = lent.widget.measure(gtk::Orientation::Horizontal, -1);
            lent.widget.size_allocate(&area, -1);
        }
    }

    /// The columns that can be dragged at their right edge, as they stand on screen.
    pub fn edges(&self) -> Vec<Place> {
        let left = self.hadjustment.borrow().as_ref().map_or(0, |a| a.value() as i32);
        self.places.borrow().iter().map(|place| Place { x: place.x - left, ..*place }).collect()
    }
}
