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
    /// Folders of all started pools that keep files, for a new image.
    pub folders: Vec<String>,
    /// What lies in started pools, by path, for a disk that exists.
    pub images: Vec<String>,
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
    let pools = stores(conn);
    let names = conn.list_all_domains(0)?.iter().filter_map(|d| d.name().ok()).collect();
    Ok(Offers {
        bridges: network::bridges_on(conn).unwrap_or_default().into_iter().map(|b| b.name).collect(),
        networks: network::networks_on(conn)?,
        mac: free_mac(conn, is_xen(&capabilities))?,
        kinds: kinds.to_vec(),
        max_vcpus: conn.max_vcpus(None).ok(),
        memory_mib: conn.node_info()?.memory / 1024,
        pool_folder: folder_of(&pools),
        folders: pools.iter().filter(|p| p.keeps_files).map(|p| p.target.clone()).collect(),
        images: pools.iter().flat_map(Store::images).collect(),
        names,
    })
}

/// A started pool.
struct Store {
    name: String,
    kind: String,
    /// Where its volumes are.
    target: String,
    keeps_files: bool,
    volumes: Vec<String>,
}

impl Store {
    fn images(&self) -> impl Iterator<Item = String> + '_ {
        self.volumes.iter().map(|name| format!("{}/{name}", self.target.trim_end_matches('/')))
    }
}

/// The started pools whose volumes have paths; none where the host has no storage driver.
fn stores(conn: &Connect) -> Vec<Store> {
    let pools = conn.list_all_storage_pools(virt_sys::VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE).unwrap_or_default();
    let store = |pool: &virt::storage_pool::StoragePool| {
        let name = pool.name().ok()?;
        let (kind, target) = kind_and_target(&pool.xml_desc(0).ok()?)?;
        let keeps_files = matches!(kind.as_str(), "dir" | "fs" | "netfs");
        let mut volumes = pool.list_volumes().unwrap_or_default();
        volumes.sort();
        Some(Store { name, kind, target, keeps_files, volumes })
    };
    // One that another program made to look into a folder is gone in a moment.
    pools.iter().filter_map(store).filter(|s| !s.name.starts_with(storage::PROBE_PREFIX)).collect()
}

fn folder_of(pools: &[Store]) -> Option<String> {
    let default = pools.iter().find(|p| p.name == "default");
    default.into_iter().chain(pools).find(|p| p.kind == "dir").map(|p| p.target.clone())
}

/// A pool's type and the folder of its volumes (libvirt's formatstorage), leaving out those over the host's own `/sys`.
fn kind_and_target(xml: &str) -> Option<(String, String)> {
    let doc = roxmltree::Document::parse(xml).ok()?;
    let kind = doc.root_element().attribute("type")?.to_owned();
    let target = doc.root_element().children().find(|n| n.has_tag_name("target"))?;
    let path = target.children().find(|n| n.has_tag_name("path"))?.text()?.trim().to_owned();
    (!path.starts_with("/sys/")).then_some((kind, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_images_go_to_the_default_pool_else_to_the_first_folder() {
        let xml = "<pool type='dir'><name>p</name><target><path>/srv/a</path></target></pool>";
        assert_eq!(kind_and_target(xml), Some(("dir".into(), "/srv/a".into())));
        assert_eq!(kind_and_target(&xml.replace("/srv/a", "/sys/class/net")), None);
        let store = |name: &str, kind: &str, target: &str| Store {
            name: name.into(),
            kind: kind.into(),
            target: target.into(),
            keeps_files: kind != "logical",
            volumes: vec!["x.img".into()],
        };
        let mut pools = vec![store("vg", "logical", "/dev/vg"), store("a", "dir", "/srv/a/")];
        assert_eq!(folder_of(&pools).as_deref(), Some("/srv/a/"));
        pools.push(store("default", "dir", "/var/lib/libvirt/images"));
        assert_eq!(folder_of(&pools).as_deref(), Some("/var/lib/libvirt/images"));
        let images: Vec<_> = pools.iter().flat_map(Store::images).collect();
        assert_eq!(images[..2], ["/dev/vg/x.img", "/srv/a/x.img"]);
    }
}
