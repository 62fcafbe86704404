//! Logins: what libvirt asks, and who answers.
use super::HostId;
use crate::secret::Secret;

/// What a login wants to know; asked from a worker thread, which waits for the answer.
#[derive(Clone, Debug)]
pub struct Challenge {
    /// Which host asks.
    pub host: HostId,
    /// What is asked for: libvirt's credential type.
    pub kind: ChallengeKind,
    /// The daemon's own prompt; may be empty.
    pub prompt: String,
    /// A suggested answer.
    pub default: Option<String>,
}

/// The kinds of credentials that libvirt asks for (virConnectCredentialType).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChallengeKind {
    User,
    AuthName,
    Password,
    Passphrase,
    Realm,
    Other,
}

/// Answers logins. `None` gives up: the host becomes [`super::LinkState::Failed`] with [`crate::Error::Login`].
pub trait Credentials: Send + Sync {
    /// Blocks until a person (or a store) answers all challenges, in order.
    fn answer(&self, challenges: &[Challenge]) -> Option<Vec<Secret>>;

    /// Whether ssh may ask on our terminal. A window must not let it wait there, unseen: then ssh uses keys and its
    /// agent, and its askpass dialog where `SSH_ASKPASS_REQUIRE` is set.
    fn has_terminal(&self) -> bool {
        false
    }
}

/// Refuses every login: for hosts that need none.
pub struct NoCredentials;
impl Credentials for NoCredentials {
    fn answer(&self, _: &[Challenge]) -> Option<Vec<Secret>> {
        None
    }
}
