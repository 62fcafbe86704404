//! What a host can run, from its capabilities XML (libvirt's formatcaps), and the choice of virtualisation out of that.
use roxmltree::{Document, Node};
use virt::connect::Connect;

use crate::Result;
use crate::finding::Reason;
use crate::install::VirtChoice;

/// The kinds of guests of a host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    pub host_arch: String,
    pub guests: Vec<Guest>,
}

/// One `<guest>` element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guest {
    /// "hvm", "xen" or "linux" (both: Xen PV), "xenpvh", "exe".
    pub os_type: String,
    pub arch: String,
    /// "kvm", "qemu", "xen", "test"…
    pub domains: Vec<String>,
}

/// A way to run the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Virt {
    pub domain_type: String,
    pub os_type: String,
    pub arch: String,
}

impl Virt {
    /// Xen, paravirtualised.
    pub fn is_xen_pv(&self) -> bool {
        self.domain_type == "xen" && self.os_type == "linux"
    }
}

/// A choice, and what there is to say about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen {
    pub virt: Virt,
    /// Emulation although hardware help was hoped for.
    pub slow: bool,
}

impl Capabilities {
    /// Asks the host. KVM that is listed but that QEMU can't use (its domain capabilities fail) is left out.
    pub fn read(conn: &Connect) -> Result<Self> {
        let mut all = Self::parse(&conn.capabilities()?);
        for guest in &mut all.guests {
            let unusable = |d: &String| {
                d == "kvm" && conn.domain_capabilities(None, Some(&guest.arch), None, Some("kvm"), 0).is_err()
            };
            guest.domains.retain(|d| !unusable(d));
        }
        Ok(all)
    }

    /// Reads capabilities XML; what is not understood is left out.
    pub fn parse(xml: &str) -> Self {
        let Ok(doc) = Document::parse(xml) else { return Self::default() };
        let text = |from: Node, path: &[&str]| {
            let found = path.iter().try_fold(from, |n, tag| n.children().find(|c| c.has_tag_name(*tag)));
            found.and_then(|n| n.text().map(str::trim).map(ToOwned::to_owned)).unwrap_or_default()
        };
        let guest = |node: Node| {
            let arch = node.children().find(|c| c.has_tag_name("arch"))?;
            let domains = arch.children().filter(|c| c.has_tag_name("domain")).filter_map(|d| d.attribute("type"));
            Some(Guest {
                os_type: text(node, &["os_type"]),
                arch: arch.attribute("name")?.to_owned(),
                domains: domains.map(ToOwned::to_owned).collect(),
            })
        };
        let root = doc.root_element();
        Self {
            host_arch: text(root, &["host", "cpu", "arch"]),
            guests: root.children().filter(|n| n.has_tag_name("guest")).filter_map(guest).collect(),
        }
    }

    /// Picks the way to run a machine of this architecture (`None`: the host's own). `Err` says why it can't be had.
    pub fn choose(&self, choice: VirtChoice, arch: Option<&str>, host: &str) -> Result<Chosen, Reason> {
        let arch = arch.map_or_else(|| self.host_arch.clone(), |a| canonical_arch(a).to_owned());
        let find = |os_types: &[&str], domain: &str| self.find(&arch, os_types, domain);
        let chosen = |virt, slow| Chosen { virt, slow };
        match choice {
            VirtChoice::XenPv => {
                let virt = find(&["linux", "xen"], "xen").ok_or(Reason::NoParavirt { host: host.to_owned() })?;
                Ok(chosen(Virt { os_type: "linux".to_owned(), ..virt }, false))
            }
            VirtChoice::XenHvm => {
                find(&["hvm"], "xen").map(|v| chosen(v, false)).ok_or_else(|| Reason::NoXen { host: host.to_owned() })
            }
            VirtChoice::Kvm => find(&["hvm"], "kvm")
                .map(|v| chosen(v, false))
                .ok_or_else(|| self.if_arch(&arch, host, Reason::NoKvm { host: host.to_owned() })),
            VirtChoice::Qemu => {
                let none = || Reason::NoEmulation { host: host.to_owned() };
                find(&["hvm"], "qemu").map(|v| chosen(v, false)).ok_or_else(|| self.if_arch(&arch, host, none()))
            }
            VirtChoice::Auto => self.auto(&arch).ok_or_else(|| no_arch(host, &arch)),
        }
    }

    fn auto(&self, arch: &str) -> Option<Chosen> {
        let chosen = |virt: Virt| Chosen { slow: virt.domain_type == "qemu", virt };
        for (os_type, domain) in [("hvm", "kvm"), ("hvm", "xen"), ("hvm", "qemu")] {
            if let Some(virt) = self.find(arch, &[os_type], domain) {
                return Some(chosen(virt));
            }
        }
        if let Some(pv) = self.find(arch, &["linux", "xen"], "xen") {
            return Some(chosen(Virt { os_type: "linux".to_owned(), ..pv }));
        }
        // libvirt's test driver runs nothing, so any of its architectures will do.
        let test = self.guests.iter().find(|g| g.os_type == "hvm" && g.domains.iter().any(|d| d == "test"))?;
        Some(chosen(Virt { domain_type: "test".into(), os_type: "hvm".into(), arch: test.arch.clone() }))
    }

