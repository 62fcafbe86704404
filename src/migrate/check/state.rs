//! Whether the machine may move as it is now: its state, its name there, what ties it to its host.
use super::Input;
use crate::domain::arrived;
use crate::migrate::Kind;
use crate::migrate::finding::{Check, Finding, Reason, Remedy, Version};

/// libvirt itself guards only some of this: an offline move of a running machine makes a second one, and forgets saves.
pub fn state(input: &Input) -> Vec<Finding> {
    let (machine, kind) = (input.machine, input.kind());
    let active = machine.state.is_active();
    let mut found = Vec::new();
    let mut block = |reason, remedy| found.push(Finding::block(Check::State, reason, remedy));
    if kind.is_live() && !active {
        block(Reason::NotRunning, Some(Remedy::OtherKind(Kind::Offline)));
    }
    if kind == Kind::Offline && active {
        block(Reason::Running, Some(Remedy::OtherKind(Kind::Live)));
    }
    if !machine.persistent && matches!(kind, Kind::Offline | Kind::Static) {
        block(Reason::Transient, Some(Remedy::OtherKind(Kind::Live)));
    }
    if machine.has_managed_save {
        block(Reason::Saved, Some(Remedy::DropSave));
    }
    if machine.busy {
        block(Reason::Busy, Some(Remedy::Wait));
    }
    let (host, have) = (input.source.name.clone(), input.source.hypervisor);
    if machine.arrived_paused && input.source.driver == "QEMU" && have < Version::from(arrived::MENDED) {
        block(Reason::ArrivedPaused { host, have }, Some(Remedy::Resume));
    }
    if machine.snapshots > 0 {
        block(Reason::Snapshots(machine.snapshots), Some(Remedy::DeleteSnapshots));
    }
    if machine.tpm && !kind.is_live() {
        let remedy = active.then_some(Remedy::OtherKind(Kind::Live));
        block(Reason::TpmState { host: input.source.name.clone() }, remedy);
    }
    if kind == Kind::PostCopy && input.choices.way.peer_uri().is_none() {
        // libvirt ends what arrives once the client that directs it is gone.
        found.push(Finding::warn(Check::State, Reason::EndsWithDrover, None));
    }
    found
}

/// Name and identity there.
pub fn name(input: &Input) -> Vec<Finding> {
    let (machine, host) = (input.machine, &input.dest.name);
    let wanted = input.choices.name.as_ref().unwrap_or(&machine.name);
    let mut found = Vec::new();
    // Drivers keep definitions in files of that name.
    if wanted.is_empty() || wanted.starts_with('.') || wanted.contains(|c: char| c == '/' || c.is_control()) {
        found.push(Finding::block(Check::Name, Reason::BadName { name: wanted.clone() }, None));
    }
    for there in &input.dest.machines {
        let (host, name) = (host.clone(), there.name.clone());
        let same_name = there.name == *wanted;
        if Some(there.id) == machine.id {
            found.push(if there.active {
                Finding::block(Check::Name, Reason::RunsThere { host, name }, None)
            } else if same_name {
                Finding::warn(Check::Name, Reason::DefinedThere { host, name }, None)
            } else {
                Finding::block(Check::Name, Reason::UuidTaken { host, name }, Some(Remedy::Rename))
            });
        } else if same_name {
            found.push(Finding::block(Check::Name, Reason::NameTaken { host, name }, Some(Remedy::Rename)));
        }
    }
    found
}

/// Devices and folders of the host.
pub fn devices(input: &Input) -> Vec<Finding> {
    let finding = |device: &String| {
        let reason = Reason::HostDevice { device: device.clone() };
        match input.machine.state.is_active() {
            true => Finding::block(Check::Devices, reason, Some(Remedy::DetachDevice)),
            // The other host may have one in the same place.
            false => Finding::warn(Check::Devices, reason, Some(Remedy::DetachDevice)),
        }
    };
    input.machine.host_devices.iter().map(finding).collect()
}
