//! Whether the other host can run the machine: hypervisor, architecture, versions, CPU, machine type, firmware, memory.
use super::Input;
use crate::migrate::Kind;
use crate::migrate::answers::{CpuAnswer, Spot};
use crate::migrate::facts::HostFacts;
use crate::migrate::finding::{Check, Finding, Reason, Remedy};

/// Two URIs may lead to one host: its UUID tells, and where there is none, its name and address.
pub fn same_host(input: &Input) -> Vec<Finding> {
    let (a, b) = (input.source, input.dest);
    let same = match (a.uuid, b.uuid) {
        (Some(a), Some(b)) => a == b,
        _ => a.name == b.name && a.address == b.address,
    };
    let block = || Finding::block(Check::SameHost, Reason::SameHost { host: b.name.clone() }, None);
    same.then(block).into_iter().collect()
}

/// A link that only looks moves nothing, and does not even answer what matters.
pub fn permission(input: &Input) -> Vec<Finding> {
    let finding = |host: &HostFacts| {
        let host = host.name.clone();
        let remedy = Some(Remedy::OpenToChange { host: host.clone() });
        Finding::block(Check::Permission, Reason::ReadOnly { host }, remedy)
    };
    [input.source, input.dest].into_iter().filter(|host| host.read_only).map(finding).collect()
}

/// The same hypervisor, one that migrates, and that does it in this way.
pub fn hypervisor(input: &Input) -> Vec<Finding> {
    let (from, to, kind) = (input.source, input.dest, input.kind());
    let block = |reason, remedy| vec![Finding::block(Check::Hypervisor, reason, remedy)];
    if from.driver != to.driver {
        let (source_host, host) = (from.name.clone(), to.name.clone());
        let (from, to) = (from.driver.clone(), to.driver.clone());
        return block(Reason::OtherHypervisor { source_host, from, host, to }, None);
    }
    if kind != Kind::Static && !(from.migrates && to.migrates) {
        let host = if from.migrates { &to.name } else { &from.name };
        return block(Reason::NoMigration { host: host.clone() }, Some(Remedy::OtherKind(Kind::Static)));
    }
    if from.driver == "Xen" && matches!(kind, Kind::Copy | Kind::PostCopy) {
        let reason = Reason::KindUnsupported { hypervisor: "Xen".into(), kind };
        return block(reason, Some(Remedy::OtherKind(Kind::Live)));
    }
    let offers =
        |g: &crate::migrate::facts::Guest| g.arch == input.machine.arch && g.types.contains(&input.machine.virt_type);
    let has_arch = to.guests.iter().any(|g| g.arch == input.machine.arch);
    if has_arch && !to.guests.iter().any(offers) {
        let virt_type = input.machine.virt_type.clone();
        return block(Reason::NoVirtType { host: to.name.clone(), virt_type }, None);
    }
    Vec::new()
}

/// The machine's architecture must be among those that the host runs.
pub fn architecture(input: &Input) -> Vec<Finding> {
    let arch = &input.machine.arch;
    if input.dest.guests.iter().any(|g| g.arch == *arch) {
        return Vec::new();
    }
    let mut have: Vec<_> = input.dest.guests.iter().map(|g| g.arch.clone()).collect();
    have.sort();
    have.dedup();
    let reason = Reason::NoArch { host: input.dest.name.clone(), arch: arch.clone(), have };
    vec![Finding::block(Check::Architecture, reason, None)]
}

/// Back to older programs often works, but nobody promises it.
pub fn versions(input: &Input) -> Vec<Finding> {
    let (from, to) = (input.source, input.dest);
    let mut found = Vec::new();
    let mut warn = |reason| {
        found.push(Finding::warn(Check::Versions, reason, Some(Remedy::Update { host: to.name.clone() })));
    };
    if to.hypervisor < from.hypervisor {
        let (have, source_version) = (to.hypervisor, from.hypervisor);
        warn(Reason::OlderHypervisor { host: to.name.clone(), have, source_version });
    }
    if to.libvirt < from.libvirt {
        let (have, source_version) = (to.libvirt, from.libvirt);
        warn(Reason::OlderLibvirt { host: to.name.clone(), have, source_version });
    }
    found
}

