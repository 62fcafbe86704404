//! The overview of a machine: what it does now, what it is and has, in groups of rows whose texts can be selected and copied.
mod now;

use std::cell::RefCell;

use adw::prelude::*;
use drover::domain::{DiskInfo, DomainDetails, GraphicsInfo, NicInfo};
use drover::host::LinkState;
use drover::inventory::{HostEntry, Machine};

use super::format;
use crate::i18n::{gettext, gettext_f, ngettext_f};
use crate::widgets::value_row::value_row;
use now::Now;

/// A group of the overview: its heading, and rows of a name and a value.
#[derive(Debug, PartialEq)]
struct Section {
    heading: String,
    rows: Vec<(String, String)>,
}

/// What the overview says of a machine (pure).
fn sections(host: &HostEntry, machine: &Machine) -> Vec<Section> {
    let details = machine.info.details.as_deref();
    let mut sections = vec![about(host, machine, details), hardware(machine, details)];
    if let Some(details) = details {
        sections.push(Section { heading: gettext("Disks"), rows: details.disks.iter().map(disk).collect() });
        sections.push(Section { heading: gettext("Network Cards"), rows: details.nics.iter().map(nic).collect() });
        let displays = details.graphics.iter().map(display).collect();
        sections.push(Section { heading: gettext("Displays"), rows: displays });
    }
    sections.retain(|section| !section.rows.is_empty());
    sections
}

fn about(host: &HostEntry, machine: &Machine, details: Option<&DomainDetails>) -> Section {
    let info = &machine.info;
    let stale = host.link != LinkState::Up && info.state.is_active();
    let text = |value: Option<&String>| value.cloned().unwrap_or_default();
    let mut rows = vec![
        (gettext("State"), format::state_word(info.state, info.has_managed_save, stale)),
        (gettext("Title"), text(details.and_then(|d| d.title.as_ref()))),
        (gettext("Description"), text(details.and_then(|d| d.description.as_ref()))),
        (gettext("Guest OS"), details.and_then(|d| d.os_id.as_deref()).map(format::os_name).unwrap_or_default()),
        (gettext("Addresses"), details.map(|d| d.addresses.join(", ")).unwrap_or_default()),
        (gettext("Host"), host.name()),
        (gettext("Starts with the host"), if info.autostart { gettext("Yes") } else { gettext("No") }),
        (gettext("UUID"), info.id.0.to_string()),
    ];
    if !info.persistent {
        rows.push((gettext("Kept"), gettext("No: it is transient and goes when it stops")));
    }
    rows.retain(|(_, value)| !value.is_empty());
    Section { heading: gettext("Machine"), rows }
}

fn hardware(machine: &Machine, details: Option<&DomainDetails>) -> Section {
    let info = &machine.info;
    let cpus = ngettext_f("{n} CPU", "{n} CPUs", u64::from(info.vcpus), &[]);
    let memory = format::memory(info.max_memory_kib);
    let mut rows = vec![(gettext("Processors"), cpus), (gettext("Memory"), memory)];
    if let Some(details) = details {
        let firmware = if details.firmware_uefi { "UEFI" } else { "BIOS" };
        let kind = [Some(details.virt_type.as_str()), Some(details.arch.as_str()), details.machine.as_deref()];
        let kind: Vec<&str> = kind.into_iter().flatten().filter(|part| !part.is_empty()).collect();
        rows.push((gettext("Type"), kind.join(" · ")));
        rows.push((gettext("Firmware"), firmware.to_owned()));
    }
    rows.retain(|(_, value)| !value.is_empty());
    Section { heading: gettext("Hardware"), rows }
}

fn disk(disk: &DiskInfo) -> (String, String) {
    let kind = match disk.device.as_str() {
        "cdrom" => gettext("CD-ROM"),
        "floppy" => gettext("Floppy"),
        _ => gettext("Disk"),
    };
    let source = disk.source.clone().unwrap_or_else(|| gettext("empty"));
    let more = [disk.format.clone(), disk.bus.clone(), disk.read_only.then(|| gettext("read-only"))];
    (format!("{kind} {}", disk.target), with_more(source, more))
}

fn nic(nic: &NicInfo) -> (String, String) {
    let source = nic.source.as_deref().unwrap_or_default();
    let place = match nic.kind.as_str() {
        "bridge" => gettext_f("Bridge {name}", &[("name", source)]),
        "network" => gettext_f("Network {name}", &[("name", source)]),
        "direct" => gettext_f("Directly on {name}", &[("name", source)]),
        "user" => gettext("User mode"),
        other => format!("{other} {source}").trim_end().to_owned(),
    };
    (place, with_more(nic.mac.clone(), [nic.model.clone(), nic.target.clone(), None]))
}

fn display(display: &GraphicsInfo) -> (String, String) {
    let place = match (&display.socket, &display.listen, display.port) {
        (Some(socket), _, _) => socket.clone(),
        (None, Some(listen), Some(port)) => format!("{listen}:{port}"),
        (None, None, Some(port)) => gettext_f("Port {port}", &[("port", &port.to_string())]),
        (None, Some(listen), None) => listen.clone(),
        (None, None, None) => gettext("Gets its port when the machine starts"),
    };
    (display.kind.to_uppercase(), place)
}

fn with_more(text: String, more: [Option<String>; 3]) -> String {
    more.into_iter().flatten().fold(text, |all, part| all + " · " + &part)
}

