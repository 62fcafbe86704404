//! Migrations that break at three moments by seven faults: afterwards (for a killed Drover: after `recover`) the machine
//! runs on exactly one host, its memory unharmed, and nothing is left at the other.
use std::collections::BTreeSet;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::pair::Mover;
use crate::support::{Lab, lab, virsh};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    DroverKilled,
    Cancelled,
    SourceDaemon,
    DestDaemon,
    SourceMachine,
    DestMachine,
    LinkCut,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Moment {
    /// libvirt has begun.
    Begin,
    /// Some of its memory was sent.
    Middle,
    /// It stands still for the last of its memory.
    SwitchOver,
}

const MOMENTS: [Moment; 3] = [Moment::Begin, Moment::Middle, Moment::SwitchOver];

/// Slow enough to be hit in its middle, and with seconds of standstill.
const SLOW: [&str; 4] = ["--bandwidth", "10", "--downtime", "3000"];

/// droverctl on its way, as a program that can be killed.
fn started(lab: &Lab, mover: &Mover, options: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_droverctl"));
    command.args(["-c", &lab.a, "migrate", &mover.name, &lab.tcp_b]).args(options);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("droverctl starts")
}

fn recover() -> (bool, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_droverctl")).args(["recover", "--json"]).output().expect("droverctl");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (out.status.success(), text(&out.stdout) + &text(&out.stderr))
}

/// The step that the journal tells of the machine's migration.
fn step(name: &str) -> Option<String> {
    let folder = std::env::var("XDG_STATE_HOME").expect("the lab's") + "/drover/migrations";
    std::fs::read_dir(folder).into_iter().flatten().flatten().find_map(|file| {
        let text = std::fs::read_to_string(file.path()).ok()?;
        let last: serde_json::Value = serde_json::from_str(text.lines().last()?).ok()?;
        (last["name"] == name).then(|| last["step"].as_str().map(str::to_owned))?
    })
}

/// Sends a signal to a process by its number.
fn signal(signal: &str, pid: &str) {
    assert!(Command::new("kill").args([signal, pid.trim()]).status().expect("kill").success());
}

fn kill_machine(lab: &Lab, host: &str, name: &str) {
    let pid = lab.folder(host, "run/qemu").join(format!("{name}.pid"));
    // It may have ended by itself.
    if let Ok(pid) = std::fs::read_to_string(pid) {
        let _ = Command::new("kill").args(["-KILL", pid.trim()]).status();
    }
}

/// Whether the moment is there.
fn is_there(lab: &Lab, mover: &Mover, moment: Moment) -> bool {
    // It may be gone by now.
    let job = || {
        let args = ["-q", "-c", &lab.a, "domjobinfo", "--rawstats", &mover.name];
        let out = Command::new("virsh").args(args).output().expect("virsh");
        String::from_utf8_lossy(&out.stdout).into_owned()
    };
    let sent = |job: String| job.lines().find_map(|l| l.strip_prefix("memory_processed: ")?.trim().parse::<u64>().ok());
    match moment {
        Moment::Begin => job().contains("operation: 5") || sent(job()).is_some(),
        Moment::Middle => sent(job()).is_some_and(|bytes| bytes > 10 << 20),
        Moment::SwitchOver => mover.state_here() == "paused",
    }
}

/// Does the harm; what mends it later.
fn harm<'a>(lab: &'a Lab, mover: &Mover, child: &Child, fault: Fault) -> Box<dyn FnOnce() + 'a> {
    let route = |verb: &str| lab.control(&["exec", "hosta", "ip", "route", verb, "blackhole", "10.77.0.12/32"]);
    let daemon = |host: &'static str| -> Box<dyn FnOnce() + 'a> {
        lab.control(&["kill", host]);
        Box::new(move || lab.control(&["start", host]))
    };
    let pid = child.id().to_string();
    match fault {
        Fault::DroverKilled => signal("-KILL", &pid),
        Fault::Cancelled => signal("-INT", &pid),
        Fault::SourceDaemon => return daemon("hosta"),
        Fault::DestDaemon => return daemon("hostb"),
        Fault::SourceMachine => kill_machine(lab, "hosta", &mover.name),
        Fault::DestMachine => kill_machine(lab, "hostb", &mover.name),
        Fault::LinkCut => {
            route("add");
            return Box::new(move || route("del"));
        }
    }
    Box::new(|| ())
}

