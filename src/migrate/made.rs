//! What a migration makes at the destination, and calls that outlast a lost link.
use std::thread;
use std::time::{Duration, Instant};

use virt::connect::Connect;

use super::journal::Record;
use super::plan::Plan;
use crate::domain::DomainId;
use crate::error::Left;
use crate::host::Host;
use crate::storage::{self, PROBE_PREFIX};
use crate::{Error, Result};

/// How long a lost link is waited for before what it should undo is given up.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a machine may be locked by what its daemon is at: libvirt itself waits 30 s for that lock, then gives up.
const LOCKED: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_secs(1);

/// A machine as a host has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum There {
    Gone,
    Defined,
    Active,
}

/// Whether the host has the machine.
pub(super) fn state(conn: &Connect, id: DomainId) -> Result<There> {
    match conn.lookup_domain_by_uuid(id.0) {
        Ok(domain) if domain.is_active()? => Ok(There::Active),
        Ok(_) => Ok(There::Defined),
        Err(e) if e.code().to_raw() == virt_sys::VIR_ERR_NO_DOMAIN => Ok(There::Gone),
        Err(e) => Err(e.into()),
    }
}

/// A definition that stays where the machine no longer is must not start with its host.
pub(super) fn asleep(conn: &Connect, id: DomainId) -> Result<()> {
    let domain = conn.lookup_domain_by_uuid(id.0)?;
    if domain.autostart().unwrap_or_default() {
        domain.set_autostart(false)?;
    }
    Ok(())
}

/// Calls a host, and once its link is lost opens it anew until it answers or patience ends. A machine that is locked by
/// something else is tried again for longer: what a dead program asked for may take a while to end.
pub(super) fn insist<T: Send + 'static>(
    host: &Host,
    f: impl Fn(&Connect) -> Result<T> + Clone + Send + 'static,
) -> Result<T> {
    let from = Instant::now();
    let mut result = host.call(f.clone());
    while result.as_ref().is_err_and(|error| from.elapsed() < patience(error)) {
        thread::sleep(PAUSE);
        if let Ok(again) = host.open_again() {
            result = again.call(f.clone());
        }
    }
    result
}

/// How long a call that failed like this is made again.
fn patience(error: &Error) -> Duration {
    match error {
        Error::Lost { .. } | Error::Busy { .. } => PATIENCE,
        Error::Libvirt { code: virt_sys::VIR_ERR_OPERATION_TIMEOUT, .. } => LOCKED,
        _ => Duration::ZERO,
    }
}

/// Stops the transient pools over these files' folders that a lost link left behind: the daemon keeps them for ever.
/// `force`: it was the link of a program that is gone.
pub(super) fn drop_probes(host: &Host, paths: Vec<String>, force: bool) {
    if !force && host.call(|conn| Ok(conn.is_alive().unwrap_or(true))).unwrap_or_default() {
        return;
    }
    let stopped = insist(host, move |conn| {
        for folder in paths.iter().filter_map(|p| storage::split(p).ok()).map(|(folder, _)| folder) {
            match conn.lookup_storage_pool_by_target_path(folder) {
                Ok(pool) if pool.name().is_ok_and(|n| n.starts_with(PROBE_PREFIX)) => pool.destroy()?,
                Ok(_) => {}
                Err(e) if e.code().to_raw() == virt_sys::VIR_ERR_NO_STORAGE_POOL => {}
                Err(e) => return Err(e.into()),
            }
        }
        Ok(())
    });
    if let Err(error) = stopped {
        tracing::warn!(%error, "a transient storage pool could not be removed");
    }
}

/// Removes what lies in the place of a copy, where the plan says so. A file that a machine has by now stays.
pub(super) fn make_room(dest: &Host, plan: &Plan) -> Result<()> {
    let copies = plan.copies.iter().filter(|c| c.replaces).map(|c| c.path_there.clone());
    for path in copies.chain(plan.nvram.clone().filter(|_| plan.nvram_replaces)) {
        dest.call(move |conn| match storage::domain_using_path(conn, &path)? {
            Some(machine) => Err(Error::Unsupported(format!("{path} is used by {machine}: it is not replaced"))),
            None => storage::remove(conn, &path).map(drop),
        })?;
    }
    Ok(())
}

fn at(host: &str, left: Left) -> Left {
    Left::At { host: host.to_owned(), left: Box::new(left) }
}

/// A file that is left on a host.
pub(super) fn file_at(host: &str, path: &str, why: Error) -> Left {
    at(host, Left::File { path: path.to_owned(), why: Box::new(why) })
}

/// Makes a file there by `make`, with the record telling of it before: also of one whose maker was lost on the way.
pub(super) fn file(record: &Record, dest: &Host, path: &str, make: impl FnOnce() -> Result<()>) -> Result<()> {
    let there = path.to_owned();
    if dest.call(move |conn| Ok(storage::exists(conn, &there)))? == Some(true) {
        // It is not ours: this fails in the host's words.
        return make();
    }
    record.making(path)?;
    let made = make();
    // It may have come up this moment; of a lost link nobody knows.
    if !matches!(made, Ok(()) | Err(Error::Lost { .. })) {
        record.not_made(path)?;
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_waited_for() {
        let libvirt = |code| Error::Libvirt { code, message: String::new() };
        assert_eq!(patience(&Error::Lost { uri: String::new() }), PATIENCE);
        assert!(patience(&libvirt(virt_sys::VIR_ERR_OPERATION_TIMEOUT)) > PATIENCE);
        assert_eq!(patience(&libvirt(virt_sys::VIR_ERR_OPERATION_FAILED)), Duration::ZERO);
        assert_eq!(patience(&Error::Cancelled), Duration::ZERO);
    }
}
