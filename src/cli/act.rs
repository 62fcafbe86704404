//! start, shutdown, reboot, destroy, pause, resume, save, restore.
use drover::Result;
use drover::domain::actions::{self, Action};
use serde_json::json;

use super::{Context, Failure, print_json};

/// Does it to the machine of that name or UUID, and says so. What its state does not allow is refused.
pub fn run(context: &Context, machine: &str, action: Action) -> Result<(), Failure> {
    let host = context.open()?;
    let info = actions::find(&host, machine)?;
    action.allowed(&info).map_err(|denial| Failure::Refused(format!("{}: {denial}", info.name)))?;
    let (verb, done) = words(&action);
    actions::run(&host, info.id, action)?;
    if context.json {
        print_json(&json!({ "did": verb, "machine": info.name, "uuid": info.id.0.to_string() }));
    } else {
        say!("{} {done}", info.name);
    }
    Ok(())
}

/// The verb, and what a person reads afterwards.
fn words(action: &Action) -> (&'static str, &'static str) {
    match action {
        Action::Shutdown => ("shutdown", "was asked to shut down"),
        Action::Reboot => ("reboot", "was asked to restart"),
        Action::ForceOff => ("destroy", "forced off"),
        Action::Pause => ("pause", "paused"),
        Action::Resume => ("resume", "resumed"),
        Action::Save | Action::SaveTo(_) => ("save", "saved"),
        Action::Restore => ("restore", "restored"),
        _ => ("start", "started"),
    }
}

/// Starts a machine where it was saved: by its name, or from a file on the host.
pub fn restore(context: &Context, what: &str) -> Result<(), Failure> {
    if !what.starts_with('/') {
        return run(context, what, Action::Restore);
    }
    actions::restore_from(&context.open()?, what)?;
    if context.json {
        print_json(&json!({ "did": "restore", "file": what }));
    } else {
        say!("restored from {what}");
    }
    Ok(())
}
