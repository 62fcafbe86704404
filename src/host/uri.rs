//! Connection URIs: taken apart, checked, and named by their parts (<https://libvirt.org/uri.html>).
use std::borrow::Cow;
use std::fmt;

use super::Cause;
use crate::Error;

/// How a connection travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// The driver lives in our own process: `test://`, `vbox://`, `esx://`…
    Inside,
    Unix,
    Tcp,
    Tls,
    /// `ssh`, `libssh` and `libssh2`.
    Ssh,
    /// A command of the person's own (`?command=`).
    Ext,
}

/// What is wrong with a URI.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UriProblem {
    #[error("it is empty")]
    Empty,
    #[error("it must begin with a driver and “://”, such as qemu+ssh://root@kvm1/system")]
    NoScheme,
    #[error("the driver “{0}” is not known; use qemu, xen, lxc, test…")]
    Driver(String),
    #[error("the transport “{0}” is not known; use unix, tcp, tls, ssh, libssh, libssh2 or ext")]
    Transport(String),
    #[error("the transport {0} needs a host name")]
    NoHost(String),
    #[error("the transport unix stays on this machine; leave the host name “{0}” out, or use ssh")]
    HostWithUnix(String),
    #[error("the host name contains “{0}”")]
    HostCharacter(char),
    #[error("an IPv6 address needs brackets: [{0}]")]
    Brackets(String),
    #[error("the bracket of the IPv6 address is not closed")]
    OpenBracket,
    #[error("“{0}” is no port (1 to 65535)")]
    Port(String),
    #[error("the path is missing: add /system or /session")]
    NoPath,
    #[error("the path “{0}” is not known here; use /system or /session")]
    Path(String),
    #[error("it contains a space or a control character")]
    Blank,
}

/// A URI's parts. Making one checks them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostUri {
    /// "qemu", "xen", "test"…
    pub driver: String,
    pub transport: Transport,
    pub user: Option<String>,
    /// Without brackets.
    pub host: Option<String>,
    pub port: Option<u16>,
    /// With its slash: "/system".
    pub path: String,
    /// Name and value, with percent escapes undone.
    pub parameters: Vec<(String, String)>,
}

const DRIVERS: &[&str] = &[
    "qemu",
    "xen",
    "lxc",
    "test",
    "vbox",
    "esx",
    "gsx",
    "vpx",
    "vmwareplayer",
    "vmwarews",
    "vmwarefusion",
    "hyperv",
    "bhyve",
    "vz",
    "virtuozzo",
    "openvz",
    "ch",
    "remote",
    "parallels",
];
/// Drivers that run inside the client, with no daemon between.
const INSIDE: &[&str] =
    &["test", "vbox", "esx", "gsx", "vpx", "vmwareplayer", "vmwarews", "vmwarefusion", "hyperv", "openvz"];

