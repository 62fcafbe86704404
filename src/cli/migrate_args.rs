//! check-migrate's and migrate's options, and the choices that they make.
use clap::{ArgGroup, Args, ValueEnum};
use drover::migrate::{Choices, Kind};

/// What both verbs take.
#[derive(Args)]
pub struct Target {
    /// The machine's name or UUID
    pub machine: String,
    /// The other host's libvirt URI
    #[arg(value_name = "DEST_URI")]
    pub dest: String,
    #[command(flatten)]
    pub options: Options,
}

/// The choices besides the kind.
#[derive(Args)]
pub struct Options {
    /// Where no evidence says whether a disk is shared by both hosts: it is
    #[arg(long, conflicts_with = "assume_private")]
    assume_shared: bool,
    /// Where no evidence says whether a disk is shared by both hosts: it is not
    #[arg(long)]
    assume_private: bool,
    /// Use another bridge there
    #[arg(long, value_name = "HERE=THERE", value_parser = pair)]
    bridge: Vec<(String, String)>,
    /// Use another network there
    #[arg(long, value_name = "HERE=THERE", value_parser = pair)]
    network: Vec<(String, String)>,
    /// Empty CD and floppy drives whose medium the other host does not have
    #[arg(long)]
    eject: bool,
    /// The address at which the source reaches the destination [default: the name that the destination tells]
    #[arg(long)]
    address: Option<String>,
    /// Encrypt the stream
    #[arg(long)]
    tls: bool,
    /// MiB/s at most
    #[arg(long, value_name = "MIB")]
    bandwidth: Option<u64>,
    /// Milliseconds that the machine may stand still at the switch-over
    #[arg(long, value_name = "MS")]
    downtime: Option<u64>,
    /// Slow the machine down if its memory changes faster than it can be sent
    #[arg(long)]
    auto_converge: bool,
}

impl Options {
    /// As choices.
    pub fn choices(&self, kind: Kind) -> Choices {
        let shared = match (self.assume_shared, self.assume_private) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        };
        Choices {
            shared,
            bridges: self.bridge.clone(),
            networks: self.network.clone(),
            eject: self.eject,
            address: self.address.clone(),
            tls: self.tls,
            bandwidth: self.bandwidth,
            downtime: self.downtime,
            auto_converge: self.auto_converge,
            ..Choices::new(kind)
        }
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((here, there)) if !here.is_empty() && !there.is_empty() => Ok((here.to_owned(), there.to_owned())),
        _ => Err("it must be HERE=THERE, such as xenbr0=br0".to_owned()),
    }
}

/// Options of `droverctl check-migrate`.
#[derive(Args)]
#[command(after_help = "Exit status: 0 it can go, 2 something blocks it, 1 it could not be found out.")]
pub struct CheckArgs {
    #[command(flatten)]
    pub target: Target,
    /// How it shall move [default: what disturbs it least and is possible]
    #[arg(long, value_enum)]
    pub kind: Option<KindArg>,
}

/// Options of `droverctl migrate`.
#[derive(Args)]
#[command(group = ArgGroup::new("how"))]
pub struct MigrateArgs {
    #[command(flatten)]
    pub target: Target,
    #[command(flatten)]
    how: How,
    /// Print the command that does the same (virsh's where virsh can), and move nothing
    #[arg(long)]
    pub print_command: bool,
}

/// The kind by an option of its own; without one, what disturbs the machine least and is possible.
#[derive(Args)]
pub struct How {
    /// It runs on; its disks are shared
    #[arg(long, group = "how")]
    live: bool,
    /// It runs on; disks that are not shared are copied along
    #[arg(long, group = "how")]
    copy_storage: bool,
    /// As live, but over to the destination at once; the rest of its memory follows
    #[arg(long, group = "how")]
    postcopy: bool,
    /// It is off, and its disks are there
    #[arg(long, group = "how")]
    offline: bool,
    /// Saved, copied with its disks, restored there
    #[arg(long = "static", group = "how")]
    by_copy: bool,
}

impl MigrateArgs {
    /// The kind that was asked for.
    pub fn kind(&self) -> Option<Kind> {
        let how = &self.how;
        let all = [how.live, how.copy_storage, how.postcopy, how.offline, how.by_copy];
        all.into_iter().zip(Kind::ALL).find(|(asked, _)| *asked).map(|(_, kind)| kind)
    }
}

/// Options of `droverctl evacuate`.
#[derive(Args)]
#[command(
    after_help = "Exit status: 0 all were moved; 2 some can't move anywhere, and none was moved; 1 some moves failed."
)]
pub struct EvacuateArgs {
    /// Libvirt URIs of the hosts that may take machines
    #[arg(value_name = "DEST_URI", required = true)]
    pub dests: Vec<String>,
    /// So many at once
    #[arg(short, long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=3))]
    pub jobs: u8,
    /// Only tell which machine would go where
    #[arg(long)]
    pub dry_run: bool,
    /// Move those that can move, whatever the others
    #[arg(long)]
    pub partly: bool,
    #[command(flatten)]
    pub options: Options,
}

/// A kind by its name.
#[derive(Clone, Copy, ValueEnum)]
pub enum KindArg {
    /// It runs on; its disks are shared
    Live,
    /// It runs on; disks that are not shared are copied along
    Copy,
    /// As live, but over to the destination at once
    Postcopy,
    /// It is off, and its disks are there
    Offline,
    /// Saved, copied with its disks, restored there
    Static,
}

impl From<KindArg> for Kind {
    fn from(arg: KindArg) -> Self {
        match arg {
            KindArg::Live => Self::Live,
            KindArg::Copy => Self::Copy,
            KindArg::Postcopy => Self::PostCopy,
            KindArg::Offline => Self::Offline,
            KindArg::Static => Self::Static,
        }
    }
}
