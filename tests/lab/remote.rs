//! Installs on a remote host (over TCP): kernel and initrd travel as volumes, and nothing of them stays behind.
use std::process::Command;
use std::time::Duration;

use drover::Error;
use drover::install::plan::plan;
use drover::install::run::{finish, run};
use drover::task::{Cancel, Step};

use crate::console::{quick_screen, watch};
use crate::support::{Lab, Machine, detected, lab, open, request};

#[test]
fn installs_on_a_remote_host_and_leaves_only_the_disk() {
    let Some(lab) = lab() else { return };
    let before = lab.traces("hostb", &lab.b);
    let machine = Machine::named(&lab.b, "lab-remote");
    let host = open(&lab.tcp_b);
    let found = detected("quick").expect("the quick tree");
    let mut wanted = request(&machine.name, &found);
    wanted.extra_args = "drover.reboot=20".into();
    let plan = plan(&host, wanted, found).expect("nothing stands in the way");
    let uploads = std::sync::atomic::AtomicU64::new(0);
    let steps = std::sync::Mutex::new(Vec::new());
    let on = |p: drover::task::Progress| {
        let mut steps = steps.lock().expect("a list");
        if steps.last() != Some(&p.step) {
            steps.push(p.step);
        }
        if p.step == Step::Upload {
            uploads.fetch_max(p.done, std::sync::atomic::Ordering::Relaxed);
        }
    };
    let id = run(&host, &plan, on, &Cancel::default()).expect("the installer starts");
    assert!(uploads.into_inner() > 1_000_000, "kernel and initrd were sent, with progress");
    assert_eq!(steps.into_inner().expect("a list"), plan.steps(), "it took the steps that it said");
    assert_eq!(machine.state(), "running");
    let watched = watch(&host, &machine);
    watched.until_equal(&machine, Duration::from_secs(90), 0.002, quick_screen);
    drop(watched);

    finish(&host, &plan, id, |_| (), &Cancel::default()).expect("the installer ends");
    assert_eq!(machine.state(), "running");
    drop(machine);
    std::fs::remove_file(lab.folder("hostb", "images").join("lab-remote.img")).expect("its disk");
    assert_eq!(lab.traces("hostb", &lab.b), before, "kernel and initrd are gone from the host");
}

#[test]
fn a_cancelled_upload_leaves_nothing() {
    let Some(lab) = lab() else { return };
    let before = lab.traces("hostb", &lab.b);
    let machine = Machine::named(&lab.b, "lab-remote-cancel");
    let host = open(&lab.tcp_b);
    let found = detected("rhel5_source").expect("the seed's tree");
    let plan = plan(&host, request(&machine.name, &found), found).expect("nothing stands in the way");
    let cancel = Cancel::default();
    let on = |p: drover::task::Progress| {
        if p.step == Step::Upload && p.done > 0 {
            cancel.cancel();
        }
    };
    let result = run(&host, &plan, on, &cancel);
    assert!(matches!(result, Err(Error::Cancelled)), "{result:?}");
    assert_eq!(lab.traces("hostb", &lab.b), before);
}

/// A bridge on hostb that is gone before the machine starts.
fn bridge(lab: &Lab, verb: &str) {
    let args: &[&str] = match verb {
        "add" => &["exec", "hostb", "ip", "link", "add", "brgone", "type", "bridge"],
        _ => &["exec", "hostb", "ip", "link", "del", "brgone"],
    };
    lab.control(args);
}

#[test]
fn a_start_that_fails_leaves_nothing() {
    let Some(lab) = lab() else { return };
    let before = lab.traces("hostb", &lab.b);
    let machine = Machine::named(&lab.b, "lab-remote-fails");
    let host = open(&lab.tcp_b);
    let found = detected("quick").expect("the quick tree");
    let mut wanted = request(&machine.name, &found);
    wanted.network = drover::install::Network::Bridge("brgone".into());
    bridge(&lab, "add");
    let plan = plan(&host, wanted, found);
    bridge(&lab, "del");
    let result = run(&host, &plan.expect("nothing stands in the way yet"), |_| (), &Cancel::default());
    let message = result.expect_err("the bridge is gone").to_string();
    assert!(message.contains("brgone"), "{message}");
    assert_eq!(lab.traces("hostb", &lab.b), before);
}

#[test]
fn droverctl_installs_and_lists() {
    let Some(lab) = lab() else { return };
    let machine = Machine::named(&lab.a, "lab-cli");
    let droverctl = |args: &[&str]| {
        let out =
            Command::new(env!("CARGO_BIN_EXE_droverctl")).args(["-c", &lab.a]).args(args).output().expect("droverctl");
        (
            out.status.code(),
            String::from_utf8_lossy(&out.stdout).into_owned(),
            String::from_utf8_lossy(&out.stderr).into_owned(),
        )
    };
    let install = |more: &[&str]| {
        let common = ["install", "-n", "lab-cli", "-r", "768", "--vcpus=1", "-l", "nfs:10.1.1.22:/soft/rhel5_source"];
        let seeds = ["-x", "ks=nfs:10.1.1.22:/soft/xen-ks.cfg", "-f", "/srv/local/node2.img", "-s", "15"];
        droverctl(&[&common[..], &seeds[..], more].concat())
    };
    let (code, _, error) = install(&["-b", "nobr7"]);
    assert_eq!(code, Some(2), "{error}");
    assert!(error.contains("nobr7"), "{error}");
    let (code, _, error) = install(&["-b", "xenbr0", "-p"]);
    assert_eq!(code, Some(2), "a paravirtual machine on a host without it: {error}");

    let (code, xml, error) = install(&["-b", "xenbr0", "--print-xml", "--dry-run"]);
    assert_eq!(code, Some(0), "{error}");
    assert!(xml.contains("<domain") && xml.contains("/srv/local/node2.img"), "{xml}");
    assert!(
        !crate::support::virsh(&lab.a, &["list", "--all", "--name"]).contains("lab-cli"),
        "a dry run makes nothing"
    );

    let (code, _, error) = install(&["-b", "xenbr0"]);
    assert_eq!(code, Some(0), "{error}");
    assert_eq!(machine.state(), "running");
    let (code, list, error) = droverctl(&["list", "--json"]);
    assert_eq!(code, Some(0), "{error}");
    assert!(list.contains("\"lab-cli\""), "{list}");
    let (code, _, error) = droverctl(&["destroy", "lab-cli"]);
    assert_eq!((code, machine.state().as_str()), (Some(0), "shut off"), "{error}");
    drop(machine);
    std::fs::remove_file(lab.folder("hosta", "local").join("node2.img")).expect("its disk");
}
