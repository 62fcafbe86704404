//! What a tree installs: OS, kernel, initrd and the kernel arguments of its generation.
mod debian;
mod redhat;
mod treeinfo;

use std::fmt;

use crate::error::{Absent, Lack, SourceError};
use crate::install::source::{Location, Tree};
use crate::task::Cancel;
use crate::{Error, Result};

/// The family decides the kernel arguments and the kind of unattended file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// RHEL, CentOS, Fedora, Scientific…: Anaconda, kickstart.
    RedHat,
    /// Debian and its kin: debian-installer, preseed.
    Debian,
    /// A `.treeinfo` of somebody else.
    Other,
}

/// What was found in a tree.
#[derive(Clone, PartialEq, Eq)]
pub struct Detected {
    pub location: Location,
    pub family: Family,
    /// As a person reads it: "Red Hat Enterprise Linux Server 5.0".
    pub os: String,
    /// libosinfo's short id where we know it ("rhel5.0", "centos-stream9", "debian12").
    pub os_short_id: Option<String>,
    pub version: Option<String>,
    pub arch: Option<String>,
    /// Paths in the tree, with sizes where the protocol tells.
    pub kernel: String,
    pub kernel_size: Option<u64>,
    pub initrd: String,
    pub initrd_size: Option<u64>,
    /// The Xen PV pair, where the tree has one.
    pub xen: Option<(String, String)>,
    /// Arguments that tell the installer where its tree is, by generation: `method=nfs:…` or `inst.repo=nfs:…`.
    pub repo_args: Vec<String>,
    /// MiB below which its installer does not start, and what is good.
    pub minimum_memory_mib: u64,
    pub recommended_memory_mib: u64,
}

/// Messages are logged, and the arguments may hold a password.
impl fmt::Debug for Detected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Detected").field("os", &self.os).field("location", &self.location).finish_non_exhaustive()
    }
}

impl Detected {
    /// Which commands and arguments its Anaconda knows.
    pub fn generation(&self) -> Generation {
        redhat::generation(&self.os, self.version.as_deref())
    }

    /// The argument that names an unattended file by URL: `ks=`, `inst.ks=` or `url=` with what it needs beside it.
    pub fn unattended_args(&self, url: &str) -> Vec<String> {
        match self.family {
            Family::RedHat => vec![format!("{}={}", self.generation().ks_option(), redhat::kickstart_url(url))],
            Family::Debian => debian::automatic(format!("url={url}")),
            Family::Other => Vec::new(),
        }
    }

    /// The argument for a file of this name at the initrd's root.
    pub fn injected_args(&self, file_name: &str) -> Vec<String> {
        match self.family {
            Family::RedHat => vec![format!("{}=file:/{file_name}", self.generation().ks_option())],
            Family::Debian => debian::automatic(format!("preseed/file=/{file_name}")),
            Family::Other => Vec::new(),
        }
    }
}

/// Anaconda's generations, as far as arguments and kickstart commands differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Generation {
    /// RHEL 5 and older, Fedora up to 11: `ks=`, sections need no `%end`.
    Rhel5,
    /// RHEL 6, Fedora 12 to 16: `ks=`, `%end`.
    Rhel6,
    /// RHEL 7, Fedora 17 to 27: `inst.ks=`.
    Rhel7,
    /// RHEL 8 and newer.
    Rhel8,
}

impl Generation {
    fn ks_option(self) -> &'static str {
        if self <= Self::Rhel6 { "ks" } else { "inst.ks" }
    }

    fn repo_option(self) -> &'static str {
        if self <= Self::Rhel6 { "method" } else { "inst.repo" }
    }
}

/// Finds out what the location installs. [`SourceError::NothingInstallable`] where nothing is.
/// Each question to the server ends within 20 s, or at once after a cancel.
pub fn detect(location: &Location, cancel: &Cancel) -> Result<Detected> {
    let mut tree = crate::install::source::open(location, cancel)?;
    detect_in(location, tree.as_mut(), cancel)
}

