//! Figures of all machines by one call, and of the host itself.
//!
//! `virt`'s all_domain_stats hands out raw pointers and leaks the list; this frees it.
#![allow(unsafe_code)]
use std::ffi::{CStr, c_int, c_uint};
use std::ptr;

use uuid::Uuid;
use virt::connect::Connect;
use virt_sys as sys;

use crate::domain::{DomainId, State};
use crate::{Error, Result};

/// What one machine's record says; memory in KiB, times in ns, `None` where the driver does not tell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sample {
    pub id: DomainId,
    pub state: Option<State>,
    pub vcpus: Option<u32>,
    pub cpu_time: Option<u64>,
    pub memory: Option<u64>,
    pub max_memory: Option<u64>,
    /// What the guest says that it could still use, and what it has in all.
    pub usable: Option<u64>,
    pub available: Option<u64>,
    /// Bytes since the start, over all disks and cards.
    pub read: Option<u64>,
    pub written: Option<u64>,
    pub received: Option<u64>,
    pub sent: Option<u64>,
}

impl Sample {
    pub(crate) fn new(id: DomainId) -> Self {
        Self {
            id,
            state: None,
            vcpus: None,
            cpu_time: None,
            memory: None,
            max_memory: None,
            usable: None,
            available: None,
            read: None,
            written: None,
            received: None,
            sent: None,
        }
    }

    fn take(&mut self, name: &[u8], value: u64) {
        let add = |sum: &mut Option<u64>| *sum = Some(sum.unwrap_or_default().saturating_add(value));
        match name {
            b"state.state" => self.state = Some(State::from_raw(u32::try_from(value).unwrap_or_default())),
            b"vcpu.current" => self.vcpus = u32::try_from(value).ok(),
            b"cpu.time" => self.cpu_time = Some(value),
            b"balloon.current" => self.memory = Some(value),
            b"balloon.maximum" => self.max_memory = Some(value),
            b"balloon.usable" => self.usable = Some(value),
            b"balloon.available" => self.available = Some(value),
            _ if name.starts_with(b"block.") && name.ends_with(b".rd.bytes") => add(&mut self.read),
            _ if name.starts_with(b"block.") && name.ends_with(b".wr.bytes") => add(&mut self.written),
            _ if name.starts_with(b"net.") && name.ends_with(b".rx.bytes") => add(&mut self.received),
            _ if name.starts_with(b"net.") && name.ends_with(b".tx.bytes") => add(&mut self.sent),
            _ => {}
        }
    }
}

/// What to ask for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    /// State, memory and CPUs of all machines, for the list.
    List,
    /// Running figures of the active ones.
    Figures,
}

/// All machines' records. Drivers without this call say [`Error::Unsupported`].
pub(crate) fn all(link: &Connect, ask: Ask) -> Result<Vec<Sample>> {
    let (groups, flags) = match ask {
        Ask::List => (sys::VIR_DOMAIN_STATS_STATE | sys::VIR_DOMAIN_STATS_BALLOON | sys::VIR_DOMAIN_STATS_VCPU, 0),
        Ask::Figures => (
            sys::VIR_DOMAIN_STATS_CPU_TOTAL
                | sys::VIR_DOMAIN_STATS_BALLOON
                | sys::VIR_DOMAIN_STATS_BLOCK
                | sys::VIR_DOMAIN_STATS_INTERFACE,
            sys::VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE,
        ),
    };
    // A machine that is busy with a job (a migration, a save) must not hold up all others; old drivers can't skip it.
    let patient = || records(link, groups, flags);
    records(link, groups, flags | sys::VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT).or_else(|error| match error {
        Error::Unsupported(_) | Error::Libvirt { .. } => patient(),
        other => Err(other),
    })
}

fn records(link: &Connect, groups: c_uint, flags: c_uint) -> Result<Vec<Sample>> {
    let mut list = ptr::null_mut();
    // SAFETY: `list` receives an array that ends with null and is freed below.
    let count = unsafe { sys::virConnectGetAllDomainStats(link.as_ptr(), groups, &raw mut list, flags) };
    let Ok(count) = usize::try_from(count) else { return Err(virt::error::Error::last_error().into()) };
    let mut samples = Vec::with_capacity(count);
    for at in 0..count {
        // SAFETY: libvirt filled `count` entries, each a live record.
        let record = unsafe { &**list.add(at) };
        let mut uuid = [0; 16];
        // SAFETY: the record's own domain handle, and a buffer of VIR_UUID_BUFLEN bytes.
        if unsafe { sys::virDomainGetUUID(record.dom, uuid.as_mut_ptr()) } != 0 {
            continue;
        }
        let mut sample = Sample::new(DomainId(Uuid::from_bytes(uuid)));
        let length = usize::try_from(record.nparams).unwrap_or_default();
        if length > 0 && !record.params.is_null() {
            // SAFETY: the record holds `nparams` parameters.
            let parameters = unsafe { std::slice::from_raw_parts(record.params, length) };
            for parameter in parameters {
                if let Some(value) = number(parameter) {
                    // SAFETY: libvirt ends each name with a null byte inside its 80 bytes.
                    sample.take(unsafe { CStr::from_ptr(parameter.field.as_ptr()) }.to_bytes(), value);
                }
            }
        }
        if sample.cpu_time.is_none() && groups & sys::VIR_DOMAIN_STATS_CPU_TOTAL != 0 {
            // SAFETY: the record's own domain handle, which lives until the list is freed.
            unsafe { fill(&mut sample, record.dom) };
        }
        samples.push(sample);
    }
    // SAFETY: the list that libvirt gave us; not used after this.
    unsafe { sys::virDomainStatsRecordListFree(list) };
    Ok(samples)
}

