//! The New-machine window: from a source to a plan that the app carries out.
mod browse;
mod chooser;
mod edits;
mod field;
mod form;
mod lookup;
mod pages;
mod picks;
mod state;
mod steps;
mod wizard;

pub use field::{Field, Says, check_button, fill_drop_down, row_with, text_button};
pub use state::HostChoice;
pub use wizard::{Draft, Init, Msg, Output, Wizard};
