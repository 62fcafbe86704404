//! The tasks of the panel, and which of them it shows in which order (pure).
use super::{Outcome, Task, TaskId};

/// So many rows are shown at first, and more by so many: an evacuation begins hundreds of tasks, and all rows are laid out
/// at once when the panel opens, where five of them have room.
pub const SOME: usize = 15;

/// A task and what is known of it.
pub struct Entry {
    pub task: Task,
    /// How many are before it, while it waits for its turn.
    pub before: Option<usize>,
    pub outcome: Option<Outcome>,
}

/// All tasks since the last clearing, the oldest first.
pub struct Tasks {
    all: Vec<Entry>,
    /// So many are shown, beside those that run.
    most: usize,
}

impl Default for Tasks {
    fn default() -> Self {
        Self { all: Vec::new(), most: SOME }
    }
}

impl Entry {
    /// Whether it goes on, or waits to.
    pub fn runs(&self) -> bool {
        self.outcome.is_none()
    }

    /// Failed, running, waiting, finished; the newest first, but for the queue.
    fn rank(&self) -> (u8, u64) {
        let newest = u64::MAX - self.task.id.0;
        match (&self.outcome, self.before) {
            (Some(Outcome::Failed(_)), _) => (0, newest),
            (None, None) => (1, newest),
            (None, Some(before)) => (2, before as u64),
            (Some(_), _) => (3, newest),
        }
    }
}

impl Tasks {
    /// One more.
    pub fn begin(&mut self, task: Task) {
        self.all.push(Entry { task, before: None, outcome: None });
    }

    /// This one has ended.
    pub fn end(&mut self, id: TaskId, outcome: Outcome) {
        if let Some(entry) = self.all.iter_mut().find(|e| e.task.id == id) {
            entry.outcome = Some(outcome);
        }
    }

    /// Those that wait, in their order; the others that go on run.
    pub fn queue(&mut self, waiting: &[TaskId]) {
        for entry in self.all.iter_mut().filter(|e| e.runs()) {
            entry.before = waiting.iter().position(|id| *id == entry.task.id);
        }
    }

    /// Forgets some.
    pub fn forget(&mut self, which: impl Fn(&Entry) -> bool) {
        self.all.retain(|entry| !which(entry));
        if self.all.len() <= SOME {
            self.most = SOME;
        }
    }

    /// More of them shall be shown.
    pub fn show_more(&mut self) {
        self.most += SOME;
    }

    /// All, the oldest first.
    pub fn all(&self) -> &[Entry] {
        &self.all
    }

    /// Those that are shown, in their order: all that run, and the first of the others.
    pub fn shown(&self) -> Vec<&Entry> {
        let mut sorted: Vec<&Entry> = self.all.iter().collect();
        sorted.sort_by_key(|e| e.rank());
        let mut room = self.most;
        sorted.retain(|entry| {
            let runs = entry.runs() && entry.before.is_none();
            let fits = runs || room > 0;
            room -= usize::from(fits && !runs);
            fits
        });
        sorted
    }
}

/// Which rows must move so that all stand in order of their `places`: as few as can be.
pub fn misplaced(places: &[usize]) -> Vec<bool> {
    // For each: how many rows stay at most, up to and with it, and which of them is before it.
    let mut best: Vec<(usize, Option<usize>)> = Vec::with_capacity(places.len());
    for (at, place) in places.iter().enumerate() {
        let before = (0..at).filter(|i| places[*i] < *place).max_by_key(|i| best[*i].0);
        best.push((before.map_or(0, |i| best[i].0) + 1, before));
    }
    let mut moves = vec![true; places.len()];
    let mut stays = (0..best.len()).max_by_key(|i| best[*i].0);
    while let Some(at) = stays {
        moves[at] = false;
        stays = best[at].1;
    }
    moves
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activity::Reporter;
    use crate::errors;

    fn tasks(n: u64) -> Tasks {
        let mut tasks = Tasks::default();
        for id in 1..=n {
            let (what, place) = (format!("Migrate {id}"), "a → b".to_owned());
            let task =
                Task { id: TaskId(id), what, place, reporter: Reporter::default(), cancel: None, migration: None };
            tasks.begin(task);
        }
        tasks
    }

    fn ids(tasks: &Tasks) -> Vec<u64> {
        tasks.shown().iter().map(|e| e.task.id.0).collect()
    }

    fn failed() -> Outcome {
        Outcome::Failed(errors::error(&drover::Error::NoDomain("x".into())))
    }

    #[test]
    fn failed_running_waiting_finished() {
        let mut tasks = tasks(6);
        tasks.queue(&[5, 2].map(TaskId));
        tasks.end(TaskId(1), Outcome::Done);
        tasks.end(TaskId(3), failed());
        assert_eq!(ids(&tasks), [3, 6, 4, 5, 2, 1]);
        tasks.queue(&[]);
        assert_eq!(ids(&tasks), [3, 6, 5, 4, 2, 1]);
    }

    #[test]
    fn of_many_only_some_are_shown_but_all_that_run() {
        let mut tasks = tasks(100);
        let waiting: Vec<_> = (3..=100).map(TaskId).collect();
        tasks.queue(&waiting);
        assert_eq!(ids(&tasks), [vec![2, 1], (3..3 + SOME as u64).collect()].concat());
        (10..=60).for_each(|id| tasks.end(TaskId(id), failed()));
        let shown = ids(&tasks);
        assert_eq!((shown.len(), shown[0], &shown[SOME..]), (SOME + 2, 60, &[2, 1][..]));
        tasks.show_more();
        assert_eq!(ids(&tasks).len(), 2 * SOME + 2);
        tasks.forget(|e| e.task.id.0 > 10);
        assert_eq!((tasks.most, ids(&tasks).len()), (SOME, 10));
    }

    #[test]
    fn as_few_rows_move_as_can() {
        let moved = |places: &[usize]| (0..places.len()).filter(|i| misplaced(places)[*i]).collect::<Vec<_>>();
        assert_eq!(moved(&[]), [0; 0]);
        assert_eq!(moved(&[0, 1, 2, 3]), [0; 0]);
        assert_eq!(moved(&[3, 0, 1, 2]), [0], "what has finished goes to the end");
        assert_eq!(moved(&[1, 2, 3, 0]), [3]);
        assert_eq!(moved(&[0, 2, 1, 3]).len(), 1);
    }
}
