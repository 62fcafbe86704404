//! Settling a migration: looking at both hosts, then finishing it or undoing it. A migration that ends, well or badly, goes
//! through here; so does one whose program died.
use std::thread;
use std::time::{Duration, Instant};

use virt::connect::Connect;

use super::verdict::{Seen, Verdict, verdict};
use super::{Entry, Record};
use crate::domain::{DomainId, actions, read};
use crate::error::Left;
use crate::host::Host;
use crate::migrate::made::{asleep, drop_probes, file_at, insist};
use crate::migrate::run::Step;
use crate::migrate::{Kind, job};
use crate::storage;
use crate::{Error, Result};

/// How long daemons may take to end what they are at.
const PATIENCE: Duration = Duration::from_secs(30);
/// What a program asked for in its last moment may begin so much later.
const REST: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(300);

/// How a migration ended.
#[derive(Debug)]
pub enum Settled {
    /// The machine is where it was. `running`: it runs there. `removed`: paths of files of the move that were removed at
    /// the destination.
    StayedHere { running: bool, removed: Vec<String>, left: Vec<Left> },
    /// The machine is at the destination and no longer here. `left_here`: its images, which nothing uses any more.
    FinishedThere { running: bool, left_here: Vec<String>, left: Vec<Left> },
    /// Neither host has the machine; nothing was touched.
    NothingToDo,
    /// Either step could harm the machine, so nothing was touched: a person must look.
    CannotTell { here: Seen, there: Seen },
}

impl Settled {
    /// Whether nothing is left to do.
    fn is_over(&self) -> bool {
        match self {
            Self::StayedHere { left, .. } | Self::FinishedThere { left, .. } => left.is_empty(),
            Self::NothingToDo => true,
            Self::CannotTell { .. } => false,
        }
    }
}

/// Settles a migration whose program is gone. The hosts must be the entry's. The record is removed, unless something is
/// left to do or a host does not answer (an error): then a later call may do better.
pub fn settle(record: &Record, source: &Host, dest: &Host) -> Result<Settled> {
    settled(record, source, dest, false)
}

/// The same for a migration that has just ended here.
pub(in crate::migrate) fn settle_now(record: &Record, source: &Host, dest: &Host) -> Result<Settled> {
    settled(record, source, dest, true)
}

fn settled(record: &Record, source: &Host, dest: &Host, fresh: bool) -> Result<Settled> {
    let entry = record.entry();
    let id = entry.machine;
    let from = Instant::now();
    let settled = loop {
        let waited = from.elapsed() >= PATIENCE;
        let busy = calmed(source, id)?;
        let here = insist(source, move |conn| Seen::look(conn, id))?;
        let there = insist(dest, move |conn| Seen::look(conn, id))?;
        // QEMU may hang for ever if the other one ends just as the machine goes over: no call wakes it or frees its job.
        let hangs = busy && waited && here == Seen::Held && entry.step == Step::PostCopy;
        let here = if hangs { Seen::Torn } else { here };
        let restless = busy && !waited || !fresh && from.elapsed() < REST;
        let verdict = if restless { Verdict::Wait } else { verdict(&entry, here, there, waited, fresh) };
        tracing::info!(machine = entry.name, ?here, ?there, ?verdict, "settling a migration");
        match verdict {
            Verdict::Wait => thread::sleep(PAUSE),
            Verdict::Stay => break stay(&entry, source, dest, (here, there), fresh)?,
            Verdict::Finish => break finish(&entry, source, dest, (here, there)),
            Verdict::Nothing => break Settled::NothingToDo,
            Verdict::CannotTell => break Settled::CannotTell { here, there },
        }
    };
    source.refresh(id);
    dest.refresh(id);
    if settled.is_over() {
        record.end();
    }
    Ok(settled)
}

/// Stops the job that a dead program may have left at the source; whether there was one.
fn calmed(source: &Host, id: DomainId) -> Result<bool> {
    insist(source, move |conn| {
        let Ok(domain) = read::lookup(conn, id) else { return Ok(false) };
        let runs = job::runs(&domain);
        if runs && let Err(error) = crate::host::migrate_ffi::abort(&domain) {
            // Post-copy can't be stopped, nor what has just ended.
            tracing::debug!(%error, "the job is not aborted");
        }
        Ok(runs)
    })
}

