//! The New-machine window: from a source to a plan that the app carries out.
mod browse;
mod field;
mod form;
mod lookup;
mod pages;
mod state;
mod steps;
pub mod wizard;

pub use state::HostChoice;
pub use wizard::{Init, Output, Wizard};
