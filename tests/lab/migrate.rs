//! Migration between two real hosts: what is told before, and every kind to its end.
use std::process::Command;
use std::sync::Mutex;

use drover::host::Host;
use drover::migrate::check::{best_kind, check};
use drover::migrate::finding::{Check, Reason, Severity};
use drover::migrate::run::{Done, Progress, Step, run};
use drover::migrate::survey::Survey;
use drover::migrate::{Choices, Kind};
use drover::task::Cancel;

use crate::pair::Mover;
use crate::support::{lab, virsh};

/// What blocks a kind, in words.
pub fn blocks(mover: &Mover, hosts: &(Host, Host), kind: Kind) -> Vec<(Check, String)> {
    let choices = Choices::new(kind);
    let found = check(&mover.survey(hosts).input(&choices)).into_iter();
    found.filter(|f| f.severity == Severity::Block).map(|f| (f.check, f.reason.to_string())).collect()
}

/// Moves it and gives what is to say afterwards, and the steps it went through.
pub fn moved(mover: &Mover, hosts: &(Host, Host), choices: &Choices) -> (Done, Vec<Step>) {
    let plan = mover.plan_with(hosts, choices).unwrap_or_else(|f| panic!("{}: {f:?}", mover.name));
    let steps = Mutex::new(Vec::new());
    let on = |p: Progress| {
        let mut steps = steps.lock().expect("no panic before");
        if steps.last() != Some(&p.step) {
            steps.push(p.step);
        }
    };
    let done = run(&hosts.0, &hosts.1, &plan, on, &Cancel::default()).unwrap_or_else(|e| panic!("{}: {e}", mover.name));
    (done, steps.into_inner().expect("no panic before"))
}

pub fn gone_and_running(mover: &Mover) {
    assert_eq!(mover.states(), ("-".into(), "running".into()), "gone here, running there");
    mover.counts_on_there();
}

#[test]
fn live_over_shared_storage_to_another_bridge() {
    let Some(lab) = lab() else { return };
    let mover = Mover::running(&lab, "lab-live", "/srv/shared/lab-live.qcow2", "");
    virsh(&lab.a, &["autostart", &mover.name]);
    let hosts = mover.hosts();
    let mut choices = Choices::new(Kind::Live);
    choices.bridges.push(("xenbr0".into(), "br0".into()));
    let (done, steps) = moved(&mover, &hosts, &choices);
    assert_eq!(done, Done::default());
    assert_eq!(steps, [Step::Prepare, Step::Move, Step::Remove]);
    gone_and_running(&mover);
    for options in [&[][..], &["--inactive"]] {
        let xml = virsh(&lab.b, &[&["dumpxml", &mover.name], options].concat());
        assert!(xml.contains("<source bridge='br0'/>") && !xml.contains("xenbr0"), "{xml}");
    }
    let info = virsh(&lab.b, &["dominfo", &mover.name]);
    let line = |name: &str| info.lines().find(|l| l.starts_with(name)).unwrap_or_default().to_owned();
    assert!(line("Autostart:").ends_with("enable"), "{info}");
    assert!(line("Persistent:").ends_with("yes"), "{info}");
}

#[test]
fn live_with_its_storage() {
    let Some(lab) = lab() else { return };
    let mover = Mover::running(&lab, "lab-copy", "/srv/local/lab-copy.qcow2", "");
    let hosts = mover.hosts();
    let (done, _) = moved(&mover, &hosts, &Choices::new(Kind::Copy));
    assert_eq!(done.left_here, ["/srv/local/lab-copy.qcow2"]);
    gone_and_running(&mover);
    assert!(lab.folder("hostb", "local").join("lab-copy.qcow2").exists());
    assert!(virsh(&lab.b, &["pool-list", "--all", "--name"]).trim().is_empty(), "no pool of ours stays");
}

