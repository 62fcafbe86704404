//! What a tree installs: OS, kernel, initrd and the kernel arguments of its generation.
use crate::Result;
use crate::error::SourceError;
use crate::install::source::{Location, Tree};
use crate::task::Cancel;

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
#[derive(Clone, Debug, PartialEq, Eq)]
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

impl Detected {
    /// The argument that names an unattended file by URL: `ks=`, `inst.ks=` or `url=` with what it needs beside it.
    pub fn unattended_args(&self, url: &str) -> Vec<String> {
        let _ = url;
        Vec::new()
    }
    /// The argument for a file of this name at the initrd's root.
    pub fn injected_args(&self, file_name: &str) -> Vec<String> {
        let _ = file_name;
        Vec::new()
    }
}

/// Finds out what the location installs. At most 20 s; [`SourceError::NothingInstallable`] where nothing is.
pub fn detect(location: &Location, cancel: &Cancel) -> Result<Detected> {
    let mut tree = crate::install::source::open(location, cancel)?;
    detect_in(location, tree.as_mut(), cancel)
}

/// The same in a tree that is open already.
pub fn detect_in(location: &Location, tree: &mut dyn Tree, cancel: &Cancel) -> Result<Detected> {
    let _ = (tree, cancel);
    Err(SourceError::NothingInstallable { location: location.to_string(), looked_for: String::new() }.into())
}
