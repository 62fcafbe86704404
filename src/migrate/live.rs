//! Live migration: memory travels while the machine runs, disks that are not shared with it.
use std::time::{Duration, Instant};

use virt::connect::Connect;
use virt_sys as sys;

use super::job::{self, Figures};
use super::journal::Record;
use super::plan::Plan;
use super::run::{On, Progress, Step};
use super::{Kind, made, xml};
use crate::domain::read;
use crate::host::migrate_ffi::{self, Params};
use crate::host::{Host, HostId};
use crate::storage;
use crate::task::Cancel;
use crate::{Error, Result};

/// A job that has sent nothing for so long is taken for dead: its link was cut. Xen's tells only how long it runs.
const STALL: Duration = Duration::from_secs(30);

/// Lets libvirt move it. What is left to do then is the journal's.
pub(super) fn run(source: &Host, dest: &Host, plan: &Plan, on: On, cancel: &Cancel, record: &Record) -> Result<()> {
    prepare(dest, plan, on, cancel, record)?;
    record.change(|entry| entry.definition = true)?;
    transfer(source, dest, plan, on, cancel)
}

/// Makes the images that disks are copied into. libvirt would make them itself only where a pool is started over their
/// folder, and never removes them after a failure.
fn prepare(dest: &Host, plan: &Plan, on: On, cancel: &Cancel, record: &Record) -> Result<()> {
    on(Progress::begin(Step::Prepare));
    made::make_room(dest, plan)?;
    for copy in plan.copies.clone() {
        cancel.check()?;
        let path = copy.path_there.clone();
        made::file(record, dest, &path, || {
            dest.call(move |conn| match &copy.backing {
                // Without what it stands on, libvirt would make half a disk of it, and say nothing.
                Some((base, format)) => storage::create_over(conn, &copy.path_there, copy.capacity, base, format),
                None => storage::create(conn, &copy.path_there, copy.capacity, copy.format, true),
            })
        })?;
    }
    Ok(())
}

/// Runs libvirt's migration on a thread of its own, so that the host's lane stays free, and watches it from here.
fn transfer(source: &Host, dest: &Host, plan: &Plan, on: On, cancel: &Cancel) -> Result<()> {
    let (from, to) = (source.connection()?, dest.connection()?);
    if let Some(milliseconds) = plan.choices.downtime {
        job::set_downtime(source, plan.id, milliseconds)?;
    }
    on(Progress::begin(Step::Move));
    let mut watch = Watch::new(source, dest.id(), plan, on);
    let moved = job::watched(|| migrate(&from, &to, plan), || watch.look(cancel, to.is_alive().unwrap_or(true)));
    match moved {
        Err(_) if cancel.is_cancelled() && !watch.switched => Err(Error::Cancelled),
        Err(_) if !from.is_alive().unwrap_or(true) => Err(Error::Lost { uri: source.id().to_string() }),
        Err(e) => Err(watch.given_up.unwrap_or(e)),
        Ok(()) => Ok(()),
    }
}

fn migrate(from: &Connect, to: &Connect, plan: &Plan) -> Result<()> {
    let domain = read::lookup(from, plan.id)?;
    let mut params = Params::new();
    let choices = &plan.choices;
    let now = xml::of_domain(from, plan.id, true)?;
    let there = xml::for_destination(&now, choices, &plan.eject)?;
    if there != now {
        params.add(sys::VIR_MIGRATE_PARAM_DEST_XML, &there)?;
        // Xen's driver defines what it got running.
        if plan.persistent && plan.driver == "QEMU" {
            let later = xml::for_destination(&xml::of_domain(from, plan.id, false)?, choices, &plan.eject)?;
            params.add(sys::VIR_MIGRATE_PARAM_PERSIST_XML, &later)?;
        }
    }
    if let Some(name) = choices.name.as_ref().filter(|name| **name != plan.name) {
        params.add(sys::VIR_MIGRATE_PARAM_DEST_NAME, name)?;
    }
    if let Some(address) = &choices.address {
        params.add(sys::VIR_MIGRATE_PARAM_URI, &format!("tcp://{}", in_uri(address)))?;
        if choices.tls {
            // The certificate names the host, not the way that was chosen to it.
            params.add(sys::VIR_MIGRATE_PARAM_TLS_DESTINATION, &plan.dest)?;
        }
    }
    if let Some(mib) = choices.bandwidth {
        params.add_number(sys::VIR_MIGRATE_PARAM_BANDWIDTH, mib)?;
        if choices.kind == Kind::PostCopy {
            // Else what follows after the switch-over would take the whole link.
            params.add_number(sys::VIR_MIGRATE_PARAM_BANDWIDTH_POSTCOPY, mib)?;
        }
    }
    for copy in &plan.copies {
        params.add(sys::VIR_MIGRATE_PARAM_MIGRATE_DISKS, &copy.target)?;
    }
    if let Some(connections) = choices.parallel {
        params.add_int(sys::VIR_MIGRATE_PARAM_PARALLEL_CONNECTIONS, connections)?;
    }
    if let Some(method) = choices.compress {
        params.add(sys::VIR_MIGRATE_PARAM_COMPRESSION, method.name())?;
    }
    match choices.way.peer_uri() {
        Some(uri) => migrate_ffi::migrate_to(&domain, uri, &params, flags(plan)),
        None => migrate_ffi::migrate(&domain, to, &params, flags(plan)),
    }
}

