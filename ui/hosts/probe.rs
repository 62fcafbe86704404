//! What the first start finds on this machine: which local connections work, why others don't, and what to install.
use std::sync::Arc;

use drover::host::{Host, NoCredentials};

use crate::errors::{self, Said};
use crate::i18n::gettext;

/// The local connections that are looked for.
pub const LOCAL: [&str; 3] = ["qemu:///system", "qemu:///session", "xen:///system"];

/// What a connection answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// This many machines.
    Yes(usize),
    No(Said),
}

/// Looks at one connection. Blocks.
pub fn probe(uri: &str) -> Found {
    let machines = Host::open_now(uri, Arc::new(NoCredentials)).and_then(|host| {
        let machines = host.call(|c| Ok(c.list_all_domains(0)?.len()));
        host.close();
        machines
    });
    machines.map_or_else(|e| Found::No(errors::error(&e)), Found::Yes)
}

/// What the connection is, in words.
pub fn describe(uri: &str) -> String {
    match uri {
        "qemu:///session" => gettext("QEMU, machines of your user"),
        "xen:///system" => gettext("Xen on this machine"),
        _ => gettext("QEMU/KVM, machines of this computer"),
    }
}

/// The connections to open by themselves: the system's, or else the user's own session.
pub fn choose<'a>(found: &[(&'a str, Found)]) -> Vec<&'a str> {
    let works = |uri: &str| found.iter().any(|(u, f)| *u == uri && matches!(f, Found::Yes(_)));
    let system: Vec<_> = LOCAL.into_iter().filter(|uri| *uri != "qemu:///session" && works(uri)).collect();
    if system.is_empty() { LOCAL.into_iter().filter(|uri| works(uri)).collect() } else { system }
}

/// The command that installs libvirt and QEMU, from the text of /etc/os-release; `None` for a system we don't know.
pub fn install_command(os_release: &str) -> Option<&'static str> {
    let value = |key: &str| {
        let line = os_release.lines().find_map(|l| l.strip_prefix(key)?.strip_prefix('='));
        line.unwrap_or_default().trim_matches('"').to_owned()
    };
    let ids = format!("{} {}", value("ID"), value("ID_LIKE"));
    ids.split_whitespace().find_map(|id| match id {
        "debian" | "ubuntu" => Some("sudo apt install libvirt-daemon-system qemu-system-x86"),
        "fedora" | "rhel" | "centos" => Some("sudo dnf install libvirt-daemon-kvm qemu-kvm"),
        "arch" => Some("sudo pacman -S libvirt qemu-base dnsmasq"),
        "suse" | "opensuse" => Some("sudo zypper install libvirt-daemon-qemu qemu-kvm"),
        "alpine" => Some("sudo apk add libvirt-daemon libvirt-qemu qemu-system-x86_64"),
        "gentoo" => Some("sudo emerge app-emulation/libvirt app-emulation/qemu"),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no() -> Found {
        Found::No(errors::error(&drover::Error::Cancelled))
    }

    #[test]
    fn the_session_is_for_those_without_a_system() {
        let [system, session, xen] = LOCAL;
        let all = [(system, Found::Yes(3)), (session, Found::Yes(0)), (xen, Found::Yes(1))];
        assert_eq!(choose(&all), [system, xen]);
        assert_eq!(choose(&[(system, no()), (session, Found::Yes(0)), (xen, no())]), [session]);
        assert!(choose(&[(system, no()), (session, no()), (xen, no())]).is_empty());
    }

    #[test]
    fn the_command_fits_the_distribution_or_what_it_is_like() {
        assert!(install_command("NAME=x\nID=debian\n").unwrap().contains("apt"));
        assert!(install_command("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n").unwrap().contains("apt"));
        assert!(install_command("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"").unwrap().contains("dnf"));
        assert_eq!(install_command("ID=plan9"), None);
        assert_eq!(install_command(""), None);
    }
}
