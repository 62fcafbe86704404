//! What the lab's tests share: the lab's addresses, virsh as the independent witness, and cleaning up.
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use drover::host::{Host, NoCredentials};
use drover::install::detect::{Detected, detect};
use drover::install::source::Location;
use drover::install::{Disk, Format, Network, Request, Unattended, VirtChoice};
use drover::task::Cancel;

/// The lab that runs around us.
pub struct Lab {
    /// URIs over a unix socket.
    pub a: String,
    pub b: String,
    /// URI of hostb over TCP.
    pub tcp_b: String,
    /// A feature that hostb's CPU lacks.
    pub weak: String,
    dir: PathBuf,
    control: String,
}

/// The lab, or `None` and a line that says why the test is skipped.
pub fn lab() -> Option<Lab> {
    let Ok(a) = std::env::var("DROVER_LAB_A") else {
        println!("skipped: not in the lab (run: tests/lab/lab.sh run -- cargo test -p drover --test lab)");
        return None;
    };
    let var = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("the lab sets no {name}"));
    let (b, tcp_b, control) = (var("DROVER_LAB_B"), var("DROVER_LAB_TB"), var("DROVER_LAB_SH"));
    Some(Lab { a, b, tcp_b, weak: var("DROVER_LAB_WEAK"), dir: var("DROVER_LAB").into(), control })
}

impl Lab {
    /// One of lab.sh's verbs, such as `["freeze", "hosta"]`.
    pub fn control(&self, args: &[&str]) {
        let status = Command::new(&self.control).args(args).status().expect("lab.sh starts");
        assert!(status.success(), "lab.sh {args:?}: {status}");
    }

    /// A host's folder as seen from here: "local" for /srv/local, "images" for /vmware/xen/images, "varlib" for /var/lib/libvirt.
    pub fn folder(&self, host: &str, name: &str) -> PathBuf {
        self.dir.join(host).join(name)
    }

    /// Gives virsh's verb a file with this XML.
    pub fn define(&self, uri: &str, verb: &str, xml: &str) {
        let file = self.dir.join("given.xml");
        std::fs::write(&file, xml).expect("the lab's folder");
        virsh(uri, &[verb, &file.display().to_string()]);
        std::fs::remove_file(file).expect("it is ours");
    }

    /// Everything on a host that an install could leave behind: files, definitions, volumes.
    pub fn traces(&self, host: &str, uri: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for folder in ["local", "images", "varlib/images", "varlib/boot"] {
            walk(&self.folder(host, folder), &mut found);
        }
        for line in virsh(uri, &["list", "--all", "--name"]).lines().filter(|l| !l.is_empty()) {
            found.insert(format!("domain {line}"));
        }
        for pool in virsh(uri, &["pool-list", "--all", "--name"]).lines().map(str::trim).filter(|l| !l.is_empty()) {
            found.insert(format!("pool {pool}"));
        }
        found
    }

    /// Boots the tree `quick` by virsh alone: a machine whose screen stands still after a few seconds.
    pub fn still_machine<'a>(&self, uri: &'a str, name: &str) -> Machine<'a> {
        let shared = self.dir.join("shared");
        for file in ["vmlinuz", "initrd.img"] {
            let from = self.dir.join("nfs/export/quick/images/pxeboot").join(file);
            std::fs::copy(from, shared.join(file)).expect("the lab's shared folder");
        }
        let xml = shared.join(format!("{name}.xml"));
        let text = format!(
            "<domain type='qemu'><name>{name}</name><memory unit='MiB'>256</memory><vcpu>1</vcpu>\
             <os><type arch='x86_64' machine='pc'>hvm</type><kernel>/srv/shared/vmlinuz</kernel>\
             <initrd>/srv/shared/initrd.img</initrd><cmdline>quiet</cmdline></os><features><acpi/></features><devices>\
             <graphics type='vnc' port='-1' autoport='yes' listen='0.0.0.0'/><video><model type='vga'/></video></devices></domain>"
        );
        std::fs::write(&xml, text).expect("the lab's shared folder");
        let machine = Machine { uri, name: name.to_owned() };
        virsh(uri, &["define", &xml.display().to_string()]);
        virsh(uri, &["start", name]);
        machine
    }
}

fn walk(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, found);
        } else {
            found.insert(format!("file {}", path.display()));
        }
    }
}

/// A machine that is gone with its disk when the test ends, however it ends.
pub struct Machine<'a> {
    pub uri: &'a str,
    pub name: String,
}

impl<'a> Machine<'a> {
    /// Names a machine that the test is about to make.
    pub fn named(uri: &'a str, name: &str) -> Self {
        Self { uri, name: name.to_owned() }
    }

    /// libvirt's word for its state, as virsh says it.
    pub fn state(&self) -> String {
        virsh(self.uri, &["domstate", &self.name]).trim().to_owned()
    }

    /// The XML, with virsh's own options.
    pub fn xml(&self, options: &[&str]) -> String {
        virsh(self.uri, &[&["dumpxml", &self.name][..], options].concat())
    }

    /// Its UUID.
    pub fn id(&self) -> drover::domain::DomainId {
        drover::domain::DomainId(virsh(self.uri, &["domuuid", &self.name]).trim().parse().expect("a UUID"))
    }
}

impl Drop for Machine<'_> {
    fn drop(&mut self) {
        let quiet = |args: &[&str]| Command::new("virsh").args(["-q", "-c", self.uri]).args(args).output();
        let _ = quiet(&["destroy", &self.name]);
        let _ = quiet(&["undefine", &self.name]);
    }
}

/// virsh, which must succeed.
pub fn virsh(uri: &str, args: &[&str]) -> String {
    let out = Command::new("virsh").args(["-q", "-c", uri]).args(args).output().expect("virsh starts");
    assert!(out.status.success(), "virsh {args:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout).into_owned()
}

/// A host, open now.
pub fn open(uri: &str) -> Host {
    Host::open_now(uri, Arc::new(NoCredentials)).expect("the lab's host opens")
}

/// Asks again and again until it is true; fails after `limit`.
pub fn until(what: &str, limit: Duration, mut ready: impl FnMut() -> bool) {
    let end = Instant::now() + limit;
    while !ready() {
        assert!(Instant::now() < end, "waited {limit:?} in vain for: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// What a tree of the lab's NFS server (`rhel5_source`, `quick`…) installs.
pub fn detected(tree: &str) -> drover::Result<Detected> {
    let location: Location = format!("nfs:10.1.1.22:/soft/{tree}").parse()?;
    detect(&location, &Cancel::default())
}

/// A small machine on xenbr0 with a new disk in /vmware/xen/images, installed from there.
pub fn request(name: &str, detected: &Detected) -> Request {
    Request {
        name: name.into(),
        memory_mib: 512,
        vcpus: 1,
        virt: VirtChoice::Auto,
        location: detected.location.clone(),
        unattended: Unattended::None,
        extra_args: String::new(),
        disk: Disk::New {
            path: format!("/vmware/xen/images/{name}.img"),
            size_gib: 1.0,
            format: Format::Qcow2,
            sparse: true,
        },
        network: Network::Bridge("xenbr0".into()),
        mac: None,
    }
}
