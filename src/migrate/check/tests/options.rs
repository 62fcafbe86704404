//! Choices that go together, and those that do not.
use super::*;
use crate::install::Format;
use crate::migrate::{Compression, DiskChoice, Feature, Way};

fn tunnel() -> Way {
    Way::Tunnel("qemu+tcp://hostb/system".into())
}

/// The words of a way that the source's daemon goes by itself.
const LOGIN: &str =
    "the daemon of hosta must log in at qemu+tcp://hostb/system by itself; whether it may is only known then";

/// What is said of these choices beside a good world, less the words about the daemon's login.
fn said(kind: Kind, change: impl Fn(&mut World)) -> Vec<(Severity, String)> {
    let mut world = world(kind);
    change(&mut world);
    let troubles = world.troubles().into_iter().filter(|t| t.2 != LOGIN);
    troubles.map(|(check, severity, words)| (severity, format!("{}: {words}", check.name()))).collect()
}

fn blocked(words: &str) -> Vec<(Severity, String)> {
    vec![(Block, format!("options: {words}"))]
}

#[test]
fn a_tunnel_takes_little_along() {
    one(Live, |w| w.choices.way = tunnel(), Check::Options, Warn, LOGIN);
    let with = |kind, change: fn(&mut World)| {
        said(kind, move |w| {
            w.choices.way = tunnel();
            change(w);
        })
    };
    let ready = |w: &mut World| (w.choices.tls, w.answers.tls) = (true, vec![TlsAnswer::Ready; 2]);
    let clash = |other: &str| blocked(&format!("--tunnelled and {other} do not go together"));
    assert_eq!(with(Live, |w| w.choices.parallel = Some(2)), clash("--parallel"));
    assert_eq!(with(Live, ready), clash("--tls"));
    assert_eq!(with(PostCopy, |_| ()), clash("--postcopy"));
    assert_eq!(with(Copy, private), clash("--copy-storage"));
    assert_eq!(with(Live, |w| w.choices.address = Some("10.77.0.12".into())), clash("--address"));
    assert_eq!(with(Copy, |_| ()), [], "nothing is copied");
    assert_eq!(with(Live, |w| w.choices.compress = Some(Compression::Xbzrle)), []);
    assert_eq!(with(Live, |w| w.choices.auto_converge = true), []);
    assert_eq!(with(Live, |w| w.dest.name_resolves.clear()), [], "memory goes where the daemon goes");
    // Peer to peer alone forbids nothing.
    let peer = |w: &mut World| {
        ready(w);
        private(w);
        (w.choices.parallel, w.choices.way) = (Some(2), Way::Peer("qemu+tcp://hostb/system".into()));
    };
    assert_eq!(said(Copy, peer), []);
}

#[test]
fn the_daemon_needs_a_uri_of_its_own() {
    for uri in ["qemu:///system", "qemu+unix:///system?socket=/run/b", "nonsense"] {
        let words = format!("the daemon of hosta can't log in at {uri}: it names no host");
        let remedy = one(Live, |w| w.choices.way = Way::Peer(uri.into()), Check::Options, Block, &words);
        assert_eq!(remedy, Some(Remedy::PeerUri { host: "hosta".into() }));
    }
}

#[test]
fn parallel_connections_and_post_copy() {
    let parallel = |w: &mut World| w.choices.parallel = Some(4);
    let words = "--parallel and --postcopy do not go together";
    assert_eq!(one(PostCopy, parallel, Check::Options, Block, words), Some(Remedy::LeaveOut(Feature::Parallel)));
    for kind in [Live, Copy] {
        assert_eq!(said(kind, parallel), []);
    }
    let newer = |w: &mut World| {
        parallel(w);
        (w.source.hypervisor, w.dest.hypervisor) = (Version(10, 1, 0), Version(10, 1, 0));
    };
    assert_eq!(said(PostCopy, newer), []);
}