/// A machine that is off meets the other CPU at its next start only; one that runs keeps its CPU until it is off.
pub fn cpu(input: &Input) -> Vec<Finding> {
    let (host, machine) = (input.dest.name.clone(), input.machine);
    let (active, own) = (machine.state.is_active(), machine.has_own_cpu());
    let remedy = match input.answers.next_cpu_fits {
        true => Some(Remedy::Restart),
        false => machine.persistent.then_some(Remedy::LowerCpu),
    };
    let reason = match &input.answers.cpu {
        None => return Vec::new(),
        // It takes whatever CPU it finds.
        Some(CpuAnswer::Fits | CpuAnswer::Lacks(_) | CpuAnswer::Differs(_)) if own && !active => return Vec::new(),
        Some(CpuAnswer::Fits) if own => {
            let reason = Reason::CpuOfHost { mode: machine.cpu_mode.clone().unwrap_or_default() };
            return vec![Finding::warn(Check::Cpu, reason, remedy)];
        }
        Some(CpuAnswer::Fits) => return Vec::new(),
        Some(CpuAnswer::Unknown(words)) => {
            let reason = Reason::CpuUnknown { host, words: words.clone() };
            return vec![Finding::warn(Check::Cpu, reason, None)];
        }
        Some(CpuAnswer::Lacks(features)) => Reason::CpuLacks { host, features: features.clone() },
        Some(CpuAnswer::Differs(words)) => Reason::CpuDiffers { host, words: words.clone() },
    };
    let make = if active { Finding::block } else { Finding::warn };
    vec![make(Check::Cpu, reason, remedy)]
}

/// The machine type by its full name ("pc-q35-8.2").
pub fn machine_type(input: &Input) -> Vec<Finding> {
    let Some(machine) = &input.machine.machine else { return Vec::new() };
    let mut guests = input.dest.guests.iter().filter(|g| g.arch == input.machine.arch).peekable();
    // An architecture that is not there is said once; Xen's machine types are not listed everywhere.
    let listed = guests.peek().is_some() && input.dest.guests.iter().any(|g| !g.machines.is_empty());
    if !listed || guests.any(|g| g.machines.iter().any(|m| m == machine)) {
        return Vec::new();
    }
    let (host, machine) = (input.dest.name.clone(), machine.clone());
    let remedy = Some(Remedy::Update { host: host.clone() });
    vec![Finding::block(Check::MachineType, Reason::NoMachineType { host, machine }, remedy)]
}

/// The firmware's file must be there. Its variables travel with a live machine, into a file that is made there from its
/// template; a static move copies their file.
pub fn firmware(input: &Input) -> Vec<Finding> {
    let mut found = Vec::new();
    if let (Some(path), Some(false)) = (&input.machine.loader, input.answers.loader) {
        let reason = Reason::NoFirmware { host: input.dest.name.clone(), path: path.clone() };
        found.push(Finding::block(Check::Firmware, reason, None));
    }
    if let (true, Some(path), Some(false)) = (input.kind().is_live(), &input.machine.template, input.answers.template) {
        let reason = Reason::NoFirmware { host: input.dest.name.clone(), path: path.clone() };
        found.push(Finding::block(Check::Firmware, reason, None));
    }
    if let (Kind::Static, Some(path)) = (input.kind(), &input.machine.nvram) {
        found.extend(variables_there(input, path));
    }
    if let (Kind::Offline, Some(path)) = (input.kind(), &input.machine.nvram) {
        let reason = Reason::FirmwareVariables { path: path.clone() };
        found.push(Finding::block(Check::Firmware, reason, Some(Remedy::OtherKind(Kind::Static))));
    }
    found
}

/// Whatever lies where its firmware's variables are copied to.
fn variables_there(input: &Input, path: &str) -> Option<Finding> {
    let (host, path) = (input.dest.name.clone(), path.to_owned());
    let remedy = match input.answers.nvram {
        Spot::Free => return None,
        Spot::LeftOver if input.choices.replace.contains(&path) => {
            return Some(Finding::warn(Check::Firmware, Reason::Replaced { host, path }, None));
        }
        Spot::LeftOver => Remedy::Replace { path: path.clone() },
        Spot::Used => Remedy::RemoveFile { host: host.clone(), path: path.clone() },
    };
    Some(Finding::block(Check::Firmware, Reason::OtherVariables { host, path }, Some(remedy)))
}

/// Memory is needed at once by a machine that runs, and at its next start by another.
pub fn memory(input: &Input) -> Vec<Finding> {
    let (machine, dest) = (input.machine, input.dest);
    let host = dest.name.clone();
    let mut found = Vec::new();
    if let Some(free) = dest.free_memory_kib
        && free < machine.memory_kib
    {
        let (need_mib, free_mib) = (machine.memory_kib.div_ceil(1024), free / 1024);
        let reason = Reason::MemoryShort { host: host.clone(), need_mib, free_mib };
        let remedy = Some(Remedy::FreeMemory { host: host.clone() });
        let make = if machine.state.is_active() { Finding::block } else { Finding::warn };
        found.push(make(Check::Memory, reason, remedy));
    }
    if dest.cpus > 0 && machine.vcpus > dest.cpus {
        let reason = Reason::FewCpus { host, vcpus: machine.vcpus, cpus: dest.cpus };
        found.push(Finding::warn(Check::Memory, reason, None));
    }
    found
}
