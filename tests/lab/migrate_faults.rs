//! Migrations that are stopped or break: the machine runs on where it was, and nothing stays at the other host.
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use drover::Error;
use drover::migrate::run::{Progress, Step, run};
use drover::migrate::{Choices, Kind};
use drover::task::Cancel;

use crate::pair::Mover;
use crate::support::{Lab, lab, until};

/// It runs on hosta as if nothing had been, and hostb is as it was before.
fn untouched(lab: &Lab, mover: &Mover, before: &std::collections::BTreeSet<String>) {
    assert_eq!(mover.states(), ("running".into(), "-".into()));
    mover.counts_on();
    assert_eq!(lab.traces("hostb", &lab.b), *before, "something is left on hostb");
    assert_eq!(mover.saves("hostb"), Vec::<String>::new());
}

/// Choices by which a move takes long enough to be stopped in its middle.
fn slow(kind: Kind) -> Choices {
    Choices { bandwidth: Some(10), ..Choices::new(kind) }
}

#[test]
fn a_cancel_half_way_leaves_nothing_there() {
    let Some(lab) = lab() else { return };
    let before = lab.traces("hostb", &lab.b);
    let mover = Mover::running(&lab, "lab-cancel", "/srv/local/lab-cancel.qcow2", "drover.dirty=24");
    let hosts = mover.hosts();
    let plan = mover.plan_with(&hosts, &slow(Kind::Copy)).expect("nothing stands in the way");
    let cancel = Cancel::default();
    let on = |p: Progress| {
        // Half of its memory, after its disk.
        if p.figures.is_some_and(|f| f.memory.done > f.memory.total / 8) {
            cancel.cancel();
        }
    };
    let result = run(&hosts.0, &hosts.1, &plan, on, &cancel);
    assert!(matches!(result, Err(Error::Cancelled)), "{result:?}");
    untouched(&lab, &mover, &before);
}

#[test]
fn a_cancelled_static_move_runs_on_here() {
    let Some(lab) = lab() else { return };
    let before = lab.traces("hostb", &lab.b);
    let mover = Mover::running(&lab, "lab-cancel-static", "/srv/local/lab-cancel-static.qcow2", "");
    let hosts = mover.hosts();
    for at in [Step::Save, Step::CopyDisk, Step::CopyMemory, Step::Define] {
        let plan = mover.plan(&hosts, Kind::Static).expect("nothing stands in the way");
        let cancel = Cancel::default();
        let on = |p: Progress| {
            if p.step == at {
                cancel.cancel();
            }
        };
        let result = run(&hosts.0, &hosts.1, &plan, on, &cancel);
        assert!(matches!(result, Err(Error::Cancelled)), "cancelled at {at:?}: {result:?}");
        untouched(&lab, &mover, &before);
        assert_eq!(mover.saves("hosta"), Vec::<String>::new(), "cancelled at {at:?}");
    }
}

/// Does `harm` once when the step begins (of a live move, when some was sent), and `mend` three seconds later.
fn harmed(mover: &Mover, choices: &Choices, at: Step, harm: impl Fn() + Sync, mend: impl Fn() + Sync) {
    let hosts = mover.hosts();
    let plan = mover.plan_with(&hosts, choices).expect("nothing stands in the way");
    let done = AtomicBool::new(false);
    let on = |p: Progress| {
        let sent = at != Step::Move || p.figures.is_some_and(|f| f.sent() > 10 << 20);
        if p.step == at && sent && !done.swap(true, Ordering::Relaxed) {
            harm();
        }
    };
    let result = std::thread::scope(|scope| {
        scope.spawn(|| {
            until("the harm", Duration::from_secs(60), || done.load(Ordering::Relaxed));
            std::thread::sleep(Duration::from_secs(3));
            mend();
        });
        let from = std::time::Instant::now();
        let result = run(&hosts.0, &hosts.1, &plan, on, &Cancel::default());
        println!("measured: harmed at {at:?}, after {} s: {result:?}", from.elapsed().as_secs());
        result
    });
    assert!(result.is_err(), "harmed at {at:?}");
}

