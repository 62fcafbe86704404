//! Unattended files as people write them, and as they should not.
use proptest::prelude::*;

use super::{Checked, check, check_content, read};
use crate::Error;
use crate::error::SourceError;
use crate::finding::Severity;
use crate::install::Unattended;
use crate::install::detect::{Family, Generation};
use crate::task::Cancel;

const RHEL5: &str = "install\nnfs --server=10.1.1.22 --dir=/soft/rhel5_source\nlang en_US.UTF-8\nkeyboard us\n\
    network --device eth0 --bootproto dhcp\nrootpw --iscrypted $1$x$y\nfirewall --disabled\nselinux --disabled\n\
    timezone Asia/Shanghai\nbootloader --location=mbr\nclearpart --all --initlabel\npart / --fstype ext3 --size=1 --grow\n\
    part swap --recommended\nreboot\n%packages\n@core\n";

fn kickstart(text: &str, generation: Option<Generation>) -> Vec<String> {
    said(&check_content(text.as_bytes(), Family::RedHat, generation))
}

/// Severity and words of each finding.
fn said(checked: &Checked) -> Vec<String> {
    checked.findings.iter().map(|finding| format!("{:?} {finding}", finding.severity)).collect()
}

fn one(text: &str, generation: Option<Generation>, says: &str) {
    let found = kickstart(text, generation);
    assert_eq!(found.len(), 1, "{text}: {found:?}");
    assert!(found[0].contains(says), "{text}: {found:?}");
}

#[test]
fn a_good_kickstart_has_no_findings() {
    let none: Vec<String> = Vec::new();
    assert_eq!(kickstart(RHEL5, Some(Generation::Rhel5)), none);
    assert_eq!(kickstart(RHEL5, None), none);
    assert_eq!(check_content(RHEL5.as_bytes(), Family::RedHat, None).lines, 16);
    let newer = format!("{RHEL5}%end\n%post --log=/root/x\n%notasection\n%end\nauthselect select sssd\n");
    assert_eq!(kickstart(&newer, Some(Generation::Rhel8)), none);
}

#[test]
fn sections_end_where_the_generation_wants_it() {
    one(RHEL5, Some(Generation::Rhel6), "Block line 15: “%packages” is not ended by “%end”");
    one(&format!("{RHEL5}%post\nx\n%end\n"), None, "Block line 15: “%packages”");
    one(&format!("{RHEL5}%end\n"), Some(Generation::Rhel5), "Warn line 17");
    one(&format!("{RHEL5}%end\n%end\n"), Some(Generation::Rhel7), "Block line 18: “%end” without");
    one(&format!("{RHEL5}%end\n%onerror\n%end\n"), Some(Generation::Rhel6), "Block line 18");
}

#[test]
fn commands_by_generation() {
    let with = |line: &str| format!("{line}\n{RHEL5}%end\n");
    one(&with("partiton /"), Some(Generation::Rhel7), "Block line 1: “partiton” is no kickstart command");
    one(&with("partiton /"), Some(Generation::Rhel8), "Warn line 1");
    one(&with("interactive"), Some(Generation::Rhel7), "Block line 1");
    one(&with("authselect"), Some(Generation::Rhel6), "Block line 1: this installer's generation");
    one(&with("%package"), Some(Generation::Rhel7), "Block line 1: “%package” is no section");
    assert!(kickstart(&with("interactive"), None).is_empty());
}

#[test]
fn network_lines() {
    let with = |options: &str| format!("network {options}\n{RHEL5}");
    for good in
        ["--bootproto=static --ip=10.0.0.2 --netmask=255.0.0.0", "--device=link", "--bootproto dhcp --hostname a"]
    {
        assert!(kickstart(&with(good), None).is_empty(), "{good}");
    }
    one(&with("--bootproto=dhpc"), None, "Block line 1: “--bootproto=dhpc” is none of");
    one(&with("--bootproto=static"), None, "Warn line 1");
    one(&with("--device"), None, "names no device");
    one(&with("--bootproto=static --ip=10.0.0.300"), None, "“--ip=10.0.0.300” is no address");
}

#[test]
fn what_is_missing() {
    let found = kickstart("reboot\n", Some(Generation::Rhel8));
    assert_eq!(found.len(), 6, "{found:?}");
    assert!(found.iter().all(|words| words.starts_with("Warn line 1: there is no ")));
    assert!(kickstart("%include /tmp/all\n", None).is_empty());
}

