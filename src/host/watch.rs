//! A host's watcher: one thread that opens the link, reopens it when lost, and turns events into [`Update`]s.
//!
//! It never calls libvirt itself, so no daemon can hold it up: opening has a thread of its own, reading a lane. All
//! updates leave from here, in order.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use virt::connect::Connect;

use super::events::{self, Event, Registration};
use super::lane::{Lane, dispose};
use super::link::Link;
use super::reads::Answer;
use super::{CALLS, Cause, FailKind, HostId, LinkState, Shared, Update, open, pulse};
use crate::domain::read::Row;
use crate::domain::{DomainId, DomainInfo};
use crate::{Error, Result};

/// Seconds between tries.
const BACK_OFF: [u64; 6] = [1, 2, 4, 8, 15, 30];
/// So long may a daemon say nothing while it is being opened (a person who is asked for a password may take longer).
const PATIENCE: Duration = Duration::from_secs(20);

/// What reaches the watcher.
pub(super) enum Signal {
    Opened { attempt: u64, result: Result<(Connect, Registration)> },
    Event { generation: u64, event: Event },
    Dead { generation: u64, reason: Cause },
    Read { generation: u64, number: u64, answer: Answer },
    Answered { generation: u64 },
    Refresh(DomainId),
    RetryNow,
    Close,
}

/// An opening under way.
struct Opening {
    /// When to say that the daemon does not answer; the thread itself can't be stopped and goes on waiting.
    patient_until: Option<Instant>,
    asking: Arc<AtomicBool>,
}

pub(super) struct Watcher {
    shared: Arc<Shared>,
    stats_every: Option<Duration>,
    signals: Sender<Signal>,
    on: Box<dyn Fn(Update) + Send + Sync>,
    /// Counts openings; the link of an opening has its number as generation.
    attempt: u64,
    started: Instant,
    opening: Option<Opening>,
    link: Option<Link>,
    failures: usize,
    retry_at: Option<Instant>,
    /// Since when a host that was up is down.
    lost_since: Option<SystemTime>,
}

impl Watcher {
    pub(super) fn new(
        shared: Arc<Shared>,
        stats_every: Option<Duration>,
        signals: Sender<Signal>,
        on: Box<dyn Fn(Update) + Send + Sync>,
    ) -> Self {
        Self {
            shared,
            stats_every,
            signals,
            on,
            attempt: 0,
            started: Instant::now(),
            opening: None,
            link: None,
            failures: 0,
            retry_at: None,
            lost_since: None,
        }
    }

    /// Runs until the host is closed.
    pub(super) fn run(mut self, received: &Receiver<Signal>) {
        self.tell_link(LinkState::Connecting, None);
        self.open();
        loop {
            let wait =
                self.deadline().map_or(Duration::from_secs(3600), |at| at.saturating_duration_since(Instant::now()));
            match received.recv_timeout(wait) {
                Ok(Signal::Close) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(signal) => self.handle(signal),
                Err(RecvTimeoutError::Timeout) => {}
            }
            self.due(Instant::now());
        }
        if let Some(link) = self.link.take() {
            link.abandon();
        }
        self.tell_link(LinkState::Closed, None);
    }

    fn host(&self) -> HostId {
        self.shared.id.clone()
    }

    fn tell(&self, update: Update) {
        (self.on)(update);
    }

    fn tell_link(&self, link: LinkState, lane: Option<Arc<Lane>>) {
        tracing::debug!(host = %self.shared.id, ?link, "link");
        self.shared.set(link.clone(), lane);
        self.tell(Update::Link { host: self.host(), link });
    }

    fn deadline(&self) -> Option<Instant> {
        let patience = self.opening.as_ref().and_then(|opening| opening.patient_until);
        [patience, self.retry_at, self.link.as_ref().and_then(Link::deadline)].into_iter().flatten().min()
    }

    fn due(&mut self, now: Instant) {
        if let Some(link) = &mut self.link {
            link.pump(now);
        }
        if self.retry_at.is_some_and(|at| at <= now) {
            self.open();
        }
        let Some(opening) = &mut self.opening else { return };
        if opening.patient_until.is_some_and(|at| at <= now) {
            if opening.asking.load(Ordering::Relaxed) {
                opening.patient_until = Some(now + PATIENCE);
            } else {
                opening.patient_until = None;
                self.silent();
            }
        }
    }

