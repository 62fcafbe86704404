//! libvirt's calls for migration that `virt` lacks.
#![allow(unsafe_code)]
use std::ffi::CString;
use std::ptr;

use virt::connect::Connect;
use virt_sys as sys;

use crate::Result;

/// Whether a host's hypervisor can give a machine this CPU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CpuFit {
    Fits,
    /// It can't, in the host's words.
    Differs(String),
}

fn text(text: &str) -> Result<CString> {
    CString::new(text).map_err(|e| virt::error::Error::from(e).into())
}

/// Compares the `<cpu>` element with what the hypervisor there offers (virConnectCompareHypervisorCPU). `None` is the
/// host's default of emulator and machine type.
pub(crate) fn compare_cpu(conn: &Connect, arch: &str, virt_type: &str, cpu: &str) -> Result<CpuFit> {
    let (arch, virt_type, cpu) = (text(arch)?, text(virt_type)?, text(cpu)?);
    let fail = sys::VIR_CONNECT_COMPARE_CPU_FAIL_INCOMPATIBLE;
    // SAFETY: a live link and C strings that outlive the call; null means the default.
    let answer = unsafe {
        let (link, none) = (conn.as_ptr(), ptr::null());
        sys::virConnectCompareHypervisorCPU(link, none, arch.as_ptr(), none, virt_type.as_ptr(), cpu.as_ptr(), fail)
    };
    match answer {
        sys::VIR_CPU_COMPARE_INCOMPATIBLE => Ok(CpuFit::Differs(String::new())),
        1.. => Ok(CpuFit::Fits),
        _ => {
            let error = virt::error::Error::last_error();
            match error.code().to_raw() {
                sys::VIR_ERR_CPU_INCOMPATIBLE => Ok(CpuFit::Differs(error.message().to_owned())),
                _ => Err(error.into()),
            }
        }
    }
}
