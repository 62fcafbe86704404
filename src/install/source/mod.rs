//! Where an installer's tree lies, and reading from there: NFS (a userland client), HTTP(S), a local folder.
pub mod dir;
pub mod http;
pub mod nfs;

use std::fmt;
use std::io::Write;
use std::path::PathBuf;
use std::str::FromStr;

use crate::Result;
use crate::error::SourceError;
use crate::task::Cancel;

/// A tree's place. `Display` gives back the form that a person types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    Nfs(NfsLocation),
    /// An absolute http:// or https:// URL.
    Http(String),
    Dir(PathBuf),
}

/// `nfs:host:/path`, `nfs://host/path`; `:PORT` after the host in the second form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NfsLocation {
    pub host: String,
    /// NFS and mount ports where the portmapper must not be asked (`nfs://host:2049/path?mountport=20048`).
    pub port: Option<u16>,
    pub mount_port: Option<u16>,
    /// Absolute; which part of it is the export is found out at the server.
    pub path: String,
}

impl FromStr for Location {
    type Err = SourceError;
    fn from_str(text: &str) -> Result<Self, SourceError> {
        Err(SourceError::Location { text: text.into(), reason: String::new() })
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nfs(n) => write!(f, "nfs:{}:{}", n.host, n.path),
            Self::Http(url) => f.write_str(url),
            Self::Dir(path) => path.display().fmt(f),
        }
    }
}

/// One entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    pub is_dir: bool,
    pub size: u64,
}

/// An open tree. Paths are relative to the location, with `/`, without a leading one.
pub trait Tree: Send {
    /// The whole of a small file (at most `limit` bytes, else [`SourceError::TooLarge`]); `None` if it is not there.
    fn read(&mut self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, SourceError>;
    /// Whether a file is there, and its size if the protocol tells.
    fn stat(&mut self, path: &str) -> Result<Option<Option<u64>>, SourceError>;
    /// Copies a file to `out`, reporting (bytes done, total if known). Checks `cancel` between blocks.
    fn fetch(
        &mut self,
        path: &str,
        out: &mut dyn Write,
        on: &mut dyn FnMut(u64, Option<u64>),
        cancel: &Cancel,
    ) -> Result<u64>;
    /// A folder's entries, sorted by name. HTTP can't: [`SourceError::Protocol`].
    fn list(&mut self, path: &str) -> Result<Vec<Entry>, SourceError>;
}

/// Opens the tree at a location: resolves, connects, mounts. Ends within 20 s or at once after a cancel.
pub fn open(location: &Location, cancel: &Cancel) -> Result<Box<dyn Tree>> {
    let _ = cancel;
    Err(SourceError::Location { text: location.to_string(), reason: String::new() }.into())
}
