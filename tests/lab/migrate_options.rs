//! Options of migrations between two real hosts: each does what it says, and what libvirt refuses is told before.
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use drover::Error;
use drover::host::Host;
use drover::install::Format;
use drover::migrate::check::{check, verdict};
use drover::migrate::finding::{Reason, Remedy, Severity};
use drover::migrate::plan::{Plan, plan};
use drover::migrate::run::{Progress, Step, run};
use drover::migrate::{Choices, Compression, DiskChoice, Kind, Place, Way, job};
use drover::task::Cancel;

use crate::migrate::{droverctl, gone_and_running, moved};
use crate::pair::{Mover, qemu};
use crate::support::{Lab, lab, until, virsh};

/// A choice of one kind, changed.
fn chosen(kind: Kind, change: impl FnOnce(&mut Choices)) -> Choices {
    let mut choices = Choices::new(kind);
    change(&mut choices);
    choices
}

/// Its plan, after asking what only these choices need.
pub fn planned(mover: &Mover, hosts: &(Host, Host), choices: &Choices) -> Result<Plan, Vec<String>> {
    let mut survey = mover.survey(hosts);
    survey.ask(&hosts.0, &hosts.1, choices).expect("both hosts answer");
    plan(&survey, choices).map_err(|found| found.iter().map(ToString::to_string).collect())
}

/// Moves it as chosen.
pub fn go(mover: &Mover, hosts: &(Host, Host), choices: &Choices) {
    let plan = planned(mover, hosts, choices).unwrap_or_else(|f| panic!("{choices:?}: {f:?}"));
    run(&hosts.0, &hosts.1, &plan, |_| (), &Cancel::default()).unwrap_or_else(|e| panic!("{choices:?}: {e}"));
}

/// Brings it back by virsh alone.
fn back(lab: &Lab, mover: &Mover) {
    let to = &lab.tcp_b.replace(".12/", ".11/");
    virsh(&lab.b, &["migrate", &mover.name, to, "--live", "--persistent", "--undefinesource"]);
}

#[test]
fn every_way_of_memory_arrives() {
    let Some(lab) = lab() else { return };
    let mover = Mover::running(&lab, "lab-ways", "/srv/shared/lab-ways.qcow2", "");
    let hosts = mover.hosts();
    let peer = lab.tcp_b.clone();
    let ways = [
        chosen(Kind::Live, |c| c.way = Way::Peer(peer.clone())),
        chosen(Kind::Live, |c| c.way = Way::Tunnel(peer.clone())),
        chosen(Kind::Live, |c| (c.way, c.compress) = (Way::Tunnel(peer.clone()), Some(Compression::Xbzrle))),
        chosen(Kind::Live, |c| c.parallel = Some(3)),
        chosen(Kind::Live, |c| (c.parallel, c.compress) = (Some(2), Some(Compression::Zstd))),
        chosen(Kind::Live, |c| (c.parallel, c.compress) = (Some(2), Some(Compression::Zlib))),
        chosen(Kind::Live, |c| (c.compress, c.auto_converge) = (Some(Compression::Xbzrle), true)),
        chosen(Kind::PostCopy, |c| c.compress = Some(Compression::Xbzrle)),
        chosen(Kind::Live, |c| c.stand_still = true),
    ];
    let facts = mover.survey(&hosts);
    for choices in ways {
        if let Some(method) = choices.compress.filter(|method| !method.is_offered(&facts.dest)) {
            let told = planned(&mover, &hosts, &choices).expect_err("it is told before");
            assert!(told[0].contains(&format!("does not compress memory by {}", method.name())), "{told:?}");
            assert!(method.is_parallel() && mover.has_old_libvirt(), "{method:?} is there since libvirt 9.4");
            continue;
        }
        go(&mover, &hosts, &choices);
        gone_and_running(&mover);
        back(&lab, &mover);
    }
}

/// Combinations, virsh's options for them, and libvirt's words when it is asked all the same.
type Refused = (Choices, &'static [&'static str], &'static str);

