//! What a check of a migration says: which check, how bad, why, and what can be done about it — as values to translate.
use std::fmt;

use super::{Compression, Feature, Kind};

/// The checks, in the order in which they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    SameHost,
    Permission,
    State,
    Name,
    Hypervisor,
    Architecture,
    Versions,
    Cpu,
    MachineType,
    Firmware,
    Memory,
    Network,
    Subnet,
    DiskPath,
    SharedStorage,
    DiskSpace,
    Media,
    Devices,
    Address,
    Tls,
    Relocation,
    Options,
}

impl Check {
    /// Its name in output for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::SameHost => "same-host",
            Self::Permission => "permission",
            Self::State => "state",
            Self::Name => "name",
            Self::Hypervisor => "hypervisor",
            Self::Architecture => "architecture",
            Self::Versions => "versions",
            Self::Cpu => "cpu",
            Self::MachineType => "machine-type",
            Self::Firmware => "firmware",
            Self::Memory => "memory",
            Self::Network => "network",
            Self::Subnet => "subnet",
            Self::DiskPath => "disk-path",
            Self::SharedStorage => "shared-storage",
            Self::DiskSpace => "disk-space",
            Self::Media => "media",
            Self::Devices => "devices",
            Self::Address => "address",
            Self::Tls => "tls",
            Self::Relocation => "relocation",
            Self::Options => "options",
        }
    }
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The check passed.
    Ok,
    /// It can go, but perhaps not as was meant.
    Warn,
    /// It can't go like this.
    Block,
}

/// How it is known that two hosts see the same file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Evidence {
    /// Both hosts tell the same size and the same change time to the nanosecond, or a file made here showed there.
    SameFile,
    /// Both have it in a network pool of one source.
    SamePool,
    /// Its name is a network address (rbd, iSCSI…) or a device's worldwide name.
    NetworkName,
    /// The person said so.
    Answer,
}

