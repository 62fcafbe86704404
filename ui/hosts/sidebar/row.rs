//! One host in the sidebar: shape and word of its state, its name, how many machines, its load, and its menu.
use std::time::SystemTime;

use drover::host::{HostId, LinkState};
use drover::inventory::{HostEntry, Inventory};
use gtk::prelude::*;
use gtk::{gdk, gio, glib};
use relm4::Sender;

use super::{HostAct, SidebarOut};
use crate::hosts::link;
use crate::i18n::gettext;
use crate::migrate::sign::Sign;
use crate::widgets::accessible;

/// The widgets of one host.
pub struct HostRow {
    pub id: HostId,
    pub root: gtk::ListBoxRow,
    mark: gtk::Label,
    name: gtk::Label,
    state: gtk::Label,
    load: gtk::LevelBar,
    actions: gio::SimpleActionGroup,
    /// What the host says to machines that are dragged, in place of how many it has: rows must not grow below the pointer.
    sign: Option<Sign>,
}

impl HostRow {
    /// An empty row; fill it with [`HostRow::show`].
    pub fn new(id: HostId, output: &Sender<SidebarOut>) -> Self {
        let mark = gtk::Label::builder().css_classes(["host-mark"]).valign(gtk::Align::Start).build();
        let name = gtk::Label::builder().xalign(0.0).ellipsize(gtk::pango::EllipsizeMode::End).build();
        let state = gtk::Label::builder()
            .xalign(0.0)
            .wrap(true)
            .lines(2)
            .ellipsize(gtk::pango::EllipsizeMode::End)
            .css_classes(["caption", "dim-label", "numeric"])
            .build();
        let load = gtk::LevelBar::builder().css_classes(["load-bar"]).min_value(0.0).max_value(100.0).build();
        for level in ["low", "high", "full"] {
            load.remove_offset_value(Some(level));
        }
        let text = gtk::Box::builder().orientation(gtk::Orientation::Vertical).spacing(3).hexpand(true).build();
        text.append(&name);
        text.append(&state);
        // The bar's place stays where there is no load to show: hosts must not move below somebody's pointer.
        let place = gtk::Box::builder().css_classes(["load-bar"]).build();
        load.set_hexpand(true);
        place.append(&load);
        text.append(&place);
        let line = gtk::Box::builder().spacing(6).margin_top(3).margin_bottom(3).build();
        line.append(&mark);
        line.append(&text);
        let root = gtk::ListBoxRow::builder().child(&line).build();
        let actions = actions(&id, output);
        root.insert_action_group("host", Some(&actions));
        attach_menu(&root);
        Self { id, root, mark, name, state, load, actions, sign: None }
    }

    /// Shows the host as it is now.
    pub fn show(&self, inventory: &Inventory, host: &HostEntry, now: SystemTime) {
        self.name.set_label(&inventory.label(&host.id));
        self.show_link(host, now);
        let percent = host.load.cpu_percent.filter(|_| host.link == LinkState::Up);
        self.load.set_visible(percent.is_some());
        self.load.set_value(f64::from(percent.unwrap_or_default()));
        self.enable("connect", link::can_retry(&host.link));
        self.enable("disconnect", host.link != LinkState::Closed);
        self.enable("new-machine", host.link == LinkState::Up);
        self.enable("restore", host.link == LinkState::Up);
        self.enable("bring-back", host.link == LinkState::Up);
        self.enable("evacuate", host.link == LinkState::Up && host.total() > 0);
    }

    /// Only what the link says: this changes by the second while a lost host is retried.
    pub fn show_link(&self, host: &HostEntry, now: SystemTime) {
        let mark = link::mark(&host.link);
        self.mark.set_label(mark.shape);
        self.mark.set_css_classes(&["host-mark", mark.class]);
        let state = match (&host.link, host.load.cpu_percent) {
            (LinkState::Up, Some(percent)) => format!("{} · {percent:.0} %", link::machines(host.total())),
            (LinkState::Up, None) => link::machines(host.total()),
            (down, _) => link::sentence(down, now),
        };
        self.state.set_label(self.sign.as_ref().map_or(&state, |sign| &sign.text));
        let tip = match link::advice(&host.link) {
            Some(advice) => format!("{}\n{state}\n{advice}", host.id.as_str()),
            None => format!("{}\n{}", host.id.as_str(), link::word(&host.link)),
        };
        if self.root.tooltip_text().as_deref() != Some(&tip) {
            self.root.set_tooltip_text(Some(&tip));
        }
    }

