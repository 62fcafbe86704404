//! A menu at an entry's end: what the host has, to pick instead of typing.
use std::cell::RefCell;
use std::rc::Rc;

use gtk::glib;
use gtk::prelude::*;

use super::field::{Field, Pen};
use super::form::Edit;
use crate::widgets::icon_button::icon_menu_button;

/// The most that a menu shows; what is beyond is typed.
const MOST: usize = 300;

/// What picking an item means, given the item and what stands in the entry.
type Meaning = dyn Fn(&str, &str) -> Edit;

/// The menu's button.
pub struct Picks {
    button: gtk::MenuButton,
    entry: glib::WeakRef<gtk::Entry>,
    pen: Pen,
    edit: Rc<Meaning>,
    shown: RefCell<Vec<String>>,
}

impl Picks {
    /// A menu named `label` at the end of a field.
    pub fn new(label: &str, field: &Field<gtk::Entry>, pen: &Pen, edit: impl Fn(&str, &str) -> Edit + 'static) -> Self {
        let button = icon_menu_button("pan-down-symbolic", label);
        button.set_visible(false);
        field.line.append(&button);
        let entry = field.control.downgrade();
        Self { button, entry, pen: pen.clone(), edit: Rc::new(edit), shown: RefCell::default() }
    }

    /// Offers these; without any, there is no menu.
    pub fn show(&self, items: &[String]) {
        self.button.set_visible(!items.is_empty());
        if self.shown.borrow().as_slice() == items {
            return;
        }
        self.shown.replace(items.to_vec());
        let list = gtk::Box::new(gtk::Orientation::Vertical, 0);
        let scrolled = gtk::ScrolledWindow::builder()
            .child(&list)
            .hscrollbar_policy(gtk::PolicyType::Never)
            .propagate_natural_height(true)
            .propagate_natural_width(true)
            .max_content_height(320)
            .build();
        let popover = gtk::Popover::builder().child(&scrolled).css_classes(["menu"]).build();
        for item in items.iter().take(MOST) {
            let button = gtk::Button::builder().label(item).css_classes(["flat"]).build();
            if let Some(label) = button.child().and_downcast::<gtk::Label>() {
                label.set_xalign(0.0);
                label.set_max_width_chars(48);
                label.set_ellipsize(gtk::pango::EllipsizeMode::Middle);
            }
            let (pen, edit, item) = (self.pen.clone(), self.edit.clone(), item.clone());
            let (popover, entry) = (popover.downgrade(), self.entry.clone());
            button.connect_clicked(move |_| {
                if let Some((popover, entry)) = popover.upgrade().zip(entry.upgrade()) {
                    pen.edit(edit(&item, &entry.text()));
                    popover.popdown();
                    entry.grab_focus();
                }
            });
            list.append(&button);
        }
        self.button.set_popover(Some(&popover));
    }
}
