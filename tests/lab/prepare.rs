//! What a destination lacks is made there by real libvirt: a network, a pool, a folder; and nothing is left if it can't be
//! started. At the source, a machine gets a lower CPU for its next start, and loses its saved state.
use std::sync::Mutex;

use drover::Error;
use drover::domain::DomainId;
use drover::migrate::Choices;
use drover::migrate::Kind;
use drover::migrate::check::check;
use drover::migrate::finding::{Check, Finding, Reason, Remedy, Severity};
use drover::migrate::prepare::{Preparation, prepare};

use crate::migrate::moved;
use crate::pair::Mover;
use crate::support::{lab, open, virsh};

/// For what is not about a machine.
const MACHINE: DomainId = DomainId(uuid::Uuid::nil());

/// Networks and pools of this name are the same hosts' for all tests.
static ALONE: Mutex<()> = Mutex::new(());

#[test]
fn what_the_destination_lacks_is_made_there() {
    let Some(lab) = lab() else { return };
    let _alone = ALONE.lock();
    let (source, dest) = (open(&lab.a), open(&lab.b));
    let files = lab.folder("hosta", "local");
    let define = |what: &str, xml: &str| {
        let file = files.join("prepare.xml");
        std::fs::write(&file, xml).expect("the lab's folder");
        virsh(&lab.a, &[what, &file.display().to_string()]);
        std::fs::remove_file(file).expect("it is ours");
    };
    // Without an address libvirt starts no dnsmasq, which the lab has not.
    define("net-define", "<network><name>prep</name><bridge name='prepbr0'/></network>");
    define(
        "pool-define",
        "<pool type='dir'><name>prep</name><target><path>/srv/local/prep/pool</path></target></pool>",
    );
    prepare(&source, &dest, MACHINE, &Preparation::CopyNetwork("prep".into())).expect("the network");
    prepare(&source, &dest, MACHINE, &Preparation::CopyPool("prep".into())).expect("the pool, whose folder is made");
    let there = |args: &[&str]| virsh(&lab.b, args);
    assert!(there(&["net-list", "--name"]).lines().any(|l| l.trim() == "prep"));
    assert!(there(&["pool-list", "--name"]).lines().any(|l| l.trim() == "prep"));
    assert!(lab.folder("hostb", "local").join("prep/pool").is_dir());
    there(&["net-destroy", "prep"]);
    there(&["pool-destroy", "prep"]);
    prepare(&source, &dest, MACHINE, &Preparation::StartNetwork("prep".into())).expect("the network starts");
    prepare(&source, &dest, MACHINE, &Preparation::StartPool("prep".into())).expect("the pool starts");

    prepare(&source, &dest, MACHINE, &Preparation::CreateFolder("/srv/local/prep/a b".into())).expect("the folder");
    assert!(lab.folder("hostb", "local").join("prep/a b").is_dir());
    assert!(!there(&["pool-list", "--all", "--name"]).contains("drover"), "only the folder stays");

    // A pool that can't be started there is not left defined.
    define("pool-define", "<pool type='dir'><name>prep2</name><target><path>/proc/nowhere/prep</path></target></pool>");
    prepare(&source, &dest, MACHINE, &Preparation::CopyPool("prep2".into())).expect_err("no folder can be made there");
    assert!(!there(&["pool-list", "--all", "--name"]).contains("prep2"));
    for (uri, kind) in [(&lab.a, "net"), (&lab.b, "net"), (&lab.a, "pool"), (&lab.b, "pool")] {
        if uri == &lab.b {
            virsh(uri, &[&format!("{kind}-destroy"), "prep"]);
        }
        virsh(uri, &[&format!("{kind}-undefine"), "prep"]);
    }
    virsh(&lab.a, &["pool-undefine", "prep2"]);
    std::fs::remove_dir_all(lab.folder("hostb", "local").join("prep")).expect("it is ours");
}

/// What is said of its CPU.
fn of_cpu(mover: &Mover, kind: Kind) -> Vec<Finding> {
    let survey = mover.survey(&mover.hosts());
    let found = check(&survey.input(&Choices::new(kind)));
    found.into_iter().filter(|f| f.check == Check::Cpu).collect()
}

