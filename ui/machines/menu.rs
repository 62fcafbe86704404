//! The list's context menu: by the pointer at a row, by the menu key at the focus.
use gtk::prelude::*;
use gtk::{gdk, graphene};

use crate::actions::{Actions, context_menu};

/// The menu, as a popover of the whole list.
pub struct ContextMenu {
    popover: gtk::PopoverMenu,
}

impl ContextMenu {
    /// The menu below this widget, which has a layout manager and the action group.
    pub fn new(root: &gtk::Box) -> Self {
        let popover = gtk::PopoverMenu::from_model(Some(&context_menu()));
        popover.set_parent(root);
        popover.set_has_arrow(false);
        popover.set_halign(gtk::Align::Start);
        root.connect_destroy({
            let popover = popover.clone();
            move |_| popover.unparent()
        });
        Self { popover }
    }

    /// Opens at a place of a widget inside the list.
    pub fn open_at(&self, widget: &impl IsA<gtk::Widget>, x: f64, y: f64, actions: &Actions) {
        let Some(root) = self.popover.parent() else { return };
        let point = widget.compute_point(&root, &graphene::Point::new(x as f32, y as f32));
        self.open(point.map(|p| gdk::Rectangle::new(p.x() as i32, p.y() as i32, 1, 1)), actions);
    }

    /// Opens below what has the focus.
    pub fn open_at_focus(&self, actions: &Actions) {
        let Some(root) = self.popover.parent() else { return };
        let focus = root.root().and_then(|r| RootExt::focus(&r));
        let bounds = focus.and_then(|w| w.compute_bounds(&root));
        let place = bounds.map(|b| gdk::Rectangle::new(b.x() as i32 + 40, b.y() as i32, 1, b.height() as i32));
        self.open(place, actions);
    }

    fn open(&self, place: Option<gdk::Rectangle>, actions: &Actions) {
        self.popover.set_pointing_to(place.as_ref());
        self.popover.popup();
        actions.explain_menu(&self.popover);
    }
}
