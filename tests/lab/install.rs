//! Installs through the core on a local host: from NFS to the installer's first screen, to the end, and all that can stop it.
use std::time::Duration;

use drover::Error;
use drover::finding::Severity;
use drover::install::plan::{check, plan};
use drover::install::run::{finish, run};
use drover::install::{Disk, Network, Unattended, unattended};
use drover::task::{Cancel, Step};

use crate::console::watch;
use crate::screen::Picture;
use crate::support::{Lab, Machine, detected, lab, open, request, until};

/// Debian's text installer: its dialogs fill the screen, where the kernel's messages are sparse light lines on black.
fn installer_screen(picture: &Picture) -> bool {
    picture.share(|p| p.iter().any(|c| *c > 60)) > 0.3
}

#[test]
fn installs_from_nfs_with_a_kickstart_and_shows_the_installer() {
    let Some(lab) = lab() else { return };
    let machine = Machine::named(&lab.a, "lab-node2");
    let host = open(&lab.a);
    let found = detected("rhel5_source").expect("the seed's tree");
    assert_eq!(found.os_short_id.as_deref(), Some("rhel5.0"));
    let mut wanted = request(&machine.name, &found);
    wanted.memory_mib = 1280; // Debian's initrd unpacks to more than Red Hat's
    wanted.unattended = Unattended::Url("nfs:10.1.1.22:/soft/xen-ks.cfg".into());
    let plan = plan(&host, wanted, found).expect("nothing stands in the way");
    let id = run(&host, &plan, |_| (), &Cancel::default()).expect("the installer starts");

    assert_eq!(machine.state(), "running");
    assert_eq!(machine.id(), id);
    let xml = machine.xml(&[]);
    for part in ["ks=nfs:10.1.1.22:/soft/xen-ks.cfg", "/vmware/xen/images/lab-node2.img", "bridge='xenbr0'", "<kernel>"]
    {
        assert!(xml.contains(part), "virsh's XML lacks {part}:\n{xml}");
    }
    let image = lab.folder("hosta", "images").join("lab-node2.img");
    assert!(image.exists(), "{} is the machine's disk", image.display());

    let watched = watch(&host, &machine);
    watched.until_equal(&machine, Duration::from_secs(300), 0.005, installer_screen);
}

#[test]
fn after_the_installers_reboot_the_machine_boots_its_disk() {
    let Some(lab) = lab() else { return };
    let before = lab.traces("hosta", &lab.a);
    let machine = Machine::named(&lab.a, "lab-reboots");
    let host = open(&lab.a);
    let found = detected("quick").expect("the quick tree");
    let mut wanted = request(&machine.name, &found);
    wanted.extra_args = "drover.reboot=2".into();
    let plan = plan(&host, wanted, found).expect("nothing stands in the way");
    let id = run(&host, &plan, |_| (), &Cancel::default()).expect("the installer starts");
    finish(&host, &plan, id, |_| (), &Cancel::default()).expect("the installer ends");

    assert_eq!(machine.state(), "running");
    for xml in [machine.xml(&[]), machine.xml(&["--inactive"])] {
        assert!(
            !xml.contains("<kernel>") && !xml.contains("<cmdline>"),
            "the installer's kernel is still in it:\n{xml}"
        );
        assert!(xml.contains("lab-reboots.img"), "{xml}");
    }
    let image = lab.folder("hosta", "images").join("lab-reboots.img");
    drop(machine);
    std::fs::remove_file(image).expect("its disk");
    assert_eq!(lab.traces("hosta", &lab.a), before, "kernel and initrd are gone from the host");
}

#[test]
fn an_installer_that_powers_off_is_done_as_well() {
    let Some(lab) = lab() else { return };
    let machine = Machine::named(&lab.a, "lab-poweroff");
    let host = open(&lab.a);
    let found = detected("quick").expect("the quick tree");
    let mut wanted = request(&machine.name, &found);
    wanted.extra_args = "drover.poweroff=2".into();
    let plan = plan(&host, wanted, found).expect("nothing stands in the way");
    let id = run(&host, &plan, |_| (), &Cancel::default()).expect("the installer starts");
    finish(&host, &plan, id, |_| (), &Cancel::default()).expect("the installer ends");
    assert_eq!(machine.state(), "running", "it boots its disk");
    assert!(!machine.xml(&[]).contains("<kernel>"));
}

/// Runs an install of Debian's 40 MB initrd that is cancelled as soon as `at` has begun (and, of a fetch, a tenth is done).
fn cancelled_at(lab: &Lab, at: Step) {
    let before = lab.traces("hosta", &lab.a);
    let machine = Machine::named(&lab.a, "lab-cancelled");
    let host = open(&lab.a);
    let found = detected("rhel5_source").expect("the seed's tree");
    let plan = plan(&host, request(&machine.name, &found), found).expect("nothing stands in the way");
    let cancel = Cancel::default();
    let on = |p: drover::task::Progress| {
        if p.step == at && (at != Step::FetchInitrd || p.total.is_some_and(|total| p.done * 10 >= total)) {
            cancel.cancel();
        }
    };
    let result = run(&host, &plan, on, &cancel);
    assert!(matches!(result, Err(Error::Cancelled)), "cancelled at {at:?}: {result:?}");
    assert_eq!(lab.traces("hosta", &lab.a), before, "cancelled at {at:?}: something is left");
}

