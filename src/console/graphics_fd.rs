//! A display by libvirt's own file descriptor. The one place here that takes a descriptor from C.
#![allow(unsafe_code)]
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

use virt::domain::Domain;

use crate::Result;

/// Opens the graphics device with this index (counted from 0 among all `<graphics>`), past its login: who may use the
/// daemon's socket may see the machine.
///
/// Only for connections over a unix socket. Any other loses its link to the daemon by this call (libvirt 11.3).
pub(super) fn open(domain: &Domain, index: u32) -> Result<OwnedFd> {
    let fd = domain.open_graphics_fd(index, virt::sys::VIR_DOMAIN_OPEN_GRAPHICS_SKIPAUTH)?;
    // SAFETY: virDomainOpenGraphicsFD gives a new descriptor that the caller owns, and an error instead of a negative one.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
}
