//! droverctl's check-migrate as a shell sees it, where libvirt's test driver is enough.
#![allow(clippy::unwrap_used)]
use std::process::{Command, Output};

const TEST: &str = "test:///default";

fn droverctl(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_droverctl"))
        .env_remove("LIBVIRT_DEFAULT_URI")
        .env("XDG_STATE_HOME", env!("CARGO_TARGET_TMPDIR"))
        .args(args)
        .output()
        .unwrap()
}

fn outcome(args: &[&str]) -> (i32, String, String) {
    let out = droverctl(args);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (out.status.code().unwrap(), text(out.stdout), text(out.stderr))
}

#[test]
fn a_block_is_2_and_what_cannot_be_found_out_is_1() {
    let (code, out, error) = outcome(&["-c", TEST, "check-migrate", "test", TEST]);
    assert_eq!(code, 2, "{error}");
    assert!(out.contains("same-host") && out.contains("block"), "{out}");
    for args in [
        ["-c", TEST, "check-migrate", "nobody", TEST],
        ["-c", TEST, "check-migrate", "test", "test:///no/such/file.xml"],
    ] {
        let (code, out, error) = outcome(&args);
        assert_eq!((code, out.as_str()), (1, ""), "{args:?}: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn findings_come_as_json() {
    let (code, out, _) = outcome(&["-c", TEST, "check-migrate", "test", TEST, "--json", "--kind", "offline"]);
    let findings: serde_json::Value = serde_json::from_str(&out).unwrap();
    let first = &findings.as_array().unwrap()[0];
    assert_eq!(code, 2);
    assert_eq!((first["check"].as_str(), first["severity"].as_str()), (Some("same-host"), Some("block")));
    assert!(first["reason"].is_string() && first["remedy"].is_null(), "{first}");
}

#[test]
fn wrong_usage_is_named() {
    let (code, _, error) = outcome(&["-c", TEST, "check-migrate", "test", TEST, "--bridge", "xenbr0"]);
    assert_eq!(code, 2);
    assert!(error.contains("HERE=THERE"), "{error}");
}