/// Why. `host` is always the host that the sentence is about.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Reason {
    #[error("nothing stands against it")]
    Passed,
    #[error("{path} is the same on both hosts")]
    Shared { path: String, evidence: Evidence },
    #[error("{path} is copied along")]
    Copied { path: String },

    #[error("the destination is {host} itself")]
    SameHost { host: String },
    #[error("the link to {host} may only look, not change anything")]
    ReadOnly { host: String },
    #[error("it is off; only a running machine moves live")]
    NotRunning,
    #[error("it is running; the configuration alone would make a second machine")]
    Running,
    #[error("it has a saved state, which would be lost")]
    Saved,
    #[error("another job of it is running (a migration, a save, a backup)")]
    Busy,
    #[error(
        "it came to {host} paused: unless it has run since, QEMU {have} ends as it moves on, and its memory is lost"
    )]
    ArrivedPaused { host: String, have: Version },
    #[error("it has {0} snapshots, which libvirt does not migrate")]
    Snapshots(u32),
    #[error("it is transient: it has no definition to take along")]
    Transient,
    #[error("the state of its TPM lies on {host} and is not copied")]
    TpmState { host: String },
    #[error("{host} has a running machine “{name}” of the same identity")]
    RunsThere { host: String, name: String },
    #[error("{host} has a definition of “{name}” already; it is replaced")]
    DefinedThere { host: String, name: String },
    #[error("{host} has another machine named “{name}”")]
    NameTaken { host: String, name: String },
    #[error("{host} has the same machine under the name “{name}”")]
    UuidTaken { host: String, name: String },

    #[error("other hypervisor: {source_host} runs {from}, {host} runs {to}")]
    OtherHypervisor { source_host: String, from: String, host: String, to: String },
    #[error("{hypervisor} can't migrate like this ({})", .kind.option())]
    KindUnsupported { hypervisor: String, kind: Kind },
    #[error("{hypervisor} does not offer {feature}")]
    NotOffered { hypervisor: String, feature: Feature },
    #[error("{hypervisor} restores a machine only as it was saved: on the same bridges, networks, disks and media")]
    AsSaved { hypervisor: String },
    #[error("a paravirtualised machine moves live only where its hypervisor has shadow paging; else the move fails")]
    LiveParavirt,
    #[error("the libvirt driver of {host} can't migrate")]
    NoMigration { host: String },
    #[error("{host} offers no {virt_type} machines")]
    NoVirtType { host: String, virt_type: String },
    #[error("{host} can't run {arch} machines; it runs: {}", list(.have))]
    NoArch { host: String, arch: String, have: Vec<String> },
    #[error("{host} has an older libvirt ({have}) than the source ({source_version})")]
    OlderLibvirt { host: String, have: Version, source_version: Version },
    #[error("{host} has an older hypervisor ({have}) than the source ({source_version})")]
    OlderHypervisor { host: String, have: Version, source_version: Version },
    #[error("the CPU of {host} lacks: {}", list(.features))]
    CpuLacks { host: String, features: Vec<String> },
    #[error("the CPU of {host} does not fit: {words}")]
    CpuDiffers { host: String, words: String },
    #[error("the machine has its host's own CPU ({mode}): it may not run on, or not come back, where CPUs differ")]
    CpuOfHost { mode: String },
    #[error("{host} could not compare CPUs: {words}")]
    CpuUnknown { host: String, words: String },
    #[error("{host} has no machine type {machine}")]
    NoMachineType { host: String, machine: String },
    #[error("{host} has no firmware {path}")]
    NoFirmware { host: String, path: String },
    #[error("its firmware variables ({path}) are not copied by this kind of migration")]
    FirmwareVariables { path: String },
    #[error("needs {need_mib} MiB, {host} has {free_mib} MiB free")]
    MemoryShort { host: String, need_mib: u64, free_mib: u64 },
    #[error("{vcpus} virtual CPUs are more than the {cpus} that {host} has")]
    FewCpus { host: String, vcpus: u32, cpus: u32 },

    #[error("{host} has no bridge {bridge}; it has {}", list(.have))]
    NoBridge { host: String, bridge: String, have: Vec<String> },
    #[error("{host} can't tell whether it has the bridge {bridge}")]
    BridgeUnknown { host: String, bridge: String },
    #[error("{host} has no network {network}; it has {}", list(.have))]
    NoNetwork { host: String, network: String, have: Vec<String> },
    #[error("the network {network} is not started on {host}")]
    NetworkStopped { host: String, network: String },
    #[error("the network card sits on the interface {device} of its host; {host} must have one of that name")]
    HostInterface { host: String, device: String },
    #[error("{from} and {to} are in different subnets: the machine may not be reachable there under its address")]
    OtherSubnet { from: String, to: String },
    #[error(
        "{from} and {to} are in different subnets if their prefix is the usual /{prefix}, which no host tells: \
             the machine may not be reachable there under its address"
    )]
    PerhapsOtherSubnet { from: String, to: String, prefix: u8 },
    #[error("whether both hosts are in one subnet could not be found out")]
    SubnetUnknown,

    #[error("{host} has no {path}")]
    DiskMissing { host: String, path: String },
    #[error("{host} could not look for {path}: {words}")]
    DiskUnknown { host: String, path: String, words: String },
    #[error("{host} has no pool {pool}")]
    NoPool { host: String, pool: String },
    #[error("the pool {pool} is not started on {host}")]
    PoolStopped { host: String, pool: String },
    #[error("{host} has no folder {folder}")]
    NoFolder { host: String, folder: String },
    #[error("{host} has a file {path} already, which is not this disk")]
    OtherFile { host: String, path: String },
    #[error("{host} has a file {path} already, where its firmware variables belong")]
    OtherVariables { host: String, path: String },
    #[error("{path} on {host} is removed when the move begins, and does not come back if the move fails")]
    Replaced { host: String, path: String },
    #[error("{path} is the same file on both hosts: a copy of it needs another place")]
    OntoItself { path: String },
    #[error("whether {host} has the same {path} could not be found out; if it is another one, the copy is worthless")]
    BackingAssumed { host: String, path: String },
    #[error("it has no disk {target}")]
    NoDisk { target: String },
    #[error("{path} is there on {host}, but is not the same file: the storage is not shared")]
    NotShared { host: String, path: String },
    #[error("whether {path} is the same on {host} could not be found out")]
    SharedUnknown { host: String, path: String },
    #[error("{path} is of a kind ({format}) that is not copied")]
    NotCopyable { path: String, format: String },
    #[error("{folder} needs {need_gib:.1} GiB, {host} has {free_gib:.1} GiB free there")]
    NoRoom { host: String, folder: String, need_gib: f64, free_gib: f64 },
    #[error("{host} does not tell how much space is free in {folder}")]
    RoomUnknown { host: String, folder: String },
    #[error("{target} holds {path}, which {host} does not have")]
    LocalMedia { host: String, target: String, path: String },
    #[error("it uses a device of its host ({device})")]
    HostDevice { device: String },

    #[error("{host} calls itself “{name}”, a name that is not known; the source must find it")]
    NameUnresolved { host: String, name: String },
    #[error("{host} calls itself “{name}”, which the source takes for itself")]
    NameIsLocal { host: String, name: String },
    #[error("{host} has no {file}: TLS is not set up")]
    NoTls { host: String, file: String },
    #[error("{host} has no {file}: the other host refuses a sender without one, unless it was told not to ask")]
    NoTlsSender { host: String, file: String },
    #[error("whether TLS is set up on {host} could not be found out: {words}")]
    TlsUnknown { host: String, words: String },
    #[error("nothing listens on port {port} of {host}: its relocation server is off, or a firewall is between")]
    RelocationClosed { host: String, port: u16 },
    #[error("the relocation server of {host} could not be asked; it must listen on port {port}")]
    RelocationUnknown { host: String, port: u16 },

    #[error("{first} and {second} do not go together")]
    Clash { first: Feature, second: Feature },
    #[error("{first} needs {second}")]
    Needs { first: Feature, second: Feature },
    #[error("{host} does not compress memory by {}", .method.name())]
    NoCompression { host: String, method: Compression },
    #[error(
        "once it runs there, it ends with Drover until all of its memory is there; peer to peer the hosts do that by themselves"
    )]
    EndsWithDrover,
    #[error("{first} has no effect with {second}")]
    NoEffect { first: Feature, second: Feature },
    #[error("the daemon of {host} can't log in at {uri}: it names no host")]
    PeerLocal { host: String, uri: String },
    #[error("the daemon of {host} must log in at {uri} by itself; whether it may is only known then")]
    PeerLogin { host: String, uri: String },
    #[error("its definition stays on {host} as well; started in both places, it would destroy its disks")]
    StaysDefined { host: String },
    #[error("“{name}” can't be a machine's name")]
    BadName { name: String },
    #[error("its name can't change while its memory is taken along like this")]
    NameInMemory,
}

