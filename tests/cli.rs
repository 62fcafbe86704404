//! droverctl as a shell sees it: output, exit status, and its one line on standard error. Needs libvirt's test driver only.
#![allow(clippy::unwrap_used)]
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

const TEST: &str = "test:///default";

fn droverctl(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_droverctl")).env_remove("LIBVIRT_DEFAULT_URI").args(args).output().unwrap()
}

fn code(out: &Output) -> i32 {
    out.status.code().unwrap()
}

fn stdout(out: &Output) -> String {
    String::from_utf8(out.stdout.clone()).unwrap()
}

fn stderr(out: &Output) -> String {
    String::from_utf8(out.stderr.clone()).unwrap()
}

/// A tree shaped like CentOS Stream 9's, whose kernel and initrd look like such and are tiny.
fn tree() -> TempDir {
    let dir = TempDir::new().unwrap();
    let boot = dir.path().join("images/pxeboot");
    fs::create_dir_all(&boot).unwrap();
    let info = "[general]\nfamily = CentOS Stream\nversion = 9\narch = x86_64\n[images-x86_64]\n\
                kernel = images/pxeboot/vmlinuz\ninitrd = images/pxeboot/initrd.img\n";
    fs::write(dir.path().join(".treeinfo"), info).unwrap();
    fs::write(boot.join("vmlinuz"), kernel()).unwrap();
    fs::write(boot.join("initrd.img"), b"07070100000000").unwrap();
    dir
}

/// The beginning of an ELF file, which some architectures' kernels are.
fn kernel() -> Vec<u8> {
    let mut kernel = vec![0; 2048];
    kernel[..4].copy_from_slice(b"\x7fELF");
    kernel
}

fn install(tree: &Path, more: &[&str]) -> Output {
    let location = tree.to_str().unwrap();
    let mut args = vec!["-c", TEST, "install", "-r", "2048", "-l", location, "-w", "network=default"];
    args.extend(more);
    droverctl(&args)
}

#[test]
fn list_shows_the_machines() {
    let out = droverctl(&["-c", TEST, "list"]);
    assert_eq!(code(&out), 0, "{}", stderr(&out));
    let text = stdout(&out);
    assert!(text.starts_with("Name"), "{text}");
    assert!(text.lines().any(|l| l.starts_with("test") && l.ends_with("running")), "{text}");
    let long = stdout(&droverctl(&["-c", TEST, "list", "-l"]));
    assert!(long.contains("6695eb01-f6a4-8304-79aa-97f2502e193f") && long.contains("aa:bb:cc:dd:ee:ff"), "{long}");
}

#[test]
fn json_is_json() {
    let out = droverctl(&["list", "--json", "--connect", TEST]);
    let value: Value = serde_json::from_str(&stdout(&out)).unwrap();
    assert_eq!(value[0]["name"], "test");
    assert_eq!(value[0]["state"], "running");
    let out = droverctl(&["-c", TEST, "--json", "list", "-l"]);
    let value: Value = serde_json::from_str(&stdout(&out)).unwrap();
    assert_eq!(value[0]["details"]["network_cards"][0]["mac"], "aa:bb:cc:dd:ee:ff");
}

#[test]
fn actions_answer_by_exit_status() {
    for (verb, said) in [("pause", "test paused\n"), ("destroy", "test forced off\n"), ("save", "test saved\n")] {
        let out = droverctl(&["-c", TEST, verb, "test"]);
        assert_eq!((code(&out), stdout(&out).as_str()), (0, said), "{verb}: {}", stderr(&out));
    }
    let out = droverctl(&["-c", TEST, "--json", "reboot", "6695eb01-f6a4-8304-79aa-97f2502e193f"]);
    let value: Value = serde_json::from_str(&stdout(&out)).unwrap();
    assert_eq!((&value["did"], &value["machine"]), (&"reboot".into(), &"test".into()));
    for verb in ["start", "create", "resume", "restore"] {
        let out = droverctl(&["-c", TEST, verb, "test"]);
        assert_eq!(code(&out), 2, "{verb} of a running machine is refused by its state");
        assert!(stderr(&out).starts_with("droverctl: test: it is"), "{}", stderr(&out));
    }
}

