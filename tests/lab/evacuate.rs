//! A host is emptied and its machines are brought back.
use std::os::unix::fs::MetadataExt;
use std::process::Command;

use crate::pair::Mover;
use crate::support::{lab, virsh};

fn droverctl(uri: &str, args: &[&str]) -> (Option<i32>, String, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_droverctl")).args(["-c", uri]).args(args).output().expect("droverctl");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (out.status.code(), text(&out.stdout), text(&out.stderr))
}

#[test]
fn three_go_away_and_come_back() {
    let Some(lab) = lab() else { return };
    let shared = Mover::running(&lab, "lab-back-shared", "/srv/shared/lab-back-shared.qcow2", "");
    let private = Mover::running(&lab, "lab-back-private", "/srv/local/lab-back-private.qcow2", "");
    let off = Mover::define(&lab, "lab-back-off", "/srv/shared/lab-back-off.qcow2", "");
    let all = [&shared, &private, &off];
    let (code, out, error) = droverctl(&lab.a, &["bring-back", "--dry-run", "--json"]);
    assert_eq!((code, out.as_str()), (Some(0), "[]\n"), "nobody is away: {error}");

    let (code, out, error) = droverctl(&lab.a, &["evacuate", &lab.tcp_b]);
    assert_eq!(code, Some(0), "{out}{error}");
    assert_eq!(all.map(|m| m.states().0), ["-", "-", "-"], "{out}");
    let image = lab.folder("hosta", "local").join("lab-back-private.qcow2");
    // Held open: else the file that comes in its place may get its number.
    let old = std::fs::File::open(&image).expect("the image that was copied away stays behind");
    let number = |of: std::io::Result<std::fs::Metadata>| of.expect("a file's number").ino();

    // The same host by its other URI.
    let address = lab.tcp_b.replace("10.77.0.12", "10.77.0.11");
    let (code, out, error) = droverctl(&address, &["bring-back", "--dry-run"]);
    assert_eq!(code, Some(0), "{out}{error}");
    assert!(out.contains("lab-back-private ← hostb (--copy-storage)"), "{out}");
    assert!(out.contains("lab-back-off ← hostb (--offline)"), "{out}");
    assert_eq!(all.map(|m| m.states().0), ["-", "-", "-"], "a preview moves nothing");

    let (code, out, error) = droverctl(&address, &["bring-back"]);
    assert_eq!(code, Some(0), "{out}{error}");
    assert!(out.contains("3 of 3 came back"), "{out}");
    assert_eq!(all.map(|m| m.states().1), ["-", "-", "-"], "{out}");
    assert_eq!(off.states().0, "shut off");
    shared.counts_on();
    private.counts_on();
    assert_ne!(
        number(std::fs::metadata(&image)),
        number(old.metadata()),
        "what it wrote there came back, in place of what lay here"
    );
    assert!(!virsh(&lab.a, &["domblkstat", &private.name, "vda"]).is_empty(), "its disk answers");
    let (code, out, _) = droverctl(&lab.a, &["bring-back", "--dry-run", "--json"]);
    assert_eq!((code, out.as_str()), (Some(0), "[]\n"), "nobody is away any more");
}
