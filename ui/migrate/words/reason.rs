//! Why a check of a migration says what it says, translated.
use drover::migrate::finding::{Evidence, Reason};

use super::{kind, options};
use crate::i18n::{gettext, gettext_f, ngettext_f};
use crate::machines::memory;

fn list(have: &[String]) -> String {
    if have.is_empty() { gettext("none") } else { have.join(", ") }
}

fn evidence(evidence: Evidence) -> String {
    match evidence {
        Evidence::SameFile => gettext("seen from both hosts"),
        Evidence::SamePool => gettext("network pools of one source"),
        Evidence::NetworkName => gettext("by its network name"),
        Evidence::Answer => gettext("by your answer"),
    }
}

/// Why a check says what it says.
#[allow(clippy::too_many_lines, reason = "one line for each variant, so that a new one is not forgotten")]
pub fn reason(reason: &Reason) -> String {
    match reason {
        Reason::Passed => gettext("Nothing stands against it."),
        Reason::Shared { path, evidence: e } => {
            gettext_f("{path} is the same on both hosts ({how}).", &[("path", path), ("how", &evidence(*e))])
        }
        Reason::Copied { path } => gettext_f("{path} is copied along.", &[("path", path)]),
        Reason::SameHost { host } => gettext_f("The destination is {host} itself.", &[("host", host)]),
        Reason::ReadOnly { host } => {
            gettext_f("The link to {host} may only look, not change anything.", &[("host", host)])
        }
        Reason::NotRunning => gettext("It is off; only a running machine moves live."),
        Reason::Running => gettext("It is running; the configuration alone would make a second machine."),
        Reason::Saved => gettext("It has a saved state, which would be lost."),
        Reason::Busy => gettext("Another job of it is running (a migration, a save, a backup)."),
        Reason::ArrivedPaused { host, have } => gettext_f(
            "It came to {host} paused: unless it has run since, QEMU {version} ends as it moves on, and its memory is lost.",
            &[("host", host), ("version", &have.to_string())],
        ),
        Reason::Snapshots(n) => ngettext_f(
            "It has {n} snapshot, which libvirt does not migrate.",
            "It has {n} snapshots, which libvirt does not migrate.",
            u64::from(*n),
            &[],
        ),
        Reason::Transient => gettext("It is transient: it has no definition to take along."),
        Reason::TpmState { host } => {
            gettext_f("The state of its TPM lies on {host} and is not copied.", &[("host", host)])
        }
        Reason::RunsThere { host, name } => {
            gettext_f("{host} has a running machine “{name}” of the same identity.", &[("host", host), ("name", name)])
        }
        Reason::DefinedThere { host, name } => {
            gettext_f("{host} has a definition of “{name}” already; it is replaced.", &[("host", host), ("name", name)])
        }
        Reason::NameTaken { host, name } => {
            gettext_f("{host} has another machine named “{name}”.", &[("host", host), ("name", name)])
        }
        Reason::UuidTaken { host, name } => {
            gettext_f("{host} has the same machine under the name “{name}”.", &[("host", host), ("name", name)])
        }
        Reason::NoRoom { .. }
        | Reason::DiskMissing { .. }
        | Reason::DiskUnknown { .. }
        | Reason::NoPool { .. }
        | Reason::PoolStopped { .. }
        | Reason::NoFolder { .. }
        | Reason::OtherFile { .. }
        | Reason::OtherVariables { .. }
        | Reason::NotShared { .. }
        | Reason::SharedUnknown { .. }
        | Reason::NotCopyable { .. }
        | Reason::RoomUnknown { .. }
        | Reason::LocalMedia { .. } => of_disk(reason),
        Reason::NoBridge { .. }
        | Reason::BridgeUnknown { .. }
        | Reason::NoNetwork { .. }
        | Reason::NetworkStopped { .. }
        | Reason::HostInterface { .. }
        | Reason::OtherSubnet { .. }
        | Reason::SubnetUnknown
        | Reason::NameUnresolved { .. }
        | Reason::NameIsLocal { .. }
        | Reason::NoTls { .. }
        | Reason::NoTlsSender { .. }
        | Reason::TlsUnknown { .. }
        | Reason::RelocationClosed { .. }
        | Reason::RelocationUnknown { .. } => of_network(reason),
        Reason::HostDevice { device } => gettext_f("It uses a device of its host ({device}).", &[("device", device)]),
        Reason::OtherHypervisor { .. }
        | Reason::KindUnsupported { .. }
        | Reason::NoMigration { .. }
        | Reason::NoVirtType { .. }
        | Reason::NoArch { .. }
        | Reason::OlderLibvirt { .. }
        | Reason::OlderHypervisor { .. }
        | Reason::CpuLacks { .. }
        | Reason::CpuDiffers { .. }
        | Reason::CpuOfHost { .. }
        | Reason::CpuUnknown { .. }
        | Reason::NoMachineType { .. }
        | Reason::NoFirmware { .. }
        | Reason::FirmwareVariables { .. }
        | Reason::MemoryShort { .. }
        | Reason::FewCpus { .. } => of_host(reason),
        Reason::Clash { .. }
        | Reason::Needs { .. }
        | Reason::NoEffect { .. }
        | Reason::NotOffered { .. }
        | Reason::AsSaved { .. }
        | Reason::LiveParavirt
        | Reason::NoCompression { .. }
        | Reason::PeerLocal { .. }
        | Reason::PeerLogin { .. }
        | Reason::StaysDefined { .. }
        | Reason::BadName { .. }
        | Reason::NameInMemory
        | Reason::EndsWithDrover
        | Reason::NoDisk { .. }
        | Reason::Replaced { .. }
        | Reason::OntoItself { .. }
        | Reason::PerhapsOtherSubnet { .. }
        | Reason::BackingAssumed { .. } => options::reason(reason),
    }
}