/// Kills hostb's libvirtd at that step, and starts it again soon after.
fn killed_at(lab: &Lab, mover: &Mover, choices: &Choices, at: Step) {
    harmed(mover, choices, at, || lab.control(&["kill", "hostb"]), || lab.control(&["start", "hostb"]));
}

#[test]
fn a_cut_between_the_hosts_ends_the_move() {
    let Some(lab) = lab() else { return };
    let before = lab.traces("hostb", &lab.b);
    let mover = Mover::running(&lab, "lab-cut", "/srv/shared/lab-cut.qcow2", "drover.dirty=24");
    let route = |verb: &str| lab.control(&["exec", "hosta", "ip", "route", verb, "blackhole", "10.77.0.12/32"]);
    harmed(&mover, &slow(Kind::Live), Step::Move, || route("add"), || ());
    route("del");
    untouched(&lab, &mover, &before);
}

#[test]
fn a_machine_that_dies_while_arriving_runs_on_here() {
    let Some(lab) = lab() else { return };
    let before = lab.traces("hostb", &lab.b);
    let mover = Mover::running(&lab, "lab-arriving", "/srv/local/lab-arriving.qcow2", "drover.dirty=24");
    let kill = || {
        let pid = std::fs::read_to_string(lab.folder("hostb", "run/qemu/lab-arriving.pid")).expect("it arrives");
        let killed = std::process::Command::new("kill").args(["-KILL", pid.trim()]).status();
        assert!(killed.expect("kill").success());
    };
    harmed(&mover, &slow(Kind::Copy), Step::Move, kill, || ());
    untouched(&lab, &mover, &before);
}

#[test]
fn a_live_move_survives_the_sources_libvirtd() {
    let Some(lab) = lab() else { return };
    let before = lab.traces("hostb", &lab.b);
    let mover = Mover::running(&lab, "lab-dead-source", "/srv/local/lab-dead-source.qcow2", "drover.dirty=24");
    let (kill, start) = (|| lab.control(&["kill", "hosta"]), || lab.control(&["start", "hosta"]));
    harmed(&mover, &slow(Kind::Copy), Step::Move, kill, start);
    untouched(&lab, &mover, &before);
}

#[test]
fn a_static_move_survives_the_destinations_death() {
    let Some(lab) = lab() else { return };
    let before = lab.traces("hostb", &lab.b);
    let mover = Mover::running(&lab, "lab-dead-static", "/srv/local/lab-dead-static.qcow2", "");
    for at in [Step::CopyDisk, Step::CopyMemory, Step::Define] {
        killed_at(&lab, &mover, &Choices::new(Kind::Static), at);
        untouched(&lab, &mover, &before);
    }
}

#[test]
fn a_live_move_survives_the_destinations_death() {
    let Some(lab) = lab() else { return };
    let before = lab.traces("hostb", &lab.b);
    let mover = Mover::running(&lab, "lab-dead-live", "/srv/local/lab-dead-live.qcow2", "drover.dirty=24");
    killed_at(&lab, &mover, &slow(Kind::Copy), Step::Move);
    untouched(&lab, &mover, &before);
}

#[test]
fn a_destination_that_fills_up_is_left_empty() {
    let Some(lab) = lab() else { return };
    let before = lab.traces("hostb", &lab.b);
    let mover = Mover::running(&lab, "lab-full", "/srv/local/lab-full.qcow2", "");
    let hosts = mover.hosts();
    for kind in [Kind::Copy, Kind::Static] {
        let plan = mover.plan(&hosts, kind).expect("there is room, still");
        // Less than an empty qcow2 image takes.
        lab.control(&["exec", "hostb", "mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", "/srv/local"]);
        let result = run(&hosts.0, &hosts.1, &plan, |_| (), &Cancel::default());
        let empty = ["exec", "hostb", "sh", "-c", "test -z \"$(ls -A /srv/local)\""];
        let left = std::panic::catch_unwind(|| lab.control(&empty));
        lab.control(&["exec", "hostb", "umount", "/srv/local"]);
        println!("{kind:?} to a full disk: {result:?}");
        assert!(matches!(result, Err(Error::Libvirt { .. })), "{kind:?}: {result:?}");
        assert!(left.is_ok(), "{kind:?} left something in the full folder");
        untouched(&lab, &mover, &before);
    }
}
