//! libvirt's running job of a machine: its figures, and what can be changed while it runs.
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use virt::domain::{Domain, DomainStateReason};
use virt::enumutil::Enum;
use virt_sys as sys;

use crate::domain::{DomainId, read};
use crate::host::{Host, migrate_ffi};
use crate::{Error, Result};

/// What a job moves. Bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    pub done: u64,
    pub remaining: u64,
    pub total: u64,
}

/// A job's figures, as far as the hypervisor tells them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    pub memory: Amount,
    pub disk: Amount,
    /// Bytes a second that are sent.
    pub rate: u64,
    /// Bytes a second that the machine changes.
    pub dirty_rate: u64,
    /// How often memory was gone through.
    pub iteration: u64,
    /// Milliseconds that the machine would stand still, or did.
    pub downtime: Option<u64>,
    pub elapsed: u64,
    /// Milliseconds, by the hypervisor's estimate.
    pub remaining: Option<u64>,
}

impl Figures {
    fn of(named: &[(String, u64)]) -> Self {
        let find = |name: &std::ffi::CStr| {
            let name = name.to_str().unwrap_or_default();
            named.iter().find(|(n, _)| n == name).map(|(_, value)| *value)
        };
        let number = |name| find(name).unwrap_or_default();
        Self {
            memory: Amount {
                done: number(sys::VIR_DOMAIN_JOB_MEMORY_PROCESSED),
                remaining: number(sys::VIR_DOMAIN_JOB_MEMORY_REMAINING),
                total: number(sys::VIR_DOMAIN_JOB_MEMORY_TOTAL),
            },
            disk: Amount {
                done: number(sys::VIR_DOMAIN_JOB_DISK_PROCESSED),
                remaining: number(sys::VIR_DOMAIN_JOB_DISK_REMAINING),
                total: number(sys::VIR_DOMAIN_JOB_DISK_TOTAL),
            },
            rate: number(sys::VIR_DOMAIN_JOB_MEMORY_BPS).saturating_add(number(sys::VIR_DOMAIN_JOB_DISK_BPS)),
            // Pages a second.
            dirty_rate: number(sys::VIR_DOMAIN_JOB_MEMORY_DIRTY_RATE)
                .saturating_mul(find(sys::VIR_DOMAIN_JOB_MEMORY_PAGE_SIZE).unwrap_or(4096)),
            iteration: number(sys::VIR_DOMAIN_JOB_MEMORY_ITERATION),
            downtime: find(sys::VIR_DOMAIN_JOB_DOWNTIME),
            elapsed: number(sys::VIR_DOMAIN_JOB_TIME_ELAPSED),
            remaining: find(sys::VIR_DOMAIN_JOB_TIME_REMAINING).filter(|ms| *ms > 0),
        }
    }

    /// All that was sent so far.
    pub fn sent(&self) -> u64 {
        self.memory.done.saturating_add(self.disk.done)
    }

    /// All that is still to send.
    pub fn left(&self) -> u64 {
        self.memory.remaining.saturating_add(self.disk.remaining)
    }
}

/// Whether the machine has a job now.
pub(super) fn runs(domain: &Domain) -> bool {
    migrate_ffi::job(domain).is_ok_and(|(kind, _)| is_running(kind))
}

fn is_running(kind: u32) -> bool {
    matches!(kind, sys::VIR_DOMAIN_JOB_BOUNDED | sys::VIR_DOMAIN_JOB_UNBOUNDED)
}

/// The figures of the machine's job; `None` when it has none.
pub fn figures(host: &Host, id: DomainId) -> Result<Option<Figures>> {
    host.call(move |conn| {
        let (kind, named) = migrate_ffi::job(&read::lookup(conn, id)?)?;
        Ok(is_running(kind).then(|| Figures::of(&named)))
    })
}

/// Stops the job; the machine runs on where it is. Fails when there is none.
pub fn abort(host: &Host, id: DomainId) -> Result<()> {
    host.call(move |conn| migrate_ffi::abort(&read::lookup(conn, id)?))
}

/// Sets the most that may be sent, in MiB/s.
pub fn set_bandwidth(host: &Host, id: DomainId, mib: u64) -> Result<()> {
    host.call(move |conn| Ok(read::lookup(conn, id)?.migrate_set_max_speed(mib, 0).map(drop)?))
}

/// Sets how long the machine may stand still, in milliseconds.
pub fn set_downtime(host: &Host, id: DomainId, milliseconds: u64) -> Result<()> {
    host.call(move |conn| Ok(read::lookup(conn, id)?.migrate_set_max_downtime(milliseconds, 0).map(drop)?))
}

/// Lets the machine go over to the destination now, with what memory is there. There is no way back from it.
pub fn switch_over(host: &Host, id: DomainId) -> Result<()> {
    host.call(move |conn| migrate_ffi::start_postcopy(&read::lookup(conn, id)?))
}

/// Whether the machine has gone over to the destination by post-copy; asked of its source.
pub fn has_switched(host: &Host, id: DomainId) -> Result<bool> {
    host.call(move |conn| {
        let paused = match read::lookup(conn, id)?.state()?.1 {
            Enum::Known(DomainStateReason::Paused(reason)) => reason.to_raw(),
            _ => return Ok(false),
        };
        Ok(matches!(paused, sys::VIR_DOMAIN_PAUSED_POSTCOPY | sys::VIR_DOMAIN_PAUSED_POSTCOPY_FAILED))
    })
}

/// Between two looks at a job.
const POLL: Duration = Duration::from_millis(200);

/// Does `work`, which blocks for as long as libvirt's job takes, on a thread of its own; `look` is called meanwhile.
pub(super) fn watched<T: Send>(work: impl FnOnce() -> Result<T> + Send, mut look: impl FnMut()) -> Result<T> {
    thread::scope(|scope| {
        let (sender, done) = channel();
        let worker = scope.spawn(move || drop(sender.send(work())));
        loop {
            match done.recv_timeout(POLL) {
                Ok(result) => return result,
                Err(RecvTimeoutError::Timeout) => look(),
                // It panicked.
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        match worker.join() {
            Err(panic) => std::panic::resume_unwind(panic),
            Ok(()) => Err(Error::Cancelled),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_by_libvirts_names() {
        let named = [
            ("time_elapsed", 1500),
            ("memory_total", 1000),
            ("memory_processed", 400),
            ("memory_remaining", 600),
            ("memory_bps", 70),
            ("disk_bps", 30),
            ("disk_processed", 5),
            ("memory_dirty_rate", 3),
            ("memory_page_size", 4096),
            ("memory_iteration", 2),
            ("downtime", 120),
        ];
        let figures = Figures::of(&named.map(|(name, value)| (name.to_owned(), value)));
        assert_eq!(figures.memory, Amount { done: 400, remaining: 600, total: 1000 });
        assert_eq!((figures.rate, figures.dirty_rate, figures.iteration), (100, 12_288, 2));
        assert_eq!((figures.downtime, figures.remaining, figures.elapsed), (Some(120), None, 1500));
        assert_eq!((figures.sent(), figures.left()), (405, 600));
    }
}
