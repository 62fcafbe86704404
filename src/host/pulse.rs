//! Whether a watched host still answers, where libvirt's own keepalive can't be used.
//!
//! libvirt's client before 10.4 leaves event sources behind that point into the stack of calls which have ended
//! (CVE-2024-4418; Debian 12 and Ubuntu 24.04 have such). When its keepalive closes a link with several calls under way
//! and the daemon then goes on, the program crashes. With such a libvirt the keepalive stays off, and this asks instead.
//! A silent link is given up, not closed: its calls end when the daemon goes on or the socket breaks.
use std::sync::Arc;
use std::time::{Duration, Instant};

use virt::connect::Connect;

use super::Cause;
use super::lane::{Lane, Size};

/// The first libvirt, as its version number, whose keepalive is safe with calls under way.
const SOUND: u32 = 10_004_000;
/// Between two questions.
const EVERY: Duration = Duration::from_secs(3);
/// So long may an answer take. libvirt answers this question beside all slow ones.
const PATIENCE: Duration = Duration::from_secs(9);

/// Whether this program's libvirt needs it.
pub(super) fn is_needed() -> bool {
    Connect::version().is_ok_and(|version| version < SOUND)
}

pub(super) struct Pulse {
    /// Its own: the others may be full of slow calls.
    lane: Arc<Lane>,
    asked: Option<Instant>,
    next: Instant,
}

impl Pulse {
    pub(super) fn new(uri: &str, connect: Connect, on_dead: impl Fn(Cause) + Send + Sync + 'static) -> Self {
        let lane = Lane::new(uri, connect, Size { threads: 1, waiting: 1 }, on_dead);
        Self { lane, asked: None, next: Instant::now() + EVERY }
    }

    /// Asks when it is time to; `answered` is called from another thread. False: the host has been silent for too long.
    pub(super) fn ask(&mut self, now: Instant, answered: impl FnOnce() + Send + 'static) -> bool {
        if let Some(asked) = self.asked {
            return now < asked + PATIENCE;
        }
        if self.next > now {
            return true;
        }
        self.asked = Some(now);
        let question = move |connect: &Connect| {
            // Whatever it says: it answers.
            let _ = connect.lib_version();
            answered();
        };
        self.lane.submit(question).is_ok()
    }

    /// The answer has come.
    pub(super) fn answered(&mut self, now: Instant) {
        self.asked = None;
        self.next = now + EVERY;
    }

    /// When to call [`Self::ask`] again.
    pub(super) fn deadline(&self) -> Instant {
        self.asked.map_or(self.next, |asked| asked + PATIENCE)
    }

    /// Never blocks.
    pub(super) fn abandon(self) {
        self.lane.kill();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn asks_now_and_then_and_misses_an_answer() {
        let link = Connect::open(Some("test:///default")).unwrap();
        let mut pulse = Pulse::new("test:///default", link, |_| {});
        let start = Instant::now();
        let (told, answers) = channel();
        let answered = || {
            let told = told.clone();
            move || told.send(()).unwrap()
        };
        assert!(pulse.ask(start, answered()) && answers.try_recv().is_err(), "too early to ask");
        let first = pulse.deadline();
        assert!(pulse.ask(first, answered()));
        answers.recv_timeout(Duration::from_secs(5)).unwrap();
        pulse.answered(first + Duration::from_secs(1));
        let second = pulse.deadline();
        assert_eq!(second, first + Duration::from_secs(1) + EVERY);

        assert!(pulse.ask(second, || {}));
        assert!(pulse.ask(second + PATIENCE - Duration::from_millis(1), || {}), "it may still come");
        assert_eq!(pulse.deadline(), second + PATIENCE);
        assert!(!pulse.ask(second + PATIENCE, || {}));
        pulse.abandon();
    }
}
