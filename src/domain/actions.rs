//! What can be done to a machine, whether its state allows it, and doing it.
use virt::domain::Domain;
use virt_sys as sys;

use super::{DomainId, DomainInfo, State, arrived, read, save};
use crate::host::Host;
use crate::{Error, Result};

/// One lifecycle action.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Starts it; from its managed save, if it has one.
    Start,
    /// Asks the guest to power off; returns when the request is sent.
    Shutdown,
    /// Asks the guest to reboot; returns when the request is sent.
    Reboot,
    /// Resets it like a reset button.
    Reset,
    /// Stops it like pulling the plug.
    ForceOff,
    Pause,
    Resume,
    /// Saves its memory (managed save) and stops it.
    Save,
    /// Starts it from its managed save.
    Restore,
    /// Saves its memory to a file on the host and stops it.
    SaveTo(String),
    /// Starts with the host, or no longer.
    Autostart(bool),
    Rename(String),
    /// Removes the definition with its managed save, NVRAM and snapshot records; disks stay. `force` stops it first.
    Delete {
        force: bool,
    },
}

/// Why an action is not possible now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Denial {
    #[error("it is running already")]
    Running,
    #[error("it is not running")]
    NotRunning,
    #[error("it is paused already")]
    Paused,
    #[error("it is not paused")]
    NotPaused,
    #[error("it is shut down only when it runs; resume it first")]
    ResumeFirst,
    #[error("it came here paused, and its QEMU would end at this: let it run for a moment first (resume it)")]
    RunFirst,
    #[error("it has no saved state")]
    NoSave,
    #[error("it is transient: it exists only while it runs")]
    Transient,
    #[error("it must be off")]
    MustBeOff,
    #[error("a new name is needed")]
    NoName,
    #[error("its state is not known")]
    UnknownState,
}

impl Action {
    /// Whether the machine's state allows it.
    pub fn allowed(&self, info: &DomainInfo) -> Result<(), Denial> {
        let active = info.state.is_active();
        let require = |condition: bool, denial| if condition { Ok(()) } else { Err(denial) };
        match self {
            Self::Start => require(!active, Denial::Running),
            Self::Restore => {
                require(!active, Denial::Running)?;
                require(info.has_managed_save, Denial::NoSave)
            }
            Self::Shutdown | Self::Reboot => {
                require(active, Denial::NotRunning)?;
                require(info.state != State::Paused, Denial::ResumeFirst)
            }
            Self::Reset | Self::ForceOff | Self::SaveTo(_) => require(active, Denial::NotRunning),
            Self::Save => {
                require(active, Denial::NotRunning)?;
                require(info.persistent, Denial::Transient)
            }
            Self::Pause => {
                require(active, Denial::NotRunning)?;
                require(info.state != State::Paused, Denial::Paused)
            }
            // Resuming wakes a machine from suspend-to-memory, too.
            Self::Resume => {
                require(active, Denial::NotRunning)?;
                require(matches!(info.state, State::Paused | State::Suspended), Denial::NotPaused)
            }
            Self::Autostart(_) => require(info.persistent, Denial::Transient),
            Self::Rename(name) => {
                require(!name.trim().is_empty(), Denial::NoName)?;
                require(info.persistent, Denial::Transient)?;
                require(!active, Denial::MustBeOff)
            }
            Self::Delete { force } => require(!active || *force, Denial::MustBeOff),
        }
    }
}

/// Does it. Blocks until libvirt has done it (saving may take minutes); what changes arrives as an event.
pub fn run(host: &Host, domain: DomainId, action: Action) -> Result<()> {
    let result = host.call(move |link| {
        let handle = read::lookup(link, domain)?;
        act(&handle, &action)
    });
    // Not every change has an event (autostart has none), and a failed action may have changed something, too.
    host.refresh(domain);
    result
}

fn act(handle: &Domain, action: &Action) -> Result<()> {
    if matches!(action, Action::Save | Action::SaveTo(_)) {
        arrived::may_be_saved(handle)?;
    }
    match action {
        Action::Start | Action::Restore => handle.create()?,
        Action::Shutdown => handle.shutdown()?,
        Action::Reboot => handle.reboot(sys::VIR_DOMAIN_REBOOT_DEFAULT)?,
        Action::Reset => handle.reset()?,
        Action::ForceOff => handle.destroy()?,
        Action::Pause => handle.suspend()?,
        Action::Resume if State::from_raw(handle.info()?.state.to_raw()) == State::Suspended => handle.pm_wakeup(0)?,
        Action::Resume => handle.resume()?,
        Action::Save => handle.managed_save(0)?,
        Action::SaveTo(path) => save::to_file(handle, path)?,
        Action::Autostart(on) => handle.set_autostart(*on)?,
        Action::Rename(name) => rename(handle, name.trim())?,
        Action::Delete { force } => delete(handle, *force)?,
    };
    Ok(())
}

