//! Carrying a plan out. Whatever happens, the machine is on exactly one of the two hosts afterwards.
use serde::{Deserialize, Serialize};

use super::job::Figures;
use super::journal::{Entry, Record, Settled, settle_now};
use super::plan::Plan;
use super::{Kind, live, offline, static_move};
use crate::error::Left;
use crate::host::Host;
use crate::task::Cancel;
use crate::{Error, Result};

/// The step that a migration is in; the window words it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Making the images that disks are copied into.
    Prepare,
    /// Memory and disks travel while the machine runs.
    Move,
    /// It runs there and fetches the rest of its memory: no way back.
    PostCopy,
    /// Its memory is written to a file here; it stands still from now on.
    Save,
    CopyDisk,
    /// The file of its firmware's variables.
    CopyFirmware,
    /// The file of its memory.
    CopyMemory,
    /// Its definition is made there.
    Define,
    /// It goes on there from its memory.
    Restore,
    /// It is removed here.
    Remove,
    /// Undoing what was made, after a failure or a cancel.
    RollBack,
}

/// How far a migration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub step: Step,
    /// Bytes in this step.
    pub done: u64,
    pub total: Option<u64>,
    /// The hypervisor's own figures, while it moves the machine.
    pub figures: Option<Figures>,
}

impl Progress {
    /// A step that has just begun.
    pub(super) fn begin(step: Step) -> Self {
        Self { step, done: 0, total: None, figures: None }
    }
}

/// What a migration that went well leaves to say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Done {
    /// Images of the machine that stay at the source: nothing uses them any more, and removing data is a person's decision.
    pub left_here: Vec<String>,
}

/// Who hears of the progress.
pub(super) type On<'a> = &'a (dyn Fn(Progress) + Sync);

/// Moves the machine and sees to it that it is there (running, if it ran) and gone here. On an error or a cancel it goes
/// on here and nothing stays there, or [`crate::Error::LeftBehind`] names it. Once a post-copy migration has switched
/// over, a cancel is ignored: there is no way back.
///
/// The [journal](super::journal) holds the migration meanwhile, and longer if something could not be settled.
pub fn run(source: &Host, dest: &Host, plan: &Plan, on: impl Fn(Progress) + Sync, cancel: &Cancel) -> Result<Done> {
    cancel.check()?;
    let record = Record::begin(Entry::new(source, dest, plan)?)?;
    let told = |p: Progress| {
        if let Err(error) = record.change(|entry| entry.step = p.step) {
            tracing::warn!(%error, "a step of a migration is not in its record");
        }
        on(p);
    };
    let forward: On = &told;
    let moved = match plan.choices.kind {
        Kind::Live | Kind::Copy | Kind::PostCopy => live::run(source, dest, plan, forward, cancel, &record),
        Kind::Offline => offline::run(source, dest, plan, forward, cancel, &record),
        Kind::Static => static_move::run(source, dest, plan, forward, cancel, &record),
    };
    match &moved {
        // What counts from now on is where the machine is: the last step may have gone well although its answer was lost.
        Err(_) => on(Progress::begin(Step::RollBack)),
        Ok(()) => told(Progress::begin(Step::Remove)),
    }
    outcome(plan, moved, settle_now(&record, source, dest))
}

/// What a migration's caller hears, by how it went and how it was settled.
fn outcome(plan: &Plan, moved: Result<()>, settled: Result<Settled>) -> Result<Done> {
    let said = |what: &str| Error::Libvirt { code: 0, message: format!("{} was moved{what} {}", plan.name, plan.dest) };
    let (cause, left) = match settled {
        Ok(Settled::FinishedThere { running, left_here, left }) => {
            if let Err(error) = moved {
                tracing::warn!(%error, "the migration went well all the same");
            }
            if plan.active && !running {
                (said(", but does not run on"), left)
            } else if left.is_empty() {
                return Ok(Done { left_here });
            } else {
                (said(" to"), left)
            }
        }
        Ok(Settled::StayedHere { left, .. }) => (moved.err().unwrap_or_else(|| said(", but is not on")), left),
        Ok(Settled::NothingToDo) => (moved.err().unwrap_or_else(|| Error::NoDomain(plan.name.clone())), Vec::new()),
        Ok(Settled::CannotTell { here, there }) => {
            let why = format!("it is {here} on {} and {there} on {}", plan.source, plan.dest);
            (
                moved.err().unwrap_or_else(|| said(" to")),
                vec![undecided(plan, Error::Libvirt { code: 0, message: why })],
            )
        }
        Err(why) => (moved.err().unwrap_or_else(|| said(" to")), vec![undecided(plan, why)]),
    };
    Err(if left.is_empty() { cause } else { Error::LeftBehind { cause: Box::new(cause), left } })
}

fn undecided(plan: &Plan, why: Error) -> Left {
    let (name, here, there) = (plan.name.clone(), plan.source.clone(), plan.dest.clone());
    Left::Undecided { name, here, there, why: Box::new(why) }
}
