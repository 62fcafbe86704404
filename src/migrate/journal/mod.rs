//! The journal of migrations: a file for each one under way, so that the next start can finish or undo what was broken off.
//!
//! `$XDG_STATE_HOME/drover/migrations/UUID.json` holds JSON objects ([`Entry`]), one a line; the last whole line counts. The
//! first is on the disk before the migration does anything, the others before what they tell of. The file is removed when
//! nothing is left to say. Its process holds a lock (flock) on it meanwhile: an entry that can be locked is of one that is
//! gone, whatever its process number was and in whichever namespace.
mod verdict;

mod settle;

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::plan::Plan;
use super::run::Step;
use super::{Kind, static_move};
use crate::domain::DomainId;
use crate::host::{Host, HostId};
use crate::{Error, Result, state};

pub(super) use settle::settle_now;
pub use settle::{Settled, settle};
pub use verdict::Seen;

/// Of the file's format.
const VERSION: u32 = 1;

/// What is known of one migration: enough to look where the machine is, and to tidy up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub version: u32,
    pub machine: DomainId,
    pub name: String,
    pub kind: Kind,
    pub step: Step,
    pub source: Side,
    pub dest: Side,
    /// As it was at the source before.
    pub active: bool,
    pub persistent: bool,
    pub autostart: bool,
    /// Whether its definition stays here.
    pub keep: bool,
    /// Whether a definition of it lay there before, which is not ours to remove.
    pub defined_there: bool,
    /// Disks that are copied along.
    pub disks: Vec<Moved>,
    /// The file of its memory, of a static move.
    pub memory: Option<Moved>,
    /// Paths of the files that were made there, or are about to be: none of them was there before.
    pub files: Vec<String>,
    /// Whether a definition may be there that was not there before.
    pub definition: bool,
}

/// A host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// Without a password.
    pub uri: String,
    /// What it calls itself.
    pub name: String,
}

impl Side {
    /// Whether it is this host.
    pub fn is(&self, host: &HostId) -> bool {
        self.uri == without_password(host.as_str())
    }
}

/// A file's path at the source and at the destination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    pub here: String,
    pub there: String,
}

impl Entry {
    pub(super) fn new(source: &Host, dest: &Host, plan: &Plan) -> Result<Self> {
        let side = |host: &Host, name: &str| Side { uri: without_password(host.id().as_str()), name: name.to_owned() };
        let memory = match plan.choices.kind == Kind::Static && plan.active {
            true => Some(static_move::memory(source, dest, plan)?),
            false => None,
        };
        Ok(Self {
            version: VERSION,
            machine: plan.id,
            name: plan.name.clone(),
            kind: plan.choices.kind,
            step: Step::Prepare,
            source: side(source, &plan.source),
            dest: side(dest, &plan.dest),
            active: plan.active,
            persistent: plan.persistent,
            autostart: plan.autostart,
            // What was saved here would be a second machine.
            keep: plan.choices.keep && plan.choices.kind != Kind::Static,
            defined_there: plan.defined_there,
            disks: plan.copies.iter().map(|c| Moved { here: c.path.clone(), there: c.path_there.clone() }).collect(),
            memory,
            files: Vec::new(),
            definition: false,
        })
    }
}

/// The URI without the password that its user part may hold.
fn without_password(uri: &str) -> String {
    let authority = uri.find("://").map_or(0, |at| at + 3);
    let (head, rest) = uri.split_at(authority);
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    match rest[..end].rsplit_once('@') {
        Some((user, host)) => {
            let user = user.split_once(':').map_or(user, |(user, _)| user);
            format!("{head}{user}@{host}{}", &rest[end..])
        }
        None => uri.to_owned(),
    }
}

/// A migration's file, locked for us. Dropped, it stays for the next start.
#[derive(Debug)]
pub struct Record {
    path: PathBuf,
    open: Mutex<(File, Entry)>,
}

impl Record {
    /// Begins a file; it is on the disk when this returns.
    pub(super) fn begin(entry: Entry) -> Result<Self> {
        Self::begin_in(&folder()?, entry)
    }

    fn begin_in(folder: &Path, entry: Entry) -> Result<Self> {
        let path = folder.join(format!("{}.json", Uuid::new_v4()));
        let file = state::write(&path, &line(&entry)?, File::lock)?;
        Ok(Self { path, open: Mutex::new((file, entry)) })
    }

    fn lock(&self) -> MutexGuard<'_, (File, Entry)> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it says.
    pub fn entry(&self) -> Entry {
        self.lock().1.clone()
    }

    /// Changes what it says; on the disk when this returns.
    pub(super) fn change(&self, change: impl FnOnce(&mut Entry)) -> Result<()> {
        let (file, entry) = &mut *self.lock();
        let mut changed = entry.clone();
        change(&mut changed);
        if changed != *entry {
            let written = file.write_all(&line(&changed)?).and_then(|()| file.sync_data());
            written.map_err(state::failed(&self.path))?;
            *entry = changed;
        }
        Ok(())
    }

    /// A file is about to be made there.
    pub(super) fn making(&self, path: &str) -> Result<()> {
        self.change(|entry| entry.files.push(path.to_owned()))
    }

    /// It was not made after all.
    pub(super) fn not_made(&self, path: &str) -> Result<()> {
        self.change(|entry| entry.files.retain(|f| f != path))
    }

    /// Nothing is left to say.
    pub(super) fn end(&self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "a migration's record could not be removed");
        }
    }

    /// Forgets it, for good: what it left is no longer known to Drover.
    pub fn forget(self) -> Result<()> {
        std::fs::remove_file(&self.path).map_err(state::failed(&self.path))
    }
}