fn refused(lab: &Lab) -> Vec<Refused> {
    let tunnel = || Way::Tunnel(lab.tcp_b.clone());
    let mut all: Vec<Refused> = vec![
        (
            chosen(Kind::Live, |c| (c.way, c.parallel) = (tunnel(), Some(2))),
            &["--p2p", "--tunnelled", "--parallel"],
            "mutually exclusive",
        ),
        (
            chosen(Kind::PostCopy, |c| c.way = tunnel()),
            &["--p2p", "--tunnelled", "--postcopy"],
            "post-copy is not supported with tunnelled",
        ),
        (
            chosen(Kind::Live, |c| (c.way, c.address) = (tunnel(), Some("10.77.0.12".into()))),
            &["--p2p", "--tunnelled", "--migrateuri", "tcp://10.77.0.12"],
            "migration URI is not supported by tunnelled",
        ),
        (
            chosen(Kind::PostCopy, |c| c.parallel = Some(2)),
            &["--postcopy", "--parallel"],
            "Postcopy is not yet compatible with multifd",
        ),
        (
            chosen(Kind::Live, |c| c.compress = Some(Compression::Mt)),
            &["--compressed", "--comp-methods", "mt"],
            "'compress' is not supported by QEMU",
        ),
        (
            chosen(Kind::Live, |c| c.compress = Some(Compression::Zlib)),
            &["--compressed", "--comp-methods", "zlib"],
            "only supported with parallel",
        ),
        (
            chosen(Kind::Live, |c| (c.compress, c.parallel) = (Some(Compression::Xbzrle), Some(2))),
            &["--parallel", "--compressed", "--comp-methods", "xbzrle"],
            "isn't supported with parallel",
        ),
        (chosen(Kind::Live, |c| c.tls = true), &["--tls"], "Unable to access credentials"),
    ];
    // QEMU before 9.1 compresses like this; before 8 it takes post-copy over parallel connections, and may lose memory.
    let qemu = qemu(lab);
    all.retain(|(choices, ..)| match (choices.compress, choices.kind, choices.parallel) {
        (Some(Compression::Mt), ..) => qemu > 8,
        (_, Kind::PostCopy, Some(_)) => qemu > 7,
        // libvirt before 9.4, which comes with it, has no such word, and lets the two go together.
        (Some(Compression::Zlib), _, None) | (Some(Compression::Xbzrle), _, Some(_)) => qemu > 7,
        _ => true,
    });
    all
}

#[test]
fn what_libvirt_refuses_is_told_before() {
    let Some(lab) = lab() else { return };
    let mover = Mover::running(&lab, "lab-refused", "/srv/shared/lab-refused.qcow2", "");
    let hosts = mover.hosts();
    for (choices, options, words) in refused(&lab) {
        let told = planned(&mover, &hosts, &choices).expect_err("it is told before");
        let which = if choices.tls { "tls: " } else { "options: " };
        assert!(told.iter().all(|t| t.starts_with(which)), "{told:?}");
        let fixed = ["-q", "-c", &lab.a, "migrate", &mover.name, &lab.tcp_b, "--live"];
        let out = Command::new("virsh").args(fixed).args(options).output().expect("virsh starts");
        let error = String::from_utf8_lossy(&out.stderr);
        // A newer hypervisor may have learned it: then the rule is too strict, and this says so.
        assert!(!out.status.success() && error.contains(words), "{options:?}: {error}");
        assert_eq!(mover.states(), ("running".into(), "-".into()));
    }
    let local = chosen(Kind::Live, |c| c.way = Way::Peer("qemu:///system".into()));
    let told = planned(&mover, &hosts, &local).expect_err("it would log in at itself");
    assert!(told[0].contains("names no host"), "{told:?}");
    let keep = chosen(Kind::Static, |c| c.name = Some("lab-refused-2".into()));
    let told = planned(&mover, &hosts, &keep).expect_err("libvirt restores under one name only");
    assert!(told[0].contains("its name can't change"), "{told:?}");
}

