//! What a host offers to a new machine: its bridges and networks, kinds of virtualisation, limits, pool and names in use.
use virt::connect::Connect;
use virt::storage_pool::StoragePool;

use crate::finding::Reason;
use crate::host::Host;
use crate::install::VirtChoice;
use crate::{Error, Result};

/// Read once when a person chooses the host, so that the answer that is right nine times of ten is there already.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Offers {
    /// Bridges that the host tells of; there may be more where it has no interface driver.
    pub bridges: Vec<String>,
    pub networks: Vec<NetworkOffer>,
    /// Every kind, with the reason why it is impossible here.
    pub kinds: Vec<(VirtChoice, Option<Reason>)>,
    pub max_vcpus: Option<u32>,
    pub memory_mib: u64,
    /// The folder of the pool that new images go to: "default", else the first started one of type `dir`.
    pub pool_folder: Option<String>,
    /// Machines' names in use.
    pub names: Vec<String>,
    pub is_xen: bool,
}

/// A virtual network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkOffer {
    pub name: String,
    pub active: bool,
}

/// Asks the host. A driver that lacks one of the answers leaves it empty.
pub fn offers(host: &Host) -> Result<Offers> {
    let name = host.id().as_str().to_owned();
    host.call(move |conn| read(conn, &name))
}

fn read(conn: &Connect, host: &str) -> Result<Offers> {
    let node = conn.node_info()?;
    let types = guest_types(&conn.capabilities().unwrap_or_default());
    let has = |kind: &str| types.iter().any(|(_, domain)| domain == kind);
    let has_pv = types.iter().any(|(os, domain)| domain == "xen" && (os == "xen" || os == "linux"));
    let is_xen = has("xen");
    let unsupported = |what: &str| Some(Reason::Host(what.to_owned()));
    let kinds = vec![
        (VirtChoice::Auto, None),
        (VirtChoice::Kvm, if has("kvm") { None } else { Some(Reason::NoKvm { host: host.to_owned() }) }),
        (VirtChoice::Qemu, if has("qemu") { None } else { unsupported("no QEMU emulation") }),
        (VirtChoice::XenPv, if has_pv { None } else { Some(Reason::NoParavirt { host: host.to_owned() }) }),
        (VirtChoice::XenHvm, if is_xen { None } else { unsupported("no Xen") }),
    ];
    let names = conn.list_all_domains(0)?.iter().filter_map(|d| d.name().ok()).collect();
    let mut networks: Vec<NetworkOffer> = conn
        .list_all_networks(0)
        .unwrap_or_default()
        .iter()
        .filter_map(|n| Some(NetworkOffer { name: n.name().ok()?, active: n.is_active().unwrap_or(false) }))
        .collect();
    networks.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Offers {
        bridges: bridges(conn),
        networks,
        kinds,
        max_vcpus: conn.max_vcpus(None).ok(),
        memory_mib: node.memory / 1024,
        pool_folder: pool_folder(conn),
        names,
        is_xen,
    })
}

/// The bridges among the host's interfaces.
fn bridges(conn: &Connect) -> Vec<String> {
    let mut found: Vec<String> = conn
        .list_all_interfaces(0)
        .unwrap_or_default()
        .iter()
        .filter(|i| i.xml_desc(0).is_ok_and(|xml| is_bridge(&xml)))
        .filter_map(|i| i.name().ok())
        .collect();
    found.sort();
    found
}

/// libvirt's interface XML: `<interface type='bridge' …>`.
fn is_bridge(xml: &str) -> bool {
    roxmltree::Document::parse(xml).is_ok_and(|doc| doc.root_element().attribute("type") == Some("bridge"))
}

/// (os type, domain type) of each guest in the capabilities XML (libvirt's formatcaps).
fn guest_types(xml: &str) -> Vec<(String, String)> {
    let Ok(doc) = roxmltree::Document::parse(xml) else { return Vec::new() };
    let guests = doc.descendants().filter(|n| n.has_tag_name("guest"));
    guests
        .flat_map(|guest| {
            let text = |n: roxmltree::Node<'_, '_>| n.text().unwrap_or_default().trim().to_owned();
            let os = guest.children().find(|n| n.has_tag_name("os_type")).map(text).unwrap_or_default();
            let domains = guest.descendants().filter(|n| n.has_tag_name("domain"));
            domains
                .filter_map(|n| Some((os.clone(), n.attribute("type")?.to_owned())))
                .collect::<Vec<_>>()
        })
        .collect()
}

fn pool_folder(conn: &Connect) -> Option<String> {
    let pools = conn.list_all_storage_pools(virt::sys::VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE).ok()?;
    let default = pools.iter().find(|p| p.name().is_ok_and(|n| n == "default"));
    default.into_iter().chain(&pools).find_map(folder)
}

/// The target of a pool of type `dir` (libvirt's formatstorage).
fn folder(pool: &StoragePool) -> Option<String> {
    dir_target(&pool.xml_desc(0).map_err(Error::from).ok()?)
}

fn dir_target(xml: &str) -> Option<String> {
    let doc = roxmltree::Document::parse(xml).ok()?;
    if doc.root_element().attribute("type") != Some("dir") {
        return None;
    }
    let target = doc.root_element().children().find(|n| n.has_tag_name("target"))?;
    Some(target.children().find(|n| n.has_tag_name("path"))?.text()?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_come_from_the_capabilities() {
        let xml = "<capabilities><guest><os_type>hvm</os_type><arch name='x86_64'><domain type='qemu'/><domain type='kvm'/>\
                   </arch></guest><guest><os_type>xen</os_type><arch name='x86_64'><domain type='xen'/></arch></guest></capabilities>";
        let pairs = guest_types(xml);
        assert!(pairs.contains(&("hvm".into(), "kvm".into())));
        assert!(pairs.contains(&("xen".into(), "xen".into())));
        assert!(guest_types("<broken").is_empty());
    }

    #[test]
    fn only_a_dir_pool_has_a_folder_for_images() {
        let dir = "<pool type='dir'><name>p</name><target><path>/var/lib/libvirt/images</path></target></pool>";
        assert_eq!(dir_target(dir).as_deref(), Some("/var/lib/libvirt/images"));
        assert_eq!(dir_target(&dir.replace("'dir'", "'logical'")), None);
    }

    #[test]
    fn a_bridge_is_told_from_a_card() {
        assert!(is_bridge("<interface type='bridge' name='xenbr0'><bridge/></interface>"));
        assert!(!is_bridge("<interface type='ethernet' name='eth0'/>"));
    }
}
