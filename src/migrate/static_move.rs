//! Static migration: saved here, copied with its disks, restored there, and removed here only once it runs there. Until
//! then libvirt's managed save keeps the machine whole at the source, whatever breaks.
use virt::connect::Connect;
use virt_sys as sys;

use super::made::{Made, There, drop_probes, file_at, insist, make_room, state};
use super::plan::Plan;
use super::run::{Done, On, Progress, Step};
use super::{job, offline, transfer, xml};
use crate::domain::actions::{self, Action};
use crate::domain::read;
use crate::error::Left;
use crate::host::Host;
use crate::storage;
use crate::task::Cancel;
use crate::{Error, Result};

/// What has been done so far.
#[derive(Default)]
struct Reached {
    made: Made,
    /// The restore was asked for: the machine may run there from now on.
    restoring: bool,
}

pub(super) fn run(source: &Host, dest: &Host, plan: &Plan, on: On, cancel: &Cancel) -> Result<Done> {
    if plan.active {
        save_folder(source, plan)?;
        save_folder(dest, plan)?;
    }
    let mut reached = Reached::default();
    if let Err(cause) = steps(source, dest, plan, on, cancel, &mut reached) {
        on(Progress::begin(Step::RollBack));
        roll_back(source, dest, plan, &reached, cause)?;
    }
    on(Progress::begin(Step::Remove));
    remove(source, dest, plan)?;
    Ok(Done { left_here: plan.copies.iter().map(|c| c.path.clone()).collect() })
}

/// Where libvirt keeps managed saves: fixed for its system instances (the drivers' saveDir), else not told by any call.
fn save_folder(host: &Host, plan: &Plan) -> Result<&'static str> {
    let session = host.uri().is_some_and(|uri| uri.path == "/session");
    match plan.driver.as_str() {
        "QEMU" if !session => Ok("/var/lib/libvirt/qemu/save"),
        "Xen" => Ok("/var/lib/libvirt/libxl/save"),
        _ => Err(Error::Unsupported("a running machine moves statically only between system instances".into())),
    }
}

/// The machine's managed save here.
fn save_file(source: &Host, plan: &Plan) -> Result<String> {
    Ok(format!("{}/{}.save", save_folder(source, plan)?, plan.name))
}

/// The machine's memory image there; its name is ours alone.
fn image_there(dest: &Host, plan: &Plan) -> Result<String> {
    Ok(format!("{}/drover-{}.save", save_folder(dest, plan)?, plan.id))
}

fn steps(source: &Host, dest: &Host, plan: &Plan, on: On, cancel: &Cancel, reached: &mut Reached) -> Result<()> {
    let id = plan.id;
    if plan.active {
        save(source, plan, on, cancel)?;
    } else {
        source.call(move |conn| offline::still_off(conn, id))?;
    }
    let (from, to) = (source.connection()?, dest.connection()?);
    let made = &mut reached.made;
    let mut bring = |step, here: &str, there: &str| {
        cancel.check()?;
        let tell = |done, total| on(Progress { step, done, total: Some(total), figures: None });
        let copied = transfer::copy((&from, here), (&to, there), || made.files.push(there.to_owned()), &tell, cancel);
        copied.map_err(|e| {
            match [(&from, source), (&to, dest)].iter().find(|(link, _)| !link.is_alive().unwrap_or(true)) {
                Some((_, host)) => Error::Lost { uri: host.id().to_string() },
                None => e,
            }
        })
    };
    make_room(dest, plan)?;
    for copy in &plan.copies {
        bring(Step::CopyDisk, &copy.path, &copy.path_there)?;
    }
    // A machine that never ran has no variables yet.
    if let Some(nvram) = plan.nvram.as_deref().filter(|n| storage::exists(&from, n) == Some(true)) {
        bring(Step::CopyFirmware, nvram, nvram)?;
    }
    if plan.active {
        bring(Step::CopyMemory, &save_file(source, plan)?, &image_there(dest, plan)?)?;
    }
    cancel.check()?;
    on(Progress::begin(Step::Define));
    let definition = xml::for_destination(&xml::of_domain(&from, id, false)?, &plan.choices, &plan.eject)?;
    reached.made.definition = true;
    offline::define(dest, plan, definition)?;
    cancel.check()?;
    if plan.active {
        on(Progress::begin(Step::Restore));
        reached.restoring = true;
        restore(dest, plan)?;
    }
    Ok(())
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

fn restore(dest: &Host, plan: &Plan) -> Result<()> {
    let (id, path, choices, eject) = (plan.id, image_there(dest, plan)?, plan.choices.clone(), plan.eject.clone());
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

/// Ends well if the machine turns out to run there; else it goes on here and nothing stays there.
fn roll_back(source: &Host, dest: &Host, plan: &Plan, reached: &Reached, cause: Error) -> Result<()> {
    let id = plan.id;
    if reached.restoring {
        match insist(dest, move |conn| state(conn, id)) {
            Ok(There::Active) => {
                tracing::warn!(error = %cause, "the machine runs there all the same");
                return Ok(());
            }
            Ok(There::Gone | There::Defined) => {}
            // It may run there: started here as well, it would be two.
            Err(e) => {
                let (name, here, there) = (plan.name.clone(), plan.source.clone(), plan.dest.clone());
                let left = vec![Left::Undecided { name, here, there, why: Box::new(e) }];
                return Err(Error::LeftBehind { cause: Box::new(cause), left });
            }
        }
    }
    let mut left = Vec::new();
    let read = plan.copies.iter().map(|c| c.path.clone()).chain(save_file(source, plan).ok());
    drop_probes(source, read.collect());
    if plan.active
        && let Err(e) = insist(source, move |conn| go_on(conn, id))
    {
        left.push(Left::Saved { name: plan.name.clone(), host: plan.source.clone(), why: Box::new(e) });
    }
    left.extend(reached.made.undo(dest, plan));
    Err(if left.is_empty() { cause } else { Error::LeftBehind { cause: Box::new(cause), left } })
}

/// Starts it from its managed save, if it does not run.
fn go_on(conn: &Connect, id: crate::domain::DomainId) -> Result<()> {
    match state(conn, id)? {
        There::Active => Ok(()),
        There::Defined | There::Gone => Ok(read::lookup(conn, id)?.create().map(drop)?),
    }
}

/// It runs (or lies) there: what is left of it here goes, disks excepted.
fn remove(source: &Host, dest: &Host, plan: &Plan) -> Result<()> {
    let mut left = Vec::new();
    if plan.active {
        let path = image_there(dest, plan)?;
        let file = path.clone();
        if let Err(e) = insist(dest, move |conn| storage::remove(conn, &file)) {
            left.push(file_at(&plan.dest, &path, e));
        }
    }
    let removed = actions::run(source, plan.id, Action::Delete { force: false });
    match removed {
        Err(cause) => {
            left.push(Left::Twin { name: plan.name.clone(), host: plan.source.clone() });
            Err(Error::LeftBehind { cause: Box::new(cause), left })
        }
        Ok(()) if !left.is_empty() => {
            let message = format!("{} was moved to {}", plan.name, plan.dest);
            Err(Error::LeftBehind { cause: Box::new(Error::Libvirt { code: 0, message }), left })
        }
        Ok(()) => Ok(()),
    }
}
