//! droverctl's verbs: what is typed, which code carries it out, and what the shell gets back.

#[macro_use]
mod print;

mod act;
mod detect;
mod evacuate;
mod install;
mod install_args;
mod list;
mod login;
mod migrate;
mod migrate_args;
mod progress;
mod quiet;
mod recover;

use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Parser, Subcommand};
use drover::domain::actions::Action;
use drover::host::Host;
use drover::{Error, Result};
use tracing_subscriber::EnvFilter;

use install_args::InstallArgs;
use migrate_args::{CheckArgs, EvacuateArgs, MigrateArgs};

/// A job failed; one line on stderr says why.
const FAILED: u8 = 1;
/// A check refused it, so nothing was done. clap's own usage errors have the same code.
const REFUSED: u8 = 2;

/// Manage virtual machines on libvirt hosts.
///
/// Exit status: 0 done; 1 failed, with one line on standard error; 2 refused by a check (or wrong usage), nothing was done.
#[derive(Parser)]
#[command(name = "droverctl", version, max_term_width = 100)]
struct Cli {
    /// The host's libvirt URI [default: $LIBVIRT_DEFAULT_URI, else qemu:///system for root, qemu:///session for others]
    #[arg(short, long, value_name = "URI", global = true)]
    connect: Option<String>,
    /// Print JSON instead of text
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List the machines of the host
    List {
        /// With UUID, operating system, disks, network cards and displays
        #[arg(short, long)]
        long: bool,
    },
    /// Start a machine that is off (from its saved state, if it has one)
    #[command(visible_alias = "create")]
    Start(Machine),
    /// Ask the guest to shut down
    Shutdown(Machine),
    /// Ask the guest to restart
    Reboot(Machine),
    /// Force a machine off, as by pulling its plug
    Destroy(Machine),
    /// Stop its CPUs; its memory stays
    Pause(Machine),
    /// Let a paused machine go on
    Resume(Machine),
    /// Save its memory to disk and stop it
    Save(MachineAndFile),
    /// Start it where it was saved
    Restore(Restore),
    /// Tell what an install tree installs
    Detect {
        /// nfs:HOST:/PATH, nfs://HOST/PATH, http(s)://… or a local folder
        location: String,
    },
    /// Make a new machine and start its installer (takes virt-install's options)
    Install(Box<InstallArgs>),
    /// Tell what stands against moving a machine to another host
    CheckMigrate(Box<CheckArgs>),
    /// Move a machine to another host
    Migrate(Box<MigrateArgs>),
    /// Move all machines away to other hosts
    Evacuate(Box<EvacuateArgs>),
    /// Finish or undo migrations whose program was ended in their middle
    Recover(recover::Args),
}

#[derive(Args)]
struct Machine {
    /// Its name or UUID
    #[arg(value_name = "MACHINE")]
    machine: String,
}

#[derive(Args)]
struct MachineAndFile {
    /// Its name or UUID
    machine: String,
    /// A file on the host (for a remote host by its whole path); without it libvirt keeps the state, and the next start
    /// goes on from it
    file: Option<String>,
}

#[derive(Args)]
struct Restore {
    /// Its name or UUID — or, as a path with a “/” in it, the file on the host that it was saved to
    what: String,
}

/// What a verb needs besides its own arguments.
struct Context {
    uri: String,
    json: bool,
}

impl Context {
    fn open(&self) -> Result<Host> {
        Host::open_now(&self.uri, Arc::new(login::Terminal))
    }
}

/// Reads the command line, does it, and turns the outcome into an exit status.
pub fn run() -> ExitCode {
    let filter = EnvFilter::try_from_env("DROVER_LOG").unwrap_or_else(|_| EnvFilter::new("error"));
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
    // Else libvirt prints its errors by itself, beside our line.
    virt::error::clear_error_callback();
    quiet::warnings();
    let cli = Cli::parse();
    let context = Context { uri: cli.connect.unwrap_or_else(default_uri), json: cli.json };
    match carry_out(&context, cli.verb) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let (lines, code) = failure.report();
            for line in lines {
                // One line each, whatever line breaks a server's message has.
                complain!("{}", line.split_whitespace().collect::<Vec<_>>().join(" "));
            }
            ExitCode::from(code)
        }
    }
}

/// What to do about an error of opening a host, to follow its words.
fn remedy(error: &Error) -> &'static str {
    match error {
        Error::Denied { .. } => " (to be allowed: sudo usermod -aG libvirt USER, then log in anew)",
        Error::NoDaemon { .. } => " (to start one: sudo systemctl enable --now libvirtd.socket)",
        _ => "",
    }
}

/// Why a verb did not do what it should.
enum Failure {
    Error(Error),
    /// A check of ours said no.
    Refused(String),
    /// Some of several failed: a line for each.
    Failed(Vec<String>),
}

impl From<Error> for Failure {
    fn from(e: Error) -> Self {
        Self::Error(e)
    }
}

impl Failure {
    /// What a person reads, and the exit status.
    fn report(self) -> (Vec<String>, u8) {
        match self {
            Self::Refused(words) => (vec![words], REFUSED),
            Self::Failed(lines) => (lines, FAILED),
            Self::Error(Error::Refused(findings)) => {
                let lines = findings.iter().map(|f| format!("{}: {f}", install::field_name(f.field)));
                (lines.collect(), REFUSED)
            }
            Self::Error(e @ Error::Login { .. }) if !login::Terminal::is_here() => {
                (vec![format!("{e} (there is no terminal to ask for a login at)")], FAILED)
            }
            Self::Error(e) => (vec![format!("{e}{}", remedy(&e))], FAILED),
        }
    }
}

fn carry_out(context: &Context, verb: Verb) -> Result<(), Failure> {
    let act = |m: &Machine, action| act::run(context, &m.machine, action);
    match verb {
        Verb::List { long } => list::run(context, long)?,
        Verb::Start(m) => act(&m, Action::Start)?,
        Verb::Shutdown(m) => act(&m, Action::Shutdown)?,
        Verb::Reboot(m) => act(&m, Action::Reboot)?,
        Verb::Destroy(m) => act(&m, Action::ForceOff)?,
        Verb::Pause(m) => act(&m, Action::Pause)?,
        Verb::Resume(m) => act(&m, Action::Resume)?,
        Verb::Save(m) => act::save(context, &m.machine, m.file.as_deref())?,
        Verb::Restore(r) => act::restore(context, &r.what)?,
        Verb::Detect { location } => detect::run(context, &location)?,
        Verb::Install(args) => install::run(context, &args)?,
        Verb::Migrate(args) => migrate::run(context, &args)?,
        Verb::Evacuate(args) => evacuate::run(context, &args)?,
        Verb::Recover(args) => recover::run(context, &args)?,
        Verb::CheckMigrate(args) => migrate::check_only(context, &args)?,
    }
    Ok(())
}

/// As virsh decides: the environment, else the system's instance for root and one's own for others.
fn default_uri() -> String {
    let given = std::env::var("LIBVIRT_DEFAULT_URI").ok().filter(|uri| !uri.is_empty());
    given.unwrap_or_else(|| {
        let instance = if is_root() { "system" } else { "session" };
        format!("qemu:///{instance}")
    })
}

/// Linux tells the effective user as the owner of our own entry in /proc.
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|m| m.uid() == 0)
}
