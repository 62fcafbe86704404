//! Host: one libvirt daemon at one URI — opened in the background, called in a bounded lane, reopened when lost.
pub mod uri;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use virt::connect::Connect;

use crate::domain::{DomainId, DomainInfo, DomainStats};
use crate::secret::Secret;
use crate::{Error, Result};

/// Which host: its URI as it was given. Cheap to clone and compare.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostId(Arc<str>);

impl HostId {
    /// The id of the host at this URI.
    pub fn new(uri: &str) -> Self {
        Self(uri.into())
    }
    /// The URI.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for HostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

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

/// Answers logins. `None` gives up: the host becomes [`LinkState::Failed`] with [`Error::Login`].
pub trait Credentials: Send + Sync {
    /// Blocks until a person (or a store) answers all challenges, in order.
    fn answer(&self, challenges: &[Challenge]) -> Option<Vec<Secret>>;
}

/// Refuses every login: for hosts that need none.
pub struct NoCredentials;
impl Credentials for NoCredentials {
    fn answer(&self, _: &[Challenge]) -> Option<Vec<Secret>> {
        None
    }
}

/// The state of the live socket to a host.
#[derive(Clone, Debug, PartialEq)]
pub enum LinkState {
    /// The first opening, or one that a person asked for, is under way.
    Connecting,
    /// Open and answering.
    Up,
    /// It was up and is lost; rows stay. `since` is when; the next try comes at `retry_at`.
    Lost { since: SystemTime, retry_at: SystemTime, reason: String },
    /// It never came up (or a login was refused); retried at `retry_at` unless `None` (needs a person).
    Failed { reason: String, kind: FailKind, retry_at: Option<SystemTime> },
    /// Closed by us.
    Closed,
}

/// Why a host did not open, by what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailKind {
    BadUri,
    Unreachable,
    Login,
    Denied,
    NoDaemon,
    Other,
}

/// What a host is: read once after opening.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HostInfo {
    pub hostname: String,
    /// "QEMU", "Xen", "Test"… (virConnectGetType).
    pub hypervisor: String,
    /// As (major, minor, micro).
    pub hypervisor_version: (u32, u32, u32),
    pub libvirt_version: (u32, u32, u32),
    pub cpu_model: String,
    pub cpus: u32,
    pub sockets: u32,
    pub cores: u32,
    pub threads: u32,
    pub mhz: u32,
    pub memory_kib: u64,
    pub arch: String,
}

/// A host's own load, from the stats tick. Percent is of all its CPUs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HostLoad {
    pub cpu_percent: Option<f32>,
    pub memory_used_kib: Option<u64>,
}

/// What happens at a host, in order; fold it into [`crate::inventory::Inventory`].
#[derive(Clone, Debug)]
pub enum Update {
    Link {
        host: HostId,
        link: LinkState,
    },
    Info {
        host: HostId,
        info: Box<HostInfo>,
    },
    /// The whole list, after opening: rows not in it are gone.
    Domains {
        host: HostId,
        domains: Vec<DomainInfo>,
    },
    /// Everything of that host has been read once. `elapsed` counts from the start of opening.
    Complete {
        host: HostId,
        domains: usize,
        elapsed: Duration,
    },
    /// These were read (again): new or changed.
    Changed {
        host: HostId,
        domains: Vec<DomainInfo>,
    },
    Gone {
        host: HostId,
        domain: DomainId,
    },
    /// One stats tick.
    Stats {
        host: HostId,
        load: HostLoad,
        stats: Vec<(DomainId, DomainStats)>,
    },
}

impl Update {
    /// Which host tells this.
    pub fn host(&self) -> &HostId {
        match self {
            Self::Link { host, .. }
            | Self::Info { host, .. }
            | Self::Domains { host, .. }
            | Self::Complete { host, .. }
            | Self::Changed { host, .. }
            | Self::Gone { host, .. }
            | Self::Stats { host, .. } => host,
        }
    }
}

/// How a host is opened and watched.
#[derive(Clone)]
pub struct HostOptions {
    pub credentials: Arc<dyn Credentials>,
    /// Time between stats ticks; `None` reads no figures.
    pub stats_every: Option<Duration>,
}

impl Default for HostOptions {
    fn default() -> Self {
        Self { credentials: Arc::new(NoCredentials), stats_every: Some(Duration::from_secs(2)) }
    }
}

/// One libvirt daemon. A clone is another handle to the same host.
#[derive(Clone)]
pub struct Host {
    id: HostId,
}

impl Host {
    /// Begins to open the host in the background and returns at once. `on` gets every [`Update`] in order,
    /// from worker threads of this host.
    pub fn open(uri: &str, options: HostOptions, on: impl Fn(Update) + Send + Sync + 'static) -> Self {
        let _ = (options, on);
        Self { id: HostId::new(uri) }
    }

    /// Opens a host and waits until it answers, for programs without a window. No updates, no reconnect.
    pub fn open_now(uri: &str, credentials: Arc<dyn Credentials>) -> Result<Self> {
        let _ = credentials;
        Ok(Self { id: HostId::new(uri) })
    }

    /// Which host.
    pub fn id(&self) -> &HostId {
        &self.id
    }

    /// The link as it is now.
    pub fn link(&self) -> LinkState {
        LinkState::Connecting
    }

    /// Runs `f` with the open connection, in this host's lane. Blocks; panics in debug builds on a thread that
    /// [`forbid_here`] marked. [`Error::Lost`] when the link is down, [`Error::Busy`] when the lane is full.
    pub fn call<T: Send + 'static>(&self, f: impl FnOnce(&Connect) -> Result<T> + Send + 'static) -> Result<T> {
        let _ = f;
        Err(Error::Lost { uri: self.id.as_str().to_owned() })
    }

    /// Tries to reconnect now instead of at the planned time.
    pub fn retry_now(&self) {}

    /// Closes the link; handles may live on.
    pub fn close(&self) {}
}

/// Marks the calling thread as one that must never block in libvirt (the window's main thread).
pub fn forbid_here() {}
