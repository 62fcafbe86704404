//! The activity panel: every long job with what, where, progress, rate, time left, cancel and result.
mod panel;
mod progress;
mod row;
mod tasks;
mod view;

use std::sync::{Arc, Mutex, PoisonError};

use drover::migrate::job::Figures;
use drover::migrate::run;
use drover::task::{Cancel, Progress, Step};

use crate::errors::Said;
use crate::migrate::live::Extras;

pub use panel::Panel;
pub use progress::{span, step as step_name};
pub use view::TaskView;

/// Between two looks at what runs.
pub const LOOK: std::time::Duration = std::time::Duration::from_millis(250);

/// Which task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId(pub u64);

/// What a job says of itself; a migration has the hypervisor's figures.
#[derive(Clone, Copy, Debug)]
pub struct Report {
    pub progress: Progress,
    pub figures: Option<Figures>,
}

impl From<Progress> for Report {
    fn from(progress: Progress) -> Self {
        Self { progress, figures: None }
    }
}

impl From<run::Progress> for Report {
    fn from(of: run::Progress) -> Self {
        let progress = Progress { step: Step::Migrate(of.step), done: of.done, total: of.total };
        Self { progress, figures: of.figures }
    }
}

/// Where a job leaves its progress; the panel looks four times a second, however often a job reports.
#[derive(Clone, Debug, Default)]
pub struct Reporter(Arc<Mutex<Option<Report>>>);

impl Reporter {
    /// From any thread.
    pub fn report(&self, report: impl Into<Report>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(report.into());
    }

    /// What was said last.
    pub fn latest(&self) -> Option<Report> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A job that begins.
#[derive(Clone, Debug)]
pub struct Task {
    pub id: TaskId,
    /// "Install node2".
    pub what: String,
    /// The host.
    pub place: String,
    pub reporter: Reporter,
    /// `None` for a job that can't be stopped.
    pub cancel: Option<Cancel>,
    /// For a migration: what its row has beside others.
    pub migration: Option<Extras>,
}

/// How a job ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    Done,
    /// Done, and this is to be known.
    Noted(String),
    Cancelled,
    Failed(Said),
}

/// What the panel is told.
#[derive(Debug)]
pub enum TaskMsg {
    Begin(Task),
    End(TaskId, Outcome),
    /// These migrations wait, in this order; whether the queue is held.
    Queue(Vec<TaskId>, bool),
    /// Show it no more: it is tried again.
    Drop(TaskId),
    /// Make the rows what the tasks are; again while some are missing.
    Rows,
    /// Show more of the tasks that are not shown.
    More,
    /// Look at the progress of what runs.
    Look,
    /// Forget what has finished.
    Clear,
}
