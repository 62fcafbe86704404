//! The domain XML of a plan (libvirt's formatdomain): once for the installer, once for the machine's own disk.
use std::fmt::Write;

use uuid::Uuid;

use crate::install::capabilities::Virt;
use crate::install::os::OsNeeds;
use crate::install::{Disk, Format, Network, Request};

/// Everything that the XML needs, decided.
pub struct Spec<'a> {
    pub request: &'a Request,
    pub virt: &'a Virt,
    pub os: &'a OsNeeds,
    pub uuid: Uuid,
    /// `None` without a network card.
    pub mac: Option<&'a str>,
    /// Of an existing disk; a new one has the request's.
    pub existing_format: Format,
    /// An existing disk that is a device.
    pub block_device: bool,
}

/// How the machine boots.
pub enum Boot<'a> {
    /// Straight into the installer's kernel; its reboot ends the machine, so that the final XML takes over.
    Installer { kernel: &'a str, initrd: &'a str, args: &'a str },
    /// From its disk.
    Disk,
}

/// The machine's XML.
pub fn domain(spec: &Spec, boot: &Boot) -> String {
    let mut out = String::new();
    let r = spec.request;
    line(&mut out, 0, format_args!("<domain type='{}'>", escape(&spec.virt.domain_type)));
    line(&mut out, 1, format_args!("<name>{}</name>", escape(&r.name)));
    line(&mut out, 1, format_args!("<uuid>{}</uuid>", spec.uuid));
    metadata(&mut out, spec.os);
    line(&mut out, 1, format_args!("<memory unit='MiB'>{}</memory>", r.memory_mib));
    line(&mut out, 1, format_args!("<vcpu>{}</vcpu>", r.vcpus));
    boot_lines(&mut out, spec, boot);
    if !spec.virt.is_xen_pv() {
        line(&mut out, 1, format_args!("<features><acpi/><apic/></features>"));
    }
    if let Some(mode) = cpu_mode(spec) {
        line(&mut out, 1, format_args!("<cpu mode='{mode}'/>"));
    }
    line(&mut out, 1, format_args!("<clock offset='utc'/>"));
    line(&mut out, 1, format_args!("<on_poweroff>destroy</on_poweroff>"));
    let on_reboot = if matches!(boot, Boot::Disk) { "restart" } else { "destroy" };
    line(&mut out, 1, format_args!("<on_reboot>{on_reboot}</on_reboot>"));
    line(&mut out, 1, format_args!("<on_crash>destroy</on_crash>"));
    line(&mut out, 1, format_args!("<devices>"));
    disk(&mut out, spec);
    network(&mut out, spec);
    other_devices(&mut out, spec);
    line(&mut out, 1, format_args!("</devices>"));
    line(&mut out, 0, format_args!("</domain>"));
    out
}

fn metadata(out: &mut String, os: &OsNeeds) {
    let Some(id) = &os.id else { return };
    line(out, 1, format_args!("<metadata>"));
    line(out, 2, format_args!("<libosinfo:libosinfo xmlns:libosinfo='http://libosinfo.org/xmlns/libvirt/domain/1.0'>"));
    line(out, 3, format_args!("<libosinfo:os id='{}'/>", escape(id)));
    line(out, 2, format_args!("</libosinfo:libosinfo>"));
    line(out, 1, format_args!("</metadata>"));
}

fn boot_lines(out: &mut String, spec: &Spec, boot: &Boot) {
    let virt = spec.virt;
    if virt.is_xen_pv() && matches!(boot, Boot::Disk) {
        // A PV machine has no firmware: pygrub reads the disk's own boot menu.
        line(out, 1, format_args!("<bootloader>pygrub</bootloader>"));
    }
    line(out, 1, format_args!("<os>"));
    line(out, 2, format_args!("<type arch='{}'>{}</type>", escape(&virt.arch), escape(&virt.os_type)));
    match boot {
        Boot::Installer { kernel, initrd, args } => {
            line(out, 2, format_args!("<kernel>{}</kernel>", escape(kernel)));
            line(out, 2, format_args!("<initrd>{}</initrd>", escape(initrd)));
            line(out, 2, format_args!("<cmdline>{}</cmdline>", escape(args)));
        }
        Boot::Disk if virt.is_xen_pv() => {}
        Boot::Disk => line(out, 2, format_args!("<boot dev='hd'/>")),
    }
    line(out, 1, format_args!("</os>"));
}

