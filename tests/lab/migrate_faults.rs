//! Static migrations that are stopped or break, and full disks: the machine runs on where it was, and nothing stays at the
//! other host. What breaks live ones is in migrate_broken.
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use drover::Error;
use drover::migrate::Kind;
use drover::migrate::run::{Done, Progress, Step, run};
use drover::task::Cancel;

use crate::pair::Mover;
use crate::support::{Lab, lab, until, virsh};

/// It runs on hosta as if nothing had been, and hostb is as it was before.
fn untouched(lab: &Lab, mover: &Mover, before: &std::collections::BTreeSet<String>) {
    assert_eq!(mover.states(), ("running".into(), "-".into()));
    mover.counts_on();
    assert_eq!(lab.traces("hostb", &lab.b), *before, "something is left on hostb");
    assert_eq!(mover.saves("hostb"), Vec::<String>::new());
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

/// Kills hostb's libvirtd when that step of a static move begins, and starts it again three seconds later.
fn killed_at(lab: &Lab, mover: &Mover, at: Step) -> drover::Result<Done> {
    let hosts = mover.hosts();
    let plan = mover.plan(&hosts, Kind::Static).expect("nothing stands in the way");
    let done = AtomicBool::new(false);
    let on = |p: Progress| {
        if p.step == at && !done.swap(true, Ordering::Relaxed) {
            lab.control(&["kill", "hostb"]);
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            until("the harm", Duration::from_secs(60), || done.load(Ordering::Relaxed));
            std::thread::sleep(Duration::from_secs(3));
            lab.control(&["start", "hostb"]);
        });
        let from = std::time::Instant::now();
        let result = run(&hosts.0, &hosts.1, &plan, on, &Cancel::default());
        println!("measured: harmed at {at:?}, after {} s: {result:?}", from.elapsed().as_secs());
        result
    })
}

#[test]
fn a_static_move_survives_the_destinations_death() {
    let Some(lab) = lab() else { return };
    let before = lab.traces("hostb", &lab.b);
    let mover = Mover::running(&lab, "lab-dead-static", "/srv/local/lab-dead-static.qcow2", "");
    let result = killed_at(&lab, &mover, Step::Define);
    assert!(result.is_err(), "{result:?}");
    untouched(&lab, &mover, &before);

    // A copy goes on once the link is back.
    let result = killed_at(&lab, &mover, Step::CopyMemory);
    assert!(result.is_ok(), "{result:?}");
    assert_eq!(mover.states(), ("-".into(), "running".into()));
    mover.counts_on();
    assert_eq!((mover.saves("hosta"), mover.saves("hostb")), (vec![], vec![]), "no memory image stays");
    assert!(virsh(&lab.b, &["pool-list", "--all", "--name"]).trim().is_empty(), "no pool of ours stays");
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

/// Kills hostb's libvirtd for two seconds after the checks, and moves.
fn moved_to_the_dead(lab: &Lab, mover: &Mover, kind: Kind) -> drover::Result<Done> {
    let hosts = mover.hosts();
    let plan = mover.plan(&hosts, kind).expect("nothing stands in the way");
    lab.control(&["kill", "hostb"]);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_secs(2));
            lab.control(&["start", "hostb"]);
        });
        run(&hosts.0, &hosts.1, &plan, |_| (), &Cancel::default())
    })
}

#[test]
fn a_host_that_dies_after_the_check() {
    let Some(lab) = lab() else { return };
    let before = lab.traces("hostb", &lab.b);
    let mover = Mover::running(&lab, "lab-dead-before", "/srv/local/lab-dead-before.qcow2", "");
    let result = moved_to_the_dead(&lab, &mover, Kind::Copy);
    assert!(matches!(result, Err(Error::Lost { .. })), "{result:?}");
    untouched(&lab, &mover, &before);
    // It stands still as it is: the host may come back.
    let result = moved_to_the_dead(&lab, &mover, Kind::Static);
    println!("measured: a static move to a host that had just died: {result:?}");
    match result {
        Ok(_) => assert_eq!(mover.states(), ("-".into(), "running".into())),
        Err(_) => untouched(&lab, &mover, &before),
    }
    mover.counts_on();
}

#[test]
fn a_name_taken_after_the_check_changes_nothing() {
    let Some(lab) = lab() else { return };
    let mover = Mover::running(&lab, "lab-taken-late", "/srv/local/lab-taken-late.qcow2", "");
    let hosts = mover.hosts();
    let plans = [Kind::Copy, Kind::Static].map(|kind| mover.plan(&hosts, kind).expect("nothing stands in the way"));
    let other = lab.still_machine(&lab.b, "lab-taken-late");
    let id = other.id();
    let before = lab.traces("hostb", &lab.b);
    for plan in plans {
        let result = run(&hosts.0, &hosts.1, &plan, |_| (), &Cancel::default());
        assert!(matches!(result, Err(Error::NameTaken(_))), "{:?}: {result:?}", plan.choices.kind);
        assert_eq!(mover.states().0, "running");
        mover.counts_on();
        assert_eq!(lab.traces("hostb", &lab.b), before, "something is left on hostb");
        assert_eq!((other.state().as_str(), other.id()), ("running", id), "the other machine is as it was");
    }
}

#[test]
fn a_copy_goes_on_where_it_stopped() {
    use std::os::unix::fs::FileExt;
    let Some(lab) = lab() else { return };
    let mover = Mover::define(&lab, "lab-goes-on", "/srv/local/lab-goes-on.qcow2", "");
    let image = |host: &str| lab.folder(host, "local").join("lab-goes-on.qcow2");
    // More than one chunk, data and holes across their borders; qcow2 does not mind what follows its end.
    let file = std::fs::File::options().write(true).open(image("hosta")).expect("the image");
    let bytes: Vec<u8> = (0..20 << 20).map(|i: u32| i.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    for mib in [55, 115, 180] {
        file.write_all_at(&bytes, mib << 20).expect("the image");
    }
    let hosts = mover.hosts();
    let plan = mover.plan(&hosts, Kind::Static).expect("nothing stands in the way");
    let seen = std::sync::Mutex::new((false, Vec::new()));
    let on = |p: Progress| {
        let mut seen = seen.lock().expect("no panic before");
        if p.step != Step::CopyDisk {
        } else if seen.0 {
            seen.1.push(p.done);
        } else if p.done > 130 << 20 {
            seen.0 = true;
            lab.control(&["kill", "hostb"]);
            lab.control(&["start", "hostb"]);
        }
    };
    let result = run(&hosts.0, &hosts.1, &plan, on, &Cancel::default());
    assert!(result.is_ok(), "{result:?}");
    let after = seen.into_inner().expect("no panic before").1;
    let again = after.iter().position(|done| *done == 64 << 20).expect("it begins anew after the first chunk");
    assert!(after[again..].is_sorted() && !after.contains(&0), "{after:?}");
    let images = ["hosta", "hostb"].map(|h| std::fs::read(image(h)).expect("it is there"));
    assert!(images[0] == images[1], "the copy is the same byte for byte");
    assert_eq!(mover.states(), ("-".into(), "shut off".into()));
}
