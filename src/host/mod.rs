//! Host: one libvirt daemon at one URI — opened in the background, called in a bounded lane, reopened when lost.
mod again;
mod cause;
mod credentials;
mod event_loop;
pub mod events;
mod lane;
mod link;
pub(crate) mod migrate_ffi;
pub(crate) mod open;
mod pulse;
mod rates;
mod reads;
pub(crate) mod stats;
pub(crate) mod stream_ffi;
mod update;
pub mod uri;
mod watch;

use std::cell::Cell;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use virt::connect::Connect;

pub use cause::Cause;
pub use credentials::{Challenge, ChallengeKind, Credentials, NoCredentials};
use lane::{Lane, Size};
pub use update::{FailKind, HostId, HostInfo, HostLoad, LinkState, Update};
use uri::HostUri;
use watch::{Signal, Watcher};

use crate::domain::DomainId;
use crate::{Error, Result};

/// Calls of the person's own: so many at once, and so many waiting, before a host counts as busy.
const CALLS: Size = Size { threads: 4, waiting: 64 };

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

/// One libvirt daemon. A clone is another handle to the same host; dropping the last one closes it.
#[derive(Clone)]
pub struct Host {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    /// To the watcher; a host without one (see [`Host::open_now`]) has none.
    watcher: Option<Sender<Signal>>,
}

/// What handles and the watcher share.
struct Shared {
    id: HostId,
    uri: Option<HostUri>,
    credentials: Arc<dyn Credentials>,
    state: Mutex<(LinkState, Option<Arc<Lane>>)>,
}

impl Shared {
    fn new(uri: &str, credentials: Arc<dyn Credentials>) -> Arc<Self> {
        let (id, parsed) = (HostId::new(uri), HostUri::parse(uri).ok());
        Arc::new(Self { id, uri: parsed, credentials, state: Mutex::new((LinkState::Connecting, None)) })
    }

    fn lock(&self) -> MutexGuard<'_, (LinkState, Option<Arc<Lane>>)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the link's state and lane; the lane of before is killed.
    fn set(&self, link: LinkState, lane: Option<Arc<Lane>>) {
        let before = std::mem::replace(&mut *self.lock(), (link, lane)).1;
        if let Some(lane) = before {
            lane.kill();
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

impl Inner {
    fn close(&self) {
        self.shared.set(LinkState::Closed, None);
        if let Some(watcher) = &self.watcher {
            let _ = watcher.send(Signal::Close);
        }
    }
}

impl Host {
    /// Begins to open the host in the background and returns at once. `on` gets every [`Update`] in order,
    /// from a worker thread of this host; it should not block for long.
    pub fn open(uri: &str, options: HostOptions, on: impl Fn(Update) + Send + Sync + 'static) -> Self {
        let shared = Shared::new(uri, options.credentials);
        let (signals, received) = channel();
        let watcher = Watcher::new(Arc::clone(&shared), options.stats_every, signals.clone(), Box::new(on));
        let spawned = thread::Builder::new().name("host-watch".into()).spawn(move || watcher.run(&received));
        if let Err(error) = spawned {
            let reason = Cause::Thread(error.to_string());
            shared.set(LinkState::Failed { reason, kind: FailKind::Other, retry_at: None }, None);
        }
        Self { inner: Arc::new(Inner { shared, watcher: Some(signals) }) }
    }

    /// Opens a host and waits until it answers, for programs without a window. No updates, no reconnect.
    pub fn open_now(uri: &str, credentials: Arc<dyn Credentials>) -> Result<Self> {
        forbidden(uri)?;
        let shared = Shared::new(uri, credentials);
        let link = fresh(&shared)?;
        let lane = Lane::new(uri, link, CALLS, |_| {});
        shared.set(LinkState::Up, Some(lane));
        Ok(Self { inner: Arc::new(Inner { shared, watcher: None }) })
    }

    /// Which host.
    pub fn id(&self) -> &HostId {
        &self.inner.shared.id
    }

    /// The URI's parts; `None` if it is no valid URI.
    pub fn uri(&self) -> Option<&HostUri> {
        self.inner.shared.uri.as_ref()
    }

    /// Whether the link is a unix socket. Only there can a display's file descriptor be passed: the same call on other
    /// transports kills the link.
    pub fn is_unix(&self) -> bool {
        self.uri().is_some_and(HostUri::is_unix)
    }

    /// Whether the daemon is on this machine.
    pub fn is_local(&self) -> bool {
        self.uri().is_some_and(HostUri::is_local)
    }

    /// The link as it is now.
    pub fn link(&self) -> LinkState {
        self.inner.shared.lock().0.clone()
    }

    /// Runs `f` with the open connection, in this host's lane. Blocks; panics in debug builds on a thread that
    /// [`forbid_here`] marked. [`Error::Lost`] when the link is down (or goes down meanwhile), [`Error::Busy`] when the
    /// lane is full.
    pub fn call<T: Send + 'static>(&self, f: impl FnOnce(&Connect) -> Result<T> + Send + 'static) -> Result<T> {
        let uri = self.id().as_str();
        forbidden(uri)?;
        let lane = self.inner.shared.lock().1.clone();
        lane.ok_or_else(|| Error::Lost { uri: uri.to_owned() })?.call(f)
    }

    /// Has a machine read again, after a change for which libvirt has no event (autostart, snapshots). Returns at once.
    pub fn refresh(&self, domain: DomainId) {
        if let Some(watcher) = &self.inner.watcher {
            let _ = watcher.send(Signal::Refresh(domain));
        }
    }

    /// Tries to reconnect now instead of at the planned time.
    pub fn retry_now(&self) {
        if let Some(watcher) = &self.inner.watcher {
            let _ = watcher.send(Signal::RetryNow);
        }
    }

    /// Closes the link; handles may live on.
    pub fn close(&self) {
        self.inner.close();
    }
}

fn fresh(shared: &Shared) -> Result<Connect> {
    events::start_loop()?;
    open::open(&shared.id, shared.credentials.as_ref(), &AtomicBool::new(false), true)
}

thread_local! {
    static FORBIDDEN: Cell<bool> = const { Cell::new(false) };
}

/// Marks the calling thread as one that must never block in libvirt (the window's main thread).
pub fn forbid_here() {
    FORBIDDEN.set(true);
}

fn forbidden(uri: &str) -> Result<()> {
    debug_assert!(!FORBIDDEN.get(), "a blocking call to a host on a thread that must not block");
    if FORBIDDEN.get() {
        tracing::error!(uri, "a blocking call to a host on a thread that must not block; refused");
        return Err(Error::Busy { uri: uri.to_owned() });
    }
    Ok(())
}
