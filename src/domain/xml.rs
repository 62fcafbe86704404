//! Reads a domain's XML (<https://libvirt.org/formatdomain.html>) to what rows and the overview show.
use roxmltree::{Document, Node};

use super::{DiskInfo, DomainDetails, GraphicsInfo, NicInfo};
use crate::{Error, Result};

/// The namespace of Drover's own metadata in a domain: `<drover:machine><drover:tag>web</drover:tag></drover:machine>`.
pub const DROVER_NAMESPACE: &str = "https://drover.github.io/xmlns/machine/1.0";
/// libosinfo's metadata, which says what runs in the machine.
const LIBOSINFO_NAMESPACE: &str = "http://libosinfo.org/xmlns/libvirt/domain/1.0";

/// Reads a domain's XML. Addresses and snapshots are not in it and stay empty.
pub fn details(xml: &str) -> Result<DomainDetails> {
    let document = Document::parse(xml).map_err(|e| Error::DomainXml(e.to_string()))?;
    let domain = document.root_element();
    let os = child(domain, "os");
    let kind = os.and_then(|os| child(os, "type"));
    let attribute = |name| kind.and_then(|kind| kind.attribute(name));
    let devices = child(domain, "devices");
    let all = |name: &'static str| {
        devices.into_iter().flat_map(|d| d.children()).filter(move |n| n.tag_name().name() == name)
    };
    Ok(DomainDetails {
        title: text(domain, "title"),
        description: text(domain, "description"),
        os_id: os_id(domain),
        arch: attribute("arch").unwrap_or_default().to_owned(),
        machine: attribute("machine").map(str::to_owned),
        virt_type: domain.attribute("type").unwrap_or_default().to_owned(),
        firmware_uefi: os.is_some_and(is_uefi),
        tags: tags(domain),
        disks: all("disk").map(disk).collect(),
        nics: all("interface").map(nic).collect(),
        graphics: all("graphics").map(graphics).collect(),
        addresses: Vec::new(),
        snapshots: 0,
    })
}

fn child<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    node.children().find(|n| n.tag_name().name() == name)
}

fn text(node: Node<'_, '_>, name: &str) -> Option<String> {
    let text = child(node, name)?.text()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn attribute(node: Node<'_, '_>, element: &str, name: &str) -> Option<String> {
    child(node, element)?.attribute(name).map(str::to_owned)
}

fn os_id(domain: Node<'_, '_>) -> Option<String> {
    let metadata = child(domain, "metadata")?;
    let os = metadata.descendants().find(|n| n.has_tag_name((LIBOSINFO_NAMESPACE, "os")))?;
    os.attribute("id").map(str::to_owned)
}

fn tags(domain: Node<'_, '_>) -> Vec<String> {
    let metadata = child(domain, "metadata");
    let all = metadata.into_iter().flat_map(|m| m.descendants());
    let tags = all.filter(|n| n.has_tag_name((DROVER_NAMESPACE, "tag")));
    tags.filter_map(|n| n.text()).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).collect()
}

/// `<os firmware='efi'>` asks for it; a flash loader or OVMF's own name shows it.
fn is_uefi(os: Node<'_, '_>) -> bool {
    let loader = child(os, "loader");
    os.attribute("firmware") == Some("efi")
        || loader.is_some_and(|l| {
            l.attribute("type") == Some("pflash") || l.text().is_some_and(|path| path.to_lowercase().contains("ovmf"))
        })
}

fn disk(node: Node<'_, '_>) -> DiskInfo {
    DiskInfo {
        device: node.attribute("device").unwrap_or("disk").to_owned(),
        target: attribute(node, "target", "dev").unwrap_or_default(),
        bus: attribute(node, "target", "bus"),
        format: attribute(node, "driver", "type"),
        source: child(node, "source").and_then(disk_source),
        read_only: child(node, "readonly").is_some(),
    }
}

fn disk_source(source: Node<'_, '_>) -> Option<String> {
    let of = |name| source.attribute(name);
    if let (Some(pool), Some(volume)) = (of("pool"), of("volume")) {
        return Some(format!("{pool}/{volume}"));
    }
    if let (Some(protocol), Some(name)) = (of("protocol"), of("name")) {
        return Some(format!("{protocol}:{name}"));
    }
    ["file", "dev", "dir"].into_iter().find_map(of).map(str::to_owned)
}

fn nic(node: Node<'_, '_>) -> NicInfo {
    let source = child(node, "source");
    let of = |name| source.and_then(|s| s.attribute(name));
    NicInfo {
        kind: node.attribute("type").unwrap_or_default().to_owned(),
        source: ["network", "bridge", "dev", "name"].into_iter().find_map(of).map(str::to_owned),
        mac: attribute(node, "mac", "address").unwrap_or_default(),
        model: attribute(node, "model", "type"),
        target: attribute(node, "target", "dev"),
    }
}