#[test]
fn postcopy_goes_over_and_loses_no_memory() {
    let Some(lab) = lab() else { return };
    let mover = Mover::running(&lab, "lab-post", "/srv/shared/lab-post.qcow2", "drover.dirty=24");
    let mut choices = Choices::new(Kind::PostCopy);
    choices.bandwidth = Some(10); // slower than memory changes: without post-copy it would never end
    let (_, steps) = moved(&mover, &mover.hosts(), &choices);
    assert!(steps.contains(&Step::PostCopy), "{steps:?}");
    gone_and_running(&mover);
}

#[test]
fn offline_moves_the_definition_and_guards_it() {
    let Some(lab) = lab() else { return };
    let mover = Mover::define(&lab, "lab-off", "/srv/shared/lab-off.qcow2", "");
    let hosts = mover.hosts();
    let plan = mover.plan(&hosts, Kind::Offline).expect("nothing stands in the way");

    // Started after the checks: libvirt would make a second machine.
    virsh(&lab.a, &["start", &mover.name]);
    let refused = run(&hosts.0, &hosts.1, &plan, |_| (), &Cancel::default()).expect_err("it runs");
    assert!(refused.to_string().contains("running"), "{refused}");
    assert_eq!(mover.states(), ("running".into(), "-".into()));
    assert_eq!(blocks(&mover, &hosts, Kind::Offline)[0].0, Check::State);
    virsh(&lab.a, &["managedsave", &mover.name]);
    assert_eq!(
        blocks(&mover, &hosts, Kind::Offline),
        [(Check::State, "it has a saved state, which would be lost".into())]
    );
    let refused = run(&hosts.0, &hosts.1, &plan, |_| (), &Cancel::default()).expect_err("it is saved");
    assert!(refused.to_string().contains("saved"), "{refused}");
    virsh(&lab.a, &["managedsave-remove", &mover.name]);

    moved(&mover, &hosts, &Choices::new(Kind::Offline));
    assert_eq!(mover.states(), ("-".into(), "shut off".into()));
    virsh(&lab.b, &["start", &mover.name]);

    let private = Mover::define(&lab, "lab-off-private", "/srv/local/lab-off-private.qcow2", "");
    let told = blocks(&private, &hosts, Kind::Offline);
    assert_eq!(told, [(Check::DiskPath, "hostb has no /srv/local/lab-off-private.qcow2".into())]);

    // A CPU that emulation can't give to anybody.
    let xml =
        virsh(&lab.a, &["dumpxml", "--inactive", &private.name]).replace(">qemu64</model>", ">EPYC-Milan</model>");
    let file = lab.folder("", "shared").join("lab-off-private.xml");
    std::fs::write(&file, xml).expect("the lab's shared folder");
    virsh(&lab.a, &["define", &file.display().to_string()]);
    std::fs::remove_file(file).expect("it is ours");
    let findings = check(&private.survey(&hosts).input(&Choices::new(Kind::Static)));
    let cpu = findings.iter().find(|f| f.check == Check::Cpu).expect("CPUs are compared");
    assert_eq!(cpu.severity, Severity::Warn);
    assert!(
        matches!(&cpu.reason, Reason::CpuLacks { features, .. } if features.iter().any(|f| f == "xsavec")),
        "{cpu}"
    );
}

#[test]
fn static_takes_disk_and_memory_along() {
    let Some(lab) = lab() else { return };
    let mover = Mover::running(&lab, "lab-static", "/srv/local/lab-static.qcow2", "");
    let hosts = mover.hosts();
    let (done, steps) = moved(&mover, &hosts, &Choices::new(Kind::Static));
    let want = [Step::Save, Step::CopyDisk, Step::CopyMemory, Step::Define, Step::Restore, Step::Remove];
    assert_eq!(steps, want);
    assert_eq!(done.left_here, ["/srv/local/lab-static.qcow2"]);
    gone_and_running(&mover);
    mover.counts_on();
    assert_eq!((mover.saves("hosta"), mover.saves("hostb")), (vec![], vec![]), "no memory image stays");

    let off = Mover::define(&lab, "lab-static-off", "/srv/local/lab-static-off.qcow2", "");
    let survey: Survey = off.survey(&hosts);
    assert_eq!(best_kind(&survey.input(&Choices::new(Kind::Live))), Kind::Static);
    moved(&off, &hosts, &Choices::new(Kind::Static));
    assert_eq!(off.states(), ("-".into(), "shut off".into()));
    let images = ["hosta", "hostb"]
        .map(|h| std::fs::read(lab.folder(h, "local").join("lab-static-off.qcow2")).expect("it is there"));
    assert!(images[0] == images[1], "the copy is the same byte for byte");
}

