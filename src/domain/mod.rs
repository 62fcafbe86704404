//! Domains (machines): who they are and what they do, copied out of libvirt as plain data.
pub mod actions;
pub mod arrived;
pub(crate) mod read;
mod save;
pub mod xml;

use std::fmt;

use uuid::Uuid;

use crate::host::HostId;

/// A machine on one host, by its UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct DomainId(pub Uuid);

impl fmt::Display for DomainId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A machine among all hosts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DomainKey {
    pub host: HostId,
    pub domain: DomainId,
}

/// virDomainState.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    #[default]
    Unknown,
    Running,
    Blocked,
    Paused,
    ShuttingDown,
    Off,
    Crashed,
    Suspended,
}

impl State {
    /// From libvirt's number.
    pub(crate) fn from_raw(raw: u32) -> Self {
        match raw {
            1 => Self::Running,
            2 => Self::Blocked,
            3 => Self::Paused,
            4 => Self::ShuttingDown,
            5 => Self::Off,
            6 => Self::Crashed,
            7 => Self::Suspended,
            _ => Self::Unknown,
        }
    }

    /// Whether a hypervisor process exists for it.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Running | Self::Blocked | Self::Paused | Self::ShuttingDown | Self::Suspended)
    }
}

/// What a list row and the overview show, copied from libvirt.
#[derive(Clone, Debug, PartialEq)]
pub struct DomainInfo {
    pub id: DomainId,
    pub name: String,
    pub state: State,
    pub persistent: bool,
    pub autostart: bool,
    pub has_managed_save: bool,
    pub vcpus: u32,
    /// Memory it has now / at most, in KiB.
    pub memory_kib: u64,
    pub max_memory_kib: u64,
    /// From the XML; `None` until it was read (after the first rows are out).
    pub details: Option<Box<DomainDetails>>,
}

/// What only the XML (or slower calls) tell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DomainDetails {
    pub title: Option<String>,
    pub description: Option<String>,
    /// From libosinfo's metadata, such as `http://redhat.com/rhel/5.0`, or else None.
    pub os_id: Option<String>,
    pub arch: String,
    pub machine: Option<String>,
    /// "kvm", "qemu", "xen", "test"…
    pub virt_type: String,
    pub firmware_uefi: bool,
    pub tags: Vec<String>,
    pub disks: Vec<DiskInfo>,
    pub nics: Vec<NicInfo>,
    pub graphics: Vec<GraphicsInfo>,
    pub addresses: Vec<String>,
    pub snapshots: u32,
}

/// One disk of a machine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DiskInfo {
    /// "disk", "cdrom", "floppy", "lun".
    pub device: String,
    pub target: String,
    pub bus: Option<String>,
    pub format: Option<String>,
    /// File, block device, or pool/volume as text.
    pub source: Option<String>,
    pub read_only: bool,
}

/// One network card of a machine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NicInfo {
    /// "bridge", "network", "user", "direct"…
    pub kind: String,
    pub source: Option<String>,
    pub mac: String,
    pub model: Option<String>,
    /// The host's device (vnet0) while it runs.
    pub target: Option<String>,
}

/// One display of a machine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GraphicsInfo {
    /// "vnc", "spice", "sdl"…
    pub kind: String,
    pub port: Option<u16>,
    pub listen: Option<String>,
    pub socket: Option<String>,
}

/// Figures of one tick; rates are per second since the tick before. `None`: the driver does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DomainStats {
    /// Percent of one machine: 100 means all its virtual CPUs are busy.
    pub cpu_percent: Option<f32>,
    pub memory_used_kib: Option<u64>,
    pub disk_read: Option<u64>,
    pub disk_write: Option<u64>,
    pub net_rx: Option<u64>,
    pub net_tx: Option<u64>,
}
