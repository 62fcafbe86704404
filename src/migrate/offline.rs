//! A machine that is off: its definition moves, its disks are there already.
use virt_sys as sys;

use super::finding::Reason;
use super::made::{Made, There, asleep, insist, state};
use super::plan::Plan;
use super::run::{Done, On, Progress, Step};
use super::xml;
use crate::domain::actions::{self, Action};
use crate::domain::read;
use crate::host::Host;
use crate::task::Cancel;
use crate::{Error, Result};

pub(super) fn run(source: &Host, dest: &Host, plan: &Plan, on: On, cancel: &Cancel) -> Result<Done> {
    let mut made = Made::default();
    let result = steps(source, dest, plan, on, cancel, &mut made);
    let Err(cause) = result else { return Ok(Done::default()) };
    on(Progress::begin(Step::RollBack));
    let id = plan.id;
    // The removal may have gone well although its answer was lost.
    if let (Ok(There::Gone), Ok(There::Defined)) =
        (insist(source, move |c| state(c, id)), insist(dest, move |c| state(c, id)))
    {
        return Ok(Done::default());
    }
    let left = made.undo(dest, plan);
    Err(if left.is_empty() { cause } else { Error::LeftBehind { cause: Box::new(cause), left } })
}

fn steps(source: &Host, dest: &Host, plan: &Plan, on: On, cancel: &Cancel, made: &mut Made) -> Result<()> {
    let id = plan.id;
    on(Progress::begin(Step::Define));
    // Looked at once more: it may have been started since the checks.
    let definition = source.call(move |conn| {
        still_off(conn, id)?;
        xml::of_domain(conn, id, false)
    })?;
    let definition = xml::for_destination(&definition, &plan.choices, &plan.eject)?;
    cancel.check()?;
    made.definition = true;
    define(dest, plan, definition)?;
    cancel.check()?;
    on(Progress::begin(Step::Remove));
    source.call(move |conn| still_off(conn, id))?;
    if plan.choices.keep {
        return source.call(move |conn| asleep(conn, id));
    }
    actions::run(source, id, Action::Delete { force: false })
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