impl HostUri {
    /// Takes a URI apart; the problem names the wrong part.
    pub fn parse(uri: &str) -> Result<Self, UriProblem> {
        if uri.is_empty() {
            return Err(UriProblem::Empty);
        }
        if uri.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(UriProblem::Blank);
        }
        let (scheme, rest) = uri.split_once("://").ok_or(UriProblem::NoScheme)?;
        let (driver, transport) = match scheme.split_once('+') {
            Some((driver, transport)) => (driver, Some(transport)),
            None => (scheme, None),
        };
        if driver.is_empty() {
            return Err(UriProblem::NoScheme);
        }
        if !DRIVERS.contains(&driver) {
            return Err(UriProblem::Driver(driver.into()));
        }
        let rest = rest.split_once('#').map_or(rest, |(before, _)| before);
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let slash = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = rest.split_at(slash);
        let (user, host, port) = authority_parts(authority)?;
        let parsed = Self {
            driver: driver.into(),
            transport: transport_of(driver, transport, host.is_some())?,
            user,
            host,
            port,
            path: path.into(),
            parameters: query.split('&').filter(|p| !p.is_empty()).map(parameter).collect(),
        };
        parsed.check(transport)?;
        Ok(parsed)
    }

    fn check(&self, transport: Option<&str>) -> Result<(), UriProblem> {
        match (self.transport, &self.host) {
            (Transport::Tcp | Transport::Tls | Transport::Ssh, None) => {
                return Err(UriProblem::NoHost(transport.unwrap_or("tls").into()));
            }
            (Transport::Unix, Some(host)) => return Err(UriProblem::HostWithUnix(host.clone())),
            _ => {}
        }
        match (self.driver.as_str(), self.path.as_str()) {
            ("qemu" | "lxc" | "xen" | "ch", "/system") | ("qemu" | "ch", "/session" | "/embed") => Ok(()),
            ("xen" | "lxc", "" | "/") => Ok(()),
            ("qemu" | "ch" | "test", "" | "/") => Err(UriProblem::NoPath),
            ("qemu" | "ch" | "lxc" | "xen", path) => Err(UriProblem::Path(path.into())),
            _ => Ok(()),
        }
    }

    /// A parameter after the question mark.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The daemon's socket, if the URI names it.
    pub fn socket(&self) -> Option<&str> {
        self.parameter("socket")
    }

    /// Whether the daemon (or driver) is on this machine, sharing its files and sockets.
    pub fn is_local(&self) -> bool {
        matches!(self.transport, Transport::Unix | Transport::Inside) && self.host.is_none()
    }

    /// Whether the link is a unix socket: only there can a display's file descriptor be passed.
    pub fn is_unix(&self) -> bool {
        self.transport == Transport::Unix
    }

    /// A short name until the host has told its own: its host part, or else driver and path.
    pub fn short_name(&self) -> String {
        self.host.clone().unwrap_or_else(|| format!("{}://{}", self.driver, self.path))
    }
}

impl fmt::Display for HostUri {
    /// The host part as it is written in URIs: brackets around IPv6.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Some(host) if host.contains(':') => write!(f, "[{host}]"),
            Some(host) => f.write_str(host),
            None => f.write_str(&self.short_name()),
        }
    }
}

impl UriProblem {
    /// This problem as the core's error.
    pub fn of(self, uri: &str) -> Error {
        Error::Uri { uri: uri.into(), reason: Cause::Uri(self) }
    }
}

fn transport_of(driver: &str, transport: Option<&str>, has_host: bool) -> Result<Transport, UriProblem> {
    Ok(match transport {
        Some("unix") => Transport::Unix,
        Some("tcp") => Transport::Tcp,
        Some("tls") => Transport::Tls,
        Some("ssh" | "libssh" | "libssh2") => Transport::Ssh,
        Some("ext") => Transport::Ext,
        Some(other) => return Err(UriProblem::Transport(other.into())),
        None if INSIDE.contains(&driver) => Transport::Inside,
        None if has_host => Transport::Tls,
        None => Transport::Unix,
    })
}

type Authority = (Option<String>, Option<String>, Option<u16>);

