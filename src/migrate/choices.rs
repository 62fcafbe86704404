//! What a person chose for a migration.
use std::fmt;

use super::Kind;
use super::facts::HostFacts;
use super::finding::Version;
use crate::install::Format;

/// The way that memory takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// We see to it over our links to both hosts; QEMU sends to QEMU.
    #[default]
    Managed,
    /// The source's daemon sees to it and goes on when we are gone; it logs in at this URI of the destination by itself.
    Peer(String),
    /// As `Peer`, and memory goes through the daemons' own connection: no port of its own is needed.
    Tunnel(String),
}

impl Way {
    /// Where the source's daemon logs in at the destination.
    pub fn peer_uri(&self) -> Option<&str> {
        match self {
            Self::Managed => None,
            Self::Peer(uri) | Self::Tunnel(uri) => Some(uri),
        }
    }

    /// Whether memory goes through the daemons.
    pub fn is_tunnel(&self) -> bool {
        matches!(self, Self::Tunnel(_))
    }
}

/// How memory is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Only what changed of a page that is sent again.
    Xbzrle,
    /// By several threads.
    Mt,
    /// Over parallel connections.
    Zlib,
    /// Over parallel connections.
    Zstd,
}

impl Compression {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Xbzrle, Self::Mt, Self::Zlib, Self::Zstd];

    /// libvirt's name for it (VIR_MIGRATE_PARAM_COMPRESSION).
    pub fn name(self) -> &'static str {
        match self {
            Self::Xbzrle => "xbzrle",
            Self::Mt => "mt",
            Self::Zlib => "zlib",
            Self::Zstd => "zstd",
        }
    }

    /// Whether it goes over parallel connections, and only over them.
    pub fn is_parallel(self) -> bool {
        matches!(self, Self::Zlib | Self::Zstd)
    }

    /// Whether a host can do it, by its versions, the only thing that tells: QEMU dropped `mt` in 9.1, and libvirt passes
    /// the two parallel ones on since 9.4.
    pub fn is_offered(self, host: &HostFacts) -> bool {
        match self {
            Self::Xbzrle => true,
            Self::Mt => host.hypervisor < Version(9, 1, 0),
            Self::Zlib | Self::Zstd => host.libvirt >= Version(9, 4, 0) && host.hypervisor >= Version(5, 0, 0),
        }
    }
}

/// Where a copy of a disk goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Absolute.
    Folder(String),
    /// A pool's name.
    Pool(String),
}

/// What was chosen for one disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiskChoice {
    /// Its name in the machine: "vda".
    pub target: String,
    /// Whether it is copied along, where the kind copies; by default what is not shared is.
    pub copy: Option<bool>,
    /// Where its copy goes, instead of the same path.
    pub place: Option<Place>,
    /// The format of its copy.
    pub format: Option<Format>,
}

/// The path in another folder.
pub(super) fn path_in(folder: &str, path: &str) -> String {
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    format!("{}/{name}", folder.trim_end_matches('/'))
}

/// Something that was chosen, as a finding names it; shown as droverctl's option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Feature {
    PeerToPeer,
    Tunnel,
    Parallel,
    Compression(Compression),
    AutoConverge,
    StandStill,
    Bandwidth,
    Downtime,
    Tls,
    Address,
    OnDemand,
    Keep,
    NewName,
    Incremental,
    /// Another format for a copied disk.
    NewFormat,
    /// The kind itself.
    Kind(Kind),
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PeerToPeer => "--p2p",
            Self::Tunnel => "--tunnelled",
            Self::Parallel => "--parallel",
            Self::Compression(method) => return write!(f, "--compress {}", method.name()),
            Self::AutoConverge => "--auto-converge",
            Self::StandStill => "--stand-still",
            Self::Bandwidth => "--bandwidth",
            Self::Downtime => "--downtime",
            Self::Tls => "--tls",
            Self::Address => "--address",
            Self::OnDemand => "--on-demand",
            Self::Keep => "--keep",
            Self::NewName => "--new-name",
            Self::Incremental => "--incremental",
            Self::NewFormat => "--disk …,format=",
            Self::Kind(kind) => kind.option(),
        })
    }
}

