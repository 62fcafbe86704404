//! What a destination lacks is made there by real libvirt: a network, a pool, a folder; and nothing is left if it can't be started.
use std::sync::Mutex;

use drover::migrate::prepare::{Preparation, prepare};

use crate::support::{lab, open, virsh};

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