#[test]
fn a_cancel_half_way_leaves_nothing() {
    let Some(lab) = lab() else { return };
    for at in [Step::FetchKernel, Step::FetchInitrd, Step::CreateDisk, Step::Define] {
        cancelled_at(&lab, at);
    }
}

#[test]
fn broken_trees_are_named_and_leave_nothing() {
    let Some(lab) = lab() else { return };
    let before = lab.traces("hosta", &lab.a);
    assert!(matches!(detected("nokernel"), Err(Error::Source(_))), "a tree without its kernel");
    assert!(matches!(detected("nowhere"), Err(Error::Source(_))), "a folder that is not there");

    let host = open(&lab.a);
    let found = detected("truncated").expect("its .treeinfo is whole");
    let machine = Machine::named(&lab.a, "lab-truncated");
    let mut wanted = request(&machine.name, &found);
    let injected = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(injected.path(), "install\ntext\nreboot\n").expect("it is ours");
    wanted.unattended = Unattended::Inject(injected.path().to_owned());
    let plan = plan(&host, wanted, found).expect("the cut is not to be seen before the fetch");
    let result = run(&host, &plan, |_| (), &Cancel::default());
    assert!(matches!(result, Err(Error::Source(_))), "an initrd that is cut off: {result:?}");
    assert_eq!(lab.traces("hosta", &lab.a), before);
}

#[test]
fn a_kickstart_that_is_not_there_is_named_before() {
    let Some(_lab) = lab() else { return };
    let family = detected("rhel5_source").expect("the seed's tree").family;
    let at = |url: &str| unattended::check(&Unattended::Url(url.into()), family, &Cancel::default());
    let missing = at("nfs:10.1.1.22:/soft/no-such.cfg");
    assert!(matches!(missing, Err(Error::Source(_))), "{missing:?}");
    let checked = at("nfs:10.1.1.22:/soft/xen-ks.cfg").expect("it is there").expect("it was read");
    assert_eq!((checked.lines, checked.findings.len()), (16, 0), "{checked:?}");
}

#[test]
fn what_the_host_lacks_is_named_before() {
    let Some(lab) = lab() else { return };
    let host = open(&lab.a);
    let found = detected("quick").expect("the quick tree");
    let good = request("lab-checks", &found);
    let blocks = |wanted: &drover::install::Request| {
        let findings = check(&host, wanted, Some(&found)).expect("the host answers");
        findings.into_iter().filter(|f| f.severity == Severity::Block).map(|f| f.reason.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(blocks(&good), Vec::<String>::new());
    let mut bad = good.clone();
    bad.network = Network::Bridge("nobr7".into());
    assert!(blocks(&bad).iter().any(|r| r.contains("nobr7") && r.contains("xenbr0")), "{:?}", blocks(&bad));

    let there = lab.folder("hosta", "images").join("taken.img");
    std::fs::write(&there, "someone's").expect("the lab's folder");
    let mut bad = good.clone();
    if let Disk::New { path, .. } = &mut bad.disk {
        *path = "/vmware/xen/images/taken.img".into();
    }
    assert!(blocks(&bad).iter().any(|r| r.contains("taken.img")), "{:?}", blocks(&bad));
    std::fs::remove_file(there).expect("it is ours");

    let machine = lab.still_machine(&lab.a, "lab-name-taken");
    let mut bad = good;
    bad.name.clone_from(&machine.name);
    assert!(blocks(&bad).iter().any(|r| r.contains("lab-name-taken")), "{:?}", blocks(&bad));
}

#[test]
fn a_kickstart_of_ours_reaches_the_installers_root() {
    let Some(lab) = lab() else { return };
    let machine = Machine::named(&lab.a, "lab-injected");
    let host = open(&lab.a);
    let found = detected("quick").expect("the quick tree");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let kickstart = folder.path().join("ks.cfg");
    std::fs::write(&kickstart, "install\ntext\nreboot\n").expect("it is ours");
    let mut wanted = request(&machine.name, &found);
    wanted.unattended = Unattended::Inject(kickstart);
    wanted.extra_args = "drover.poweroff-with=/ks.cfg".into(); // this installer powers off if it finds the file
    let plan = plan(&host, wanted, found).expect("nothing stands in the way");
    assert!(plan.kernel_args.contains("ks=file:/ks.cfg"), "{}", plan.kernel_args);
    run(&host, &plan, |_| (), &Cancel::default()).expect("the installer starts");
    until("the installer finding its kickstart", Duration::from_secs(90), || machine.state() == "shut off");
}
