//! check-migrate's and migrate's options, and the choices that they make.
use clap::{ArgGroup, Args, ValueEnum};
use drover::install::Format;
use drover::migrate::{Choices, Compression, DiskChoice, Kind, Place, Way};

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
    #[command(flatten)]
    one: OneMachine,
}

impl Target {
    /// As choices.
    pub fn choices(&self, kind: Kind) -> Choices {
        let one = &self.one;
        let peer = one.peer_uri.clone().unwrap_or_else(|| self.dest.clone());
        let way = match (one.p2p, one.tunnelled) {
            (_, true) => Way::Tunnel(peer),
            (true, false) => Way::Peer(peer),
            (false, false) => Way::Managed,
        };
        Choices {
            way,
            on_demand: one.on_demand,
            keep: one.keep,
            name: one.new_name.clone(),
            disks: one.disk.clone(),
            incremental: one.incremental,
            replace: one.replace.clone(),
            ..self.options.choices(kind)
        }
    }
}

/// Choices that are one machine's.
#[derive(Args)]
struct OneMachine {
    /// Let the source's daemon do it, over a login of its own at the destination: it goes on when this program ends
    #[arg(long)]
    p2p: bool,
    /// As --p2p, and send memory through the daemons' own connection, without a port of its own
    #[arg(long)]
    tunnelled: bool,
    /// The destination's libvirt URI as the source's daemon must use it [default: DEST_URI]
    #[arg(long, value_name = "URI")]
    peer_uri: Option<String>,
    /// With --postcopy: go over only when told to (virsh migrate-postcopy), not by itself after one pass
    #[arg(long)]
    on_demand: bool,
    /// Keep its definition here as well, without autostart; started in both places it would destroy its disks
    #[arg(long)]
    keep: bool,
    /// Its name there
    #[arg(long, value_name = "NAME")]
    new_name: Option<String>,
    /// One disk, such as vda,copy=yes,folder=/srv/images,format=qcow2: whether it is copied, and its copy's place (folder=
    /// or pool=) and format (raw or qcow2)
    #[arg(long, value_name = "TARGET,KEY=VALUE…", value_parser = disk)]
    disk: Vec<DiskChoice>,
    /// Of a disk that stands on another file copy only what lies over that one, which the destination must have
    #[arg(long)]
    incremental: bool,
    /// Remove this file there to make room for a copy: what is left of this machine from an earlier move
    #[arg(long, value_name = "PATH")]
    replace: Vec<String>,
}

fn disk(text: &str) -> Result<DiskChoice, String> {
    let (target, rest) = text.split_once(',').ok_or("it must be TARGET,KEY=VALUE, such as vda,copy=no")?;
    let mut choice = DiskChoice { target: target.to_owned(), ..DiskChoice::default() };
    for part in rest.split(',') {
        match part.split_once('=') {
            Some(("copy", "yes")) => choice.copy = Some(true),
            Some(("copy", "no")) => choice.copy = Some(false),
            Some(("folder", folder)) if folder.starts_with('/') => {
                choice.place = Some(Place::Folder(folder.to_owned()))
            }
            Some(("pool", pool)) if !pool.is_empty() => choice.place = Some(Place::Pool(pool.to_owned())),
            Some(("format", "raw")) => choice.format = Some(Format::Raw),
            Some(("format", "qcow2")) => choice.format = Some(Format::Qcow2),
            _ => return Err(format!("“{part}” is none of copy=yes|no, folder=/PATH, pool=NAME, format=raw|qcow2")),
        }
    }
    Ok(choice)
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
    /// Let the machine stand still until all of its memory is there
    #[arg(long)]
    stand_still: bool,
    /// Send memory over so many connections side by side
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..))]
    parallel: Option<u8>,
    /// Compress memory; zlib and zstd go with --parallel, the others without
    #[arg(long, value_name = "METHOD", value_enum)]
    compress: Option<CompressArg>,
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
            stand_still: self.stand_still,
            parallel: self.parallel,
            compress: self.compress.map(Compression::from),
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

/// Options of `droverctl bring-back`.
#[derive(Args)]
#[command(after_help = "Exit status: 0 all are back; 2 some can't come back, and none was moved; 1 some moves failed.")]
pub struct BringBackArgs {
    /// So many at once
    #[arg(short, long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=3))]
    pub jobs: u8,
    /// Only tell which machine would come from where
    #[arg(long)]
    pub dry_run: bool,
    /// Bring back those that can come, whatever the others
    #[arg(long)]
    pub partly: bool,
    #[command(flatten)]
    pub options: Options,
}

/// A compression by libvirt's name.
#[derive(Clone, Copy, ValueEnum)]
pub enum CompressArg {
    /// What changed of a page that is sent again
    Xbzrle,
    /// By several threads (QEMU before 9.1)
    Mt,
    Zlib,
    Zstd,
}

impl From<CompressArg> for Compression {
    fn from(arg: CompressArg) -> Self {
        match arg {
            CompressArg::Xbzrle => Self::Xbzrle,
            CompressArg::Mt => Self::Mt,
            CompressArg::Zlib => Self::Zlib,
            CompressArg::Zstd => Self::Zstd,
        }
    }
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
