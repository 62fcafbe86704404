//! Machines: the list of all hosts' machines, a machine's page, and what can be done to machines.
mod bar;
mod cells;
mod choose;
mod columns;
mod dialogs;
mod facts;
mod format;
mod host_text;
mod keys;
mod list;
mod menu;
mod messages;
mod model;
mod overview;
mod page;
mod perform;
mod rows;
mod selection;
mod table;
#[cfg(test)]
pub mod testing;
#[cfg(test)]
mod tests;

pub use columns::{Column, Layout, Order};
use drover::domain::State;
pub use format::memory;
pub use list::{MachineList, MachineListInit};
pub use messages::{Carry, MachineListMsg, MachineListOutput};
pub use page::{InstallAct, InstallMsg, MachinePage, MachinePageInit, MachinePageMsg, MachinePageOutput};
pub use perform::{Perform, Request, restore_from};

/// The icon of a state: each a shape of its own, so that colour isn't needed to tell them apart.
pub fn state_icon(state: State, saved: bool) -> &'static str {
    match state {
        State::Running => "drover-running-symbolic",
        State::Blocked => "drover-blocked-symbolic",
        State::Paused | State::Suspended => "drover-paused-symbolic",
        State::ShuttingDown => "drover-shutting-down-symbolic",
        State::Crashed => "drover-crashed-symbolic",
        State::Off if saved => "drover-saved-symbolic",
        State::Off => "drover-off-symbolic",
        State::Unknown => "drover-unknown-symbolic",
    }
}
