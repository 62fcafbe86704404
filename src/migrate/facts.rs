//! What the checks need to know of a host: read once and kept; only [`answers`](super::answers) are about one machine.
use std::net::{IpAddr, TcpStream, ToSocketAddrs, UdpSocket};
use std::time::Duration;

use roxmltree::{Document, Node};
use uuid::Uuid;
use virt::connect::Connect;
use virt::storage_pool::StoragePool;

use super::finding::Version;
use super::subnet;
use crate::Result;
use crate::domain::DomainId;
use crate::host::{Host, migrate_ffi, stats};
use crate::network::{self, NetworkInfo};

/// The port of Xen's old relocation server (xend-relocation-port).
pub const RELOCATION_PORT: u16 = 8002;
/// So long a probe of a port may take.
const PROBE: Duration = Duration::from_secs(2);

/// A host, as far as a migration is concerned.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HostFacts {
    /// What it calls itself.
    pub name: String,
    /// libvirt's identity of the host, the same under every URI.
    pub uuid: Option<Uuid>,
    /// "QEMU", "Xen"…
    pub driver: String,
    pub libvirt: Version,
    pub hypervisor: Version,
    pub guests: Vec<Guest>,
    /// Whether our link to it may only look.
    pub read_only: bool,
    /// Whether its driver migrates at all.
    pub migrates: bool,
    pub networks: Vec<NetworkInfo>,
    /// `None`: the host can't tell.
    pub bridges: Option<Vec<String>>,
    pub cpus: u32,
    pub memory_kib: u64,
    /// Free, counting what only caches files.
    pub free_memory_kib: Option<u64>,
    pub pools: Vec<Pool>,
    pub machines: Vec<Neighbour>,
    /// Where it is reached from here.
    pub address: Option<IpAddr>,
    /// The prefix of that address's subnet; `None` when nobody tells.
    pub prefix: Option<u8>,
    /// Whether its name is known here, and as what.
    pub name_resolves: Vec<IpAddr>,
    /// Whether Xen's old relocation server answers; `None` if it could not be asked or is not used.
    pub relocation: Option<bool>,
}

/// A kind of machines that it can run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guest {
    pub os_type: String,
    pub arch: String,
    /// "kvm", "qemu", "xen"…
    pub types: Vec<String>,
    /// Machine types.
    pub machines: Vec<String>,
}

/// A storage pool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pool {
    pub name: String,
    /// "dir", "netfs", "rbd"…
    pub kind: String,
    pub active: bool,
    pub target: Option<String>,
    /// Where a network pool comes from: equal texts mean the same store.
    pub origin: Option<String>,
    /// Bytes.
    pub free: Option<u64>,
}

/// A machine that it has already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Neighbour {
    pub id: DomainId,
    pub name: String,
    pub active: bool,
}

impl HostFacts {
    /// Asks the host: a dozen calls. What it does not tell stays empty.
    pub fn read(host: &Host) -> Result<Self> {
        let mut facts = host.call(ask)?;
        let there = host.uri().and_then(|uri| uri.host.clone());
        facts.name_resolves = resolve(&facts.name);
        facts.address = match there {
            Some(name) => resolve(&name).first().copied(),
            None => facts.name_resolves.iter().copied().find(|a| !a.is_loopback()).or_else(own_address),
        };
        facts.prefix = facts.address.and_then(subnet::prefix_of);
        if facts.has_xend() {
            facts.relocation =
                facts.address.map(|to| TcpStream::connect_timeout(&(to, RELOCATION_PORT).into(), PROBE).is_ok());
        }
        Ok(facts)
    }

    /// Whether it is Xen under xend, which has a relocation server of its own; since libxl libvirt moves machines itself.
    /// libvirt dropped xend in 4.3, Xen in 4.5.
    pub fn has_xend(&self) -> bool {
        self.driver == "Xen" && self.libvirt < Version(4, 3, 0) && self.hypervisor < Version(4, 5, 0)
    }

