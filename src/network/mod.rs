//! Networks and bridges of a host.
use roxmltree::Document;
use virt::connect::Connect;

use crate::Result;
use crate::host::Host;
use crate::storage::{FolderPool, FolderProblem, NoPool};

/// A virtual network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkInfo {
    pub name: String,
    pub active: bool,
    /// "nat", "route", "bridge"…; `None` for an isolated one.
    pub forward: Option<String>,
    pub bridge: Option<String>,
}

/// A host's bridge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bridge {
    pub name: String,
    /// Interfaces plugged into it.
    pub members: Vec<String>,
}

/// The virtual networks, by name; empty where the driver has none.
pub fn networks(host: &Host) -> Result<Vec<NetworkInfo>> {
    host.call(networks_on)
}

/// The bridges, by name; `None` if this host can't tell.
pub fn bridges(host: &Host) -> Result<Option<Vec<Bridge>>> {
    host.call(|conn| Ok(bridges_on(conn)))
}

/// [`networks`] inside a call.
pub fn networks_on(conn: &Connect) -> Result<Vec<NetworkInfo>> {
    let listed = match conn.list_all_networks(0) {
        Err(e) if e.code().to_raw() == virt_sys::VIR_ERR_NO_SUPPORT => return Ok(Vec::new()),
        other => other?,
    };
    let read = |n: virt::network::Network| -> Result<NetworkInfo, virt::error::Error> {
        let xml = n.xml_desc(0)?;
        let (forward, bridge) = read_network(&xml);
        Ok(NetworkInfo { name: n.name()?, active: n.is_active()?, forward, bridge })
    };
    // A network that goes away meanwhile is no longer one of the host's.
    let mut all: Vec<_> = listed.into_iter().filter_map(|n| read(n).ok()).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

fn read_network(xml: &str) -> (Option<String>, Option<String>) {
    let Ok(doc) = Document::parse(xml) else { return (None, None) };
    let top = |tag| doc.root_element().children().find(|n| n.has_tag_name(tag));
    let forward = top("forward").map(|n| n.attribute("mode").unwrap_or("nat").to_owned());
    (forward, top("bridge").and_then(|n| n.attribute("name")).map(ToOwned::to_owned))
}

/// Interfaces that are never bridges: no question is asked about them, because each costs a call.
const NO_BRIDGE: [&str; 5] = ["vnet", "tap", "macvtap", "veth", "vif"];

/// [`bridges`] inside a call. Where libvirt has no interface driver (often), its storage driver shows the host's
/// `/sys/class/net`: a bridge is what has a `brif` folder there (Linux, Documentation/ABI/testing/sysfs-class-net).
pub fn bridges_on(conn: &Connect) -> Option<Vec<Bridge>> {
    if is_test_driver(conn) {
        return None;
    }
    let all = FolderPool::open_any(conn, "/sys/class/net").ok()?.pool().list_volumes().ok()?;
    let candidates = all.into_iter().filter(|n| n != "lo" && !NO_BRIDGE.iter().any(|no| n.starts_with(no)));
    let mut found: Vec<_> =
        candidates.filter_map(|name| members(conn, &name)?.map(|members| Bridge { name, members })).collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Some(found)
}

/// Whether the host has this bridge; `None` if it can't tell.
pub fn has_bridge(conn: &Connect, name: &str) -> Option<bool> {
    if is_test_driver(conn) || name.contains('/') {
        return None;
    }
    members(conn, name).map(|m| m.is_some())
}

/// The interfaces in a bridge; the inner `None`: it is no bridge, the outer: the host can't tell.
fn members(conn: &Connect, name: &str) -> Option<Option<Vec<String>>> {
    match FolderPool::open_any(conn, &format!("/sys/class/net/{name}/brif")) {
        Ok(pool) => Some(Some(pool.pool().list_volumes().unwrap_or_default())),
        Err(NoPool::Folder(FolderProblem::Missing | FolderProblem::NotFolder)) => Some(None),
        Err(_) => None,
    }
}

/// The test driver's pools hold no real folders.
fn is_test_driver(conn: &Connect) -> bool {
    conn.driver_type().is_ok_and(|t| t.eq_ignore_ascii_case("test"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_read_from_its_xml() {
        let nat = "<network><name>d</name><forward mode='nat'/><bridge name='virbr0'/></network>";
        assert_eq!(read_network(nat), (Some("nat".into()), Some("virbr0".into())));
        assert_eq!(read_network("<network><forward/></network>").0.as_deref(), Some("nat"));
        assert_eq!(read_network("<network><name>i</name></network>"), (None, None));
    }
}