/// The machine belongs here: it goes on, and what was made there goes.
fn stay(entry: &Entry, source: &Host, dest: &Host, (here, there): (Seen, Seen), fresh: bool) -> Result<Settled> {
    let id = entry.machine;
    // What has never run there must not begin to when it runs here; had that failed, it would not go on here.
    if matches!(there, Seen::Held | Seen::On) {
        insist(dest, move |conn| stop(conn, id))?;
    }
    let mut left = Vec::new();
    let read = entry.disks.iter().chain(&entry.memory);
    drop_probes(source, read.map(|moved| moved.here.clone()).collect(), !fresh);
    let by_copy = entry.kind == Kind::Static && entry.active;
    let on = match here {
        Seen::Held => insist(source, move |conn| Ok(read::lookup(conn, id)?.resume().map(drop)?)),
        Seen::Off { saved: true, .. } if by_copy => insist(source, move |conn| start(conn, id)),
        _ => Ok(()),
    };
    let running = on.is_ok() && !matches!(here, Seen::Off { saved, .. } if !(saved && by_copy));
    if let Err(e) = on {
        left.push(Left::Saved { name: entry.name.clone(), host: entry.source.name.clone(), why: Box::new(e) });
    }
    let removed = undo(entry, dest, !fresh, &mut left);
    Ok(Settled::StayedHere { running, removed, left })
}

/// Removes what was made there, unless the machine runs there.
fn undo(entry: &Entry, dest: &Host, force: bool, left: &mut Vec<Left>) -> Vec<String> {
    let id = entry.machine;
    let host = &entry.dest.name;
    let copies = entry.disks.iter().map(|moved| moved.there.clone());
    drop_probes(dest, copies.chain(entry.files.iter().cloned()).collect(), force);
    if entry.definition && !entry.defined_there {
        let gone = insist(dest, move |conn| match Seen::look(conn, id)? {
            Seen::Off { .. } => actions::undefine(&read::lookup(conn, id)?, false),
            _ => Ok(()),
        });
        if let Err(e) = gone {
            let machine = Left::Machine { name: entry.name.clone(), why: Box::new(e) };
            left.push(Left::At { host: host.clone(), left: Box::new(machine) });
        }
    }
    let mut removed = Vec::new();
    for path in entry.files.iter().rev() {
        let file = path.clone();
        let gone = insist(dest, move |conn| match Seen::look(conn, id)? {
            Seen::Gone | Seen::Off { .. } => storage::remove(conn, &file),
            _ => Err(Error::Unsupported("a machine uses it".into())),
        });
        match gone {
            Ok(true) => removed.push(path.clone()),
            Ok(false) => {}
            Err(e) => left.push(file_at(host, path, e)),
        }
    }
    removed
}

/// The machine is there: it starts with that host if it did so here, and what is left of it here goes, disks excepted.
fn finish(entry: &Entry, source: &Host, dest: &Host, (here, there): (Seen, Seen)) -> Settled {
    let id = entry.machine;
    let mut left = Vec::new();
    let twin = || Left::Twin { name: entry.name.clone(), host: entry.source.name.clone() };
    // First of all: it must not run twice.
    if matches!(here, Seen::Held | Seen::Torn)
        && let Err(error) = insist(source, move |conn| stop(conn, id))
    {
        tracing::warn!(%error, "the machine that has moved could not be stopped here");
        left.push(twin());
    } else if entry.persistent
        && let Err(error) = insist(source, remover(entry))
    {
        tracing::warn!(%error, "the machine that has moved could not be removed here");
        left.push(twin());
    }
    if entry.autostart {
        let set = insist(dest, move |conn| Ok(read::lookup(conn, id)?.set_autostart(true).map(drop)?));
        if let Err(error) = set {
            let machine = Left::Machine { name: entry.name.clone(), why: Box::new(error) };
            left.push(Left::At { host: entry.dest.name.clone(), left: Box::new(machine) });
        }
    }
    for path in entry.memory.iter().map(|memory| memory.there.clone()) {
        let file = path.clone();
        if let Err(e) = insist(dest, move |conn| storage::remove(conn, &file)) {
            left.push(file_at(&entry.dest.name, &path, e));
        }
    }
    let left_here = entry.disks.iter().map(|disk| disk.here.clone()).collect();
    Settled::FinishedThere { running: there == Seen::On, left_here, left }
}

/// Undefines it at the source, if it is still there and off.
fn remover(entry: &Entry) -> impl Fn(&Connect) -> Result<()> + Clone + Send + 'static {
    let id = entry.machine;
    // The destination may use the very file of its firmware's variables.
    let keep = entry.keep;
    let keep_nvram = entry.kind.is_live() || entry.kind == Kind::Offline;
    move |conn| match Seen::look(conn, id)? {
        Seen::Gone => Ok(()),
        Seen::Off { .. } if keep => asleep(conn, id),
        Seen::Off { .. } => actions::undefine(&read::lookup(conn, id)?, keep_nvram),
        _ => Err(Error::NotAllowed(actions::Denial::MustBeOff)),
    }
}

fn stop(conn: &Connect, id: DomainId) -> Result<()> {
    match Seen::look(conn, id)? {
        Seen::Gone | Seen::Off { .. } => Ok(()),
        _ => Ok(read::lookup(conn, id)?.destroy()?),
    }
}

fn start(conn: &Connect, id: DomainId) -> Result<()> {
    match Seen::look(conn, id)? {
        Seen::Gone | Seen::Off { .. } => Ok(read::lookup(conn, id)?.create().map(drop)?),
        _ => Ok(()),
    }
}
