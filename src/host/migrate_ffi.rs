//! libvirt's calls for migration that `virt` lacks, or wraps with memory of the wrong allocator: parameters, the move itself,
//! its job, the comparison of CPUs.
#![allow(unsafe_code)]
use std::ffi::{CStr, CString, c_char, c_int, c_uint};
use std::ptr;

use virt::connect::Connect;
use virt::domain::Domain;
use virt_sys as sys;

use super::stats::number;
use crate::{Error, Result};

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

fn last() -> Error {
    virt::error::Error::last_error().into()
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

/// What all of these `<cpu>` elements have, as one that this host's hypervisor can give a machine
/// (virConnectBaselineHypervisorCPU), with nothing in it that keeps the machine from migrating.
pub(crate) fn baseline_cpu(conn: &Connect, arch: &str, virt_type: &str, cpus: &[String]) -> Result<String> {
    let (arch, virt_type) = (text(arch)?, text(virt_type)?);
    let cpus: Vec<CString> = cpus.iter().map(|cpu| text(cpu)).collect::<Result<_>>()?;
    let mut list: Vec<*const c_char> = cpus.iter().map(|cpu| cpu.as_ptr()).collect();
    let count = c_uint::try_from(list.len()).unwrap_or_default();
    let flags = sys::VIR_CONNECT_BASELINE_CPU_MIGRATABLE;
    let (arch, virt_type, list) = (arch.as_ptr(), virt_type.as_ptr(), list.as_mut_ptr());
    // SAFETY: a live link, and C strings and an array of `count` of them that outlive the call; null means the default.
    let xml = unsafe {
        let (link, none) = (conn.as_ptr(), ptr::null());
        sys::virConnectBaselineHypervisorCPU(link, none, arch, none, virt_type, list, count, flags)
    };
    if xml.is_null() {
        return Err(last());
    }
    // SAFETY: a C string that libvirt made for us.
    let said = unsafe { CStr::from_ptr(xml) }.to_string_lossy().into_owned();
    // SAFETY: libvirt made it with malloc, and it is freed once.
    unsafe { libc::free(xml.cast()) };
    Ok(said)
}

/// Whether the link may only look. No call tells, but this one changes nothing and is refused all the same (CVE-2019-10168).
pub(crate) fn is_read_only(conn: &Connect) -> bool {
    let cpu = c"<cpu mode='custom' match='exact'><model>qemu64</model></cpu>";
    // SAFETY: a live link and a C string that outlives the call; null means the default.
    let answer = unsafe {
        let none = ptr::null();
        sys::virConnectCompareHypervisorCPU(conn.as_ptr(), none, none, none, none, cpu.as_ptr(), 0)
    };
    answer < 0 && virt::error::Error::last_error().code().to_raw() == sys::VIR_ERR_OPERATION_DENIED
}

/// Parameters of a migration (VIR_MIGRATE_PARAM_…).
pub(crate) struct Params {
    list: sys::virTypedParameterPtr,
    count: c_int,
    room: c_int,
}

impl Params {
    pub(crate) fn new() -> Self {
        Self { list: ptr::null_mut(), count: 0, room: 0 }
    }

    /// Adds a text; the same name may be added again (one for each disk).
    pub(crate) fn add(&mut self, name: &CStr, value: &str) -> Result<()> {
        let value = text(value)?;
        let (list, count, room) = (&raw mut self.list, &raw mut self.count, &raw mut self.room);
        // SAFETY: the list is libvirt's own (or null, to begin); it copies name and value.
        let done = unsafe { sys::virTypedParamsAddString(list, count, room, name.as_ptr(), value.as_ptr()) };
        if done == 0 { Ok(()) } else { Err(last()) }
    }

    /// Adds a number of the kind that libvirt calls `int`.
    pub(crate) fn add_int(&mut self, name: &CStr, value: u8) -> Result<()> {
        let (list, count, room) = (&raw mut self.list, &raw mut self.count, &raw mut self.room);
        // SAFETY: as in `add`.
        let done = unsafe { sys::virTypedParamsAddInt(list, count, room, name.as_ptr(), c_int::from(value)) };
        if done == 0 { Ok(()) } else { Err(last()) }
    }

    /// Adds a number.
    pub(crate) fn add_number(&mut self, name: &CStr, value: u64) -> Result<()> {
        let (list, count, room) = (&raw mut self.list, &raw mut self.count, &raw mut self.room);
        // SAFETY: as in `add`.
        let done = unsafe { sys::virTypedParamsAddULLong(list, count, room, name.as_ptr(), value) };
        if done == 0 { Ok(()) } else { Err(last()) }
    }
}

impl Drop for Params {
    fn drop(&mut self) {
        // SAFETY: a list that libvirt made, freed once; null is fine.
        unsafe { sys::virTypedParamsFree(self.list, self.count) };
    }
}

/// Migrates through both links (virDomainMigrate3: managed by us). Blocks until the machine runs there, or the error.
pub(crate) fn migrate(domain: &Domain, dest: &Connect, params: &Params, flags: u32) -> Result<()> {
    let count = c_uint::try_from(params.count).unwrap_or_default();
    // SAFETY: live handles, and a list of `count` parameters that libvirt only reads.
    let moved = unsafe { sys::virDomainMigrate3(domain.as_ptr(), dest.as_ptr(), params.list, count, flags) };
    if moved.is_null() {
        return Err(last());
    }
    // SAFETY: a fresh, owned reference; dropping it gives it back.
    drop(unsafe { Domain::from_ptr(moved) });
    Ok(())
}

/// Lets the machine's host migrate it by itself, over a link of its own to `uri` (virDomainMigrateToURI3). Blocks like
/// [`migrate`]; the move goes on when our link ends.
pub(crate) fn migrate_to(domain: &Domain, uri: &str, params: &Params, flags: u32) -> Result<()> {
    let uri = text(uri)?;
    let count = c_uint::try_from(params.count).unwrap_or_default();
    // SAFETY: a live handle, a C string, and a list of `count` parameters that libvirt only reads.
    let done = unsafe { sys::virDomainMigrateToURI3(domain.as_ptr(), uri.as_ptr(), params.list, count, flags) };
    if done == 0 { Ok(()) } else { Err(last()) }
}

/// Aborts the running job of the machine (virDomainAbortJob).
pub(crate) fn abort(domain: &Domain) -> Result<()> {
    // SAFETY: a live handle.
    if unsafe { sys::virDomainAbortJob(domain.as_ptr()) } == 0 { Ok(()) } else { Err(last()) }
}

/// Switches a migration that was started with VIR_MIGRATE_POSTCOPY over to the destination.
pub(crate) fn start_postcopy(domain: &Domain) -> Result<()> {
    // SAFETY: a live handle.
    if unsafe { sys::virDomainMigrateStartPostCopy(domain.as_ptr(), 0) } == 0 { Ok(()) } else { Err(last()) }
}

/// How long the machine's virtual CPUs have run since it was started on this host, in nanoseconds.
pub(crate) fn vcpu_time(domain: &Domain, vcpus: u32) -> Result<u64> {
    let none = sys::virVcpuInfo { number: 0, state: 0, cpuTime: 0, cpu: 0 };
    let mut all = vec![none; vcpus as usize];
    let room = c_int::try_from(vcpus).unwrap_or_default();
    // SAFETY: a live handle, and room for as many answers as are asked for; no CPU maps.
    let told = unsafe { sys::virDomainGetVcpus(domain.as_ptr(), all.as_mut_ptr(), room, ptr::null_mut(), 0) };
    match usize::try_from(told) {
        Ok(told) => Ok(all.iter().take(told).map(|cpu| cpu.cpuTime).sum()),
        Err(_) => Err(last()),
    }
}

/// A job's type (VIR_DOMAIN_JOB_NONE…) and figures by name (VIR_DOMAIN_JOB_…).
pub(crate) type Job = (u32, Vec<(String, u64)>);

/// The job that the machine has now.
pub(crate) fn job(domain: &Domain) -> Result<Job> {
    job_of(domain, 0)
}

/// The last job that it had under this daemon, which keeps it; not every driver or version does.
pub(crate) fn last_job(domain: &Domain) -> Result<Job> {
    job_of(domain, sys::VIR_DOMAIN_JOB_STATS_COMPLETED | sys::VIR_DOMAIN_JOB_STATS_KEEP_COMPLETED)
}

fn job_of(domain: &Domain, flags: u32) -> Result<Job> {
    let (mut kind, mut list, mut count): (c_int, sys::virTypedParameterPtr, c_int) = (0, ptr::null_mut(), 0);
    // SAFETY: a live handle, and room for the answers.
    let done =
        unsafe { sys::virDomainGetJobStats(domain.as_ptr(), &raw mut kind, &raw mut list, &raw mut count, flags) };
    if done != 0 {
        return Err(last());
    }
    let length = usize::try_from(count).unwrap_or_default();
    let mut figures = Vec::with_capacity(length);
    if !list.is_null() {
        // SAFETY: libvirt made a list of `count` parameters, each name ended by a null byte within its 80 bytes.
        for parameter in unsafe { std::slice::from_raw_parts(list, length) } {
            if let Some(value) = number(parameter) {
                // SAFETY: as above.
                let name = unsafe { CStr::from_ptr(parameter.field.as_ptr()) };
                figures.push((name.to_string_lossy().into_owned(), value));
            }
        }
    }
    // SAFETY: the list that libvirt made, freed once.
    unsafe { sys::virTypedParamsFree(list, count) };
    Ok((u32::try_from(kind).unwrap_or_default(), figures))
}