fn authority_parts(text: &str) -> Result<Authority, UriProblem> {
    let (user, rest) = match text.rsplit_once('@') {
        Some((user, rest)) => (Some(unescape(user).into_owned()), rest),
        None => (None, text),
    };
    let (host, port) = if let Some(inner) = rest.strip_prefix('[') {
        let (host, after) = inner.split_once(']').ok_or(UriProblem::OpenBracket)?;
        let port = if after.is_empty() { None } else { Some(after.strip_prefix(':').unwrap_or(after)) };
        (host, port)
    } else if rest.matches(':').count() > 1 {
        return Err(UriProblem::Brackets(rest.into()));
    } else {
        rest.split_once(':').map_or((rest, None), |(host, port)| (host, Some(port)))
    };
    let bad = |c: &char| !(c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%'));
    if let Some(c) = host.chars().find(bad) {
        return Err(UriProblem::HostCharacter(c));
    }
    let port = match port {
        None => None,
        Some(text) => match text.parse::<u16>() {
            Ok(port) if port > 0 => Some(port),
            _ => return Err(UriProblem::Port(text.into())),
        },
    };
    if host.is_empty() && (user.is_some() || port.is_some()) {
        return Err(UriProblem::NoHost("that is given".into()));
    }
    Ok((user, (!host.is_empty()).then(|| host.to_owned()), port))
}

fn parameter(text: &str) -> (String, String) {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    (unescape(name).into_owned(), unescape(value).into_owned())
}

/// Undoes percent escapes; what is no escape stays as it is.
fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while let Some(&byte) = bytes.get(i) {
        let escaped = (byte == b'%').then(|| text.get(i + 1..i + 3)).flatten();
        if let Some(value) = escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            out.push(value);
            i += 3;
        } else {
            out.push(byte);
            i += 1;
        }
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_common_forms_apart() {
        let uri = HostUri::parse("qemu+ssh://root@kvm1.example.org:2222/system?keyfile=%2Fhome%2Fa&no_tty=1").unwrap();
        assert_eq!((uri.driver.as_str(), uri.transport), ("qemu", Transport::Ssh));
        assert_eq!(
            (uri.user.as_deref(), uri.host.as_deref(), uri.port),
            (Some("root"), Some("kvm1.example.org"), Some(2222))
        );
        assert_eq!(uri.parameter("keyfile"), Some("/home/a"));
        assert!(!uri.is_local() && !uri.is_unix());

        let uri = HostUri::parse("qemu+tcp://[fe80::1]:16509/system").unwrap();
        assert_eq!((uri.host.as_deref(), uri.port), (Some("fe80::1"), Some(16509)));
        assert_eq!(uri.to_string(), "[fe80::1]");

        let uri = HostUri::parse("qemu+unix:///system?socket=/run/x/libvirt-sock").unwrap();
        assert!(uri.is_local() && uri.is_unix());
        assert_eq!(uri.socket(), Some("/run/x/libvirt-sock"));
        assert_eq!(HostUri::parse("qemu:///session").unwrap().transport, Transport::Unix);
        assert_eq!(HostUri::parse("qemu://kvm1/system").unwrap().transport, Transport::Tls);
        assert_eq!(HostUri::parse("test:///default").unwrap().transport, Transport::Inside);
        assert_eq!(HostUri::parse("test+tcp://kvm1/default").unwrap().transport, Transport::Tcp);
        assert_eq!(HostUri::parse("xen:///").unwrap().short_name(), "xen:///");
    }

    #[test]
    fn names_the_wrong_part() {
        for (uri, problem) in [
            ("", UriProblem::Empty),
            ("kvm1", UriProblem::NoScheme),
            ("://kvm1", UriProblem::NoScheme),
            ("kvm://kvm1/system", UriProblem::Driver("kvm".into())),
            ("qemu+smb://kvm1/system", UriProblem::Transport("smb".into())),
            ("qemu+ssh:///system", UriProblem::NoHost("ssh".into())),
            ("qemu+unix://kvm1/system", UriProblem::HostWithUnix("kvm1".into())),
            ("qemu+ssh://kvm1:99999/system", UriProblem::Port("99999".into())),
            ("qemu+ssh://kvm1:/system", UriProblem::Port(String::new())),
            ("qemu+ssh://kv$m/system", UriProblem::HostCharacter('$')),
            ("qemu+ssh://fe80::1/system", UriProblem::Brackets("fe80::1".into())),
            ("qemu+ssh://[fe80::1/system", UriProblem::OpenBracket),
            ("qemu+ssh://kvm1", UriProblem::NoPath),
            ("qemu+ssh://kvm1/sistem", UriProblem::Path("/sistem".into())),
            ("qemu+ssh://kvm 1/system", UriProblem::Blank),
        ] {
            assert_eq!(HostUri::parse(uri), Err(problem), "{uri}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(text in ".{0,60}", tail in "(qemu|test)\\+?(ssh|tcp)?://[%a-z0-9@:\\[\\]/?=&]{0,40}") {
            let _ = HostUri::parse(&text);
            let _ = HostUri::parse(&tail);
        }
    }
}