#[test]
fn each_compression_has_its_way() {
    let by = |method, parallel: Option<u8>| {
        move |w: &mut World| (w.choices.compress, w.choices.parallel) = (Some(method), parallel)
    };
    use Compression::{Mt, Xbzrle, Zlib, Zstd};
    let words = "--compress zlib needs --parallel";
    assert_eq!(one(Live, by(Zlib, None), Check::Options, Block, words), Some(Remedy::Compress(Xbzrle)));
    let words = "--compress xbzrle and --parallel do not go together";
    assert_eq!(one(Live, by(Xbzrle, Some(2)), Check::Options, Block, words), Some(Remedy::Compress(Zlib)));
    let words = "hosta does not compress memory by mt";
    assert_eq!(one(Live, by(Mt, None), Check::Options, Block, words), Some(Remedy::Compress(Xbzrle)));
    for fine in [by(Xbzrle, None), by(Zlib, Some(2)), by(Zstd, Some(2))] {
        assert_eq!(said(Live, fine), []);
    }
    assert_eq!(said(PostCopy, by(Xbzrle, None)), []);
    let old = |w: &mut World| {
        by(Mt, None)(w);
        (w.source.hypervisor, w.dest.hypervisor) = (Version(8, 2, 0), Version(8, 2, 0));
    };
    assert_eq!(said(Live, old), []);
}

#[test]
fn standing_still_leaves_nothing_to_hurry() {
    let still = |w: &mut World| w.choices.stand_still = true;
    for kind in [Live, Copy] {
        assert_eq!(said(kind, still), []);
    }
    let words = "--stand-still and --postcopy do not go together";
    assert_eq!(one(PostCopy, still, Check::Options, Block, words), Some(Remedy::LeaveOut(Feature::StandStill)));
    let hurried = |w: &mut World| (w.choices.stand_still, w.choices.auto_converge) = (true, true);
    one(Live, hurried, Check::Options, Warn, "--auto-converge has no effect with --stand-still");
    let short = |w: &mut World| (w.choices.stand_still, w.choices.downtime) = (true, Some(100));
    one(Live, short, Check::Options, Warn, "--downtime has no effect with --stand-still");
    one(Static, still, Check::Options, Warn, "--stand-still has no effect with --static");
}

#[test]
fn xen_takes_few_options() {
    let xen = |w: &mut World| (w.source.driver, w.dest.driver) = ("Xen".into(), "Xen".into());
    type Change = fn(&mut World);
    let refused: [(Change, Feature); 6] = [
        (|w| w.choices.parallel = Some(2), Feature::Parallel),
        (|w| w.choices.compress = Some(Compression::Xbzrle), Feature::Compression(Compression::Xbzrle)),
        (|w| w.choices.auto_converge = true, Feature::AutoConverge),
        (|w| w.choices.bandwidth = Some(10), Feature::Bandwidth),
        (|w| w.choices.downtime = Some(10), Feature::Downtime),
        (|w| (w.choices.tls, w.answers.tls) = (true, vec![TlsAnswer::Ready; 2]), Feature::Tls),
    ];
    for (change, feature) in refused {
        let both = |w: &mut World| {
            xen(w);
            change(w);
        };
        let words = format!("Xen does not offer {feature}");
        assert_eq!(one(Live, both, Check::Options, Block, &words), Some(Remedy::LeaveOut(feature)));
    }
    let known: [Change; 2] = [|w| w.choices.stand_still = true, |w| w.choices.way = tunnel()];
    for change in known {
        let both = |w: &mut World| {
            xen(w);
            change(w);
        };
        assert_eq!(said(Live, both), []);
    }
    let moved = |w: &mut World| {
        xen(w);
        w.choices.bridges = vec![("br0".into(), "xenbr0".into())];
    };
    let words = "Xen restores a machine only as it was saved: on the same bridges, networks, disks and media";
    one(Static, moved, Check::Options, Block, words);
    assert_eq!(said(Live, moved), []);
    let paravirt = |w: &mut World| {
        xen(w);
        w.machine.os_type = "linux".into();
    };
    let words = "a paravirtualised machine moves live only where its hypervisor has shadow paging; else the move fails";
    assert_eq!(one(Live, paravirt, Check::Options, Warn, words), Some(Remedy::StandStill));
    let still = |w: &mut World| {
        paravirt(w);
        w.choices.stand_still = true;
    };
    assert_eq!(said(Live, still), []);
    let mut many = world(Live);
    assert!(!unasked(&many.input()).stand_still);
    paravirt(&mut many);
    assert!(unasked(&many.input()).stand_still, "it would stay behind when its host is emptied");
}

