//! Encrypted migrations: with certificates that are made here, told before where one is missing.
use std::path::{Path, PathBuf};
use std::process::Command;

use drover::host::Host;
use drover::migrate::check::check;
use drover::migrate::finding::{Check, Remedy, Severity};
use drover::migrate::run::run;
use drover::migrate::{Choices, Kind};
use drover::task::Cancel;

use crate::migrate::{gone_and_running, moved};
use crate::pair::Mover;
use crate::support::{Lab, lab, virsh};

/// The folder that QEMU takes certificates from, and the one that libvirt prefers for migrations if it finds it.
const FOLDERS: [&str; 2] = ["qemu", "libvirt-migrate"];

/// An authority and what it certifies in both hosts' /etc/pki; all of it is gone when the test ends.
struct Pki<'a> {
    lab: &'a Lab,
    ca: PathBuf,
}

impl<'a> Pki<'a> {
    fn new(lab: &'a Lab) -> Self {
        let this = Self { lab, ca: lab.folder("", "ca") };
        std::fs::create_dir_all(&this.ca).expect("the lab's folder");
        openssl(&this.ca, "ca", &["-subj", "/CN=lab"]);
        this
    }

    fn folder(&self, host: &str) -> PathBuf {
        self.lab.folder(host, "pki").join(FOLDERS[0])
    }

    /// The host can show, as `part` ("server", "client"), that it is `name`.
    fn certify(&self, host: &str, part: &str, name: &str) {
        let folder = self.folder(host);
        std::fs::create_dir_all(&folder).expect("the lab's folder");
        std::fs::copy(self.ca.join("ca-cert.pem"), folder.join("ca-cert.pem")).expect("the authority's");
        let (ca, key) = (self.ca.join("ca-cert.pem"), self.ca.join("ca-key.pem"));
        let (ca, key) = (ca.display().to_string(), key.display().to_string());
        let (subject, other) = (format!("/CN={name}"), format!("subjectAltName=DNS:{name}"));
        let uses = "keyUsage=critical,digitalSignature,keyEncipherment";
        let no_ca = "basicConstraints=critical,CA:FALSE";
        let given = ["-CA", &ca, "-CAkey", &key, "-subj", &subject];
        openssl(&folder, part, &[&given[..], &["-addext", &other, "-addext", uses, "-addext", no_ca]].concat());
    }
}

impl Drop for Pki<'_> {
    fn drop(&mut self) {
        for folder in FOLDERS.iter().flat_map(|f| ["hosta", "hostb"].map(|h| self.lab.folder(h, "pki").join(f))) {
            let _ = std::fs::remove_dir_all(folder);
        }
        let _ = std::fs::remove_dir_all(&self.ca);
    }
}

/// Makes `part`-key.pem and `part`-cert.pem there.
fn openssl(folder: &Path, part: &str, args: &[&str]) {
    let fixed = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    let mut command = Command::new("openssl");
    command.args(fixed).arg("-keyout").arg(folder.join(format!("{part}-key.pem")));
    let out = command.arg("-out").arg(folder.join(format!("{part}-cert.pem"))).args(args).output();
    let out = out.expect("openssl starts");
    assert!(out.status.success(), "openssl {args:?}: {}", String::from_utf8_lossy(&out.stderr));
}

fn encrypted(kind: Kind) -> Choices {
    Choices { tls: true, ..Choices::new(kind) }
}

/// What is told of an encrypted live move, if it is not good.
fn told(mover: &Mover, hosts: &(Host, Host)) -> Vec<(Severity, String)> {
    let choices = encrypted(Kind::Copy);
    let mut survey = mover.survey(hosts);
    survey.ask(&hosts.0, &hosts.1, &choices).expect("both hosts answer");
    let found = check(&survey.input(&choices)).into_iter().filter(|f| f.severity != Severity::Ok);
    found
        .inspect(|f| {
            assert_eq!(f.check, Check::Tls, "{f}");
            assert!(matches!(f.remedy, Some(Remedy::SetUpTls { .. })), "{f}");
        })
        .map(|f| (f.severity, f.reason.to_string()))
        .collect()
}

fn lacks(host: &str, file: &str) -> (Severity, String) {
    (Severity::Block, format!("{host} has no /etc/pki/qemu/{file}: TLS is not set up"))
}

/// The move is refused with these words; the machine stays.
fn refused(mover: &Mover, hosts: &(Host, Host), words: &str) {
    let mut survey = mover.survey(hosts);
    let choices = encrypted(Kind::Copy);
    survey.ask(&hosts.0, &hosts.1, &choices).expect("both hosts answer");
    let plan = drover::migrate::plan::plan(&survey, &choices).unwrap_or_else(|f| panic!("{f:?}"));
    let error = run(&hosts.0, &hosts.1, &plan, |_| (), &Cancel::default()).expect_err("it is refused");
    assert!(error.to_string().contains(words), "{error}");
    assert_eq!(mover.states(), ("running".into(), "-".into()));
}

