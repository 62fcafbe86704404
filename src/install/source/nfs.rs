//! NFSv3 as an ordinary user (RFC 1813), without a mount: exports, folders, files.
mod mount;
mod session;
mod wire;

use std::io::Write;

use session::{Node, Session};
use tokio::runtime::Runtime;
use wire::Peer;

use super::wait::{LIMIT, runtime, wait};
use super::{Entry, NfsLocation, Tree, parts, without_cancel, write_failed};
use crate::Result;
use crate::error::{Expected, Silence, SourceError};
use crate::task::Cancel;

/// The exports that a server offers (`showmount -e`), in its order.
pub fn exports(host: &str, mount_port: Option<u16>, cancel: &Cancel) -> Result<Vec<String>> {
    wait(&runtime()?, cancel, || no_answer(host), async {
        wire::first_answer(Peer::resolve(host).await?, |peer| async move {
            let port = mount::mount_port(&peer, mount_port).await?;
            mount::exports(&peer, port).await
        })
        .await
    })
}

fn no_answer(host: &str) -> SourceError {
    SourceError::NoAnswer { server: host.into(), reason: Silence::Within(LIMIT.as_secs()) }
}

/// A folder of an export.
pub struct NfsTree {
    // Before the runtime: its socket belongs to it.
    session: Option<Session>,
    runtime: Runtime,
    location: NfsLocation,
    cancel: Cancel,
}

impl NfsTree {
    /// Connects, mounts, and finds the folder.
    pub fn open(location: &NfsLocation, cancel: &Cancel) -> Result<Self> {
        let mut tree = Self { session: None, runtime: runtime()?, location: location.clone(), cancel: cancel.clone() };
        let base = tree.ask(cancel, async |session| session.base().await)?;
        match base {
            Some(node) if node.is_dir() => Ok(tree),
            Some(_) => Err(SourceError::Damaged { name: location.to_string(), expected: Expected::Folder }.into()),
            None => Err(SourceError::NotFound(location.to_string()).into()),
        }
    }

    /// Asks the server something, over a fresh connection where the last one was lost. Nothing is asked twice by itself.
    fn ask<T>(&mut self, cancel: &Cancel, work: impl AsyncFnOnce(&mut Session) -> Result<T, SourceError>) -> Result<T> {
        let server = &self.location.host;
        let mut session = match self.session.take() {
            Some(session) => session,
            None => wait(&self.runtime, cancel, || no_answer(server), connect(&self.location))?,
        };
        let result = wait(&self.runtime, cancel, || SourceError::Timeout(server.clone()), work(&mut session));
        // After a cancel or a timeout an answer may still be on its way: that connection is done with.
        let answered = match &result {
            Ok(_) => true,
            Err(crate::Error::Source(e)) => !matches!(e, SourceError::Timeout(_)),
            Err(_) => false,
        };
        self.session = (answered && session.usable).then_some(session);
        result
    }

    fn file(&mut self, path: &str, cancel: &Cancel) -> Result<Option<Node>> {
        let Ok(parts) = parts(path) else { return Ok(None) };
        Ok(self.ask(cancel, async |session| session.walk(&parts).await)?.filter(Node::is_file))
    }

    fn copy(
        &mut self,
        path: &str,
        out: &mut dyn Write,
        on: &mut dyn FnMut(u64, Option<u64>),
        cancel: &Cancel,
    ) -> Result<u64> {
        let Some(file) = self.file(path, cancel)? else {
            return Err(SourceError::NotFound(format!("{}/{path}", self.location)).into());
        };
        let size = file.attr.size;
        let mut done = 0;
        while done < size {
            cancel.check()?;
            let (block, end) =
                self.ask(cancel, async |session| session.read(&file, path, done, session.block).await)?;
            out.write_all(&block).map_err(|e| write_failed(path, e))?;
            done += block.len() as u64;
            on(done, Some(size));
            if end {
                break;
            }
        }
        match done < size {
            true => Err(SourceError::Truncated { name: path.into(), got: done, want: size }.into()),
            false => Ok(done),
        }
    }
}

async fn connect(location: &NfsLocation) -> Result<Session, SourceError> {
    wire::first_answer(Peer::resolve(&location.host).await?, |peer| async move { Session::open(&peer, location).await })
        .await
}

impl Tree for NfsTree {
    fn read(&mut self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, SourceError> {
        let cancel = self.cancel.clone();
        let host = self.location.host.clone();
        let Some(file) = self.file(path, &cancel).map_err(|e| without_cancel(e, &host))? else { return Ok(None) };
        if file.attr.size > limit {
            return Err(SourceError::TooLarge { name: path.into(), limit });
        }
        let mut content = Vec::new();
        self.copy(path, &mut content, &mut |_, _| {}, &cancel).map_err(|e| without_cancel(e, &host))?;
        Ok(Some(content))
    }

    fn stat(&mut self, path: &str) -> Result<Option<Option<u64>>, SourceError> {
        let cancel = self.cancel.clone();
        let host = self.location.host.clone();
        let file = self.file(path, &cancel).map_err(|e| without_cancel(e, &host))?;
        Ok(file.map(|file| Some(file.attr.size)))
    }

    fn fetch(
        &mut self,
        path: &str,
        out: &mut dyn Write,
        on: &mut dyn FnMut(u64, Option<u64>),
        cancel: &Cancel,
    ) -> Result<u64> {
        self.copy(path, out, on, cancel)
    }

    fn list(&mut self, path: &str) -> Result<Vec<Entry>, SourceError> {
        let cancel = self.cancel.clone();
        let host = self.location.host.clone();
        let parts = parts(path)?;
        self.ask(&cancel, async |session| session.list(&parts).await).map_err(|e| without_cancel(e, &host))
    }
}