/// Asks for CPU time and memory where the driver's bulk figures lack them (the test driver's do).
///
/// # Safety
/// `domain` is a live handle.
unsafe fn fill(sample: &mut Sample, domain: sys::virDomainPtr) {
    let mut info = std::mem::MaybeUninit::uninit();
    // SAFETY: a live handle, as promised, and room for the answer.
    if unsafe { sys::virDomainGetInfo(domain, info.as_mut_ptr()) } == 0 {
        // SAFETY: libvirt filled it.
        let info: sys::virDomainInfo = unsafe { info.assume_init() };
        sample.cpu_time = Some(info.cpuTime);
        sample.memory = sample.memory.or(Some(info.memory));
        sample.vcpus = sample.vcpus.or(Some(u32::from(info.nrVirtCpu)));
    }
}

pub(super) fn number(parameter: &sys::virTypedParameter) -> Option<u64> {
    // SAFETY: `type_` says which field of the union is set.
    unsafe {
        match u32::try_from(parameter.type_).ok()? {
            sys::VIR_TYPED_PARAM_INT => u64::try_from(parameter.value.i).ok(),
            sys::VIR_TYPED_PARAM_UINT => Some(u64::from(parameter.value.ui)),
            sys::VIR_TYPED_PARAM_LLONG => u64::try_from(parameter.value.l).ok(),
            sys::VIR_TYPED_PARAM_ULLONG => Some(parameter.value.ul),
            _ => None,
        }
    }
}

/// The host's counters. CPU times in ns over all CPUs since its start, memory in KiB.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct NodeSample {
    pub busy: Option<u64>,
    pub idle: Option<u64>,
    /// Percent; hypervisors that give no times give this.
    pub utilization: Option<u64>,
    pub memory_used: Option<u64>,
}

/// Reads the host's counters; what the driver does not tell stays `None`.
pub(crate) fn node(link: &Connect) -> NodeSample {
    let mut sample = NodeSample::default();
    for (name, value) in node_cpu(link) {
        let add = |sum: &mut Option<u64>| *sum = Some(sum.unwrap_or_default().saturating_add(value));
        match name.as_slice() {
            b"kernel" | b"user" => add(&mut sample.busy),
            b"idle" | b"iowait" => add(&mut sample.idle),
            b"utilization" => sample.utilization = Some(value),
            _ => {}
        }
    }
    let (mut total, mut free) = (None, 0);
    for (name, value) in node_memory(link) {
        match name.as_slice() {
            b"total" => total = Some(value),
            b"free" | b"buffers" | b"cached" => free += value,
            _ => {}
        }
    }
    sample.memory_used = total.map(|total: u64| total.saturating_sub(free));
    sample
}

type Named = Vec<(Vec<u8>, u64)>;

fn node_cpu(link: &Connect) -> Named {
    // SAFETY: the pointer is used while `link` is borrowed.
    let (link, all) = (unsafe { link.as_ptr() }, sys::VIR_NODE_CPU_STATS_ALL_CPUS);
    let mut count: c_int = 0;
    // SAFETY: with a null array libvirt only says how many there are.
    if unsafe { sys::virNodeGetCPUStats(link, all, ptr::null_mut(), &raw mut count, 0) } != 0 || count <= 0 {
        return Named::new();
    }
    let empty = sys::virNodeCPUStats { field: [0; 80], value: 0 };
    let mut array = vec![empty; usize::try_from(count).unwrap_or_default()];
    // SAFETY: the array has `count` elements.
    if unsafe { sys::virNodeGetCPUStats(link, all, array.as_mut_ptr(), &raw mut count, 0) } != 0 {
        return Named::new();
    }
    array.truncate(usize::try_from(count).unwrap_or_default());
    // SAFETY: libvirt ends each name with a null byte inside its 80 bytes.
    array.iter().map(|one| (unsafe { CStr::from_ptr(one.field.as_ptr()) }.to_bytes().to_vec(), one.value)).collect()
}

fn node_memory(link: &Connect) -> Named {
    // SAFETY: the pointer is used while `link` is borrowed.
    let (link, all) = (unsafe { link.as_ptr() }, sys::VIR_NODE_MEMORY_STATS_ALL_CELLS);
    let mut count: c_int = 0;
    // SAFETY: with a null array libvirt only says how many there are.
    if unsafe { sys::virNodeGetMemoryStats(link, all, ptr::null_mut(), &raw mut count, 0) } != 0 || count <= 0 {
        return Named::new();
    }
    let empty = sys::virNodeMemoryStats { field: [0; 80], value: 0 };
    let mut array = vec![empty; usize::try_from(count).unwrap_or_default()];
    // SAFETY: the array has `count` elements.
    if unsafe { sys::virNodeGetMemoryStats(link, all, array.as_mut_ptr(), &raw mut count, 0) } != 0 {
        return Named::new();
    }
    array.truncate(usize::try_from(count).unwrap_or_default());
    // SAFETY: libvirt ends each name with a null byte inside its 80 bytes.
    array.iter().map(|one| (unsafe { CStr::from_ptr(one.field.as_ptr()) }.to_bytes().to_vec(), one.value)).collect()
}

/// Hands freed memory back to the system: reading the XML of 10,000 machines leaves 60 MB of it in the C heap.
pub(crate) fn give_back_memory() {
    #[cfg(target_env = "gnu")]
    // SAFETY: it touches nothing that is in use.
    unsafe {
        libc::malloc_trim(0);
    }
}
