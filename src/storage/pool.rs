//! A storage pool over any folder of a host: the one that is there, else a transient one for as long as it is needed.
//!
//! libvirt shows a remote host's files through pools only. A transient `dir` pool (no build, so nothing is made on disk)
//! leaves nothing behind when it is destroyed.
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use uuid::Uuid;
use virt::connect::Connect;
use virt::storage_pool::StoragePool;

use super::os_error::last_errno;
use crate::host::open as link;
use crate::install::xml::escape;
use crate::{Error, Result};

/// The names of our transient pools begin like this.
pub const PROBE_PREFIX: &str = "drover-probe-";
/// Two programs that look at one folder at the same moment collide; a probe lives for milliseconds.
const TRIES: u32 = 25;
const PAUSE: Duration = Duration::from_millis(40);

/// Why no pool can be had over a folder.
#[derive(Debug)]
pub enum NoPool {
    Folder(FolderProblem),
    /// Whatever else, such as a host without a storage driver.
    Other(Error),
}

/// What is wrong with a folder on a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FolderProblem {
    /// ENOENT.
    Missing,
    /// ENOTDIR.
    NotFolder,
    /// EACCES or EPERM, in the host's words.
    Denied(String),
    /// The kernel's own: `/proc`, `/sys`, `/dev`.
    Kernels,
}

impl FolderProblem {
    /// In words, with the folder.
    pub(crate) fn of(&self, folder: &str) -> String {
        match self {
            Self::Missing => format!("the folder {folder} is not there on the host"),
            Self::NotFolder => format!("{folder} is no folder on the host"),
            Self::Denied(words) => format!("the host may not use {folder}: {words}"),
            Self::Kernels => format!("{folder} belongs to the kernel: no disk image can lie there"),
        }
    }
}

/// What must be undone when we are done with the pool.
enum Undo {
    Nothing,
    /// Made or started by us: stopping it undoes both.
    Stop,
}

/// An active pool whose target is the folder; what we started is stopped when its last user drops it.
#[derive(Clone)]
pub struct FolderPool(Arc<Active>);

struct Active {
    pool: StoragePool,
    undo: Undo,
}

/// The pools in use, by link (its address, which a pool in use keeps from being another's) and folder. libvirt takes no
/// two pools over one folder, and several machines with disks in one folder are looked at at once.
static IN_USE: Mutex<Option<InUse>> = Mutex::new(None);

type InUse = HashMap<(usize, String), Arc<Mutex<Weak<Active>>>>;

impl FolderPool {
    /// The pool over `folder` (absolute, without a trailing slash), its list of volumes up to date. The kernel's own
    /// folders are refused.
    pub fn open(conn: &Connect, folder: &str) -> Result<Self, NoPool> {
        if is_kernels(folder) {
            return Err(NoPool::Folder(FolderProblem::Kernels));
        }
        Self::open_any(conn, folder)
    }

    /// The same for a folder that is known to be harmless.
    pub(crate) fn open_any(conn: &Connect, folder: &str) -> Result<Self, NoPool> {
        let slot = slot(conn, folder);
        // Who comes second waits here until the pool is there.
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(active) = slot.upgrade() {
            let _ = active.pool.refresh(0);
            return Ok(Self(active));
        }
        let active = Arc::new(Active::open(conn, folder)?);
        *slot = Arc::downgrade(&active);
        Ok(Self(active))
    }

    /// The pool.
    pub fn pool(&self) -> &StoragePool {
        &self.0.pool
    }

    /// Bytes free in it, if the driver tells.
    pub fn free(&self) -> Option<u64> {
        self.0.pool.info().ok().map(|i| i.available)
    }
}

/// Where this folder's pool is noted; those that nobody uses are forgotten.
fn slot(conn: &Connect, folder: &str) -> Arc<Mutex<Weak<Active>>> {
    let mut all = IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
    let all = all.get_or_insert_default();
    // A slot that somebody holds is being filled.
    all.retain(|_, slot| Arc::strong_count(slot) > 1 || slot.try_lock().is_ok_and(|weak| weak.strong_count() > 0));
    Arc::clone(all.entry((link::address(conn), folder.to_owned())).or_default())
}

