//! Static migration: saved here, copied with its disks, restored there, and removed here only once it runs there. Until
//! then libvirt's managed save keeps the machine whole at the source, whatever breaks.
use std::thread;
use std::time::{Duration, Instant};

use virt::connect::Connect;
use virt_sys as sys;

use super::journal::{Moved, Record};
use super::made::{There, state};
use super::plan::Plan;
use super::run::{On, Progress, Step};
use super::transfer::{self, Sent};
use super::{job, made, offline, xml};
use crate::domain::{DomainId, read};
use crate::host::Host;
use crate::storage;
use crate::task::Cancel;
use crate::{Error, Result};

/// How long a broken link is waited for while a file is copied.
const PATIENCE: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_secs(1);

/// Where libvirt keeps managed saves: fixed for its system instances (the drivers' saveDir), else not told by any call.
fn save_folder(host: &Host, plan: &Plan) -> Result<&'static str> {
    let session = host.uri().is_some_and(|uri| uri.path == "/session");
    match plan.driver.as_str() {
        "QEMU" if !session => Ok("/var/lib/libvirt/qemu/save"),
        "Xen" => Ok("/var/lib/libvirt/libxl/save"),
        _ => Err(Error::Unsupported("a running machine moves statically only between system instances".into())),
    }
}

/// The file of the machine's memory: libvirt's managed save here, and a name of our own there.
pub(super) fn memory(source: &Host, dest: &Host, plan: &Plan) -> Result<Moved> {
    Ok(Moved {
        here: format!("{}/{}.save", save_folder(source, plan)?, plan.name),
        there: format!("{}/drover-{}.save", save_folder(dest, plan)?, plan.id),
    })
}

/// Brings it there. That it goes here (or on, after an error) is the journal's to do.
pub(super) fn run(source: &Host, dest: &Host, plan: &Plan, on: On, cancel: &Cancel, record: &Record) -> Result<()> {
    let id = plan.id;
    let memory = record.entry().memory;
    let mut ends = Ends { source: source.clone(), dest: dest.clone() };
    if plan.active {
        save(source, plan, on, cancel)?;
    } else {
        source.call(move |conn| offline::still_off(conn, id))?;
    }
    made::make_room(dest, plan)?;
    for copy in &plan.copies {
        ends.bring((&copy.path, &copy.path_there), Step::CopyDisk, on, cancel, record)?;
    }
    // A machine that never ran has no variables yet.
    if let Some(nvram) = plan.nvram.clone() {
        let file = nvram.clone();
        if ends.source.call(move |conn| Ok(storage::exists(conn, &file)))? == Some(true) {
            ends.bring((&nvram, &nvram), Step::CopyFirmware, on, cancel, record)?;
        }
    }
    if let Some(memory) = &memory {
        ends.bring((&memory.here, &memory.there), Step::CopyMemory, on, cancel, record)?;
    }
    let (source, dest) = (&ends.source, &ends.dest);
    cancel.check()?;
    on(Progress::begin(Step::Define));
    let definition = source.call(move |conn| xml::of_domain(conn, id, false))?;
    let definition = xml::for_destination(&definition, &plan.choices, &plan.eject)?;
    record.change(|entry| entry.definition = true)?;
    offline::define(dest, plan, definition)?;
    cancel.check()?;
    match memory {
        Some(memory) => {
            on(Progress::begin(Step::Restore));
            restore(dest, plan, memory.there)
        }
        None => source.call(move |conn| offline::still_off(conn, id)),
    }
}

/// Both hosts, as they are reached now: a link that breaks while a file is copied is opened anew.
struct Ends {
    source: Host,
    dest: Host,
}

impl Ends {
    /// Copies a file there.
    fn bring(
        &mut self,
        (here, there): (&str, &str),
        step: Step,
        on: On,
        cancel: &Cancel,
        record: &Record,
    ) -> Result<()> {
        cancel.check()?;
        let tell = |done, total| on(Progress { step, done, total: Some(total), figures: None });
        let mut sent = Sent::default();
        let mut copied = Ok(());
        made::file(record, &self.dest.clone(), there, || {
            copied = self.copy((here, there), &mut sent, &tell, cancel);
            // What fails later leaves a file of ours.
            if sent.made { Ok(()) } else { std::mem::replace(&mut copied, Ok(())) }
        })?;
        copied
    }

