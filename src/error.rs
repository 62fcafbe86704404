//! The core's error: a variant exists only where somebody acts differently on it. The only file that reads libvirt's error codes.
use std::io;
use std::path::PathBuf;

use crate::finding::Finding;

/// Result with the core's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong, by what a person can do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The connection URI can't be used; the reason names the part.
    #[error("the URI “{uri}” can't be used: {reason}")]
    Uri { uri: String, reason: String },
    /// Nothing answers there: no daemon, no route, name unknown.
    #[error("{uri} can't be reached: {reason}")]
    Unreachable { uri: String, reason: String },
    /// The host answered and refused the login.
    #[error("{uri} refused the login: {reason}")]
    Login { uri: String, reason: String },
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
    /// The hypervisor or libvirt's driver can't do this.
    #[error("not supported by this host: {0}")]
    Unsupported(String),
    /// Checks found problems; nothing was done.
    #[error("{}", refused(.0))]
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
    #[error("{cause}; left behind: {}", left.join(", "))]
    LeftBehind { cause: Box<Error>, left: Vec<String> },
}

fn refused(findings: &[Finding]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Why an install source (or an unattended file) can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The text is no location that we know.
    #[error("“{text}” is no install location: {reason}")]
    Location { text: String, reason: String },
    /// The server's name is unknown.
    #[error("the server “{0}” is not known (name not found)")]
    UnknownServer(String),
    /// Nothing listens or answers there.
    #[error("{server} does not answer: {reason}")]
    NoAnswer { server: String, reason: String },
    /// The server did not answer within the limit, or stopped answering.
    #[error("{0} stopped answering")]
    Timeout(String),
    /// An NFS export with the usual `secure` option refuses ports above 1023, and we run as an ordinary user.
    #[error(
        "{server} refuses {export} to ordinary users: the export has the option “secure”, which wants a source port below 1024; \
         add “insecure” to that export's options on the server (in /etc/exports), and run exportfs -ra there"
    )]
    NfsSecure { server: String, export: String },
    /// The server offers no such export.
    #[error("{server} offers no export “{export}”; it offers: {}", if .offered.is_empty() { "none".into() } else { .offered.join(", ") })]
    NoExport { server: String, export: String, offered: Vec<String> },
    /// The file or folder is not there.
    #[error("{0} is not there")]
    NotFound(String),
    /// The server or file system refuses to give it to us.
    #[error("{0}: permission denied")]
    Forbidden(String),
    /// The transfer ended before its announced size.
    #[error("{name} is cut off: {got} of {want} bytes")]
    Truncated { name: String, got: u64, want: u64 },
    /// The file is not of the kind that its place says.
    #[error("{name} is damaged or no {expected}")]
    Damaged { name: String, expected: &'static str },
    /// More than a limit that no true file reaches.
    #[error("{name} is larger than {limit} bytes")]
    TooLarge { name: String, limit: u64 },
    /// Nothing that we can install from lies there.
    #[error("nothing installable at {location}: {looked_for}")]
    NothingInstallable { location: String, looked_for: String },
    /// Anything else, in the protocol's words.
    #[error("{server}: {reason}")]
    Protocol { server: String, reason: String },
}

impl From<virt::error::Error> for Error {
    fn from(e: virt::error::Error) -> Self {
        Self::Libvirt { code: e.code().to_raw(), message: e.message().to_owned() }
    }
}

/// Whether libvirt says that there is no such domain (any more).
pub(crate) fn is_no_domain(error: &virt::error::Error) -> bool {
    error.code().to_raw() == virt::sys::VIR_ERR_NO_DOMAIN
}
