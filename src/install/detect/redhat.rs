//! Anaconda's trees: RHEL and its kin, Fedora; by `.treeinfo`, or by their layout where that file is missing.
use super::treeinfo::TreeInfo;
use super::{Detected, Family, Generation, Pair, Probe, major, nothing};
use crate::Result;
use crate::error::Lack;
use crate::install::source::{Location, NfsLocation};

/// Who makes it, by the family name that a tree gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Product {
    Rhel,
    CentOs,
    CentOsStream,
    Fedora,
    Scientific,
    Oracle,
    Alma,
    Rocky,
    Unknown,
}

const PRODUCTS: [(&str, Product); 8] = [
    ("red hat enterprise", Product::Rhel),
    ("centos stream", Product::CentOsStream),
    ("centos", Product::CentOs),
    ("fedora", Product::Fedora),
    ("scientific", Product::Scientific),
    ("oracle", Product::Oracle),
    ("alma", Product::Alma),
    ("rocky", Product::Rocky),
];

fn product(os: &str) -> Product {
    let os = os.to_ascii_lowercase();
    PRODUCTS.iter().find(|(name, _)| os.contains(name)).map_or(Product::Unknown, |(_, product)| *product)
}

/// By the product and its version; what we don't know counts as new.
pub(super) fn generation(os: &str, version: Option<&str>) -> Generation {
    let Some(major) = version.and_then(major) else { return Generation::Rhel8 };
    let last_of = if product(os) == Product::Fedora { [11, 16, 27] } else { [5, 6, 7] };
    match last_of.iter().position(|last| major <= *last) {
        Some(0) => Generation::Rhel5,
        Some(1) => Generation::Rhel6,
        Some(_) => Generation::Rhel7,
        None => Generation::Rhel8,
    }
}

/// libosinfo's short id.
fn short_id(product: Product, version: &str) -> Option<String> {
    let major = major(version)?;
    let minor = version.split('.').nth(1).and_then(super::major).unwrap_or(0);
    Some(match product {
        Product::Rhel => format!("rhel{major}.{minor}"),
        Product::CentOs if major >= 8 => format!("centos{major}"),
        Product::CentOs => format!("centos{major}.{minor}"),
        Product::CentOsStream => format!("centos-stream{major}"),
        Product::Fedora => format!("fedora{major}"),
        Product::Scientific => format!("scientificlinux{major}.{minor}"),
        Product::Oracle => format!("ol{major}.{minor}"),
        Product::Alma => format!("almalinux{major}"),
        Product::Rocky => format!("rocky{major}"),
        Product::Unknown => return None,
    })
}

/// MiB for an install over the network: the least that each release's notes name, and what they recommend.
fn memory(product: Product, version: Option<&str>) -> (u64, u64) {
    let major = version.and_then(major);
    match (product, major) {
        (Product::Fedora, Some(..=16)) => (768, 1024),
        (Product::Fedora, Some(..=29)) => (1024, 2048),
        (Product::Fedora, _) => (2048, 4096),
        (_, Some(..=4)) => (256, 512),
        (_, Some(5)) => (512, 1024),
        (_, Some(6)) => (512, 1024),
        (_, Some(7)) => (1024, 2048),
        (_, Some(8)) => (1536, 3072),
        (_, Some(9)) => (2048, 3072),
        _ => (2048, 4096),
    }
}

/// The place of a tree as Anaconda writes it; a folder of this machine is no place for a guest.
fn repo_args(location: &Location, generation: Generation) -> Vec<String> {
    let place = match location {
        Location::Nfs(nfs) => nfs_place(nfs, generation),
        Location::Http(url) => url.clone(),
        Location::Dir(_) => return Vec::new(),
    };
    vec![format!("{}={place}", generation.repo_option())]
}

/// `nfs:HOST:/PATH`; since RHEL 6 mount options may stand before the host.
fn nfs_place(nfs: &NfsLocation, generation: Generation) -> String {
    let port = |name: &str, port: Option<u16>| port.map(|port| format!("{name}={port}"));
    let options: Vec<String> =
        [port("port", nfs.port), port("mountport", nfs.mount_port)].into_iter().flatten().collect();
    match options.is_empty() || generation == Generation::Rhel5 {
        true => format!("nfs:{}:{}", nfs.url_host(), nfs.path),
        false => format!("nfs:{}:{}:{}", options.join(","), nfs.url_host(), nfs.path),
    }
}