/// The same in a tree that is open already.
pub fn detect_in(location: &Location, tree: &mut dyn Tree, cancel: &Cancel) -> Result<Detected> {
    let mut probe = Probe { tree, cancel, forbidden: None };
    let found = look(location, &mut probe);
    let forbidden = probe.forbidden;
    // A tree's calls have no word for a cancel, so what they say after one is no fault of the source.
    cancel.check()?;
    match (found, forbidden) {
        (Err(Error::Source(SourceError::NothingInstallable { .. })), Some(forbidden)) => Err(forbidden.into()),
        (found, _) => found,
    }
}

fn look(location: &Location, probe: &mut Probe) -> Result<Detected> {
    if let Some((name, info)) = treeinfo::read(probe)? {
        return redhat::from_treeinfo(location, probe, name, &info);
    }
    if let Some(found) = redhat::from_layout(location, probe)? {
        return Ok(found);
    }
    match debian::look(location, probe)? {
        Ok(found) => Ok(found),
        Err(half) => Err(nothing(location, half.map_or(Lack::Everything, Lack::Half))),
    }
}

/// A tree being looked through.
struct Probe<'a> {
    tree: &'a mut dyn Tree,
    cancel: &'a Cancel,
    /// The first file that we may not read: no reason to give up before everything else was looked at.
    forbidden: Option<SourceError>,
}

/// A kernel and its initrd: path and size of each.
#[derive(Clone, Debug)]
struct Pair {
    kernel: (String, Option<u64>),
    initrd: (String, Option<u64>),
}

impl Probe<'_> {
    /// A small text file.
    fn text(&mut self, path: &str, limit: u64) -> Result<Option<String>> {
        self.cancel.check()?;
        let read = self.tree.read(path, limit);
        let bytes = self.permitted(read)?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    fn permitted<T>(&mut self, result: Result<Option<T>, SourceError>) -> Result<Option<T>> {
        match result {
            Err(SourceError::Forbidden(name)) => {
                // Web servers forbid what begins with a dot, whether it is there or not.
                let of_course = name.starts_with("http") && name.contains("/.");
                if !of_course && self.forbidden.is_none() {
                    self.forbidden = Some(SourceError::Forbidden(name));
                }
                Ok(None)
            }
            other => Ok(other?),
        }
    }

    /// The names in a folder; none where the protocol can't list.
    fn names(&mut self, path: &str) -> Result<Vec<String>> {
        self.cancel.check()?;
        Ok(self
            .tree
            .list(path)
            .map(|entries| entries.into_iter().map(|entry| entry.name).collect())
            .unwrap_or_default())
    }

    /// The pair if both are there and not empty, else those that are missing.
    fn pair(&mut self, kernel: &str, initrd: &str) -> Result<Result<Pair, Vec<Absent>>> {
        let mut missing = Vec::new();
        let mut size = |path: &str| -> Result<Option<u64>> {
            self.cancel.check()?;
            let stat = self.tree.stat(path);
            match self.permitted(stat)? {
                None => missing.push(Absent { path: path.to_owned(), empty: false }),
                Some(Some(0)) => missing.push(Absent { path: path.to_owned(), empty: true }),
                Some(size) => return Ok(size),
            }
            Ok(None)
        };
        let pair = Pair { kernel: (kernel.into(), size(kernel)?), initrd: (initrd.into(), size(initrd)?) };
        Ok(if missing.is_empty() { Ok(pair) } else { Err(missing) })
    }
}

/// The leading number of a version.
fn major(version: &str) -> Option<u32> {
    let digits = version.trim_start().split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

fn nothing(location: &Location, looked_for: Lack) -> Error {
    SourceError::NothingInstallable { location: location.shown(), looked_for }.into()
}

#[cfg(test)]
mod tests;