#[test]
fn files_of_another_kind() {
    let of = |content: &[u8], family| said(&check_content(content, family, None));
    assert_eq!(of(b"", Family::RedHat), ["Block line 1: the file is empty"]);
    assert_eq!(of(b" \n", Family::Debian), ["Block line 1: the file is empty"]);
    assert_eq!(of(b"\x7fELF\0\0", Family::RedHat), ["Block line 1: this is no text file"]);
    assert_eq!(of(b"\xff\xfel\0a\0", Family::RedHat), ["Block line 1: this is no text file"]);
    assert!(of(&[b"# Jos\xe9\n", RHEL5.as_bytes()].concat(), Family::RedHat).is_empty(), "Latin-1 in a comment");
    assert!(of(b"<html>", Family::RedHat)[0].contains("web page"));
    assert!(of(b"#\nd-i a/b string\n", Family::RedHat)[0].contains("line 2: this is a preseed file"));
    assert!(of(RHEL5.as_bytes(), Family::Debian).iter().any(|words| words.contains("kickstart file")));
}

#[test]
fn preseed_lines() {
    let of = |text: &str| said(&check_content(text.as_bytes(), Family::Debian, None));
    let good = "# c\nd-i debian-installer/locale string en_US\nd-i partman/confirm boolean true\nd-i passwd/x password\n\
        d-i preseed/late_command string a; \\\n  b\ntasksel tasksel/first multiselect standard, ssh-server\nd-i netcfg/x seen true\n";
    assert!(of(good).is_empty(), "{:?}", of(good));
    assert!(of("d-i a/b\n")[0].contains("Block line 1: “d-i a/b” is not OWNER QUESTION TYPE VALUE"));
    assert!(of("d-i a/b strnig x\n")[0].contains("“strnig” is no type"));
    assert!(of("\nd-i a/b boolean yes\n")[0].contains("Warn line 2"));
    assert!(of("d-i ab string\n")[0].contains("Warn line 1"));
}

#[test]
fn a_hundred_thousand_lines() {
    let text = "nonsense here\n".repeat(100_000);
    let since = std::time::Instant::now();
    let checked = check_content(text.as_bytes(), Family::RedHat, Some(Generation::Rhel6));
    assert_eq!((checked.lines, checked.findings.len()), (100_000, super::FINDINGS));
    assert!(checked.findings.iter().all(|finding| finding.severity == Severity::Block));
    assert!(since.elapsed().as_secs() < 5);
}

#[test]
fn places() {
    let cancel = Cancel::default();
    let url = |url: &str| Unattended::Url(url.into());
    for own in ["hd:sda1:/ks.cfg", "cdrom:/ks.cfg", "floppy", "ftp://h/ks.cfg", "nfs:nas:/ks/"] {
        assert_eq!(check(&url(own), Family::RedHat, &cancel).expect(own), None);
    }
    assert_eq!(check(&Unattended::None, Family::RedHat, &cancel).expect("none"), None);
    for (wrong, says) in
        [("/srv/ks.cfg", "initrd"), ("nas:/ks.cfg", "nfs:nas:/ks.cfg"), ("ks.cfg", "begin"), ("", "empty")]
    {
        let error = check(&url(wrong), Family::RedHat, &cancel).expect_err(wrong).to_string();
        assert!(error.contains(says), "{wrong}: {error}");
    }
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("ks.cfg");
    let missing = check(&Unattended::Inject(file.clone()), Family::RedHat, &cancel);
    assert!(matches!(missing, Err(Error::Source(SourceError::NotFound(_)))), "{missing:?}");
    std::fs::write(&file, RHEL5).expect("write");
    assert_eq!(read(&Unattended::Inject(file.clone()), &cancel).expect("read"), Some(RHEL5.into()));
    let checked = check(&Unattended::Inject(file), Family::RedHat, &cancel).expect("check").expect("some");
    assert_eq!((checked.lines, checked.findings.len()), (16, 0));
}

#[test]
fn debians_installer_reads_no_nfs() {
    let url = Unattended::Url("nfs:no-such-host.invalid:/preseed.cfg".into());
    let checked = check(&url, Family::Debian, &Cancel::default()).expect("check").expect("some");
    assert_eq!(checked.findings.len(), 1);
    assert!(said(&checked)[0].contains("Block Debian's installer can't fetch its preseed file by nfs:"));
}

proptest! {
    #[test]
    fn no_content_panics(content: Vec<u8>, text in "(%[a-z]{0,9}|network [-=a-z ]{0,30}|[a-z]{0,9}|\\PC{0,20}|\n){0,20}") {
        for family in [Family::RedHat, Family::Debian, Family::Other] {
            check_content(&content, family, None);
            check_content(text.as_bytes(), family, Some(Generation::Rhel6));
        }
    }
}
