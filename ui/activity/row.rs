//! One task as a row of the panel.
use relm4::Sender;

use super::tasks::Entry;
use super::view::TaskView;
use super::{Task, TaskId};
use crate::migrate::queue::QueueAct;

/// The row and what it shows.
pub struct TaskRow {
    pub root: gtk::ListBoxRow,
    view: TaskView,
}

impl TaskRow {
    /// A task that has just begun; what is done to the queue goes to `queue`.
    pub fn new(task: Task, queue: &Sender<QueueAct>) -> Self {
        let view = TaskView::new(task, Some(queue));
        let root = gtk::ListBoxRow::builder().child(&view.widget).activatable(false).selectable(false).build();
        Self { root, view }
    }

    /// Which task it is.
    pub fn id(&self) -> TaskId {
        self.view.id()
    }

    /// Shows whether it waits, and how it ended.
    pub fn show(&mut self, entry: &Entry) {
        if !self.view.runs() {
            return;
        }
        self.view.wait(entry.before);
        if let Some(outcome) = &entry.outcome {
            self.view.end(outcome.clone());
        }
    }

    /// Shows the latest progress, if it runs.
    pub fn look(&mut self) {
        if self.view.runs() {
            self.view.look();
        }
    }
}