impl Active {
    fn open(conn: &Connect, folder: &str) -> Result<Self, NoPool> {
        let mut tries = 0;
        loop {
            let found = conn.lookup_storage_pool_by_target_path(folder);
            if let Ok(pool) = found
                && (tries == TRIES || !pool.name().is_ok_and(|n| n.starts_with(PROBE_PREFIX)))
            {
                // A volume that is being built blocks the refresh; the list is then as old as that job.
                let _ = pool.refresh(0);
                return Ok(Self { pool, undo: Undo::Nothing });
            }
            match create_transient(conn, folder) {
                Ok(pool) => return Ok(Self { pool, undo: Undo::Stop }),
                Err(NoPool::Other(e)) => {
                    if let Some(found) = in_the_way(conn, folder) {
                        return Ok(found);
                    }
                    tries += 1;
                    if tries > TRIES || !is_conflict(&e) {
                        return Err(NoPool::Other(e));
                    }
                    thread::sleep(PAUSE);
                }
                Err(known) => return Err(known),
            }
        }
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        if let Undo::Stop = self.undo
            && let Err(e) = self.pool.destroy()
        {
            tracing::warn!(error = %e.message(), "a transient storage pool could not be removed");
        }
    }
}

fn create_transient(conn: &Connect, folder: &str) -> Result<StoragePool, NoPool> {
    let xml = format!(
        "<pool type='dir'><name>{PROBE_PREFIX}{}</name><target><path>{}</path></target></pool>",
        Uuid::new_v4(),
        escape(folder)
    );
    conn.create_storage_pool_xml(&xml, 0).map_err(|e| match last_errno() {
        Some(libc::ENOENT) => NoPool::Folder(FolderProblem::Missing),
        Some(libc::ENOTDIR) => NoPool::Folder(FolderProblem::NotFolder),
        Some(libc::EACCES | libc::EPERM) => NoPool::Folder(FolderProblem::Denied(e.message().to_owned())),
        _ => NoPool::Other(e.into()),
    })
}

/// The pool that keeps others from its folder: one that is stopped (it is started for as long as we need it), or one of
/// a driver that can't look pools up by their folder.
fn in_the_way(conn: &Connect, folder: &str) -> Option<Active> {
    let pools = conn.list_all_storage_pools(0).ok()?;
    let pool = pools.into_iter().find(|p| target(p).as_deref().map(|t| t.trim_end_matches('/')) == Some(folder))?;
    if pool.name().is_ok_and(|n| n.starts_with(PROBE_PREFIX)) {
        return None;
    }
    if pool.is_active().ok()? {
        let _ = pool.refresh(0);
        return Some(Active { pool, undo: Undo::Nothing });
    }
    pool.create(0).ok()?;
    Some(Active { pool, undo: Undo::Stop })
}

/// Whether the folder is of a file system that holds no files but talks to the kernel. A pool reads the beginning of each
/// file in its folder, and reading `/proc/kmsg` would block libvirt's storage for everybody.
fn is_kernels(folder: &str) -> bool {
    let mut parts = Vec::new();
    for part in folder.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    matches!(parts.first(), Some(&("proc" | "sys" | "dev")))
}

/// The folder that a pool shows.
pub fn target(pool: &StoragePool) -> Option<String> {
    let xml = pool.xml_desc(0).ok()?;
    let doc = roxmltree::Document::parse(&xml).ok()?;
    let path = doc.descendants().find(|n| n.has_tag_name("target"))?.children().find(|n| n.has_tag_name("path"))?;
    path.text().map(ToOwned::to_owned)
}

fn is_conflict(e: &Error) -> bool {
    matches!(e, Error::Libvirt { code, .. } if *code == virt_sys::VIR_ERR_OPERATION_FAILED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{Host, NoCredentials};

    #[test]
    fn one_pool_serves_all_who_look_at_a_folder_at_once() {
        let host = Host::open_now("test:///default", Arc::new(NoCredentials)).unwrap();
        let conn = host.connection().unwrap();
        let probes = || {
            let names = conn.list_all_storage_pools(0).unwrap().into_iter().filter_map(|pool| pool.name().ok());
            names.filter(|name| name.starts_with(PROBE_PREFIX)).count()
        };
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let one = FolderPool::open_any(&conn, "/srv/many").map_err(|e| format!("{e:?}")).unwrap();
                        let two = one.clone();
                        drop(one);
                        assert!(two.pool().is_active().unwrap());
                    }
                });
            }
        });
        assert_eq!(probes(), 0, "the last one takes it away");
        let _held = FolderPool::open_any(&conn, "/srv/many").map_err(|e| format!("{e:?}")).unwrap();
        let other = FolderPool::open_any(&conn, "/srv/other").map_err(|e| format!("{e:?}")).unwrap();
        assert_eq!(probes(), 2);
        drop(other);
        assert_eq!(probes(), 1);
    }

    #[test]
    fn the_kernels_folders_are_known_however_they_are_written() {
        for kernels in ["/proc", "/proc/1", "/sys/class", "//proc", "/srv/../proc", "/./dev/shm"] {
            assert!(is_kernels(kernels), "{kernels}");
        }
        for plain in ["/", "/srv", "/process", "/proc/../srv", "/srv/proc"] {
            assert!(!is_kernels(plain), "{plain}");
        }
    }
}
