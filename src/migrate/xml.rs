//! The machine's XML as the destination shall have it: other bridges and networks, empty drives. The text is spliced, so
//! that what we don't know stays as it is.
use std::ops::Range;

use roxmltree::{Document, Node};
use virt::connect::Connect;
use virt_sys as sys;

use super::choices::path_in;
use super::{Choices, Place};
use crate::domain::{DomainId, read};
use crate::{Error, Result};

/// The XML with its secrets: `migratable` in the form that a live migration takes, else the definition.
pub(super) fn of_domain(conn: &Connect, id: DomainId, migratable: bool) -> Result<String> {
    let kind = if migratable { sys::VIR_DOMAIN_XML_MIGRATABLE } else { sys::VIR_DOMAIN_XML_INACTIVE };
    Ok(read::lookup(conn, id)?.xml_desc(sys::VIR_DOMAIN_XML_SECURE | kind)?)
}

/// Applies the choices, but for the name; drives whose target is in `eject` lose their medium.
pub fn for_destination(xml: &str, choices: &Choices, eject: &[String]) -> Result<String> {
    let document =
        Document::parse(xml).map_err(|e| Error::Libvirt { code: 0, message: format!("the machine's XML: {e}") })?;
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    for node in document.descendants().filter(|n| n.has_tag_name("source")) {
        match node.parent_element() {
            Some(nic) if nic.has_tag_name("interface") => edits.extend(replug(node, nic, choices)),
            Some(disk) if disk.has_tag_name("disk") && target(disk).is_some_and(|t| eject.iter().any(|e| e == t)) => {
                edits.push((node.range(), String::new()));
            }
            Some(disk) if disk.has_tag_name("disk") => edits.extend(put_elsewhere(node, disk, choices)),
            _ => {}
        }
    }
    edits.sort_by_key(|(range, _)| range.start);
    let mut out = xml.to_owned();
    for (range, text) in edits.into_iter().rev() {
        out.replace_range(range, &text);
    }
    Ok(out)
}

/// Changes the name.
pub fn renamed(xml: &str, name: &str) -> Result<String> {
    let document =
        Document::parse(xml).map_err(|e| Error::Libvirt { code: 0, message: format!("the machine's XML: {e}") })?;
    let node = document.root_element().children().find(|n| n.has_tag_name("name"));
    let mut out = xml.to_owned();
    if let Some(text) = node.and_then(|n| n.first_child()) {
        out.replace_range(text.range(), &crate::install::xml::escape(name));
    }
    Ok(out)
}

/// Another place and another format for a disk's copy.
fn put_elsewhere(source: Node<'_, '_>, disk: Node<'_, '_>, choices: &Choices) -> Vec<(Range<usize>, String)> {
    let Some(choice) = target(disk).and_then(|t| choices.disk(t)) else { return Vec::new() };
    let place = match &choice.place {
        Some(Place::Folder(folder)) => source.attribute_node("file").map(|a| (a, path_in(folder, a.value()))),
        Some(Place::Pool(pool)) => source.attribute_node("pool").map(|a| (a, pool.clone())),
        None => None,
    };
    let driver = disk.children().find(|n| n.has_tag_name("driver"));
    let format = driver.and_then(|d| d.attribute_node("type")).zip(choice.format);
    let format = format.map(|(a, format)| (a, format.name().to_owned()));
    let changed = place.into_iter().chain(format).filter(|(a, text)| a.value() != text);
    changed.map(|(a, text)| (a.range_value(), crate::install::xml::escape(&text))).collect()
}

fn replug(source: Node<'_, '_>, nic: Node<'_, '_>, choices: &Choices) -> Option<(Range<usize>, String)> {
    let (name, pick): (_, fn(&Choices, &str) -> String) = match nic.attribute("type")? {
        "bridge" => ("bridge", |c, here| c.bridge(here).to_owned()),
        "network" => ("network", |c, here| c.network(here).to_owned()),
        _ => return None,
    };
    let attribute = source.attribute_node(name)?;
    let other = pick(choices, attribute.value());
    (other != attribute.value()).then(|| (attribute.range_value(), crate::install::xml::escape(&other)))
}

fn target<'a>(disk: Node<'a, '_>) -> Option<&'a str> {
    disk.children().find(|n| n.has_tag_name("target"))?.attribute("dev")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::install::Format;
    use crate::migrate::{DiskChoice, Kind};

    #[test]
    fn only_what_was_chosen_changes() {
        let xml = "<domain><!-- mine --><devices><disk type='file' device='cdrom'><source file='/a.iso'/><target dev='sda'/></disk>\
                   <disk type='file'><source file='/a.img'/><target dev='vda'/></disk>\
                   <interface type='bridge'><source bridge='xenbr0'/></interface>\
                   <interface type='network'><source network='lan' bridge='xenbr0'/></interface></devices></domain>";
        let mut choices = Choices::new(Kind::Live);
        choices.bridges.push(("xenbr0".into(), "br&0".into()));
        choices.networks.push(("lan".into(), "wan".into()));
        let out = for_destination(xml, &choices, &["sda".into()]).unwrap();
        let want = xml
            .replace("<source file='/a.iso'/>", "")
            .replace("<source bridge='xenbr0'/>", "<source bridge='br&amp;0'/>")
            .replace("network='lan'", "network='wan'");
        assert_eq!(out, want);
        assert_eq!(for_destination(xml, &Choices::new(Kind::Live), &[]).unwrap(), xml);
    }

    #[test]
    fn a_copy_may_lie_elsewhere_in_another_format_and_the_machine_be_called_otherwise() {
        let xml = "<domain><name>a &amp; b</name><devices><disk type='file'><driver name='qemu' type='raw'/><source file='/srv/a.img'>\
                   <seclabel/></source><backingStore type='file'><format type='raw'/><source file='/srv/base'/></backingStore>\
                   <target dev='vda'/></disk><disk type='volume'><driver type='qcow2'/><source pool='p' volume='v'/>\
                   <target dev='vdb'/></disk></devices></domain>";
        let mut choices = Choices::new(Kind::Copy);
        let folder = Some(Place::Folder("/new place/".into()));
        choices.disks = vec![
            DiskChoice { target: "vda".into(), place: folder, format: Some(Format::Qcow2), ..DiskChoice::default() },
            DiskChoice { target: "vdb".into(), place: Some(Place::Pool("q".into())), ..DiskChoice::default() },
        ];
        let want = xml
            .replace("'/srv/a.img'", "'/new place/a.img'")
            .replace("name='qemu' type='raw'", "name='qemu' type='qcow2'")
            .replace("pool='p'", "pool='q'");
        assert_eq!(for_destination(xml, &choices, &[]).unwrap(), want);
        assert_eq!(renamed(xml, "c<d").unwrap(), xml.replace("a &amp; b", "c&lt;d"));
    }
}
