//! The scripts that people and CI run, where what they say can be wrong.
#![allow(clippy::unwrap_used)]
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

fn script(name: &str) -> Command {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(if name.ends_with(".py") { "python3" } else { "bash" });
    command.arg(root.join("scripts").join(name)).current_dir(root);
    command
}

fn text(out: &Output) -> String {
    String::from_utf8_lossy(&[out.stdout.as_slice(), &out.stderr].concat()).into_owned()
}

/// `make run` where there is no display, with a cargo that builds nothing.
#[test]
fn the_hint_without_a_display_names_what_was_built() {
    let dir = TempDir::new().unwrap();
    let cargo = dir.path().join("cargo");
    fs::write(&cargo, "#!/bin/sh\n").unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", dir.path().display(), std::env::var("PATH").unwrap());
    let target = dir.path().join("elsewhere");
    let mut command = script("run.sh");
    command.env("PATH", path).env("CARGO_TARGET_DIR", &target).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    let out = command.output().unwrap();
    let said = text(&out);
    assert_eq!(out.status.code(), Some(1), "{said}");
    for program in ["drover\n", "droverctl --help"] {
        assert!(said.contains(&format!("{}/release/{program}", target.display())), "{said}");
    }
    assert!(!said.contains(" target/release"), "{said}");
}

#[test]
fn a_translation_that_loses_a_value_is_refused() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("x.po");
    let plural = "msgid \"{n} machine on {h}\"\nmsgid_plural \"{n} machines on {h}\"\n";
    let one = "msgid \"One machine on {h}\"\nmsgid_plural \"{n} machines on {h}\"\n";
    for (entry, good) in [
        (format!("{plural}msgstr[0] \"{{h}} 上有 {{n}} 台\"\n"), true),
        (format!("{plural}msgstr[0] \"有 {{n}} 台\"\n"), false),
        (format!("{plural}msgstr[0] \"{{h}} 上有 {{n}} 台，{{x}}\"\n"), false),
        (format!("{plural}msgstr[0] \"{{n}} {{h}}\"\nmsgstr[1] \"{{n}}\"\n"), false),
        (format!("{one}msgstr[0] \"{{h}}\"\nmsgstr[1] \"{{n}} {{h}}\"\n"), true),
        (format!("{one}msgstr[0] \"{{h}}\"\n"), false),
        ("msgid \"{a} b\"\nmsgstr \"b\"\n".to_owned(), false),
        ("msgid \"{a} b\"\nmsgstr \"\"\n".to_owned(), true),
    ] {
        fs::write(&file, &entry).unwrap();
        let out = script("po-placeholders.py").arg(&file).output().unwrap();
        assert_eq!(out.status.success(), good, "{entry}{}", text(&out));
    }
}
