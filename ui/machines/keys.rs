//! The keys of the list, beside those of the actions: menu, folding, search.
use gtk::glib;
use gtk::prelude::*;
use relm4::Sender;

use super::messages::{Carry, MachineListMsg};

/// While a row has the focus.
pub fn of_rows(list: &Sender<MachineListMsg>) -> gtk::ShortcutController {
    let keys = gtk::ShortcutController::new();
    // Before the view itself, which would take Left and Right to move the focus.
    keys.set_propagation_phase(gtk::PropagationPhase::Capture);
    keys.add_shortcut(key("Menu|<Shift>F10", list, || MachineListMsg::MenuAtFocus));
    keys.add_shortcut(key("Left", list, || MachineListMsg::Unfold(false)));
    keys.add_shortcut(key("Right", list, || MachineListMsg::Unfold(true)));
    keys.add_shortcut(key("<Control>x", list, || MachineListMsg::Carry(Carry::Cut)));
    keys.add_shortcut(key("<Control>v", list, || MachineListMsg::Carry(Carry::Paste)));
    keys.add_shortcut(key("Escape", list, || MachineListMsg::Carry(Carry::Escape)));
    keys
}

/// While the focus is anywhere in the list.
pub fn of_list(list: &Sender<MachineListMsg>) -> gtk::ShortcutController {
    let keys = gtk::ShortcutController::new();
    keys.add_shortcut(key("<Control>f", list, || MachineListMsg::FocusSearch));
    keys
}

fn key(trigger: &str, list: &Sender<MachineListMsg>, message: fn() -> MachineListMsg) -> gtk::Shortcut {
    let list = list.clone();
    let action = gtk::CallbackAction::new(move |_, _| {
        let _ = list.send(message());
        glib::Propagation::Stop
    });
    gtk::Shortcut::new(gtk::ShortcutTrigger::parse_string(trigger), Some(action))
}