#[test]
fn an_encrypted_move_arrives_and_what_it_lacks_is_told_before() {
    let Some(lab) = lab() else { return };
    let mover = Mover::running(&lab, "lab-tls", "/srv/local/lab-tls.qcow2", "");
    let hosts = mover.hosts();
    let pki = Pki::new(&lab);
    assert_eq!(told(&mover, &hosts), [lacks("hosta", "ca-cert.pem"), lacks("hostb", "ca-cert.pem")]);
    pki.certify("hosta", "server", "hosta");
    pki.certify("hosta", "client", "hosta");
    assert_eq!(told(&mover, &hosts), [lacks("hostb", "ca-cert.pem")], "one side only");
    pki.certify("hostb", "server", "hostb");
    std::fs::remove_file(pki.folder("hostb").join("server-key.pem")).expect("it is there");
    assert_eq!(told(&mover, &hosts), [lacks("hostb", "server-key.pem")]);
    pki.certify("hostb", "server", "somebody-else");
    assert_eq!(told(&mover, &hosts), []);
    refused(&mover, &hosts, "does not match the hostname hostb"); // which shows that it is asked
    pki.certify("hostb", "server", "hostb");

    let client = pki.folder("hosta").join("client-cert.pem");
    std::fs::remove_file(&client).expect("it is there");
    let words = "hosta has no /etc/pki/qemu/client-cert.pem: the other host refuses a sender without one, unless it was \
                 told not to ask";
    assert_eq!(told(&mover, &hosts), [(Severity::Warn, words.to_owned())]);
    refused(&mover, &hosts, "");
    pki.certify("hosta", "client", "hosta");
    assert_eq!(told(&mover, &hosts), []);
    moved(&mover, &hosts, &encrypted(Kind::Copy));
    gone_and_running(&mover);
}

#[test]
fn certificates_name_the_host_and_may_lie_in_libvirts_folder() {
    let Some(lab) = lab() else { return };
    let mover = Mover::define(&lab, "lab-tls-way", "/srv/shared/lab-tls-way.qcow2", "").paused();
    let pki = Pki::new(&lab);
    for (host, part) in [("hosta", "client"), ("hostb", "server")] {
        pki.certify(host, part, host);
    }
    let back = || {
        let to = lab.tcp_b.replace(".12/", ".11/");
        mover.woken();
        virsh(&lab.b, &["migrate", &mover.name, &to, "--live", "--persistent", "--undefinesource"]);
        mover.paused_again();
    };
    let by_address = Choices { address: Some("10.77.0.12".into()), ..encrypted(Kind::Live) };
    moved(&mover, &mover.hosts(), &by_address);
    assert_eq!(mover.states(), ("-".into(), "paused".into()));
    back();

    // A daemon looks for that folder when it starts.
    let restart = || {
        for host in ["hosta", "hostb"] {
            lab.control(&["kill", host]);
            lab.control(&["start", host]);
        }
    };
    for host in ["hosta", "hostb"] {
        let folder = lab.folder(host, "pki");
        std::fs::rename(folder.join(FOLDERS[0]), folder.join(FOLDERS[1])).expect("it is there");
    }
    restart();
    moved(&mover, &mover.hosts(), &encrypted(Kind::Live));
    assert_eq!(mover.states(), ("-".into(), "paused".into()));
    back();

    // Or where its settings say.
    let settings = lab.folder("hostb", "etc").join("qemu.conf");
    let before = std::fs::read_to_string(&settings).expect("the lab's settings");
    std::fs::write(&settings, format!("{before}migrate_tls_x509_cert_dir = \"/etc/pki/own\"\n")).expect("ours");
    let folder = lab.folder("hostb", "pki");
    std::fs::rename(folder.join(FOLDERS[1]), folder.join("own")).expect("it is there");
    restart();
    moved(&mover, &mover.hosts(), &encrypted(Kind::Live));
    assert_eq!(mover.states(), ("-".into(), "paused".into()));
    back();
    std::fs::rename(folder.join("own"), folder.join(FOLDERS[1])).expect("it is there");
    let words = "hostb has no /etc/pki/own/ca-cert.pem: TLS is not set up";
    assert_eq!(
        told(&mover, &mover.hosts()),
        [(Severity::Block, words.to_owned())],
        "what lies elsewhere does not help"
    );
    std::fs::write(&settings, before).expect("ours");
    drop(pki);
    restart();
}
