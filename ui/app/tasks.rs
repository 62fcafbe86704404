//! Long jobs: each runs on a worker thread and shows in the activity panel.
use drover::Error;
use drover::task::Cancel;
use gtk::glib;
use relm4::{ComponentController, ComponentSender};

use super::{App, AppMsg, show_details};
use crate::activity::{Outcome, Reporter, Task, TaskId, TaskMsg};
use crate::errors::{self, Said};
use crate::i18n::{gettext, gettext_f};
use crate::migrate::live::Extras;

/// The results of commands.
#[derive(Debug)]
pub enum Done {
    /// The save of this turn.
    Saved(u64, Result<(), String>),
    Acted {
        what: String,
        outcome: Outcome,
    },
    Task {
        id: TaskId,
        what: String,
        outcome: Outcome,
    },
}

/// A passing message; with details it has a button that shows them.
#[derive(Clone, Debug)]
pub struct Toast {
    pub text: String,
    pub details: Option<Said>,
}

impl Toast {
    /// A message without details.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), details: None }
    }
}

/// What a job is called, and where it runs.
pub struct Job {
    pub what: String,
    pub place: String,
}

impl App {
    /// Runs a job that may take long. It shows in the activity panel; a failure also as a toast. Gives back its task.
    pub(super) fn run_task(
        &mut self,
        sender: &ComponentSender<Self>,
        job: Job,
        run: impl FnOnce(&Reporter, &Cancel) -> drover::Result<()> + Send + 'static,
    ) -> Task {
        self.run_many(sender, job, move |reporter, cancel| outcome(run(reporter, cancel)))
    }

    /// The same for a job of many parts, which words its outcome by itself.
    pub(super) fn run_many(
        &mut self,
        sender: &ComponentSender<Self>,
        job: Job,
        run: impl FnOnce(&Reporter, &Cancel) -> Outcome + Send + 'static,
    ) -> Task {
        let task = self.begin_task(job, None);
        self.spawn_task(sender, &task, run);
        task
    }

    /// Shows a job in the activity panel before it does anything.
    pub(super) fn begin_task(&mut self, job: Job, migration: Option<Extras>) -> Task {
        self.tasks += 1;
        self.running += 1;
        let id = TaskId(self.tasks);
        let task = Task {
            id,
            what: job.what,
            place: job.place,
            reporter: Reporter::default(),
            cancel: Some(Cancel::default()),
            migration,
        };
        self.activity.emit(TaskMsg::Begin(task.clone()));
        task
    }

    /// Carries a job out on a worker thread.
    pub(super) fn spawn_task(
        &self,
        sender: &ComponentSender<Self>,
        task: &Task,
        run: impl FnOnce(&Reporter, &Cancel) -> Outcome + Send + 'static,
    ) {
        let (id, what, reporter) = (task.id, task.what.clone(), task.reporter.clone());
        let cancel = task.cancel.clone().unwrap_or_default();
        sender.spawn_oneshot_command(move || Done::Task { id, what, outcome: run(&reporter, &cancel) });
    }

    /// Shows a passing message.
    pub(super) fn toast(&self, toast: Toast, root: &adw::ApplicationWindow) {
        let shown = adw::Toast::new(&glib::markup_escape_text(&toast.text));
        // The toast's own label would be cut off where it is narrow.
        let label = gtk::Label::builder().label(&toast.text).wrap(true).natural_wrap_mode(gtk::NaturalWrapMode::None);
        shown.set_custom_title(Some(&label.xalign(0.0).css_classes(["heading"]).build()));
        if let Some(said) = toast.details {
            shown.set_button_label(Some(&gettext("Details")));
            shown.set_timeout(0);
            let root = root.clone();
            shown.connect_button_clicked(move |_| show_details(&root, &said));
        }
        self.toasts.add_toast(shown);
    }

    /// A job has ended.
    pub(super) fn end_task(&mut self, id: TaskId, what: &str, outcome: Outcome, sender: &ComponentSender<Self>) {
        self.running = self.running.saturating_sub(1);
        let is_shown = self.end_install(id, &outcome);
        self.end_migration(id, &outcome, sender);
        if let Outcome::Failed(said) = &outcome
            && !is_shown
        {
            sender.input(AppMsg::Toast(failed(what, said)));
        }
        self.activity.emit(TaskMsg::End(id, outcome));
    }
}

fn outcome(result: drover::Result<()>) -> Outcome {
    match result {
        Ok(()) => Outcome::Done,
        Err(Error::Cancelled) => Outcome::Cancelled,
        Err(e) => Outcome::Failed(errors::error(&e)),
    }
}

/// "Install node2 failed: …", with the rest behind Details.
pub fn failed(what: &str, said: &Said) -> Toast {
    let first = said.body.lines().next().unwrap_or_default();
    Toast { text: gettext_f("{what} failed: {why}", &[("what", what), ("why", first)]), details: Some(said.clone()) }
}
