//! One task as a row of the panel.
use gtk::prelude::*;

use super::view::TaskView;
use super::{Outcome, Task, TaskId};

/// The row and what it shows.
pub struct TaskRow {
    pub root: gtk::ListBoxRow,
    view: TaskView,
}

impl TaskRow {
    /// A task that has just begun.
    pub fn new(task: Task) -> Self {
        let view = TaskView::new(task);
        let root = gtk::ListBoxRow::builder().child(&view.widget).activatable(false).selectable(false).build();
        let row = Self { root, view };
        row.rank(1);
        row
    }

    /// Whether it goes on.
    pub fn runs(&self) -> bool {
        self.view.runs()
    }

    /// Whether it failed.
    pub fn failed(&self) -> bool {
        matches!(self.view.outcome(), Some(Outcome::Failed(_)))
    }

    /// Whether it is this task.
    pub fn is(&self, id: TaskId) -> bool {
        self.view.id() == id
    }

    /// Shows the latest progress.
    pub fn look(&mut self) {
        self.view.look();
    }

    /// Shows how it ended.
    pub fn end(&mut self, outcome: Outcome) {
        self.rank(if matches!(outcome, Outcome::Failed(_)) { 0 } else { 2 });
        self.view.end(outcome);
    }

    /// The list sorts rows by their widget names: failed, running, finished; the newest first.
    fn rank(&self, rank: u8) {
        self.root.set_widget_name(&format!("{rank}-{:020}", u64::MAX - self.view.id().0));
        self.root.changed();
    }
}