#[test]
fn under_a_new_name_with_its_definition_kept() {
    let Some(lab) = lab() else { return };
    let mover = Mover::running(&lab, "lab-keep", "/srv/shared/lab-keep.qcow2", "");
    virsh(&lab.a, &["autostart", &mover.name]);
    let hosts = mover.hosts();
    let keep = chosen(Kind::Live, |c| c.keep = true);
    let found = check(&mover.survey(&hosts).input(&keep));
    assert_eq!(verdict(&found), Severity::Warn, "two definitions are never without a word: {found:?}");
    go(&mover, &hosts, &keep);
    assert_eq!(mover.states(), ("shut off".into(), "running".into()));
    mover.counts_on_there();
    assert!(virsh(&lab.a, &["dominfo", &mover.name]).contains("disable"), "it must not start with its host");
    back(&lab, &mover);

    let other = "lab-keep-there";
    go(&mover, &hosts, &chosen(Kind::Live, |c| c.name = Some(other.into())));
    mover.counts_on_there();
    for options in [&[][..], &["--inactive"]] {
        let xml = virsh(&lab.b, &[&["dumpxml", other], options].concat());
        assert!(xml.contains(&format!("<name>{other}</name>")), "{xml}");
    }
    assert_eq!(mover.states(), ("-".into(), "-".into()), "nothing is called as before");
    virsh(&lab.b, &["destroy", other]);
    virsh(&lab.b, &["undefine", other]);

    let off = Mover::define(&lab, "lab-keep-off", "/srv/shared/lab-keep-off.qcow2", "");
    let both = chosen(Kind::Offline, |c| (c.keep, c.name) = (true, Some(other.into())));
    go(&off, &hosts, &both);
    assert_eq!(off.states(), ("shut off".into(), "-".into()));
    assert_eq!(virsh(&lab.b, &["domstate", other]).trim(), "shut off");
    virsh(&lab.b, &["undefine", other]);
}

#[test]
fn post_copy_on_demand_and_a_cancel_after_it() {
    let Some(lab) = lab() else { return };
    let mover = Mover::running(&lab, "lab-demand", "/srv/shared/lab-demand.qcow2", "drover.dirty=24");
    let hosts = mover.hosts();
    let choices = chosen(Kind::PostCopy, |c| (c.on_demand, c.bandwidth) = (true, Some(10)));
    let plan = planned(&mover, &hosts, &choices).expect("nothing stands in the way");
    let (cancel, switched) = (Cancel::default(), AtomicBool::new(false));
    let (a, id) = (hosts.0.clone(), mover.id());
    let passed = AtomicU64::new(0);
    let on = |p: Progress| match p.figures {
        Some(f) if p.step == Step::Move => {
            passed.fetch_max(f.iteration, Ordering::SeqCst);
            // As the window does it: from outside of the move, and later than it would do it by itself.
            if f.iteration > 3 && !switched.load(Ordering::SeqCst) && job::switch_over(&a, id).is_ok() {
                switched.store(true, Ordering::SeqCst);
            }
        }
        _ if p.step == Step::PostCopy => cancel.cancel(),
        _ => {}
    };
    let done = run(&hosts.0, &hosts.1, &plan, on, &cancel);
    assert!(done.is_ok(), "there is no way back: {done:?}");
    assert!(switched.into_inner() && passed.into_inner() > 3, "it went over when it was told to");
    assert!(cancel.is_cancelled(), "the switch was noticed");
    gone_and_running(&mover);
}

/// What qemu-img says of an image.
fn image(path: &Path) -> String {
    let out = Command::new("qemu-img").args(["info", "-U"]).arg(path).output().expect("qemu-img starts");
    String::from_utf8_lossy(&out.stdout).into_owned()
}

fn one_disk(change: impl FnOnce(&mut DiskChoice)) -> Vec<DiskChoice> {
    let mut choice = DiskChoice { target: "vda".into(), ..DiskChoice::default() };
    change(&mut choice);
    vec![choice]
}