/// Reasons about hypervisor, versions, CPU, firmware and memory.
fn of_host(reason: &Reason) -> String {
    match reason {
        Reason::OtherHypervisor { source_host, from, host, to } => gettext_f(
            "Other hypervisor: {source_host} runs {from}, {host} runs {to}.",
            &[("source_host", source_host), ("from", from), ("host", host), ("to", to)],
        ),
        Reason::KindUnsupported { hypervisor, kind: k } => gettext_f(
            "{hypervisor} can't migrate like this ({kind}).",
            &[("hypervisor", hypervisor), ("kind", &kind(*k))],
        ),
        Reason::NoMigration { host } => gettext_f("The libvirt driver of {host} can't migrate.", &[("host", host)]),
        Reason::NoVirtType { host, virt_type } => {
            gettext_f("{host} offers no machines of the type {virt_type}.", &[("host", host), ("virt_type", virt_type)])
        }
        Reason::NoArch { host, arch, have } => gettext_f(
            "{host} can't run {arch} machines; it runs: {have}.",
            &[("host", host), ("arch", arch), ("have", &list(have))],
        ),
        Reason::OlderLibvirt { host, have, source_version } => gettext_f(
            "{host} has an older libvirt ({have}) than the source ({source}).",
            &[("host", host), ("have", &have.to_string()), ("source", &source_version.to_string())],
        ),
        Reason::OlderHypervisor { host, have, source_version } => gettext_f(
            "{host} has an older hypervisor ({have}) than the source ({source}).",
            &[("host", host), ("have", &have.to_string()), ("source", &source_version.to_string())],
        ),
        Reason::CpuLacks { host, features } => {
            gettext_f("The CPU of {host} lacks: {features}.", &[("host", host), ("features", &list(features))])
        }
        Reason::CpuDiffers { host, words } => {
            gettext_f("The CPU of {host} does not fit: {words}", &[("host", host), ("words", words)])
        }
        Reason::CpuOfHost { mode } => gettext_f(
            "The machine has its host's own CPU ({mode}): it may not run on, or not come back, where CPUs differ.",
            &[("mode", mode)],
        ),
        Reason::CpuUnknown { host, words } => {
            gettext_f("{host} could not compare CPUs: {words}", &[("host", host), ("words", words)])
        }
        Reason::NoMachineType { host, machine } => {
            gettext_f("{host} has no machine type {machine}.", &[("host", host), ("machine", machine)])
        }
        Reason::NoFirmware { host, path } => {
            gettext_f("{host} has no firmware {path}.", &[("host", host), ("path", path)])
        }
        Reason::FirmwareVariables { path } => {
            gettext_f("Its firmware variables ({path}) are not copied by this kind of migration.", &[("path", path)])
        }
        Reason::MemoryShort { host, need_mib, free_mib } => gettext_f(
            "It needs {need} of memory, {host} has {free} free.",
            &[("host", host), ("need", &memory(need_mib * 1024)), ("free", &memory(free_mib * 1024))],
        ),
        Reason::FewCpus { host, vcpus, cpus } => gettext_f(
            "{vcpus} virtual CPUs are more than the {cpus} that {host} has.",
            &[("host", host), ("vcpus", &vcpus.to_string()), ("cpus", &cpus.to_string())],
        ),
        other => other.to_string(),
    }
}

