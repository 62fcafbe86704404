//! What an operating system needs of its machine, by its generation: devices that its installer has drivers for, and its CPU.
use crate::install::detect::{Detected, Family};

/// Properties of an OS that change the machine made for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OsNeeds {
    /// Its installer drives virtio disks and network cards; else IDE and e1000.
    pub virtio: bool,
    /// It refuses CPUs below x86-64-v2 (RHEL 9's C library does), which QEMU's emulated default is.
    pub modern_cpu: bool,
    /// libosinfo's URI, for the metadata that other tools read.
    pub id: Option<String>,
}

impl OsNeeds {
    /// By what was detected; an OS whose version is unknown gets what every OS drives.
    pub fn of(detected: &Detected) -> Self {
        let short = detected.os_short_id.as_deref();
        let version = short.and_then(version_of).or_else(|| detected.version.as_deref().and_then(parse_version));
        let fedora = short.map_or_else(|| detected.os.starts_with("Fedora"), |s| s.starts_with("fedora"));
        let virtio = match (detected.family, version) {
            // Drivers came with RHEL 5.3 (its kernel 2.6.18-128), Fedora 9, Debian 5.
            (Family::RedHat, Some(v)) if fedora => v >= (9, 0),
            (Family::RedHat, Some(v)) => v >= (5, 3),
            (Family::Debian, Some(v)) => v >= (5, 0),
            // Debian trees name a code name or nothing where they are new or a derivative.
            (Family::Debian, None) => true,
            (Family::RedHat, None) | (Family::Other, _) => false,
        };
        let modern_cpu = detected.family == Family::RedHat && !fedora && version.is_some_and(|v| v >= (9, 0));
        Self { virtio, modern_cpu, id: short.and_then(uri) }
    }
}

/// "rhel5.0" → (5, 0), "centos-stream9" → (9, 0).
fn version_of(short_id: &str) -> Option<(u32, u32)> {
    parse_version(short_id.trim_start_matches(|c: char| !c.is_ascii_digit()))
}

fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split(|c: char| !c.is_ascii_digit());
    let major = parts.next()?.parse().ok()?;
    Some((major, parts.next().and_then(|p| p.parse().ok()).unwrap_or(0)))
}

/// libosinfo's URI of a short id (osinfo-db: `http://VENDOR/PRODUCT/VERSION`).
fn uri(short_id: &str) -> Option<String> {
    let split = short_id.find(|c: char| c.is_ascii_digit())?;
    let (product, version) = short_id.split_at(split);
    let base = match product {
        "rhel" => "redhat.com/rhel",
        "centos" => "centos.org/centos",
        "centos-stream" => "centos.org/centos-stream",
        "fedora" => "fedoraproject.org/fedora",
        "debian" => "debian.org/debian",
        "ubuntu" => "ubuntu.com/ubuntu",
        "rocky" => "rockylinux.org/rocky",
        "almalinux" => "almalinux.org/almalinux",
        "ol" => "oracle.com/ol",
        "scientificlinux" => "scientificlinux.org/scientificlinux",
        _ => return None,
    };
    Some(format!("http://{base}/{version}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::install::source::Location;

    fn detected(family: Family, short: Option<&str>, version: Option<&str>) -> Detected {
        Detected {
            location: Location::Http("http://h/t".into()),
            family,
            os: String::new(),
            os_short_id: short.map(ToOwned::to_owned),
            version: version.map(ToOwned::to_owned),
            arch: None,
            kernel: String::new(),
            kernel_size: None,
            initrd: String::new(),
            initrd_size: None,
            xen: None,
            repo_args: Vec::new(),
            minimum_memory_mib: 0,
            recommended_memory_mib: 0,
        }
    }

    #[test]
    fn old_systems_get_ide_and_new_ones_virtio() {
        let virtio = |family, short: &str| OsNeeds::of(&detected(family, Some(short), None)).virtio;
        for old in ["rhel5.0", "rhel5.2", "rhel4.8", "fedora8"] {
            assert!(!virtio(Family::RedHat, old), "{old}");
        }
        for new in ["rhel5.3", "rhel5.11", "centos7.0", "centos-stream9", "fedora40"] {
            assert!(virtio(Family::RedHat, new), "{new}");
        }
        assert!(virtio(Family::Debian, "debian12"));
        assert!(!OsNeeds::of(&detected(Family::RedHat, None, Some("5.0"))).virtio);
        assert!(OsNeeds::of(&detected(Family::Debian, None, None)).virtio);
        assert!(!OsNeeds::of(&detected(Family::Other, None, None)).virtio, "nothing is known of it");
    }

    #[test]
    fn ids_are_libosinfos() {
        let id = |short| OsNeeds::of(&detected(Family::RedHat, Some(short), None)).id;
        assert_eq!(id("rhel5.0").as_deref(), Some("http://redhat.com/rhel/5.0"));
        assert_eq!(id("centos-stream9").as_deref(), Some("http://centos.org/centos-stream/9"));
        assert_eq!(id("unheard1"), None);
        assert!(OsNeeds::of(&detected(Family::RedHat, Some("centos-stream9"), None)).modern_cpu);
        assert!(!OsNeeds::of(&detected(Family::RedHat, Some("rhel8.0"), None)).modern_cpu);
    }
}
