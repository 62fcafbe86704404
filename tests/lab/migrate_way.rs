//! The way to the destination: a name that nobody knows, IPv6, and links or daemons that let nobody change anything.
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use drover::migrate::check::{check, verdict};
use drover::migrate::finding::{Check, Reason, Remedy, Severity};
use drover::migrate::{Choices, Kind};

use crate::migrate::{blocks, droverctl, moved};
use crate::pair::Mover;
use crate::support::{Lab, lab, open, virsh};

/// What hostb calls itself, until the test ends.
struct Called<'a>(&'a Lab);

impl<'a> Called<'a> {
    fn new(lab: &'a Lab, name: &str) -> Self {
        lab.control(&["exec", "hostb", "hostname", name]);
        Self(lab)
    }
}

impl Drop for Called<'_> {
    fn drop(&mut self) {
        self.0.control(&["exec", "hostb", "hostname", "hostb"]);
    }
}

#[test]
fn a_name_that_nobody_knows() {
    let Some(lab) = lab() else { return };
    let mover = Mover::define(&lab, "lab-way-name", "/srv/shared/lab-way-name.qcow2", "").paused();
    let live = Choices::new(Kind::Live);
    let by_address = Choices { address: Some("10.77.0.12".into()), ..Choices::new(Kind::Live) };
    for (name, severity, theirs) in
        [("localhost", Severity::Block, "resolved to localhost"), ("nowhere-b", Severity::Warn, "nowhere-b")]
    {
        let called = Called::new(&lab, name);
        let hosts = mover.hosts();
        let survey = mover.survey(&hosts);
        let found = check(&survey.input(&live));
        let address = found.iter().find(|f| f.check == Check::Address).expect("the address is checked");
        let (host, name) = (name.to_owned(), name.to_owned());
        let want = match severity {
            Severity::Block => Reason::NameIsLocal { host, name },
            _ => Reason::NameUnresolved { host, name },
        };
        let remedy = Some(Remedy::UseAddress { address: "10.77.0.12".into() });
        assert_eq!((address.severity, &address.reason, &address.remedy), (severity, &want, &remedy));
        let args = ["-q", "-c", &lab.a, "migrate", &mover.name, &lab.tcp_b, "--live"];
        let out = Command::new("virsh").args(args).output().expect("virsh starts");
        let error = String::from_utf8_lossy(&out.stderr);
        assert!(!out.status.success() && error.contains(theirs), "{error}");

        assert_eq!(verdict(&check(&survey.input(&by_address))), Severity::Ok);
        let args = ["migrate", &mover.name, &lab.tcp_b, "--live", "--address", "10.77.0.12"];
        let (code, out, error) = droverctl(&lab.a, &args);
        assert_eq!(code, Some(0), "{out}{error}");
        assert_eq!(mover.states(), ("-".into(), "paused".into()));
        drop(called);
        let home = lab.tcp_b.replace(".12/", ".11/");
        mover.woken();
        virsh(&lab.b, &["migrate", &mover.name, &home, "--live", "--persistent", "--undefinesource"]);
        mover.paused_again();
    }
}

#[test]
fn over_ipv6() {
    let Some(lab) = lab() else { return };
    if std::net::UdpSocket::bind("[fd77::1]:0").is_err() {
        println!("skipped: this computer has no IPv6");
        return;
    }
    let (uri_a, uri_b) = ("qemu+tcp://[fd77::11]/system", "qemu+tcp://[fd77::12]/system");
    let mover = Mover::define(&lab, "lab-way-six", "/srv/shared/lab-way-six.qcow2", "").paused();
    let six = Choices { address: Some("fd77::12".into()), ..Choices::new(Kind::Live) };
    // Opened over a socket, hosta tells an IPv4 address only.
    for source in [lab.a.as_str(), uri_a] {
        let hosts = (open(source), open(uri_b));
        let survey = mover.survey(&hosts);
        for choices in [&six, &Choices::new(Kind::Live)] {
            let found = check(&survey.input(choices));
            assert_eq!(verdict(&found), Severity::Ok, "from {source}: {found:?}");
        }
        moved(&mover, &hosts, &six);
        assert_eq!(mover.states(), ("-".into(), "paused".into()));
        let state = mover.woken();
        let args = ["migrate", &mover.name, uri_a, "--live", "--tunnelled", "--peer-uri", uri_a];
        let (code, out, error) = droverctl(uri_b, &args);
        assert_eq!(code, Some(0), "{out}{error}");
        assert_eq!(mover.states(), (state.into(), "-".into()));
        mover.paused_again();
    }
}

#[test]
fn who_may_not_is_told_so() {
    let Some(lab) = lab() else { return };
    let mover = Mover::define(&lab, "lab-way-closed", "/srv/shared/lab-way-closed.qcow2", "").paused();
    let looks = |uri: &str| uri.replace("/libvirt-sock", "/libvirt-sock-ro");
    let hosts = (open(&lab.a), open(&looks(&lab.b)));
    let closed = |host: &str| (Check::Permission, format!("the link to {host} may only look, not change anything"));
    for kind in Kind::ALL {
        assert_eq!(blocks(&mover, &hosts, kind), [closed("hostb")], "{kind:?}");
    }
    let hosts = (open(&looks(&lab.a)), open(&lab.tcp_b));
    assert_eq!(blocks(&mover, &hosts, Kind::Live), [closed("hosta")]);
    let (code, out, error) = droverctl(&lab.a, &["migrate", &mover.name, &looks(&lab.b)]);
    assert_eq!((code, out.as_str()), (Some(2), ""), "{error}");
    assert!(error.contains("permission: the link to hostb may only look"), "{error}");

    // A daemon whose socket is not for us: root without its privilege over files is anybody.
    let socket = lab.folder("hostb", "run").join("libvirt-sock");
    let mode = |bits| std::fs::set_permissions(&socket, std::fs::Permissions::from_mode(bits)).expect("it is there");
    mode(0o000);
    let out = Command::new("setpriv")
        .args(["--bounding-set", "-dac_override", "--inh-caps", "-dac_override", env!("CARGO_BIN_EXE_droverctl")])
        .args(["-c", &lab.a, "check-migrate", &mover.name, &lab.b])
        .output();
    mode(0o777);
    let out = out.expect("setpriv starts");
    let error = String::from_utf8_lossy(&out.stderr);
    assert_eq!(out.status.code(), Some(1), "{error}");
    assert!(error.contains("no permission to use") && error.contains(&lab.b), "{error}");
    assert_eq!(mover.states(), ("paused".into(), "-".into()));
}
