//! The bar below the list: how many machines are selected, and what can be done to them.
use gtk::prelude::*;

use crate::actions::{Actions, Command, menu};
use crate::i18n::{gettext, ngettext_f};
use crate::widgets::icon_button::{icon_button, icon_menu_button};

/// Buttons of the selection, with words where there is room. They do the actions of the group that an ancestor has.
pub struct SelectionBar {
    pub widget: adw::Squeezer,
    counts: Vec<gtk::Label>,
    buttons: Vec<(Command, gtk::Button)>,
    menus: Vec<gtk::MenuButton>,
}

impl SelectionBar {
    /// The bar for nothing selected.
    pub fn new() -> Self {
        let widget = adw::Squeezer::builder().homogeneous(false).build();
        let mut bar = Self { widget, counts: Vec::new(), buttons: Vec::new(), menus: Vec::new() };
        bar.add(true);
        bar.add(false);
        bar
    }

    fn add(&mut self, words: bool) {
        use Command as C;
        let line = gtk::Box::builder().spacing(6).build();
        line.set_margin_top(6);
        line.set_margin_bottom(6);
        line.set_margin_start(6);
        line.set_margin_end(6);
        let count = gtk::Label::builder().css_classes(["heading", "numeric"]).margin_start(6).margin_end(6).build();
        line.append(&count);
        let start = button(C::Start, "media-playback-start-symbolic", words);
        let pause = button(C::Pause, "media-playback-pause-symbolic", words);
        let off = button(C::ShutDown, "system-shutdown-symbolic", words);
        let off_menu = icon_menu_button("pan-down-symbolic", &gettext("Other ways to stop"));
        off_menu.set_menu_model(Some(&menu(&[&[C::ShutDown, C::Reboot], &[C::Save], &[C::Reset, C::ForceOff]])));
        let linked = gtk::Box::builder().css_classes(["linked"]).build();
        linked.append(&off);
        linked.append(&off_menu);
        let migrate = button(C::Migrate, "drover-migrate-symbolic", words);
        let delete = button(C::Delete, "user-trash-symbolic", words);
        let more = icon_menu_button("view-more-symbolic", &gettext("More actions"));
        more.set_menu_model(Some(&menu(&[
            &[C::Open],
            &[C::Resume, C::Restore, C::SaveTo],
            &[C::AutostartOn, C::AutostartOff],
            &[C::Rename],
        ])));
        more.set_halign(gtk::Align::End);
        more.set_hexpand(true);
        line.append(&start);
        line.append(&linked);
        line.append(&pause);
        line.append(&migrate);
        line.append(&delete);
        line.append(&more);
        self.widget.add(&line);
        self.counts.push(count);
        self.buttons.extend([(C::Start, start), (C::Pause, pause), (C::ShutDown, off)]);
        self.buttons.extend([(C::Migrate, migrate), (C::Delete, delete)]);
        self.menus.extend([off_menu, more]);
    }

    /// Shows the number, and the reasons of what can't be done.
    pub fn update(&self, selected: usize, actions: &Actions) {
        for count in &self.counts {
            count.set_text(&ngettext_f("{n} selected", "{n} selected", selected as u64, &[]));
        }
        for (command, button) in &self.buttons {
            actions.explain(button, *command);
        }
    }

    /// The buttons that open menus; their entries get reasons when they open.
    pub fn menus(&self) -> &[gtk::MenuButton] {
        &self.menus
    }
}

fn button(command: Command, icon: &str, words: bool) -> gtk::Button {
    let button = icon_button(icon, &command.label());
    if words {
        button.set_child(Some(&adw::ButtonContent::builder().icon_name(icon).label(command.label()).build()));
    }
    button.set_action_name(Some(&command.action()));
    button
}
