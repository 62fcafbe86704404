//! The jobs that a watcher has done on its reading lane, and what they bring back.
use std::time::Instant;

use virt::connect::Connect;

use super::HostInfo;
use super::lane::is_alive;
use super::stats::{self, Ask, NodeSample, Sample};
use crate::domain::read::{self, Row};
use crate::domain::{DomainId, DomainInfo};
use crate::{Error, Result};

/// What a job read.
pub(super) enum Answer {
    /// What the host is, and whether that is all: the second answer adds what may take a new daemon seconds.
    Info(Box<HostInfo>, bool),
    List(Result<Vec<Row>>),
    /// Machines with their details; `None` for those that are gone.
    Machines(Vec<(DomainId, Option<DomainInfo>)>),
    /// Details of listed machines.
    Details(Vec<DomainInfo>),
    Figures {
        at: Instant,
        machines: Vec<Sample>,
        node: NodeSample,
    },
    /// The job ended on an error of the link.
    Failed(Error),
}

fn version(number: u32) -> (u32, u32, u32) {
    (number / 1_000_000, number / 1000 % 1000, number % 1000)
}

/// What the host says of itself at once.
pub(super) fn info(link: &Connect) -> HostInfo {
    let mut info = HostInfo {
        hostname: link.hostname().unwrap_or_default(),
        hypervisor: link.driver_type().unwrap_or_default(),
        libvirt_version: version(link.lib_version().unwrap_or_default()),
        ..HostInfo::default()
    };
    if let Ok(node) = link.node_info() {
        info.arch = node.model;
        info.cpus = node.cpus;
        // libvirt counts sockets per NUMA node.
        info.sockets = node.sockets.saturating_mul(node.nodes.max(1));
        info.cores = node.cores;
        info.threads = node.threads;
        info.mhz = node.mhz;
        info.memory_kib = node.memory;
    }
    info
}

/// Adds what a daemon finds out by probing its hypervisor, which takes seconds the first time.
pub(super) fn more_info(link: &Connect, info: &mut HostInfo) {
    info.hypervisor_version = version(link.hyp_version().unwrap_or_default());
    let capabilities = link.capabilities().unwrap_or_default();
    if let Some((model, arch)) = cpu(&capabilities) {
        info.cpu_model = model;
        info.arch = arch.unwrap_or_else(|| std::mem::take(&mut info.arch));
    }
}

/// `<host><cpu>` of the capabilities: the model, and the architecture.
fn cpu(capabilities: &str) -> Option<(String, Option<String>)> {
    let document = roxmltree::Document::parse(capabilities).ok()?;
    let child = |node: roxmltree::Node<'_, '_>, name: &str| {
        node.children().find(|n| n.tag_name().name() == name).map(|n| n.id())
    };
    let host = document.get_node(child(document.root_element(), "host")?)?;
    let cpu = document.get_node(child(host, "cpu")?)?;
    let text = |name| document.get_node(child(cpu, name)?)?.text().map(str::to_owned);
    Some((text("model").unwrap_or_default(), text("arch")))
}

/// Reads these machines anew.
pub(super) fn machines(link: &Connect, ids: Vec<DomainId>) -> Answer {
    let mut read = Vec::with_capacity(ids.len());
    for id in ids {
        match read::one(link, id) {
            Ok(info) => read.push((id, info)),
            Err(error) if !is_alive(link) => return Answer::Failed(error),
            // One machine that can't be read must not hide the others.
            Err(error) => tracing::warn!(%id, %error, "machine not read"),
        }
    }
    Answer::Machines(read)
}

/// Reads the details of these rows.
pub(super) fn details(link: &Connect, rows: Vec<Row>) -> Answer {
    let mut read = Vec::with_capacity(rows.len());
    for Row { handle, mut info, snapshots } in rows {
        match read::details(&handle, &info, snapshots) {
            Ok(details) => {
                info.details = details.map(Box::new);
                read.push(info);
            }
            // Gone meanwhile: its event tells.
            Err(Error::NoDomain(_)) => {}
            Err(error) if !is_alive(link) => return Answer::Failed(error),
            Err(error) => tracing::warn!(name = info.name, %error, "details not read"),
        }
    }
    Answer::Details(read)
}

/// One stats tick.
pub(super) fn figures(link: &Connect) -> Answer {
    let machines = match stats::all(link, Ask::Figures) {
        Ok(samples) => samples,
        Err(Error::Unsupported(_)) => each(link),
        Err(error) if !is_alive(link) => return Answer::Failed(error),
        Err(error) => {
            tracing::debug!(%error, "no figures this time");
            Vec::new()
        }
    };
    Answer::Figures { at: Instant::now(), machines, node: stats::node(link) }
}

/// Drivers without bulk figures (Xen) tell CPU time and memory machine by machine.
fn each(link: &Connect) -> Vec<Sample> {
    let active = link.list_all_domains(virt_sys::VIR_CONNECT_LIST_DOMAINS_ACTIVE).unwrap_or_default();
    let sample = |handle: &virt::domain::Domain| {
        let (id, info) = (handle.uuid().ok()?, handle.info().ok()?);
        let mut sample = Sample::new(DomainId(id));
        (sample.cpu_time, sample.memory, sample.vcpus) =
            (Some(info.cpu_time), Some(info.memory), Some(info.nr_virt_cpu));
        Some(sample)
    };
    active.iter().filter_map(sample).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_is_the_hosts_not_a_guests() {
        let text = "<capabilities><host><cpu><arch>x86_64</arch><model>EPYC</model></cpu></host><guest><arch name='i686'/></guest></capabilities>";
        assert_eq!(cpu(text), Some(("EPYC".into(), Some("x86_64".into()))));
        assert_eq!(version(10_000_002), (10, 0, 2));
    }
}