    /// The pool with this name.
    pub fn pool(&self, name: &str) -> Option<&Pool> {
        self.pools.iter().find(|p| p.name == name)
    }

    /// The pool whose folder holds this path.
    pub fn pool_of(&self, path: &str) -> Option<&Pool> {
        let (folder, _) = path.rsplit_once('/')?;
        self.pools.iter().find(|p| p.target.as_deref().map(|t| t.trim_end_matches('/')) == Some(folder))
    }

    /// Takes the capabilities XML (libvirt's formatcaps); what is not understood is left out.
    fn take_capabilities(&mut self, xml: &str) {
        let Ok(document) = Document::parse(xml) else { return };
        let root = document.root_element();
        if let Some(host) = child(root, "host") {
            self.uuid = text(host, "uuid").and_then(|t| Uuid::parse_str(&t).ok());
            self.migrates = child(host, "migration_features").is_some();
        }
        self.guests = root.children().filter(|n| n.has_tag_name("guest")).filter_map(guest).collect();
    }
}

fn child<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    node.children().find(|n| n.has_tag_name(name))
}

fn text(node: Node<'_, '_>, name: &str) -> Option<String> {
    child(node, name)?.text().map(|t| t.trim().to_owned())
}

fn guest(node: Node<'_, '_>) -> Option<Guest> {
    let arch = child(node, "arch")?;
    let mut machines: Vec<String> = Vec::new();
    for machine in arch.descendants().filter(|n| n.has_tag_name("machine")) {
        let names = [machine.text(), machine.attribute("canonical")];
        for name in names.into_iter().flatten() {
            if !machines.iter().any(|m| m == name) {
                machines.push(name.to_owned());
            }
        }
    }
    let types = arch.children().filter(|n| n.has_tag_name("domain")).filter_map(|d| d.attribute("type"));
    Some(Guest {
        os_type: text(node, "os_type").unwrap_or_default(),
        arch: arch.attribute("name")?.to_owned(),
        types: types.map(str::to_owned).collect(),
        machines,
    })
}

fn version(number: u32) -> Version {
    Version(number / 1_000_000, number / 1000 % 1000, number % 1000)
}

fn ask(conn: &Connect) -> Result<HostFacts> {
    let mut facts = HostFacts {
        name: conn.hostname()?,
        driver: conn.driver_type()?,
        libvirt: version(conn.lib_version().unwrap_or_default()),
        hypervisor: version(conn.hyp_version().unwrap_or_default()),
        networks: network::networks_on(conn)?,
        read_only: migrate_ffi::is_read_only(conn),
        bridges: network::bridges_on(conn).map(|all| all.into_iter().map(|b| b.name).collect()),
        ..HostFacts::default()
    };
    facts.take_capabilities(&conn.capabilities()?);
    let node = conn.node_info()?;
    (facts.cpus, facts.memory_kib) = (node.cpus, node.memory);
    facts.free_memory_kib = match stats::node(conn).memory_used {
        Some(used) => Some(node.memory.saturating_sub(used)),
        None => conn.free_memory().ok().map(|bytes| bytes / 1024),
    };
    // A driver without storage has no pools.
    facts.pools = conn.list_all_storage_pools(0).unwrap_or_default().iter().filter_map(pool).collect();
    let neighbour = |d: &virt::domain::Domain| {
        Some(Neighbour { id: DomainId(d.uuid().ok()?), name: d.name().ok()?, active: d.is_active().ok()? })
    };
    facts.machines = conn.list_all_domains(0)?.iter().filter_map(neighbour).collect();
    Ok(facts)
}

fn pool(handle: &StoragePool) -> Option<Pool> {
    let xml = handle.xml_desc(0).ok()?;
    let mut pool = parse_pool(&xml)?;
    pool.active = handle.is_active().ok()?;
    pool.free = handle.info().ok().filter(|_| pool.active).map(|i| i.available);
    Some(pool)
}

