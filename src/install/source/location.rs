//! The text form of an install location: read, and written so that reading it gives the same again.
use std::ffi::OsString;
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::error::{LocationProblem as Problem, SourceError};
use crate::secret::hidden;

/// A tree's place. `Display` gives back the form that a person types, [`Location::shown`] the one to show.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    Nfs(NfsLocation),
    /// An absolute http:// or https:// URL.
    Http(String),
    Dir(PathBuf),
}

/// `nfs:host:/path`, `nfs://host/path`; `:PORT` after the host in the second form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NfsLocation {
    /// A name or an address; an IPv6 address without its brackets.
    pub host: String,
    /// NFS and mount ports where the portmapper must not be asked (`nfs://host:2049/path?mountport=20048`).
    pub port: Option<u16>,
    pub mount_port: Option<u16>,
    /// Absolute; which part of it is the export is found out at the server.
    pub path: String,
}

impl NfsLocation {
    /// The host as it stands in a URL: an IPv6 address in brackets.
    pub fn url_host(&self) -> String {
        if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() }
    }
}

impl FromStr for Location {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, SourceError> {
        let trimmed = text.trim();
        parse(trimmed).map_err(|reason| SourceError::Location { text: hidden(trimmed), reason })
    }
}

fn parse(text: &str) -> Result<Location, Problem> {
    let scheme = text.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    let rest = |scheme: &str| &text[scheme.len() + 1..];
    match scheme.as_deref() {
        _ if text.is_empty() => Err(Problem::Empty),
        _ if text.starts_with('/') => Ok(Location::Dir(tidy_dir(text.as_bytes()))),
        Some("nfs") => parse_nfs(rest("nfs")).map(Location::Nfs),
        Some(scheme @ ("http" | "https")) => parse_http(scheme, rest(scheme)).map(Location::Http),
        Some("file") => parse_file(rest("file")).map(Location::Dir),
        Some("ftp") => Err(Problem::Ftp),
        Some(scheme) if rest(scheme).starts_with("//") => Err(Problem::Scheme(scheme.into())),
        Some(host) if rest(host).starts_with('/') => Err(Problem::ForNfs(text.into())),
        _ if text.starts_with('~') => Err(Problem::NotWhole),
        _ => Err(Problem::NoScheme),
    }
}

fn parse_nfs(rest: &str) -> Result<NfsLocation, Problem> {
    let (authority, path, ports) = match rest.strip_prefix("//") {
        Some(url) => {
            let slash = url.find('/').ok_or(Problem::NoPath { form: "nfs://HOST/PATH" })?;
            let (path, mount_port) = split_mount_port(&url[slash..])?;
            let path = String::from_utf8(decode(path)).map_err(|_| Problem::NotUtf8)?;
            let (host, port) = split_port(&url[..slash])?;
            (host, path, (port, mount_port))
        }
        None => {
            let slash = rest.find('/').ok_or(Problem::NoPath { form: "nfs:HOST:/PATH" })?;
            let host = &rest[..slash];
            (host.strip_suffix(':').unwrap_or(host), rest[slash..].to_owned(), (None, None))
        }
    };
    if path.contains('\0') {
        return Err(Problem::ZeroByte);
    }
    Ok(NfsLocation { host: host_of(authority)?, port: ports.0, mount_port: ports.1, path: tidy(&path) })
}

/// The server's name: letters, digits, `.`, `-`, `_`, or an IPv6 address in brackets.
fn host_of(text: &str) -> Result<String, Problem> {
    if text.is_empty() {
        return Err(Problem::NoServer { form: "nfs:HOST:/PATH".into() });
    }
    if let Some(inner) = text.strip_prefix('[') {
        let address = inner.strip_suffix(']').ok_or(Problem::OpenBracket)?;
        let bare = address.split_once('%').map_or(address, |(address, _zone)| address);
        bare.parse::<std::net::Ipv6Addr>().map_err(|_| Problem::NotIpv6(address.into()))?;
        return Ok(address.into());
    }
    match text.chars().find(|c| !(c.is_ascii_alphanumeric() || "._-".contains(*c))) {
        Some(':') if text.parse::<std::net::Ipv6Addr>().is_ok() => Err(Problem::Brackets(text.into())),
        Some(':') => Err(Problem::MountOptions),
        Some(c) => Err(Problem::ServerCharacter(c)),
        None => Ok(text.into()),
    }
}