/// With its storage, but where the link is cut: QEMU stands still in the copy of a disk until TCP gives up (15 minutes) or
/// the link is back, and nothing that libvirt offers wakes it. With --live, that is so in the switch-over only.
fn kind(fault: Fault) -> &'static str {
    if fault == Fault::LinkCut { "--live" } else { "--copy-storage" }
}

/// Lets the fault strike at the moment; what droverctl said. `None`: the move was over before, as the standstill was too
/// short to be seen.
fn broken(lab: &Lab, mover: &Mover, fault: Fault, moment: Moment) -> Option<Output> {
    let mut child = started(lab, mover, &[&[kind(fault)], &SLOW[..]].concat());
    let end = Instant::now() + Duration::from_secs(120);
    while !is_there(lab, mover, moment) {
        if let Some(status) = child.try_wait().expect("a child") {
            assert!(status.success(), "{fault:?}: it failed before {moment:?}");
            return None;
        }
        assert!(Instant::now() < end, "{fault:?}: never at {moment:?}");
    }
    let mend = harm(lab, mover, &child, fault);
    if fault == Fault::LinkCut && moment != Moment::SwitchOver {
        let out = child.wait_with_output().expect("it ends");
        mend();
        return Some(out);
    }
    // In the switch-over QEMU, too, waits for TCP: no monitor answers until the link is back.
    std::thread::sleep(Duration::from_secs(1));
    mend();
    Some(child.wait_with_output().expect("it ends"))
}

/// That it is on one host only, unharmed; whether that is hosta, with everything as before.
fn one_machine(lab: &Lab, mover: &Mover, before: &BTreeSet<String>, fault: Fault) -> bool {
    let (here, there) = mover.states();
    assert_eq!(step(&mover.name), None, "nothing is left to settle");
    let on = |state: &str| matches!(state, "running" | "paused");
    assert!(!(on(&here) && on(&there)), "it runs twice: {here}, {there}");
    if fault == Fault::DestMachine && there == "shut off" {
        // It had arrived when its own process was killed, and Drover said that it does not run there.
        assert_eq!(here, "-");
        return false;
    }
    if there == "-" {
        assert_eq!(lab.traces("hostb", &lab.b), *before, "something is left on hostb");
    } else {
        assert_eq!((here.as_str(), there.as_str()), ("-", "running"));
    }
    if fault == Fault::SourceMachine && !on(&there) {
        assert_eq!(here, "shut off", "its own process was killed");
        return false;
    }
    if there == "-" {
        mover.counts_on()
    } else {
        mover.counts_on_there()
    }
    there == "-"
}

fn strikes(faults: &[Fault]) {
    let Some(lab) = lab() else { return };
    let before = lab.traces("hostb", &lab.b);
    let new = |fault, moment| {
        let name = format!("lab-{fault:?}-{moment:?}").to_lowercase();
        let folder = if fault == Fault::LinkCut { "shared" } else { "local" };
        Mover::running(&lab, &name, &format!("/srv/{folder}/{name}.qcow2"), "drover.dirty=24")
    };
    let mut at_hand = None;
    for (fault, moment) in faults.iter().flat_map(|f| MOMENTS.map(|m| (*f, m))) {
        let from = Instant::now();
        let (mover, out) = (0..3)
            .find_map(|_| {
                let mover = at_hand.take().unwrap_or_else(|| new(fault, moment));
                let out = broken(&lab, &mover, fault, moment)?;
                Some((mover, out))
            })
            .unwrap_or_else(|| panic!("{fault:?}: {moment:?} was never seen"));
        let text = String::from_utf8_lossy(&out.stderr).trim().to_owned();
        if fault == Fault::DestDaemon && moment == Moment::SwitchOver {
            mover.may_have_run_twice();
        }
        if fault == Fault::DroverKilled {
            assert!(step(&mover.name).is_some(), "the journal tells of it");
        }
        let (mut settled, mut said) = recover();
        if fault == Fault::DestDaemon && said.contains("state change lock") && mover.is_forgotten_there() {
            (settled, said) = recover();
        }
        println!(
            "measured: {fault:?} at {moment:?}: {:.0} s; {:?}; {text}; {said}",
            from.elapsed().as_secs_f32(),
            mover.states()
        );
        assert!(settled, "{said}");
        if one_machine(&lab, &mover, &before, fault) {
            at_hand = Some(mover);
        }
    }
}

#[test]
fn drover_dies() {
    strikes(&[Fault::DroverKilled]);
}

#[test]
fn a_person_cancels() {
    strikes(&[Fault::Cancelled]);
}

