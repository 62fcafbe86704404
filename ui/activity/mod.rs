//! The activity panel: every long job with what, where, progress, rate, time left, cancel and result.
mod panel;
mod progress;
mod row;
mod view;

use std::sync::{Arc, Mutex, PoisonError};

use drover::task::{Cancel, Progress};

use crate::errors::Said;

pub use panel::Panel;
pub use progress::step as step_name;
pub use view::TaskView;

/// Between two looks at what runs.
pub const LOOK: std::time::Duration = std::time::Duration::from_millis(250);

/// Which task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId(pub u64);

/// Where a job leaves its progress; the panel looks four times a second, however often a job reports.
#[derive(Clone, Debug, Default)]
pub struct Reporter(Arc<Mutex<Option<Progress>>>);

impl Reporter {
    /// From any thread.
    pub fn report(&self, progress: Progress) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(progress);
    }

    fn latest(&self) -> Option<Progress> {
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
}

/// How a job ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    Done,
    Cancelled,
    Failed(Said),
}

/// What the panel is told.
#[derive(Debug)]
pub enum TaskMsg {
    Begin(Task),
    End(TaskId, Outcome),
    /// Look at the progress of what runs.
    Look,
    /// Forget what has finished.
    Clear,
}