    /// What it says to machines that are dragged.
    pub fn sign(&self) -> Option<&Sign> {
        self.sign.as_ref()
    }

    /// The line below its name; for tests.
    #[cfg(test)]
    pub fn state_text(&self) -> String {
        self.state.label().into()
    }

    /// Shows this sign from the next [`HostRow::show_link`] on.
    pub fn set_sign(&mut self, sign: Option<Sign>) {
        for (shown, before) in [(false, &self.sign), (true, &sign)] {
            let class = before.as_ref().map(Sign::class).unwrap_or("dim-label");
            if shown { self.state.add_css_class(class) } else { self.state.remove_css_class(class) }
        }
        accessible::set_description(&self.root, sign.as_ref().map_or("", |sign| &sign.text));
        // It would lie on the next hosts.
        self.root.set_has_tooltip(sign.is_none());
        self.sign = sign;
    }

    /// Whether machines that are dragged hang over it.
    pub fn set_below_drag(&self, below: bool) {
        if below {
            self.root.add_css_class("below-drag");
        } else {
            self.root.remove_css_class("below-drag");
        }
    }

    fn enable(&self, name: &str, on: bool) {
        if let Some(action) = self.actions.lookup_action(name).and_downcast::<gio::SimpleAction>() {
            action.set_enabled(on);
        }
    }
}

fn actions(id: &HostId, output: &Sender<SidebarOut>) -> gio::SimpleActionGroup {
    let group = gio::SimpleActionGroup::new();
    let all = [
        ("page", HostAct::Page),
        ("new-machine", HostAct::NewMachine),
        ("restore", HostAct::Restore),
        ("evacuate", HostAct::Evacuate),
        ("bring-back", HostAct::BringBack),
        ("connect", HostAct::Connect),
        ("disconnect", HostAct::Disconnect),
        ("remove", HostAct::Remove),
    ];
    for (name, act) in all {
        let action = gio::SimpleAction::new(name, None);
        let (id, output) = (id.clone(), output.clone());
        action.connect_activate(move |_, _| output.emit(SidebarOut::Act(id.clone(), act)));
        group.add_action(&action);
    }
    group
}

/// Right click, the menu key and Shift+F10 open it; it is made when it is wanted first.
fn attach_menu(row: &gtk::ListBoxRow) {
    let click = gtk::GestureClick::builder().button(gdk::BUTTON_SECONDARY).build();
    click.connect_pressed(glib::clone!(
        #[weak]
        row,
        move |_, _, x, y| popup(&row, Some((x, y)))
    ));
    row.add_controller(click);
    let keys = gtk::ShortcutController::new();
    for trigger in ["Menu", "<Shift>F10"] {
        let open = gtk::CallbackAction::new(|row, _| {
            if let Some(row) = row.downcast_ref() {
                popup(row, None);
            }
            glib::Propagation::Stop
        });
        keys.add_shortcut(gtk::Shortcut::new(gtk::ShortcutTrigger::parse_string(trigger), Some(open)));
    }
    row.add_controller(keys);
}

fn popup(row: &gtk::ListBoxRow, at: Option<(f64, f64)>) {
    let menu = gio::Menu::new();
    let first = gio::Menu::new();
    first.append(Some(&gettext("Host page")), Some("host.page"));
    first.append(Some(&gettext("New machine…")), Some("host.new-machine"));
    first.append(Some(&gettext("Start from a saved file…")), Some("host.restore"));
    first.append(Some(&gettext("Evacuate…")), Some("host.evacuate"));
    first.append(Some(&gettext("Bring back…")), Some("host.bring-back"));
    let second = gio::Menu::new();
    second.append(Some(&gettext("Connect now")), Some("host.connect"));
    second.append(Some(&gettext("Disconnect")), Some("host.disconnect"));
    let third = gio::Menu::new();
    third.append(Some(&gettext("Remove from the list")), Some("host.remove"));
    for section in [first, second, third] {
        menu.append_section(None, &section);
    }
    let popover = gtk::PopoverMenu::from_model(Some(&menu));
    popover.set_parent(row);
    popover.set_has_arrow(false);
    popover.set_halign(gtk::Align::Start);
    if let Some((x, y)) = at {
        #[allow(clippy::cast_possible_truncation)]
        popover.set_pointing_to(Some(&gdk::Rectangle::new(x as i32, y as i32, 1, 1)));
    }
    // The action runs after the popover closed: unparent it only then.
    popover.connect_closed(|popover| {
        let popover = popover.clone();
        glib::idle_add_local_once(move || popover.unparent());
    });
    popover.popup();
}