/// `host:port` of a URL; the host is not checked.
fn split_port(authority: &str) -> Result<(&str, Option<u16>), Problem> {
    let inside = authority.rfind(']').map_or(0, |end| end + 1);
    match authority[inside..].split_once(':') {
        None => Ok((authority, None)),
        Some((_, "")) => Ok((&authority[..authority.len() - 1], None)),
        Some((host, port)) => match port.parse::<u16>() {
            Ok(port) if port != 0 => Ok((&authority[..inside + host.len()], Some(port))),
            _ => Err(Problem::Port(port.into())),
        },
    }
}

fn split_mount_port(path: &str) -> Result<(&str, Option<u16>), Problem> {
    let Some((path, query)) = path.split_once('?') else { return Ok((path, None)) };
    match query.strip_prefix("mountport=").map(str::parse::<u16>) {
        Some(Ok(port)) if port != 0 => Ok((path, Some(port))),
        _ => Err(Problem::Option(query.into())),
    }
}

fn parse_http(scheme: &str, rest: &str) -> Result<String, Problem> {
    let form = || format!("{scheme}://HOST/PATH");
    let rest = rest.strip_prefix("//").ok_or_else(|| Problem::Form { form: form() })?;
    if let Some(c) = rest.chars().find(|c| c.is_whitespace() || c.is_control()) {
        return Err(if c == ' ' { Problem::Space } else { Problem::Control });
    }
    if rest.contains(['?', '#']) {
        return Err(Problem::Query);
    }
    let authority = rest.split('/').next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if split_port(host)?.0.is_empty() {
        return Err(Problem::NoServer { form: form() });
    }
    let url = format!("{scheme}://{}", rest.trim_end_matches('/'));
    url.parse::<ureq::http::Uri>().map_err(|_| Problem::NotUrl)?;
    Ok(url)
}

fn parse_file(rest: &str) -> Result<PathBuf, Problem> {
    let path = match rest.strip_prefix("//") {
        Some(url) => url.strip_prefix("localhost").unwrap_or(url),
        None => rest,
    };
    if !path.starts_with('/') {
        return Err(Problem::FileForm);
    }
    Ok(tidy_dir(&decode(path)))
}

fn tidy_dir(path: &[u8]) -> PathBuf {
    let end = path.iter().rposition(|b| *b != b'/').map_or(1, |last| last + 1);
    PathBuf::from(OsString::from_vec(path[..end].to_vec()))
}

/// One slash between the parts and none at the end.
fn tidy(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    format!("/{}", parts.join("/"))
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nfs(nfs) => nfs.fmt(f),
            Self::Http(url) => f.write_str(url),
            Self::Dir(path) => fmt_dir(path, f),
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

impl Location {
    /// As it may be shown: a password in it is hidden.
    pub fn shown(&self) -> String {
        hidden(&self.to_string())
    }
}

impl fmt::Display for NfsLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.url_host();
        let plain = self.path.trim_end() == self.path;
        match (self.port, self.mount_port) {
            (None, None) if plain => write!(f, "nfs:{host}:{}", self.path),
            (port, mount_port) => {
                write!(f, "nfs://{host}")?;
                port.map_or(Ok(()), |port| write!(f, ":{port}"))?;
                f.write_str(&encode(self.path.as_bytes()))?;
                mount_port.map_or(Ok(()), |port| write!(f, "?mountport={port}"))
            }
        }
    }
}

fn fmt_dir(path: &Path, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match path.to_str() {
        Some(text) if text.trim_end() == text => f.write_str(text),
        _ => write!(f, "file://{}", encode(path.as_os_str().as_bytes())),
    }
}

