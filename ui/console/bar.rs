//! The slim bar at the console's top edge: shown while the pointer is there, or while one of its buttons has the focus.
use std::cell::Cell;
use std::rc::Rc;

use adw::prelude::*;
use gtk::{gio, glib};

use super::keys;
use super::view::Input;
use crate::i18n::gettext;

/// The bar shows when the pointer comes this near to the edge, and hides when it is this far away (px).
const NEAR: f64 = 8.0;
const FAR: f64 = 72.0;

/// The bar: all buttons side by side, or where that is too wide, two by two. What changes in one is changed in both.
pub struct Bar {
    pub revealer: gtk::Revealer,
    squeezer: adw::Squeezer,
    layouts: [Layout; 2],
    /// The pointer is at the edge.
    near: Rc<Cell<bool>>,
}

/// One arrangement of the buttons, and those whose words change.
struct Layout {
    grid: gtk::Grid,
    send: gtk::MenuButton,
    full_screen: gtk::Button,
    detach: gtk::Button,
}

impl Layout {
    /// `columns` buttons in each row; `send` takes what they ask for.
    fn new(columns: i32, send: &relm4::Sender<Input>) -> Self {
        let grid = gtk::Grid::new();
        for class in ["osd", "toolbar", "console-bar"] {
            grid.add_css_class(class);
        }
        let keys = menu_button(&gettext("Send keys"), &keys_menu());
        let scale = menu_button(&gettext("Scale"), &scale_menu());
        let (full_screen, detach) = (flat_button(), flat_button());
        let sender = send.clone();
        full_screen.connect_clicked(move |_| sender.emit(Input::ToggleFullScreen));
        let sender = send.clone();
        detach.connect_clicked(move |_| sender.emit(Input::ToggleDetached));
        let all: [&gtk::Widget; 4] =
            [keys.upcast_ref(), scale.upcast_ref(), full_screen.upcast_ref(), detach.upcast_ref()];
        for (at, button) in (0..).zip(all) {
            grid.attach(button, at % columns, at / columns, 1, 1);
        }
        Self { grid, send: keys, full_screen, detach }
    }
}

impl Bar {
    /// Makes the bar; `send` takes what its buttons ask for.
    pub fn new(send: relm4::Sender<Input>) -> Self {
        let layouts = [4, 2].map(|columns| Layout::new(columns, &send));
        let squeezer = adw::Squeezer::builder().homogeneous(false).build();
        for layout in &layouts {
            squeezer.add(&layout.grid);
        }
        squeezer.insert_action_group("console", Some(&actions(send)));
        let revealer = gtk::Revealer::builder()
            .child(&squeezer)
            .halign(gtk::Align::Center)
            .valign(gtk::Align::Start)
            .transition_type(gtk::RevealerTransitionType::SlideDown)
            .build();
        let bar = Self { revealer, squeezer, layouts, near: Rc::default() };
        bar.show(false, false);
        bar
    }

    /// What the toggles would do now.
    pub fn show(&self, detached: bool, full_screen: bool) {
        for layout in &self.layouts {
            let words = if full_screen { gettext("Leave full screen") } else { gettext("Full screen") };
            layout.full_screen.set_label(&words);
            let words = if detached { gettext("Back to the main window") } else { gettext("Own window") };
            layout.detach.set_label(&words);
            layout.detach.set_visible(!full_screen);
        }
    }

    /// Without a live picture, no keys can be sent.
    pub fn set_live(&self, live: bool) {
        for layout in &self.layouts {
            layout.send.set_sensitive(live);
        }
    }

    /// Puts the keyboard's focus into the bar.
    pub fn focus(&self) {
        self.revealer.set_reveal_child(true);
        let shown = self.squeezer.visible_child();
        if let Some(layout) = self.layouts.iter().find(|layout| shown.as_ref() == Some(layout.grid.upcast_ref())) {
            layout.send.grab_focus();
        }
    }

    /// The focus went back to the picture: without the pointer here, the bar goes.
    pub fn retreat(&self) {
        self.revealer.set_reveal_child(self.near.get());
    }

    /// Follows the pointer over `area`, whose upper edge the bar lies at.
    pub fn follow(&self, area: &impl IsA<gtk::Widget>) {
        let motion = gtk::EventControllerMotion::new();
        let near = Rc::clone(&self.near);
        let revealer = self.revealer.downgrade();
        let update = move |y: f64| {
            let Some(revealer) = revealer.upgrade() else { return };
            // Where the buttons are two by two, they reach further down.
            let far = FAR.max(f64::from(revealer.height()) + NEAR);
            near.set(y <= if near.get() { far } else { NEAR });
            revealer.set_reveal_child(near.get() || revealer.state_flags().contains(gtk::StateFlags::FOCUS_WITHIN));
        };
        let moved = update.clone();
        motion.connect_motion(move |_, _, y| moved(y));
        motion.connect_leave(move |_| update(f64::INFINITY));
        area.add_controller(motion);
    }
}

fn flat_button() -> gtk::Button {
    gtk::Button::builder().css_classes(["flat"]).build()
}

fn menu_button(label: &str, menu: &gio::Menu) -> gtk::MenuButton {
    gtk::MenuButton::builder().label(label).menu_model(menu).build()
}

fn keys_menu() -> gio::Menu {
    let menu = gio::Menu::new();
    for (index, (label, _)) in (0_i32..).zip(keys::combinations()) {
        let item = gio::MenuItem::new(Some(&label), None);
        item.set_action_and_target_value(Some("console.send"), Some(&index.to_variant()));
        menu.append_item(&item);
    }
    menu
}

fn scale_menu() -> gio::Menu {
    let menu = gio::Menu::new();
    for (label, fit) in [(gettext("Scale to fit"), true), (gettext("Original size"), false)] {
        let item = gio::MenuItem::new(Some(&label), None);
        item.set_action_and_target_value(Some("console.fit"), Some(&fit.to_variant()));
        menu.append_item(&item);
    }
    menu
}

fn actions(sender: relm4::Sender<Input>) -> gio::SimpleActionGroup {
    let group = gio::SimpleActionGroup::new();
    let send = gio::SimpleAction::new("send", Some(glib::VariantTy::INT32));
    let to = sender.clone();
    send.connect_activate(move |_, index| {
        let index = index.and_then(glib::Variant::get::<i32>).and_then(|index| usize::try_from(index).ok());
        if let Some((_, keysyms)) = index.and_then(|index| keys::combinations().into_iter().nth(index)) {
            to.emit(Input::SendKeys(keysyms));
        }
    });
    let fit = gio::SimpleAction::new_stateful("fit", Some(glib::VariantTy::BOOLEAN), &true.to_variant());
    fit.connect_activate(move |action, value| {
        if let Some(fit) = value.and_then(glib::Variant::get::<bool>) {
            action.set_state(&fit.to_variant());
            sender.emit(Input::Fit(fit));
        }
    });
    group.add_action(&send);
    group.add_action(&fit);
    group
}
