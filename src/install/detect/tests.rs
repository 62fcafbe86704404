//! Trees as they are found in the field.
use std::collections::BTreeMap;
use std::io::Write;

use super::{Detected, Family, Generation, detect_in};
use crate::Error;
use crate::Result;
use crate::error::{Odd, SourceError};
use crate::install::source::{Entry, Location, Tree};
use crate::task::Cancel;

/// A tree in memory; each file is its name's content.
#[derive(Default)]
struct Files {
    files: BTreeMap<String, String>,
    lists: bool,
    /// What may not be read begins like this.
    forbids: Option<&'static str>,
}

impl Tree for Files {
    fn read(&mut self, path: &str, _: u64) -> Result<Option<Vec<u8>>, SourceError> {
        if self.forbids.is_some_and(|begin| path.starts_with(begin)) {
            return Err(SourceError::Forbidden(format!("http://h/{path}")));
        }
        Ok(self.files.get(path).map(|text| text.clone().into_bytes()))
    }
    fn stat(&mut self, path: &str) -> Result<Option<Option<u64>>, SourceError> {
        Ok(self.files.get(path).map(|text| Some(text.len() as u64)))
    }
    fn fetch(&mut self, _: &str, _: &mut dyn Write, _: &mut dyn FnMut(u64, Option<u64>), _: &Cancel) -> Result<u64> {
        Ok(0)
    }
    fn list(&mut self, path: &str) -> Result<Vec<Entry>, SourceError> {
        if !self.lists {
            return Err(SourceError::Protocol { server: "s".into(), reason: Odd::NoListing });
        }
        let mut names: Vec<String> = self
            .files
            .keys()
            .filter_map(|file| file.strip_prefix(path)?.strip_prefix('/')?.split('/').next().map(str::to_owned))
            .collect();
        names.dedup();
        Ok(names.into_iter().map(|name| Entry { name, is_dir: true, size: 0 }).collect())
    }
}

fn tree(files: &[(&str, &str)]) -> Files {
    Files {
        files: files.iter().map(|(path, text)| ((*path).into(), (*text).into())).collect(),
        lists: true,
        forbids: None,
    }
}

fn look(location: &str, mut files: Files) -> Result<Detected> {
    detect_in(&location.parse().expect("location"), &mut files, &Cancel::default())
}

const RHEL5: &str = "[general]\nfamily = Red Hat Enterprise Linux Server\ntimestamp = 1170972069.75\ntotaldiscs = 1\nversion = 5.0\ndiscnum = 1\n\
    arch = x86_64\n[images-x86_64]\nkernel = images/pxeboot/vmlinuz\ninitrd = images/pxeboot/initrd.img\n\
    [images-xen]\nkernel = images/xen/vmlinuz\ninitrd = images/xen/initrd.img\n";
const KERNEL: (&str, &str) = ("images/pxeboot/vmlinuz", "k");
const INITRD: (&str, &str) = ("images/pxeboot/initrd.img", "in");
const SEED: &str = "nfs:10.1.1.22:/soft/rhel5_source";

#[test]
fn rhel5_from_nfs() {
    let files = [(".treeinfo", RHEL5), KERNEL, INITRD, ("images/xen/vmlinuz", "x"), ("images/xen/initrd.img", "x")];
    let found = look(SEED, tree(&files)).expect("found");
    assert_eq!(found.os, "Red Hat Enterprise Linux Server 5.0");
    assert_eq!(found.os_short_id.as_deref(), Some("rhel5.0"));
    assert_eq!((found.kernel.as_str(), found.kernel_size), ("images/pxeboot/vmlinuz", Some(1)));
    assert_eq!((found.initrd.as_str(), found.initrd_size), ("images/pxeboot/initrd.img", Some(2)));
    assert_eq!(found.xen, Some(("images/xen/vmlinuz".into(), "images/xen/initrd.img".into())));
    assert_eq!(found.repo_args, ["method=nfs:10.1.1.22:/soft/rhel5_source"]);
    assert_eq!(found.unattended_args("nfs:10.1.1.22:/soft/xen-ks.cfg"), ["ks=nfs:10.1.1.22:/soft/xen-ks.cfg"]);
    assert_eq!(found.unattended_args("nfs://10.1.1.22/soft/xen-ks.cfg"), ["ks=nfs:10.1.1.22:/soft/xen-ks.cfg"]);
    assert_eq!(found.injected_args("ks.cfg"), ["ks=file:/ks.cfg"]);
    assert_eq!((found.family, found.arch.as_deref(), found.minimum_memory_mib), (Family::RedHat, Some("x86_64"), 512));
}