/// Percent-encodes what can't stand in the path of a URL (RFC 3986).
pub(super) fn encode(path: &[u8]) -> String {
    use fmt::Write as _;
    path.iter().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@".contains(byte) {
            out.push(char::from(*byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

/// The bytes of a percent-encoded text; a `%` without two hex digits stands for itself.
fn decode(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let hex = after.get(..2).filter(|hex| byte == b'%' && hex.iter().all(u8::is_ascii_hexdigit));
        let decoded =
            hex.and_then(|hex| std::str::from_utf8(hex).ok()).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push(decoded.unwrap_or(byte));
        rest = if decoded.is_some() { &after[2..] } else { after };
    }
    out
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use proptest::prelude::*;

    use super::{Location, NfsLocation};
    use crate::error::SourceError;

    fn nfs(host: &str, path: &str) -> Location {
        Location::Nfs(NfsLocation { host: host.into(), port: None, mount_port: None, path: path.into() })
    }

    #[test]
    fn what_a_person_types() {
        let ports =
            NfsLocation { host: "nas".into(), port: Some(2050), mount_port: Some(20048), path: "/soft x".into() };
        for (text, location) in [
            ("nfs:10.1.1.22:/soft/rhel5_source", nfs("10.1.1.22", "/soft/rhel5_source")),
            (" nfs:10.1.1.22/soft//rhel5_source/ ", nfs("10.1.1.22", "/soft/rhel5_source")),
            ("NFS://nas/soft", nfs("nas", "/soft")),
            ("nfs:nas:/", nfs("nas", "/")),
            ("nfs:[fe80::1%eth0]:/soft", nfs("fe80::1%eth0", "/soft")),
            (
                "nfs://[::1]:2049/soft",
                Location::Nfs(NfsLocation {
                    port: Some(2049),
                    host: "::1".into(),
                    mount_port: None,
                    path: "/soft".into(),
                }),
            ),
            ("nfs://nas:2050/soft%20x?mountport=20048", Location::Nfs(ports)),
            ("HTTP://h:80/a/", Location::Http("http://h:80/a".into())),
            ("https://[::1]/a", Location::Http("https://[::1]/a".into())),
            ("file:///srv/a%20b/", Location::Dir("/srv/a b".into())),
            ("/srv/tree/", Location::Dir("/srv/tree".into())),
        ] {
            assert_eq!(text.parse(), Ok(location), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_says_so() {
        for (text, says) in [
            ("", "empty"),
            ("nfs:10.1.1.22", "a path is missing: nfs:HOST:/PATH"),
            ("nfs://10.1.1.22", "a path is missing"),
            ("nfs:/soft", "a server is missing"),
            ("nfs::/soft", "a server is missing"),
            ("nfs:ho st:/soft", "“ ” can't be in a server's name"),
            ("nfs:::1:/soft", "in brackets"),
            ("nfs:nolock:nas:/soft", "mount options"),
            ("nfs:[::g]:/x", "no IPv6 address"),
            ("nfs://nas:0/x", "no port"),
            ("nfs://nas:99999/x", "no port"),
            ("nfs://nas/x?vers=3", "the only option"),
            ("ftp://h/x", "FTP is not supported yet"),
            ("http:/h", "http://HOST/PATH"),
            ("http://", "a server is missing"),
            ("http://h/a b", "%20"),
            ("http://h/a?b", "“?”"),
            ("file://other/x", "file:///PATH"),
            ("gopher://h/x", "“gopher” is not known"),
            ("nas:/soft", "nfs:nas:/soft"),
            ("~/tree", "whole path"),
            ("rhel5", "it must begin with"),
        ] {
            match text.parse::<Location>() {
                Err(SourceError::Location { reason, .. }) => {
                    assert!(reason.to_string().contains(says), "{text}: {reason}");
                }
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    fn any() -> impl Strategy<Value = Location> {
        let host = prop_oneof!["[a-z][a-z0-9-]{0,9}(\\.[a-z]{1,5})?", Just("10.1.1.22".into()), Just("fe80::1".into())];
        let path = "(/[^/\\x00.][^/\\x00]{0,8}){1,4}";
        let port = || proptest::option::of(1u16..);
        prop_oneof![
            (host, port(), port(), path).prop_map(|(host, port, mount_port, path)| Location::Nfs(NfsLocation {
                host,
                port,
                mount_port,
                path
            })),
            path.prop_map(|path| Location::Dir(PathBuf::from(path))),
            "https?://[a-z]{1,9}(:[1-9][0-9]{0,3})?(/[a-zA-Z0-9%._~-]{1,9}){0,3}"
                .prop_map(|url: String| Location::Http(url)),
        ]
    }

    proptest! {
        #[test]
        fn printing_and_parsing_give_the_same(location in any()) {
            prop_assert_eq!(location.to_string().parse::<Location>(), Ok(location));
        }

        #[test]
        fn no_text_panics_and_what_parses_prints_stably(text in "(nfs:|nfs://|http://|file://|/)?.{0,40}") {
            if let Ok(location) = text.parse::<Location>() {
                prop_assert_eq!(location.to_string().parse::<Location>(), Ok(location));
            }
        }
    }
}
