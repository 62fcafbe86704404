//! The list of steps at the left of the New-machine window.
use adw::prelude::*;

use super::field::Pen;
use super::form::Step;
use super::state::State;
use super::wizard::Msg;
use crate::i18n::gettext;

/// The list and its rows' ticks.
pub struct Steps {
    pub widget: gtk::ListBox,
    ticks: Vec<gtk::Image>,
}

impl Steps {
    pub fn new(pen: &Pen) -> Self {
        let widget = gtk::ListBox::builder().selection_mode(gtk::SelectionMode::Browse).width_request(190).build();
        widget.add_css_class("navigation-sidebar");
        let ticks = Step::ALL.iter().map(|step| {
            let line = gtk::Box::builder().spacing(12).build();
            line.append(&gtk::Label::builder().label(step_name(*step)).xalign(0.0).hexpand(true).build());
            let tick = gtk::Image::new();
            line.append(&tick);
            widget.append(&gtk::ListBoxRow::builder().child(&line).build());
            tick
        });
        let ticks = ticks.collect();
        let pen = pen.clone();
        widget.connect_row_selected(move |_, row| {
            let step = row.and_then(|r| usize::try_from(r.index()).ok()).and_then(|i| Step::ALL.get(i));
            if let Some(step) = step {
                pen.send(Msg::Go(*step));
            }
        });
        Self { widget, ticks }
    }

    /// Ticks what is complete and marks what stands in the way on a step that was seen.
    pub fn show(&self, state: &State) {
        for (step, tick) in Step::ALL.iter().zip(&self.ticks) {
            let (icon, class) = if state.is_complete(*step) {
                ("emblem-ok-symbolic", "success")
            } else if state.visited[step.index()] && *step != state.step && state.is_blocked(*step) {
                ("dialog-warning-symbolic", "warning")
            } else {
                ("", "dim-label")
            };
            tick.set_icon_name(Some(icon).filter(|i| !i.is_empty()));
            tick.set_css_classes(&[class]);
        }
        let row = i32::try_from(state.step.index()).ok().and_then(|i| self.widget.row_at_index(i));
        if self.widget.selected_row() != row {
            self.widget.select_row(row.as_ref());
        }
    }
}

/// A step's name.
pub fn step_name(step: Step) -> String {
    match step {
        Step::Source => gettext("Source"),
        Step::System => gettext("System"),
        Step::Unattended => gettext("Unattended"),
        Step::Disk => gettext("Disk"),
        Step::Network => gettext("Network"),
        Step::Summary => gettext("Summary"),
    }
}
