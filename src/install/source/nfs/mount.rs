//! The mount protocol (RFC 1813, appendix I): what a server exports, and the handle of an export's root.
use nfs3_client::nfs3_types::mount::{MOUNT_PROGRAM, PROGRAM, VERSION, dirpath, mountstat3};
use nfs3_client::nfs3_types::nfs3::nfs_fh3;
use nfs3_client::nfs3_types::rpc::opaque_auth;
use nfs3_client::nfs3_types::xdr_codec::{Opaque, Unpack};
use nfs3_client::rpc::RpcClient;
use nfs3_client::{MountClient, RpcError};

use super::wire::{self, Peer};
use crate::error::{Odd, Silence, SourceError};
use crate::install::source::in_words;

/// What a server may offer.
const EXPORTS: usize = 10_000;
/// A file handle's length (RFC 1813, NFS3_FHSIZE).
const HANDLE: u32 = 64;

/// The reply to MNT (RFC 1813, 5.2.1), of which we need the handle; the crate's own form allocates what the server says.
struct Mounted(Result<nfs_fh3, mountstat3>);

impl Unpack for Mounted {
    fn unpack(input: &mut impl std::io::Read) -> nfs3_client::nfs3_types::xdr_codec::Result<(Self, usize)> {
        use nfs3_client::nfs3_types::xdr_codec::Error;
        let (status, mut size) = mountstat3::unpack(input)?;
        if !matches!(status, mountstat3::MNT3_OK) {
            return Ok((Self(Err(status)), size));
        }
        let (length, n) = u32::unpack(input)?;
        if length > HANDLE {
            return Err(Error::ObjectTooLarge(length as usize));
        }
        let mut handle = vec![0; length as usize];
        input.read_exact(&mut handle).map_err(Error::Io)?;
        // Padding and the list of authentication flavours.
        let mut rest = Vec::new();
        let m = input.read_to_end(&mut rest).map_err(Error::Io)?;
        size += n + handle.len() + m;
        Ok((Self(Ok(nfs_fh3 { data: Opaque::owned(handle) })), size))
    }
}

/// The exports that a server offers.
pub(super) async fn exports(peer: &Peer, mount_port: u16) -> Result<Vec<String>, SourceError> {
    let (wire, privileged) = peer.connect(mount_port).await?;
    let mut mount = MountClient::new_with_auth(wire, wire::credential(), opaque_auth::default());
    let list = mount.export().await.map_err(|e| rpc_error(&peer.name, "", privileged, e))?;
    let names = list.into_inner().into_iter().take(EXPORTS);
    Ok(names.map(|node| String::from_utf8_lossy(&node.ex_dir.0).into_owned()).collect())
}

/// The mount service's port: as told, or as the portmapper says.
pub(super) async fn mount_port(peer: &Peer, told: Option<u16>) -> Result<u16, SourceError> {
    match told {
        Some(port) => Ok(port),
        None => peer.port_of(PROGRAM, Odd::NoMountService).await,
    }
}

/// Mounts the longest export that holds the path: what was mounted, its handle, and whether our port was privileged.
pub(super) async fn mount(
    peer: &Peer,
    port: u16,
    path: &str,
    offered: Vec<String>,
) -> Result<(String, nfs_fh3, bool), SourceError> {
    let mut fitting: Vec<String> = offered.iter().filter(|export| beneath(path, export).is_some()).cloned().collect();
    fitting.sort_by_key(|export| std::cmp::Reverse(export.len()));
    let listed = !fitting.is_empty();
    if !listed {
        // The list may be hidden, or name the export by another path: the server knows.
        fitting = std::iter::successors(Some(path), |path| {
            path.rsplit_once('/').map(|(parent, _)| parent).filter(|p| !p.is_empty())
        })
        .take(16)
        .map(str::to_owned)
        .collect();
    }
    let (wire, privileged) = peer.connect(port).await?;
    let mut rpc = RpcClient::new_with_auth(wire, wire::credential(), opaque_auth::default());
    let mut denied = false;
    for export in fitting {
        let args = dirpath(Opaque::borrowed(export.as_bytes()));
        let reply = rpc.call::<_, Mounted>(PROGRAM, VERSION, MOUNT_PROGRAM::MOUNTPROC3_MNT as u32, &args).await;
        match reply.map_err(|e| rpc_error(&peer.name, &export, privileged, e))?.0 {
            Ok(handle) => return Ok((export.trim_end_matches('/').to_owned(), handle, privileged)),
            Err(mountstat3::MNT3ERR_ACCES | mountstat3::MNT3ERR_PERM) if listed => {
                return Err(denial(&peer.name, &export, privileged));
            }
            Err(mountstat3::MNT3ERR_ACCES | mountstat3::MNT3ERR_PERM) => denied = true,
            Err(_) => {}
        }
    }
    // A server that hides its list says "denied" for what it does not export, too.
    if denied && offered.is_empty() {
        return Err(denial(&peer.name, path, privileged));
    }
    Err(SourceError::NoExport { server: peer.name.clone(), export: path.into(), offered })
}

/// The rest of `path` beneath the folder `export`, or `None` if it does not lie there.
pub(super) fn beneath<'a>(path: &'a str, export: &str) -> Option<&'a str> {
    let rest = path.strip_prefix(export.trim_end_matches('/'))?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

pub(super) fn rpc_error(server: &str, export: &str, privileged: bool, e: RpcError) -> SourceError {
    match e {
        RpcError::Auth(_) => denial(server, export, privileged),
        RpcError::Io(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
            SourceError::NoAnswer { server: server.into(), reason: Silence::Closed }
        }
        RpcError::Io(e) if e.kind() != std::io::ErrorKind::InvalidData => {
            SourceError::NoAnswer { server: server.into(), reason: Silence::System(in_words(&e)) }
        }
        RpcError::Io(e) => SourceError::Protocol { server: server.into(), reason: wire::too_long(&e) },
        other => SourceError::Protocol { server: server.into(), reason: Odd::Said(other.to_string()) },
    }
}

pub(super) fn denial(server: &str, export: &str, privileged: bool) -> SourceError {
    if privileged { SourceError::Forbidden(format!("{server}:{export}")) } else { secure(server, export) }
}

pub(super) fn secure(server: &str, export: &str) -> SourceError {
    SourceError::NfsSecure { server: server.into(), export: export.into() }
}

#[cfg(test)]
mod tests {
    use super::beneath;

    #[test]
    fn an_export_holds_whole_components_only() {
        assert_eq!(beneath("/soft/rhel5", "/soft"), Some("/rhel5"));
        assert_eq!(beneath("/soft", "/soft/"), Some(""));
        assert_eq!(beneath("/software", "/soft"), None);
        assert_eq!(beneath("/soft", "/"), Some("/soft"));
    }
}
