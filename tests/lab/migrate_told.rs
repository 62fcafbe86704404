//! What libvirt refuses only once a machine moves is told before: each test makes one thing wrong after the other on the
//! two hosts, looks at what is told, and has virsh move the machine all the same. No guest needs to boot for that.
use std::path::PathBuf;
use std::process::Command;

use drover::Error;
use drover::domain::actions::{self, Action, Denial};
use drover::migrate::check::{best_kind, check, verdict};
use drover::migrate::finding::{Check, Evidence, Finding, Reason, Remedy, Severity};
use drover::migrate::prepare::{Preparation, prepare};
use drover::migrate::survey::Survey;
use drover::migrate::{Choices, Kind};

use crate::migrate::blocks;
use crate::pair::{Mover, qemu};
use crate::support::{Lab, lab, open, virsh};

/// What is told that blocks.
fn told(mover: &Mover, choices: &Choices) -> Vec<Finding> {
    let found = check(&mover.survey(&mover.hosts()).input(choices)).into_iter();
    found.filter(|f| f.severity == Severity::Block).collect()
}

/// virsh is refused with these words, and the machine is where it was.
fn refused(lab: &Lab, mover: &Mover, to: &str, options: &[&str], words: &str) {
    let fixed = ["-q", "-c", &lab.a, "migrate", &mover.name, to, "--live"];
    let out = Command::new("virsh").args(fixed).args(options).output().expect("virsh starts");
    let error = String::from_utf8_lossy(&out.stderr);
    assert!(!out.status.success() && error.contains(words), "{}: {options:?}: {error}", mover.name);
    assert_eq!(mover.state_here(), "paused", "{}", mover.name);
}

/// One thing is told of moving it live, and that very thing refuses virsh.
fn told_and_refused(lab: &Lab, mover: &Mover, which: Check, ours: &str, theirs: &str) {
    assert_eq!(blocks(mover, &mover.hosts(), Kind::Live), [(which, ours.to_owned())], "{}", mover.name);
    refused(lab, mover, &lab.tcp_b, &[], theirs);
}

/// An image at a path of hostb, gone when the test ends.
struct Image(PathBuf);

