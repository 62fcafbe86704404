//! Single disks between two real hosts: of two, one is copied along, and the other is there already.
use std::process::Command;
use std::time::Duration;

use drover::migrate::check::check;
use drover::migrate::finding::{Remedy, Severity};
use drover::migrate::{Choices, DiskChoice, Kind};

use crate::migrate::{droverctl, gone_and_running};
use crate::migrate_options::{go, planned};
use crate::pair::Mover;
use crate::support::{lab, until, virsh};

#[test]
fn of_two_disks_one_is_copied() {
    let Some(lab) = lab() else { return };
    for kind in [Kind::Copy, Kind::Static] {
        let name = format!("lab-two{}", kind.option());
        let mover = Mover::define(&lab, &name, &format!("/srv/local/{name}.qcow2"), "");
        let second = format!("/srv/local/{name}-b.img");
        let [here, there] = ["hosta", "hostb"].map(|host| lab.folder(host, "local").join(format!("{name}-b.img")));
        std::fs::write(&here, vec![1; 1 << 20]).expect("the lab's folder");
        // libvirt itself lets a running machine leave only what it can't write to.
        let mode = if kind.is_live() { &["--mode", "readonly"][..] } else { &[] };
        virsh(&lab.a, &[&["attach-disk", &name, &second, "vdb", "--config"], mode].concat());
        virsh(&lab.a, &["start", &name]);
        until("the guest to count", Duration::from_secs(180), || mover.ticks() > 3);
        let hosts = mover.hosts();
        let all = planned(&mover, &hosts, &Choices::new(kind)).expect("nothing stands in the way");
        assert_eq!(all.copies.len(), 2, "by itself both are copied: {all:?}");

        let disk = DiskChoice { target: "vdb".into(), copy: Some(false), ..DiskChoice::default() };
        let mut choices = Choices { disks: vec![disk], ..Choices::new(kind) };
        let found = check(&mover.survey(&hosts).input(&choices));
        let blocks: Vec<_> = found.into_iter().filter(|f| f.severity == Severity::Block).collect();
        assert_eq!(blocks.len(), 1, "{blocks:?}");
        assert_eq!(blocks[0].reason.to_string(), format!("hostb has no {second}"));
        assert_eq!(blocks[0].remedy, Some(Remedy::CopyToo { target: "vdb".into() }));

        // Put there by hand, and said to be the same.
        std::fs::write(&there, vec![2; 1 << 20]).expect("the lab's folder");
        choices.shared = Some(true);
        let plan = planned(&mover, &hosts, &choices).expect("nothing stands in the way");
        assert_eq!(plan.copies.iter().map(|c| c.target.as_str()).collect::<Vec<_>>(), ["vda"]);
        if kind == Kind::Copy {
            let words = ["--copy-storage", "--disk", "vdb,copy=no", "--assume-shared", "--print-command"];
            let (code, command, error) = droverctl(&lab.a, &[&["migrate", &name, &lab.tcp_b][..], &words].concat());
            assert!(code == Some(0) && command.starts_with("virsh "), "{command} {error}");
            assert!(command.contains("--copy-storage-all") && command.contains("--migrate-disks vda "), "{command}");
        }
        go(&mover, &hosts, &choices);
        gone_and_running(&mover);
        let marks = |path| std::fs::read(path).expect("it is there").iter().all(|byte| *byte == 2);
        assert!(marks(&there) && !marks(&here), "nothing was written over it");
        let copied = lab.folder("hostb", "local").join(format!("{name}.qcow2"));
        let info = Command::new("qemu-img").args(["info", "-U"]).arg(copied).output().expect("qemu-img starts");
        assert!(String::from_utf8_lossy(&info.stdout).contains("file format: qcow2"), "vda was copied");
        drop(mover);
        [here, there].iter().for_each(|file| std::fs::remove_file(file).expect("it is ours"));
    }
}
