//! Carrying a plan out. Whatever happens, the machine is on exactly one of the two hosts afterwards.
use super::job::Figures;
use super::plan::Plan;
use super::{Kind, live, offline, static_move};
use crate::Result;
use crate::host::Host;
use crate::task::Cancel;

/// The step that a migration is in; the window words it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
pub fn run(source: &Host, dest: &Host, plan: &Plan, on: impl Fn(Progress) + Sync, cancel: &Cancel) -> Result<Done> {
    cancel.check()?;
    let on: On = &on;
    match plan.choices.kind {
        Kind::Live | Kind::Copy | Kind::PostCopy => live::run(source, dest, plan, on, cancel),
        Kind::Offline => offline::run(source, dest, plan, on, cancel),
        Kind::Static => static_move::run(source, dest, plan, on, cancel),
    }
}
