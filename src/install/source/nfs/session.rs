//! One mounted export: looking up paths, listing folders and reading blocks (RFC 1813).
use nfs3_client::nfs3_types::nfs3::{
    self, FSINFO3args, GETATTR3args, LOOKUP3args, Nfs3Option, Nfs3Result, READ3args, READDIRPLUS3args, READLINK3args,
    diropargs3, fattr3, filename3, ftype3, nfs_fh3, nfsstat3,
};
use nfs3_client::nfs3_types::rpc::opaque_auth;
use nfs3_client::nfs3_types::xdr_codec::Opaque;
use nfs3_client::{Nfs3Client, RpcError};

use super::mount::{beneath, denial, exports, mount, mount_port, rpc_error, secure};
use super::wire::{self, Peer, Wire};
use crate::error::{Odd, SourceError};
use crate::install::source::{Entry, NfsLocation};

/// Symbolic links followed on the way to one file.
const LINKS: u32 = 16;
/// Entries of one folder, and replies that it may come in.
const ENTRIES: usize = 100_000;
const REPLIES: usize = 10_000;

/// A file or folder at the server.
#[derive(Clone)]
pub(super) struct Node {
    pub handle: nfs_fh3,
    pub attr: fattr3,
}

impl Node {
    pub fn is_file(&self) -> bool {
        self.attr.type_ == ftype3::NF3REG
    }
    pub fn is_dir(&self) -> bool {
        self.attr.type_ == ftype3::NF3DIR
    }
}

/// A mounted export.
pub(super) struct Session {
    client: Nfs3Client<Wire>,
    server: String,
    /// The path that was mounted, and the rest of the location's path.
    export: String,
    base: String,
    privileged: bool,
    root: Node,
    /// Bytes to ask for in one READ.
    pub block: u32,
    /// False once a reply is missing: what comes next on the wire belongs to an older question.
    pub usable: bool,
}

impl Session {
    /// Mounts the export that the location lies in.
    pub async fn open(peer: &Peer, location: &NfsLocation) -> Result<Self, SourceError> {
        let mount_port = mount_port(peer, location.mount_port).await?;
        let nfs_port = match location.port {
            Some(port) => port,
            None => peer.port_of(nfs3::PROGRAM, Odd::NoNfsServer).await?,
        };
        // A server may hide its list and still let us mount.
        let offered = match exports(peer, mount_port).await {
            Err(e @ (SourceError::NoAnswer { .. } | SourceError::NfsSecure { .. })) => return Err(e),
            other => other.unwrap_or_default(),
        };
        let (export, handle, privileged) = mount(peer, mount_port, &location.path, offered).await?;
        let (wire, _) = peer.connect(nfs_port).await?;
        let base = location.path.strip_prefix(export.as_str()).unwrap_or(&location.path).to_owned();
        let mut client = Nfs3Client::new_with_auth(wire, wire::credential(), opaque_auth::default());
        let reply = client.getattr(&GETATTR3args { object: handle.clone() }).await;
        let attr = match reply.map_err(|e| rpc_error(&peer.name, &export, privileged, e))? {
            Nfs3Result::Ok(ok) => ok.obj_attributes,
            Nfs3Result::Err(_) => return Err(denial(&peer.name, &export, privileged)),
        };
        let mut session = Self {
            client,
            server: peer.name.clone(),
            export,
            base,
            privileged,
            root: Node { handle, attr },
            block: wire::BLOCK,
            usable: true,
        };
        let info = session.client.fsinfo(&FSINFO3args { fsroot: session.root.handle.clone() }).await;
        if let Nfs3Result::Ok(info) = session.answer(info)? {
            session.block = info.rtmax.clamp(4 << 10, wire::BLOCK);
        }
        Ok(session)
    }

    /// The location's own folder.
    pub async fn base(&mut self) -> Result<Option<Node>, SourceError> {
        self.walk(&[]).await
    }