/// Reasons about networks and the way to the host.
fn of_network(reason: &Reason) -> String {
    match reason {
        Reason::NoBridge { host, bridge, have } => gettext_f(
            "{host} has no bridge {bridge}; it has: {have}.",
            &[("host", host), ("bridge", bridge), ("have", &list(have))],
        ),
        Reason::BridgeUnknown { host, bridge } => {
            gettext_f("{host} can't tell whether it has the bridge {bridge}.", &[("host", host), ("bridge", bridge)])
        }
        Reason::NoNetwork { host, network, have } => gettext_f(
            "{host} has no network {network}; it has: {have}.",
            &[("host", host), ("network", network), ("have", &list(have))],
        ),
        Reason::NetworkStopped { host, network } => {
            gettext_f("The network {network} is not started on {host}.", &[("host", host), ("network", network)])
        }
        Reason::HostInterface { host, device } => gettext_f(
            "The network card sits on the interface {device} of its host; {host} must have one of that name.",
            &[("host", host), ("device", device)],
        ),
        Reason::OtherSubnet { from, to } => gettext_f(
            "{from} and {to} are in different subnets: the machine may not be reachable there under its address.",
            &[("from", from), ("to", to)],
        ),
        Reason::SubnetUnknown => gettext("Whether both hosts are in one subnet could not be found out."),
        Reason::NameUnresolved { host, name } => gettext_f(
            "{host} calls itself “{name}”, a name that is not known here; the source must find it.",
            &[("host", host), ("name", name)],
        ),
        Reason::NameIsLocal { host, name } => gettext_f(
            "{host} calls itself “{name}”, which the source takes for itself.",
            &[("host", host), ("name", name)],
        ),
        Reason::NoTls { host, file } => {
            gettext_f("{host} has no {file}: TLS is not set up.", &[("host", host), ("file", file)])
        }
        Reason::NoTlsSender { host, file } => gettext_f(
            "{host} has no {file}: the other host refuses a sender without one, unless it was told not to ask.",
            &[("host", host), ("file", file)],
        ),
        Reason::TlsUnknown { host, words } => gettext_f(
            "Whether TLS is set up on {host} could not be found out: {words}",
            &[("host", host), ("words", words)],
        ),
        Reason::RelocationClosed { host, port } => gettext_f(
            "Nothing listens on port {port} of {host}: its relocation server is off, or a firewall is between.",
            &[("host", host), ("port", &port.to_string())],
        ),
        Reason::RelocationUnknown { host, port } => gettext_f(
            "The relocation server of {host} could not be asked; it must listen on port {port}.",
            &[("host", host), ("port", &port.to_string())],
        ),
        other => other.to_string(),
    }
}

/// Reasons about disks and media.
fn of_disk(reason: &Reason) -> String {
    match reason {
        Reason::DiskMissing { host, path } => gettext_f("{host} has no {path}.", &[("host", host), ("path", path)]),
        Reason::DiskUnknown { host, path, words } => {
            gettext_f("{host} could not look for {path}: {words}", &[("host", host), ("path", path), ("words", words)])
        }
        Reason::NoPool { host, pool } => gettext_f("{host} has no pool {pool}.", &[("host", host), ("pool", pool)]),
        Reason::PoolStopped { host, pool } => {
            gettext_f("The pool {pool} is not started on {host}.", &[("host", host), ("pool", pool)])
        }
        Reason::NoFolder { host, folder } => {
            gettext_f("{host} has no folder {folder}.", &[("host", host), ("folder", folder)])
        }
        Reason::OtherFile { host, path } => {
            gettext_f("{host} has a file {path} already, which is not this disk.", &[("host", host), ("path", path)])
        }
        Reason::OtherVariables { host, path } => gettext_f(
            "{host} has a file {path} already, where its firmware variables belong.",
            &[("host", host), ("path", path)],
        ),
        Reason::NotShared { host, path } => gettext_f(
            "{path} is there on {host}, but is not the same file: the storage is not shared.",
            &[("host", host), ("path", path)],
        ),
        Reason::SharedUnknown { host, path } => {
            gettext_f("Whether {path} is the same on {host} could not be found out.", &[("host", host), ("path", path)])
        }
        Reason::NotCopyable { path, format } => {
            gettext_f("{path} is of a kind ({format}) that is not copied.", &[("path", path), ("format", format)])
        }
        Reason::NoRoom { host, folder, need_gib, free_gib } => gettext_f(
            "{folder} needs {need} GiB, {host} has {free} GiB free there.",
            &[
                ("host", host),
                ("folder", folder),
                ("need", &format!("{need_gib:.1}")),
                ("free", &format!("{free_gib:.1}")),
            ],
        ),
        Reason::RoomUnknown { host, folder } => {
            gettext_f("{host} does not tell how much space is free in {folder}.", &[("host", host), ("folder", folder)])
        }
        Reason::LocalMedia { host, target, path } => gettext_f(
            "{target} holds {path}, which {host} does not have.",
            &[("host", host), ("target", target), ("path", path)],
        ),
        other => other.to_string(),
    }
}
