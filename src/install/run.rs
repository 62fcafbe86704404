//! Carrying a plan out: fetch, inject, upload, create, define, start — and undoing all of it on failure or cancel.
use crate::Result;
use crate::domain::DomainId;
use crate::host::Host;
use crate::install::plan::Plan;
use crate::task::{Cancel, Progress};

/// Runs the plan until the machine runs its installer. On an error or a cancel nothing is left behind
/// (or [`crate::Error::LeftBehind`] names it).
pub fn run(host: &Host, plan: &Plan, on: impl Fn(Progress) + Sync, cancel: &Cancel) -> Result<DomainId> {
    let _ = (host, plan, on, cancel);
    Err(crate::Error::Cancelled)
}

/// Waits until the installer has ended (the machine rebooted or powered off), starts the machine from its disk if it
/// rebooted, and removes kernel and initrd from the host.
pub fn finish(host: &Host, plan: &Plan, domain: DomainId, on: impl Fn(Progress) + Sync, cancel: &Cancel) -> Result<()> {
    let _ = (host, plan, domain, on, cancel);
    Err(crate::Error::Cancelled)
}
