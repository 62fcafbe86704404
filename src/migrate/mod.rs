//! Moving a machine to another host: facts of both hosts → [`check`](check::check) (pure) → [`plan::Plan`] → [`run::run`].
pub mod answers;
pub mod board;
pub mod check;
pub mod command_line;
pub mod evacuate;
pub mod facts;
pub mod finding;
pub mod job;
pub mod journal;
pub mod known;
mod live;
pub mod machine;
mod made;
mod offline;
pub mod plan;
pub mod run;
mod static_move;
pub mod survey;
mod transfer;
pub mod xml;

use serde::{Deserialize, Serialize};

/// How a machine moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It runs on; its disks lie on storage that both hosts share.
    Live,
    /// It runs on; the disks that are not shared are copied along.
    Copy,
    /// As `Live`; it goes over to the destination at once and fetches the rest of its memory from there.
    PostCopy,
    /// It is off: its configuration moves, its disks are there already.
    Offline,
    /// Saved here, copied with its disks, restored there.
    Static,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Live, Self::Copy, Self::PostCopy, Self::Offline, Self::Static];

    /// droverctl's option for it.
    pub fn option(self) -> &'static str {
        match self {
            Self::Live => "--live",
            Self::Copy => "--copy-storage",
            Self::PostCopy => "--postcopy",
            Self::Offline => "--offline",
            Self::Static => "--static",
        }
    }

    /// Whether the machine keeps running meanwhile.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Live | Self::Copy | Self::PostCopy)
    }

    /// Whether disks that the destination does not have are copied.
    pub fn copies(self) -> bool {
        matches!(self, Self::Copy | Self::Static)
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
}

fn other_name<'a>(pairs: &'a [(String, String)], here: &'a str) -> &'a str {
    pairs.iter().find(|(from, _)| from == here).map_or(here, |(_, to)| to)
}
