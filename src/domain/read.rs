//! Reads machines from a link: the whole list in a few calls, or one machine with all that is shown of it.
use std::collections::{HashMap, HashSet};

use virt::connect::Connect;
use virt::domain::Domain;
use virt_sys as sys;

use super::{DomainDetails, DomainId, DomainInfo, State, xml};
use crate::host::stats::{self, Ask, Sample};
use crate::{Error, Result};

/// A machine's handle with what the list says of it; the handle saves a lookup when its details are read.
pub(crate) struct Row {
    pub handle: Domain,
    pub info: DomainInfo,
    /// Whether it has snapshots to count.
    pub snapshots: bool,
}

/// The whole list: a handful of calls, however many machines there are, where the driver has bulk figures.
pub(crate) fn list(link: &Connect) -> Result<Vec<Row>> {
    let handles = link.list_all_domains(0)?;
    let figures = match stats::all(link, Ask::List) {
        Ok(samples) => samples.into_iter().map(|sample| (sample.id, sample)).collect(),
        Err(Error::Unsupported(_)) => HashMap::new(),
        Err(error) => return Err(error),
    };
    // The daemon filters, so these lists are short; a driver that knows no such filter has no such machines.
    let which = |flag| -> HashSet<DomainId> {
        let handles = link.list_all_domains(flag).unwrap_or_default();
        handles.iter().filter_map(id).collect()
    };
    let transient = which(sys::VIR_CONNECT_LIST_DOMAINS_TRANSIENT);
    let autostart = which(sys::VIR_CONNECT_LIST_DOMAINS_AUTOSTART);
    let saved = which(sys::VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE);
    let snapshots = which(sys::VIR_CONNECT_LIST_DOMAINS_HAS_SNAPSHOT);
    let row = |handle: Domain| {
        let id = id(&handle)?;
        let (state, vcpus, memory, max_memory) = figures.get(&id).and_then(whole).or_else(|| asked(&handle))?;
        let info = DomainInfo {
            id,
            name: handle.name().ok()?,
            state,
            persistent: !transient.contains(&id),
            autostart: autostart.contains(&id),
            has_managed_save: saved.contains(&id),
            vcpus,
            memory_kib: memory,
            max_memory_kib: max_memory,
            details: None,
        };
        Some(Row { handle, info, snapshots: snapshots.contains(&id) })
    };
    // A machine that vanished between the calls is left out; its event follows.
    Ok(handles.into_iter().filter_map(row).collect())
}

type Figures = (State, u32, u64, u64);

fn whole(sample: &Sample) -> Option<Figures> {
    Some((sample.state?, sample.vcpus?, sample.memory?, sample.max_memory?))
}

fn asked(handle: &Domain) -> Option<Figures> {
    let info = handle.info().ok()?;
    Some((State::from_raw(info.state.to_raw()), info.nr_virt_cpu, info.memory, info.max_mem))
}

/// A machine's UUID, which its handle carries.
fn id(handle: &Domain) -> Option<DomainId> {
    handle.uuid().ok().map(DomainId)
}

/// The handle of a machine, or [`Error::NoDomain`].
pub(crate) fn lookup(link: &Connect, id: DomainId) -> Result<Domain> {
    Ok(link.lookup_domain_by_uuid(id.0)?)
}

/// One machine with its details; `None` when it is gone.
pub(crate) fn one(link: &Connect, id: DomainId) -> Result<Option<DomainInfo>> {
    match lookup(link, id).and_then(|handle| read(&handle, id)) {
        Ok(info) => Ok(Some(info)),
        Err(Error::NoDomain(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn read(handle: &Domain, id: DomainId) -> Result<DomainInfo> {
    let figures = handle.info()?;
    let mut info = DomainInfo {
        id,
        name: handle.name()?,
        state: State::from_raw(figures.state.to_raw()),
        persistent: handle.is_persistent()?,
        autostart: handle.autostart().unwrap_or_default(),
        has_managed_save: handle.has_managed_save(0).unwrap_or_default(),
        vcpus: figures.nr_virt_cpu,
        memory_kib: figures.memory,
        max_memory_kib: figures.max_mem,
        details: None,
    };
    info.details = details(handle, &info, true)?.map(Box::new);
    Ok(info)
}

/// What only the XML and slower calls tell; `None` (with a log line) when the XML can't be read as XML.
pub(crate) fn details(handle: &Domain, info: &DomainInfo, snapshots: bool) -> Result<Option<DomainDetails>> {
    let text = handle.xml_desc(0)?;
    let mut details = match xml::details(&text) {
        Ok(details) => details,
        Err(error) => {
            tracing::warn!(name = info.name, %error, "unreadable XML");
            return Ok(None);
        }
    };
    if snapshots {
        details.snapshots = handle.num_snapshots(0).unwrap_or_default();
    }
    if info.state == State::Running && !details.nics.is_empty() {
        details.addresses = addresses(handle);
    }
    Ok(Some(details))
}

/// Addresses by DHCP lease, or else by the host's ARP table: neither asks the guest. Errors mean none.
fn addresses(handle: &Domain) -> Vec<String> {
    let sources = [sys::VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE, sys::VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_ARP];
    let mut all = sources.into_iter().map(|source| {
        let interfaces = handle.interface_addresses(source, 0).unwrap_or_default();
        let mut found: Vec<String> = interfaces.into_iter().flat_map(|i| i.addrs).map(|address| address.addr).collect();
        found.dedup();
        found
    });
    all.find(|found| !found.is_empty()).unwrap_or_default()
}
