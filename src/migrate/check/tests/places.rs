//! Copies: which disks, to where, over what, and what may be replaced for them.
use super::*;
use crate::migrate::answers::PlaceAnswer;
use crate::migrate::{DiskChoice, Place};

fn choice(copy: Option<bool>, place: Option<Place>) -> DiskChoice {
    DiskChoice { target: "vda".into(), copy, place, format: None }
}

fn folder(name: &str) -> Option<Place> {
    Some(Place::Folder(name.into()))
}

#[test]
fn a_disk_is_copied_or_not_as_chosen() {
    let not = |w: &mut World| {
        w.answers.disks[0].shared = Shared::No;
        w.choices.disks = vec![choice(Some(false), None)];
    };
    let words = "/srv/a.qcow2 is there on hostb, but is not the same file: the storage is not shared";
    let too = Some(Remedy::CopyToo { target: "vda".into() });
    assert_eq!(one(Copy, not, Check::SharedStorage, Block, words), too);
    let gone = |w: &mut World| {
        private(w);
        w.choices.disks = vec![choice(Some(false), None)];
    };
    for kind in [Copy, Static] {
        assert_eq!(one(kind, gone, Check::DiskPath, Block, "hostb has no /srv/a.qcow2"), too, "{kind:?}");
    }
    // A choice against copying says nothing where no disk is copied anyway.
    let remedy = one(Live, gone, Check::DiskPath, Block, "hostb has no /srv/a.qcow2");
    assert_eq!(remedy, Some(Remedy::CopyDisk(Copy)));
    let onto = |w: &mut World| w.choices.disks = vec![choice(Some(true), None)];
    let words = "/srv/a.qcow2 is the same file on both hosts: a copy of it needs another place";
    assert_eq!(one(Copy, onto, Check::DiskPath, Block, words), Some(Remedy::OtherPlace { target: "vda".into() }));
    let mut elsewhere = world(Copy);
    elsewhere.choices.disks = vec![choice(Some(true), folder("/new"))];
    let place = PlaceAnswer { path: "/new/a.qcow2".into(), there: File::Missing, folder: Room::Free(9 << 30) };
    elsewhere.answers.places = vec![place];
    assert_eq!(elsewhere.troubles(), [], "a shared disk may be copied off its share");
}

#[test]
fn another_folder_or_pool_there() {
    let to = |place: Option<Place>, there: File, room: Room| {
        move |w: &mut World| {
            private(w);
            w.answers.disks[0].folder = Room::Missing; // of the usual place, which does not count
            w.choices.disks = vec![choice(None, place.clone())];
            let target = Some("/new".into());
            w.dest.pools = vec![Pool { name: "new".into(), active: true, target, ..Pool::default() }];
            w.answers.places =
                vec![PlaceAnswer { path: "/new/a.qcow2".into(), there: there.clone(), folder: room.clone() }];
        }
    };
    for kind in [Copy, Static] {
        for place in [folder("/new/"), Some(Place::Pool("new".into()))] {
            let mut fine = world(kind);
            to(place.clone(), File::Missing, Room::Free(9 << 30))(&mut fine);
            assert_eq!(fine.troubles(), [], "{place:?}");
            let missing = to(place.clone(), File::Missing, Room::Missing);
            one(kind, missing, Check::DiskPath, Block, "hostb has no folder /new");
            let full = to(place.clone(), File::Missing, Room::Free(1 << 29));
            one(kind, full, Check::DiskSpace, Block, "/new needs 1.0 GiB, hostb has 0.5 GiB free there");
            let taken = to(place, File::Here(image()), Room::Free(9 << 30));
            let words = "hostb has a file /new/a.qcow2 already, which is not this disk";
            let remedy = Remedy::RemoveFile { host: "hostb".into(), path: "/new/a.qcow2".into() };
            assert_eq!(one(kind, taken, Check::DiskPath, Block, words), Some(remedy));
        }
        let no_pool = to(Some(Place::Pool("old".into())), File::Missing, Room::Free(9 << 30));
        let words = "hostb has no pool old";
        let remedy = Remedy::DefinePool { host: "hostb".into(), pool: "old".into() };
        let mut world = world(kind);
        no_pool(&mut world);
        assert!(world.troubles().contains(&(Check::DiskPath, Block, words.into())), "{:?}", world.troubles());
        assert!(check(&world.input()).iter().any(|f| f.remedy.as_ref() == Some(&remedy)));
    }
}

