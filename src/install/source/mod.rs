//! Where an installer's tree lies, and reading from there: NFS (a userland client), HTTP(S), a local folder.
pub mod dir;
pub mod http;
mod location;
pub mod nfs;
mod wait;

use std::io::Write;

pub use location::{Location, NfsLocation};

use crate::error::{Odd, SourceError};
use crate::task::Cancel;
use crate::{Error, Result};

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
    /// Returns the bytes copied. Where `out` fails, the error is [`Error::File`] with the path in the tree.
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

/// Opens the tree at a location: resolves, connects, mounts. Ends within 20 s or at once after a cancel; the tree keeps
/// `cancel` for the calls that take none.
pub fn open(location: &Location, cancel: &Cancel) -> Result<Box<dyn Tree>> {
    cancel.check()?;
    Ok(match location {
        Location::Nfs(nfs) => Box::new(nfs::NfsTree::open(nfs, cancel)?),
        Location::Http(url) => Box::new(http::HttpTree::open(url, cancel)?),
        Location::Dir(path) => Box::new(dir::DirTree::open(path)?),
    })
}

/// A tree's calls that take no cancel have no word for it either; their caller asks the cancel first, then the error.
fn without_cancel(error: Error, server: &str) -> SourceError {
    match error {
        Error::Source(e) => e,
        other => SourceError::Protocol { server: server.into(), reason: Odd::Said(other.to_string()) },
    }
}

/// The parts of a path inside a tree. One that leads out of it (`..`) or can't be (a zero byte) is not there.
fn parts(path: &str) -> Result<Vec<&str>, SourceError> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    match parts.iter().any(|part| *part == ".." || part.contains('\0')) {
        true => Err(SourceError::NotFound(path.into())),
        false => Ok(parts),
    }
}

/// A system's error without its number.
fn in_words(e: &std::io::Error) -> String {
    let text = e.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

/// What [`Tree::fetch`] says when `out` fails.
fn write_failed(path: &str, source: std::io::Error) -> Error {
    Error::File { path: path.into(), source }
}
