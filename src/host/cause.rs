//! Why a link is down or never came up: what Drover knows as a value, else libvirt's or the system's own words.
use super::uri::UriProblem;
use crate::Error;

/// Why a link is down. `Display` says it in English, the window translates.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// No other try can succeed.
    #[error("{0}")]
    Uri(UriProblem),
    #[error("the connection broke")]
    Broken,
    #[error("the daemon closed the connection")]
    Closed,
    #[error("the host does not answer")]
    Silent,
    #[error("closed here")]
    ClosedHere,
    #[error("earlier calls are still waiting")]
    Busy,
    /// A fault of ours.
    #[error("a call to the host failed inside Drover")]
    Fault,
    /// In the system's words.
    #[error("no thread can be started: {0}")]
    Thread(String),
    #[error("{0}")]
    Said(String),
}

impl From<String> for Cause {
    fn from(words: String) -> Self {
        Self::Said(words)
    }
}

impl From<&str> for Cause {
    fn from(words: &str) -> Self {
        Self::Said(words.into())
    }
}

impl Error {
    /// The cause without the URI, for where the host is named already.
    pub fn cause(&self) -> Cause {
        match self {
            Self::Uri { reason, .. } => reason.clone(),
            Self::Unreachable { reason, .. }
            | Self::Login { reason, .. }
            | Self::NoDaemon { reason, .. }
            | Self::Denied { reason, .. } => Cause::Said(reason.clone()),
            Self::Unsupported(words) | Self::Libvirt { message: words, .. } => Cause::Said(words.clone()),
            Self::Lost { .. } => Cause::Broken,
            Self::Busy { .. } => Cause::Busy,
            Self::Fault => Cause::Fault,
            Self::Thread(e) => Cause::Thread(e.to_string()),
            Self::File { source, .. } => Cause::Said(source.to_string()),
            Self::DomainXml(words) => Cause::Said(words.clone()),
            Self::LeftBehind { cause, .. } => cause.cause(),
            // None of these is a link's own failure: all that is known of the link is that it ended.
            Self::NoDomain(_)
            | Self::NameTaken(_)
            | Self::NotAllowed(_)
            | Self::Folder { .. }
            | Self::NoBootFolder
            | Self::NotAbsolute(_)
            | Self::Refused(_)
            | Self::Cancelled
            | Self::Source(_)
            | Self::Display(_) => Cause::Broken,
        }
    }
}