#[test]
fn a_copy_lies_elsewhere_in_another_format() {
    let Some(lab) = lab() else { return };
    let other = lab.folder("hostb", "local").join("other");
    std::fs::create_dir_all(&other).expect("a folder of the lab");
    let hosts;
    for (kind, format) in [(Kind::Copy, Some(Format::Raw)), (Kind::Static, None)] {
        let name = format!("lab-place{}", kind.option());
        let mover = Mover::running(&lab, &name, &format!("/srv/local/{name}.qcow2"), "");
        let hosts = mover.hosts();
        let place = |folder: &str| Some(Place::Folder(folder.to_owned()));
        let nowhere = chosen(kind, |c| c.disks = one_disk(|d| d.place = place("/srv/local/none")));
        let told = planned(&mover, &hosts, &nowhere).expect_err("there is no such folder");
        assert!(told[0].contains("hostb has no folder /srv/local/none"), "{told:?}");
        let choices = chosen(kind, |c| {
            c.disks = one_disk(|d| (d.place, d.format) = (place("/srv/local/other"), format));
        });
        go(&mover, &hosts, &choices);
        gone_and_running(&mover);
        let file = other.join(format!("{name}.qcow2"));
        let want = format.unwrap_or(Format::Qcow2).name();
        assert!(image(&file).contains(&format!("file format: {want}")), "{}", image(&file));
        for options in [&[][..], &["--inactive"]] {
            let xml = virsh(&lab.b, &[&["dumpxml", &mover.name], options].concat());
            assert!(
                xml.contains(&format!("/srv/local/other/{name}.qcow2")) && xml.contains(&format!("type='{want}'")),
                "{xml}"
            );
        }
        drop(mover);
        std::fs::remove_file(file).expect("it is there");
    }
    std::fs::remove_dir(other).expect("nothing else is left in it");
    let pool = "lab-place-pool";
    virsh(&lab.b, &["pool-create-as", pool, "dir", "--target", "/srv/local"]);
    let mover = Mover::running(&lab, "lab-place-up", "/srv/shared/lab-place-up.qcow2", "");
    hosts = mover.hosts();
    let onto = chosen(Kind::Copy, |c| c.disks = one_disk(|d| d.copy = Some(true)));
    assert!(planned(&mover, &hosts, &onto).is_err(), "a shared disk can't be copied onto itself");
    let off = chosen(Kind::Copy, |c| {
        c.disks = one_disk(|d| (d.copy, d.place) = (Some(true), Some(Place::Pool(pool.into()))));
    });
    go(&mover, &hosts, &off);
    gone_and_running(&mover);
    let xml = virsh(&lab.b, &["dumpxml", &mover.name]);
    virsh(&lab.b, &["pool-destroy", pool]);
    assert!(xml.contains("'/srv/local/lab-place-up.qcow2'"), "{xml}");
    drop(mover);
    std::fs::remove_file(lab.folder("hostb", "local").join("lab-place-up.qcow2")).expect("it is there");
}

/// An image of 64 MiB that stands on /srv/shared/lab-base.qcow2.
fn stand_on_base(lab: &Lab, image: &Path) {
    let base = lab.folder("", "shared").join("lab-base.qcow2");
    let make = |args: &[&str], path: &Path| {
        let status = Command::new("qemu-img").args(args).arg(path).arg("64M").status();
        assert!(status.expect("qemu-img starts").success());
    };
    make(&["create", "-q", "-f", "qcow2"], &base);
    make(&["create", "-q", "-u", "-f", "qcow2", "-F", "qcow2", "-b", "/srv/shared/lab-base.qcow2"], image);
}

#[test]
fn a_copy_stands_on_the_base_that_is_there() {
    let Some(lab) = lab() else { return };
    for kind in [Kind::Copy, Kind::Static] {
        let name = format!("lab-over{}", kind.option());
        let mover = Mover::define(&lab, &name, &format!("/srv/local/{name}.qcow2"), "");
        stand_on_base(&lab, &lab.folder("hosta", "local").join(format!("{name}.qcow2")));
        virsh(&lab.a, &["start", &name]);
        until("the guest to count", Duration::from_secs(60), || mover.ticks() > 3);
        let hosts = mover.hosts();
        go(&mover, &hosts, &chosen(kind, |c| c.incremental = true));
        gone_and_running(&mover);
        let there = image(&lab.folder("hostb", "local").join(format!("{name}.qcow2")));
        assert!(there.contains("backing file: /srv/shared/lab-base.qcow2"), "{there}");
        let xml = virsh(&lab.b, &["dumpxml", &name]);
        assert!(xml.contains("<backingStore type='file'"), "{xml}");
    }
    let _ = std::fs::remove_file(lab.folder("", "shared").join("lab-base.qcow2"));
}

