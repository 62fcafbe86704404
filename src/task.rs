//! What a long job reports while it runs, and how it is stopped.
//!
//! Every long job has one signature: `run(plan, on: impl Fn(Progress), cancel: &Cancel) -> Result<T>`.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::{Error, Result};

/// A stop button that can be shared between threads. Cloning gives another handle to the same button.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks the job to stop at its next safe point.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether a stop was asked for.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// `Err(Error::Cancelled)` once a stop was asked for: a job calls it between its steps.
    pub fn check(&self) -> Result<()> {
        if self.is_cancelled() { Err(Error::Cancelled) } else { Ok(()) }
    }
}

/// The step that a job is in; the window words it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Reading the source to find out what it installs.
    Detect,
    /// Fetching the installer's kernel.
    FetchKernel,
    /// Fetching the installer's initial RAM disk.
    FetchInitrd,
    /// Fetching the unattended file.
    FetchUnattended,
    /// Appending files to the initrd.
    Inject,
    /// Sending kernel and initrd to a remote host as volumes.
    Upload,
    /// Creating the disk.
    CreateDisk,
    /// Defining the machine.
    Define,
    /// Starting it.
    Start,
    /// The installer runs; we wait for it to end.
    Installing,
    /// A domain action (start, shut down, save…) that libvirt carries out.
    Act,
    /// A migration's own step.
    Migrate(crate::migrate::run::Step),
    /// Undoing what was made, after a failure or a cancel.
    RollBack,
}

/// How far a job is. `done` and `total` are in bytes for fetches and uploads, else in whatever the step counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The step that the job is in.
    pub step: Step,
    /// Units done in this step.
    pub done: u64,
    /// Units in this step, if known.
    pub total: Option<u64>,
}

impl Progress {
    /// A step that has just begun and has no measure.
    pub fn begin(step: Step) -> Self {
        Self { step, done: 0, total: None }
    }
}
