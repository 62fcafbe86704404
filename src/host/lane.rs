//! A lane: a few threads that make blocking calls on one link, with a bounded queue before them.
//!
//! A daemon that hangs fills its own lane and nobody else's. When the link is given up the lane is killed: waiters
//! get their answer at once, and a thread that is still inside libvirt ends whenever libvirt lets it go.
use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::channel;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use virt::connect::Connect;

use super::Cause;
use crate::{Error, Result};

type Job = Box<dyn FnOnce(&Connect) + Send>;

/// Threads of a lane, and calls that may wait for them.
#[derive(Clone, Copy)]
pub(super) struct Size {
    pub threads: usize,
    pub waiting: usize,
}

/// What a lane needs to know of its host.
pub(super) struct Lane {
    uri: String,
    size: Size,
    /// Told once when a call finds the link dead, with the reason.
    on_dead: Box<dyn Fn(Cause) + Send + Sync>,
    state: Mutex<State>,
    work: Condvar,
}

#[derive(Default)]
struct State {
    /// `None` once the lane is dead.
    link: Option<Connect>,
    queue: VecDeque<Job>,
    threads: usize,
    idle: usize,
    /// For each waiter, what tells it that the link is lost.
    waiters: HashMap<u64, Box<dyn Fn() + Send>>,
    next: u64,
}

impl Lane {
    pub(super) fn new(
        uri: &str,
        link: Connect,
        size: Size,
        on_dead: impl Fn(Cause) + Send + Sync + 'static,
    ) -> Arc<Self> {
        let state = Mutex::new(State { link: Some(link), ..State::default() });
        Arc::new(Self { uri: uri.into(), size, on_dead: Box::new(on_dead), state, work: Condvar::new() })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lost(&self) -> Error {
        Error::Lost { uri: self.uri.clone() }
    }

    /// Queues a job. [`Error::Busy`] when too many wait, [`Error::Lost`] when the lane is dead.
    pub(super) fn submit(self: &Arc<Self>, job: impl FnOnce(&Connect) + Send + 'static) -> Result<()> {
        let mut state = self.lock();
        let Some(link) = state.link.clone() else { return Err(self.lost()) };
        let starts = state.queue.len() >= state.idle && state.threads < self.size.threads;
        if !starts && state.queue.len() >= state.idle + self.size.waiting {
            return Err(Error::Busy { uri: self.uri.clone() });
        }
        state.queue.push_back(Box::new(job));
        if starts {
            let lane = Arc::clone(self);
            let started = thread::Builder::new().name("host-call".into()).spawn(move || lane.work(&link));
            match started {
                Ok(_) => state.threads += 1,
                Err(source) if state.threads == 0 => {
                    state.queue.pop_back();
                    return Err(Error::Thread(source));
                }
                Err(_) => {}
            }
        }
        drop(state);
        self.work.notify_one();
        Ok(())
    }

    /// Runs `f` in the lane and waits for its answer, or until the lane is killed.
    pub(super) fn call<T: Send + 'static>(
        self: &Arc<Self>,
        f: impl FnOnce(&Connect) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (sender, answer) = channel();
        let key = {
            let mut state = self.lock();
            if state.link.is_none() {
                return Err(self.lost());
            }
            let (sender, uri) = (sender.clone(), self.uri.clone());
            let tell = move || drop(sender.send(Err(Error::Lost { uri: uri.clone() })));
            state.next += 1;
            let key = state.next;
            state.waiters.insert(key, Box::new(tell));
            key
        };
        let lane = Arc::clone(self);
        let submitted = self.submit(move |link| {
            let result = catch_unwind(AssertUnwindSafe(|| f(link))).unwrap_or(Err(Error::Fault));
            let _ = sender.send(result.map_err(|error| lane.judge(link, error)));
        });
        let result = submitted.and_then(|()| answer.recv().unwrap_or_else(|_| Err(self.lost())));
        self.lock().waiters.remove(&key);
        result
    }