#[test]
fn over_a_base_that_is_there() {
    let over = |there: Option<bool>, shared: Shared| {
        move |w: &mut World| {
            private(w);
            w.choices.incremental = true;
            w.answers.disks[0].folder = Room::Free(2 << 30);
            w.answers.disks[0].here = File::Here(Image { backing: Some("/srv/base".into()), ..image() });
            (w.answers.disks[0].backing_there, w.answers.disks[0].backing_shared) = (there, shared);
        }
    };
    for kind in [Copy, Static] {
        let mut fine = world(kind);
        over(Some(true), Shared::Yes(Evidence::SameFile))(&mut fine);
        assert_eq!(fine.troubles(), [], "2 GiB are enough: the base is not copied");
        let words =
            "whether hostb has the same /srv/base could not be found out; if it is another one, the copy is worthless";
        one(kind, over(Some(true), Shared::No), Check::DiskPath, Warn, words);
        one(kind, over(Some(true), Shared::Unknown), Check::DiskPath, Warn, words);
        one(kind, over(Some(false), Shared::Unknown), Check::DiskPath, Block, "hostb has no /srv/base");
    }
    let all = |w: &mut World| {
        over(Some(true), Shared::Unknown)(w);
        w.choices.incremental = false;
    };
    let words = "/srv/a.qcow2 is of a kind (stands on /srv/base) that is not copied";
    let remedy = Remedy::Incremental { host: "hostb".into(), path: "/srv/base".into() };
    assert_eq!(one(Static, all, Check::DiskPath, Block, words), Some(remedy));
}

#[test]
fn only_what_is_left_of_this_machine_is_replaced() {
    let at = |time: &str| File::Here(Image { changed: Some(time.into()), ..image() });
    let left = |w: &mut World| {
        let answer = &mut w.answers.disks[0];
        (answer.shared, answer.here, answer.there) = (Shared::No, at("200.5"), at("100.5"));
    };
    let other = "hostb has a file /srv/a.qcow2 already, which is not this disk";
    let replace = Remedy::Replace { path: "/srv/a.qcow2".into() };
    let chosen = |w: &mut World| {
        left(w);
        w.choices.replace = vec!["/srv/a.qcow2".into()];
    };
    for kind in [Copy, Static] {
        assert_eq!(one(kind, left, Check::DiskPath, Block, other).as_ref(), Some(&replace));
        let words = "/srv/a.qcow2 on hostb is removed when the move begins, and does not come back if the move fails";
        one(kind, chosen, Check::DiskPath, Warn, words);
    }
    let remove = Remedy::RemoveFile { host: "hostb".into(), path: "/srv/a.qcow2".into() };
    let not: [fn(&mut World); 4] = [
        |w| w.choices.replace = vec!["/srv/b.qcow2".into()],
        |w| w.answers.disks[0].used_there = Some("web".into()),
        |w| w.answers.disks[0].there = File::Here(Image { changed: Some("300.5".into()), ..image() }),
        |w| w.answers.disks[0].there = File::Here(Image { changed: Some("100.5".into()), capacity: 5, ..image() }),
    ];
    for (i, change) in not.into_iter().enumerate() {
        let changed = |w: &mut World| {
            chosen(w);
            change(w);
        };
        let want = if i == 0 { &replace } else { &remove };
        assert_eq!(one(Copy, changed, Check::DiskPath, Block, other).as_ref(), Some(want), "{i}");
    }
}
