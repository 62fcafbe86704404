//! Saving a machine's memory to a file: `virt` has no call for it.
#![allow(unsafe_code)]
use std::ffi::CString;

use virt::domain::Domain;
use virt_sys as sys;

use crate::{Error, Result};

/// Saves to `path` on the host and stops the machine. Blocks until all memory is written.
pub(super) fn to_file(handle: &Domain, path: &str) -> Result<()> {
    let path = CString::new(path).map_err(|e| Error::from(virt::error::Error::from(e)))?;
    // SAFETY: a live handle and a C string that outlives the call.
    let done = unsafe { sys::virDomainSave(handle.as_ptr(), path.as_ptr()) };
    if done == 0 { Ok(()) } else { Err(virt::error::Error::last_error().into()) }
}
