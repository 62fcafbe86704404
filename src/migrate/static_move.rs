//! Static migration: saved here, copied with its disks, restored there, and removed here only once it runs there. Until
//! then libvirt's managed save keeps the machine whole at the source, whatever breaks.
use virt_sys as sys;

use super::journal::{Moved, Record};
use super::made::{There, state};
use super::plan::Plan;
use super::run::{On, Progress, Step};
use super::{job, made, offline, transfer, xml};
use crate::domain::read;
use crate::host::Host;
use crate::storage;
use crate::task::Cancel;
use crate::{Error, Result};

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
    if plan.active {
        save(source, plan, on, cancel)?;
    } else {
        source.call(move |conn| offline::still_off(conn, id))?;
    }
    made::make_room(dest, plan)?;
    for copy in &plan.copies {
        bring((source, &copy.path), (dest, &copy.path_there), Step::CopyDisk, on, cancel, record)?;
    }
    // A machine that never ran has no variables yet.
    if let Some(nvram) = plan.nvram.clone() {
        let file = nvram.clone();
        if source.call(move |conn| Ok(storage::exists(conn, &file)))? == Some(true) {
            bring((source, &nvram), (dest, &nvram), Step::CopyFirmware, on, cancel, record)?;
        }
    }
    if let Some(memory) = &memory {
        bring((source, &memory.here), (dest, &memory.there), Step::CopyMemory, on, cancel, record)?;
    }
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

/// Copies a file there.
fn bring(
    (source, here): (&Host, &str),
    (dest, there): (&Host, &str),
    step: Step,
    on: On,
    cancel: &Cancel,
    record: &Record,
) -> Result<()> {
    cancel.check()?;
    let (from, to) = (source.connection()?, dest.connection()?);
    let tell = |done, total| on(Progress { step, done, total: Some(total), figures: None });
    let mut copied = Ok(());
    made::file(record, dest, there, || {
        let mut is_there = false;
        copied = transfer::copy((&from, here), (&to, there), || is_there = true, &tell, cancel);
        // What fails later leaves a file of ours.
        if is_there { Ok(()) } else { std::mem::replace(&mut copied, Ok(())) }
    })?;
    copied.map_err(|e| match [(&from, source), (&to, dest)].iter().find(|(link, _)| !link.is_alive().unwrap_or(true)) {
        Some((_, host)) => Error::Lost { uri: host.id().to_string() },
        None => e,
    })
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
    let name = plan.name.clone();
    dest.call(move |conn| {
        let saved = conn.save_image_xml_desc(&path, sys::VIR_DOMAIN_SAVE_IMAGE_XML_SECURE)?;
        let wanted = xml::for_destination(&saved, &choices, &eject)?;
        if wanted == saved {
            conn.restore_domain(&path)?;
        } else {
            conn.restore_domain_flags(&path, Some(&wanted), 0)?;
        }
        match state(conn, id)? {
            There::Active => Ok(()),
            There::Gone | There::Defined => Err(Error::NoDomain(name)),
        }
    })
}
