//! Which machine uses a disk image or a MAC address, read from the machines' XML.
use roxmltree::{Document, Node};
use virt::connect::Connect;
use virt::domain::Domain;

use crate::Result;

/// The name of the machine that has this file or device as a disk, or for its firmware's variables.
pub fn domain_using_path(conn: &Connect, path: &str) -> Result<Option<String>> {
    find(conn, path, |node| {
        let is_disk = node.has_tag_name("source") && node.parent_element().is_some_and(|p| p.has_tag_name("disk"));
        is_disk && [node.attribute("file"), node.attribute("dev")].contains(&Some(path))
            || node.has_tag_name("nvram") && node.text().map(str::trim) == Some(path)
    })
}

/// The name of the machine that has a network card with this MAC address.
pub fn domain_using_mac(conn: &Connect, mac: &str) -> Result<Option<String>> {
    find(conn, "", |node| {
        node.has_tag_name("mac")
            && node.parent_element().is_some_and(|p| p.has_tag_name("interface"))
            && node.attribute("address").is_some_and(|a| a.eq_ignore_ascii_case(mac))
    })
}

/// `hint` is text that must be in the XML for a match, so that most machines need no parsing; XML-escaped characters end it.
fn find(conn: &Connect, hint: &str, is_match: impl Fn(&Node) -> bool) -> Result<Option<String>> {
    let hint = hint.split(['&', '<', '>', '\'', '"']).next().unwrap_or_default();
    let matches = |domain: &Domain| {
        // A machine that vanishes while we look has no XML any more: it uses nothing.
        let xml = domain.xml_desc(0).unwrap_or_default();
        xml.contains(hint) && Document::parse(&xml).is_ok_and(|doc| doc.descendants().any(|n| is_match(&n)))
    };
    Ok(conn.list_all_domains(0)?.iter().find(|d| matches(d)).map(Domain::name).transpose()?)
}