/// (major, minor, micro).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32, pub u32, pub u32);

impl From<(u32, u32, u32)> for Version {
    fn from((major, minor, micro): (u32, u32, u32)) -> Self {
        Self(major, minor, micro)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// What to do about a finding. The window makes a button of those that it can do itself.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Remedy {
    #[error("choose another bridge there (--bridge {bridge}=NAME)")]
    ChooseBridge { bridge: String, have: Vec<String> },
    #[error("choose another network there (--network {network}=NAME), or create it")]
    ChooseNetwork { network: String, have: Vec<String> },
    #[error("start the network {network} on {host}")]
    StartNetwork { host: String, network: String },
    #[error("start the pool {pool} on {host}")]
    StartPool { host: String, pool: String },
    #[error("define the pool {pool} on {host}")]
    DefinePool { host: String, pool: String },
    #[error("create the folder {folder} on {host}")]
    CreateFolder { host: String, folder: String },
    #[error("remove or rename {path} on {host}")]
    RemoveFile { host: String, path: String },
    #[error("if it is left over from an earlier move of this machine, let it be replaced (--replace {path})")]
    Replace { path: String },
    #[error("if {host} has the same {path}, copy only what lies over it (--incremental)")]
    Incremental { host: String, path: String },
    #[error("choose another place there (--disk {target},folder=FOLDER)")]
    OtherPlace { target: String },
    #[error("copy the disk along ({})", .0.option())]
    CopyDisk(Kind),
    /// Of a kind that copies, but not this disk.
    #[error("copy it along, too (without --disk {target},copy=no)")]
    CopyToo { target: String },
    #[error("choose another kind ({})", .0.option())]
    OtherKind(Kind),
    #[error("if it is the same, say so (--assume-shared), else --assume-private")]
    SayShared,
    #[error("eject it there (--eject)")]
    Eject,
    #[error("detach the device")]
    DetachDevice,
    #[error("set a lower CPU model for its next boot")]
    LowerCpu,
    #[error("shut it down and start it: a CPU that fits is set for its next boot")]
    Restart,
    #[error("free memory on {host} by moving others away")]
    FreeMemory { host: String },
    #[error("free space on {host}, or choose another pool")]
    FreeSpace { host: String },
    #[error("delete or merge its snapshots")]
    DeleteSnapshots,
    #[error("start it, or discard its saved state")]
    DropSave,
    #[error("let it run for a moment (resume it), then it can go")]
    Resume,
    #[error("wait until it is done, or cancel it")]
    Wait,
    #[error("rename one of the two, or give it another name there (--new-name NAME)")]
    Rename,
    #[error("update {host}")]
    Update { host: String },
    #[error("give its address (--address {address})")]
    UseAddress { address: String },
    #[error("open {host} by a URI that may change it, not through its read-only socket")]
    OpenToChange { host: String },
    #[error("set up TLS in /etc/pki/qemu on {host}")]
    SetUpTls { host: String },
    #[error("switch on xend-relocation-server in /etc/xen/xend-config.sxp on {host}, and open port {port}")]
    EnableRelocation { host: String, port: u16 },
    #[error("if it fails, let the machine stand still meanwhile (--stand-still)")]
    StandStill,
    #[error("leave out {0}")]
    LeaveOut(Feature),
    #[error("compress by another method (--compress {})", .0.name())]
    Compress(Compression),
    #[error("give a URI that {host} can use (--peer-uri)")]
    PeerUri { host: String },
}

fn list(have: &[String]) -> String {
    if have.is_empty() { "none".into() } else { have.join(", ") }
}

/// One thing that a check found.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub check: Check,
    pub severity: Severity,
    pub reason: Reason,
    pub remedy: Option<Remedy>,
}

impl Finding {
    pub(super) fn ok(check: Check, reason: Reason) -> Self {
        Self { check, severity: Severity::Ok, reason, remedy: None }
    }
    pub(super) fn warn(check: Check, reason: Reason, remedy: Option<Remedy>) -> Self {
        Self { check, severity: Severity::Warn, reason, remedy }
    }
    pub(super) fn block(check: Check, reason: Reason, remedy: Option<Remedy>) -> Self {
        Self { check, severity: Severity::Block, reason, remedy }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.remedy {
            Some(remedy) => write!(f, "{}: {}; {remedy}", self.check.name(), self.reason),
            None => write!(f, "{}: {}", self.check.name(), self.reason),
        }
    }
}