/// `host-model` keeps the machine movable between like hosts. Emulation's plain default runs everything that does not
/// insist on a newer CPU.
fn cpu_mode(spec: &Spec) -> Option<&'static str> {
    match spec.virt.domain_type.as_str() {
        "kvm" => Some("host-model"),
        "qemu" if spec.os.modern_cpu => Some("maximum"),
        _ => None,
    }
}

fn disk(out: &mut String, spec: &Spec) {
    let (path, format) = match &spec.request.disk {
        Disk::New { path, format, .. } => (path, *format),
        Disk::Existing { path } => (path, spec.existing_format),
        Disk::None => return,
    };
    let (kind, attribute) = if spec.block_device { ("block", "dev") } else { ("file", "file") };
    let format = match format {
        Format::Raw => "raw",
        Format::Qcow2 => "qcow2",
    };
    let xen = spec.virt.domain_type == "xen";
    let (target, bus) = match (spec.virt.is_xen_pv(), spec.os.virtio && !xen) {
        (true, _) => ("xvda", "xen"),
        (_, true) => ("vda", "virtio"),
        _ => ("hda", "ide"),
    };
    let discard = if bus == "virtio" { " discard='unmap'" } else { "" };
    line(out, 2, format_args!("<disk type='{kind}' device='disk'>"));
    line(out, 3, format_args!("<driver name='qemu' type='{format}'{discard}/>"));
    line(out, 3, format_args!("<source {attribute}='{}'/>", escape(path)));
    line(out, 3, format_args!("<target dev='{target}' bus='{bus}'/>"));
    line(out, 2, format_args!("</disk>"));
}

fn network(out: &mut String, spec: &Spec) {
    let (kind, source) = match &spec.request.network {
        Network::Bridge(name) => ("bridge", format!("<source bridge='{}'/>", escape(name))),
        Network::Network(name) => ("network", format!("<source network='{}'/>", escape(name))),
        Network::User => ("user", String::new()),
        Network::None => return,
    };
    line(out, 2, format_args!("<interface type='{kind}'>"));
    if let Some(mac) = spec.mac {
        line(out, 3, format_args!("<mac address='{}'/>", escape(mac)));
    }
    if !source.is_empty() {
        line(out, 3, format_args!("{source}"));
    }
    if spec.virt.domain_type != "xen" {
        let model = if spec.os.virtio { "virtio" } else { "e1000" };
        line(out, 3, format_args!("<model type='{model}'/>"));
    } else if !spec.virt.is_xen_pv() {
        line(out, 3, format_args!("<model type='e1000'/>"));
    }
    line(out, 2, format_args!("</interface>"));
}

fn other_devices(out: &mut String, spec: &Spec) {
    if spec.virt.is_xen_pv() {
        line(out, 2, format_args!("<console type='pty'><target type='xen'/></console>"));
        line(out, 2, format_args!("<graphics type='vnc' port='-1' autoport='yes'/>"));
        return;
    }
    line(out, 2, format_args!("<serial type='pty'/>"));
    line(out, 2, format_args!("<console type='pty'/>"));
    line(out, 2, format_args!("<input type='tablet' bus='usb'/>"));
    // Where it listens is left to the host's own setting (qemu.conf: vnc_listen).
    line(out, 2, format_args!("<graphics type='vnc' port='-1' autoport='yes'/>"));
    line(out, 2, format_args!("<video><model type='vga'/></video>"));
    if spec.os.virtio && spec.virt.domain_type != "xen" {
        line(out, 2, format_args!("<memballoon model='virtio'/>"));
        line(out, 2, format_args!("<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>"));
    }
}

fn line(out: &mut String, depth: usize, text: std::fmt::Arguments) {
    // Writing to a String can't fail.
    let _ = writeln!(out, "{:indent$}{text}", "", indent = depth * 2);
}

/// Text as XML content or in an attribute of either quote. Characters that XML 1.0 has no way to write are left out.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\'' => out.push_str("&apos;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            '\u{7f}'..='\u{9f}' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            c if c < ' ' || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn any_text_survives_xml(text in "[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\u{fffe}\u{ffff}]*") {
            let xml = format!("<a b='{0}' c=\"{0}\">{0}</a>", escape(&text));
            let doc = roxmltree::Document::parse(&xml).unwrap();
            let root = doc.root_element();
            proptest::prop_assert_eq!(root.attribute("b"), Some(text.as_str()));
            proptest::prop_assert_eq!(root.attribute("c"), Some(text.as_str()));
            proptest::prop_assert_eq!(root.text().unwrap_or_default(), text.as_str());
        }
    }
}