#[test]
fn centos_stream_9_new_form_and_newer_arguments() {
    let info = "[header]\ntype = productmd.treeinfo\nversion = 1.2\n[release]\nname = CentOS Stream\nshort = CentOS-Stream\nversion = 9\n\
        [tree]\narch = x86_64\nplatforms = x86_64,xen\n[images-x86_64]\nkernel = images/pxeboot/vmlinuz\ninitrd = images/pxeboot/initrd.img\n";
    let found = look("http://mirror.example/9/BaseOS/", tree(&[(".treeinfo", info), KERNEL, INITRD])).expect("found");
    assert_eq!((found.os.as_str(), found.os_short_id.as_deref()), ("CentOS Stream 9", Some("centos-stream9")));
    assert_eq!(found.repo_args, ["inst.repo=http://mirror.example/9/BaseOS"]);
    assert_eq!(found.unattended_args("http://h/ks.cfg"), ["inst.ks=http://h/ks.cfg"]);
    assert_eq!(found.injected_args("ks.cfg"), ["inst.ks=file:/ks.cfg"]);
    assert_eq!((found.minimum_memory_mib, found.xen), (2048, None));
}

#[test]
fn generations() {
    let of = |os: &str, version: &str| super::redhat::generation(os, Some(version));
    assert_eq!(of("CentOS", "6.10"), Generation::Rhel6);
    assert_eq!(of("Fedora", "16"), Generation::Rhel6);
    assert_eq!(of("Fedora", "17"), Generation::Rhel7);
    assert_eq!(of("Fedora", "Rawhide"), Generation::Rhel8);
    assert_eq!(of("Scientific Linux", "5.11"), Generation::Rhel5);
    assert_eq!(of("Somebody's Linux", "10"), Generation::Rhel8);
}

#[test]
fn nfs_ports_reach_the_installer_that_can_take_them() {
    let info = RHEL5.replace("5.0", "6.5");
    let found = look("nfs://h:2050/soft?mountport=7", tree(&[("treeinfo", &info), KERNEL, INITRD])).expect("found");
    assert_eq!(found.repo_args, ["method=nfs:port=2050,mountport=7:h:/soft"]);
}

#[test]
fn a_folder_here_gives_the_guest_no_repository() {
    let found = look("/srv/tree", tree(&[(".treeinfo", RHEL5), KERNEL, INITRD])).expect("found");
    assert!(found.repo_args.is_empty());
}

