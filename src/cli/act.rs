//! start, shutdown, reboot, destroy, pause, resume, save, restore.
use drover::Result;
use drover::domain::actions::{self, Action};
use drover::host::uri::HostUri;
use serde_json::json;

use super::{Context, Failure, print};

/// Does it to the machine of that name or UUID, and says so. What its state does not allow is refused.
pub fn run(context: &Context, machine: &str, action: Action) -> Result<(), Failure> {
    let host = context.open()?;
    let info = actions::find(&host, machine)?;
    action.allowed(&info).map_err(|denial| Failure::Refused(format!("{}: {denial}", info.name)))?;
    let (verb, done) = words(&action);
    actions::run(&host, info.id, action)?;
    if context.json {
        print::json(&json!({ "did": verb, "machine": info.name, "uuid": info.id.0.to_string() }));
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

/// Saves a machine's memory: to a file on the host, or where libvirt keeps such.
pub fn save(context: &Context, machine: &str, file: Option<&str>) -> Result<(), Failure> {
    let to = file.map(|file| on_host(&context.uri, file)).transpose()?;
    run(context, machine, to.map_or(Action::Save, Action::SaveTo))
}

/// The whole path of a file on the host. The daemon would take a relative one from its own folder; on this machine it is
/// meant from where the person stands.
fn on_host(uri: &str, file: &str) -> Result<String, Failure> {
    if file.starts_with('/') {
        return Ok(file.to_owned());
    }
    if !HostUri::parse(uri).is_ok_and(|uri| uri.is_local()) {
        let words = format!("“{file}” is a file on another host: give its whole path there, beginning with “/”");
        return Err(Failure::Refused(words));
    }
    let path = (!file.is_empty()).then(|| std::path::absolute(file).ok()).flatten();
    let path = path.and_then(|path| path.into_os_string().into_string().ok());
    path.ok_or_else(|| Failure::Refused(format!("“{file}” is no file's name, or its folder's path is not UTF-8")))
}

/// Starts a machine where it was saved: by its name, or from a file on the host (a name has no slash in it).
pub fn restore(context: &Context, what: &str) -> Result<(), Failure> {
    if !what.contains('/') {
        return run(context, what, Action::Restore);
    }
    let file = on_host(&context.uri, what)?;
    actions::restore_from(&context.open()?, &file)?;
    if context.json {
        print::json(&json!({ "did": "restore", "file": file }));
    } else {
        say!("restored from {file}");
    }
    Ok(())
}