    /// Opens in a thread of its own.
    fn open(&mut self) {
        self.retry_at = None;
        self.attempt += 1;
        self.started = Instant::now();
        let asking = Arc::new(AtomicBool::new(false));
        self.opening = Some(Opening { patient_until: Some(self.started + PATIENCE), asking: Arc::clone(&asking) });
        let (shared, signals, attempt) = (Arc::clone(&self.shared), self.signals.clone(), self.attempt);
        let spawned = thread::Builder::new().name("host-open".into()).spawn(move || {
            let result = open_link(&shared, &asking, attempt, &signals);
            // If nobody listens any more, the link is closed right here.
            let _ = signals.send(Signal::Opened { attempt, result });
        });
        if let Err(source) = spawned {
            self.opening = None;
            self.failed(&Error::Thread(source));
        }
    }

    fn handle(&mut self, signal: Signal) {
        match signal {
            Signal::Opened { attempt, result } if attempt == self.attempt && self.opening.is_some() => {
                self.opening = None;
                match result {
                    Ok((connect, registration)) => self.up(connect, registration),
                    Err(error) => self.failed(&error),
                }
            }
            // Of an opening that was given up.
            Signal::Opened { result, .. } => dispose(result.ok()),
            Signal::Event { generation, event } if self.is_current(generation) => match event {
                Event::Domain(id) => self.touch(id),
                Event::Closed(reason) => self.lost(reason.into()),
            },
            Signal::Dead { generation, reason } if self.is_current(generation) => self.lost(reason),
            Signal::Read { generation, number, answer } if self.is_current(generation) => self.take(number, answer),
            // Of a link that is gone; its handles may close it.
            Signal::Read { answer: Answer::List(rows), .. } => dispose(rows.ok()),
            Signal::Answered { generation } if self.is_current(generation) => {
                if let Some(link) = &mut self.link {
                    link.answered();
                }
            }
            Signal::Event { .. }
            | Signal::Dead { .. }
            | Signal::Read { .. }
            | Signal::Answered { .. }
            | Signal::Close => {}
            Signal::Refresh(id) => self.touch(id),
            Signal::RetryNow => {
                if self.link.is_none() {
                    self.failures = 0;
                    if self.lost_since.is_none() {
                        self.tell_link(LinkState::Connecting, None);
                    }
                    self.open();
                }
            }
        }
    }

    fn touch(&mut self, id: DomainId) {
        if let Some(link) = &mut self.link {
            link.touch(id);
        }
    }

    fn is_current(&self, generation: u64) -> bool {
        self.link.as_ref().is_some_and(|link| link.generation == generation)
    }

    fn up(&mut self, connect: Connect, registration: Registration) {
        let generation = self.attempt;
        let dead = self.signals.clone();
        let on_dead = move |reason| drop(dead.send(Signal::Dead { generation, reason }));
        let calls = Lane::new(self.shared.id.as_str(), connect.clone(), CALLS, on_dead);
        let mut link = Link::new(self.shared.id.as_str(), generation, connect, registration, self.signals.clone());
        link.begin();
        self.link = Some(link);
        self.tell_link(LinkState::Up, Some(calls));
    }

    fn next_try(&mut self) -> (Instant, SystemTime) {
        let delay = BACK_OFF.get(self.failures).or(BACK_OFF.last()).copied().unwrap_or(30);
        self.failures += 1;
        (Instant::now() + Duration::from_secs(delay), SystemTime::now() + Duration::from_secs(delay))
    }

    fn lost(&mut self, reason: Cause) {
        if let Some(link) = self.link.take() {
            link.abandon();
        }
        tracing::info!(host = %self.shared.id, %reason, "link lost");
        let since = *self.lost_since.get_or_insert_with(SystemTime::now);
        let (at, retry_at) = self.next_try();
        self.retry_at = Some(at);
        self.tell_link(LinkState::Lost { since, retry_at, reason }, None);
    }

    fn failed(&mut self, error: &Error) {
        let (kind, reason) = (error.fail_kind(), error.cause());
        tracing::info!(host = %self.shared.id, ?kind, %reason, "not opened");
        let needs_person = match kind {
            FailKind::BadUri | FailKind::Login => true,
            // A daemon that restarts may show a closed socket for a moment.
            FailKind::Denied => self.lost_since.is_none(),
            _ => false,
        };
        let (at, retry_at) = self.next_try();
        self.retry_at = (!needs_person).then_some(at);
        let link = match self.lost_since {
            Some(since) if !needs_person => LinkState::Lost { since, retry_at, reason },
            _ => LinkState::Failed { reason, kind, retry_at: (!needs_person).then_some(retry_at) },
        };
        self.tell_link(link, None);
    }

