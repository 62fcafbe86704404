//! One task as widgets: what, where, progress, rate, time left, cancel and result. The panel and a new machine's page hold it.
use std::time::Instant;

use drover::task::{Cancel, Step};
use gtk::glib;
use gtk::prelude::*;

use super::progress::Meter;
use super::{Outcome, Task, TaskId};
use crate::app::show_details;
use crate::i18n::gettext;

/// The widgets and the meter of one task.
pub struct TaskView {
    pub widget: gtk::Box,
    task: Task,
    meter: Meter,
    outcome: Option<Outcome>,
    bar: gtk::ProgressBar,
    words: gtk::Label,
    stop: gtk::Button,
    details: gtk::Button,
}

impl TaskView {
    /// A task that has just begun.
    pub fn new(task: Task) -> Self {
        let label = |text: &str, classes: &[&str]| {
            let label = gtk::Label::builder().label(text).xalign(0.0).wrap(true).css_classes(classes.to_vec());
            label.wrap_mode(gtk::pango::WrapMode::WordChar).build()
        };
        let what = label(&task.what, &["heading"]);
        let place = label(&task.place, &["caption", "dim-label"]);
        place.set_visible(!task.place.is_empty());
        let words = label("", &["caption", "numeric"]);
        let bar = gtk::ProgressBar::new();
        let text = gtk::Box::builder().orientation(gtk::Orientation::Vertical).spacing(3).hexpand(true).build();
        for widget in [what.upcast_ref::<gtk::Widget>(), place.upcast_ref(), bar.upcast_ref(), words.upcast_ref()] {
            text.append(widget);
        }
        let button = |words: String| gtk::Button::builder().label(words).valign(gtk::Align::Center).build();
        let stop = button(gettext("Cancel"));
        stop.set_visible(task.cancel.is_some());
        if let Some(cancel) = &task.cancel {
            connect_stop(&stop, cancel);
        }
        let details = button(gettext("Details"));
        details.set_visible(false);
        let widget =
            gtk::Box::builder().spacing(12).margin_top(9).margin_bottom(9).margin_start(12).margin_end(12).build();
        widget.append(&text);
        widget.append(&stop);
        widget.append(&details);
        Self { widget, task, meter: Meter::default(), outcome: None, bar, words, stop, details }
    }

    /// Which task it is.
    pub fn id(&self) -> TaskId {
        self.task.id
    }

    /// Whether it goes on.
    pub fn runs(&self) -> bool {
        self.outcome.is_none()
    }

    /// How it ended, if it has.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// The step that was seen last.
    pub fn step(&self) -> Option<Step> {
        self.meter.step()
    }

    /// Shows the latest progress.
    pub fn look(&mut self) {
        if let Some(progress) = self.task.reporter.latest() {
            self.meter.look(progress, Instant::now());
        }
        match self.meter.fraction() {
            Some(fraction) => self.bar.set_fraction(fraction),
            None => self.bar.pulse(),
        }
        let words = self.meter.words();
        if self.words.label() != words {
            self.words.set_label(&words);
        }
    }

    /// Shows how it ended.
    pub fn end(&mut self, outcome: Outcome) {
        self.bar.set_visible(false);
        self.stop.set_visible(false);
        match &outcome {
            Outcome::Done => self.words.set_label(&gettext("✔ Done")),
            Outcome::Cancelled => self.words.set_label(&gettext("Cancelled")),
            Outcome::Failed(said) => {
                self.words.set_label(&format!("✖ {}: {}", said.title, said.body));
                self.words.add_css_class("task-failed");
                self.details.set_visible(true);
                let said = said.clone();
                self.details.connect_clicked(move |button| {
                    if let Some(window) = button.root().and_downcast::<gtk::Window>() {
                        show_details(&window, &said);
                    }
                });
            }
        }
        self.outcome = Some(outcome);
    }
}

fn connect_stop(stop: &gtk::Button, cancel: &Cancel) {
    let cancel = cancel.clone();
    stop.connect_clicked(move |stop| {
        cancel.cancel();
        stop.set_label(&gettext("Cancelling…"));
        // The click is still being handled: an insensitive button would lose the focus in mid-press.
        let stop = stop.clone();
        glib::idle_add_local_once(move || stop.set_sensitive(false));
    });
}
