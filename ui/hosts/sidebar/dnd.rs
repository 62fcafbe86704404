//! Machines dragged over the hosts of the sidebar, and pasted onto them.
use std::cell::RefCell;
use std::rc::Rc;

use drover::host::HostId;
use drover::migrate::board::Takes;
use gtk::glib;
use gtk::prelude::*;
use relm4::Sender;

use super::SidebarOut;
use super::row::HostRow;
use crate::migrate::drag::{self, Anchor, Spot};

/// Lets machines be dropped and pasted onto the list's hosts.
pub fn connect(
    list: &gtk::ListBox,
    rows: &Rc<RefCell<Vec<HostRow>>>,
    scrolled: &gtk::Adjustment,
    output: &Sender<SidebarOut>,
) {
    let (weak, all, to) = (list.downgrade(), rows.clone(), output.clone());
    let at = move |_, y: f64| spot(&weak.upgrade()?.row_at_y(y as i32)?, &all.borrow());
    let again = drag::target(list, at, move |act| drop(to.send(SidebarOut::Drag(act))));
    // The pointer rests while the hosts move below it: its place in the list is another one, until it moves again.
    scrolled.connect_value_changed(move |_| again());
    let (all, to) = (rows.clone(), output.clone());
    let paste = gtk::CallbackAction::new(move |list, _| {
        let focused = list.root().and_then(|root| root.focus());
        let host: Option<HostId> =
            all.borrow().iter().find(|row| focused.as_ref() == Some(row.root.upcast_ref())).map(|row| row.id.clone());
        match host.map(|host| to.send(SidebarOut::Paste(host))) {
            Some(_) => glib::Propagation::Stop,
            None => glib::Propagation::Proceed,
        }
    });
    let keys = gtk::ShortcutController::new();
    keys.add_shortcut(gtk::Shortcut::new(gtk::ShortcutTrigger::parse_string("<Control>v"), Some(paste)));
    let to = output.clone();
    let uncut = gtk::CallbackAction::new(move |_, _| {
        let _ = to.send(SidebarOut::Uncut);
        glib::Propagation::Proceed
    });
    keys.add_shortcut(gtk::Shortcut::new(gtk::ShortcutTrigger::parse_string("Escape"), Some(uncut)));
    list.add_controller(keys);
}

fn spot(row: &gtk::ListBoxRow, rows: &[HostRow]) -> Option<Spot> {
    let host = rows.iter().find(|host| host.root == *row)?;
    let whole = row.allocation();
    let anchor = Anchor::new(row, [0, 0, whole.width(), whole.height()]);
    Some(Spot { host: host.id.clone(), anchor, takes: host.sign().is_none_or(|sign| sign.takes != Takes::Here) })
}