fn folder() -> Result<PathBuf> {
    state::folder("migrations")
}

fn line(entry: &Entry) -> Result<Vec<u8>> {
    let mut text = serde_json::to_vec(entry)
        .map_err(|e| Error::File { path: "migrations".into(), source: io::Error::other(e) })?;
    text.push(b'\n');
    Ok(text)
}

/// The migrations whose programs are gone: to be [settled](settle()). Asks no host.
pub fn pending() -> Result<Vec<Record>> {
    pending_in(&folder()?)
}

fn pending_in(folder: &Path) -> Result<Vec<Record>> {
    let files = match std::fs::read_dir(folder) {
        Ok(files) => files,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(state::failed(folder)(e)),
    };
    let paths = files.flatten().map(|f| f.path()).filter(|p| p.extension().is_some_and(|e| e == "json"));
    let mut found: Vec<_> = paths.filter_map(|path| open(&path)).collect();
    found.sort_by_key(|record| record.entry().name);
    Ok(found)
}

/// The record in a file, unless a program that lives has it.
fn open(path: &Path) -> Option<Record> {
    let read = || -> io::Result<Option<Record>> {
        let mut file = File::options().read(true).append(true).open(path)?;
        if file.try_lock().is_err() {
            return Ok(None);
        }
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        // It may have ended between our open and our lock.
        if !path.exists() {
            return Ok(None);
        }
        let whole = text.split_inclusive(|b| *b == b'\n').rfind(|l| l.ends_with(b"\n")).unwrap_or_default();
        let entry: Entry = serde_json::from_slice(whole)?;
        if entry.version != VERSION {
            return Err(io::Error::other(format!("format {}", entry.version)));
        }
        if !text.ends_with(b"\n") {
            file.write_all(b"\n")?;
        }
        Ok(Some(Record { path: path.to_owned(), open: Mutex::new((file, entry)) }))
    };
    read().unwrap_or_else(|error| {
        tracing::warn!(path = %path.display(), %error, "a migration's record can't be read");
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn entry(kind: Kind) -> Entry {
        let side = |name: &str| Side { uri: format!("qemu+ssh://root@{name}/system"), name: name.into() };
        Entry {
            version: VERSION,
            machine: DomainId(Uuid::from_u128(7)),
            name: "vm".into(),
            kind,
            step: Step::Prepare,
            source: side("a"),
            dest: side("b"),
            active: true,
            persistent: true,
            autostart: false,
            keep: false,
            defined_there: false,
            disks: vec![Moved { here: "/a.img".into(), there: "/b.img".into() }],
            memory: None,
            files: Vec::new(),
            definition: false,
        }
    }

    #[test]
    fn one_that_lives_is_not_pending_and_one_that_died_is() {
        let folder = tempfile::tempdir().unwrap();
        let record = Record::begin_in(folder.path(), entry(Kind::Copy)).unwrap();
        record.making("/b.img").unwrap();
        record.change(|e| e.step = Step::Move).unwrap();
        assert_eq!(pending_in(folder.path()).unwrap().len(), 0, "it lives");
        let says = record.entry();
        drop(record);
        let found = pending_in(folder.path()).unwrap();
        assert_eq!(found.iter().map(Record::entry).collect::<Vec<_>>(), [says]);
        assert_eq!(pending_in(folder.path()).unwrap().len(), 0, "who found it has it");
        found[0].end();
        drop(found);
        assert_eq!(pending_in(folder.path()).unwrap().len(), 0);
        assert_eq!(pending_in(&folder.path().join("none")).unwrap().len(), 0);
    }

    #[test]
    fn the_last_whole_line_counts() {
        let folder = tempfile::tempdir().unwrap();
        let record = Record::begin_in(folder.path(), entry(Kind::Copy)).unwrap();
        record.change(|e| e.step = Step::Move).unwrap();
        let path = record.path.clone();
        drop(record);
        let mut file = File::options().append(true).open(&path).unwrap();
        file.write_all(b"{\"version\":1,\"mach").unwrap();
        let found = pending_in(folder.path()).unwrap().remove(0);
        assert_eq!(found.entry().step, Step::Move);
        found.change(|e| e.step = Step::Remove).unwrap();
        drop(found);
        assert_eq!(pending_in(folder.path()).unwrap()[0].entry().step, Step::Remove, "after the torn line");
        std::fs::write(&path, "{\"version\":99}\n").unwrap();
        assert_eq!(pending_in(folder.path()).unwrap().len(), 0, "another format is not guessed at");
        assert!(path.exists());
    }

    #[test]
    fn a_password_is_not_written_down() {
        for (uri, plain) in [
            ("qemu+ssh://root:geheim@kvm1:22/system?no_tty=1", "qemu+ssh://root@kvm1:22/system?no_tty=1"),
            ("qemu+ssh://root@[fe80::1]/system", "qemu+ssh://root@[fe80::1]/system"),
            ("qemu+unix:///system?socket=/a:b@c", "qemu+unix:///system?socket=/a:b@c"),
            ("qemu:///system", "qemu:///system"),
        ] {
            assert_eq!(without_password(uri), plain);
            assert!(Side { uri: plain.into(), name: String::new() }.is(&HostId::new(uri)));
        }
        let folder = tempfile::tempdir().unwrap();
        let record = Record::begin_in(&folder.path().join("new"), entry(Kind::Live)).unwrap();
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(record.path.parent().unwrap()), mode(&record.path)), (0o700, 0o600));
    }
}