#[test]
fn a_lower_cpu_is_had_after_a_shutdown_and_start() {
    let Some(lab) = lab() else { return };
    let mover = Mover::define(&lab, "lab-cpu", "/srv/shared/lab-cpu.qcow2", "");
    let (name, id) = (mover.name.clone(), mover.id());
    let (source, dest) = mover.hosts();
    let xml = virsh(&lab.a, &["dumpxml", "--inactive", &name]);
    let (before, rest) = xml.split_once("<cpu ").expect("it has a CPU");
    let (_, after) = rest.split_once("</cpu>").expect("it ends");
    let own = "<cpu mode='maximum'><topology sockets='1' cores='1' threads='1'/></cpu>";
    let file = lab.folder("", "shared").join("lab-cpu.xml");
    std::fs::write(&file, format!("{before}{own}{after}")).expect("the lab's folder");
    virsh(&lab.a, &["define", &file.display().to_string()]);
    std::fs::remove_file(&file).expect("it is ours");
    virsh(&lab.a, &["start", &name]);
    let remedies = |kind| of_cpu(&mover, kind).into_iter().map(|f| f.remedy).collect::<Vec<_>>();
    assert_eq!(remedies(Kind::Live), [Some(Remedy::LowerCpu)]);

    prepare(&source, &dest, id, &Preparation::LowerCpu).expect("both hosts have the same CPU");
    let next = virsh(&lab.a, &["dumpxml", "--inactive", &name]);
    assert!(next.contains("<cpu mode='custom' match='exact'") && next.contains("<topology sockets='1'"), "{next}");
    assert!(next.contains("<model fallback='forbid'>"), "{next}");
    assert!(virsh(&lab.a, &["dumpxml", &name]).contains("<cpu mode='maximum'"), "the running machine keeps its CPU");
    assert_eq!(remedies(Kind::Live), [Some(Remedy::Restart)]);

    virsh(&lab.a, &["destroy", &name]);
    let passed = [(Severity::Ok, Reason::Passed)];
    let said = |kind| of_cpu(&mover, kind).into_iter().map(|f| (f.severity, f.reason)).collect::<Vec<_>>();
    assert_eq!(said(Kind::Offline), passed);
    virsh(&lab.a, &["start", &name]);
    assert_eq!(said(Kind::Live), passed);
    // What the machine's own model lacks is not added.
    let had = next.matches("<feature policy='require'").count();
    prepare(&source, &dest, id, &Preparation::LowerCpu).expect("it can be done again");
    let again = virsh(&lab.a, &["dumpxml", "--inactive", &name]);
    assert!(again.matches("<feature policy='require'").count() <= had, "{again}");
    moved(&mover, &(source, dest), &Choices::new(Kind::Live));
    assert_eq!(mover.states(), ("-".into(), "running".into()));
}

#[test]
fn a_saved_state_is_discarded() {
    let Some(lab) = lab() else { return };
    let mover = Mover::define(&lab, "lab-unsave", "/srv/shared/lab-unsave.qcow2", "");
    let hosts = mover.hosts();
    virsh(&lab.a, &["start", &mover.name]);
    virsh(&lab.a, &["managedsave", &mover.name]);
    let blocked = mover.plan(&hosts, Kind::Offline).expect_err("its memory would be lost");
    assert_eq!(blocked.iter().map(|f| &f.remedy).collect::<Vec<_>>(), [&Some(Remedy::DropSave)]);
    prepare(&hosts.0, &hosts.1, mover.id(), &Preparation::DropSave).expect("it is discarded");
    assert!(mover.plan(&hosts, Kind::Offline).is_ok());
    assert!(mover.saves("hosta").iter().all(|file| !file.contains("lab-unsave")));

    // A machine without a definition has no next start.
    virsh(&lab.a, &["start", &mover.name]);
    let id = mover.id();
    virsh(&lab.a, &["undefine", &mover.name]);
    let refused = prepare(&hosts.0, &hosts.1, id, &Preparation::LowerCpu);
    assert!(matches!(refused, Err(Error::NotAllowed(_))), "{refused:?}");
}