pub fn droverctl(from: &str, args: &[&str]) -> (Option<i32>, String, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_droverctl")).args(["-c", from]).args(args).output().expect("droverctl");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (out.status.code(), text(&out.stdout), text(&out.stderr))
}

#[test]
fn droverctl_checks_and_moves() {
    let Some(lab) = lab() else { return };
    let mover = Mover::running(&lab, "lab-move-cli", "/srv/shared/lab-move-cli.qcow2", "");
    let (code, out, error) = droverctl(&lab.a, &["check-migrate", &mover.name, &lab.b, "--kind", "live", "--json"]);
    assert_eq!(code, Some(0), "{error}");
    assert!(out.contains("\"shared-storage\""), "{out}");
    let (code, _, error) = droverctl(&lab.a, &["check-migrate", &mover.name, &lab.b, "--kind", "offline"]);
    assert_eq!(code, Some(2), "{error}");
    let (code, _, error) = droverctl(&lab.a, &["migrate", &mover.name, &lab.b, "--offline"]);
    assert_eq!((code, mover.states().0.as_str()), (Some(2), "running"), "{error}");
    let (code, out, error) = droverctl(&lab.a, &["migrate", &mover.name, &lab.b]);
    assert_eq!((code, out.as_str()), (Some(0), "lab-move-cli runs on hostb\n"), "{error}");
    gone_and_running(&mover);
    let (code, command, error) = droverctl(&lab.b, &["migrate", &mover.name, &lab.a, "--print-command"]);
    assert_eq!(code, Some(0), "{error}");
    assert!(command.starts_with("virsh -c ") && command.contains(" --live "), "{command}");
    gone_and_running(&mover);
    let done = Command::new("sh").args(["-c", &command]).output().expect("sh");
    assert!(done.status.success(), "{command}: {}", String::from_utf8_lossy(&done.stderr));
    assert_eq!(mover.states(), ("running".into(), "-".into()), "virsh does what it says: {command}");
}

#[test]
fn a_host_is_emptied_or_nothing_moves() {
    let Some(lab) = lab() else { return };
    let on = Mover::running(&lab, "lab-empty-on", "/srv/local/lab-empty-on.qcow2", "");
    let off = Mover::define(&lab, "lab-empty-off", "/srv/shared/lab-empty-off.qcow2", "");
    virsh(&lab.a, &["snapshot-create-as", &off.name, "s1"]);
    let (code, out, error) = droverctl(&lab.a, &["evacuate", &lab.tcp_b]);
    assert_eq!(code, Some(2), "{error}");
    assert!(out.contains("lab-empty-off stays: state: it has 1 snapshots"), "{out}");
    assert!(out.contains("lab-empty-on → hostb (--copy-storage)"), "{out}");
    assert_eq!(on.states(), ("running".into(), "-".into()), "nothing was moved");

    virsh(&lab.a, &["snapshot-delete", &off.name, "s1"]);
    let (code, out, error) = droverctl(&lab.a, &["evacuate", &lab.tcp_b]);
    assert_eq!(code, Some(0), "{error}");
    assert!(out.contains("2 of 2 moved"), "{out}");
    gone_and_running(&on);
    assert_eq!(off.states(), ("-".into(), "shut off".into()));
}
