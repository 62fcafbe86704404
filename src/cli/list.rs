//! list: the host's machines, as a table, at length, or as JSON.
use drover::Result;
use drover::domain::actions;
use drover::domain::{DomainDetails, DomainInfo, State};
use serde_json::{Value, json};

use super::{Context, print};

/// Prints the machines, sorted by name.
pub fn run(context: &Context, long: bool) -> Result<()> {
    let mut machines = actions::list(&context.open()?, long)?;
    machines.sort_by(|a, b| a.name.cmp(&b.name));
    if context.json {
        print::json(&Value::Array(machines.iter().map(as_json).collect()));
    } else if long {
        machines.iter().for_each(print_long);
    } else {
        print_table(&machines);
    }
    Ok(())
}

fn state(state: State) -> &'static str {
    match state {
        State::Unknown => "unknown",
        State::Running => "running",
        State::Blocked => "blocked",
        State::Paused => "paused",
        State::ShuttingDown => "shutting down",
        State::Off => "off",
        State::Crashed => "crashed",
        State::Suspended => "suspended",
    }
}

fn print_table(machines: &[DomainInfo]) {
    let width = machines.iter().map(|m| print::plain(&m.name).chars().count()).max().unwrap_or(0).max(4);
    say!("{:<width$} {:>9} {:>5}  State", "Name", "Mem (MiB)", "VCPUs");
    for m in machines {
        let saved = if m.has_managed_save { ", saved" } else { "" };
        say!(
            "{:<width$} {:>9} {:>5}  {}{saved}",
            print::plain(&m.name),
            m.max_memory_kib / 1024,
            m.vcpus,
            state(m.state)
        );
    }
}

fn print_long(m: &DomainInfo) {
    say!("{}", m.name);
    let line = |name: &str, value: &str| say!("  {name:<10} {value}");
    let yes = |is: bool| if is { "yes" } else { "no" };
    line("uuid", &m.id.0.to_string());
    line("state", &format!("{}{}", state(m.state), if m.has_managed_save { ", saved" } else { "" }));
    line("memory", &format!("{} MiB", m.max_memory_kib / 1024));
    line("vcpus", &m.vcpus.to_string());
    line("autostart", yes(m.autostart));
    line("persistent", yes(m.persistent));
    if let Some(details) = &m.details {
        for (name, value) in lines(details) {
            line(name, &value);
        }
    }
    say!("");
}

fn lines(d: &DomainDetails) -> Vec<(&'static str, String)> {
    let joined = |parts: &[Option<&str>]| parts.iter().flatten().copied().collect::<Vec<_>>().join("  ");
    let mut all = vec![("type", joined(&[Some(&d.virt_type), Some(&d.arch), d.machine.as_deref()]))];
    all.extend(d.title.iter().map(|t| ("title", t.clone())));
    all.extend(d.os_id.iter().map(|id| ("os", id.clone())));
    all.extend(d.disks.iter().map(|disk| {
        ("disk", joined(&[Some(&disk.target), disk.bus.as_deref(), disk.source.as_deref(), disk.format.as_deref()]))
    }));
    all.extend(d.nics.iter().map(|nic| {
        let kind = Some(nic.kind.as_str());
        ("network", joined(&[Some(&nic.mac), kind, nic.source.as_deref(), nic.model.as_deref(), nic.target.as_deref()]))
    }));
    all.extend(d.graphics.iter().map(|g| {
        let port = g.port.map(|p| p.to_string());
        ("display", joined(&[Some(&g.kind), g.socket.as_deref(), g.listen.as_deref(), port.as_deref()]))
    }));
    all.extend(d.addresses.iter().map(|a| ("address", a.clone())));
    all
}

fn as_json(m: &DomainInfo) -> Value {
    let mut value = json!({
        "name": m.name,
        "uuid": m.id.0.to_string(),
        "state": state(m.state),
        "persistent": m.persistent,
        "autostart": m.autostart,
        "saved": m.has_managed_save,
        "vcpus": m.vcpus,
        "memory_mib": m.max_memory_kib / 1024,
    });
    if let (Some(d), Some(object)) = (&m.details, value.as_object_mut()) {
        object.insert("details".to_owned(), details_json(d));
    }
    value
}

fn details_json(d: &DomainDetails) -> Value {
    let disks = d.disks.iter().map(|disk| {
        json!({
            "device": disk.device, "target": disk.target, "bus": disk.bus,
            "format": disk.format, "source": disk.source, "read_only": disk.read_only,
        })
    });
    let nics = d.nics.iter().map(|nic| {
        json!({ "mac": nic.mac, "kind": nic.kind, "source": nic.source, "model": nic.model, "target": nic.target })
    });
    let graphics =
        d.graphics.iter().map(|g| json!({ "kind": g.kind, "port": g.port, "listen": g.listen, "socket": g.socket }));
    json!({
        "title": d.title,
        "description": d.description,
        "os": d.os_id,
        "arch": d.arch,
        "machine": d.machine,
        "virt_type": d.virt_type,
        "uefi": d.firmware_uefi,
        "tags": d.tags,
        "snapshots": d.snapshots,
        "addresses": d.addresses,
        "disks": disks.collect::<Vec<_>>(),
        "network_cards": nics.collect::<Vec<_>>(),
        "displays": graphics.collect::<Vec<_>>(),
    })
}
