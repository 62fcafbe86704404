//! A job's progress on standard error: one line a step, rewritten as it goes — at a terminal only, so that a script finds
//! nothing there but what went wrong.
use std::io::{IsTerminal, Write, stderr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use drover::task::{Progress, Step};

/// Between two rewrites of the line.
const EVERY: Duration = Duration::from_millis(100);
const MIB: f64 = 1024.0 * 1024.0;

/// Shows a job's progress.
pub struct Line {
    state: Mutex<State>,
    terminal: bool,
}

#[derive(Default)]
struct State {
    /// What the line begins with: another beginning is another line.
    head: Option<&'static str>,
    written: Option<Instant>,
    open: bool,
}

impl Line {
    pub fn new() -> Self {
        Self { state: Mutex::default(), terminal: stderr().is_terminal() }
    }

    /// Takes a report.
    pub fn show(&self, progress: Progress) {
        self.write(word(progress.step), progress.total == Some(progress.done), || text(progress));
    }

    /// Shows `text`, which begins with `head`; what comes too soon after the last is left out, unless it is complete.
    pub fn write(&self, head: &'static str, complete: bool, text: impl Fn() -> String) {
        if !self.terminal {
            return;
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let new_head = state.head != Some(head);
        if !new_head && !complete && state.written.is_some_and(|w| w.elapsed() < EVERY) {
            return;
        }
        state.head = Some(head);
        state.written = Some(Instant::now());
        let mut err = stderr().lock();
        let end = if new_head && state.open { "\n" } else { "\r\x1b[K" };
        state.open = true;
        // Progress that can't be shown is no reason to fail.
        let _ = write!(err, "{end}{}", text()).and_then(|()| err.flush());
    }

    /// Ends the line, before something else is printed.
    pub fn end(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::take(&mut state.open) {
            eprintln!();
        }
    }
}

fn text(p: Progress) -> String {
    // Bytes to MiB for the eye.
    #[allow(clippy::cast_precision_loss)]
    let mib = |bytes: u64| bytes as f64 / MIB;
    match p.total {
        _ if p.done == 0 => word(p.step).to_owned(),
        Some(total) if total > 0 => format!("{}  {:.1} of {:.1} MiB", word(p.step), mib(p.done), mib(total)),
        _ => format!("{}  {:.1} MiB", word(p.step), mib(p.done)),
    }
}

fn word(step: Step) -> &'static str {
    match step {
        Step::Detect => "Reading the source",
        Step::FetchKernel => "Fetching the kernel",
        Step::FetchInitrd => "Fetching the initrd",
        Step::FetchUnattended => "Fetching the unattended file",
        Step::Inject => "Putting the file into the initrd",
        Step::Upload => "Sending kernel and initrd to the host",
        Step::CreateDisk => "Creating the disk",
        Step::Define => "Defining the machine",
        Step::Start => "Starting the machine",
        Step::Installing => "The installer runs",
        Step::Act | Step::Migrate(_) => "Working",
        Step::RollBack => "Undoing what was made",
    }
}
