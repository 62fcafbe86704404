//! The core's error: a variant exists only where somebody acts differently on it. The only file that reads libvirt's error codes.
mod source;

use std::io;
use std::path::PathBuf;

use virt_sys as sys;

use crate::domain::actions::Denial;
use crate::finding::Finding;
use crate::host::uri::{HostUri, Transport};
use crate::host::{Cause, FailKind};
use crate::storage::FolderProblem;

pub use source::{Absent, Expected, Lack, LocationProblem, Odd, Silence, SourceError};

/// Result with the core's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong, by what a person can do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The connection URI can't be used; the reason names the part.
    #[error("the URI “{uri}” can't be used: {reason}")]
    Uri { uri: String, reason: Cause },
    /// Nothing answers there: no daemon, no route, name unknown.
    #[error("{uri} can't be reached: {reason}")]
    Unreachable { uri: String, reason: String },
    /// The host answered and refused the login.
    #[error("{uri} refused the login: {reason}")]
    Login { uri: String, reason: String },
    /// The machine is there, but no libvirt daemon listens on it.
    #[error("no libvirt daemon listens at {uri}: {reason}")]
    NoDaemon { uri: String, reason: String },
    /// The operating system or polkit refuses access to the daemon's socket.
    #[error("no permission to use {uri}: {reason}")]
    Denied { uri: String, reason: String },
    /// The link to the host is down; it is being retried in the background.
    #[error("the connection to {uri} is lost")]
    Lost { uri: String },
    /// The host does not answer: its lane of calls is full.
    #[error("{uri} does not answer; earlier calls are still waiting")]
    Busy { uri: String },
    /// No machine of that name or UUID on this host.
    #[error("no machine “{0}” on this host")]
    NoDomain(String),
    /// The name is in use on the host.
    #[error("a machine named “{0}” exists already")]
    NameTaken(String),
    /// The machine's state does not allow it.
    #[error("{0}")]
    NotAllowed(Denial),
    /// The machine's XML can't be read, in the parser's words.
    #[error("the machine's XML can't be read: {0}")]
    DomainXml(String),
    /// A folder on the host can't be used.
    #[error("{}", .problem.of(.folder))]
    Folder { folder: String, problem: FolderProblem },
    /// The host has no folder where kernel and initrd could lie.
    #[error("there is no folder for the installer's kernel on this host (no storage pool)")]
    NoBootFolder,
    /// A file on the host must be named by its whole path.
    #[error("“{0}” is no absolute path of a file")]
    NotAbsolute(String),
    /// The hypervisor or libvirt's driver can't do this, in its words.
    #[error("not supported by this host: {0}")]
    Unsupported(String),
    /// Checks found problems; nothing was done.
    #[error("{}", joined(.0, "; "))]
    Refused(Vec<Finding>),
    /// The person stopped it.
    #[error("cancelled")]
    Cancelled,
    /// An install source failed.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A machine's display can't be shown.
    #[error(transparent)]
    Display(#[from] crate::console::DisplayError),
    /// A file here.
    #[error("{path}: {source}", path = path.display())]
    File { path: PathBuf, source: io::Error },
    /// Whatever else libvirt says, in its own words.
    #[error("{message}")]
    Libvirt { code: u32, message: String },
    /// The job failed and what it had made could not all be removed: what is left is named.
    #[error("{cause}; left behind: {}", joined(left, ", "))]
    LeftBehind { cause: Box<Error>, left: Vec<Left> },
    /// A fault of ours: the call ended in a panic, which was logged.
    #[error("a call to the host failed inside Drover")]
    Fault,
    /// The system gives this program no more threads.
    #[error("no thread can be started: {0}")]
    Thread(io::Error),
}

/// Something that could not be removed, and why.
#[derive(Debug, thiserror::Error)]
pub enum Left {
    #[error("the machine {name} ({why})")]
    Machine { name: String, why: Box<Error> },
    /// A file on the host.
    #[error("{path} ({why})")]
    File { path: String, why: Box<Error> },
    /// One of these on another host than the one at hand.
    #[error("on {host}: {left}")]
    At { host: String, left: Box<Left> },
    /// A machine that was saved to be moved, and could not be started again.
    #[error("{name}, saved on {host} and not started again ({why})")]
    Saved { name: String, host: String, why: Box<Error> },
    /// A machine that may be at either place: its migration is still to be settled.
    #[error("{name}: whether it belongs to {here} or to {there} is not known yet ({why})")]
    Undecided { name: String, here: String, there: String, why: Box<Error> },
    /// The saved machine where it was before it moved.
    #[error("the saved machine {name} on {host}: do not start it there")]
    Twin { name: String, host: String },
}

