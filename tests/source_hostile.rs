//! The NFS client against a true server whose files are not what they seem: every lie is an error, none a hang.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by a panic what went wrong")]
use std::thread;

use drover::Error;
use drover::error::SourceError;
use drover::install::source::{Location, NfsLocation, Tree, open};
use drover::task::Cancel;
use nfs3_server::nfs3_types::nfs3::{fattr3, filename3, ftype3, nfspath3, nfsstat3, nfstime3, specdata3};
use nfs3_server::tcp::{NFSTcp, NFSTcpListener};
use nfs3_server::vfs::{DirEntryPlus, FileHandleU64, NextResult, NfsReadFileSystem, ReadDirPlusIterator};

/// What lies in the root, by handle from 2 on.
const NAMES: [&str; 11] =
    ["good", "spins", "short", "talks", "denied", "loop", "out", "absolute", "relative", "evil", "endless"];
const SIZE: u64 = 3000;

struct Liar;

fn name_of(id: FileHandleU64) -> &'static str {
    let at = id.as_u64().checked_sub(2).and_then(|at| usize::try_from(at).ok());
    at.and_then(|at| NAMES.get(at)).copied().unwrap_or("root")
}

fn link_of(name: &str) -> Option<&'static str> {
    Some(match name {
        "loop" => "loop",
        "out" => "/etc/passwd",
        "absolute" => "/soft/good",
        "relative" => "./evil/../good",
        _ => return None,
    })
}

impl NfsReadFileSystem for Liar {
    type Handle = FileHandleU64;

    fn root_dir(&self) -> FileHandleU64 {
        1.into()
    }

    async fn lookup(&self, _: &FileHandleU64, name: &filename3<'_>) -> Result<FileHandleU64, nfsstat3> {
        let found = NAMES.iter().position(|known| known.as_bytes() == name.0.as_ref());
        found.map(|at| (at as u64 + 2).into()).ok_or(nfsstat3::NFS3ERR_NOENT)
    }

    async fn getattr(&self, id: &FileHandleU64) -> Result<fattr3, nfsstat3> {
        let type_ = match name_of(*id) {
            "root" | "evil" | "endless" => ftype3::NF3DIR,
            name if link_of(name).is_some() => ftype3::NF3LNK,
            _ => ftype3::NF3REG,
        };
        let time = || nfstime3 { seconds: 0, nseconds: 0 };
        Ok(fattr3 {
            type_,
            mode: 0o555,
            nlink: 1,
            uid: 0,
            gid: 0,
            size: SIZE,
            used: SIZE,
            rdev: specdata3 { specdata1: 0, specdata2: 0 },
            fsid: 0,
            fileid: id.as_u64(),
            atime: time(),
            mtime: time(),
            ctime: time(),
        })
    }

    async fn read(&self, id: &FileHandleU64, offset: u64, count: u32) -> Result<(Vec<u8>, bool), nfsstat3> {
        match name_of(*id) {
            "good" => Ok((vec![7; (SIZE - offset) as usize], true)),
            "spins" => Ok((Vec::new(), false)),
            "short" => Ok((vec![7; 400], true)),
            "talks" => Ok((vec![7; count as usize + 1], false)),
            _ => Err(nfsstat3::NFS3ERR_ACCES),
        }
    }

    async fn readdirplus(
        &self,
        dir: &FileHandleU64,
        cookie: u64,
    ) -> Result<impl ReadDirPlusIterator<FileHandleU64>, nfsstat3> {
        Ok(Listing { folder: name_of(*dir), next: cookie })
    }

    async fn readlink(&self, id: &FileHandleU64) -> Result<nfspath3<'_>, nfsstat3> {
        link_of(name_of(*id)).map(|target| target.as_bytes().to_vec().into()).ok_or(nfsstat3::NFS3ERR_INVAL)
    }
}

struct Listing {
    folder: &'static str,
    next: u64,
}

impl ReadDirPlusIterator<FileHandleU64> for Listing {
    async fn next(&mut self) -> NextResult<DirEntryPlus<FileHandleU64>> {
        let at = self.next;
        self.next += 1;
        let name = match (self.folder, at) {
            ("endless", _) => format!("file{at}"),
            ("evil", 0) => "../../etc/passwd".into(),
            ("root", at) if at < NAMES.len() as u64 => NAMES[usize::try_from(at).unwrap_or_default()].into(),
            _ => return NextResult::Eof,
        };
        let cookie = self.next;
        NextResult::Ok(DirEntryPlus {
            fileid: at + 2,
            name: name.into_bytes().into(),
            cookie,
            name_attributes: None,
            name_handle: None,
        })
    }
}

fn liar() -> Box<dyn Tree> {
    let (send, receive) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
        runtime.block_on(async {
            let mut server = NFSTcpListener::bind_ro("127.0.0.1:0", Liar).await.expect("bind");
            server.with_export_name("soft");
            send.send(server.get_listen_port()).expect("port");
            server.handle_forever().await.expect("serve");
        });
    });
    let port = receive.recv().ok();
    let nfs = NfsLocation { host: "127.0.0.1".into(), port, mount_port: port, path: "/soft".into() };
    open(&Location::Nfs(nfs), &Cancel::default()).expect("open")
}

fn fetch(tree: &mut dyn Tree, path: &str) -> Result<u64, SourceError> {
    match tree.fetch(path, &mut Vec::new(), &mut |_, _| {}, &Cancel::default()) {
        Ok(size) => Ok(size),
        Err(Error::Source(e)) => Err(e),
        Err(other) => panic!("{other:?}"),
    }
}

fn odd<T: std::fmt::Debug>(result: Result<T, SourceError>, says: &str) {
    match result {
        Err(SourceError::Protocol { reason, .. }) => assert!(reason.to_string().contains(says), "{reason}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn reads_that_lie() {
    let mut tree = liar();
    odd(fetch(tree.as_mut(), "spins"), "nothing of spins before its end");
    odd(fetch(tree.as_mut(), "talks"), "more of talks than was asked for");
    assert_eq!(
        fetch(tree.as_mut(), "short"),
        Err(SourceError::Truncated { name: "short".into(), got: 400, want: SIZE })
    );
    assert_eq!(fetch(tree.as_mut(), "denied"), Err(SourceError::Forbidden("denied".into())));
    assert_eq!(fetch(tree.as_mut(), "good"), Ok(SIZE), "the connection is still good");
}

#[test]
fn links() {
    let mut tree = liar();
    assert_eq!(fetch(tree.as_mut(), "absolute"), Ok(SIZE));
    assert_eq!(fetch(tree.as_mut(), "relative"), Ok(SIZE));
    odd(fetch(tree.as_mut(), "loop"), "too many symbolic links");
    odd(fetch(tree.as_mut(), "out"), "outside the export /soft");
}

#[test]
fn listings_that_lie() {
    let mut tree = liar();
    odd(tree.list("evil"), "a listing that can't be");
    odd(tree.list("endless"), "a listing that can't be");
    let entries = tree.list("").expect("list");
    assert_eq!(entries.len(), NAMES.len(), "links that lead nowhere are listed too");
    assert!(entries.iter().any(|entry| entry.name == "absolute" && !entry.is_dir && entry.size == SIZE));
}
