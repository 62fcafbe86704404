//! One row of the table: draws the cells of a machine or the line of a host itself.
//!
//! A widget per cell would be ten times as many widgets; what is drawn here is laid out again only where its text is
//! another one, so that a tick of figures or a key in the search field costs little.
use std::cell::{Cell as StdCell, RefCell};
use std::rc::Rc;

use gtk::glib;
use gtk::prelude::*;
use gtk::subclass::prelude::*;

use super::draw;
use super::geometry::Place;
use crate::i18n::gettext;
use crate::machines::cells::{Content, Kind};
use crate::widgets::accessible;

/// Called with the row whose "Try now" was clicked.
pub type Retry = Rc<dyn Fn(&TableRow)>;

mod imp {
    use super::*;

    #[derive(Default)]
    pub struct TableRow {
        pub content: RefCell<Option<Content>>,
        pub places: RefCell<Rc<[Place]>>,
        /// How much of the row can be seen, from its left edge: a host's words end there.
        pub seen: StdCell<i32>,
        /// Laid out texts by column; then those of a host.
        pub texts: RefCell<draw::Texts>,
        pub retry: RefCell<Option<gtk::Button>>,
        pub on_retry: RefCell<Option<super::Retry>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for TableRow {
        const NAME: &'static str = "DroverTableRow";
        type Type = super::TableRow;
        type ParentType = gtk::Widget;

        fn class_init(class: &mut Self::Class) {
            class.set_css_name("row");
            class.set_accessible_role(gtk::AccessibleRole::Row);
        }
    }

    impl ObjectImpl for TableRow {
        fn constructed(&self) {
            self.parent_constructed();
            let row = self.obj();
            row.set_overflow(gtk::Overflow::Hidden);
            row.set_has_tooltip(true);
            row.connect_query_tooltip(|row, x, _, _, tooltip| {
                let text = row.tooltip_at(x);
                tooltip.set_text(text.as_deref());
                text.is_some()
            });
        }

        fn dispose(&self) {
            if let Some(button) = self.retry.take() {
                button.unparent();
            }
        }
    }

    impl WidgetImpl for TableRow {
        fn measure(&self, _: gtk::Orientation, _: i32) -> (i32, i32, i32, i32) {
            // The table says how large a row is; this lets the button be measured before it is allocated.
            if let Some(button) = &*self.retry.borrow() {
                let _ = button.measure(gtk::Orientation::Horizontal, -1);
            }
            (0, 0, -1, -1)
        }

        fn size_allocate(&self, _: i32, height: i32, _: i32) {
            if let Some(button) = self.retry.borrow().as_ref().filter(|b| b.is_child_visible()) {
                let (_, size) = button.preferred_size();
                let x = self.seen.get() - size.width() - draw::PAD;
                let y = (height - size.height()) / 2;
                button.size_allocate(&gtk::Allocation::new(x, y, size.width(), size.height()), -1);
            }
        }

        fn snapshot(&self, snapshot: &gtk::Snapshot) {
            if let Some(content) = &*self.content.borrow() {
                let right = match &*self.retry.borrow() {
                    Some(button) if button.is_child_visible() => button.width() + 2 * draw::PAD,
                    _ => draw::PAD,
                };
                let (row, mut texts) = (self.obj(), self.texts.borrow_mut());
                let pen = draw::Pen::new(row.upcast_ref(), snapshot, &mut texts);
                pen.row(content, &self.places.borrow(), self.seen.get() - right);
            }
            if let Some(button) = &*self.retry.borrow() {
                self.obj().snapshot_child(button, snapshot);
            }
        }
    }
}

glib::wrapper! {
    /// The widget of a row; it shows one row after another as the table scrolls.
    pub struct TableRow(ObjectSubclass<imp::TableRow>)
        @extends gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget;
}

impl TableRow {
    /// An empty row; `on_retry` is called when its "Try now" is clicked.
    pub fn new(on_retry: Retry) -> Self {
        let row: Self = glib::Object::new();
        row.imp().on_retry.replace(Some(on_retry));
        row
    }