fn joined<T: ToString>(parts: &[T], between: &str) -> String {
    parts.iter().map(ToString::to_string).collect::<Vec<_>>().join(between)
}

/// What libvirt said when an open failed.
#[derive(Clone, Debug, Default)]
pub(crate) struct OpenFailure {
    /// virErrorNumber.
    pub code: u32,
    /// The system's error number, for system errors.
    pub errno: i32,
    pub message: String,
}

impl Error {
    /// Why `uri` did not open. Messages are in the person's language, so they decide only where they are ssh's own
    /// (OpenSSH speaks English always).
    pub(crate) fn opening(text: &str, uri: &HostUri, gave_up: bool, failure: OpenFailure) -> Self {
        let OpenFailure { code, errno, message } = failure;
        let said = |part: &&str| message.contains(part);
        let (uri_text, reason) = (text.to_owned(), message.clone());
        let over = uri.transport;
        let auth = [sys::VIR_ERR_AUTH_FAILED, sys::VIR_ERR_AUTH_CANCELLED, sys::VIR_ERR_AUTH_UNAVAILABLE];
        if gave_up {
            return Self::Login { uri: uri_text, reason };
        }
        match code {
            // On a local socket it is polkit that says so, and no other password helps.
            c if auth.contains(&c) && over == Transport::Unix => Self::Denied { uri: uri_text, reason },
            c if auth.contains(&c) => Self::Login { uri: uri_text, reason },
            sys::VIR_ERR_GNUTLS_ERROR => Self::Login { uri: uri_text, reason },
            // Our own certificate or key is missing: file names are in no language.
            _ if over == Transport::Tls && message.contains(".pem") => Self::Login { uri: uri_text, reason },
            sys::VIR_ERR_ACCESS_DENIED | sys::VIR_ERR_OPERATION_DENIED => Self::Denied { uri: uri_text, reason },
            sys::VIR_ERR_INVALID_ARG => Self::Uri { uri: uri_text, reason: reason.into() },
            // The test driver's own file.
            _ if over == Transport::Inside && uri.driver == "test" => {
                Self::Uri { uri: uri_text, reason: reason.into() }
            }
            sys::VIR_ERR_NO_CONNECT => Self::NoDaemon { uri: uri_text, reason },
            _ if over == Transport::Ssh => {
                if SSH_LOGIN.iter().any(said) {
                    Self::Login { uri: uri_text, reason }
                } else if SSH_NO_DAEMON.iter().any(said) {
                    Self::NoDaemon { uri: uri_text, reason }
                } else {
                    Self::Unreachable { uri: uri_text, reason }
                }
            }
            sys::VIR_ERR_SYSTEM_ERROR if over == Transport::Unix => match errno {
                libc::EACCES | libc::EPERM => Self::Denied { uri: uri_text, reason },
                libc::ENOENT | libc::ECONNREFUSED => Self::NoDaemon { uri: uri_text, reason },
                _ => Self::Unreachable { uri: uri_text, reason },
            },
            sys::VIR_ERR_INTERNAL_ERROR if over == Transport::Unix => Self::NoDaemon { uri: uri_text, reason },
            _ => Self::Unreachable { uri: uri_text, reason },
        }
    }

    /// What kind of failure to open this is.
    pub fn fail_kind(&self) -> FailKind {
        match self {
            Self::Uri { .. } => FailKind::BadUri,
            Self::Unreachable { .. } | Self::Lost { .. } | Self::Busy { .. } => FailKind::Unreachable,
            Self::Login { .. } => FailKind::Login,
            Self::Denied { .. } => FailKind::Denied,
            Self::NoDaemon { .. } => FailKind::NoDaemon,
            _ => FailKind::Other,
        }
    }