#[test]
fn what_a_kind_has_no_use_for_is_said() {
    let words = "--parallel has no effect with --offline";
    one(Offline, |w| w.choices.parallel = Some(2), Check::Options, Warn, words);
    one(Static, |w| w.choices.way = tunnel(), Check::Options, Warn, "--tunnelled has no effect with --static");
    one(Live, |w| w.choices.on_demand = true, Check::Options, Warn, "--on-demand has no effect with --live");
    assert_eq!(said(PostCopy, |w| w.choices.on_demand = true), []);
}

#[test]
fn a_definition_that_stays() {
    let keep = |w: &mut World| w.choices.keep = true;
    let words = "its definition stays on hosta as well; started in both places, it would destroy its disks";
    for kind in [Live, Copy, PostCopy, Offline] {
        one(kind, keep, Check::Options, Warn, words);
    }
    one(Static, keep, Check::Options, Block, "--keep and --static do not go together");
    let transient = |w: &mut World| {
        keep(w);
        w.machine.persistent = false;
    };
    one(Live, transient, Check::Options, Warn, "--keep has no effect with --live");
}

#[test]
fn a_new_name_must_be_free_there() {
    let named = |name: &'static str| move |w: &mut World| w.choices.name = Some(name.into());
    let taken = |name: &str| Neighbour { id: DomainId(Uuid::from_u128(8)), name: name.into(), active: false };
    let mut renamed = world(Live);
    renamed.dest.machines = vec![taken("db-01")];
    assert_eq!(renamed.troubles()[0].2, "hostb has another machine named “db-01”");
    named("db-02")(&mut renamed);
    assert_eq!(renamed.troubles(), [], "under another name it may go");
    let other = |w: &mut World| {
        named("db-02")(w);
        w.dest.machines = vec![taken("db-02")];
    };
    one(Live, other, Check::Name, Block, "hostb has another machine named “db-02”");
    for bad in ["", "a/b", ".hidden", "two\nlines"] {
        one(Offline, named(bad), Check::Name, Block, &format!("“{bad}” can't be a machine's name"));
    }
    let words = "its name can't change while its memory is taken along like this";
    assert_eq!(one(Static, named("x"), Check::Options, Block, words), Some(Remedy::LeaveOut(Feature::NewName)));
    assert_eq!(said(Static, |w| (w.choices.name, w.machine.state) = (Some("x".into()), State::Off)), []);
}

#[test]
fn single_disks_and_their_formats() {
    let raw = |w: &mut World| {
        let choice = DiskChoice { target: "vda".into(), format: Some(Format::Raw), ..DiskChoice::default() };
        w.choices.disks = vec![choice];
    };
    let copied = |w: &mut World| {
        private(w);
        raw(w);
    };
    assert_eq!(said(Copy, copied), []);
    assert_eq!(said(Static, copied), blocked("--disk …,format= and --static do not go together"));
    one(Live, raw, Check::Options, Warn, "--disk …,format= has no effect with --live");
    let over = |w: &mut World| {
        copied(w);
        w.choices.incremental = true;
        let answer = &mut w.answers.disks[0];
        answer.here = File::Here(Image { backing: Some("/srv/base".into()), ..image() });
        (answer.backing_there, answer.backing_shared) = (Some(true), Shared::Yes(Evidence::SameFile));
    };
    assert_eq!(said(Copy, over), blocked("--disk …,format= and --incremental do not go together"));
    let nobody = |w: &mut World| w.choices.disks = vec![DiskChoice { target: "vdz".into(), ..DiskChoice::default() }];
    one(Copy, nobody, Check::Options, Block, "it has no disk vdz");
}
