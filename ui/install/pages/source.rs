//! Step 1: on which host, and where the install tree lies.
use std::cell::RefCell;

use adw::prelude::*;
use drover::finding;

use super::page;
use crate::i18n::gettext;
use crate::install::field::{Field, Pen, fill_drop_down, group, row_with, text_button};
use crate::install::form::Edit;
use crate::install::state::State;
use crate::install::wizard::Msg;
use crate::widgets::icon_button::icon_menu_button;

/// What is typed nine times of ten looks like this.
const EXAMPLE: &str = "nfs:10.1.1.22:/soft/rhel5_source";

pub struct Page {
    pub page: adw::PreferencesPage,
    host: Field<gtk::DropDown>,
    location: Field<gtk::Entry>,
    shown_hosts: RefCell<Vec<(String, Option<String>)>>,
}

impl Page {
    pub fn new(pen: &Pen, recent: &[String]) -> Self {
        let host = Field::<gtk::DropDown>::new("GtkDropDown", &gettext("_Host"));
        let picked = pen.clone();
        host.control.connect_selected_notify(move |drop| picked.send(Msg::Host(drop.selected())));
        let location = Field::entry(&gettext("Install _tree"), pen, Edit::Location);
        location.control.set_placeholder_text(Some(EXAMPLE));
        if !recent.is_empty() {
            location.line.append(&recent_button(pen, recent));
        }
        let buttons = gtk::Box::builder().spacing(6).homogeneous(true).build();
        buttons.append(&button(&gettext("_Browse NFS…"), pen, || Msg::BrowseNfs));
        buttons.append(&button(&gettext("_Local folder…"), pen, || Msg::BrowseFolder));
        let where_row = row_with(&buttons);
        let host_group = group(&gettext("Where is the machine to run?"), "", &[&host.row]);
        let tree_group = group(
            &gettext("Where is the installer?"),
            &gettext("An install tree on an NFS or web server, or in a folder of this computer"),
            &[&location.row, &where_row],
        );
        Self { page: page(&[&host_group, &tree_group]), host, location, shown_hosts: RefCell::default() }
    }

    /// Where the cursor starts.
    pub fn first(&self) -> gtk::Widget {
        self.location.control.clone().upcast()
    }

    pub fn show(&self, state: &State) {
        let hosts: Vec<_> = state.hosts.iter().map(|h| (h.name.clone(), h.trouble.clone())).collect();
        if *self.shown_hosts.borrow() != hosts {
            fill_drop_down(&self.host.control, &hosts);
            self.shown_hosts.replace(hosts);
        }
        let selected = state.host.and_then(|i| u32::try_from(i).ok()).unwrap_or(gtk::INVALID_LIST_POSITION);
        if self.host.control.selected() != selected {
            self.host.control.set_selected(selected);
        }
        self.location.set(&state.form.location);
        self.host.say(&state.says(finding::Field::Host));
        self.location.say(&state.says(finding::Field::Source));
    }
}

fn button(label: &str, pen: &Pen, msg: impl Fn() -> Msg + 'static) -> gtk::Button {
    let button = text_button(label);
    let pen = pen.clone();
    button.connect_clicked(move |_| pen.send(msg()));
    button
}

/// A menu of the locations that were used before.
fn recent_button(pen: &Pen, recent: &[String]) -> gtk::MenuButton {
    let list = gtk::Box::new(gtk::Orientation::Vertical, 0);
    let popover = gtk::Popover::builder().child(&list).build();
    popover.add_css_class("menu");
    for text in recent {
        let label = gtk::Label::builder().label(text).xalign(0.0).build();
        label.set_ellipsize(gtk::pango::EllipsizeMode::Middle);
        label.set_max_width_chars(48);
        let item = gtk::Button::builder().child(&label).build();
        item.add_css_class("flat");
        let (pen, text, popover) = (pen.clone(), text.clone(), popover.downgrade());
        item.connect_clicked(move |_| {
            if let Some(popover) = popover.upgrade() {
                popover.popdown();
            }
            pen.send(Msg::Location(text.clone()));
        });
        list.append(&item);
    }
    let button = icon_menu_button("document-open-recent-symbolic", &gettext("Recent locations"));
    button.set_popover(Some(&popover));
    button
}
