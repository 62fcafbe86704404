//! The connection beneath the NFS client: names, ports, source ports, and records of a bounded size.
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use nfs3_client::io::{AsyncRead, AsyncWrite};
use nfs3_client::nfs3_types::portmap::{IPPROTO_TCP, PMAP_PORT};
use nfs3_client::nfs3_types::rpc::{auth_unix, opaque_auth};
use nfs3_client::nfs3_types::xdr_codec::Opaque;
use nfs3_client::{PortmapError, PortmapperClient};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::error::{Odd, Silence, SourceError};
use crate::install::source::in_words;

/// The largest block that we ask a server for.
pub(super) const BLOCK: u32 = 1 << 20;

/// The longest reply that we take: a block and what stands around it.
const RECORD: u32 = BLOCK + (64 << 10);

/// How long one address may take where a name has several.
const ONE_OF_MANY: Duration = Duration::from_secs(5);

/// A TCP stream of RPC records (RFC 5531, section 11).
pub(super) struct Wire {
    stream: TcpStream,
    header: Vec<u8>,
    /// Bytes of the present record that were not read yet.
    left: u32,
}

impl AsyncRead for Wire {
    async fn async_read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.stream.read(buf).await?;
        // The caller would ask again and again.
        if n == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if self.left > 0 {
            self.left = self.left.saturating_sub(u32::try_from(n).unwrap_or(u32::MAX));
            return Ok(n);
        }
        self.header.extend_from_slice(&buf[..n]);
        if let Some(mark) = self.header.first_chunk::<4>() {
            self.left = u32::from_be_bytes(*mark) & 0x7fff_ffff;
            self.header.clear();
            // The client allocates what the mark says.
            if self.left > RECORD {
                return Err(io::Error::new(io::ErrorKind::InvalidData, TooLong(self.left)));
            }
        }
        Ok(n)
    }
}

/// A reply of more bytes than we take.
#[derive(Debug, thiserror::Error)]
#[error("a reply of {0} bytes")]
struct TooLong(u32);

/// What an error of the kind `InvalidData` says.
pub(super) fn too_long(e: &io::Error) -> Odd {
    let size = e.get_ref().and_then(|inner| inner.downcast_ref::<TooLong>());
    size.map_or_else(|| Odd::Said(in_words(e)), |size| Odd::Reply(size.0.into()))
}

impl AsyncWrite for Wire {
    async fn async_write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.stream.write(buf).await
    }
}

/// A server, by one of its addresses.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    /// As a person wrote it.
    pub name: String,
    address: IpAddr,
    /// The interface of a link-local IPv6 address.
    scope: u32,
}

impl Peer {
    /// The addresses of a name, as the system orders them.
    pub async fn resolve(name: &str) -> Result<Vec<Self>, SourceError> {
        let (send, receive) = tokio::sync::oneshot::channel();
        let host = name.to_owned();
        // The system's resolver can't be stopped: it gets its own thread, which nobody has to wait for.
        std::thread::spawn(move || {
            let found = std::net::ToSocketAddrs::to_socket_addrs(&(host.as_str(), 0));
            let _ = send.send(found.map(Iterator::collect::<Vec<_>>));
        });
        let found = receive.await.ok().and_then(Result::ok).unwrap_or_default();
        let peers: Vec<Self> =
            found.into_iter().map(|at| Self { name: name.into(), address: at.ip(), scope: scope(&at) }).collect();
        if peers.is_empty() { Err(SourceError::UnknownServer(name.into())) } else { Ok(peers) }
    }

    /// Connects; also says whether our port is one that only the system's administrator may use.
    pub async fn connect(&self, port: u16) -> Result<(Wire, bool), SourceError> {
        let mut address = SocketAddr::new(self.address, port);
        if let SocketAddr::V6(v6) = &mut address {
            v6.set_scope_id(self.scope);
        }
        let (stream, privileged) = connect(address).await.map_err(|e| self.unreachable(port, &e))?;
        stream.set_nodelay(true).map_err(|e| self.unreachable(port, &e))?;
        Ok((Wire { stream, header: Vec::new(), left: 0 }, privileged))
    }

