//! What a host offers to a new machine: its bridges and networks, kinds of virtualisation, limits, pool and names in use.
use virt::connect::Connect;

use crate::Result;
use crate::finding::Reason;
use crate::host::Host;
use crate::install::VirtChoice;
use crate::install::capabilities::Capabilities;
use crate::install::plan::free_mac;
use crate::network::{self, NetworkInfo};
use crate::storage::{self, Look};

/// Read once when a person chooses the host, so that the answer that is right nine times of ten is there already.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Offers {
    /// Names of the bridges; empty where the host can't tell.
    pub bridges: Vec<String>,
    pub networks: Vec<NetworkInfo>,
    /// Every kind, with the reason why it is impossible here.
    pub kinds: Vec<(VirtChoice, Option<Reason>)>,
    /// The most CPUs of a machine, if the driver has a limit.
    pub max_vcpus: Option<u32>,
    /// The host's memory in MiB.
    pub memory_mib: u64,
    /// The folder of the pool that new images go to: "default", else the first started one of type `dir`.
    pub pool_folder: Option<String>,
    /// Machines' names in use.
    pub names: Vec<String>,
    /// A fresh address for its network card.
    pub mac: String,
}

/// Asks the host. What a driver can't tell stays empty.
pub fn offers(host: &Host) -> Result<Offers> {
    host.call(read)
}

/// Bytes free in the folder of `path` (absolute, on the host), if the host tells.
pub fn free_for(host: &Host, path: &str) -> Result<Option<u64>> {
    let path = path.to_owned();
    host.call(move |conn| match storage::look(conn, storage::split(&path)?.0) {
        Look::Here(folder) => Ok(folder.free),
        _ => Ok(None),
    })
}

/// Another fresh address.
pub fn new_mac(host: &Host) -> Result<String> {
    host.call(|conn| free_mac(conn, is_xen(&Capabilities::read(conn)?)))
}

fn is_xen(capabilities: &Capabilities) -> bool {
    capabilities.guests.iter().any(|g| g.domains.iter().any(|d| d == "xen"))
}

fn read(conn: &Connect) -> Result<Offers> {
    let host = conn.hostname()?;
    let capabilities = Capabilities::read(conn)?;
    let all = [VirtChoice::Auto, VirtChoice::Kvm, VirtChoice::Qemu, VirtChoice::XenPv, VirtChoice::XenHvm];
    let kinds = all.map(|kind| (kind, capabilities.choose(kind, None, &host).err()));
    let names = conn.list_all_domains(0)?.iter().filter_map(|d| d.name().ok()).collect();
    Ok(Offers {
        bridges: network::bridges_on(conn).unwrap_or_default().into_iter().map(|b| b.name).collect(),
        networks: network::networks_on(conn)?,
        mac: free_mac(conn, is_xen(&capabilities))?,
        kinds: kinds.to_vec(),
        max_vcpus: conn.max_vcpus(None).ok(),
        memory_mib: conn.node_info()?.memory / 1024,
        pool_folder: pool_folder(conn),
        names,
    })
}

fn pool_folder(conn: &Connect) -> Option<String> {
    let pools = conn.list_all_storage_pools(virt_sys::VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE).ok()?;
    let default = pools.iter().find(|p| p.name().is_ok_and(|n| n == "default"));
    default.into_iter().chain(&pools).find_map(|pool| dir_target(&pool.xml_desc(0).ok()?))
}

/// The folder of a pool of type `dir` (libvirt's formatstorage), leaving out those over the host's own `/sys`.
fn dir_target(xml: &str) -> Option<String> {
    let doc = roxmltree::Document::parse(xml).ok()?;
    if doc.root_element().attribute("type") != Some("dir") {
        return None;
    }
    let target = doc.root_element().children().find(|n| n.has_tag_name("target"))?;
    let path = target.children().find(|n| n.has_tag_name("path"))?.text()?.trim().to_owned();
    (!path.starts_with("/sys/")).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_dir_pool_has_a_folder_for_images() {
        let dir = "<pool type='dir'><name>p</name><target><path>/var/lib/libvirt/images</path></target></pool>";
        assert_eq!(dir_target(dir).as_deref(), Some("/var/lib/libvirt/images"));
        assert_eq!(dir_target(&dir.replace("'dir'", "'logical'")), None);
        assert_eq!(dir_target(&dir.replace("/var/lib/libvirt/images", "/sys/class/net")), None);
    }
}