fn refusal(location: &str, files: Files) -> String {
    match look(location, files) {
        Err(Error::Source(SourceError::NothingInstallable { looked_for, .. })) => looked_for.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_tree_without_its_files_says_which() {
    let words = refusal(SEED, tree(&[(".treeinfo", RHEL5), INITRD]));
    assert_eq!(words, "its .treeinfo names files that are not there: images/pxeboot/vmlinuz");
    let words = refusal(SEED, tree(&[(".treeinfo", RHEL5), KERNEL, ("images/pxeboot/initrd.img", "")]));
    assert!(words.ends_with("images/pxeboot/initrd.img (it is empty)"), "{words}");
    let words = refusal(SEED, tree(&[(".treeinfo", "[general]\nfamily = Fedora\n")]));
    assert_eq!(words, "its .treeinfo names no kernel and initrd");
    assert!(refusal(SEED, tree(&[])).contains(".treeinfo"));
    assert!(refusal(SEED, tree(&[(".treeinfo", "<html>\n[404]\n"), KERNEL])).contains("initrd.img"));
}

#[test]
fn a_layout_without_treeinfo() {
    let disc = (".discinfo", "1170972069.75\nRed Hat Enterprise Linux Server 5\nx86_64\n1\n");
    let found = look(SEED, tree(&[disc, KERNEL, INITRD])).expect("found");
    assert_eq!(
        (found.os.as_str(), found.os_short_id.as_deref()),
        ("Red Hat Enterprise Linux Server 5", Some("rhel5.0"))
    );
    assert_eq!(found.repo_args, ["method=nfs:10.1.1.22:/soft/rhel5_source"]);
}

#[test]
fn other_peoples_treeinfo() {
    let info = "[general]\nfamily = openSUSE Leap\nversion = 15.5\narch = x86_64\n[images-x86_64]\nkernel = boot/x86_64/loader/linux\n\
        initrd = boot/x86_64/loader/initrd\n";
    let files = [(".treeinfo", info), ("boot/x86_64/loader/linux", "k"), ("boot/x86_64/loader/initrd", "i")];
    let found = look("http://h/suse", tree(&files)).expect("found");
    assert_eq!((found.family, found.os.as_str()), (Family::Other, "openSUSE Leap 15.5"));
}

const NETBOOT: &str = "main/installer-amd64/current/images/netboot/debian-installer/amd64/";

/// The same installer, entered at each level of its mirror.
#[test]
fn debian_from_every_level() {
    let mirror = "nfs:h:/debian";
    let whole = format!("dists/bookworm/{NETBOOT}");
    for cut in [
        "",
        "dists/bookworm/",
        "dists/bookworm/main/installer-amd64/",
        "dists/bookworm/main/installer-amd64/current/images/",
    ] {
        let rest = whole.strip_prefix(cut).expect("prefix");
        let files = [(format!("{rest}linux"), "k"), (format!("{rest}initrd.gz"), "i")];
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        let found = look(&format!("{mirror}/{cut}"), tree(&files)).expect(cut);
        assert_eq!(found.os, "Debian GNU/Linux 12 (bookworm)", "at {cut}");
        assert_eq!((found.os_short_id.as_deref(), found.arch.as_deref()), (Some("debian12"), Some("x86_64")));
        assert_eq!(found.kernel, format!("{rest}linux"));
    }
    let files = [("linux", "k"), ("initrd.gz", "i")];
    let found = look("nfs:h:/pxe/debian-installer/arm64", tree(&files)).expect("files");
    assert_eq!((found.os.as_str(), found.arch.as_deref()), ("Debian GNU/Linux", Some("aarch64")));
}

#[test]
fn a_debian_mirror_over_http() {
    let at = "dists/stable/";
    let files = [
        (
            format!("{at}Release"),
            "Origin: Debian\nSuite: stable\nVersion: 13.1\nCodename: trixie\nMD5Sum:\n Version: 1\n",
        ),
        (format!("{at}{NETBOOT}linux"), "k"),
        (format!("{at}{NETBOOT}initrd.gz"), "i"),
    ];
    let mut files = Files { files: files.map(|(path, text)| (path, text.into())).into(), ..Files::default() };
    let location: Location = "http://deb.example:8080/debian".parse().expect("location");
    let found = detect_in(&location, &mut files, &Cancel::default()).expect("found");
    assert_eq!((found.os.as_str(), found.os_short_id.as_deref()), ("Debian GNU/Linux 13 (trixie)", Some("debian13")));
    assert_eq!(
        found.repo_args,
        [
            "mirror/country=manual",
            "mirror/protocol=http",
            "mirror/http/hostname=deb.example:8080",
            "mirror/http/directory=/debian"
        ]
    );
    assert_eq!(found.unattended_args("http://h/p.cfg"), ["auto=true", "priority=critical", "url=http://h/p.cfg"]);
    assert_eq!(found.injected_args("preseed.cfg"), ["auto=true", "priority=critical", "preseed/file=/preseed.cfg"]);
}

#[test]
fn a_mirror_without_release_files_and_without_leave_for_dots() {
    let at = format!("dists/bookworm/{NETBOOT}");
    let files = [(format!("{at}linux"), "k".into()), (format!("{at}initrd.gz"), "i".into())];
    let mut files = Files { files: files.into(), forbids: Some("."), lists: false };
    let location: Location = "http://deb.example/debian".parse().expect("location");
    let found = detect_in(&location, &mut files, &Cancel::default()).expect("found");
    assert_eq!(found.os, "Debian GNU/Linux 12 (bookworm)");
    files.files.clear();
    let nothing = detect_in(&location, &mut files, &Cancel::default());
    assert!(matches!(nothing, Err(Error::Source(SourceError::NothingInstallable { .. }))), "{nothing:?}");
    files.forbids = Some("");
    let forbidden = detect_in(&location, &mut files, &Cancel::default());
    assert!(matches!(forbidden, Err(Error::Source(SourceError::Forbidden(_)))), "{forbidden:?}");
}

#[test]
fn a_debian_kernel_without_its_initrd() {
    let kernel = format!("dists/bookworm/{NETBOOT}linux");
    let words = refusal("nfs:h:/debian", tree(&[(&kernel, "k")]));
    assert!(words.contains("initrd.gz"), "{words}");
}

#[test]
fn a_cancel_is_no_fault_of_the_source() {
    let cancel = Cancel::default();
    cancel.cancel();
    let result = detect_in(&SEED.parse().expect("location"), &mut tree(&[]), &cancel);
    assert!(matches!(result, Err(Error::Cancelled)));
}
