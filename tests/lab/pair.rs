//! A machine that migrates between the lab's hosts: made by virsh, counting on its serial port, gone from both when the test ends.
use std::cell::Cell;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use drover::domain::DomainId;
use drover::host::Host;
use drover::migrate::finding::Finding;
use drover::migrate::plan::{Plan, plan};
use drover::migrate::survey::Survey;
use drover::migrate::{Choices, Kind};

use crate::support::{Lab, open, until, virsh};

/// The machine, and its files as seen from here.
pub struct Mover<'a> {
    lab: &'a Lab,
    pub name: String,
    files: Vec<PathBuf>,
    /// QEMU before 9.0 forgets pages that an emulated guest writes while it moves (its commit 03bfc2188f).
    forgets_memory: bool,
    /// Whether both hosts may have run it for a moment.
    twice: Cell<bool>,
}

impl<'a> Mover<'a> {
    /// Defines it on hosta with a disk of 64 MiB at `disk` (a path on the hosts under /srv), its kernel given `more`.
    pub fn define(lab: &'a Lab, name: &str, disk: &str, more: &str) -> Self {
        let shared = lab.folder("", "shared");
        for file in ["vmlinuz", "initrd.img"] {
            std::fs::copy(lab.folder("nfs", "export/quick/images/pxeboot").join(file), shared.join(file))
                .expect("the tree");
        }
        let mut this =
            Self { lab, name: name.into(), files: Vec::new(), forgets_memory: qemu(lab) < 9, twice: Cell::new(false) };
        let image = this.seen("hosta", disk);
        let made = Command::new("qemu-img").args(["create", "-q", "-f", "qcow2"]).arg(&image).arg("64M").status();
        assert!(made.expect("qemu-img starts").success());
        this.files = vec![image, this.seen("hostb", disk), this.log()];
        let text = format!(
            "<domain type='qemu'><name>{name}</name><memory unit='MiB'>192</memory><vcpu>1</vcpu>\
             <os><type arch='x86_64' machine='pc'>hvm</type><kernel>/srv/shared/vmlinuz</kernel>\
             <initrd>/srv/shared/initrd.img</initrd><cmdline>quiet drover.tick=1 {more}</cmdline></os>\
             <features><acpi/></features><cpu mode='custom' match='exact'><model>qemu64</model></cpu><devices>\
             <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{disk}'/>\
             <target dev='vda' bus='virtio'/></disk>\
             <interface type='bridge'><source bridge='xenbr0'/><model type='virtio'/></interface>\
             <serial type='file'><source path='/srv/shared/{name}.log' append='on'/></serial>\
             <graphics type='vnc' port='-1' autoport='yes' listen='0.0.0.0'/></devices></domain>"
        );
        lab.define(&lab.a, "define", &text);
        this
    }

    /// Changes its definition on hosta.
    pub fn changed(self, change: impl FnOnce(String) -> String) -> Self {
        let xml = change(virsh(&self.lab.a, &["dumpxml", "--inactive", "--security-info", &self.name]));
        self.lab.define(&self.lab.a, "define", &xml);
        self
    }

    /// Starts it, with its CPU standing still: enough for all that is only checked or refused.
    pub fn paused(self) -> Self {
        virsh(&self.lab.a, &["start", "--paused", &self.name]);
        self
    }

    /// The same, started and counting.
    pub fn running(lab: &'a Lab, name: &str, disk: &str, more: &str) -> Self {
        Self::define(lab, name, disk, more).counting()
    }

    /// Starts it and waits until it counts.
    pub fn counting(self) -> Self {
        virsh(&self.lab.a, &["start", &self.name]);
        until("the guest to count", Duration::from_secs(180), || self.ticks() > 3);
        self
    }

    /// A host's path under /srv as it is seen from here.
    fn seen(&self, host: &str, path: &str) -> PathBuf {
        match path.strip_prefix("/srv/shared/") {
            Some(name) => self.lab.folder("", "shared").join(name),
            None => self.lab.folder(host, "local").join(path.strip_prefix("/srv/local/").expect("a path of the lab")),
        }
    }

    fn log(&self) -> PathBuf {
        self.lab.folder("", "shared").join(format!("{}.log", self.name))
    }

    /// What it has counted to. It must never have begun anew, nor lost memory.
    pub fn ticks(&self) -> u64 {
        let text = String::from_utf8_lossy(&std::fs::read(self.log()).unwrap_or_default()).into_owned();
        assert!(self.forgets_memory || !text.contains("lost"), "its memory changed:\n{text}");
        let numbers = text.lines().filter_map(|l| l.trim().strip_prefix("tick ")?.split_once(' ')?.0.parse().ok());
        let numbers: Vec<u64> = numbers.collect();
        let once = numbers.is_sorted() || self.twice.get() && numbers.iter().filter(|n| **n == 1).count() < 2;
        assert!(once, "it began anew, or ran twice: {numbers:?}");
        numbers.last().copied().unwrap_or_default()
    }