    /// What lies at a path beneath the location, symbolic links followed; `None` if nothing does.
    pub async fn walk(&mut self, path: &[&str]) -> Result<Option<Node>, SourceError> {
        let base = self.base.clone();
        let mut todo: Vec<String> = path.iter().rev().map(|part| (*part).to_owned()).collect();
        todo.extend(base.rsplit('/').map(str::to_owned));
        let mut trail = Vec::new();
        let mut links = 0;
        while let Some(part) = todo.pop() {
            match part.as_str() {
                "" | "." => continue,
                ".." => {
                    trail.pop();
                    continue;
                }
                _ => {}
            }
            let folder = trail.last().unwrap_or(&self.root).handle.clone();
            let Some(node) = self.lookup(folder, &part).await? else { return Ok(None) };
            if node.attr.type_ != ftype3::NF3LNK {
                trail.push(node);
                continue;
            }
            links += 1;
            if links > LINKS {
                return Err(self.odd(Odd::Links(part)));
            }
            let target = self.link(node.handle, &part).await?;
            let inside = match target.strip_prefix('/') {
                None => target.as_str(),
                Some(_) => {
                    trail.clear();
                    let leads_out = || {
                        let (name, target) = (part.clone(), target.clone());
                        self.odd(Odd::LinkOutside { name, target, export: self.export.clone() })
                    };
                    beneath(&target, &self.export).ok_or_else(leads_out)?
                }
            };
            todo.extend(inside.rsplit('/').map(str::to_owned));
        }
        Ok(Some(trail.pop().unwrap_or_else(|| self.root.clone())))
    }

    async fn attributes(&mut self, handle: nfs_fh3) -> Result<fattr3, SourceError> {
        let reply = self.client.getattr(&GETATTR3args { object: handle }).await;
        match self.answer(reply)? {
            Nfs3Result::Ok(ok) => Ok(ok.obj_attributes),
            Nfs3Result::Err((status, _)) => Err(self.refused(status, "")),
        }
    }

    async fn lookup(&mut self, dir: nfs_fh3, name: &str) -> Result<Option<Node>, SourceError> {
        let what = diropargs3 { dir, name: filename3(Opaque::borrowed(name.as_bytes())) };
        let reply = self.client.lookup(&LOOKUP3args { what }).await;
        match self.answer(reply)? {
            Nfs3Result::Ok(ok) => {
                let attr = match ok.obj_attributes {
                    Nfs3Option::Some(attr) => attr,
                    Nfs3Option::None => self.attributes(ok.object.clone()).await?,
                };
                Ok(Some(Node { handle: ok.object, attr }))
            }
            Nfs3Result::Err((
                nfsstat3::NFS3ERR_NOENT | nfsstat3::NFS3ERR_NOTDIR | nfsstat3::NFS3ERR_NAMETOOLONG,
                _,
            )) => Ok(None),
            Nfs3Result::Err((status, _)) => Err(self.refused(status, name)),
        }
    }

    async fn link(&mut self, symlink: nfs_fh3, name: &str) -> Result<String, SourceError> {
        let reply = self.client.readlink(&READLINK3args { symlink }).await;
        match self.answer(reply)? {
            Nfs3Result::Ok(ok) => {
                String::from_utf8(ok.data.0.into_owned()).map_err(|_| self.odd(Odd::LinkNotUtf8(name.into())))
            }
            Nfs3Result::Err((status, _)) => Err(self.refused(status, name)),
        }
    }