/// A host's name or address as URIs have it.
pub(super) fn in_uri(address: &str) -> String {
    if address.contains(':') && !address.starts_with('[') { format!("[{address}]") } else { address.to_owned() }
}

fn flags(plan: &Plan) -> u32 {
    let choices = &plan.choices;
    let qemu = plan.driver == "QEMU";
    let (copies, over) = (!plan.copies.is_empty(), plan.copies.iter().any(|c| c.backing.is_some()));
    [
        (!choices.stand_still, sys::VIR_MIGRATE_LIVE),
        (plan.persistent, sys::VIR_MIGRATE_PERSIST_DEST),
        (plan.persistent && !choices.keep, sys::VIR_MIGRATE_UNDEFINE_SOURCE),
        (copies && !over, sys::VIR_MIGRATE_NON_SHARED_DISK),
        (copies && over, sys::VIR_MIGRATE_NON_SHARED_INC),
        (choices.way.peer_uri().is_some(), sys::VIR_MIGRATE_PEER2PEER),
        (choices.way.is_tunnel(), sys::VIR_MIGRATE_TUNNELLED),
        (choices.parallel.is_some(), sys::VIR_MIGRATE_PARALLEL),
        (choices.compress.is_some(), sys::VIR_MIGRATE_COMPRESSED),
        (choices.kind == Kind::PostCopy, sys::VIR_MIGRATE_POSTCOPY),
        (choices.tls, sys::VIR_MIGRATE_TLS),
        (choices.auto_converge, sys::VIR_MIGRATE_AUTO_CONVERGE),
        // A disk that fails here must not take the machine there.
        (qemu && choices.kind != Kind::PostCopy, sys::VIR_MIGRATE_ABORT_ON_ERROR),
    ]
    .into_iter()
    .filter(|(wanted, _)| *wanted)
    .fold(0, |all, (_, flag)| all | flag)
}

/// What is looked at while libvirt works.
struct Watch<'a> {
    source: &'a Host,
    dest: &'a HostId,
    plan: &'a Plan,
    on: On<'a>,
    /// Whether the machine has gone over: no abort from then on.
    switched: bool,
    /// What was sent when something last moved, and when.
    last: (u64, Instant),
    /// Why the job was aborted by us.
    given_up: Option<Error>,
}

impl<'a> Watch<'a> {
    fn new(source: &'a Host, dest: &'a HostId, plan: &'a Plan, on: On<'a>) -> Self {
        Self { source, dest, plan, on, switched: false, last: (0, Instant::now()), given_up: None }
    }

    fn look(&mut self, cancel: &Cancel, dest_lives: bool) {
        // Errors here are the move's own to tell.
        let figures = job::figures(self.source, self.plan.id).ok().flatten();
        // Another program, or the window, may have switched it over.
        if self.plan.choices.kind == Kind::PostCopy && !self.switched {
            self.switched = job::has_switched(self.source, self.plan.id).unwrap_or_default();
        }
        if let Some(figures) = figures {
            self.told(figures);
        }
        if self.switched {
            return;
        }
        if !dest_lives {
            self.given_up.get_or_insert_with(|| Error::Lost { uri: self.dest.to_string() });
        } else if figures.is_some() && self.plan.driver == "QEMU" && self.last.1.elapsed() > STALL {
            let message = format!("nothing was sent for {} s: the link between the hosts is cut", STALL.as_secs());
            self.given_up.get_or_insert(Error::Libvirt { code: 0, message });
        }
        if cancel.is_cancelled() || self.given_up.is_some() {
            // Tried again at each look: a job that has not begun can't be aborted yet.
            if let Err(error) = job::abort(self.source, self.plan.id) {
                tracing::debug!(%error, "not aborted yet");
            }
        } else if let Some(figures) = figures {
            self.perhaps_switch(figures);
        }
    }

    fn told(&mut self, figures: Figures) {
        if figures.sent() != self.last.0 {
            self.last = (figures.sent(), Instant::now());
        }
        let step = if self.switched { Step::PostCopy } else { Step::Move };
        let total = figures.sent().saturating_add(figures.left());
        (self.on)(Progress {
            step,
            done: figures.sent(),
            total: Some(total).filter(|n| *n > 0),
            figures: Some(figures),
        });
    }

    /// Post-copy begins when memory was sent once: what is fetched one page at a time is then little.
    fn perhaps_switch(&mut self, figures: Figures) {
        let by_itself = self.plan.choices.kind == Kind::PostCopy && !self.plan.choices.on_demand;
        if by_itself && figures.iteration > 1 {
            match job::switch_over(self.source, self.plan.id) {
                Ok(()) => {
                    self.switched = true;
                    // It may be over before the next look.
                    self.told(figures);
                }
                Err(error) => tracing::debug!(%error, "not switched over yet"),
            }
        }
    }
}
