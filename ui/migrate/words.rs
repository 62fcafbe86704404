//! Checks, remedies, kinds and steps of a migration, translated.
mod options;
mod reason;

use drover::migrate::Kind;
use drover::migrate::finding::{Check, Remedy};
use drover::migrate::run::Step;

use crate::i18n::{gettext, gettext_f};

pub use options::feature;
pub use reason::reason;

/// How a machine moves, in a word or two.
pub fn kind(kind: Kind) -> String {
    match kind {
        Kind::Live => gettext("Live"),
        Kind::Copy => gettext("Live, copy storage"),
        Kind::PostCopy => gettext("Post-copy"),
        Kind::Offline => gettext("Offline"),
        Kind::Static => gettext("Static"),
    }
}

/// What that means for the machine.
pub fn kind_explained(kind: Kind) -> String {
    match kind {
        Kind::Live => gettext("It keeps running; its disks lie on storage that both hosts share."),
        Kind::Copy => gettext("It keeps running; disks that are not shared are copied along."),
        Kind::PostCopy => {
            gettext("It goes over early and fetches the rest of its memory from there. If the link breaks, it is lost.")
        }
        Kind::Offline => gettext("For machines that are off: the configuration moves, the disks are there already."),
        Kind::Static => gettext("It is saved, copied with its disks, and goes on there: it stands still meanwhile."),
    }
}

/// What is checked.
pub fn check(check: Check) -> String {
    match check {
        Check::SameHost => gettext("Two different hosts"),
        Check::Permission => gettext("Permission to change the hosts"),
        Check::State => gettext("State of the machine"),
        Check::Name => gettext("Name and identity"),
        Check::Hypervisor => gettext("Hypervisor"),
        Check::Architecture => gettext("Architecture"),
        Check::Versions => gettext("Versions"),
        Check::Cpu => gettext("CPU"),
        Check::MachineType => gettext("Machine type"),
        Check::Firmware => gettext("Firmware"),
        Check::Memory => gettext("Memory"),
        Check::Network => gettext("Bridges and networks"),
        Check::Subnet => gettext("Subnet"),
        Check::DiskPath => gettext("Paths of the disks"),
        Check::SharedStorage => gettext("Shared storage"),
        Check::DiskSpace => gettext("Disk space"),
        Check::Media => gettext("CDs and floppies"),
        Check::Devices => gettext("Devices of the host"),
        Check::Address => gettext("Migration address"),
        Check::Tls => gettext("TLS"),
        Check::Relocation => gettext("Relocation server"),
        Check::Options => gettext("Options"),
    }
}

/// What a migration is doing.
pub fn step(step: Step) -> String {
    match step {
        Step::Prepare => gettext("Preparing the destination"),
        Step::Move => gettext("Sending memory and disks"),
        Step::PostCopy => gettext("Runs there; fetching the rest of its memory"),
        Step::Save => gettext("Saving its memory"),
        Step::CopyDisk => gettext("Copying a disk"),
        Step::CopyFirmware => gettext("Copying its firmware variables"),
        Step::CopyMemory => gettext("Copying its memory"),
        Step::Define => gettext("Defining it there"),
        Step::Restore => gettext("Going on there"),
        Step::Remove => gettext("Removing it here"),
        Step::RollBack => gettext("Undoing what was made"),
    }
}

/// What can be done about it.
pub fn remedy(remedy: &Remedy) -> String {
    match remedy {
        Remedy::ChooseBridge { bridge, .. } => {
            gettext_f("Use another bridge there instead of {bridge}.", &[("bridge", bridge)])
        }
        Remedy::ChooseNetwork { network, .. } => {
            gettext_f("Use another network there instead of {network}, or create it.", &[("network", network)])
        }
        Remedy::StartNetwork { host, network } => {
            gettext_f("Start the network {network} on {host}.", &[("host", host), ("network", network)])
        }
        Remedy::StartPool { host, pool } => {
            gettext_f("Start the pool {pool} on {host}.", &[("host", host), ("pool", pool)])
        }
        Remedy::DefinePool { host, pool } => {
            gettext_f("Define the pool {pool} on {host}.", &[("host", host), ("pool", pool)])
        }
        Remedy::CreateFolder { host, folder } => {
            gettext_f("Create the folder {folder} on {host}.", &[("host", host), ("folder", folder)])
        }
        Remedy::RemoveFile { host, path } => {
            gettext_f("Remove or rename {path} on {host}.", &[("host", host), ("path", path)])
        }
        Remedy::CopyDisk(k) => gettext_f("Copy the disk along ({kind}).", &[("kind", &kind(*k))]),
        Remedy::OtherKind(k) => gettext_f("Choose another kind ({kind}).", &[("kind", &kind(*k))]),
        Remedy::SayShared => gettext("Say whether it is the same; what is not can be copied along."),
        Remedy::Eject => gettext("Eject it there."),
        Remedy::DetachDevice => gettext("Detach the device first."),
        Remedy::LowerCpu => gettext("Set a lower CPU model for its next boot."),
        Remedy::Restart => gettext("A CPU that fits is set: it has it after a shutdown and start."),
        Remedy::FreeMemory { host } => {
            gettext_f("Free memory on {host} by moving other machines away.", &[("host", host)])
        }
        Remedy::FreeSpace { host } => gettext_f("Free space on {host}, or choose another pool.", &[("host", host)]),
        Remedy::Replace { .. }
        | Remedy::Incremental { .. }
        | Remedy::OtherPlace { .. }
        | Remedy::CopyToo { .. }
        | Remedy::LeaveOut(_)
        | Remedy::StandStill
        | Remedy::Compress(_)
        | Remedy::PeerUri { .. } => options::remedy(remedy),
        Remedy::DeleteSnapshots => gettext("Delete or merge its snapshots."),
        Remedy::Resume => gettext("Let it run for a moment, then it can go."),
        Remedy::DropSave => gettext("Start it, or discard its saved state."),
        Remedy::Wait => gettext("Wait until it has ended, or stop it."),
        Remedy::Rename => gettext("Rename one of the two."),
        Remedy::Update { host } => gettext_f("Update {host}.", &[("host", host)]),
        Remedy::UseAddress { address } => gettext_f("Give its address: {address}.", &[("address", address)]),
        Remedy::OpenToChange { host } => {
            gettext_f("Open {host} by a URI that may change it, not through its read-only socket.", &[("host", host)])
        }
        Remedy::SetUpTls { host } => gettext_f("Set up TLS in /etc/pki/qemu on {host}.", &[("host", host)]),
        Remedy::EnableRelocation { host, port } => gettext_f(
            "Switch on xend-relocation-server in /etc/xen/xend-config.sxp on {host}, and open port {port}.",
            &[("host", host), ("port", &port.to_string())],
        ),
    }
}
