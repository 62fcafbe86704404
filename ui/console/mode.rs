//! What the console is about, and what it says when that is not a live picture.
use crate::i18n::{gettext, gettext_f};

/// What is shown instead of a live picture.
pub enum Mode {
    Connecting,
    Live,
    Off,
    Lost { reason: String, retry_in: u32 },
    Password { wrong_before: bool },
    Failed(String),
}

impl Mode {
    /// A heading; empty when live.
    pub fn title(&self, machine: &str, had_picture: bool) -> String {
        match self {
            Mode::Live => String::new(),
            Mode::Connecting => gettext("Connecting to the screen…"),
            Mode::Off => gettext_f("{name} is off", &[("name", machine)]),
            Mode::Lost { .. } if had_picture => gettext("Connection lost"),
            Mode::Lost { .. } => gettext("The screen can't be reached"),
            Mode::Password { .. } => gettext("This screen has a password"),
            Mode::Failed(_) => gettext("No screen to show"),
        }
    }

    /// What happened and what to do; may be empty.
    pub fn body(&self) -> String {
        match self {
            Mode::Live | Mode::Connecting | Mode::Off | Mode::Password { wrong_before: false } => String::new(),
            Mode::Lost { reason, retry_in } => {
                let again = gettext_f("Trying again in {seconds} s.", &[("seconds", &retry_in.to_string())]);
                format!("{reason}\n{again}")
            }
            Mode::Password { wrong_before: true } => gettext("That password was wrong. Try again."),
            Mode::Failed(reason) => reason.clone(),
        }
    }

    /// The button's label; empty: no button.
    pub fn button(&self) -> String {
        match self {
            Mode::Live | Mode::Connecting => String::new(),
            Mode::Off => gettext("Start"),
            Mode::Lost { .. } => gettext("Try now"),
            Mode::Password { .. } => gettext("Unlock"),
            Mode::Failed(_) => gettext("Try again"),
        }
    }
}
