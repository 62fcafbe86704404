//! One task as widgets: what, where, progress, rate, time left, cancel and result. The panel and a new machine's page hold it.
use std::time::Instant;

use drover::task::{Cancel, Step};
use gtk::glib;
use gtk::prelude::*;
use relm4::Sender;

use super::progress::Meter;
use super::{Outcome, Task, TaskId};
use crate::app::show_details;
use crate::i18n::gettext;
use crate::migrate::live::Live;
use crate::migrate::queue::QueueAct;
use crate::widgets::icon_button::icon_button;

/// The widgets and the meter of one task.
pub struct TaskView {
    pub widget: gtk::Box,
    task: Task,
    meter: Meter,
    outcome: Option<Outcome>,
    /// How many are before it, while it waits for its turn.
    before: Option<usize>,
    bar: gtk::ProgressBar,
    words: gtk::Label,
    live: Option<Live>,
    sooner: gtk::Button,
    stop: gtk::Button,
    retry: gtk::Button,
    details: gtk::Button,
}

impl TaskView {
    /// A task that has just begun. What a person does to the queue of migrations goes to `queue`.
    pub fn new(task: Task, queue: Option<&Sender<QueueAct>>) -> Self {
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
        let (retry, details) = (button(gettext("Try again")), button(gettext("Details")));
        let sooner = icon_button("go-up-symbolic", &gettext("Start it sooner"));
        sooner.set_valign(gtk::Align::Center);
        for button in [&sooner, &retry, &details] {
            button.set_visible(false);
        }
        if let Some(queue) = queue.filter(|_| task.migration.is_some()) {
            let on = |button: &gtk::Button, act| {
                let queue = queue.clone();
                button.connect_clicked(move |_| {
                    let _ = queue.send(act);
                });
            };
            on(&sooner, QueueAct::Sooner(task.id));
            on(&stop, QueueAct::Stop(task.id));
            on(&retry, QueueAct::Retry(task.id));
        }
        let line = gtk::Box::builder().spacing(12).build();
        line.append(&text);
        for button in [&sooner, &stop, &retry, &details] {
            line.append(button);
        }
        let widget = gtk::Box::builder().orientation(gtk::Orientation::Vertical).spacing(6).build();
        widget.set_margin_top(9);
        widget.set_margin_bottom(9);
        widget.set_margin_start(12);
        widget.set_margin_end(12);
        widget.append(&line);
        let live = task.migration.clone().map(Live::new);
        if let Some(live) = &live {
            widget.append(&live.widget);
        }
        let (meter, outcome, before) = (Meter::default(), None, None);
        Self { widget, task, meter, outcome, before, bar, words, live, sooner, stop, retry, details }
    }

    /// Which task it is.
    pub fn id(&self) -> TaskId {
        self.task.id
    }

    /// Whether it goes on.
    pub fn runs(&self) -> bool {
        self.outcome.is_none()
    }

    /// The step that was seen last.
    pub fn step(&self) -> Option<Step> {
        self.meter.step()
    }

    /// Shows that it waits for its turn and whether it may start sooner, or that its turn has come.
    pub fn wait(&mut self, before: Option<usize>) {
        if self.before == before {
            return;
        }
        self.before = before;
        self.bar.set_visible(before.is_none());
        self.sooner.set_visible(before.is_some_and(|n| n > 0));
        self.look();
    }

    /// Shows the latest progress.
    pub fn look(&mut self) {
        if let Some(report) = self.task.reporter.latest() {
            self.meter.look(report.progress, Instant::now());
            if let Some(live) = &mut self.live {
                live.look(&report);
            }
        }
        match self.meter.fraction() {
            Some(fraction) => self.bar.set_fraction(fraction),
            None => self.bar.pulse(),
        }
        // The rows' order tells how many are before it: a number here would lay all of them out anew at each step.
        let words = if self.before.is_some() { gettext("Waits for its turn") } else { self.meter.words() };
        if self.words.label() != words {
            self.words.set_label(&words);
        }
    }

    /// Shows how it ended.
    pub fn end(&mut self, outcome: Outcome) {
        self.bar.set_visible(false);
        self.stop.set_visible(false);
        self.sooner.set_visible(false);
        if let Some(live) = &self.live {
            live.end();
        }
        match &outcome {
            Outcome::Done => self.words.set_label(&gettext("✔ Done")),
            Outcome::Noted(words) => self.words.set_label(&format!("✔ {words}")),
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
        let again = matches!(outcome, Outcome::Failed(_) | Outcome::Cancelled);
        self.retry.set_visible(again && self.task.migration.is_some());
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
