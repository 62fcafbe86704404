//! list: the host's machines, as a table or as JSON.
use drover::Result;
use serde_json::{Value, json};
use virt::connect::Connect;
use virt::domain::Domain;
use virt::enumutil::Enum;

use super::{Context, print_json};

/// One row.
struct Row {
    name: String,
    uuid: String,
    /// libvirt's number of a running machine.
    id: Option<u32>,
    memory_mib: u64,
    vcpus: u32,
    state: &'static str,
    autostart: bool,
    saved: bool,
    /// The XML, for the long form.
    xml: Option<String>,
}

/// Prints the machines, sorted by name.
pub fn run(context: &Context, long: bool) -> Result<()> {
    let rows = context.open()?.call(move |conn| read(conn, long))?;
    if context.json {
        print_json(&Value::Array(rows.iter().map(as_json).collect()));
    } else if long {
        rows.iter().for_each(print_long);
    } else {
        print_table(&rows);
    }
    Ok(())
}

fn read(conn: &Connect, long: bool) -> Result<Vec<Row>> {
    // A machine that goes away while we read is no row.
    let mut rows: Vec<_> = conn.list_all_domains(0)?.iter().filter_map(|d| row(d, long).ok()).collect();
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(rows)
}

fn row(domain: &Domain, long: bool) -> Result<Row, virt::error::Error> {
    let info = domain.info()?;
    Ok(Row {
        name: domain.name()?,
        uuid: domain.uuid_string()?,
        id: domain.id(),
        memory_mib: info.max_mem / 1024,
        vcpus: info.nr_virt_cpu,
        state: state(domain)?,
        autostart: domain.autostart().unwrap_or(false),
        saved: domain.has_managed_save(0).unwrap_or(false),
        xml: long.then(|| domain.xml_desc(0)).transpose()?,
    })
}

fn state(domain: &Domain) -> Result<&'static str, virt::error::Error> {
    use virt::domain::DomainState as S;
    Ok(match domain.state()?.0 {
        Enum::Known(S::Running) => "running",
        Enum::Known(S::Blocked) => "blocked",
        Enum::Known(S::Paused) => "paused",
        Enum::Known(S::Shutdown) => "shutting down",
        Enum::Known(S::Shutoff) => "off",
        Enum::Known(S::Crashed) => "crashed",
        Enum::Known(S::PMSuspended) => "suspended",
        _ => "unknown",
    })
}

fn print_table(rows: &[Row]) {
    let width = rows.iter().map(|r| r.name.chars().count()).max().unwrap_or(0).max(4);
    println!("{:<width$} {:>5} {:>9} {:>5}  State", "Name", "ID", "Mem (MiB)", "VCPUs");
    for r in rows {
        let id = r.id.map_or_else(|| "-".to_owned(), |id| id.to_string());
        let saved = if r.saved { ", saved" } else { "" };
        println!("{:<width$} {id:>5} {:>9} {:>5}  {}{saved}", r.name, r.memory_mib, r.vcpus, r.state);
    }
}

fn print_long(r: &Row) {
    println!("{}", r.name);
    let line = |name: &str, value: &str| println!("  {name:<10} {value}");
    line("uuid", &r.uuid);
    line("state", &format!("{}{}", r.state, if r.saved { ", saved" } else { "" }));
    line("memory", &format!("{} MiB", r.memory_mib));
    line("vcpus", &r.vcpus.to_string());
    line("autostart", if r.autostart { "yes" } else { "no" });
    for (name, value) in devices(r) {
        line(name, &value);
    }
    println!();
}

fn as_json(r: &Row) -> Value {
    let mut value = json!({
        "name": r.name,
        "uuid": r.uuid,
        "id": r.id,
        "state": r.state,
        "memory_mib": r.memory_mib,
        "vcpus": r.vcpus,
        "autostart": r.autostart,
        "saved": r.saved,
    });
    if let (Some(xml), Some(object)) = (&r.xml, value.as_object_mut()) {
        object.insert("xml".to_owned(), json!(xml));
    }
    value
}

/// OS, disks, network cards and displays, in words.
fn devices(r: &Row) -> Vec<(&'static str, String)> {
    let Some(doc) = r.xml.as_deref().and_then(|xml| roxmltree::Document::parse(xml).ok()) else { return Vec::new() };
    let mut found = Vec::new();
    for node in doc.descendants() {
        let child = |tag: &str, attributes: &[&str]| {
            let child = node.children().find(|c| c.has_tag_name(tag))?;
            attributes.iter().find_map(|a| child.attribute(*a)).map(ToOwned::to_owned)
        };
        let joined = |parts: [Option<String>; 3]| parts.into_iter().flatten().collect::<Vec<_>>().join("  ");
        match node.tag_name().name() {
            "os" if node.attribute("id").is_some() => {
                found.push(("os", node.attribute("id").unwrap_or_default().into()))
            }
            "disk" => {
                let source = child("source", &["file", "dev", "volume", "name"]);
                let parts = [child("target", &["dev"]), source, child("driver", &["type"])];
                found.push(("disk", joined(parts)));
            }
            "interface" => {
                let source = child("source", &["bridge", "network", "dev"]);
                let kind = node.attribute("type").unwrap_or_default();
                let plugged = source.map_or_else(|| kind.to_owned(), |s| format!("{kind} {s}"));
                let parts = [child("mac", &["address"]), Some(plugged), child("model", &["type"])];
                found.push(("network", joined(parts)));
            }
            "graphics" => {
                let port = node.attribute("port").filter(|p| *p != "-1");
                let listen = node.attribute("listen").or_else(|| node.attribute("socket"));
                let parts = [node.attribute("type"), listen, port].map(|p| p.map(ToOwned::to_owned));
                found.push(("display", joined(parts)));
            }
            _ => {}
        }
    }
    found
}
