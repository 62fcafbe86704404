//! The command that does what a plan does: virsh's where virsh can, else droverctl's.
use super::live::in_uri;
use super::plan::Plan;
use super::{DiskChoice, Kind, Place};

/// The equal command, quoted for a POSIX shell (options of virsh(1), section "migrate").
pub fn command(plan: &Plan, source_uri: &str, dest_uri: &str) -> String {
    let choices = &plan.choices;
    // virsh would need the destination's XML in a file, knows no static move, and neither makes nor removes images there.
    let changed = !(choices.bridges.is_empty() && choices.networks.is_empty() && plan.eject.is_empty())
        || choices.disks.iter().any(|d| d.place.is_some() || d.format.is_some())
        || plan.copies.iter().any(|c| c.backing.is_some() || c.replaces)
        || (choices.keep && plan.autostart);
    let words = match choices.kind {
        Kind::Static => droverctl(plan, source_uri, dest_uri),
        _ if changed => droverctl(plan, source_uri, dest_uri),
        _ => virsh(plan, source_uri, dest_uri),
    };
    let line = join(&words);
    match choices.downtime.filter(|_| words[0] == "virsh") {
        Some(ms) => {
            let first = ["virsh", "-c", source_uri, "migrate-setmaxdowntime", &plan.name, &ms.to_string()];
            format!("{} && {line}", join(&first.map(str::to_owned)))
        }
        None => line,
    }
}

fn virsh(plan: &Plan, source_uri: &str, dest_uri: &str) -> Vec<String> {
    let choices = &plan.choices;
    let mut words: Vec<String> = ["virsh", "-c", source_uri, "migrate"].map(str::to_owned).into();
    let live = choices.kind.is_live();
    let flags = [
        (live && !choices.stand_still, "--live"),
        (!live, "--offline"),
        (plan.persistent, "--persistent"),
        (plan.persistent && !choices.keep, "--undefinesource"),
        (live && choices.way.peer_uri().is_some(), "--p2p"),
        (live && choices.way.is_tunnel(), "--tunnelled"),
        (!plan.copies.is_empty(), "--copy-storage-all"),
        (choices.kind == Kind::PostCopy, "--postcopy"),
        (choices.kind == Kind::PostCopy && !choices.on_demand, "--postcopy-after-precopy"),
        (live && choices.tls, "--tls"),
        (live && choices.auto_converge, "--auto-converge"),
        (live && plan.driver == "QEMU" && choices.kind != Kind::PostCopy, "--abort-on-error"),
    ];
    words.extend(flags.iter().filter(|(wanted, _)| *wanted).map(|(_, flag)| (*flag).to_owned()));
    if let Some(connections) = choices.parallel.filter(|_| live) {
        words.extend(["--parallel".to_owned(), "--parallel-connections".to_owned(), connections.to_string()]);
    }
    if let Some(method) = choices.compress.filter(|_| live) {
        words.extend(["--compressed", "--comp-methods", method.name()].map(str::to_owned));
    }
    if let Some(name) = choices.name.as_ref().filter(|name| **name != plan.name) {
        words.extend(["--dname".to_owned(), name.clone()]);
    }
    let targets: Vec<_> = plan.copies.iter().map(|c| c.target.as_str()).collect();
    if !targets.is_empty() {
        words.extend(["--migrate-disks".to_owned(), targets.join(",")]);
    }
    if let Some(mib) = choices.bandwidth.filter(|_| live) {
        words.extend(["--bandwidth".to_owned(), mib.to_string()]);
        if choices.kind == Kind::PostCopy {
            words.extend(["--postcopy-bandwidth".to_owned(), mib.to_string()]);
        }
    }
    // With --p2p it is the source's daemon that goes there.
    let dest_uri = choices.way.peer_uri().filter(|_| live).unwrap_or(dest_uri);
    words.extend([plan.name.clone(), dest_uri.to_owned()]);
    if let Some(address) = choices.address.as_ref().filter(|_| live) {
        words.extend(["--migrateuri".to_owned(), format!("tcp://{}", in_uri(address))]);
        if choices.tls {
            words.extend(["--tls-destination".to_owned(), plan.dest.clone()]);
        }
    }
    words
}

