//! virDomainSave, which the `virt` crate does not wrap. FFI.
#![allow(unsafe_code)]
use std::ffi::CString;

use drover::{Error, Result};
use virt::domain::Domain;

/// Saves the running machine's memory into a file on the host (absolute) and stops it.
pub fn save(domain: &Domain, file: &str) -> Result<()> {
    let refused = |message: String| Error::Libvirt { code: virt_sys::VIR_ERR_INVALID_ARG, message };
    let path = CString::new(file).map_err(|_| refused(format!("“{file}” is no path")))?;
    // SAFETY: the domain's handle and the string live for the whole call, and libvirt keeps neither.
    let outcome = unsafe { virt_sys::virDomainSave(domain.as_ptr(), path.as_ptr()) };
    if outcome < 0 { Err(virt::error::Error::last_error().into()) } else { Ok(()) }
}
