//! A machine that is off: its definition moves, its disks are there already.
use virt_sys as sys;

use super::finding::Reason;
use super::journal::Record;
use super::made::{There, insist, state};
use super::plan::Plan;
use super::run::{On, Progress, Step};
use super::xml;
use crate::domain::read;
use crate::host::Host;
use crate::task::Cancel;
use crate::{Error, Result};

/// Defines it there. That it goes here is the journal's to do.
pub(super) fn run(source: &Host, dest: &Host, plan: &Plan, on: On, cancel: &Cancel, record: &Record) -> Result<()> {
    let id = plan.id;
    on(Progress::begin(Step::Define));
    // Looked at once more: it may have been started since the checks.
    let definition = source.call(move |conn| {
        still_off(conn, id)?;
        xml::of_domain(conn, id, false)
    })?;
    let definition = xml::for_destination(&definition, &plan.choices, &plan.eject)?;
    cancel.check()?;
    record.change(|entry| entry.definition = true)?;
    define(dest, plan, definition)?;
    cancel.check()?;
    source.call(move |conn| still_off(conn, id))
}

/// Defines it there, with its autostart.
pub(super) fn define(dest: &Host, plan: &Plan, definition: String) -> Result<()> {
    let (id, autostart) = (plan.id, plan.autostart);
    let definition = match &plan.choices.name {
        Some(name) => xml::renamed(&definition, name)?,
        None => definition,
    };
    dest.call(move |conn| {
        let domain = conn.define_domain_xml(&definition)?;
        if autostart {
            domain.set_autostart(true)?;
        }
        Ok(())
    })?;
    match insist(dest, move |conn| state(conn, id))? {
        There::Gone => Err(Error::NoDomain(plan.name.clone())),
        There::Defined | There::Active => Ok(()),
    }
}

/// Neither running nor saved.
pub(super) fn still_off(conn: &virt::connect::Connect, id: crate::domain::DomainId) -> Result<()> {
    let domain = read::lookup(conn, id)?;
    let reason = if domain.is_active()? {
        Reason::Running
    } else if domain.has_managed_save(0).unwrap_or_default() {
        Reason::Saved
    } else {
        return Ok(());
    };
    Err(Error::Libvirt { code: sys::VIR_ERR_OPERATION_INVALID, message: reason.to_string() })
}