    /// An error on a link that turns out to be dead means that it is lost.
    fn judge(&self, link: &Connect, error: Error) -> Error {
        if self.check(link, &error) { error.at(&self.uri) } else { self.lost() }
    }

    /// Whether the link lives after this error; tells the host if not.
    fn check(&self, link: &Connect, error: &Error) -> bool {
        let alive = is_alive(link);
        if !alive {
            (self.on_dead)(error.cause());
        }
        alive
    }

    /// Gives the link up: nobody waits any longer. Never blocks.
    pub(super) fn kill(&self) {
        let mut state = self.lock();
        let link = state.link.take();
        let queue = std::mem::take(&mut state.queue);
        let waiters = std::mem::take(&mut state.waiters);
        drop(state);
        waiters.values().for_each(|tell| tell());
        self.work.notify_all();
        dispose((link, queue));
    }

    fn work(&self, link: &Connect) {
        let mut state = self.lock();
        while state.link.is_some() {
            if let Some(job) = state.queue.pop_front() {
                drop(state);
                // A job that panics must not take the thread with it; the panic was already printed.
                let _ = catch_unwind(AssertUnwindSafe(|| job(link)));
                state = self.lock();
            } else {
                state.idle += 1;
                state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.idle -= 1;
            }
        }
    }
}

/// Whether the link's socket is open (no call goes out). A driver that can't tell has none to lose.
pub(super) fn is_alive(link: &Connect) -> bool {
    link.is_alive().unwrap_or(true)
}

/// Drops something that holds a link on a thread of its own: closing may wait for a daemon that does not answer.
pub(super) fn dispose(what: impl Send + 'static) {
    let spawned = thread::Builder::new().name("host-close".into()).spawn(move || drop(what));
    if let Err(error) = spawned {
        tracing::warn!(%error, "no thread for closing a link; closed in place");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Sender, sync_channel};
    use std::time::{Duration, Instant};

    fn lane(threads: usize, waiting: usize) -> Arc<Lane> {
        let link = Connect::open(Some("test:///default")).unwrap();
        Lane::new("test:///default", link, Size { threads, waiting }, |_| {})
    }

    /// Occupies a thread until the sender is dropped.
    fn block(lane: &Arc<Lane>) -> Sender<()> {
        let (release, wait) = channel::<()>();
        let (started, has_started) = sync_channel(1);
        let submitted = lane.submit(move |_| {
            started.send(()).unwrap();
            let _ = wait.recv();
        });
        submitted.unwrap();
        has_started.recv().unwrap();
        release
    }

    #[test]
    fn answers_and_survives_a_panic() {
        let lane = lane(1, 4);
        assert_eq!(lane.call(|link| Ok(link.driver_type()?)).unwrap(), "TEST");
        let fault = lane.call::<()>(|_| panic!("on purpose"));
        assert!(matches!(fault, Err(Error::Fault)));
        assert!(lane.call(|link| Ok(link.hostname()?)).is_ok());
        lane.kill();
    }

    #[test]
    fn is_bounded() {
        let lane = lane(1, 1);
        let release = block(&lane);
        lane.submit(|_| {}).unwrap();
        assert!(matches!(lane.submit(|_| {}), Err(Error::Busy { .. })));
        drop(release);
        let start = Instant::now();
        while lane.call(|_| Ok(())).is_err() {
            assert!(start.elapsed() < Duration::from_secs(5));
        }
        lane.kill();
    }

    #[test]
    fn a_killed_lane_lets_its_waiters_go() {
        let lane = lane(1, 4);
        let release = block(&lane);
        let waiter = {
            let lane = Arc::clone(&lane);
            thread::spawn(move || lane.call(|_| Ok(())))
        };
        while lane.lock().waiters.is_empty() {
            thread::yield_now();
        }
        lane.kill();
        assert!(matches!(waiter.join().unwrap(), Err(Error::Lost { .. })));
        assert!(matches!(lane.call(|_| Ok(())), Err(Error::Lost { .. })));
        drop(release);
    }
}
