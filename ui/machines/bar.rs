//! The bar below the list: how many machines are selected, and what can be done to them.
use gtk::prelude::*;

use crate::actions::{Actions, Command, menu};
use crate::i18n::{gettext, ngettext_f};
use crate::widgets::icon_button::icon_menu_button;

/// Buttons of the selection. They do the actions of the group that an ancestor has.
pub struct SelectionBar {
    pub widget: gtk::Box,
    count: gtk::Label,
    buttons: Vec<(Command, gtk::Widget)>,
    menus: Vec<gtk::MenuButton>,
}

impl SelectionBar {
    /// The bar for nothing selected.
    pub fn new() -> Self {
        use Command as C;
        let widget = gtk::Box::builder().spacing(6)
            .margin_top(6)
            .margin_bottom(6)
            .margin_start(6)
            .margin_end(6)
            .build();
        let count = gtk::Label::builder().css_classes(["heading", "numeric"]).margin_start(6).margin_end(6).build();
        widget.append(&count);
        let start = button(C::Start, "media-playback-start-symbolic");
        let pause = button(C::Pause, "media-playback-pause-symbolic");
        let off = button(C::ShutDown, "system-shutdown-symbolic");
        let off_menu = icon_menu_button("pan-down-symbolic", &gettext("Other ways to stop"));
        off_menu.set_menu_model(Some(&menu(&[&[C::ShutDown, C::Reboot], &[C::Save], &[C::Reset, C::ForceOff]])));
        let linked = gtk::Box::new(gtk::Orientation::Horizontal, 0);
        linked.add_css_class("linked");
        linked.append(&off);
        linked.append(&off_menu);
        let delete = button(C::Delete, "user-trash-symbolic");
        let more = icon_menu_button("view-more-symbolic", &gettext("More actions"));
        more.set_menu_model(Some(&menu(&[
            &[C::Open],
            &[C::Resume, C::SaveTo],
            &[C::AutostartOn, C::AutostartOff],
            &[C::Rename],
        ])));
        more.set_halign(gtk::Align::End);
        more.set_hexpand(true);
        widget.append(&start);
        widget.append(&linked);
        widget.append(&pause);
        widget.append(&delete);
        widget.append(&more);
        let buttons = [(C::Start, &start), (C::Pause, &pause), (C::ShutDown, &off), (C::Delete, &delete)];
        let buttons = buttons.map(|(c, b)| (c, b.clone().upcast())).to_vec();
        Self { widget, count, buttons, menus: vec![off_menu, more] }
    }

    /// Shows the number, and the reasons of what can't be done.
    pub fn update(&self, selected: usize, actions: &Actions) {
        self.count.set_text(&ngettext_f("{n} selected", "{n} selected", selected as u64, &[]));
        for (command, button) in &self.buttons {
            actions.explain(button, *command);
        }
    }

    /// The buttons that open menus; their entries get reasons when they open.
    pub fn menus(&self) -> &[gtk::MenuButton] {
        &self.menus
    }
}

fn button(command: Command, icon: &str) -> gtk::Button {
    let content = adw::ButtonContent::builder().icon_name(icon).label(command.label()).build();
    gtk::Button::builder().child(&content).action_name(command.action()).build()
}
