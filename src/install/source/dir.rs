//! A local folder as an install tree.
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::{Entry, Tree, in_words, parts, write_failed};
use crate::Result;
use crate::error::{Expected, Odd, SourceError};
use crate::task::Cancel;

/// How much is copied between two looks at the cancel.
const BLOCK: usize = 1 << 20;

/// A folder here.
#[derive(Debug)]
pub struct DirTree {
    root: PathBuf,
}

impl DirTree {
    /// The folder must be there and be a folder.
    pub fn open(root: &Path) -> Result<Self, SourceError> {
        match fs::metadata(root) {
            Ok(meta) if meta.is_dir() => Ok(Self { root: root.into() }),
            Ok(_) => Err(SourceError::Damaged { name: root.display().to_string(), expected: Expected::Folder }),
            Err(e) => Err(error(root, &e)),
        }
    }

    /// The place of a file, or `None` where there is none. A folder or a pipe is no file.
    fn file(&self, path: &str) -> Result<Option<(PathBuf, Metadata)>, SourceError> {
        let Ok(parts) = parts(path) else { return Ok(None) };
        let place = parts.iter().fold(self.root.clone(), |place, part| place.join(part));
        match fs::metadata(&place) {
            Ok(meta) if meta.is_file() => Ok(Some((place, meta))),
            Ok(_) => Ok(None),
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
            Err(e) => Err(error(&place, &e)),
        }
    }
}

fn error(path: &Path, e: &io::Error) -> SourceError {
    let name = path.display().to_string();
    match e.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => SourceError::NotFound(name),
        io::ErrorKind::PermissionDenied => SourceError::Forbidden(name),
        _ => SourceError::Protocol { server: name, reason: Odd::Said(in_words(e)) },
    }
}

impl Tree for DirTree {
    fn read(&mut self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, SourceError> {
        let Some((place, _)) = self.file(path)? else { return Ok(None) };
        let mut content = Vec::new();
        File::open(&place)
            .and_then(|file| file.take(limit + 1).read_to_end(&mut content))
            .map_err(|e| error(&place, &e))?;
        match content.len() as u64 > limit {
            true => Err(SourceError::TooLarge { name: place.display().to_string(), limit }),
            false => Ok(Some(content)),
        }
    }

    fn stat(&mut self, path: &str) -> Result<Option<Option<u64>>, SourceError> {
        Ok(self.file(path)?.map(|(_, meta)| Some(meta.len())))
    }

    fn fetch(
        &mut self,
        path: &str,
        out: &mut dyn Write,
        on: &mut dyn FnMut(u64, Option<u64>),
        cancel: &Cancel,
    ) -> Result<u64> {
        let Some((place, meta)) = self.file(path)? else {
            return Err(SourceError::NotFound(self.root.join(path).display().to_string()).into());
        };
        let mut file = File::open(&place).map_err(|e| error(&place, &e))?;
        let mut block = vec![0; BLOCK];
        let mut done = 0;
        loop {
            cancel.check()?;
            let n = file.read(&mut block).map_err(|e| error(&place, &e))?;
            if n == 0 {
                break;
            }
            out.write_all(&block[..n]).map_err(|e| write_failed(path, e))?;
            done += n as u64;
            on(done, Some(meta.len()));
        }
        match done < meta.len() {
            true => {
                Err(SourceError::Truncated { name: place.display().to_string(), got: done, want: meta.len() }.into())
            }
            false => Ok(done),
        }
    }

    fn list(&mut self, path: &str) -> Result<Vec<Entry>, SourceError> {
        let place = parts(path)?.iter().fold(self.root.clone(), |place, part| place.join(part));
        let read = fs::read_dir(&place).map_err(|e| error(&place, &e))?;
        let mut entries: Vec<Entry> = read
            .filter_map(io::Result::ok)
            .filter_map(|entry| {
                let meta = fs::metadata(entry.path()).or_else(|_| entry.metadata()).ok()?;
                Some(Entry {
                    name: entry.file_name().to_string_lossy().into_owned(),
                    is_dir: meta.is_dir(),
                    size: meta.len(),
                })
            })
            .collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }
}
