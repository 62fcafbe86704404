//! Drover's state folder: records that must outlive the program (`$XDG_STATE_HOME/drover`, by default
//! `~/.local/state/drover`, as the XDG base directory specification has it).
use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// The folder `name` in the state folder; it need not be there yet.
pub fn folder(name: &str) -> Result<PathBuf> {
    let given = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let base = given.or_else(|| Some(std::env::home_dir()?.join(".local/state")));
    let base = base.ok_or_else(|| failed(Path::new("$HOME"))(io::ErrorKind::NotFound.into()))?;
    Ok(base.join("drover").join(name))
}

/// Makes the folder, for its owner alone.
pub fn make(folder: &Path) -> Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed(folder))
}

/// Writes a file whole or not at all, on the disk when this returns; gives it back open. `first` sees it before others do.
pub fn write(path: &Path, bytes: &[u8], first: impl FnOnce(&File) -> io::Result<()>) -> Result<File> {
    let folder = path.parent().unwrap_or(path);
    make(folder)?;
    let written = (|| {
        // Readable by its owner alone.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        first(file.as_file())?;
        io::Write::write_all(&mut file, bytes)?;
        file.as_file().sync_all()?;
        let file = file.persist(path)?;
        File::open(folder)?.sync_all()?;
        Ok(file)
    })();
    written.map_err(failed(path))
}

/// An error about this path.
pub fn failed(path: &Path) -> impl Fn(io::Error) -> Error + '_ {
    move |source| Error::File { path: path.to_owned(), source }
}