    /// Fills in the host where libvirt's error needs one to be understood.
    pub(crate) fn at(self, uri: &str) -> Self {
        match self {
            Self::Libvirt { code: sys::VIR_ERR_ACCESS_DENIED | sys::VIR_ERR_OPERATION_DENIED, message } => {
                Self::Denied { uri: uri.to_owned(), reason: message }
            }
            other => other,
        }
    }
}

/// What OpenSSH prints when a login fails for want of a person.
const SSH_LOGIN: &[&str] = &["Permission denied", "Host key verification failed", "Too many authentication failures"];
/// What stands in ssh's output when it logged in and found no libvirt.
const SSH_NO_DAEMON: &[&str] = &["No such file or directory", "command not found", "libvirt-sock", "not found"];

impl From<virt::error::Error> for Error {
    fn from(e: virt::error::Error) -> Self {
        let (code, message) = (e.code().to_raw(), e.message().to_owned());
        match code {
            sys::VIR_ERR_NO_DOMAIN => Self::NoDomain(quoted(&message)),
            sys::VIR_ERR_DOM_EXIST => Self::NameTaken(quoted(&message)),
            // QEMU's driver has no code of its own for this.
            sys::VIR_ERR_OPERATION_FAILED if message.contains("already exists with uuid") => {
                Self::NameTaken(quoted(&message))
            }
            sys::VIR_ERR_NO_SUPPORT
            | sys::VIR_ERR_OPERATION_UNSUPPORTED
            | sys::VIR_ERR_CONFIG_UNSUPPORTED
            | sys::VIR_ERR_ARGUMENT_UNSUPPORTED => Self::Unsupported(message),
            _ => Self::Libvirt { code, message },
        }
    }
}

/// The name that libvirt quotes in a message, or else the message.
fn quoted(message: &str) -> String {
    let mut parts = message.split('\'');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(_), Some(name), Some(_)) => name.to_owned(),
        _ => message.to_owned(),
    }
}

/// Whether libvirt says that there is no such domain (any more).
pub(crate) fn is_no_domain(error: &virt::error::Error) -> bool {
    error.code().to_raw() == virt::sys::VIR_ERR_NO_DOMAIN
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opening(uri: &str, code: u32, errno: i32, message: &str) -> FailKind {
        let parsed = HostUri::parse(uri).unwrap();
        let failure = OpenFailure { code, errno, message: message.into() };
        Error::opening(uri, &parsed, false, failure).fail_kind()
    }

    #[test]
    fn an_open_fails_by_what_to_do_about_it() {
        use FailKind::{BadUri, Denied, Login, NoDaemon, Unreachable};
        let system = sys::VIR_ERR_SYSTEM_ERROR;
        let (local, tcp, ssh) = ("qemu:///system", "qemu+tcp://kvm1/system", "qemu+ssh://kvm1/system");
        for (uri, code, errno, message, kind) in [
            (local, system, libc::ENOENT, "Verbindungsaufbau gescheitert", NoDaemon),
            (local, system, libc::ECONNREFUSED, "refused", NoDaemon),
            (local, system, libc::EACCES, "Keine Berechtigung", Denied),
            (local, sys::VIR_ERR_AUTH_UNAVAILABLE, 0, "no polkit agent", Denied),
            (tcp, system, libc::ECONNREFUSED, "refused", Unreachable),
            (tcp, sys::VIR_ERR_AUTH_FAILED, 0, "authentication failed", Login),
            ("qemu://kvm1/system", system, libc::ENOENT, "Cannot read '/etc/pki/CA/cacert.pem'", Login),
            (ssh, system, libc::ECONNRESET, "Cannot recv data: Permission denied (publickey).: reset", Login),
            (ssh, system, libc::ECONNRESET, "Cannot recv data: Host key verification failed.: reset", Login),
            (ssh, system, libc::ECONNRESET, "Could not resolve hostname kvm1: unknown: reset", Unreachable),
            (ssh, system, 0, "End of file while reading data: nc: /var/run/x: No such file or directory", NoDaemon),
            ("test:///no/file.xml", system, libc::ENOENT, "no file", BadUri),
        ] {
            assert_eq!(opening(uri, code, errno, message), kind, "{uri} {message}");
        }
    }

    #[test]
    fn names_come_out_of_the_quotes() {
        assert_eq!(quoted("Domain not found: no domain with matching name 'db-01'"), "db-01");
        assert_eq!(quoted("no quotes"), "no quotes");
    }
}
