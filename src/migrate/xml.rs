//! The machine's XML as the destination shall have it: other bridges and networks, empty drives. The text is spliced, so
//! that what we don't know stays as it is.
use std::ops::Range;

use roxmltree::{Document, Node};
use virt::connect::Connect;
use virt_sys as sys;

use super::Choices;
use crate::domain::{DomainId, read};
use crate::{Error, Result};

/// The XML with its secrets: `migratable` in the form that a live migration takes, else the definition.
pub(super) fn of_domain(conn: &Connect, id: DomainId, migratable: bool) -> Result<String> {
    let kind = if migratable { sys::VIR_DOMAIN_XML_MIGRATABLE } else { sys::VIR_DOMAIN_XML_INACTIVE };
    Ok(read::lookup(conn, id)?.xml_desc(sys::VIR_DOMAIN_XML_SECURE | kind)?)
}

/// Applies the choices; drives whose target is in `eject` lose their medium.
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
    use crate::migrate::Kind;

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
}