/// What a person chose for a migration.
#[derive(Clone, Debug, PartialEq)]
pub struct Choices {
    pub kind: Kind,
    /// The answer to "is it shared?" for disks where no evidence says it.
    pub shared: Option<bool>,
    /// Bridges here, and which to use there instead.
    pub bridges: Vec<(String, String)>,
    /// Networks here, and which to use there instead.
    pub networks: Vec<(String, String)>,
    /// Empties CD and floppy drives whose medium the destination does not have.
    pub eject: bool,
    /// The address at which the source reaches the destination, in place of the name that the destination tells.
    pub address: Option<String>,
    /// Encrypts the stream.
    pub tls: bool,
    /// MiB/s at most.
    pub bandwidth: Option<u64>,
    /// Milliseconds that the machine may stand still at the switch-over.
    pub downtime: Option<u64>,
    /// Slows the machine down if its memory changes faster than it can be sent.
    pub auto_converge: bool,
    /// The machine stands still until all of its memory is there: nothing has to be sent twice.
    pub stand_still: bool,
    /// The way that memory takes.
    pub way: Way,
    /// So many connections side by side.
    pub parallel: Option<u8>,
    /// Compresses memory.
    pub compress: Option<Compression>,
    /// Post-copy goes over only when it is told to ([`super::job::switch_over`]), not by itself after one pass.
    pub on_demand: bool,
    /// Leaves its definition here as well, without autostart.
    pub keep: bool,
    /// Its name there.
    pub name: Option<String>,
    /// What differs for single disks.
    pub disks: Vec<DiskChoice>,
    /// Copies of a disk that stands on another file only what lies over that one, which the destination must have.
    pub incremental: bool,
    /// Files there that may be removed to make room for copies: what is left of this machine from an earlier move.
    pub replace: Vec<String>,
}

impl Choices {
    /// libvirt's defaults for everything but the kind.
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            shared: None,
            bridges: Vec::new(),
            networks: Vec::new(),
            eject: false,
            address: None,
            tls: false,
            bandwidth: None,
            downtime: None,
            auto_converge: false,
            stand_still: false,
            way: Way::Managed,
            parallel: None,
            compress: None,
            on_demand: false,
            keep: false,
            name: None,
            disks: Vec::new(),
            incremental: false,
            replace: Vec::new(),
        }
    }

    /// The bridge there for one here.
    pub fn bridge<'a>(&'a self, here: &'a str) -> &'a str {
        other_name(&self.bridges, here)
    }

    /// The network there for one here.
    pub fn network<'a>(&'a self, here: &'a str) -> &'a str {
        other_name(&self.networks, here)
    }

    /// What was chosen for the disk.
    pub fn disk(&self, target: &str) -> Option<&DiskChoice> {
        self.disks.iter().find(|d| d.target == target)
    }
}

fn other_name<'a>(pairs: &'a [(String, String)], here: &'a str) -> &'a str {
    pairs.iter().find(|(from, _)| from == here).map_or(here, |(_, to)| to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_hypervisor_compresses_by() {
        let offered = |libvirt, hypervisor| {
            let host = HostFacts { libvirt, hypervisor, ..HostFacts::default() };
            Compression::ALL.into_iter().filter(|c| c.is_offered(&host)).map(Compression::name).collect::<Vec<_>>()
        };
        assert_eq!(offered(Version(11, 3, 0), Version(10, 0, 2)), ["xbzrle", "zlib", "zstd"]);
        assert_eq!(offered(Version(9, 0, 0), Version(7, 2, 0)), ["xbzrle", "mt"]);
        assert_eq!(offered(Version(9, 4, 0), Version(8, 0, 0)), ["xbzrle", "mt", "zlib", "zstd"]);
    }
}
