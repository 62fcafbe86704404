//! Pools, volumes, and what is known of a path on a host.
//!
//! Functions that take a [`Connect`] run inside [`crate::host::Host::call`], so that a check costs one turn in the lane.
mod os_error;
mod pool;
mod read;
mod upload;
mod used;

use uuid::Uuid;
use virt::connect::Connect;
use virt::storage_vol::StorageVol;

use crate::install::Format;
use crate::install::xml::escape;
use crate::{Error, Result};

pub use os_error::last_errno;
pub use pool::{FolderPool, FolderProblem, NoPool, PROBE_PREFIX, target};
pub use read::text;
pub use upload::upload;
pub use used::{domain_using_mac, domain_using_path};

/// What a host says about one of its folders.
#[derive(Clone, Debug, PartialEq)]
pub enum Look {
    Here(Folder),
    No(FolderProblem),
    /// The host can't tell (no storage driver, or another failure); its words.
    Unknown(String),
}

/// A folder on a host.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Folder {
    /// Bytes free, if the host tells.
    pub free: Option<u64>,
    /// Names of the files (and folders) in it.
    pub names: Vec<String>,
}

impl NoPool {
    /// As an error of a job that needs `folder`.
    pub fn into_error(self, folder: &str) -> Error {
        match self {
            Self::Folder(problem) => Error::Folder { folder: folder.to_owned(), problem },
            Self::Other(e) => e,
        }
    }
}

/// Looks into a folder on the host (absolute).
pub fn look(conn: &Connect, folder: &str) -> Look {
    match FolderPool::open(conn, clean(folder)) {
        Ok(pool) => Look::Here(Folder { free: pool.free(), names: pool.pool().list_volumes().unwrap_or_default() }),
        Err(NoPool::Folder(problem)) => Look::No(problem),
        Err(NoPool::Other(e)) => Look::Unknown(e.cause().to_string()),
    }
}

/// Whether the host can make files in the folder, found out by making an empty one and removing it.
pub fn can_write(conn: &Connect, folder: &str) -> Result<(), NoPool> {
    let pool = FolderPool::open(conn, clean(folder))?;
    let denied = |words| NoPool::Folder(FolderProblem::Denied(words));
    let probe = create_in(&pool, &format!(".{PROBE_PREFIX}{}", Uuid::new_v4()), 0, Format::Raw, true);
    let probe = probe.map_err(|e| denied(e.cause().to_string()))?;
    probe.delete(0).map_err(|e| denied(e.message().to_owned()))
}

/// Makes a disk image of `bytes` at `path` (absolute, on the host); never over one that is there.
pub fn create(conn: &Connect, path: &str, bytes: u64, format: Format, sparse: bool) -> Result<()> {
    let (folder, name) = split(path)?;
    let pool = FolderPool::open(conn, folder).map_err(|e| e.into_error(folder))?;
    create_in(&pool, name, bytes, format, sparse).map(drop)
}

/// Makes an empty qcow2 image of `bytes` at `path` that stands on the file `backing` (both absolute, on the host); never
/// over one that is there. `backing_format` is QEMU's name.
pub fn create_over(conn: &Connect, path: &str, bytes: u64, backing: &str, backing_format: &str) -> Result<()> {
    let (folder, name) = split(path)?;
    let pool = FolderPool::open(conn, folder).map_err(|e| e.into_error(folder))?;
    let xml = format!(
        "<volume><name>{}</name><capacity unit='bytes'>{bytes}</capacity><allocation unit='bytes'>0</allocation>\
         <target><format type='qcow2'/></target><backingStore><path>{}</path><format type='{}'/></backingStore></volume>",
        escape(name),
        escape(backing),
        escape(backing_format),
    );
    StorageVol::create_xml(pool.pool(), &xml, 0)?;
    Ok(())
}

/// Removes the file at `path` (absolute, on the host). `false`: it was not there.
pub fn remove(conn: &Connect, path: &str) -> Result<bool> {
    let (folder, name) = split(path)?;
    let pool = match FolderPool::open(conn, folder) {
        Ok(pool) => pool,
        Err(NoPool::Folder(FolderProblem::Missing)) => return Ok(false),
        Err(e) => return Err(e.into_error(folder)),
    };
    match pool.pool().lookup_storage_vol_by_name(name) {
        Ok(volume) => Ok(volume.delete(0).map(|()| true)?),
        Err(e) if e.code().to_raw() == virt_sys::VIR_ERR_NO_STORAGE_VOL => Ok(false),
        Err(e) => Err(e.into()),
    }
}

/// Whether something is at `path` on the host; `None` if the host can't tell, as of devices.
pub fn exists(conn: &Connect, path: &str) -> Option<bool> {
    if conn.lookup_storage_vol_by_path(path).is_ok() {
        return Some(true);
    }
    let (folder, name) = split(path).ok()?;
    match look(conn, folder) {
        Look::Here(here) if here.names.iter().any(|n| n == name) => Some(true),
        Look::Here(_) | Look::No(FolderProblem::Missing | FolderProblem::NotFolder) => Some(false),
        Look::No(FolderProblem::Denied(_) | FolderProblem::Kernels) | Look::Unknown(_) => None,
    }
}

/// The volume XML (format, capacity…) of the file at `path`, if the host shows it as a volume.
pub fn volume_xml(conn: &Connect, path: &str) -> Result<String> {
    if let Ok(volume) = conn.lookup_storage_vol_by_path(path) {
        return Ok(volume.xml_desc(0)?);
    }
    let (folder, name) = split(path)?;
    let pool = FolderPool::open(conn, folder).map_err(|e| e.into_error(folder))?;
    Ok(pool.pool().lookup_storage_vol_by_name(name)?.xml_desc(0)?)
}

/// Folder and file name of an absolute path.
pub fn split(path: &str) -> Result<(&str, &str)> {
    match path.rsplit_once('/') {
        Some((folder, name)) if path.starts_with('/') && !name.is_empty() => Ok((clean(folder), name)),
        _ => Err(Error::NotAbsolute(path.to_owned())),
    }
}

/// Without trailing slashes, as libvirt keeps the target of a pool.
fn clean(folder: &str) -> &str {
    match folder.trim_end_matches('/') {
        "" => "/",
        other => other,
    }
}

fn create_in(pool: &FolderPool, name: &str, bytes: u64, format: Format, sparse: bool) -> Result<StorageVol> {
    let format = format.name();
    let allocation = if sparse { 0 } else { bytes };
    let xml = format!(
        "<volume><name>{}</name><capacity unit='bytes'>{bytes}</capacity><allocation unit='bytes'>{allocation}</allocation>\
         <target><format type='{format}'/></target></volume>",
        escape(name)
    );
    Ok(StorageVol::create_xml(pool.pool(), &xml, 0)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_split_as_libvirt_keeps_them() {
        assert_eq!(split("/a/b.img").unwrap(), ("/a", "b.img"));
        assert_eq!(split("/b.img").unwrap(), ("/", "b.img"));
        assert_eq!(split("/a//b.img").unwrap(), ("/a", "b.img"));
        for bad in ["b.img", "/a/", "", "a/b"] {
            assert!(split(bad).is_err(), "{bad}");
        }
    }
}
