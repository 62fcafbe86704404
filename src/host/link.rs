//! What a watcher keeps for one live link: its reading lane, what waits to be read, and which answers are stale.
use std::collections::{HashMap, HashSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use virt::connect::Connect;

use super::events::Registration;
use super::lane::{Lane, Size, dispose};
use super::pulse::{self, Pulse};
use super::rates::Rates;
use super::reads::{self, Answer};
use super::uri::{HostUri, Transport};
use super::watch::Signal;
use crate::Error;
use crate::domain::read::{self, Row};
use crate::domain::{DomainId, DomainInfo};

/// Two jobs for details, one for events, one for figures.
const READS: Size = Size { threads: 4, waiting: 64 };
const DETAIL_JOBS: usize = 2;
/// Rows whose details are read and told together.
const DETAIL_CHUNK: usize = 250;
const EVENT_CHUNK: usize = 100;
/// So many machines leave megabytes of freed memory behind when all their XML was read.
const MANY: usize = 1000;
/// Events come in bursts (stopped, undefined, defined…): each machine is read once for a burst.
const BURST: Duration = Duration::from_millis(30);
/// How often a driver without lifecycle events is asked.
const POLL: Duration = Duration::from_secs(5);

pub(super) struct Link {
    pub generation: u64,
    signals: Sender<Signal>,
    reads: Arc<Lane>,
    registration: Registration,
    /// Whether the list has arrived; events wait for it.
    listed: bool,
    /// Jobs are numbered as they are given out: what a later job read of a machine is the newer truth.
    number: u64,
    newest: HashMap<DomainId, u64>,
    pending: HashSet<DomainId>,
    flush_at: Option<Instant>,
    event_jobs: usize,
    details: VecDeque<Row>,
    detail_jobs: usize,
    figures_at: Option<Instant>,
    figures_under_way: bool,
    poll_at: Option<Instant>,
    /// Where libvirt's keepalive may not watch over the link.
    pulse: Option<Pulse>,
    pub vcpus: HashMap<DomainId, u32>,
    pub rates: Rates,
    /// The last list of a polled driver.
    pub polled: Vec<DomainInfo>,
}

impl Link {
    pub(super) fn new(
        uri: &str,
        generation: u64,
        connect: Connect,
        registration: Registration,
        signals: Sender<Signal>,
    ) -> Self {
        let dead = signals.clone();
        let on_dead = move |reason| drop(dead.send(Signal::Dead { generation, reason }));
        let is_inside = HostUri::parse(uri).is_ok_and(|uri| uri.transport == Transport::Inside);
        let pulse = (pulse::is_needed() && !is_inside).then(|| Pulse::new(uri, connect.clone(), on_dead.clone()));
        let poll_at = (!registration.lifecycle).then(|| Instant::now() + POLL);
        Self {
            generation,
            signals,
            reads: Lane::new(uri, connect, READS, on_dead),
            registration,
            listed: false,
            number: 0,
            newest: HashMap::new(),
            pending: HashSet::new(),
            flush_at: None,
            event_jobs: 0,
            details: VecDeque::new(),
            detail_jobs: 0,
            figures_at: None,
            figures_under_way: false,
            poll_at,
            pulse,
            vcpus: HashMap::new(),
            rates: Rates::default(),
            polled: Vec::new(),
        }
    }

    /// Gives a job to the reading lane; its answer comes back as a [`Signal::Read`].
    fn read(&mut self, job: impl FnOnce(&Connect) -> Answer + Send + 'static) {
        self.number += 1;
        let (number, generation, signals) = (self.number, self.generation, self.signals.clone());
        let submitted = self.reads.submit(move |connect| {
            let answer = catch_unwind(AssertUnwindSafe(|| job(connect))).unwrap_or(Answer::Failed(Error::Fault));
            let _ = signals.send(Signal::Read { generation, number, answer });
        });
        if let Err(error) = submitted {
            let _ = self.signals.send(Signal::Dead { generation, reason: error.cause() });
        }
    }

    /// Begins with the list and, beside it, what the host is.
    pub(super) fn begin(&mut self) {
        self.read_list();
        self.read(|connect| Answer::Info(Box::new(reads::info(connect)), false));
    }

    fn read_list(&mut self) {
        self.read(|connect| Answer::List(read::list(connect)));
    }

    /// The part of the host's description that may take seconds.
    pub(super) fn read_more_info(&mut self, mut info: Box<super::HostInfo>) {
        self.read(move |connect| {
            reads::more_info(connect, &mut info);
            Answer::Info(info, true)
        });
    }

    /// The list has arrived as answer `number`: its details are read next, those of running machines first.
    pub(super) fn take_list(&mut self, number: u64, rows: Vec<Row>, figures: bool) -> Vec<DomainInfo> {
        let infos: Vec<DomainInfo> = rows.iter().map(|row| row.info.clone()).collect();
        self.newest = infos.iter().map(|info| (info.id, number)).collect();
        self.vcpus = infos.iter().map(|info| (info.id, info.vcpus)).collect();
        let (active, idle): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.info.state.is_active());
        self.details = active.into_iter().chain(idle).collect();
        if !self.listed && figures {
            self.figures_at = Some(Instant::now());
        }
        self.listed = true;
        infos
    }

    /// Whether the first list has arrived.
    pub(super) fn is_listed(&self) -> bool {
        self.listed
    }

    /// Whether the driver sends no events and is asked for its list from time to time.
    pub(super) fn is_polled(&self) -> bool {
        self.poll_at.is_some()
    }

    /// Whether nothing newer than job `number` has read this machine.
    pub(super) fn fresh(&mut self, number: u64, id: DomainId) -> bool {
        let newest = self.newest.entry(id).or_insert(number);
        let fresh = *newest <= number;
        if fresh {
            *newest = number;
        }
        fresh
    }

    /// Something happened to this machine: it is read again, with others of the same burst.
    pub(super) fn touch(&mut self, id: DomainId) {
        self.pending.insert(id);
        self.flush_at.get_or_insert_with(|| Instant::now() + BURST);
    }

    pub(super) fn ended_events(&mut self) {
        self.event_jobs = self.event_jobs.saturating_sub(1);
    }

    pub(super) fn ended_details(&mut self) {
        self.detail_jobs = self.detail_jobs.saturating_sub(1);
        if self.detail_jobs == 0 && self.details.is_empty() && self.vcpus.len() >= MANY {
            super::stats::give_back_memory();
        }
    }

    pub(super) fn ended_figures(&mut self, every: Option<Duration>) {
        self.figures_under_way = false;
        self.figures_at = every.map(|every| Instant::now() + every);
    }

    /// The question whether the host still answers has its answer.
    pub(super) fn answered(&mut self) {
        if let Some(pulse) = &mut self.pulse {
            pulse.answered(Instant::now());
        }
    }

    fn beat(&mut self, now: Instant) {
        let (generation, signals) = (self.generation, self.signals.clone());
        let Some(pulse) = &mut self.pulse else { return };
        if !pulse.ask(now, move || drop(signals.send(Signal::Answered { generation }))) {
            let _ = self.signals.send(Signal::Dead { generation, reason: "it does not answer".into() });
        }
    }

    /// Gives out all reading that is due.
    pub(super) fn pump(&mut self, now: Instant) {
        self.beat(now);
        if !self.listed {
            return;
        }
        if self.flush_at.is_some_and(|at| at <= now) && self.event_jobs == 0 {
            self.flush_at = None;
            self.read_touched(now);
        }
        while self.detail_jobs < DETAIL_JOBS && !self.details.is_empty() {
            let chunk = self.details.drain(..DETAIL_CHUNK.min(self.details.len())).collect();
            self.detail_jobs += 1;
            self.read(move |connect| reads::details(connect, chunk));
        }
        if self.figures_at.is_some_and(|at| at <= now) && !self.figures_under_way {
            self.figures_at = None;
            self.figures_under_way = true;
            self.read(reads::figures);
        }
        if self.poll_at.is_some_and(|at| at <= now) {
            self.poll_at = Some(now + POLL);
            self.read_list();
        }
    }

    fn read_touched(&mut self, now: Instant) {
        let ids: Vec<DomainId> = self.pending.iter().take(EVENT_CHUNK).copied().collect();
        for id in &ids {
            self.pending.remove(id);
        }
        if !self.pending.is_empty() {
            self.flush_at = Some(now);
        }
        // The list's row of it is stale now; reading it anew brings its details, too.
        let touched: HashSet<&DomainId> = ids.iter().chain(&self.pending).collect();
        self.details.retain(|row| !touched.contains(&row.info.id));
        self.event_jobs += 1;
        self.read(move |connect| reads::machines(connect, ids));
    }

    /// When something is due next, if nothing is heard before.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let flush = self.flush_at.filter(|_| self.listed && self.event_jobs == 0);
        let pulse = self.pulse.as_ref().map(Pulse::deadline);
        [flush, self.figures_at, self.poll_at, pulse].into_iter().flatten().min()
    }

    /// Gives the link up without waiting for anything.
    pub(super) fn abandon(self) {
        self.reads.kill();
        if let Some(pulse) = self.pulse {
            pulse.abandon();
        }
        dispose((self.registration, self.details));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::State;
    use std::sync::mpsc::{Receiver, channel};

    fn link() -> (Link, Receiver<Signal>) {
        super::super::events::start_loop().unwrap();
        let connect = Connect::open(Some("test:///default")).unwrap();
        let registration = Registration::new(&connect, |_| {});
        let (signals, received) = channel();
        (Link::new("test:///default", 1, connect, registration, signals), received)
    }

    fn list(received: &Receiver<Signal>) -> (u64, Vec<Row>) {
        loop {
            let signal = received.recv_timeout(Duration::from_secs(10)).unwrap();
            if let Signal::Read { number, answer: Answer::List(rows), .. } = signal {
                return (number, rows.unwrap());
            }
        }
    }

    #[test]
    fn a_later_jobs_answer_wins_whenever_it_comes() {
        let (mut link, received) = link();
        link.begin();
        let (number, rows) = list(&received);
        let infos = link.take_list(number, rows, false);
        let id = infos[0].id;
        assert_ne!(infos[0].state, State::Unknown);
        assert!(link.fresh(number + 5, id), "newer");
        assert!(!link.fresh(number + 4, id), "given out earlier, answered later");
        assert!(link.fresh(number + 5, id), "the same job");
        link.abandon();
    }

    #[test]
    fn a_touched_machine_is_read_once_for_a_burst_and_not_for_its_details() {
        let (mut link, received) = link();
        link.begin();
        let (number, rows) = list(&received);
        let infos = link.take_list(number, rows, false);
        link.touch(infos[0].id);
        link.touch(infos[0].id);
        let due = link.deadline().unwrap();
        link.pump(due);
        assert!(link.details.is_empty() && link.pending.is_empty());
        assert_eq!((link.event_jobs, link.detail_jobs), (1, usize::from(infos.len() > 1)));
        link.abandon();
    }
}
