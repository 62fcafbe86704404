//! Moving a machine to another host: facts of both hosts → [`check`](check::check) (pure) → [`plan::Plan`] → [`run::run`].
pub mod answers;
pub mod board;
pub mod check;
mod choices;
pub mod command_line;
pub mod dragged;
pub mod estimate;
pub mod evacuate;
pub mod facts;
pub mod finding;
pub mod job;
pub mod journal;
mod live;
pub mod machine;
mod made;
mod offline;
pub mod plan;
pub mod prepare;
pub mod run;
mod static_move;
mod subnet;
pub mod survey;
mod transfer;
pub mod xml;

use serde::{Deserialize, Serialize};

pub use choices::{Choices, Compression, DiskChoice, Feature, Place, Way};

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