    fn unreachable(&self, port: u16, e: &io::Error) -> SourceError {
        let reason = match e.kind() {
            io::ErrorKind::ConnectionRefused if port == PMAP_PORT => {
                Silence::NoPortmapper { server: self.name.clone() }
            }
            io::ErrorKind::ConnectionRefused => Silence::Port(port),
            _ => Silence::System(in_words(e)),
        };
        SourceError::NoAnswer { server: self.name.clone(), reason }
    }

    /// The port of an RPC program of version 3, asked at the server's portmapper. `lacks`: what to say where it is none.
    pub async fn port_of(&self, program: u32, lacks: Odd) -> Result<u16, SourceError> {
        let (wire, _) = self.connect(PMAP_PORT).await?;
        PortmapperClient::new(wire).getport(program, 3, IPPROTO_TCP).await.map_err(|e| match e {
            PortmapError::ProgramUnavailable => SourceError::Protocol { server: self.name.clone(), reason: lacks },
            PortmapError::Rpc(nfs3_client::RpcError::Io(e)) => self.unreachable(0, &e),
            other => SourceError::Protocol { server: self.name.clone(), reason: Odd::Said(other.to_string()) },
        })
    }
}

/// The first of the peers at which `work` does not fail for want of an answer.
pub(super) async fn first_answer<T, F>(peers: Vec<Peer>, work: impl Fn(Peer) -> F) -> Result<T, SourceError>
where
    F: Future<Output = Result<T, SourceError>>,
{
    let several = peers.len() > 1;
    let mut last = None;
    for peer in peers {
        let name = peer.name.clone();
        let result = match several {
            false => work(peer).await,
            true => tokio::time::timeout(ONE_OF_MANY, work(peer)).await.unwrap_or(Err(SourceError::Timeout(name))),
        };
        match result {
            Err(e @ (SourceError::NoAnswer { .. } | SourceError::Timeout(_))) => last = Some(e),
            other => return other,
        }
    }
    Err(last.unwrap_or_else(|| SourceError::UnknownServer(String::new())))
}

fn scope(address: &SocketAddr) -> u32 {
    match address {
        SocketAddr::V4(_) => 0,
        SocketAddr::V6(v6) => v6.scope_id(),
    }
}

/// From a port under 1024 where the system lets us: most exports want that (`secure` in exports(5)).
async fn connect(address: SocketAddr) -> io::Result<(TcpStream, bool)> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    const LOWEST: u16 = 600;
    const PORTS: u16 = 1024 - LOWEST;
    let start = u16::try_from(std::process::id() % u32::from(PORTS)).unwrap_or_default();
    for _ in 0..PORTS {
        let port = LOWEST + start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % PORTS;
        let (socket, any): (_, IpAddr) = match address {
            SocketAddr::V4(_) => (TcpSocket::new_v4()?, std::net::Ipv4Addr::UNSPECIFIED.into()),
            SocketAddr::V6(_) => (TcpSocket::new_v6()?, std::net::Ipv6Addr::UNSPECIFIED.into()),
        };
        socket.set_reuseaddr(true)?;
        match socket.bind(SocketAddr::new(any, port)) {
            Ok(()) => {}
            Err(e) if e.kind() == io::ErrorKind::AddrInUse => continue,
            Err(_) => break,
        }
        match socket.connect(address).await {
            Err(e) if matches!(e.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::AddrNotAvailable) => {}
            result => return result.map(|stream| (stream, true)),
        }
    }
    TcpStream::connect(address).await.map(|stream| (stream, false))
}

/// Who we are to the server: this process's user and groups.
pub(super) fn credential() -> opaque_auth<'static> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    // Real, effective, saved, file system: the second is ours.
    let ids = |key: &str| -> Vec<u32> {
        let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
        line.split_whitespace().filter_map(|id| id.parse().ok()).collect()
    };
    const NOBODY: u32 = 65534;
    let one = |key: &str| ids(key).get(1).copied().unwrap_or(NOBODY);
    opaque_auth::auth_unix(&auth_unix {
        stamp: 0,
        machinename: Opaque::borrowed(b"drover"),
        uid: one("Uid:"),
        gid: one("Gid:"),
        // The protocol has room for sixteen.
        gids: ids("Groups:").into_iter().take(16).collect(),
    })
}