fn rename(handle: &Domain, name: &str) -> Result<()> {
    // Drivers answer a taken name with a general error, so it is looked up first.
    if handle.connect()?.lookup_domain_by_name(name).is_ok() {
        return Err(Error::NameTaken(name.to_owned()));
    }
    handle.rename(name, 0)?;
    Ok(())
}

fn delete(handle: &Domain, force: bool) -> Result<()> {
    if handle.is_active()? {
        if !force {
            // libvirt would undefine it all the same and leave a transient machine running.
            return Err(Error::NotAllowed(Denial::MustBeOff));
        }
        let persistent = handle.is_persistent()?;
        handle.destroy()?;
        if !persistent {
            return Ok(());
        }
    }
    undefine(handle, false)
}

/// Removes the definition of a machine that is off, with its managed save, snapshot records and NVRAM (unless `keep_nvram`).
pub(crate) fn undefine(handle: &Domain, keep_nvram: bool) -> Result<()> {
    let nvram = if keep_nvram { sys::VIR_DOMAIN_UNDEFINE_KEEP_NVRAM } else { sys::VIR_DOMAIN_UNDEFINE_NVRAM };
    let all = sys::VIR_DOMAIN_UNDEFINE_MANAGED_SAVE
        | nvram
        | sys::VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
        | sys::VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA;
    let fewer = [all, all & !sys::VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA, sys::VIR_DOMAIN_UNDEFINE_MANAGED_SAVE, 0];
    // Drivers refuse flags for what they do not have.
    let mut result = Ok(());
    for flags in fewer {
        result = handle.undefine_flags(flags).map_err(Error::from);
        match &result {
            Err(Error::Unsupported(_)) => {}
            Err(Error::Libvirt { code: sys::VIR_ERR_INVALID_ARG, .. }) => {}
            _ => return result,
        }
    }
    result
}

/// Starts a machine from a file that [`Action::SaveTo`] wrote on the host.
pub fn restore_from(host: &Host, path: &str) -> Result<()> {
    let path = path.to_owned();
    host.call(move |link| Ok(link.restore_domain(&path)?))
}

/// The machine of this name or UUID.
pub fn find(host: &Host, name: &str) -> Result<DomainInfo> {
    let name = name.to_owned();
    host.call(move |link| {
        let by_uuid = || uuid::Uuid::parse_str(&name).ok().and_then(|uuid| link.lookup_domain_by_uuid(uuid).ok());
        let handle = link.lookup_domain_by_name(&name).ok().or_else(by_uuid);
        let id = handle.ok_or(()).and_then(|handle| handle.uuid().map_err(drop)).map(DomainId);
        let id = id.map_err(|()| Error::NoDomain(name.clone()))?;
        read::one(link, id)?.ok_or_else(|| Error::NoDomain(name.clone()))
    })
}

/// All machines, with their details when `full`.
pub fn list(host: &Host, full: bool) -> Result<Vec<DomainInfo>> {
    host.call(move |link| {
        let rows = read::list(link)?;
        rows.into_iter()
            .map(|row| {
                let mut info = row.info;
                if full {
                    info.details = read::details(&row.handle, &info, row.snapshots)?.map(Box::new);
                }
                Ok(info)
            })
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn info(state: State) -> DomainInfo {
        DomainInfo {
            id: DomainId(Uuid::nil()),
            name: "vm".into(),
            state,
            persistent: true,
            autostart: false,
            has_managed_save: false,
            vcpus: 1,
            memory_kib: 1,
            max_memory_kib: 1,
            details: None,
        }
    }

    #[test]
    fn the_state_allows_what_makes_sense() {
        use Action::{Delete, ForceOff, Pause, Rename, Restore, Resume, Save, Shutdown, Start};
        let (on, off, paused) = (info(State::Running), info(State::Off), info(State::Paused));
        let saved = DomainInfo { has_managed_save: true, ..off.clone() };
        let transient = DomainInfo { persistent: false, ..on.clone() };
        let rename = Rename("b".into());
        for (action, info, answer) in [
            (&Start, &off, Ok(())),
            (&Start, &on, Err(Denial::Running)),
            (&Restore, &off, Err(Denial::NoSave)),
            (&Restore, &saved, Ok(())),
            (&Shutdown, &paused, Err(Denial::ResumeFirst)),
            (&Shutdown, &off, Err(Denial::NotRunning)),
            (&ForceOff, &paused, Ok(())),
            (&Pause, &paused, Err(Denial::Paused)),
            (&Resume, &on, Err(Denial::NotPaused)),
            (&Resume, &info(State::Suspended), Ok(())),
            (&Save, &transient, Err(Denial::Transient)),
            (&rename, &on, Err(Denial::MustBeOff)),
            (&rename, &off, Ok(())),
            (&Rename(" ".into()), &off, Err(Denial::NoName)),
            (&Delete { force: false }, &on, Err(Denial::MustBeOff)),
            (&Delete { force: true }, &on, Ok(())),
        ] {
            assert_eq!(action.allowed(info), answer, "{action:?} {:?}", info.state);
        }
    }
}