#[test]
fn what_is_left_here_is_replaced_on_the_way_back_if_it_is_named() {
    let Some(lab) = lab() else { return };
    let path = "/srv/local/lab-back.qcow2";
    for kind in [Kind::Copy, Kind::Static] {
        let mover = Mover::running(&lab, "lab-back", path, "");
        let hosts = mover.hosts();
        moved(&mover, &hosts, &Choices::new(kind));
        let home = (hosts.1.clone(), hosts.0.clone());
        let id = virsh(&lab.b, &["domuuid", &mover.name]).trim().parse().expect("a UUID");
        let id = drover::domain::DomainId(id);
        let survey = drover::migrate::survey::Survey::read(&home.0, &home.1, id, false).expect("both hosts answer");
        let mut choices = chosen(kind, |c| c.shared = Some(false));
        let found = check(&survey.input(&choices));
        let blocks: Vec<_> = found.into_iter().filter(|f| f.severity == Severity::Block).collect();
        assert!(
            matches!(&blocks[..], [f] if matches!(f.reason, Reason::OtherFile { .. })
                && f.remedy == Some(Remedy::Replace { path: path.into() })),
            "{blocks:?}"
        );
        choices.replace = vec![path.into()];
        let plan = plan(&survey, &choices).unwrap_or_else(|f| panic!("{f:?}"));

        // Somebody takes the file after the checks: it stays, and so does the machine.
        let other = Mover::define(&lab, "lab-back-other", "/srv/local/lab-back-other.qcow2", "");
        virsh(&lab.a, &["attach-disk", &other.name, path, "vdb", "--config"]);
        let failed = run(&home.0, &home.1, &plan, |_| (), &Cancel::default());
        assert!(matches!(&failed, Err(e) if e.to_string().contains("is used by lab-back-other")), "{failed:?}");
        assert_eq!(mover.states(), ("-".into(), "running".into()));
        assert!(lab.folder("hosta", "local").join("lab-back.qcow2").exists());
        drop(other);

        let done = run(&home.0, &home.1, &plan, |_| (), &Cancel::default());
        assert!(!matches!(done, Err(Error::Cancelled)) && done.is_ok(), "{done:?}");
        assert_eq!(mover.states(), ("running".into(), "-".into()));
        mover.counts_on_there();
    }
}

#[test]
fn droverctl_takes_the_options_and_virsh_does_the_same() {
    let Some(lab) = lab() else { return };
    let mover = Mover::running(&lab, "lab-opt-cli", "/srv/shared/lab-opt-cli.qcow2", "");
    let options = ["--live", "--tunnelled", "--peer-uri", &lab.tcp_b, "--compress", "xbzrle", "--keep"];
    let args = [&["migrate", &mover.name, &lab.b][..], &options].concat();
    let (code, out, error) = droverctl(&lab.a, &args);
    assert_eq!((code, out.as_str()), (Some(0), "lab-opt-cli runs on hostb\n"), "{error}");
    assert!(error.contains("its definition stays on hosta"), "{error}");
    assert_eq!(mover.states(), ("shut off".into(), "running".into()));
    back(&lab, &mover);
    let (code, command, error) = droverctl(&lab.a, &[&args[..], &["--print-command"]].concat());
    assert_eq!(code, Some(0), "{error}");
    assert!(command.contains("--p2p --tunnelled") && command.contains(&lab.tcp_b), "{command}");
    let done = Command::new("sh").args(["-c", &command]).output().expect("sh");
    assert!(done.status.success(), "{command}: {}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(mover.states(), ("shut off".into(), "running".into()), "virsh does what it says");
    let clash =
        ["check-migrate", &mover.name, &lab.tcp_b.replace(".12/", ".11/"), "--kind", "live", "--compress", "mt"];
    let (code, out, error) = droverctl(&lab.b, &clash);
    // Until 9.0 it does; 9.1 no longer.
    let refused = code == Some(2) && out.contains("hostb does not compress memory by mt");
    assert!(qemu(&lab) == 9 || refused == (qemu(&lab) > 9), "{code:?} {out} {error}");
    let (code, _, error) = droverctl(&lab.a, &["migrate", &mover.name, &lab.b, "--disk", "vda,size=3"]);
    assert!(code == Some(2) && error.contains("size=3"), "{error}");
}