#[test]
fn a_failure_is_one_line() {
    for args in [
        vec!["-c", TEST, "start", "nobody"],
        vec!["-c", "qemu+unix:///system?socket=/nonexistent/socket", "list"],
        vec!["-c", "test:///nonexistent.xml", "list"],
        vec!["-c", TEST, "restore", "/nonexistent/file"],
        vec!["-c", "nonsense", "list"],
    ] {
        let out = droverctl(&args);
        assert_eq!(code(&out), 1, "{args:?}: {}", stderr(&out));
        let err = stderr(&out);
        assert!(err.starts_with("droverctl: ") && err.lines().count() == 1, "{args:?}: {err}");
        assert_eq!(stdout(&out), "", "{args:?}");
    }
}

#[test]
fn without_a_daemon_it_says_how_to_start_one() {
    let err = stderr(&droverctl(&["-c", "qemu+unix:///system?socket=/nonexistent/socket", "list"]));
    assert!(err.contains("no libvirt daemon") && err.contains("systemctl enable"), "{err}");
}

#[test]
fn wrong_usage_has_status_2() {
    for args in [vec![], vec!["-c", TEST, "frobnicate"], vec!["-c", TEST, "install", "-n", "x"]] {
        assert_eq!(code(&droverctl(&args)), 2, "{args:?}");
    }
    assert_eq!(code(&droverctl(&["--help"])), 0);
}

#[test]
fn detect_tells_what_a_tree_is() {
    let tree = tree();
    let out = droverctl(&["detect", "--json", tree.path().to_str().unwrap()]);
    let value: Value = serde_json::from_str(&stdout(&out)).unwrap();
    assert_eq!(value["id"], "centos-stream9");
    assert_eq!(value["kernel"], "images/pxeboot/vmlinuz");
    let empty = TempDir::new().unwrap();
    assert_eq!(code(&droverctl(&["detect", empty.path().to_str().unwrap()])), 1);
}

#[test]
fn a_machine_is_made_on_the_test_driver() {
    let tree = tree();
    let out = install(tree.path(), &["-n", "node2", "-f", "/default-pool/node2.img", "-s", "15", "--json"]);
    assert_eq!(code(&out), 0, "{}", stderr(&out));
    let value: Value = serde_json::from_str(&stdout(&out)).unwrap();
    assert_eq!((&value["machine"], &value["virt_type"]), (&"node2".into(), &"test".into()));
}

#[test]
fn print_xml_gives_both_definitions_and_makes_nothing() {
    let tree = tree();
    let out = install(tree.path(), &["-n", "a<b", "--nodisks", "-x", "console=ttyS0", "--print-xml"]);
    assert_eq!(code(&out), 0, "{}", stderr(&out));
    let text = stdout(&out);
    assert_eq!(text.matches("<name>a&lt;b</name>").count(), 2, "{text}");
    assert!(text.contains("console=ttyS0</cmdline>") && text.contains("<boot dev='hd'/>"), "{text}");
    assert_eq!(code(&install(tree.path(), &["-n", "node2", "--nodisks", "--dry-run"])), 0);
}