/// A kickstart's URL as Anaconda reads it: of the NFS forms it knows `nfs:HOST:/PATH` in every generation.
pub(super) fn kickstart_url(url: &str) -> String {
    match url.parse() {
        // A folder (with a slash at its end) lets the installer choose the file by its address: the slash counts.
        Ok(Location::Nfs(nfs)) if !url.ends_with('/') => nfs_place(&nfs, Generation::Rhel5),
        _ => url.to_owned(),
    }
}

/// What a `.treeinfo` (called `name` here) describes.
pub(super) fn from_treeinfo(
    location: &Location,
    probe: &mut Probe,
    name: &'static str,
    info: &TreeInfo,
) -> Result<Detected> {
    let arch = info.first(&[("general", "arch"), ("tree", "arch")]);
    let family = info.first(&[("release", "name"), ("product", "name"), ("general", "family"), ("general", "name")]);
    let version = info.first(&[("release", "version"), ("product", "version"), ("general", "version")]);
    let images = info.images(arch);
    let mut missing = Vec::new();
    let mut found = None;
    for (_, kernel, initrd) in images.iter().filter(|(platform, ..)| *platform != "xen") {
        match probe.pair(kernel, initrd)? {
            Ok(pair) => {
                found = Some(pair);
                break;
            }
            Err(paths) => missing.extend(paths),
        }
    }
    let Some(pair) = found else {
        let lack = match missing.is_empty() {
            true => Lack::NoNames { treeinfo: name },
            false => Lack::Files { treeinfo: name, files: missing },
        };
        return Err(nothing(location, lack));
    };
    let mut xen = None;
    for (_, kernel, initrd) in images.iter().filter(|(platform, ..)| *platform == "xen") {
        xen = probe.pair(kernel, initrd)?.ok().map(|pair| (pair.kernel.0, pair.initrd.0));
    }
    let known = family.is_some_and(|family| product(family) != Product::Unknown);
    let family_of = if known || pair.kernel.0.contains("images/pxeboot/") { Family::RedHat } else { Family::Other };
    let facts = Facts { family: family_of, name: family.unwrap_or("Linux"), version, arch };
    Ok(detected(location, &facts, pair, xen))
}

struct Facts<'a> {
    family: Family,
    name: &'a str,
    version: Option<&'a str>,
    arch: Option<&'a str>,
}

fn detected(location: &Location, facts: &Facts, pair: Pair, xen: Option<(String, String)>) -> Detected {
    let Facts { family, name, version, arch } = *facts;
    let os = match version {
        Some(version) if !name.ends_with(version) => format!("{name} {version}"),
        _ => name.to_owned(),
    };
    let (minimum, recommended) = memory(product(name), version);
    let repo_args = match family {
        Family::RedHat => repo_args(location, generation(name, version)),
        _ => Vec::new(),
    };
    Detected {
        location: location.clone(),
        family,
        os,
        os_short_id: version.and_then(|version| short_id(product(name), version)),
        version: version.map(str::to_owned),
        arch: arch.map(str::to_owned),
        kernel: pair.kernel.0,
        kernel_size: pair.kernel.1,
        initrd: pair.initrd.0,
        initrd_size: pair.initrd.1,
        xen,
        repo_args,
        minimum_memory_mib: minimum,
        recommended_memory_mib: recommended,
    }
}

/// A tree that has only its usual layout, and perhaps a `.discinfo` (time, name, architecture, one a line).
pub(super) fn from_layout(location: &Location, probe: &mut Probe) -> Result<Option<Detected>> {
    const KERNEL: &str = "images/pxeboot/vmlinuz";
    const INITRD: &str = "images/pxeboot/initrd.img";
    let pair = match probe.pair(KERNEL, INITRD)? {
        Ok(pair) => pair,
        Err(mut missing) => match (missing.pop(), missing.is_empty()) {
            (Some(half), true) => return Err(nothing(location, Lack::Half(half))),
            _ => return Ok(None),
        },
    };
    let info = probe.text(".discinfo", 64 << 10)?.unwrap_or_default();
    let mut lines = info.lines().skip(1).map(str::trim).filter(|line| !line.is_empty());
    let name = lines.next().unwrap_or("Linux");
    let arch = lines.next();
    // "Red Hat Enterprise Linux Server 5.4", "Fedora 16", "8.5"
    let version = name.split_whitespace().rev().find(|word| major(word).is_some());
    let facts = Facts { family: Family::RedHat, name, version, arch };
    let xen = probe.pair("images/xen/vmlinuz", "images/xen/initrd.img")?.ok();
    Ok(Some(detected(location, &facts, pair, xen.map(|pair| (pair.kernel.0, pair.initrd.0)))))
}