fn parse_pool(xml: &str) -> Option<Pool> {
    let document = Document::parse(xml).ok()?;
    let root = document.root_element();
    Some(Pool {
        name: text(root, "name")?,
        kind: root.attribute("type")?.to_owned(),
        active: false,
        target: child(root, "target").and_then(|t| text(t, "path")),
        origin: child(root, "source").and_then(origin),
        free: None,
    })
}

/// Host and name of a network pool's source, as one text; `None` for stores of the host's own.
fn origin(source: Node<'_, '_>) -> Option<String> {
    let host = child(source, "host")?.attribute("name")?;
    let what = source.children().filter(Node::is_element).filter_map(|n| match n.tag_name().name() {
        "dir" => n.attribute("path"),
        "device" => n.attribute("path"),
        "name" => n.text().map(str::trim),
        _ => None,
    });
    Some(format!("{host}:{}", what.collect::<Vec<_>>().join(":")))
}

fn resolve(name: &str) -> Vec<IpAddr> {
    (name, 0).to_socket_addrs().map(|all| all.map(|a| a.ip()).collect()).unwrap_or_default()
}

/// This machine's address towards others. No packet is sent: the system only chooses the way.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    Some(socket.local_addr().ok()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_tell_identity_and_machine_types() {
        let mut facts = HostFacts::default();
        facts.take_capabilities(
            "<capabilities><host><uuid>232a5818-a59f-46fe-8d42-18848a237f75</uuid><migration_features><live/></migration_features>
            </host><guest><os_type>hvm</os_type><arch name='x86_64'><machine canonical='pc-i440fx-10.0'>pc</machine>
            <domain type='qemu'/><domain type='kvm'><machine>pc-q35-2.7</machine></domain></arch></guest></capabilities>",
        );
        assert_eq!(facts.uuid.map(|u| u.to_string()).as_deref(), Some("232a5818-a59f-46fe-8d42-18848a237f75"));
        assert!(facts.migrates);
        let guest = &facts.guests[0];
        assert_eq!((guest.os_type.as_str(), guest.arch.as_str()), ("hvm", "x86_64"));
        assert_eq!(guest.types, ["qemu", "kvm"]);
        assert_eq!(guest.machines, ["pc", "pc-i440fx-10.0", "pc-q35-2.7"]);
    }

    #[test]
    fn a_network_pools_source_is_its_identity() {
        let of = |xml: &str| parse_pool(xml).unwrap();
        let nfs = of("<pool type='netfs'><name>n</name><source><host name='nas'/><dir path='/images'/><format type='nfs'/></source>
            <target><path>/srv/images</path></target></pool>");
        assert_eq!((nfs.origin.as_deref(), nfs.target.as_deref()), (Some("nas:/images"), Some("/srv/images")));
        let rbd = of(
            "<pool type='rbd'><name>r</name><source><host name='mon1' port='6789'/><name>vms</name></source></pool>",
        );
        assert_eq!(rbd.origin.as_deref(), Some("mon1:vms"));
        assert_eq!(of("<pool type='dir'><name>d</name><target><path>/a</path></target></pool>").origin, None);
    }

    #[test]
    fn only_old_xen_has_a_relocation_server() {
        let xen = |libvirt, hypervisor| HostFacts { driver: "Xen".into(), libvirt, hypervisor, ..HostFacts::default() };
        assert!(xen(Version(1, 2, 0), Version(4, 1, 0)).has_xend());
        assert!(!xen(Version(11, 3, 0), Version(4, 17, 0)).has_xend());
        assert!(!HostFacts { driver: "QEMU".into(), ..HostFacts::default() }.has_xend());
    }

    #[test]
    fn a_pool_is_found_by_its_folder() {
        let pools = vec![Pool { name: "p".into(), target: Some("/srv/x/".into()), ..Pool::default() }];
        let facts = HostFacts { pools, ..HostFacts::default() };
        assert_eq!(facts.pool_of("/srv/x/a.img").map(|p| p.name.as_str()), Some("p"));
        assert_eq!(facts.pool_of("/srv/a.img"), None);
    }
}
