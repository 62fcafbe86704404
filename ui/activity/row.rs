//! One task as a row of the panel.
use gtk::prelude::*;
use relm4::Sender;

use super::view::TaskView;
use super::{Outcome, Task, TaskId};
use crate::migrate::queue::QueueAct;

const FAILED: u8 = 0;
const RUNS: u8 = 1;
const WAITS: u8 = 2;
const FINISHED: u8 = 3;

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
        let row = Self { root, view };
        row.rank(RUNS, u64::MAX - row.id().0);
        row
    }

    fn id(&self) -> TaskId {
        self.view.id()
    }

    /// Shows that it waits and so many are before it, or that it does not.
    pub fn wait(&mut self, before: Option<usize>) {
        if self.view.wait(before) {
            match before {
                Some(before) => self.rank(WAITS, before as u64),
                None => self.rank(RUNS, u64::MAX - self.id().0),
            }
        }
    }

    /// Shows the latest progress.
    pub fn look(&mut self) {
        self.view.look();
    }

    /// Shows how it ended.
    pub fn end(&mut self, outcome: Outcome) {
        let rank = if matches!(outcome, Outcome::Failed(_)) { FAILED } else { FINISHED };
        self.rank(rank, u64::MAX - self.id().0);
        self.view.end(outcome);
    }

    /// The list sorts rows by their widget names: failed, running, waiting, finished; the newest first, but for the queue.
    fn rank(&self, rank: u8, within: u64) {
        self.root.set_widget_name(&format!("{rank}-{within:020}"));
        self.root.changed();
    }
}
