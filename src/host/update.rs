//! What a host tells: its link, what it is, its machines and their figures, as plain data.
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::Cause;
use crate::domain::{DomainId, DomainInfo, DomainStats};

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

impl fmt::Display for HostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for HostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
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
    Lost { since: SystemTime, retry_at: SystemTime, reason: Cause },
    /// It never came up (or a login was refused); retried at `retry_at` unless `None` (needs a person).
    Failed { reason: Cause, kind: FailKind, retry_at: Option<SystemTime> },
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

/// What a host is, told after opening. The hypervisor's version (0, 0, 0) and an empty CPU model are not known yet: a
/// daemon that has just started takes seconds to find them out, and they come in a second telling.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HostInfo {
    pub hostname: String,
    /// "QEMU", "Xen", "TEST"… (virConnectGetType).
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
