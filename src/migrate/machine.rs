//! What the checks need to know of the machine, from its XML (<https://libvirt.org/formatdomain.html>) and a few calls.
use roxmltree::{Document, Node};
use virt::connect::Connect;
use virt::domain::Domain;
use virt_sys as sys;

use crate::domain::{DomainId, State, arrived, read};
use crate::host::migrate_ffi;
use crate::{Error, Result};

/// The machine that shall move.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Machine {
    pub id: Option<DomainId>,
    pub name: String,
    pub state: State,
    pub persistent: bool,
    pub autostart: bool,
    pub has_managed_save: bool,
    pub snapshots: u32,
    /// Whether libvirt works on it: another migration, a save, a backup.
    pub busy: bool,
    /// Whether it stands still, came here from another host, and has hardly run here. Not every hypervisor tells.
    pub arrived_paused: bool,
    /// "kvm", "qemu", "xen"…
    pub virt_type: String,
    pub arch: String,
    /// "hvm", "linux" (Xen PV)…
    pub os_type: String,
    /// The machine type, such as "pc-q35-8.2".
    pub machine: Option<String>,
    pub emulator: Option<String>,
    pub memory_kib: u64,
    pub vcpus: u32,
    /// The `<cpu>` element as text.
    pub cpu: Option<String>,
    /// "host-passthrough", "custom"…
    pub cpu_mode: Option<String>,
    /// Paths of the firmware and of its variables.
    pub loader: Option<String>,
    pub nvram: Option<String>,
    /// What the variables' file is made from at a host that has none.
    pub template: Option<String>,
    /// Whether it has an emulated TPM, whose state lies on the host.
    pub tpm: bool,
    pub disks: Vec<Disk>,
    pub nics: Vec<Nic>,
    /// Drover's tags; `apart:NAME` keeps machines of one NAME on different hosts.
    pub tags: Vec<String>,
    /// Devices and folders of the host that it uses, in words.
    pub host_devices: Vec<String>,
}

/// One disk or drive.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Disk {
    /// Its name in the machine: "vda".
    pub target: String,
    /// "disk", "cdrom", "floppy", "lun".
    pub device: String,
    pub source: Source,
    /// "raw", "qcow2"…
    pub format: String,
    pub read_only: bool,
}

impl Disk {
    /// CD and floppy drives: their medium may be taken out.
    pub fn is_removable(&self) -> bool {
        matches!(self.device.as_str(), "cdrom" | "floppy")
    }
}

/// Where a disk's data is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Source {
    /// An empty drive.
    #[default]
    None,
    File(String),
    Block(String),
    /// A pool's volume.
    Volume {
        pool: String,
        volume: String,
    },
    /// rbd, iscsi, nbd, gluster, http…: the protocol and the name.
    Network {
        protocol: String,
        name: String,
    },
    /// A kind that is not known here.
    Other(String),
}

/// How a network card is plugged in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Nic {
    Bridge(String),
    Network(String),
    /// macvtap over an interface of the host.
    Direct(String),
    /// User-mode networking and others that need nothing of the host.
    Free,
    /// A device of the host that is handed through.
    HostDevice,
}

impl Machine {
    /// Reads it on its host. Its XML of now if it runs, else its definition. [`Error::NoDomain`] when it is gone.
    pub fn read(conn: &Connect, id: DomainId) -> Result<Self> {
        let handle = read::lookup(conn, id)?;
        let info = handle.info()?;
        let state = State::from_raw(info.state.to_raw());
        let flags = if state.is_active() { sys::VIR_DOMAIN_XML_MIGRATABLE } else { sys::VIR_DOMAIN_XML_INACTIVE };
        // Not every driver knows the flag.
        let xml = handle.xml_desc(flags).or_else(|_| handle.xml_desc(0))?;
        Ok(Self {
            id: Some(id),
            state,
            persistent: handle.is_persistent()?,
            autostart: handle.autostart().unwrap_or_default(),
            has_managed_save: handle.has_managed_save(0).unwrap_or_default(),
            snapshots: handle.num_snapshots(0).unwrap_or_default(),
            busy: state.is_active() && has_job(&handle),
            arrived_paused: arrived::is_paused_since(&handle).unwrap_or_default(),
            ..Self::parse(&xml)?
        })
    }

    /// Whether its CPU is whatever its host has.
    pub fn has_own_cpu(&self) -> bool {
        matches!(self.cpu_mode.as_deref(), Some("host-passthrough" | "maximum"))
    }