    /// Shows this; nothing is done for what it shows already.
    pub fn set_content(&self, content: Content) {
        let imp = self.imp();
        if imp.content.borrow().as_ref() == Some(&content) {
            return;
        }
        imp.texts.borrow_mut().forget_changed(imp.content.borrow().as_ref(), &content);
        accessible::set_label(self, &content.spoken);
        let host = match &content.kind {
            Kind::Host(line) => Some(line),
            Kind::Machine { .. } => None,
        };
        accessible::set_expanded(self, host.map(|line| !line.folded));
        if host.is_some() {
            self.add_css_class("host");
        } else {
            self.remove_css_class("host");
        }
        self.offer_retry(host.is_some_and(|line| line.retry));
        imp.content.replace(Some(content));
        self.queue_draw();
    }

    /// Columns stand elsewhere, or another part of the row is seen.
    pub fn set_places(&self, places: &Rc<[Place]>, seen: i32) {
        let imp = self.imp();
        if Rc::ptr_eq(&imp.places.borrow(), places) && imp.seen.get() == seen {
            return;
        }
        imp.places.replace(places.clone());
        imp.seen.set(seen);
        imp.texts.borrow_mut().forget();
        self.queue_draw();
    }

    /// Selected or not.
    pub fn set_selected(&self, selected: bool) {
        if self.state_flags().contains(gtk::StateFlags::SELECTED) != selected {
            if selected {
                self.set_state_flags(gtk::StateFlags::SELECTED, false);
            } else {
                self.unset_state_flags(gtk::StateFlags::SELECTED);
            }
            accessible::set_selected(self, selected);
        }
    }

    /// Whether machines that are dragged hang over it.
    pub fn set_below_drag(&self, below: bool) {
        if below {
            self.add_css_class("below-drag");
        } else {
            self.remove_css_class("below-drag");
        }
    }

    /// On screen or put aside; then a screen reader doesn't come by either.
    pub fn lend(&self, lent: bool) {
        if self.is_child_visible() != lent {
            self.set_child_visible(lent);
            accessible::set_hidden(self, !lent);
        }
    }

    fn offer_retry(&self, offer: bool) {
        let imp = self.imp();
        if offer && imp.retry.borrow().is_none() {
            let button = gtk::Button::with_label(&gettext("Try now"));
            button.set_parent(self);
            let row = self.downgrade();
            button.connect_clicked(move |_| {
                let Some(row) = row.upgrade() else { return };
                let on_retry = row.imp().on_retry.borrow().clone();
                if let Some(on_retry) = on_retry {
                    on_retry(&row);
                }
            });
            imp.retry.replace(Some(button));
        }
        if let Some(button) = &*imp.retry.borrow()
            && button.is_child_visible() != offer
        {
            button.set_child_visible(offer);
            button.set_visible(offer);
            self.queue_allocate();
        }
    }

    /// The whole text of what is cut off under the pointer, and all that a host's line says.
    fn tooltip_at(&self, x: i32) -> Option<String> {
        let imp = self.imp();
        let content = imp.content.borrow();
        let content = content.as_ref()?;
        if let Kind::Host(line) = &content.kind {
            // Machines hang over it: they show all that matters now.
            if line.sign.is_some() {
                return None;
            }
            return Some(format!("{}\n{}\n{}", line.name, line.address, line.status));
        }
        let places = imp.places.borrow();
        let column = places.iter().position(|p| (p.x..p.x + p.width).contains(&x))?;
        let cell = content.cells.get(column)?;
        if !imp.texts.borrow().is_cut(column) {
            return None;
        }
        Some(cell.aside.iter().fold(cell.text.clone(), |text, aside| format!("{text}\n{aside}")))
    }

    /// What it shows; for tests.
    #[cfg(test)]
    pub fn content(&self) -> Option<Content> {
        self.imp().content.borrow().clone()
    }
}