fn graphics(node: Node<'_, '_>) -> GraphicsInfo {
    let listen = child(node, "listen");
    let of = |name| node.attribute(name).or_else(|| listen.and_then(|l| l.attribute(name))).map(str::to_owned);
    GraphicsInfo {
        kind: node.attribute("type").unwrap_or_default().to_owned(),
        // -1 stands for "chosen when it starts".
        port: node.attribute("port").and_then(|port| port.parse().ok()).filter(|port| *port > 0),
        listen: node.attribute("listen").or_else(|| listen.and_then(|l| l.attribute("address"))).map(str::to_owned),
        socket: of("socket"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_qemu_machine() {
        let details = details(
            "<domain type='kvm' id='3'><name>web</name><title>Web front</title><description> \n</description>
            <metadata><libosinfo:libosinfo xmlns:libosinfo='http://libosinfo.org/xmlns/libvirt/domain/1.0'>
              <libosinfo:os id='http://debian.org/debian/12'/></libosinfo:libosinfo>
              <d:machine xmlns:d='https://drover.github.io/xmlns/machine/1.0'><d:tag>web</d:tag><d:tag> prod </d:tag></d:machine>
            </metadata>
            <os><type arch='x86_64' machine='pc-q35-8.2'>hvm</type><loader readonly='yes' type='pflash'>/x</loader></os>
            <devices>
              <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/srv/web.qcow2' index='1'/>
                <target dev='vda' bus='virtio'/></disk>
              <disk type='volume' device='cdrom'><source pool='iso' volume='deb.iso'/><target dev='sda'/><readonly/></disk>
              <disk type='network' device='disk'><source protocol='rbd' name='pool/image'/><target dev='vdb'/></disk>
              <interface type='network'><mac address='52:54:00:00:00:01'/><source network='default' bridge='virbr0'/>
                <target dev='vnet0'/><model type='virtio'/></interface>
              <graphics type='vnc' port='5901' autoport='yes' listen='127.0.0.1'><listen type='address' address='127.0.0.1'/></graphics>
              <graphics type='spice'><listen type='socket' socket='/run/spice.sock'/></graphics>
            </devices></domain>",
        )
        .unwrap();
        assert_eq!((details.title.as_deref(), details.description.as_deref()), (Some("Web front"), None));
        assert_eq!(details.os_id.as_deref(), Some("http://debian.org/debian/12"));
        assert_eq!(details.tags, ["web", "prod"]);
        assert_eq!((details.arch.as_str(), details.machine.as_deref()), ("x86_64", Some("pc-q35-8.2")));
        assert!(details.firmware_uefi && details.virt_type == "kvm");
        let sources: Vec<_> = details.disks.iter().map(|d| d.source.as_deref().unwrap()).collect();
        assert_eq!(sources, ["/srv/web.qcow2", "iso/deb.iso", "rbd:pool/image"]);
        assert_eq!((details.disks[0].format.as_deref(), details.disks[1].read_only), (Some("qcow2"), true));
        let nic = NicInfo {
            kind: "network".into(),
            source: Some("virbr0".into()),
            mac: "52:54:00:00:00:01".into(),
            model: Some("virtio".into()),
            target: Some("vnet0".into()),
        };
        assert_eq!(details.nics, [NicInfo { source: Some("default".into()), ..nic }]);
        assert_eq!((details.graphics[0].port, details.graphics[0].listen.as_deref()), (Some(5901), Some("127.0.0.1")));
        assert_eq!(details.graphics[1].socket.as_deref(), Some("/run/spice.sock"));
    }

    #[test]
    fn reads_a_paravirtual_xen_machine() {
        let details = details(
            "<domain type='xen'><name>node1</name><bootloader>/usr/bin/pygrub</bootloader>
            <os><type arch='x86_64' machine='xenpv'>linux</type></os>
            <devices><disk type='block' device='disk'><driver name='phy'/><source dev='/dev/vg/node1'/><target dev='xvda' bus='xen'/></disk>
            <interface type='bridge'><mac address='00:16:3e:00:00:01'/><source bridge='xenbr0'/><script path='vif-bridge'/></interface>
            <graphics type='vnc' port='-1' autoport='yes'><listen type='address'/></graphics></devices></domain>",
        )
        .unwrap();
        assert_eq!((details.virt_type.as_str(), details.machine.as_deref()), ("xen", Some("xenpv")));
        assert_eq!(
            (details.disks[0].source.as_deref(), details.disks[0].bus.as_deref()),
            (Some("/dev/vg/node1"), Some("xen"))
        );
        assert_eq!((details.nics[0].kind.as_str(), details.nics[0].source.as_deref()), ("bridge", Some("xenbr0")));
        assert_eq!((details.graphics[0].port, details.graphics[0].listen.as_deref()), (None, None));
    }

    #[test]
    fn a_bare_domain_has_empty_details_and_broken_xml_is_an_error() {
        let bare = details("<domain type='test'><name>t</name></domain>").unwrap();
        assert_eq!(bare, DomainDetails { virt_type: "test".into(), ..DomainDetails::default() });
        assert!(details("<domain").is_err());
    }
}
