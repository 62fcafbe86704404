//! Machines that came from another host paused and have not run since: QEMU before 10 aborts when it is to send or save them
//! (their disks are still inactive: bdrv_inactivate_recurse, block.c), and with it goes all that was in their memory.
use virt::domain::Domain;
use virt_sys as sys;

use super::State;
use super::actions::Denial;
use crate::host::migrate_ffi;
use crate::{Error, Result};

/// From this QEMU on they are safe: (major, minor, micro).
pub const MENDED: (u32, u32, u32) = (10, 0, 0);

/// A virtual CPU that has never run has taken some milliseconds for its beginning.
const BEGINNING: u64 = 50_000_000;

/// Whether it is one of them. Not every hypervisor tells.
pub fn is_paused_since(handle: &Domain) -> Result<bool> {
    let info = handle.info()?;
    Ok(State::from_raw(info.state.to_raw()) == State::Paused && came(handle) && hardly_ran(handle, info.nr_virt_cpu))
}

/// Whether its last job was to come here; libvirt remembers that over a shutdown.
fn came(handle: &Domain) -> bool {
    let operation = sys::VIR_DOMAIN_JOB_OPERATION.to_string_lossy();
    let arrival = u64::from(sys::VIR_DOMAIN_JOB_OPERATION_MIGRATION_IN);
    let is = |(_, all): (u32, Vec<(String, u64)>)| all.iter().any(|(name, of)| *name == operation && *of == arrival);
    migrate_ffi::last_job(handle).is_ok_and(is)
}

fn hardly_ran(handle: &Domain, vcpus: u32) -> bool {
    migrate_ffi::vcpu_time(handle, vcpus).is_ok_and(|time| time < BEGINNING * u64::from(vcpus))
}

/// Refuses to save one that its QEMU would not survive.
pub(super) fn may_be_saved(handle: &Domain) -> Result<()> {
    let conn = handle.connect()?;
    let (major, minor, micro) = MENDED;
    let old = conn.hyp_version().is_ok_and(|version| version < major * 1_000_000 + minor * 1000 + micro);
    match old && conn.driver_type()? == "QEMU" && is_paused_since(handle)? {
        true => Err(Error::NotAllowed(Denial::RunFirst)),
        false => Ok(()),
    }
}