fn droverctl(plan: &Plan, source_uri: &str, dest_uri: &str) -> Vec<String> {
    let choices = &plan.choices;
    let mut words: Vec<String> = ["droverctl", "-c", source_uri, "migrate"].map(str::to_owned).into();
    words.push(choices.kind.option().to_owned());
    for (option, pairs) in [("--bridge", &choices.bridges), ("--network", &choices.networks)] {
        for (here, there) in pairs {
            words.extend([option.to_owned(), format!("{here}={there}")]);
        }
    }
    let flags = [
        (choices.shared == Some(true), "--assume-shared"),
        (choices.shared == Some(false), "--assume-private"),
        (choices.eject, "--eject"),
        (choices.tls, "--tls"),
        (choices.auto_converge, "--auto-converge"),
        (choices.stand_still, "--stand-still"),
        (choices.way.peer_uri().is_some() && !choices.way.is_tunnel(), "--p2p"),
        (choices.way.is_tunnel(), "--tunnelled"),
        (choices.on_demand, "--on-demand"),
        (choices.keep, "--keep"),
        (choices.incremental, "--incremental"),
    ];
    words.extend(flags.iter().filter(|(wanted, _)| *wanted).map(|(_, flag)| (*flag).to_owned()));
    for disk in &choices.disks {
        words.extend(["--disk".to_owned(), of_disk(disk)]);
    }
    for path in &choices.replace {
        words.extend(["--replace".to_owned(), path.clone()]);
    }
    let values = [
        ("--peer-uri", choices.way.peer_uri().filter(|uri| *uri != dest_uri).map(str::to_owned)),
        ("--parallel", choices.parallel.map(|n| n.to_string())),
        ("--compress", choices.compress.map(|method| method.name().to_owned())),
        ("--new-name", choices.name.clone()),
        ("--address", choices.address.clone()),
        ("--bandwidth", choices.bandwidth.map(|n| n.to_string())),
        ("--downtime", choices.downtime.map(|n| n.to_string())),
    ];
    for (option, value) in values {
        words.extend(value.into_iter().flat_map(|value| [option.to_owned(), value]));
    }
    words.extend([plan.name.clone(), dest_uri.to_owned()]);
    words
}

fn of_disk(choice: &DiskChoice) -> String {
    let parts = [
        choice.copy.map(|copy| format!("copy={}", if copy { "yes" } else { "no" })),
        choice.place.as_ref().map(|place| match place {
            Place::Folder(folder) => format!("folder={folder}"),
            Place::Pool(pool) => format!("pool={pool}"),
        }),
        choice.format.map(|format| format!("format={}", format.name())),
    ];
    let parts = parts.into_iter().flatten();
    std::iter::once(choice.target.clone()).chain(parts).collect::<Vec<_>>().join(",")
}

fn join(words: &[String]) -> String {
    words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ")
}

