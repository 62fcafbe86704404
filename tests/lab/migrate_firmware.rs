//! Machines whose firmware keeps variables in a file: it arrives with the machine, or is told to stand in the way.
use std::path::PathBuf;

use drover::migrate::finding::{Check, Remedy, Severity};
use drover::migrate::plan::plan;
use drover::migrate::run::run;
use drover::migrate::survey::Survey;
use drover::migrate::{Choices, Kind, check::check};
use drover::task::Cancel;

use crate::migrate::{blocks, moved};
use crate::pair::Mover;
use crate::support::{Lab, lab, virsh};

/// Puts a firmware (the plain BIOS, which does as well) and what variables are made from into the shared folder.
fn firmware(lab: &Lab) {
    let shared = lab.folder("", "shared");
    let bios = ["/usr/share/seabios/bios-256k.bin", "/usr/share/qemu/bios-256k.bin"].into_iter();
    let bios = bios.map(PathBuf::from).find(|f| f.exists()).expect("QEMU comes with a BIOS");
    std::fs::copy(bios, shared.join("lab-code.fd")).expect("the lab's folder");
    template(lab, b'a');
}

fn template(lab: &Lab, byte: u8) {
    std::fs::write(lab.folder("", "shared").join("lab-template.fd"), vec![byte; 1 << 17]).expect("the lab's folder");
}

/// A machine with it, its disk in `folder`.
fn with<'a>(lab: &'a Lab, name: &str, folder: &str, code: &str, template: &str) -> Mover<'a> {
    let os = format!(
        "<loader readonly='yes' type='pflash'>{code}</loader><nvram template='{template}'>\
         /var/lib/libvirt/qemu/nvram/{name}.fd</nvram><kernel>"
    );
    Mover::define(lab, name, &format!("{folder}/{name}.qcow2"), "").changed(|xml| xml.replace("<kernel>", &os))
}

/// A host's file of its variables.
fn variables(lab: &Lab, host: &str, name: &str) -> PathBuf {
    lab.folder(host, "varlib/qemu/nvram").join(format!("{name}.fd"))
}

const CODE: &str = "/srv/shared/lab-code.fd";
const TEMPLATE: &str = "/srv/shared/lab-template.fd";

#[test]
fn variables_travel_with_a_running_machine_and_back() {
    let Some(lab) = lab() else { return };
    firmware(&lab);
    let name = "lab-nvram";
    let mover = with(&lab, name, "/srv/local", CODE, TEMPLATE);
    virsh(&lab.a, &["start", name]);
    let hosts = mover.hosts();
    let (here, there) = (variables(&lab, "hosta", name), variables(&lab, "hostb", name));
    let are = |file: &PathBuf, byte: u8| std::fs::read(file).is_ok_and(|all| all == vec![byte; 1 << 17]);
    assert!(are(&here, b'a'));
    template(&lab, b'b'); // what a file there is made from first
    moved(&mover, &hosts, &Choices::new(Kind::Copy));
    assert_eq!(mover.states(), ("-".into(), "running".into()));
    assert!(are(&there, b'a'), "they came along");

    // Back, over what was left there.
    std::fs::write(&here, vec![b'c'; 1 << 17]).expect("it was left there");
    let home = (hosts.1.clone(), hosts.0.clone());
    let id = drover::domain::DomainId(virsh(&lab.b, &["domuuid", name]).trim().parse().expect("a UUID"));
    let survey = Survey::read(&home.0, &home.1, id, false).expect("both hosts answer");
    let disk = format!("/srv/local/{name}.qcow2");
    let choices = |replace: Vec<String>| Choices { shared: Some(false), replace, ..Choices::new(Kind::Static) };
    let found = check(&survey.input(&choices(vec![disk.clone()])));
    let block = found.iter().find(|f| f.severity == Severity::Block).expect("it is in the way");
    let path = format!("/var/lib/libvirt/qemu/nvram/{name}.fd");
    let words = format!("hosta has a file {path} already, where its firmware variables belong");
    assert_eq!((block.check, block.reason.to_string()), (Check::Firmware, words));
    assert_eq!(block.remedy, Some(Remedy::Replace { path: path.clone() }));
    let plan = plan(&survey, &choices(vec![disk, path])).unwrap_or_else(|f| panic!("{f:?}"));
    run(&home.0, &home.1, &plan, |_| (), &Cancel::default()).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(mover.states(), ("running".into(), "-".into()));
    assert!(are(&here, b'a'), "they came back");
}

#[test]
fn variables_of_a_machine_that_is_off() {
    let Some(lab) = lab() else { return };
    firmware(&lab);
    let name = "lab-nvram-off";
    let mover = with(&lab, name, "/srv/local", CODE, TEMPLATE);
    virsh(&lab.a, &["start", "--paused", name]);
    virsh(&lab.a, &["destroy", name]);
    virsh(&lab.a, &["autostart", name]);
    std::fs::write(variables(&lab, "hosta", name), vec![b'v'; 1 << 17]).expect("it was made at the start");
    let hosts = mover.hosts();
    let words = format!(
        "its firmware variables (/var/lib/libvirt/qemu/nvram/{name}.fd) are not copied by this kind of migration"
    );
    assert!(blocks(&mover, &hosts, Kind::Offline).contains(&(Check::Firmware, words)));
    moved(&mover, &hosts, &Choices::new(Kind::Static));
    assert_eq!(mover.states(), ("-".into(), "shut off".into()));
    assert_eq!(std::fs::read(variables(&lab, "hostb", name)).expect("they came along"), vec![b'v'; 1 << 17]);
    assert!(!variables(&lab, "hosta", name).exists(), "they are gone with the machine");
    let info = virsh(&lab.b, &["dominfo", name]);
    let autostart = info.lines().find(|l| l.starts_with("Autostart:")).unwrap_or_default();
    assert!(autostart.ends_with("enable"), "{info}");
    virsh(&lab.b, &["start", "--paused", name]);
}

#[test]
fn firmware_that_is_not_there() {
    let Some(lab) = lab() else { return };
    firmware(&lab);
    for (name, file, code, template, theirs) in [
        ("lab-no-code", "lab-code.fd", "/srv/local/lab-code.fd", TEMPLATE, "/srv/local/lab-code.fd"),
        ("lab-no-template", "lab-template.fd", CODE, "/srv/local/lab-template.fd", "/srv/local/lab-template.fd"),
    ] {
        let here = lab.folder("hosta", "local").join(file);
        std::fs::copy(lab.folder("", "shared").join(file), &here).expect("the lab's folder");
        let mover = with(&lab, name, "/srv/shared", code, template).paused();
        let words = format!("hostb has no firmware /srv/local/{file}");
        assert_eq!(blocks(&mover, &mover.hosts(), Kind::Live), [(Check::Firmware, words)]);
        let args = ["-q", "-c", &lab.a, "migrate", name, &lab.tcp_b, "--live"];
        let out = std::process::Command::new("virsh").args(args).output().expect("virsh starts");
        let error = String::from_utf8_lossy(&out.stderr);
        assert!(!out.status.success() && error.contains(theirs), "{error}");
        assert_eq!(mover.state_here(), "paused");
        std::fs::remove_file(here).expect("it is ours");
    }
}