/// Each: what is asked for, and a piece of the one line that refuses it.
#[test]
fn what_can_be_known_beforehand_is_refused_with_status_2() {
    let tree = tree();
    let nodisks = |more: &[&'static str]| [&["-n", "node2", "--nodisks"], more].concat();
    let cases: [(Vec<&str>, &str); 14] = [
        (nodisks(&["-p"]), "no paravirtualisation"),
        (vec!["-n", "test", "--nodisks"], "has a machine named “test” already"),
        (vec!["-n", "a/b", "--nodisks"], "can't contain “/”"),
        (vec!["-n", " ", "--nodisks"], "a name is needed"),
        (nodisks(&["--vcpus", "0"]), "at least one"),
        (nodisks(&["--vcpus", "999"]), "999 CPUs are more than"),
        (nodisks(&["-m", "52:54:00"]), "no MAC address"),
        (nodisks(&["-m", "AA:BB:CC:DD:EE:FF"]), "used by “test”"),
        (nodisks(&["-x", "ks=http://127.0.0.1:1/ks.cfg"]), "unattended file: "),
        (vec!["-n", "node2", "-f", "node2.img", "-s", "1"], "must begin with “/”"),
        (vec!["-n", "node2", "-f", "/proc/1/a.img", "-s", "1"], "belongs to the kernel"),
        (nodisks(&["--virt-type", "xen"]), "has no Xen"),
        (vec!["-n", "node2", "-f", "/default-pool/gone.img"], "is not there"),
        (vec!["-n", "node2", "-f", "/default-pool/a.img", "-s", "0"], "at least one"),
    ];
    for (args, piece) in cases {
        let out = install(tree.path(), &args);
        let err = stderr(&out);
        assert_eq!(code(&out), 2, "{args:?}: {err}");
        assert!(err.contains(piece) && err.lines().count() == 1, "{args:?}: {err}");
    }
    let nowhere = droverctl(&["-c", TEST, "install", "-r", "2048", "-n", "node2", "--nodisks", "-l", "soft/rhel5"]);
    assert!(code(&nowhere) == 2 && stderr(&nowhere).contains("location: "), "{}", stderr(&nowhere));
    let network = droverctl(&[
        "-c",
        TEST,
        "install",
        "-n",
        "n",
        "-r",
        "512",
        "--nodisks",
        "-w",
        "network=gone",
        "-l",
        tree.path().to_str().unwrap(),
    ]);
    assert!(code(&network) == 2 && stderr(&network).contains("it has: default"), "{}", stderr(&network));
    let too_much = install(tree.path(), &["-n", "n", "--nodisks", "-r", "99999999"]);
    assert_eq!(code(&too_much), 2, "given twice is wrong usage");
}

#[test]
fn a_tree_without_a_kernel_is_refused_before_anything_is_made() {
    let tree = tree();
    fs::remove_file(tree.path().join("images/pxeboot/vmlinuz")).unwrap();
    let out = install(tree.path(), &["-n", "node2", "--nodisks"]);
    assert_eq!(code(&out), 2, "{}", stderr(&out));
    assert!(stderr(&out).contains("location: "), "{}", stderr(&out));
}

#[test]
fn a_damaged_kernel_fails_with_its_name() {
    let tree = tree();
    fs::write(tree.path().join("images/pxeboot/vmlinuz"), "<html>").unwrap();
    let out = install(tree.path(), &["-n", "node2", "--nodisks"]);
    assert_eq!(code(&out), 1, "{}", stderr(&out));
    assert!(stderr(&out).contains("images/pxeboot/vmlinuz is damaged"), "{}", stderr(&out));
}

/// A host of the test driver with one running machine of this name and title.
fn host_with(dir: &TempDir, name: &str, title: &str) -> String {
    let file = dir.path().join("host.xml");
    let domain = format!(
        "<domain type='test'><name>{name}</name><title>{title}</title><memory>8192</memory><vcpu>1</vcpu>\
         <os><type>hvm</type></os></domain>"
    );
    fs::write(&file, format!("<node>{domain}</node>")).unwrap();
    format!("test://{}", file.display())
}

#[test]
fn a_machines_texts_cant_steer_the_terminal() {
    let dir = TempDir::new().unwrap();
    // ESC itself can't be in XML; CSI (U+009B) does the same, and U+202E turns the text around.
    let uri = host_with(&dir, "a&#x9b;31mb", "x&#x9b;2J&#x202e;y&#x7f;");
    for args in [vec!["list"], vec!["list", "-l"], vec!["pause", "a\u{9b}31mb"], vec!["--json", "list", "-l"]] {
        let out = droverctl(&[&["-c", uri.as_str()], args.as_slice()].concat());
        assert_eq!(code(&out), 0, "{args:?}: {}", stderr(&out));
        let text = stdout(&out);
        assert!(!text.contains(|c: char| c.is_control() && c != '\n' || c == '\u{202e}'), "{args:?}: {text:?}");
    }
    assert!(stdout(&droverctl(&["-c", &uri, "list", "-l"])).contains("x\\u{9b}2J\\u{202e}y\\u{7f}"));
    let json: Value = serde_json::from_str(&stdout(&droverctl(&["-c", &uri, "--json", "list", "-l"]))).unwrap();
    assert_eq!(json[0]["details"]["title"], "x\u{9b}2J\u{202e}y\u{7f}");
    let failed = droverctl(&["-c", &uri, "start", "no\u{9b}body"]);
    assert!(stderr(&failed).contains("no\\u{9b}body"), "{}", stderr(&failed));
}

#[test]
fn a_relative_file_is_meant_from_here_and_refused_for_another_host() {
    let dir = TempDir::new().unwrap();
    let here = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_droverctl"));
        command.current_dir(dir.path()).args(args).output().unwrap()
    };
    let out = here(&["-c", TEST, "save", "test", "node.save"]);
    assert_eq!(code(&out), 0, "{}", stderr(&out));
    assert!(dir.path().join("node.save").is_file());
    let out = here(&["-c", TEST, "--json", "restore", "./node.save"]);
    assert_eq!(code(&out), 1, "the machine runs: {}", stderr(&out));
    let gone = here(&["-c", TEST, "restore", "./gone.save"]);
    assert!(stderr(&gone).contains(dir.path().join("gone.save").to_str().unwrap()), "{}", stderr(&gone));
    // Refused before anything is opened: nothing answers there.
    for args in [["save", "vm", "node.save"].as_slice(), &["restore", "./node.save"], &["restore", "a/b"]] {
        let out = here(&[&["-c", "qemu+ssh://no-such-host.invalid/system"], args].concat());
        assert_eq!(code(&out), 2, "{args:?}: {}", stderr(&out));
        assert!(stderr(&out).contains("whole path"), "{}", stderr(&out));
    }
}