    /// The entries of a folder, sorted; what a link leads to counts as the link's kind.
    pub async fn list(&mut self, path: &[&str]) -> Result<Vec<Entry>, SourceError> {
        let shown = path.join("/");
        let Some(folder) = self.walk(path).await?.filter(Node::is_dir) else {
            return Err(SourceError::NotFound(shown));
        };
        let mut entries = Vec::new();
        let (mut cookie, mut cookieverf) = Default::default();
        for _ in 0..REPLIES {
            let args = READDIRPLUS3args {
                dir: folder.handle.clone(),
                cookie,
                cookieverf,
                dircount: 32 << 10,
                maxcount: 256 << 10,
            };
            let reply = self.client.readdirplus(&args).await;
            let page = match self.answer(reply)? {
                Nfs3Result::Ok(ok) => ok,
                Nfs3Result::Err((status, _)) => return Err(self.refused(status, &shown)),
            };
            let found = page.reply.entries.into_inner();
            let empty = found.is_empty();
            for entry in found {
                cookie = entry.cookie;
                let name = String::from_utf8_lossy(&entry.name.0).into_owned();
                if name == "." || name == ".." {
                    continue;
                }
                if name.is_empty() || name.contains(['/', '\0']) || entries.len() >= ENTRIES {
                    return Err(self.odd(Odd::Listing { entries: entries.len(), name }));
                }
                entries.push((name, entry.name_attributes));
            }
            cookieverf = page.cookieverf;
            if page.reply.eof {
                return self.entries(path, entries).await;
            }
            if empty {
                break;
            }
        }
        Err(self.odd(Odd::EndlessListing))
    }

    async fn entries(
        &mut self,
        path: &[&str],
        found: Vec<(String, nfs3::post_op_attr)>,
    ) -> Result<Vec<Entry>, SourceError> {
        let mut entries = Vec::with_capacity(found.len());
        for (name, attr) in found {
            let known = match attr {
                Nfs3Option::Some(attr) if attr.type_ != ftype3::NF3LNK => Some(attr),
                _ => {
                    let place: Vec<&str> = path.iter().copied().chain([name.as_str()]).collect();
                    let looked = self.walk(&place).await;
                    if !self.usable {
                        looked?;
                        continue;
                    }
                    // A link that leads nowhere is an entry all the same.
                    looked.ok().flatten().map(|node| node.attr)
                }
            };
            let is_dir = known.as_ref().is_some_and(|attr| attr.type_ == ftype3::NF3DIR);
            entries.push(Entry { name, is_dir, size: known.map_or(0, |attr| attr.size) });
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    /// Up to `count` bytes of a file from `offset` on; fewer than nothing is never the answer before the file's end.
    pub async fn read(
        &mut self,
        file: &Node,
        name: &str,
        offset: u64,
        count: u32,
    ) -> Result<(Vec<u8>, bool), SourceError> {
        let reply = self.client.read(&READ3args { file: file.handle.clone(), offset, count }).await;
        match self.answer(reply)? {
            Nfs3Result::Ok(ok) if ok.data.len() > count as usize => Err(self.odd(Odd::TooMuch(name.into()))),
            Nfs3Result::Ok(ok) if ok.data.is_empty() && !ok.eof => Err(self.odd(Odd::TooLittle(name.into()))),
            Nfs3Result::Ok(ok) => Ok((ok.data.0.into_owned(), ok.eof)),
            Nfs3Result::Err((status, _)) => Err(self.refused(status, name)),
        }
    }

    fn answer<T>(&mut self, reply: Result<T, RpcError>) -> Result<T, SourceError> {
        reply.map_err(|e| {
            self.usable = false;
            rpc_error(&self.server, &self.export, self.privileged, e)
        })
    }

    /// A status in words. The kernel's server answers PERM to a port above 1023 where the export is `secure`.
    fn refused(&self, status: nfsstat3, name: &str) -> SourceError {
        match status {
            nfsstat3::NFS3ERR_NOENT => SourceError::NotFound(name.into()),
            nfsstat3::NFS3ERR_PERM if !self.privileged => secure(&self.server, &self.export),
            nfsstat3::NFS3ERR_PERM | nfsstat3::NFS3ERR_ACCES if name.is_empty() => {
                SourceError::Forbidden(self.export.clone())
            }
            nfsstat3::NFS3ERR_PERM | nfsstat3::NFS3ERR_ACCES => SourceError::Forbidden(name.into()),
            nfsstat3::NFS3ERR_STALE => self.odd(Odd::Replaced(name.into())),
            other => self.odd(Odd::Nfs { name: name.into(), status: other.to_string() }),
        }
    }

    fn odd(&self, reason: Odd) -> SourceError {
        SourceError::Protocol { server: self.server.clone(), reason }
    }
}