    /// Reads its XML; what only calls tell is left as it is by default.
    pub fn parse(xml: &str) -> Result<Self> {
        let document =
            Document::parse(xml).map_err(|e| Error::Libvirt { code: 0, message: format!("the machine's XML: {e}") })?;
        let domain = document.root_element();
        let os = child(domain, "os");
        let os_type = os.and_then(|os| child(os, "type"));
        let devices: Vec<Node> = child(domain, "devices").into_iter().flat_map(|d| d.children()).collect();
        let all = |name: &'static str| devices.iter().copied().filter(move |n| n.has_tag_name(name));
        let cpu = child(domain, "cpu");
        let in_os = |name| os.and_then(|os| text(os, name));
        Ok(Self {
            name: text(domain, "name").unwrap_or_default(),
            virt_type: domain.attribute("type").unwrap_or_default().to_owned(),
            arch: os_type.and_then(|t| t.attribute("arch")).unwrap_or_default().to_owned(),
            os_type: in_os("type").unwrap_or_default(),
            machine: os_type.and_then(|t| t.attribute("machine")).map(str::to_owned),
            emulator: all("emulator").next().and_then(|e| e.text()).map(str::to_owned),
            memory_kib: child(domain, "memory").map(kib).unwrap_or_default(),
            vcpus: text(domain, "vcpu").and_then(|n| n.parse().ok()).unwrap_or_default(),
            cpu: cpu.map(|c| xml[c.range()].to_owned()),
            cpu_mode: cpu.map(|c| c.attribute("mode").unwrap_or("custom").to_owned()),
            loader: in_os("loader"),
            nvram: in_os("nvram"),
            template: os.and_then(|os| child(os, "nvram")?.attribute("template")).map(str::to_owned),
            tpm: all("tpm").any(|t| child(t, "backend").is_some_and(|b| b.attribute("type") == Some("emulator"))),
            disks: all("disk").map(disk).collect(),
            nics: all("interface").map(nic).collect(),
            tags: crate::domain::xml::details(xml)?.tags,
            host_devices: devices.iter().filter_map(|n| host_device(*n)).collect(),
            ..Self::default()
        })
    }
}

/// A driver that tells of no jobs has none to wait for.
fn has_job(handle: &Domain) -> bool {
    let runs = |kind| matches!(kind, sys::VIR_DOMAIN_JOB_BOUNDED | sys::VIR_DOMAIN_JOB_UNBOUNDED);
    migrate_ffi::job(handle).is_ok_and(|(kind, _)| runs(kind))
}

fn child<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    node.children().find(|n| n.has_tag_name(name))
}

