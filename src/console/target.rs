//! How to reach a display: libvirt's own descriptor, else a unix socket, else TCP.
use std::net::{IpAddr, Ipv6Addr};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;
use virt::domain::Domain;

use crate::console::{DisplayError, Mute, graphics_fd};
use crate::domain::DomainId;
use crate::error::is_no_domain;
use crate::host::Host;
use crate::host::uri::HostUri;
use crate::{Error, Result};

/// How long a TCP connection may take to come about.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where a display can be reached.
#[derive(Debug)]
pub enum Display {
    /// A connected socket.
    Fd(OwnedFd),
    /// A unix socket of this machine.
    Unix(PathBuf),
    /// A name or address, and a port.
    Tcp { host: String, port: u16 },
}

/// A byte stream to a display.
pub(super) trait Socket: AsyncRead + AsyncWrite + Unpin + Send + Sync {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync> Socket for T {}
pub(super) type Stream = Box<dyn Socket>;

impl Display {
    /// Whether no network lies between.
    pub(super) fn is_local(&self) -> bool {
        !matches!(self, Self::Tcp { .. })
    }

    /// Connects; needs a tokio runtime.
    pub(super) async fn connect(self) -> Result<Stream, DisplayError> {
        let refused = |e: std::io::Error| DisplayError::NoAnswer(Mute::System(e.to_string()));
        match self {
            Self::Fd(fd) => {
                let stream = std::os::unix::net::UnixStream::from(fd);
                stream.set_nonblocking(true).map_err(refused)?;
                Ok(Box::new(UnixStream::from_std(stream).map_err(refused)?))
            }
            Self::Unix(path) => Ok(Box::new(UnixStream::connect(path).await.map_err(refused)?)),
            Self::Tcp { host, port } => {
                let stream = match timeout(PATIENCE, TcpStream::connect((&*host, port))).await {
                    Ok(Ok(stream)) => stream,
                    Ok(Err(e)) => return Err(DisplayError::NoAnswer(Mute::At { host, port, words: e.to_string() })),
                    Err(_) => return Err(DisplayError::NoAnswer(Mute::Silent { host, port })),
                };
                stream.set_nodelay(true).map_err(refused)?;
                // A host that vanished, or a cut network, shows within about 15 s even when nothing is sent.
                let alive = TcpKeepalive::new().with_time(Duration::from_secs(6)).with_interval(Duration::from_secs(3));
                SockRef::from(&stream).set_tcp_keepalive(&alive.with_retries(3)).map_err(refused)?;
                Ok(Box::new(stream))
            }
        }
    }
}

/// Asks the host where the display of that machine is. `None` while it is off. Blocks.
pub fn locate(host: &Host, domain: DomainId) -> Result<Option<Display>> {
    // A URI that we can't read is taken for a remote one: there, no call breaks anything.
    let uri = HostUri::parse(host.id().as_str()).ok();
    host.call(move |conn| {
        let domain = match conn.lookup_domain_by_uuid(domain.0) {
            Ok(domain) => domain,
            // A transient machine is gone when it is off.
            Err(error) if is_no_domain(&error) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        if !domain.is_active()? {
            return Ok(None);
        }
        match find(&domain, uri) {
            // It went off meanwhile, so what its XML says now is not about a running machine.
            Err(_) if !domain.is_active()? => Ok(None),
            found => found.map(Some),
        }
    })
}

fn find(domain: &Domain, uri: Option<HostUri>) -> Result<Display> {
    if uri.as_ref().is_some_and(|uri| uri.driver == "test") {
        return Err(DisplayError::Sample.into());
    }
    let graphics = Graphics::of(&domain.xml_desc(0)?)?;
    if uri.as_ref().is_some_and(HostUri::is_unix) {
        match graphics_fd::open(domain, graphics.index) {
            Ok(fd) => return Ok(Display::Fd(fd)),
            Err(error) => tracing::debug!(%error, "no descriptor for the display, trying its address"),
        }
    }
    Ok(graphics.address(uri.and_then(|uri| uri.host))?)
}

/// The VNC display in a running machine's XML.
#[derive(Debug, Default, PartialEq)]
struct Graphics {
    /// Counted among all graphics devices.
    index: u32,
    listen: Option<String>,
    port: Option<u16>,
    /// libvirt chooses the port while the machine starts.
    autoport: bool,
    socket: Option<String>,
}

impl Graphics {
    /// Reads it. Format: https://libvirt.org/formatdomain.html#graphical-framebuffers
    fn of(xml: &str) -> Result<Self> {
        let unreadable = |e: roxmltree::Error| Error::DomainXml(e.to_string());
        let document = roxmltree::Document::parse(xml).map_err(unreadable)?;
        let devices = document.root_element().children().find(|node| node.has_tag_name("devices"));
        let all = devices.iter().flat_map(|node| node.children()).filter(|node| node.has_tag_name("graphics"));
        let mut other = None;
        for (index, node) in (0..).zip(all) {
            let kind = node.attribute("type").unwrap_or_default();
            if kind != "vnc" {
                other.get_or_insert_with(|| kind.to_owned());
                continue;
            }
            let attribute = |name: &str| {
                let listens = node.children().filter(|child| child.has_tag_name("listen"));
                let inner = listens.filter_map(|listen| listen.attribute(name)).next();
                inner.or(node.attribute(name)).filter(|text| !text.is_empty()).map(str::to_owned)
            };
            return Ok(Self {
                index,
                listen: attribute("address").or_else(|| node.attribute("listen").map(str::to_owned)),
                // libvirt says -1 while no port is assigned.
                port: node.attribute("port").and_then(|port| port.parse().ok()).filter(|port| *port > 0),
                autoport: node.attribute("autoport") == Some("yes"),
                socket: attribute("socket"),
            });
        }
        Err(other.map_or(DisplayError::None, DisplayError::Kind).into())
    }

    /// Its address as seen from here; `host` is the name or address of another machine that libvirt runs on.
    fn address(self, host: Option<String>) -> Result<Display, DisplayError> {
        let host = host.filter(|host| !is_loopback(host));
        match (self.socket, self.port, host) {
            (Some(socket), _, None) => Ok(Display::Unix(socket.into())),
            (Some(socket), None, Some(host)) => Err(DisplayError::RemoteSocket { host, socket }),
            (None, None, _) if self.autoport => Err(DisplayError::NoAnswer(Mute::NoPort)),
            (None, None, _) => Err(DisplayError::NotListening),
            (_, Some(port), host) => {
                let listen = self.listen.filter(|listen| !is_any(listen));
                let host = match (host, listen) {
                    (Some(host), Some(listen)) if is_loopback(&listen) => {
                        return Err(DisplayError::HostOnly { host, listen });
                    }
                    (_, Some(listen)) => listen,
                    (Some(host), None) => host,
                    (None, None) => "127.0.0.1".into(),
                };
                Ok(Display::Tcp { host, port })
            }
        }
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// All addresses of a host.
fn is_any(listen: &str) -> bool {
    listen.is_empty() || listen == "0.0.0.0" || listen.parse() == Ok(Ipv6Addr::UNSPECIFIED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graphics(inner: &str) -> Result<Graphics> {
        Graphics::of(&format!("<domain><name>a</name><devices><disk/>{inner}</devices></domain>"))
    }

    fn reach(inner: &str, uri: &str) -> Result<String, DisplayError> {
        match graphics(inner).unwrap().address(HostUri::parse(uri).unwrap().host)? {
            Display::Tcp { host, port } => Ok(format!("{host} {port}")),
            Display::Unix(path) => Ok(path.display().to_string()),
            Display::Fd(_) => unreachable!(),
        }
    }

    #[test]
    fn the_first_vnc_display_counts_among_all() {
        let found =
            graphics("<graphics type='spice' port='5900'/><graphics type='vnc' port='5901' listen='10.0.0.1'/>");
        let want = Graphics { index: 1, listen: Some("10.0.0.1".into()), port: Some(5901), ..Graphics::default() };
        assert_eq!(found.unwrap(), want);
    }

    #[test]
    fn other_kinds_are_named() {
        let kind = |inner| match graphics(inner) {
            Err(Error::Display(error)) => error,
            other => unreachable!("{other:?}"),
        };
        assert_eq!(kind(""), DisplayError::None);
        assert_eq!(kind("<graphics type='spice' port='5900'/>"), DisplayError::Kind("spice".into()));
        assert!(matches!(Graphics::of("<domain"), Err(Error::DomainXml(_))));
        assert!(matches!(Graphics::of("<domain/>"), Err(Error::Display(DisplayError::None))));
    }

    #[test]
    fn the_address_is_seen_from_here() {
        let any =
            "<graphics type='vnc' port='5900' listen='0.0.0.0'><listen type='address' address='0.0.0.0'/></graphics>";
        assert_eq!(reach(any, "qemu+tcp://kvm1/system").unwrap(), "kvm1 5900");
        assert_eq!(reach(any, "qemu+ssh://root@[fe80::1]:2222/system?no_tty=1").unwrap(), "fe80::1 5900");
        assert_eq!(reach(any, "qemu:///system").unwrap(), "127.0.0.1 5900");
        let six = "<graphics type='vnc' port='5902' listen='::'/>";
        assert_eq!(reach(six, "xen+tls://xen1/system").unwrap(), "xen1 5902");
        let own = "<graphics type='vnc' port='5901'><listen type='network' network='x' address='10.1.1.5'/></graphics>";
        assert_eq!(reach(own, "qemu+tcp://kvm1/system").unwrap(), "10.1.1.5 5901");
        let unset = "<graphics type='vnc' port='5901'/>";
        assert_eq!(reach(unset, "qemu+tcp://kvm1/system").unwrap(), "kvm1 5901");
    }

    #[test]
    fn what_a_remote_host_keeps_to_itself_is_named() {
        let inner = "<graphics type='vnc' port='5900'><listen type='address' address='127.0.0.1'/></graphics>";
        let only = DisplayError::HostOnly { host: "kvm1".into(), listen: "127.0.0.1".into() };
        assert_eq!(reach(inner, "qemu+ssh://root@kvm1/system").unwrap_err(), only);
        assert_eq!(reach(inner, "qemu:///system").unwrap(), "127.0.0.1 5900");
        assert_eq!(reach(inner, "qemu+tcp://localhost/system").unwrap(), "127.0.0.1 5900");
        let socket =
            "<graphics type='vnc' socket='/run/a.sock'><listen type='socket' socket='/run/a.sock'/></graphics>";
        assert_eq!(reach(socket, "qemu:///session").unwrap(), "/run/a.sock");
        let there = DisplayError::RemoteSocket { host: "kvm1".into(), socket: "/run/a.sock".into() };
        assert_eq!(reach(socket, "qemu+ssh://kvm1/system").unwrap_err(), there);
        let none = "<graphics type='vnc' port='-1'><listen type='none'/></graphics>";
        assert_eq!(reach(none, "qemu:///system").unwrap_err(), DisplayError::NotListening);
        let starting = "<graphics type='vnc' port='-1' autoport='yes' listen='0.0.0.0'/>";
        assert!(matches!(reach(starting, "qemu+tcp://kvm1/system").unwrap_err(), DisplayError::NoAnswer(_)));
    }
}