    /// The daemon does not answer the opening. The thread that waits for it goes on, and no second one is started
    /// beside it until a person asks for it.
    fn silent(&mut self) {
        let (kind, reason) = (FailKind::Unreachable, Cause::Silent);
        let retry_at = SystemTime::now();
        self.tell_link(
            match self.lost_since {
                Some(since) => LinkState::Lost { since, retry_at, reason },
                None => LinkState::Failed { reason, kind, retry_at: Some(retry_at) },
            },
            None,
        );
    }

    fn take(&mut self, number: u64, answer: Answer) {
        match answer {
            Answer::Failed(error) => return self.lost(error.cause()),
            Answer::List(Err(error)) => return self.lost(error.cause()),
            Answer::List(Ok(rows)) => return self.take_list(number, rows),
            _ => {}
        }
        let host = self.host();
        let Some(link) = &mut self.link else { return };
        let update = match answer {
            Answer::Info(info, is_all) => {
                if !is_all {
                    link.read_more_info(info.clone());
                }
                Update::Info { host, info }
            }
            Answer::Machines(machines) => {
                link.ended_events();
                return self.take_machines(number, machines);
            }
            Answer::Details(mut domains) => {
                link.ended_details();
                domains.retain(|info| link.fresh(number, info.id));
                Update::Changed { host, domains }
            }
            Answer::Figures { at, machines, node } => {
                link.ended_figures(self.stats_every);
                let load = link.rates.host(at, node);
                let vcpus = &link.vcpus;
                let stats = link.rates.machines(at, machines, |id| vcpus.get(&id).copied().unwrap_or(1));
                Update::Stats { host, load, stats }
            }
            Answer::Failed(_) | Answer::List(_) => return,
        };
        self.tell(update);
    }

    fn take_list(&mut self, number: u64, rows: Vec<Row>) {
        let host = self.host();
        let figures = self.stats_every.is_some();
        let Some(link) = &mut self.link else { return };
        self.failures = 0;
        self.lost_since = None;
        let first = !link.is_listed();
        if link.is_polled() {
            let infos: Vec<_> = rows.iter().map(|row| row.info.clone()).collect();
            if !first && infos == link.polled {
                return dispose(rows);
            }
            link.polled = infos;
        }
        let domains = link.take_list(number, rows, figures);
        let (count, elapsed) = (domains.len(), self.started.elapsed());
        self.tell(Update::Domains { host: host.clone(), domains });
        if first {
            let elapsed_ms = elapsed.as_millis();
            tracing::info!(host = %host, domains = count, elapsed_ms, "inventory-complete");
            self.tell(Update::Complete { host, domains: count, elapsed });
        }
    }

    fn take_machines(&mut self, number: u64, machines: Vec<(DomainId, Option<DomainInfo>)>) {
        let host = self.host();
        let Some(link) = &mut self.link else { return };
        let (mut changed, mut gone) = (Vec::new(), Vec::new());
        for (id, info) in machines {
            match info {
                _ if !link.fresh(number, id) => {}
                Some(info) => {
                    link.vcpus.insert(id, info.vcpus);
                    changed.push(info);
                }
                None => {
                    link.vcpus.remove(&id);
                    gone.push(id);
                }
            }
        }
        if !changed.is_empty() {
            self.tell(Update::Changed { host: host.clone(), domains: changed });
        }
        for domain in gone {
            self.tell(Update::Gone { host: host.clone(), domain });
        }
    }
}

/// Opens the link and asks for its events, before anything is read, so that no change is missed.
fn open_link(
    shared: &Shared,
    asking: &AtomicBool,
    generation: u64,
    signals: &Sender<Signal>,
) -> Result<(Connect, Registration)> {
    events::start_loop()?;
    let connect = open::open(&shared.id, shared.credentials.as_ref(), asking, !pulse::is_needed())?;
    let signals = signals.clone();
    let on = move |event| drop(signals.send(Signal::Event { generation, event }));
    let registration = Registration::new(&connect, on);
    Ok((connect, registration))
}
