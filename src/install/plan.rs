//! A request made concrete and checked against its host: what will be made, in order, and what stands in the way.
use std::fmt;
use std::path::{Path, PathBuf};

use uuid::Uuid;
use virt::connect::Connect;

use crate::finding::{Field, Finding, Severity};
use crate::host::Host;
use crate::install::capabilities::{Capabilities, Virt};
pub use crate::install::check::check;
use crate::install::detect::{Detected, Family};
use crate::install::os::OsNeeds;
use crate::install::xml::{self, Boot, Spec};
use crate::install::{Disk, Format, Network, Request, Unattended};
use crate::storage::{self, Look};
use crate::task::Step;
use crate::{Error, Result};

/// Where libvirt keeps installers' kernels for its system instances: QEMU's user may read there, SELinux and AppArmor agree.
const BOOT_FOLDER: &str = "/var/lib/libvirt/boot";

/// What will be done, with every value decided.
#[derive(Clone, PartialEq)]
pub struct Plan {
    pub request: Request,
    pub detected: Detected,
    /// The kernel's command line for the installer.
    pub kernel_args: String,
    /// The domain while it installs, and the one it becomes after the installer's reboot.
    pub install_xml: String,
    pub final_xml: String,
    pub mac: Option<String>,
    pub virt_type: String,
    pub uuid: Uuid,
    /// Kernel and initrd in the tree: its Xen pair for a paravirtualised machine, where it has one.
    pub kernel: String,
    pub initrd: String,
    /// Where they lie on the host until the machine runs (absolute).
    pub kernel_path: String,
    pub initrd_path: String,
    /// A file here that goes into the initrd, and its name there.
    pub inject: Option<(PathBuf, String)>,
}

/// Messages are logged, and the kernel's arguments may hold a password.
impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan").field("uuid", &self.uuid).field("request", &self.request).finish_non_exhaustive()
    }
}

impl Plan {
    /// The steps that carrying it out takes until its machine runs, in order.
    pub fn steps(&self) -> Vec<Step> {
        let mut steps = vec![Step::FetchKernel, Step::FetchInitrd];
        steps.extend(self.inject.is_some().then_some(Step::Inject));
        steps.extend(self.uploads().then_some(Step::Upload));
        steps.extend(matches!(self.request.disk, Disk::New { .. }).then_some(Step::CreateDisk));
        steps.extend([Step::Define, Step::Start]);
        steps
    }

    /// Whether the host is given kernel and initrd. The test driver's hosts have no files to boot from, and need none.
    pub fn uploads(&self) -> bool {
        self.virt_type != "test"
    }
}

/// What [`decide`] can't find out by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    pub virt: Virt,
    pub uuid: Uuid,
    pub mac: Option<String>,
    /// A folder on the host for kernel and initrd.
    pub boot_folder: String,
    /// The format of an existing disk.
    pub existing_format: Format,
    /// Whether an existing disk is a device.
    pub block_device: bool,
}

/// Checks, then decides the rest. [`crate::Error::Refused`] with the blocking findings.
pub fn plan(host: &Host, request: Request, detected: Detected) -> Result<Plan> {
    let mut findings = check(host, &request, Some(&detected))?;
    findings.retain(|f| f.severity == Severity::Block);
    if !findings.is_empty() {
        return Err(Error::Refused(findings));
    }
    let asked = request.clone();
    let arch = detected.arch.clone();
    let given = host.call(move |conn| give(conn, &asked, arch.as_deref()))?;
    Ok(decide(request, detected, given))
}

/// Everything that follows from the request, the tree and what the host gave. Pure.
pub fn decide(request: Request, detected: Detected, given: Given) -> Plan {
    let (kernel, initrd) = match &detected.xen {
        Some(pair) if given.virt.is_xen_pv() => pair.clone(),
        _ => (detected.kernel.clone(), detected.initrd.clone()),
    };
    let in_folder = |what| format!("{}/drover-{}-{what}", given.boot_folder.trim_end_matches('/'), given.uuid);
    let (kernel_path, initrd_path) = (in_folder("vmlinuz"), in_folder("initrd"));
    let inject = match &request.unattended {
        Unattended::Inject(path) => Some((path.clone(), injected_name(path, &detected))),
        _ => None,
    };
    let kernel_args = kernel_args(&request, &detected);
    let os = OsNeeds::of(&detected);
    let spec = Spec {
        request: &request,
        virt: &given.virt,
        os: &os,
        uuid: given.uuid,
        mac: given.mac.as_deref(),
        existing_format: given.existing_format,
        block_device: given.block_device,
    };
    let installer = Boot::Installer { kernel: &kernel_path, initrd: &initrd_path, args: &kernel_args };
    Plan {
        install_xml: xml::domain(&spec, &installer),
        final_xml: xml::domain(&spec, &Boot::Disk),
        mac: given.mac,
        virt_type: given.virt.domain_type,
        uuid: given.uuid,
        kernel,
        initrd,
        kernel_path,
        initrd_path,
        inject,
        kernel_args,
        request,
        detected,
    }
}

