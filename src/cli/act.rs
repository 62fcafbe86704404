//! start, shutdown, reboot, destroy, pause, resume, save, restore.
use drover::{Error, Result};
use serde_json::json;
use uuid::Uuid;
use virt::connect::Connect;
use virt::domain::Domain;

use super::{Context, print_json, save_file};

/// What is done to a machine.
#[derive(Clone)]
pub enum Act {
    Start,
    Shutdown,
    Reboot,
    Destroy,
    Pause,
    Resume,
    /// Into a file on the host, else into libvirt's own keeping.
    Save {
        file: Option<String>,
    },
    /// From libvirt's own keeping.
    Restore,
}

impl Act {
    fn carry_out(&self, domain: &Domain) -> Result<()> {
        Ok(match self {
            Self::Start => domain.create(),
            Self::Shutdown => domain.shutdown(),
            Self::Reboot => domain.reboot(0),
            Self::Destroy => domain.destroy(),
            Self::Pause => domain.suspend(),
            Self::Resume => domain.resume(),
            Self::Save { file: None } => domain.managed_save(0),
            Self::Save { file: Some(file) } => return save_file::save(domain, file),
            Self::Restore if domain.has_managed_save(0)? => domain.create(),
            Self::Restore => return Err(invalid(format!("“{}” has no saved state", domain.name()?))),
        }?)
    }

    /// The verb, and what a person reads afterwards.
    fn words(&self) -> (&'static str, &'static str) {
        match self {
            Self::Start => ("start", "started"),
            Self::Shutdown => ("shutdown", "was asked to shut down"),
            Self::Reboot => ("reboot", "was asked to restart"),
            Self::Destroy => ("destroy", "forced off"),
            Self::Pause => ("pause", "paused"),
            Self::Resume => ("resume", "resumed"),
            Self::Save { .. } => ("save", "saved"),
            Self::Restore => ("restore", "restored"),
        }
    }
}

fn invalid(message: String) -> Error {
    Error::Libvirt { code: virt_sys::VIR_ERR_OPERATION_INVALID, message }
}

/// Does it to the machine of that name or UUID, and says so.
pub fn run(context: &Context, machine: &str, act: Act) -> Result<()> {
    let (verb, done) = act.words();
    let machine = machine.to_owned();
    let (name, uuid) = context.open()?.call(move |conn| {
        let domain = find(conn, &machine)?;
        let who = (domain.name()?, domain.uuid_string()?);
        act.carry_out(&domain)?;
        Ok(who)
    })?;
    if context.json {
        print_json(&json!({ "did": verb, "machine": name, "uuid": uuid }));
    } else {
        println!("{name} {done}");
    }
    Ok(())
}

/// Starts a machine where it was saved: by its name, or from a file on the host.
pub fn restore(context: &Context, what: &str) -> Result<()> {
    if !what.starts_with('/') {
        return run(context, what, Act::Restore);
    }
    let file = what.to_owned();
    context.open()?.call(move |conn| Ok(conn.restore_domain(&file)?))?;
    if context.json {
        print_json(&json!({ "did": "restore", "file": what }));
    } else {
        println!("restored from {what}");
    }
    Ok(())
}

/// The machine of this name, else of this UUID.
fn find(conn: &Connect, machine: &str) -> Result<Domain> {
    let absent = |e: virt::error::Error| match e.code().to_raw() {
        virt_sys::VIR_ERR_NO_DOMAIN => Error::NoDomain(machine.to_owned()),
        _ => e.into(),
    };
    let by_name = conn.lookup_domain_by_name(machine);
    match (by_name, Uuid::parse_str(machine)) {
        (Err(_), Ok(uuid)) => conn.lookup_domain_by_uuid(uuid).map_err(absent),
        (found, _) => found.map_err(absent),
    }
}