    fn find(&self, arch: &str, os_types: &[&str], domain: &str) -> Option<Virt> {
        let fits = |g: &&Guest| g.arch == arch && os_types.contains(&g.os_type.as_str());
        let guest = self.guests.iter().filter(fits).find(|g| g.domains.iter().any(|d| d == domain))?;
        Some(Virt { domain_type: domain.into(), os_type: guest.os_type.clone(), arch: guest.arch.clone() })
    }

    /// A host that lacks the architecture altogether is told so, whatever else it lacks.
    fn if_arch(&self, arch: &str, host: &str, otherwise: Reason) -> Reason {
        if self.guests.iter().any(|g| g.arch == arch) { otherwise } else { no_arch(host, arch) }
    }
}

fn no_arch(host: &str, arch: &str) -> Reason {
    Reason::NoArch { host: host.to_owned(), arch: arch.to_owned() }
}

/// libvirt's name of an architecture that a distribution calls otherwise.
pub fn canonical_arch(arch: &str) -> &str {
    match arch {
        "amd64" => "x86_64",
        "i386" | "i486" | "i586" => "i686",
        "arm64" => "aarch64",
        "ppc64el" => "ppc64le",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guest(os_type: &str, arch: &str, domains: &[&str]) -> Guest {
        let domains = domains.iter().map(|d| (*d).to_owned()).collect();
        Guest { os_type: os_type.into(), arch: arch.into(), domains }
    }

    fn host(guests: Vec<Guest>) -> Capabilities {
        Capabilities { host_arch: "x86_64".into(), guests }
    }

    #[test]
    fn capabilities_are_read() {
        let xml = "<capabilities><host><cpu><arch>x86_64</arch></cpu></host>
            <guest><os_type>hvm</os_type><arch name='i686'><domain type='qemu'/><domain type='kvm'/></arch></guest>
            <guest><os_type>xen</os_type><arch name='x86_64'><domain type='xen'/></arch></guest></capabilities>";
        let want = host(vec![guest("hvm", "i686", &["qemu", "kvm"]), guest("xen", "x86_64", &["xen"])]);
        assert_eq!(Capabilities::parse(xml), want);
        assert_eq!(Capabilities::parse("<broken"), Capabilities::default());
    }

    #[test]
    fn auto_takes_the_fastest_and_says_when_it_is_slow() {
        let both = host(vec![guest("hvm", "x86_64", &["qemu", "kvm"])]);
        let got = both.choose(VirtChoice::Auto, Some("amd64"), "h").unwrap();
        assert_eq!((got.virt.domain_type.as_str(), got.slow), ("kvm", false));
        let tcg = host(vec![guest("hvm", "x86_64", &["qemu"])]);
        let got = tcg.choose(VirtChoice::Auto, None, "h").unwrap();
        assert_eq!((got.virt.domain_type.as_str(), got.slow), ("qemu", true));
        assert!(!tcg.choose(VirtChoice::Qemu, None, "h").unwrap().slow, "who asks for emulation knows");
        assert_eq!(tcg.choose(VirtChoice::Kvm, None, "h"), Err(Reason::NoKvm { host: "h".into() }));
        assert_eq!(tcg.choose(VirtChoice::XenHvm, None, "h"), Err(Reason::NoXen { host: "h".into() }));
        let kvm = host(vec![guest("hvm", "x86_64", &["kvm"])]);
        assert_eq!(kvm.choose(VirtChoice::Qemu, None, "h"), Err(Reason::NoEmulation { host: "h".into() }));
        let arm = tcg.choose(VirtChoice::Auto, Some("arm64"), "h");
        assert_eq!(arm, Err(Reason::NoArch { host: "h".into(), arch: "aarch64".into() }));
    }

    #[test]
    fn paravirtualisation_is_xens_alone() {
        let xen = host(vec![guest("xen", "x86_64", &["xen"]), guest("hvm", "x86_64", &["xen"])]);
        assert!(xen.choose(VirtChoice::XenPv, None, "h").unwrap().virt.is_xen_pv());
        assert_eq!(xen.choose(VirtChoice::Auto, None, "h").unwrap().virt.os_type, "hvm");
        let test = Capabilities { host_arch: "i686".into(), guests: vec![guest("xen", "i686", &["test"])] };
        assert_eq!(test.choose(VirtChoice::XenPv, None, "h"), Err(Reason::NoParavirt { host: "h".into() }));
        let pv_only = host(vec![guest("xen", "x86_64", &["xen"])]);
        assert!(pv_only.choose(VirtChoice::Auto, None, "h").unwrap().virt.is_xen_pv());
    }
}