/// The installer's command line: where its tree is, how it is answered, and what the person added — whose word wins:
/// an argument that they gave is not given a second time.
fn kernel_args(request: &Request, detected: &Detected) -> String {
    let typed: Vec<_> = request.extra_args.split_whitespace().collect();
    let unattended = match &request.unattended {
        Unattended::None => Vec::new(),
        Unattended::Url(url) => detected.unattended_args(url),
        Unattended::Inject(path) => detected.injected_args(&injected_name(path, detected)),
    };
    let ours = detected.repo_args.iter().chain(&unattended).map(String::as_str);
    let fresh = ours.filter(|a| !typed.iter().any(|t| same_argument(a, t)));
    fresh.chain(typed.iter().copied()).collect::<Vec<_>>().join(" ")
}

/// Whether two arguments say the same thing: equal names, or the names of two generations.
fn same_argument(a: &str, b: &str) -> bool {
    let name = |s: &str| match s.split('=').next().unwrap_or_default() {
        "inst.ks" => "ks".to_owned(),
        "inst.repo" | "repo" => "method".to_owned(),
        "preseed/url" => "url".to_owned(),
        "preseed/file" => "file".to_owned(),
        other => other.to_owned(),
    };
    name(a) == name(b)
}

/// The file's name in the initrd: its own where that can stand in a kernel argument (virt-install does so too, and the
/// person's arguments may speak of it), else a plain one.
fn injected_name(path: &Path, detected: &Detected) -> String {
    let plain = |n: &&str| n.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    let other = if detected.family == Family::Debian { "preseed.cfg" } else { "ks.cfg" };
    path.file_name().and_then(|n| n.to_str()).filter(plain).unwrap_or(other).to_owned()
}

fn give(conn: &Connect, request: &Request, arch: Option<&str>) -> Result<Given> {
    let caps = Capabilities::read(conn)?;
    let refused = |reason| Error::Refused(vec![Finding::block(Field::VirtType, reason)]);
    let virt = caps.choose(request.virt, arch, &conn.hostname()?).map_err(refused)?.virt;
    let (existing_format, block_device) = match &request.disk {
        Disk::Existing { path } => existing(conn, path),
        _ => (Format::Raw, false),
    };
    let mac = match (&request.network, &request.mac) {
        (Network::None, _) => None,
        (_, Some(mac)) => Some(mac.to_ascii_lowercase()),
        (_, None) => Some(free_mac(conn, virt.domain_type == "xen")?),
    };
    let boot_folder = boot_folder(conn, request)?;
    Ok(Given { virt, uuid: Uuid::new_v4(), mac, boot_folder, existing_format, block_device })
}

/// A random address that no machine of the host has: QEMU's prefix, or Xen's.
pub fn free_mac(conn: &Connect, xen: bool) -> Result<String> {
    let prefix = if xen { "00:16:3e" } else { "52:54:00" };
    loop {
        let random = Uuid::new_v4();
        let [a, b, c, ..] = random.into_bytes();
        let mac = format!("{prefix}:{a:02x}:{b:02x}:{c:02x}");
        if storage::domain_using_mac(conn, &mac)?.is_none() {
            return Ok(mac);
        }
    }
}

/// Format of an image that is on the host, and whether it is a device. Unknown formats are taken as raw, as QEMU would.
fn existing(conn: &Connect, path: &str) -> (Format, bool) {
    let block = path.starts_with("/dev/");
    let xml = storage::volume_xml(conn, path).unwrap_or_default();
    let qcow2 = roxmltree::Document::parse(&xml)
        .is_ok_and(|d| d.descendants().any(|n| n.has_tag_name("format") && n.attribute("type") == Some("qcow2")));
    (if qcow2 { Format::Qcow2 } else { Format::Raw }, block)
}

/// Kernel and initrd go to libvirt's own folder on system instances. A user's instance (`/session`) can't write there:
/// the folder of the new disk serves, else any pool of the host.
fn boot_folder(conn: &Connect, request: &Request) -> Result<String> {
    let session = conn.uri()?.split('?').next().unwrap_or_default().ends_with("/session");
    if !session && matches!(storage::look(conn, BOOT_FOLDER), Look::Here(_)) {
        return Ok(BOOT_FOLDER.to_owned());
    }
    if let Disk::New { path, .. } = &request.disk {
        return Ok(storage::split(path)?.0.to_owned());
    }
    let pools = conn.list_all_storage_pools(virt_sys::VIR_CONNECT_LIST_STORAGE_POOLS_DIR)?;
    pools.iter().filter(|p| p.is_active().unwrap_or(false)).find_map(storage::target).ok_or(Error::NoBootFolder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generations_of_an_argument_are_the_same() {
        assert!(same_argument("inst.ks=nfs:a:/b", "ks=http://c"));
        assert!(same_argument("inst.repo=x", "method=y"));
        assert!(!same_argument("inst.ks=x", "inst.repo=x"));
        assert!(!same_argument("ks=x", "ksdevice=eth0"));
    }
}