#[test]
fn two_unattended_files_are_refused() {
    let tree = tree();
    for more in
        [["-x", "ks=http://u:hunter2@h/1 ks=http://h/2"].as_slice(), &["-x", "inst.ks=nfs:h:/a", "-x", "ks=file:/b"]]
    {
        let out = install(tree.path(), &[&["-n", "node2", "--nodisks"], more].concat());
        assert_eq!(code(&out), 2, "{}", stderr(&out));
        let err = stderr(&out);
        assert!(err.contains("more than one unattended file") && !err.contains("hunter2"), "{err}");
    }
}

#[test]
fn no_password_is_printed() {
    let tree = tree();
    let args = "updates=http://me:hunter2@h/u.img";
    for more in [["--print-xml"].as_slice(), &["--json", "--dry-run"]] {
        let out = install(tree.path(), &[&["-n", "node2", "--nodisks", "-x", args], more].concat());
        assert_eq!(code(&out), 0, "{}", stderr(&out));
        assert!(stdout(&out).contains("me:…@h") && !stdout(&out).contains("hunter2"), "{}", stdout(&out));
    }
    for location in ["http://me:hunter2@127.0.0.1:1/tree", "gopher://me:hunter2@h/tree"] {
        let out = droverctl(&["detect", location]);
        assert!(code(&out) == 1 && !stderr(&out).contains("hunter2"), "{}", stderr(&out));
    }
}