/// As it is if no shell sees anything special in it.
fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,=+@%[]".contains(c);
    let glob = word.contains(['[', ']']);
    if !word.is_empty() && word.chars().all(plain) && !glob {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::DomainId;
    use crate::install::Format;
    use crate::migrate::plan::Copy;
    use crate::migrate::{Choices, Compression, Way};

    fn plan(kind: Kind) -> Plan {
        Plan {
            id: DomainId(uuid::Uuid::nil()),
            name: "db 01".into(),
            choices: Choices::new(kind),
            source: "a".into(),
            dest: "b".into(),
            driver: "QEMU".into(),
            active: true,
            persistent: true,
            autostart: false,
            defined_there: false,
            copies: Vec::new(),
            eject: Vec::new(),
            nvram: None,
            nvram_replaces: false,
        }
    }

    fn said(plan: &Plan) -> String {
        command(plan, "qemu:///system", "qemu+ssh://b/system")
    }

    #[test]
    fn a_live_move_is_virshs() {
        let want = "virsh -c qemu:///system migrate --live --persistent --undefinesource --abort-on-error 'db 01' qemu+ssh://b/system";
        assert_eq!(said(&plan(Kind::Live)), want);
    }

    #[test]
    fn one_that_stands_still_is_not_live() {
        let mut it = plan(Kind::Live);
        it.choices.stand_still = true;
        assert!(said(&it).starts_with("virsh -c qemu:///system migrate --persistent"), "{}", said(&it));
    }

    #[test]
    fn options_disks_and_address_are_said() {
        let mut it = plan(Kind::Copy);
        let (path, path_there) = ("/srv/a".into(), "/srv/a".into());
        it.copies = vec![Copy {
            target: "vda".into(),
            path,
            path_there,
            format: Format::Raw,
            capacity: 1,
            length: 1,
            backing: None,
            replaces: false,
        }];
        it.choices.bandwidth = Some(50);
        it.choices.downtime = Some(500);
        it.choices.tls = true;
        it.choices.auto_converge = true;
        it.choices.address = Some("fd00::2".into());
        let want = "virsh -c qemu:///system migrate-setmaxdowntime 'db 01' 500 && virsh -c qemu:///system migrate --live \
                    --persistent --undefinesource --copy-storage-all --tls --auto-converge --abort-on-error \
                    --migrate-disks vda --bandwidth 50 'db 01' qemu+ssh://b/system --migrateuri 'tcp://[fd00::2]' \
                    --tls-destination b";
        assert_eq!(said(&it), want);
    }

    #[test]
    fn post_copy_and_offline_have_their_flags() {
        assert!(
            said(&plan(Kind::PostCopy)).contains("--live --persistent --undefinesource --postcopy --postcopy-after")
        );
        let mut off = plan(Kind::Offline);
        off.choices.bandwidth = Some(5);
        assert!(said(&off).contains("migrate --offline --persistent --undefinesource 'db 01'"), "{}", said(&off));
    }

    #[test]
    fn the_ways_are_virshs_own() {
        let mut it = plan(Kind::Live);
        it.choices.way = Way::Tunnel("qemu+tcp://b/system".into());
        it.choices.keep = true;
        it.choices.name = Some("db 02".into());
        it.choices.compress = Some(Compression::Xbzrle);
        let want = "virsh -c qemu:///system migrate --live --persistent --p2p --tunnelled --abort-on-error --compressed \
                    --comp-methods xbzrle --dname 'db 02' 'db 01' qemu+tcp://b/system";
        assert_eq!(said(&it), want);
        let mut it = plan(Kind::PostCopy);
        (it.choices.on_demand, it.choices.parallel, it.choices.bandwidth) = (true, Some(4), Some(9));
        let want = "virsh -c qemu:///system migrate --live --persistent --undefinesource --postcopy --parallel \
                    --parallel-connections 4 --bandwidth 9 --postcopy-bandwidth 9 'db 01' qemu+ssh://b/system";
        assert_eq!(said(&it), want);
    }

    #[test]
    fn places_bases_and_replaced_files_are_droverctls() {
        let mut it = plan(Kind::Copy);
        let folder = Some(Place::Folder("/new place".into()));
        let disk = DiskChoice { target: "vda".into(), copy: Some(true), place: folder, format: Some(Format::Raw) };
        it.choices.disks = vec![disk];
        it.choices.replace = vec!["/srv/a".into()];
        (it.choices.incremental, it.choices.way) = (true, Way::Peer("qemu+tcp://b/system".into()));
        let want = "droverctl -c qemu:///system migrate --copy-storage --p2p --incremental --disk \
                    'vda,copy=yes,folder=/new place,format=raw' --replace /srv/a --peer-uri qemu+tcp://b/system 'db 01' \
                    qemu+ssh://b/system";
        assert_eq!(said(&it), want);
        let mut kept = plan(Kind::Live);
        (kept.choices.keep, kept.autostart) = (true, true);
        assert!(said(&kept).starts_with("droverctl "), "virsh would leave its autostart on here");
    }

    #[test]
    fn what_virsh_cannot_do_is_droverctls() {
        let mut it = plan(Kind::Live);
        it.choices.bridges = vec![("xenbr0".into(), "br0".into())];
        it.choices.shared = Some(true);
        let want = "droverctl -c qemu:///system migrate --live --bridge xenbr0=br0 --assume-shared 'db 01' qemu+ssh://b/system";
        assert_eq!(said(&it), want);
        assert!(said(&plan(Kind::Static)).starts_with("droverctl -c qemu:///system migrate --static"));
        assert_eq!(quote("it's"), r"'it'\''s'");
    }
}
