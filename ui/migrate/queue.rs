//! The queue of migrations: which wait, which run, and which may start now (pure).
use drover::domain::DomainKey;
use drover::host::HostId;
use drover::migrate::evacuate::MOST_JOBS;

use super::Move;
use crate::activity::TaskId;

/// What a person does to the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueAct {
    /// This one shall stop: one that waits is taken out.
    Stop(TaskId),
    /// One place forward.
    Sooner(TaskId),
    /// Start none of those that wait, or go on.
    Hold(bool),
    /// One that failed once more.
    Retry(TaskId),
}

/// Migrations in the order in which they were asked for.
#[derive(Debug, Default)]
pub struct Queue {
    waiting: Vec<(TaskId, Move)>,
    running: Vec<(TaskId, DomainKey, HostId)>,
    held: bool,
}

/// So many at once between the same two hosts: two keep a link busy while one of them prepares or ends.
const PAIR_JOBS: usize = 2;

impl Queue {
    /// Puts one at the end.
    pub fn add(&mut self, id: TaskId, wanted: Move) {
        self.waiting.push((id, wanted));
    }

    /// Takes those out that may start now; they count as running until [`Queue::ended`]. One whose hosts are busy is
    /// overtaken by others.
    pub fn start(&mut self) -> Vec<(TaskId, Move)> {
        let mut started = Vec::new();
        let mut at = 0;
        while !self.held && at < self.waiting.len() {
            if self.is_free(&self.waiting[at].1) {
                let (id, wanted) = self.waiting.remove(at);
                self.running.push((id, wanted.key.clone(), wanted.to.clone()));
                started.push((id, wanted));
            } else {
                at += 1;
            }
        }
        started
    }

    fn is_free(&self, wanted: &Move) -> bool {
        let (from, to) = (&wanted.key.host, &wanted.to);
        let pair = self.running.iter().filter(|(_, key, there)| &key.host == from && there == to).count();
        // A daemon serves few calls of one connection at once; an abort must get through.
        let busy = |host| self.running.iter().filter(|(_, key, there)| &key.host == host || there == host).count();
        pair < PAIR_JOBS && busy(from) < MOST_JOBS && busy(to) < MOST_JOBS
    }

    /// One that ran has ended.
    pub fn ended(&mut self, id: TaskId) {
        self.running.retain(|(running, ..)| *running != id);
    }

    /// Takes one out that waits.
    pub fn take(&mut self, id: TaskId) -> Option<Move> {
        let at = self.waiting.iter().position(|(waiting, _)| *waiting == id)?;
        Some(self.waiting.remove(at).1)
    }

    /// Lets one that waits change places with the one before it.
    pub fn sooner(&mut self, id: TaskId) {
        if let Some(at) = self.waiting.iter().position(|(waiting, _)| *waiting == id).filter(|at| *at > 0) {
            self.waiting.swap(at, at - 1);
        }
    }

    /// While held, none of those that wait starts.
    pub fn hold(&mut self, held: bool) {
        self.held = held;
    }

    /// Whether it is held.
    pub fn is_held(&self) -> bool {
        self.held
    }

    /// Those that wait, in their order.
    pub fn waiting(&self) -> Vec<TaskId> {
        self.waiting.iter().map(|(id, _)| *id).collect()
    }

    /// Whether this machine waits or moves already.
    pub fn has(&self, key: &DomainKey) -> bool {
        self.waiting.iter().any(|(_, wanted)| &wanted.key == key) || self.running.iter().any(|(_, of, _)| of == key)
    }
}

#[cfg(test)]
mod tests {
    use drover::domain::DomainId;
    use drover::migrate::{Choices, Kind};

    use super::*;
    use crate::migrate::Why;

    fn host(name: &str) -> HostId {
        HostId::new(&format!("qemu+tcp://{name}/system"))
    }

    fn wanted(n: u64, from: &str, to: &str) -> Move {
        let key = DomainKey { host: host(from), domain: DomainId(uuid::Uuid::from_u128(n.into())) };
        Move { key, name: format!("vm{n}"), to: host(to), choices: Choices::new(Kind::Live), why: Why::Asked }
    }

    fn queue(moves: &[(&str, &str)]) -> Queue {
        let mut queue = Queue::default();
        for (n, (from, to)) in (1..).zip(moves) {
            queue.add(TaskId(n), wanted(n, from, to));
        }
        queue
    }

    fn started(queue: &mut Queue) -> Vec<u64> {
        queue.start().into_iter().map(|(id, _)| id.0).collect()
    }

    #[test]
    fn so_many_run_between_two_hosts_and_others_overtake() {
        let mut queue = queue(&[("a", "b"), ("a", "b"), ("a", "b"), ("c", "d")]);
        assert_eq!(started(&mut queue), [1, 2, 4]);
        assert_eq!(started(&mut queue), [0; 0]);
        queue.ended(TaskId(2));
        assert_eq!(started(&mut queue), [3]);
        assert!(queue.waiting().is_empty());
    }

    #[test]
    fn no_host_gets_more_than_its_daemon_can_serve() {
        let mut queue = queue(&[("a", "b"), ("a", "c"), ("d", "a"), ("a", "e"), ("e", "c")]);
        assert_eq!(started(&mut queue), [1, 2, 3, 5], "a has three; from there and to there count alike");
    }

    #[test]
    fn the_order_can_be_changed_and_a_held_queue_starts_none() {
        let mut queue = queue(&[("a", "b"), ("a", "b"), ("a", "b")]);
        queue.hold(true);
        assert_eq!(started(&mut queue), [0; 0]);
        queue.sooner(TaskId(3));
        queue.sooner(TaskId(3));
        queue.sooner(TaskId(3));
        assert_eq!(queue.waiting(), [3, 1, 2].map(TaskId));
        queue.hold(false);
        assert_eq!(started(&mut queue), [3, 1]);
        assert!(queue.has(&wanted(3, "a", "b").key) && queue.has(&wanted(2, "a", "b").key));
        assert_eq!(queue.take(TaskId(2)).map(|wanted| wanted.name).as_deref(), Some("vm2"));
        assert!(queue.take(TaskId(3)).is_none(), "it runs");
        assert!(queue.waiting().is_empty());
    }
}