/// The overview on screen.
pub struct Overview {
    pub widget: gtk::ScrolledWindow,
    now: Now,
    groups: gtk::Box,
    shown: RefCell<Vec<Section>>,
    values: RefCell<Vec<gtk::Label>>,
}

impl Overview {
    /// An empty overview.
    pub fn new() -> Self {
        let groups = gtk::Box::builder().orientation(gtk::Orientation::Vertical).spacing(24).build();
        let now = Now::new();
        let all = gtk::Box::builder().orientation(gtk::Orientation::Vertical).spacing(24).build();
        all.append(&now.group);
        all.append(&groups);
        let clamp = adw::Clamp::builder()
            .child(&all)
            .maximum_size(720)
            .margin_top(24)
            .margin_bottom(24)
            .margin_start(12)
            .margin_end(12)
            .build();
        let widget = gtk::ScrolledWindow::builder()
            .child(&clamp)
            .hscrollbar_policy(gtk::PolicyType::Never)
            .vexpand(true)
            .build();
        Self { widget, now, groups, shown: RefCell::default(), values: RefCell::default() }
    }

    /// Shows this machine.
    pub fn show(&self, host: &HostEntry, machine: &Machine) {
        self.now.show(host, machine);
        self.show_sections(sections(host, machine));
    }

    /// Shows these; where only values are others, what is selected in the rest stays selected.
    fn show_sections(&self, sections: Vec<Section>) {
        let mut shown = self.shown.borrow_mut();
        if *shown == sections {
            return;
        }
        if names(&shown) == names(&sections) {
            let values = sections.iter().flat_map(|s| &s.rows);
            for (label, (_, value)) in self.values.borrow().iter().zip(values) {
                if label.label() != *value {
                    label.set_label(value);
                }
            }
        } else {
            self.build(&sections);
        }
        *shown = sections;
    }

    fn build(&self, sections: &[Section]) {
        while let Some(child) = self.groups.first_child() {
            self.groups.remove(&child);
        }
        let mut values = Vec::new();
        for section in sections {
            let group = adw::PreferencesGroup::builder().title(&section.heading).build();
            for (name, value) in &section.rows {
                let label = gtk::Label::builder()
                    .label(value)
                    .selectable(true)
                    .wrap(true)
                    .wrap_mode(gtk::pango::WrapMode::WordChar)
                    .natural_wrap_mode(gtk::NaturalWrapMode::None)
                    .xalign(1.0)
                    .hexpand(true)
                    .halign(gtk::Align::End)
                    .margin_top(6)
                    .margin_bottom(6)
                    .css_classes(["dim-label", "numeric"])
                    .build();
                group.add(&value_row(name, &label));
                values.push(label);
            }
            self.groups.append(&group);
        }
        self.values.replace(values);
    }
}

/// Headings and names of rows, without the values.
fn names(sections: &[Section]) -> Vec<&str> {
    sections
        .iter()
        .flat_map(|s| std::iter::once(s.heading.as_str()).chain(s.rows.iter().map(|(name, _)| name.as_str())))
        .collect()
}

#[cfg(test)]
mod tests {
    use drover::domain::State;
    use drover::host::HostId;

    use super::*;
    use crate::machines::testing::inventory;

    fn one(details: Option<DomainDetails>) -> (HostEntry, Machine) {
        let host = inventory(&HostId::new("test:///default"), &[("web", State::Off)]).hosts()[0].clone();
        let mut machine = host.machines.values().next().unwrap().clone();
        machine.info.details = details.map(Box::new);
        (host, machine)
    }

    #[test]
    fn before_the_details_are_read_there_is_what_the_list_knows() {
        let (host, machine) = one(None);
        let sections = sections(&host, &machine);
        assert_eq!(sections.len(), 2);
        assert!(sections[0].rows.contains(&("State".into(), "Off".into())));
        assert!(sections[1].rows.contains(&("Memory".into(), "4 GiB".into())));
    }

    #[test]
    fn disks_cards_and_displays_are_told_in_full() {
        let disk = DiskInfo {
            device: "disk".into(),
            target: "vda".into(),
            bus: Some("virtio".into()),
            format: Some("qcow2".into()),
            source: Some("/srv/a.img".into()),
            read_only: true,
        };
        let nic = NicInfo {
            kind: "bridge".into(),
            source: Some("xenbr0".into()),
            mac: "52:54:00:00:00:01".into(),
            model: None,
            target: Some("vnet0".into()),
        };
        let graphics =
            GraphicsInfo { kind: "vnc".into(), port: Some(5901), listen: Some("127.0.0.1".into()), socket: None };
        let details =
            DomainDetails { disks: vec![disk], nics: vec![nic], graphics: vec![graphics], ..DomainDetails::default() };
        let (host, machine) = one(Some(details));
        let rows: Vec<_> = sections(&host, &machine).into_iter().skip(2).flat_map(|s| s.rows).collect();
        let expected = [
            ("Disk vda", "/srv/a.img · qcow2 · virtio · read-only"),
            ("Bridge xenbr0", "52:54:00:00:00:01 · vnet0"),
            ("VNC", "127.0.0.1:5901"),
        ];
        assert_eq!(rows, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[gtk::test]
    fn another_value_changes_its_label_only() {
        let _ = adw::init();
        let overview = Overview::new();
        let say = |value: &str| vec![Section { heading: "A".into(), rows: vec![("b".into(), value.into())] }];
        overview.show_sections(say("1"));
        let label = overview.values.borrow()[0].clone();
        overview.show_sections(say("2"));
        assert_eq!(label.label(), "2");
        assert_eq!(overview.values.borrow()[0], label);
    }
}