fn text(node: Node<'_, '_>, name: &str) -> Option<String> {
    let text = child(node, name)?.text()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A size with libvirt's `unit`, KiB by default.
fn kib(node: Node<'_, '_>) -> u64 {
    let number: u64 = node.text().and_then(|t| t.trim().parse().ok()).unwrap_or_default();
    let bytes: u64 = match node.attribute("unit").unwrap_or("KiB") {
        "b" | "bytes" => 1,
        "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "M" | "MiB" => 1 << 20,
        "G" | "GiB" => 1 << 30,
        "T" | "TiB" => 1 << 40,
        _ => 1 << 10,
    };
    number.saturating_mul(bytes) / 1024
}

fn disk(node: Node<'_, '_>) -> Disk {
    let driver = child(node, "driver");
    Disk {
        target: child(node, "target").and_then(|t| t.attribute("dev")).unwrap_or_default().to_owned(),
        device: node.attribute("device").unwrap_or("disk").to_owned(),
        source: source(node),
        format: driver.and_then(|d| d.attribute("type")).unwrap_or("raw").to_owned(),
        read_only: child(node, "readonly").is_some(),
    }
}

fn source(disk: Node<'_, '_>) -> Source {
    let Some(source) = child(disk, "source") else { return Source::None };
    let of = |name| source.attribute(name).map(str::to_owned);
    let found = match disk.attribute("type").unwrap_or("file") {
        "file" => of("file").map(Source::File),
        "block" => of("dev").map(Source::Block),
        "volume" => of("pool").zip(of("volume")).map(|(pool, volume)| Source::Volume { pool, volume }),
        "network" => {
            Some(Source::Network { protocol: of("protocol").unwrap_or_default(), name: of("name").unwrap_or_default() })
        }
        other => Some(Source::Other(other.to_owned())),
    };
    found.unwrap_or_default()
}

fn nic(node: Node<'_, '_>) -> Nic {
    let of = |name| child(node, "source").and_then(|s| s.attribute(name)).map(str::to_owned);
    let found = match node.attribute("type").unwrap_or_default() {
        "bridge" => of("bridge").map(Nic::Bridge),
        "network" => of("network").map(Nic::Network),
        "direct" => of("dev").map(Nic::Direct),
        "hostdev" => Some(Nic::HostDevice),
        _ => None,
    };
    found.unwrap_or(Nic::Free)
}

/// A device that ties the machine to its host, in words.
fn host_device(node: Node<'_, '_>) -> Option<String> {
    let kind = node.attribute("type").unwrap_or_default();
    match node.tag_name().name() {
        "hostdev" => {
            let address = child(node, "source").and_then(|s| s.children().find(|n| n.has_tag_name("address")));
            let parts = address.into_iter().flat_map(|a| a.attributes()).map(|a| a.value().to_owned());
            let place = parts.collect::<Vec<_>>().join(":");
            Some(format!("{} {place}", kind_of(node)).trim().to_owned())
        }
        "filesystem" => {
            let source = child(node, "source");
            let folder = source.and_then(|s| s.attribute("dir").or_else(|| s.attribute("socket"))).unwrap_or_default();
            Some(format!("folder {folder}"))
        }
        "redirdev" if kind == "spicevmc" => None,
        "redirdev" => Some(format!("redirected {}", node.attribute("bus").unwrap_or("usb"))),
        "shmem" => Some(format!("shared memory {}", node.attribute("name").unwrap_or_default())),
        "tpm" if child(node, "backend").is_some_and(|b| b.attribute("type") == Some("passthrough")) => {
            Some("TPM".to_owned())
        }
        _ => None,
    }
}

fn kind_of(hostdev: Node<'_, '_>) -> String {
    let kind = hostdev.attribute("type").or_else(|| hostdev.attribute("mode")).unwrap_or("device");
    if kind.len() <= 4 { kind.to_uppercase() } else { kind.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const XML: &str = "<domain type='kvm'><name>db-01</name><memory unit='GiB'>2</memory><vcpu placement='static'>4</vcpu>
      <os><type arch='x86_64' machine='pc-q35-8.2'>hvm</type><loader type='pflash'>/usr/share/OVMF.fd</loader><nvram template='/t.fd'>/v.fd</nvram></os>
      <cpu mode='host-passthrough' check='none'/><devices><emulator>/usr/bin/qemu</emulator>
      <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/srv/a.qcow2'/><target dev='vda'/></disk>
      <disk type='block' device='disk'><source dev='/dev/vg/b'/><target dev='vdb'/></disk>
      <disk type='volume' device='disk'><driver type='raw'/><source pool='p' volume='v'/><target dev='vdc'/></disk>
      <disk type='network' device='disk'><source protocol='rbd' name='pool/i'/><target dev='vdd'/></disk>
      <disk type='file' device='cdrom'><target dev='sda'/><readonly/></disk>
      <interface type='bridge'><source bridge='br0'/></interface><interface type='network'><source network='lan'/></interface>
      <interface type='direct'><source dev='eth1' mode='bridge'/></interface><interface type='user'/>
      <hostdev mode='subsystem' type='pci'><source><address domain='0x0000' bus='0x06' slot='0x12' function='0x5'/></source></hostdev>
      <filesystem type='mount'><source dir='/srv/x'/></filesystem><redirdev bus='usb' type='spicevmc'/>
      <tpm model='tpm-crb'><backend type='emulator'/></tpm></devices></domain>";

    #[test]
    fn a_machine_is_read_from_its_xml() {
        let m = Machine::parse(XML).unwrap();
        assert_eq!((m.name.as_str(), m.memory_kib, m.vcpus), ("db-01", 2 << 20, 4));
        assert_eq!(
            (m.virt_type.as_str(), m.arch.as_str(), m.machine.as_deref()),
            ("kvm", "x86_64", Some("pc-q35-8.2"))
        );
        assert_eq!((m.loader.as_deref(), m.nvram.as_deref()), (Some("/usr/share/OVMF.fd"), Some("/v.fd")));
        assert_eq!(m.template.as_deref(), Some("/t.fd"));
        assert_eq!(m.cpu_mode.as_deref(), Some("host-passthrough"));
        assert_eq!(m.cpu.as_deref(), Some("<cpu mode='host-passthrough' check='none'/>"));
        let sources: Vec<_> = m.disks.iter().map(|d| d.source.clone()).collect();
        let network = Source::Network { protocol: "rbd".into(), name: "pool/i".into() };
        let volume = Source::Volume { pool: "p".into(), volume: "v".into() };
        assert_eq!(
            sources,
            [Source::File("/srv/a.qcow2".into()), Source::Block("/dev/vg/b".into()), volume, network, Source::None]
        );
        assert!(m.disks[4].is_removable() && m.disks[4].read_only && m.disks[0].format == "qcow2");
        let nics = [Nic::Bridge("br0".into()), Nic::Network("lan".into()), Nic::Direct("eth1".into()), Nic::Free];
        assert_eq!(m.nics, nics);
        assert_eq!(m.host_devices, ["PCI 0x0000:0x06:0x12:0x5", "folder /srv/x"]);
        assert!(m.tpm && !m.has_managed_save);
    }

    #[test]
    fn memory_has_units_and_broken_xml_is_an_error() {
        for (xml, want) in [
            ("<memory>1024</memory>", 1024),
            ("<memory unit='b'>4096</memory>", 4),
            ("<memory unit='M'>1</memory>", 1024),
        ] {
            assert_eq!(Machine::parse(&format!("<domain>{xml}</domain>")).unwrap().memory_kib, want, "{xml}");
        }
        assert!(Machine::parse("<domain").is_err());
    }
}
