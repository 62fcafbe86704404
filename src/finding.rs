//! What a check says before anything is done: where, how bad, why, and what to do.
use std::fmt;

pub use crate::install::unattended::{LineProblem, Wanted};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Good to know.
    Note,
    /// Can go on, but may not do what was meant.
    Warn,
    /// Can't go on like this.
    Block,
}

/// The input of an install that a finding belongs to; the wizard shows it under that field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    Host,
    Source,
    Name,
    Memory,
    Vcpus,
    VirtType,
    Unattended,
    DiskPath,
    DiskSize,
    Network,
    Mac,
}

/// Why, as a value: the window translates it, `Display` says it in English with its remedy.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Reason {
    #[error("a name is needed")]
    NameEmpty,
    #[error("the name can't contain “{0}”")]
    NameCharacter(char),
    #[error("{host} has a machine named “{name}” already; choose another name")]
    NameTaken { host: String, name: String },
    #[error("{asked} MiB is less than the installer's minimum of {minimum} MiB")]
    MemoryBelowMinimum { asked: u64, minimum: u64 },
    #[error("{asked} MiB is more than the {have} MiB that {host} has")]
    MemoryAboveHost { host: String, asked: u64, have: u64 },
    #[error("{asked} CPUs are more than the {limit} that {host} allows")]
    TooManyVcpus { host: String, asked: u32, limit: u32 },
    #[error("at least one is needed")]
    Zero,
    #[error("{host} has no paravirtualisation (Xen PV); leave out -p / choose full virtualisation")]
    NoParavirt { host: String },
    #[error("{host} offers no KVM; the machine would run under emulation (TCG), which is slow")]
    NoKvm { host: String },
    #[error("{host} can't run {arch} machines")]
    NoArch { host: String, arch: String },
    #[error("{host} has no Xen; choose KVM or emulation")]
    NoXen { host: String },
    #[error("{host} can't emulate machines: QEMU is not installed on it")]
    NoEmulation { host: String },
    #[error("the path must begin with “/”")]
    PathNotAbsolute,
    #[error("{path} exists already on {host}; choose another path, or use it as an existing disk")]
    DiskExists { host: String, path: String },
    #[error("{path} is not there on {host}")]
    DiskMissing { host: String, path: String },
    #[error("{path} is used by “{domain}” on {host}")]
    DiskInUse { host: String, path: String, domain: String },
    #[error("{folder} has {free_gib:.1} GiB free on {host}; {asked_gib:.1} GiB are asked for")]
    NoRoom { host: String, folder: String, asked_gib: f64, free_gib: f64 },
    #[error("the folder {folder} is not there on {host}; create it, or choose another path")]
    NoFolder { host: String, folder: String },
    /// `/proc`, `/sys` or `/dev`.
    #[error("{folder} belongs to the kernel: no disk image can lie there; choose another path")]
    KernelFolder { folder: String },
    #[error("{host} may not write in {folder}: {reason}")]
    NotWritable { host: String, folder: String, reason: String },
    #[error("{host} has no bridge “{bridge}”; it has: {}", list(.have))]
    NoBridge { host: String, bridge: String, have: Vec<String> },
    #[error("{host} has no network “{network}”; it has: {}", list(.have))]
    NoNetwork { host: String, network: String, have: Vec<String> },
    #[error("the network “{network}” is not started on {host}; start it first")]
    NetworkInactive { host: String, network: String },
    #[error("“{0}” is no MAC address (such as 52:54:00:12:34:56)")]
    BadMac(String),
    #[error("the MAC address {mac} is used by “{domain}” on {host}")]
    MacInUse { host: String, mac: String, domain: String },
    /// The source or the unattended file can't be read; the text is the [`crate::error::SourceError`].
    #[error("{0}")]
    Source(crate::error::SourceError),
    #[error("line {line}: {problem}")]
    UnattendedLine { line: usize, problem: LineProblem },
    /// debian-installer fetches by wget and tftp only.
    #[error(
        "Debian's installer can't fetch its preseed file by {scheme}:; offer the file by http, or let it be put into the initrd"
    )]
    PreseedScheme { scheme: String },
    /// The installer reads one; `named` are the arguments that name more.
    #[error("more than one unattended file is named ({}); keep one", .named.join(", "))]
    SeveralAnswers { named: Vec<String> },
    /// Something that only the host could say, in its words.
    #[error("{0}")]
    Host(String),
}

fn list(have: &[String]) -> String {
    if have.is_empty() { "none".into() } else { have.join(", ") }
}

/// One thing that a check found.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Where it belongs.
    pub field: Field,
    /// How bad it is.
    pub severity: Severity,
    /// Why, and what to do.
    pub reason: Reason,
}

impl Finding {
    /// A finding that stops the job.
    pub fn block(field: Field, reason: Reason) -> Self {
        Self { field, severity: Severity::Block, reason }
    }

    /// A finding to think about.
    pub fn warn(field: Field, reason: Reason) -> Self {
        Self { field, severity: Severity::Warn, reason }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}