    /// From now on both hosts may have run it for a moment: libvirt lets the source go on where the destination's daemon dies
    /// after it has started the machine and before it has said so.
    pub fn may_have_run_twice(&self) {
        self.twice.set(true);
    }

    /// Lets one that has arrived paused run, where it must before it can move on (QEMU before 10); virsh's word for its state.
    pub fn woken(&self) -> &'static str {
        if qemu(self.lab) > 9 {
            return "paused";
        }
        virsh(&self.lab.b, &["resume", &self.name]);
        "running"
    }

    /// Pauses one that came back running, as it was [`woken`](Self::woken): now it may move again.
    pub fn paused_again(&self) {
        if qemu(self.lab) < 10 {
            std::thread::sleep(Duration::from_secs(1));
            virsh(&self.lab.a, &["suspend", &self.name]);
        }
    }

    /// Whether the lab's libvirt is older than 11.
    pub fn has_old_libvirt(&self) -> bool {
        self.libvirt() < 11
    }

    fn libvirt(&self) -> u32 {
        version(self.lab, "Using library: libvirt ")
    }

    /// Makes hostb forget that it runs. libvirt before 10 keeps the lock of an arriving machine whose QEMU ended while the
    /// daemon was away, over each start of the daemon, and then nothing else helps.
    pub fn is_forgotten_there(&self) -> bool {
        if self.libvirt() > 9 {
            return false;
        }
        self.lab.control(&["kill", "hostb"]);
        let _ = std::fs::remove_file(self.lab.folder("hostb", "run/qemu").join(format!("{}.xml", self.name)));
        self.lab.control(&["start", "hostb"]);
        true
    }

    /// Waits until it has counted on, after it arrived at the other host alive.
    pub fn counts_on_there(&self) {
        if self.forgets_memory {
            println!(
                "skipped: whether memory is whole after a live move: this QEMU (before 9.0) loses emulated machines' pages"
            );
        } else {
            self.counts_on();
        }
    }

    /// Waits until it has counted on.
    pub fn counts_on(&self) {
        let now = self.ticks();
        until("the guest to count on", Duration::from_secs(20), || self.ticks() > now + 2);
    }

    /// virsh's word for its state on both hosts; "-" where it is not.
    pub fn states(&self) -> (String, String) {
        (self.state_here(), self.state_at(&self.lab.b))
    }

    /// The same on hosta only, which is quicker.
    pub fn state_here(&self) -> String {
        self.state_at(&self.lab.a)
    }

    fn state_at(&self, uri: &str) -> String {
        let out = Command::new("virsh").args(["-q", "-c", uri, "domstate", &self.name]).output().expect("virsh");
        if out.status.success() { String::from_utf8_lossy(&out.stdout).trim().to_owned() } else { "-".to_owned() }
    }

    pub fn id(&self) -> DomainId {
        DomainId(virsh(&self.lab.a, &["domuuid", &self.name]).trim().parse().expect("a UUID"))
    }

    /// Both hosts, opened now: the other one over TCP.
    pub fn hosts(&self) -> (Host, Host) {
        (open(&self.lab.a), open(&self.lab.tcp_b))
    }

    /// What is known of moving it, over these links.
    pub fn survey(&self, hosts: &(Host, Host)) -> Survey {
        Survey::read(&hosts.0, &hosts.1, self.id(), false).expect("both hosts answer")
    }

    /// Its plan, or what blocks.
    pub fn plan(&self, hosts: &(Host, Host), kind: Kind) -> Result<Plan, Vec<Finding>> {
        self.plan_with(hosts, &Choices::new(kind))
    }

    pub fn plan_with(&self, hosts: &(Host, Host), choices: &Choices) -> Result<Plan, Vec<Finding>> {
        plan(&self.survey(hosts), choices)
    }

    /// Saved states on a host, ours or libvirt's.
    pub fn saves(&self, host: &str) -> Vec<String> {
        let folder = self.lab.folder(host, "varlib/qemu/save");
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect()
    }
}

/// The lab's QEMU: its major version.
pub fn qemu(lab: &Lab) -> u32 {
    version(lab, "Running hypervisor: QEMU ")
}

/// The major version after these words of `virsh version`.
fn version(lab: &Lab, words: &str) -> u32 {
    let said = virsh(&lab.a, &["version"]);
    let number = said.lines().find_map(|l| l.strip_prefix(words)?.split('.').next()?.parse().ok());
    number.unwrap_or_else(|| panic!("{words}in {said}"))
}

impl Drop for Mover<'_> {
    fn drop(&mut self) {
        for uri in [&self.lab.a, &self.lab.b] {
            for args in [&["destroy"][..], &["undefine", "--managed-save", "--snapshots-metadata", "--nvram"]] {
                let _ = Command::new("virsh").args(["-q", "-c", uri]).args(args).arg(&self.name).output();
            }
        }
        for file in &self.files {
            let _ = std::fs::remove_file(file);
        }
    }
}