    /// Copies, and goes on after a broken link, as long as something gets through between two breaks.
    fn copy(
        &mut self,
        (here, there): (&str, &str),
        sent: &mut Sent,
        tell: &dyn Fn(u64, u64),
        cancel: &Cancel,
    ) -> Result<()> {
        let mut last = None;
        loop {
            let (from, to) = (self.source.connection()?, self.dest.connection()?);
            let Err(error) = transfer::copy((&from, here), (&to, there), sent, tell, cancel) else { return Ok(()) };
            let is_dead = |link: &Connect| !link.is_alive().unwrap_or(true);
            let (source_died, dest_died) = (is_dead(&from), is_dead(&to));
            let lost = if dest_died { self.dest.id() } else { self.source.id() };
            let lost = Error::Lost { uri: lost.to_string() };
            if !source_died && !dest_died {
                return Err(error);
            }
            if last.is_some_and(|chunks| sent.chunks() <= chunks) {
                return Err(lost);
            }
            last = Some(sent.chunks());
            tracing::warn!(%error, there, chunks = sent.chunks(), "a copy goes on once the link is back");
            if source_died {
                self.source = reopened(&self.source, here, lost, cancel)?;
            } else {
                self.dest = reopened(&self.dest, there, lost, cancel)?;
            }
        }
    }
}

/// A new link to a host, as soon as it answers again; what the old one left over the file's folder is removed.
fn reopened(host: &Host, path: &str, lost: Error, cancel: &Cancel) -> Result<Host> {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        cancel.check()?;
        if let Ok(again) = host.open_again() {
            made::drop_probes(&again, vec![path.to_owned()], true);
            return Ok(again);
        }
        thread::sleep(PAUSE);
    }
    Err(lost)
}

/// Saves it on a thread of its own and watches from here; a cancel lets it run on.
fn save(source: &Host, plan: &Plan, on: On, cancel: &Cancel) -> Result<()> {
    on(Progress::begin(Step::Save));
    let link = source.connection()?;
    let id = plan.id;
    let work = || Ok(read::lookup(&link, id)?.managed_save(0).map(drop)?);
    let saved = job::watched(work, || {
        if let Ok(Some(figures)) = job::figures(source, id) {
            let total = Some(figures.sent().saturating_add(figures.left()));
            on(Progress { step: Step::Save, done: figures.sent(), total, figures: Some(figures) });
        }
        if cancel.is_cancelled()
            && let Err(error) = job::abort(source, id)
        {
            tracing::debug!(%error, "not aborted yet");
        }
    });
    if cancel.is_cancelled() { Err(Error::Cancelled) } else { saved }
}

fn restore(dest: &Host, plan: &Plan, path: String) -> Result<()> {
    let (id, choices, eject) = (plan.id, plan.choices.clone(), plan.eject.clone());
    let (name, driver) = (plan.name.clone(), plan.driver.clone());
    dest.call(move |conn| {
        if driver == "Xen" {
            // It neither tells nor takes another XML; the checks let nothing through that would need one.
            conn.restore_domain(&path)?;
            return restored(conn, id, name);
        }
        let saved = conn.save_image_xml_desc(&path, sys::VIR_DOMAIN_SAVE_IMAGE_XML_SECURE)?;
        let wanted = xml::for_destination(&saved, &choices, &eject)?;
        if wanted == saved {
            conn.restore_domain(&path)?;
        } else {
            conn.restore_domain_flags(&path, Some(&wanted), 0)?;
        }
        restored(conn, id, name)
    })
}

fn restored(conn: &Connect, id: DomainId, name: String) -> Result<()> {
    match state(conn, id)? {
        There::Active => Ok(()),
        There::Gone | There::Defined => Err(Error::NoDomain(name)),
    }
}