impl Image {
    fn at(lab: &Lab, name: &str, size: &str) -> Self {
        let path = lab.folder("hostb", "local").join(name);
        let made = Command::new("qemu-img").args(["create", "-q", "-f", "qcow2"]).arg(&path).arg(size).status();
        assert!(made.expect("qemu-img starts").success());
        Self(path)
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn disks() {
    let Some(lab) = lab() else { return };
    let good = Mover::define(&lab, "lab-told-good", "/srv/shared/lab-told-good.qcow2", "").paused();
    let survey = good.survey(&good.hosts());
    let live = Choices::new(Kind::Live);
    let found = check(&survey.input(&live));
    assert_eq!(verdict(&found), Severity::Ok, "{found:?}");
    let shared = Reason::Shared { path: "/srv/shared/lab-told-good.qcow2".into(), evidence: Evidence::SameFile };
    assert!(found.iter().any(|f| f.reason == shared), "{found:?}");
    drop(good);

    let mover = Mover::define(&lab, "lab-told-disk", "/srv/local/lab-told-disk.qcow2", "").paused();
    told_and_refused(
        &lab,
        &mover,
        Check::DiskPath,
        "hostb has no /srv/local/lab-told-disk.qcow2",
        "Migration without shared storage is unsafe",
    );
    refused(&lab, &mover, &lab.tcp_b, &["--unsafe"], "'/srv/local/lab-told-disk.qcow2'");
    assert_eq!(told(&mover, &live)[0].remedy, Some(Remedy::CopyDisk(Kind::Copy)));
    assert_eq!(best_kind(&mover.survey(&mover.hosts()).input(&live)), Kind::Copy);
    assert_eq!(told(&mover, &Choices::new(Kind::Copy)), []);

    let other = Image::at(&lab, "lab-told-disk.qcow2", "64M");
    let words = "whether /srv/local/lab-told-disk.qcow2 is the same on hostb could not be found out";
    assert_eq!(told(&mover, &live).iter().map(|f| f.reason.to_string()).collect::<Vec<_>>(), [words]);
    drop(other);
    let other = Image::at(&lab, "lab-told-disk.qcow2", "32M");
    told_and_refused(
        &lab,
        &mover,
        Check::SharedStorage,
        "/srv/local/lab-told-disk.qcow2 is there on hostb, but is not the same file: the storage is not shared",
        "Migration without shared storage is unsafe",
    );
    let words = "hostb has a file /srv/local/lab-told-disk.qcow2 already, which is not this disk";
    assert_eq!(blocks(&mover, &mover.hosts(), Kind::Copy), [(Check::DiskPath, words.to_owned())]);
    refused(&lab, &mover, &lab.tcp_b, &["--copy-storage-all"], "different sizes");
    drop(other);
}

#[test]
fn pools_and_media() {
    let Some(lab) = lab() else { return };
    let pool = "<pool type='dir'><name>told</name><target><path>/srv/shared</path></target></pool>";
    lab.define(&lab.a, "pool-create", pool);
    let mover = Mover::define(&lab, "lab-told-pool", "/srv/shared/lab-told-pool.qcow2", "").changed(|xml| {
        xml.replace("type='file' device='disk'", "type='volume' device='disk'")
            .replace("file='/srv/shared/lab-told-pool.qcow2'", "pool='told' volume='lab-told-pool.qcow2'")
    });
    virsh(&lab.a, &["pool-refresh", "told"]);
    let mover = mover.paused();
    let first = |words: &str| assert_eq!(told(&mover, &Choices::new(Kind::Live))[0].reason.to_string(), words);
    first("hostb has no pool told");
    refused(&lab, &mover, &lab.tcp_b, &[], "no storage pool with matching name 'told'");
    lab.define(&lab.b, "pool-define", pool);
    first("the pool told is not started on hostb");
    refused(&lab, &mover, &lab.tcp_b, &[], "storage pool 'told' containing volume 'lab-told-pool.qcow2' is not active");
    virsh(&lab.b, &["pool-start", "told"]);
    assert_eq!(told(&mover, &Choices::new(Kind::Live)), []);
    for (uri, verb) in [(&lab.a, "pool-destroy"), (&lab.b, "pool-destroy"), (&lab.b, "pool-undefine")] {
        virsh(uri, &[verb, "told"]);
    }
    drop(mover);

    let iso = lab.folder("hosta", "local").join("lab-told.iso");
    std::fs::write(&iso, [0; 4096]).expect("the lab's folder");
    let cd = "<disk type='file' device='cdrom'><source file='/srv/local/lab-told.iso'/><target dev='sda' bus='sata'/>\
              <readonly/></disk></devices>";
    let mover = Mover::define(&lab, "lab-told-cd", "/srv/shared/lab-told-cd.qcow2", "")
        .changed(|xml| xml.replace("</devices>", cd))
        .paused();
    told_and_refused(
        &lab,
        &mover,
        Check::Media,
        "sda holds /srv/local/lab-told.iso, which hostb does not have",
        "Cannot access storage file '/srv/local/lab-told.iso'",
    );
    assert_eq!(told(&mover, &Choices { eject: true, ..Choices::new(Kind::Live) }), []);
    std::fs::remove_file(iso).expect("it is ours");
}

#[test]
fn bridges_and_networks() {
    let Some(lab) = lab() else { return };
    let plugged = |name: &str, kind: &str| {
        let disk = format!("/srv/shared/{name}.qcow2");
        let to = format!("<interface type='{kind}'>");
        let source = format!("<source {kind}='{}'/>", if kind == "bridge" { "onlya" } else { "netx" });
        Mover::define(&lab, name, &disk, "")
            .changed(|xml| xml.replace("<interface type='bridge'>", &to).replace("<source bridge='xenbr0'/>", &source))
            .paused()
    };
    lab.control(&["exec", "hosta", "ip", "link", "add", "onlya", "type", "bridge"]);
    let mover = plugged("lab-told-bridge", "bridge");
    told_and_refused(
        &lab,
        &mover,
        Check::Network,
        "hostb has no bridge onlya; it has br0, xenbr0",
        "Cannot get interface MTU on 'onlya': No such device",
    );
    let chosen = Choices { bridges: vec![("onlya".into(), "br0".into())], ..Choices::new(Kind::Live) };
    assert_eq!(told(&mover, &chosen), [], "it can be plugged in elsewhere");
    drop(mover);
    lab.control(&["exec", "hosta", "ip", "link", "del", "onlya"]);

    // Without an address libvirt starts no dnsmasq, which the lab has not.
    let network = "<network><name>netx</name><bridge name='netxbr0'/></network>";
    lab.define(&lab.a, "net-create", network);
    let mover = plugged("lab-told-net", "network");
    let missing = "no network with matching name 'netx'";
    told_and_refused(&lab, &mover, Check::Network, "hostb has no network netx; it has none", missing);
    lab.define(&lab.b, "net-define", network);
    let stopped = "the network netx is not started on hostb";
    told_and_refused(&lab, &mover, Check::Network, stopped, "network 'netx' is not active");
    virsh(&lab.b, &["net-start", "netx"]);
    assert_eq!(told(&mover, &Choices::new(Kind::Live)), []);
    drop(mover);
    for (uri, verb) in [(&lab.a, "net-destroy"), (&lab.b, "net-destroy"), (&lab.b, "net-undefine")] {
        virsh(uri, &[verb, "netx"]);
    }
}

#[test]
fn names_hosts_and_snapshots() {
    let Some(lab) = lab() else { return };
    let mover = Mover::define(&lab, "lab-told-name", "/srv/shared/lab-told-name.qcow2", "").paused();
    let hosts = mover.hosts();
    let other = lab.still_machine(&lab.b, &mover.name);
    told_and_refused(
        &lab,
        &mover,
        Check::Name,
        "hostb has another machine named “lab-told-name”",
        "domain 'lab-told-name' already exists with uuid",
    );
    drop(other);
    let same = virsh(&lab.a, &["dumpxml", "--inactive", &mover.name]).replace("name>lab-told-name<", "name>lab-twin<");
    lab.define(&lab.b, "define", &same);
    let twin = "hostb has the same machine under the name “lab-twin”";
    told_and_refused(&lab, &mover, Check::Name, twin, "is already defined with uuid");
    virsh(&lab.b, &["undefine", "lab-twin"]);

    // hosta is reached at another URI: its identity tells.
    let itself = lab.tcp_b.replace(".12/", ".11/");
    let again = (hosts.0.clone(), open(&itself));
    let words = "the destination is hosta itself".to_owned();
    assert_eq!(blocks(&mover, &again, Kind::Live), [(Check::SameHost, words)]);
    refused(&lab, &mover, &itself, &[], "Attempt to migrate guest to the same host");

    virsh(&lab.a, &["snapshot-create-as", &mover.name, "s1"]);
    let words = "it has 1 snapshots, which libvirt does not migrate";
    for kind in [Kind::Live, Kind::Copy, Kind::PostCopy, Kind::Static] {
        assert_eq!(blocks(&mover, &hosts, kind), [(Check::State, words.to_owned())], "{kind:?}");
    }
    refused(&lab, &mover, &lab.tcp_b, &[], "cannot migrate domain with 1 snapshots");
    virsh(&lab.a, &["snapshot-delete", &mover.name, "s1"]);
    assert_eq!(blocks(&mover, &hosts, Kind::Live), []);
}

#[test]
fn a_weaker_cpu() {
    let Some(lab) = lab() else { return };
    let with_cpu = |name: &str, cpu: &str| {
        let disk = format!("/srv/shared/{name}.qcow2");
        Mover::define(&lab, name, &disk, "").changed(|xml| {
            let (before, after) = xml.split_once("<cpu").expect("it has one");
            format!("{before}{cpu}{}", after.split_once("</cpu>").expect("it has one").1)
        })
    };
    let weak = &lab.weak;
    let mover = with_cpu("lab-told-cpu", "<cpu mode='host-model'/>").paused();
    told_and_refused(
        &lab,
        &mover,
        Check::Cpu,
        &format!("the CPU of hostb lacks: {weak}"),
        &format!("guest CPU doesn't match specification: missing features: {weak}"),
    );
    assert_eq!(told(&mover, &Choices::new(Kind::Live))[0].remedy, Some(Remedy::LowerCpu));
    for kind in [Kind::Copy, Kind::PostCopy, Kind::Static] {
        assert_eq!(blocks(&mover, &mover.hosts(), kind)[0].0, Check::Cpu, "{kind:?}");
    }
    drop(mover);
    // Once it is off it gets a CPU made for the host that it starts on.
    let off = with_cpu("lab-told-cpu", "<cpu mode='host-model'/>");
    assert_eq!(blocks(&off, &off.hosts(), Kind::Offline), []);
    drop(off);

    // What both hosts have, as libvirt works it out, runs on both.
    let both = [&lab.a, &lab.b].map(|uri| virsh(uri, &["domcapabilities", "--virttype", "qemu"])).concat();
    let file = lab.folder("", "shared").join("cpus.xml");
    std::fs::write(&file, both).expect("the lab's folder");
    let common = virsh(&lab.a, &["hypervisor-cpu-baseline", "--virttype", "qemu", &file.display().to_string()]);
    std::fs::remove_file(file).expect("it is ours");
    let mover = with_cpu("lab-told-cpu", common.trim()).paused();
    assert_eq!(blocks(&mover, &mover.hosts(), Kind::Live), [], "{common}");
    virsh(&lab.a, &["migrate", &mover.name, &lab.tcp_b, "--live", "--persistent", "--undefinesource"]);
    assert_eq!(mover.states(), ("-".into(), "paused".into()));
}

#[test]
fn devices_of_the_host() {
    let Some(lab) = lab() else { return };
    let with = |name: &str, device: &str| {
        let disk = format!("/srv/shared/{name}.qcow2");
        Mover::define(&lab, name, &disk, "").changed(|xml| xml.replace("</devices>", &format!("{device}</devices>")))
    };
    let folder = "<filesystem type='mount'><source dir='/srv/local'/><target dir='here'/></filesystem>";
    let mover = with("lab-told-folder", folder).paused();
    let words = "it uses a device of its host (folder /srv/local)".to_owned();
    for kind in [Kind::Live, Kind::Static] {
        assert_eq!(blocks(&mover, &mover.hosts(), kind), [(Check::Devices, words.clone())]);
    }
    assert_eq!(told(&mover, &Choices::new(Kind::Live))[0].remedy, Some(Remedy::DetachDevice));
    drop(mover);

    // A definition with a device that this computer has not; where it goes there may be one.
    let card = "<hostdev mode='subsystem' type='pci' managed='yes'><source><address domain='0x0000' bus='0x06' slot='0x12' \
                function='0x5'/></source></hostdev>";
    let mover = with("lab-told-card", card);
    let found = check(&mover.survey(&mover.hosts()).input(&Choices::new(Kind::Offline)));
    let device = found.iter().find(|f| f.check == Check::Devices).expect("devices are checked");
    assert_eq!(
        (device.severity, device.reason.to_string().as_str(), &device.remedy),
        (Severity::Warn, "it uses a device of its host (PCI 0x0000:0x06:0x12:0x5)", &Some(Remedy::DetachDevice))
    );
    assert_eq!(verdict(&found), Severity::Warn, "{found:?}");
}

/// QEMU before 10 aborts when a machine that arrived paused and never ran there is to move on: it is told, and true.
#[test]
fn one_that_arrived_paused() {
    let Some(lab) = lab() else { return };
    let mover = Mover::define(&lab, "lab-told-paused", "/srv/shared/lab-told-paused.qcow2", "").paused();
    let hosts = mover.hosts();
    let id = mover.id();
    assert_eq!(blocks(&mover, &hosts, Kind::Live), [], "it never moved");
    virsh(&lab.a, &["migrate", &mover.name, &lab.tcp_b, "--live", "--persistent", "--undefinesource"]);
    let home = (open(&lab.b), open(&lab.tcp_b.replace(".12/", ".11/")));
    let survey = || Survey::read(&home.0, &home.1, id, false).expect("both hosts answer");
    let live = Choices::new(Kind::Live);
    let found = check(&survey().input(&live)).into_iter().find(|f| f.check == Check::State).expect("it is checked");
    if qemu(&lab) > 9 {
        assert_eq!(found.severity, Severity::Ok, "{found:?}");
    } else {
        assert_eq!((found.severity, &found.remedy), (Severity::Block, &Some(Remedy::Resume)), "{found:?}");
        let saved = actions::run(&home.0, id, Action::Save);
        assert!(matches!(saved, Err(Error::NotAllowed(Denial::RunFirst))), "{saved:?}");
        prepare(&home.0, &home.1, id, &Preparation::Resume).expect("it runs on");
        assert_eq!(verdict(&check(&survey().input(&live))), Severity::Ok);
    }
    virsh(&lab.b, &["migrate", &mover.name, &lab.tcp_b.replace(".12/", ".11/"), "--live", "--persistent"]);
    let state = if qemu(&lab) > 9 { "paused" } else { "running" };
    assert_eq!(mover.state_here(), state);
    if qemu(&lab) > 9 {
        return;
    }
    std::thread::sleep(std::time::Duration::from_secs(1));
    virsh(&lab.a, &["suspend", &mover.name]);
    assert_eq!(blocks(&mover, &hosts, Kind::Live), [], "it has run");
    // This is the one that must be blocked.
    virsh(&lab.a, &["destroy", &mover.name]);
    virsh(&lab.a, &["start", "--paused", &mover.name]);
    virsh(&lab.a, &["migrate", &mover.name, &lab.tcp_b, "--live"]);
    let out = Command::new("virsh")
        .args(["-q", "-c", &lab.b, "migrate", &mover.name, &lab.tcp_b.replace(".12/", ".11/"), "--live"])
        .output()
        .expect("virsh starts");
    assert!(!out.status.success(), "a newer QEMU may have learned it: then the rule is too strict");
    assert_eq!(virsh(&lab.b, &["domstate", "--reason", &mover.name]).trim(), "shut off (crashed)");
}
