//! Moving machines to other hosts: the dialog, the queue, and what a migration shows while it runs.
use drover::domain::DomainKey;
use drover::host::HostId;
use drover::migrate::Choices;

mod ask;
pub mod card;
mod checks;
mod control;
mod copies;
pub mod dialog;
mod disks;
pub mod drag;
pub mod evacuate;
pub mod hover;
mod kinds;
pub mod live;
mod options;
pub mod queue;
pub mod settled;
pub mod sign;
mod state;
pub mod verdict;
mod view;
pub mod words;

/// One machine's migration, as it was chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Move {
    pub key: DomainKey,
    pub name: String,
    pub to: HostId,
    pub choices: Choices,
    pub why: Why,
}

/// What a migration is for: who was moved away by an evacuation can be brought back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Why {
    #[default]
    Asked,
    Evacuate,
    BringBack,
}
