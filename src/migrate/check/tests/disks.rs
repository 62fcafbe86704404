//! Disks and drives, both ways.
use super::*;

#[test]
fn a_disk_that_is_not_there() {
    let words = "hostb has no /srv/a.qcow2";
    for kind in [Live, PostCopy] {
        assert_eq!(one(kind, private, Check::DiskPath, Block, words), Some(Remedy::CopyDisk(Copy)));
    }
    assert_eq!(one(Offline, private, Check::DiskPath, Block, words), Some(Remedy::CopyDisk(Static)));
    for kind in [Copy, Static] {
        let mut copied = world(kind);
        private(&mut copied);
        assert_eq!(copied.troubles(), [], "it is copied along");
        let found = check(&copied.input());
        assert!(found.iter().any(|f| f.reason == Reason::Copied { path: "/srv/a.qcow2".into() }), "{found:?}");
    }
    one(Offline, |w| w.answers.disks[0].here = File::Missing, Check::DiskPath, Block, "hosta has no /srv/a.qcow2");
    let unknown = |w: &mut World| w.answers.disks[0].there = File::Unknown("denied".into());
    one(Live, unknown, Check::DiskPath, Warn, "hostb could not look for /srv/a.qcow2: denied");
}

#[test]
fn volumes_need_their_pool_there() {
    let volume = |pools: Vec<Pool>| {
        move |w: &mut World| {
            w.machine.disks[0].source = Source::Volume { pool: "images".into(), volume: "a".into() };
            w.dest.pools.clone_from(&pools);
        }
    };
    let pool = |active| vec![Pool { name: "images".into(), active, ..Pool::default() }];
    one(Live, volume(Vec::new()), Check::DiskPath, Block, "hostb has no pool images");
    one(Live, volume(pool(false)), Check::DiskPath, Block, "the pool images is not started on hostb");
    let mut fine = world(Live);
    volume(pool(true))(&mut fine);
    assert_eq!(fine.troubles(), []);
}

#[test]
fn shared_by_evidence_or_by_answer() {
    let with = |shared| move |w: &mut World| w.answers.disks[0].shared = shared;
    let words = "/srv/a.qcow2 is there on hostb, but is not the same file: the storage is not shared";
    assert_eq!(one(Live, with(Shared::No), Check::SharedStorage, Block, words), Some(Remedy::CopyDisk(Copy)));
    assert_eq!(one(Offline, with(Shared::No), Check::DiskPath, Block, words), Some(Remedy::SayShared));
    let mut copied_by_hand = world(Offline);
    with(Shared::No)(&mut copied_by_hand);
    copied_by_hand.choices.shared = Some(true);
    assert_eq!(copied_by_hand.troubles()[0].1, Warn);
    let words = "whether /srv/a.qcow2 is the same on hostb could not be found out";
    for (kind, check) in [(Live, Check::SharedStorage), (Copy, Check::SharedStorage), (Offline, Check::DiskPath)] {
        assert_eq!(one(kind, with(Shared::Unknown), check, Block, words), Some(Remedy::SayShared));
    }
    let mut said = world(Live);
    with(Shared::Unknown)(&mut said);
    said.choices.shared = Some(true);
    assert_eq!(said.troubles(), []);
    said.choices.shared = Some(false);
    assert_eq!(said.troubles()[0].0, Check::SharedStorage);
    // With copying, a file of that name there is never written over.
    let words = "hostb has a file /srv/a.qcow2 already, which is not this disk";
    for kind in [Copy, Static] {
        one(kind, with(Shared::No), Check::DiskPath, Block, words);
    }
}

#[test]
fn copies_need_a_folder_room_and_a_format() {
    let folder = |folder: Room| {
        move |w: &mut World| {
            private(w);
            w.answers.disks[0].folder = folder.clone();
        }
    };
    for kind in [Copy, Static] {
        one(kind, folder(Room::Missing), Check::DiskPath, Block, "hostb has no folder /srv");
        let words = "/srv needs 1.0 GiB, hostb has 0.5 GiB free there";
        one(kind, folder(Room::Free(512 << 20)), Check::DiskSpace, Block, words);
        one(kind, folder(Room::Unknown), Check::DiskSpace, Warn, "hostb does not tell how much space is free in /srv");
        let vmdk = |w: &mut World| {
            private(w);
            w.machine.disks[0].format = "vmdk".into();
        };
        one(kind, vmdk, Check::DiskPath, Block, "/srv/a.qcow2 is of a kind (vmdk) that is not copied");
    }
    let raw = |w: &mut World| {
        folder(Room::Free(2 << 30))(w);
        w.machine.disks[0].format = "raw".into();
    };
    one(Copy, raw, Check::DiskSpace, Block, "/srv needs 10.0 GiB, hostb has 2.0 GiB free there");
    let on_base = |w: &mut World| {
        w.answers.disks[0].here = File::Here(Image { backing: Some("/srv/base".into()), ..image() });
        w.answers.disks[0].backing_there = Some(false);
    };
    one(Live, on_base, Check::DiskPath, Block, "hostb has no /srv/base");
    let grows = |w: &mut World| {
        on_base(w);
        folder(Room::Free(2 << 30))(w);
    };
    one(Copy, grows, Check::DiskSpace, Block, "/srv needs 10.0 GiB, hostb has 2.0 GiB free there");
    let backed = |w: &mut World| {
        private(w);
        w.answers.disks[0].here = File::Here(Image { backing: Some("/srv/base".into()), ..image() });
    };
    one(Static, backed, Check::DiskPath, Block, "/srv/a.qcow2 is of a kind (stands on /srv/base) that is not copied");
}

#[test]
fn media_and_devices() {
    let cd = |w: &mut World| {
        let source = Source::File("/iso/d.iso".into());
        w.machine.disks.push(Disk { target: "sda".into(), device: "cdrom".into(), source, ..Disk::default() });
        let path = Some("/iso/d.iso".to_owned());
        let there = File::Missing;
        w.answers.disks.push(DiskAnswer {
            path: path.clone(),
            path_there: path,
            there,
            shared: Shared::No,
            ..DiskAnswer::default()
        });
    };
    for kind in Kind::ALL {
        let words = "sda holds /iso/d.iso, which hostb does not have";
        assert_eq!(one(kind, cd, Check::Media, Block, words), Some(Remedy::Eject));
        let mut ejected = world(kind);
        cd(&mut ejected);
        ejected.choices.eject = true;
        assert_eq!(ejected.troubles(), []);
    }
    let device = |w: &mut World| w.machine.host_devices = vec!["PCI 0:6:12:5".into()];
    let words = "it uses a device of its host (PCI 0:6:12:5)";
    assert_eq!(one(Live, device, Check::Devices, Block, words), Some(Remedy::DetachDevice));
    one(Offline, device, Check::Devices, Warn, words);
}

#[test]
fn the_best_kind_disturbs_least() {
    let mut w = world(Live);
    assert_eq!(best_kind(&w.input()), Live);
    private(&mut w);
    assert_eq!(best_kind(&w.input()), Copy);
    w.machine.state = State::Off;
    assert_eq!(best_kind(&w.input()), Static);
    w.answers.disks[0] = world(Live).answers.disks[0].clone();
    assert_eq!(best_kind(&w.input()), Offline);
}
