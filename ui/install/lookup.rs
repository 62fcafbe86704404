//! The look-ups behind the New-machine window: each waits for a pause in typing, then asks on a worker thread.
use std::time::Duration;

use drover::finding::Severity;
use drover::host::Host;
use drover::install::detect::{Detected, detect};
use drover::install::offers::{Offers, free_for, new_mac, offers};
use drover::install::source::Location;
use drover::install::unattended::{self, Checked};
use drover::install::{Disk, Request, Unattended, command_line, plan};
use drover::task::Cancel;
use drover::{Error, Result};
use relm4::ComponentSender;

use super::state::Looked;
use super::wizard::Wizard;
use crate::errors;

/// How long a person must have stopped typing.
const PAUSE: Duration = Duration::from_millis(400);

/// The answer of a look-up; the window drops it if its [`Cancel`] was pressed meanwhile.
#[derive(Debug)]
pub struct Done {
    pub cancel: Cancel,
    pub answer: Answer,
}

/// What was asked, with the trouble in words.
#[derive(Debug)]
pub enum Answer {
    Offers(Result<Box<Offers>, String>),
    Source(Result<Box<Detected>, String>),
    Unattended(Result<Option<Checked>, String>),
    Looked(Box<Looked>),
    Mac(Option<String>),
    /// Stopped before it began.
    Stopped,
}

fn run(
    sender: &ComponentSender<Wizard>,
    pause: Duration,
    cancel: Cancel,
    work: impl FnOnce(&Cancel) -> Answer + Send + 'static,
) {
    sender.oneshot_command(async move {
        tokio::time::sleep(pause).await;
        let button = cancel.clone();
        let answer = if cancel.is_cancelled() {
            Answer::Stopped
        } else {
            relm4::spawn_blocking(move || work(&button)).await.unwrap_or(Answer::Stopped)
        };
        Done { cancel, answer }
    });
}

fn in_words<T>(result: Result<T>) -> Result<T, String> {
    result.map_err(|e| errors::error(&e).body)
}

/// What the host offers.
pub fn ask_host(sender: &ComponentSender<Wizard>, host: Host, cancel: Cancel) {
    run(sender, Duration::ZERO, cancel, move |_| Answer::Offers(in_words(offers(&host)).map(Box::new)));
}

/// Another MAC address.
pub fn another_mac(sender: &ComponentSender<Wizard>, host: Host) {
    run(sender, Duration::ZERO, Cancel::default(), move |_| Answer::Mac(new_mac(&host).ok()));
}

/// What lies at the location.
pub fn read_source(sender: &ComponentSender<Wizard>, location: Location, cancel: Cancel) {
    run(sender, PAUSE, cancel, move |cancel| Answer::Source(in_words(detect(&location, cancel)).map(Box::new)));
}

/// Whether the unattended file is there and good.
pub fn read_unattended(
    sender: &ComponentSender<Wizard>,
    which: Unattended,
    installer: Option<Detected>,
    cancel: Cancel,
) {
    run(sender, PAUSE, cancel, move |cancel| {
        Answer::Unattended(in_words(unattended::check_for(&which, installer.as_ref(), cancel)))
    });
}

/// What the host says of the whole request, and the plan if it says nothing against it.
pub fn check(
    sender: &ComponentSender<Wizard>,
    host: Host,
    request: Request,
    detected: Option<Detected>,
    cancel: Cancel,
) {
    run(sender, PAUSE, cancel, move |cancel| {
        let mut looked = Looked::default();
        if let Err(e) = look(&host, request, detected, cancel, &mut looked) {
            looked.trouble = Some(errors::error(&e).body);
        }
        Answer::Looked(Box::new(looked))
    });
}

fn look(host: &Host, request: Request, detected: Option<Detected>, cancel: &Cancel, looked: &mut Looked) -> Result<()> {
    if let Disk::New { path, .. } = &request.disk {
        looked.free = free_for(host, path).ok().flatten();
    }
    cancel.check()?;
    let Some(detected) = detected else {
        looked.findings = plan::check(host, &request, None)?;
        return Ok(());
    };
    looked.findings = plan::check(host, &request, Some(&detected))?;
    cancel.check()?;
    if looked.findings.iter().any(|f| f.severity == Severity::Block) {
        return Ok(());
    }
    match plan::plan(host, request, detected) {
        Ok(plan) => {
            let command = command_line::virt_install(&plan, host.id().as_str());
            looked.plan = Some((Box::new(plan), command));
        }
        // Something came up after the check.
        Err(Error::Refused(findings)) => looked.findings.extend(findings),
        Err(e) => return Err(e),
    }
    Ok(())
}