#[test]
fn a_daemon_dies() {
    strikes(&[Fault::SourceDaemon, Fault::DestDaemon]);
}

#[test]
fn a_machine_dies() {
    strikes(&[Fault::SourceMachine, Fault::DestMachine]);
}

#[test]
fn the_link_between_the_hosts_is_cut() {
    strikes(&[Fault::LinkCut]);
}

#[test]
fn drover_dies_in_a_static_move() {
    let Some(lab) = lab() else { return };
    let before = lab.traces("hostb", &lab.b);
    let mut at_hand = None;
    for at in ["save", "copy-disk", "copy-memory", "define", "restore", "remove"] {
        let mover = at_hand.take().unwrap_or_else(|| {
            let name = format!("lab-broken-{at}");
            Mover::running(&lab, &name, &format!("/srv/local/{name}.qcow2"), "")
        });
        let mut child = started(&lab, &mover, &["--static"]);
        let end = Instant::now() + Duration::from_secs(60);
        // Watched without a pause: some steps are short. One that was too short was passed, which is as good.
        let order = ["prepare", "save", "copy-disk", "copy-memory", "define", "restore", "remove"];
        let place = |step: &str| order.iter().position(|s| *s == step);
        while step(&mover.name).and_then(|now| place(&now)) < place(at) && child.try_wait().expect("a child").is_none()
        {
            assert!(Instant::now() < end, "never at {at}");
        }
        let stopped_at = step(&mover.name);
        child.kill().expect("a child");
        child.wait().expect("it is killed");
        let (settled, said) = recover();
        println!("measured: killed at {at} ({stopped_at:?}): {:?}; {said}", mover.states());
        assert!(settled, "{said}");
        let stays = one_machine(&lab, &mover, &before, Fault::DroverKilled);
        assert_eq!((mover.saves("hosta"), mover.saves("hostb")), (vec![], vec![]), "no memory image stays");
        if stays {
            at_hand = Some(mover);
        }
    }
}

/// Starts a post-copy move and kills droverctl once the machine has gone over.
fn killed_in_post_copy(lab: &Lab, name: &str, options: &[&str]) -> String {
    let mover = Mover::running(lab, name, &format!("/srv/shared/{name}.qcow2"), "drover.dirty=24");
    let mut child = started(lab, &mover, &[&["--postcopy", "--bandwidth", "10"], options].concat());
    let end = Instant::now() + Duration::from_secs(90);
    // Peer to peer it must really have gone over: else `recover` stops the job, and it stays.
    let peer = options.contains(&"--p2p");
    while step(name).as_deref() != Some("post-copy") || peer && mover.state_here() == "running" {
        assert!(child.try_wait().expect("a child").is_none() && Instant::now() < end, "never in post-copy");
    }
    child.kill().expect("a child");
    child.wait().expect("it is killed");
    let (settled, said) = recover();
    println!("measured: killed in post-copy {options:?}: {:?}; {said}", mover.states());
    let (here, there) = mover.states();
    if settled {
        // Told to go over, it may still be here when the order's giver dies: then libvirt leaves it here; one before 11 may
        // end it, as half of its memory was gone.
        let stayed = said.contains("\"stayed\"");
        let ended = stayed && here == "shut off" && mover.has_old_libvirt();
        let want = if ended {
            ("shut off", "-")
        } else if stayed {
            ("running", "-")
        } else {
            ("-", "running")
        };
        assert_eq!((here.as_str(), there.as_str()), want, "{said}");
        if ended {
            virsh(&lab.a, &["start", name]);
        } else {
            mover.counts_on();
        }
    } else {
        assert_eq!((here.as_str(), there.as_str()), ("paused", "-"), "nothing is started with half a memory: {said}");
        assert!(said.contains("\"torn\""), "{said}");
        virsh(&lab.a, &["destroy", name]);
        assert!(recover().0, "off, it can start from its disks");
        virsh(&lab.a, &["start", name]);
    }
    assert_eq!(step(name), None);
    said
}

/// libvirt ends what a dead client began, even with half of the machine's memory there; peer to peer the hosts go on.
#[test]
fn drover_dies_in_post_copy() {
    let Some(lab) = lab() else { return };
    killed_in_post_copy(&lab, "lab-broken-post", &[]);
    let said = killed_in_post_copy(&lab, "lab-broken-peer", &["--p2p"]);
    assert!(said.contains("\"moved\""), "{said}");
}
