//! debian-installer's trees: a mirror, its `dists/SUITE`, an `installer-ARCH`, its `images` or `netboot`, or a CD's files.
use super::{Detected, Family, Pair, Probe};
use crate::Result;
use crate::error::Absent;
use crate::install::source::Location;

/// A release, by its code name.
struct Release {
    code_name: &'static str,
    version: &'static str,
    ubuntu: bool,
}

const fn debian(code_name: &'static str, version: &'static str) -> Release {
    Release { code_name, version, ubuntu: false }
}

const fn ubuntu(code_name: &'static str, version: &'static str) -> Release {
    Release { code_name, version, ubuntu: true }
}

/// Newest first, as they are tried where a mirror can't be listed. Ubuntu left debian-installer after 20.04.
const RELEASES: [Release; 13] = [
    debian("trixie", "13"),
    debian("bookworm", "12"),
    debian("bullseye", "11"),
    debian("buster", "10"),
    debian("stretch", "9"),
    debian("jessie", "8"),
    debian("wheezy", "7"),
    debian("forky", "14"),
    ubuntu("focal", "20.04"),
    ubuntu("bionic", "18.04"),
    ubuntu("xenial", "16.04"),
    ubuntu("trusty", "14.04"),
    ubuntu("precise", "12.04"),
];

/// Debian's name of an architecture, and the kernel's.
const ARCHS: [(&str, &str); 3] = [("amd64", "x86_64"), ("i386", "i686"), ("arm64", "aarch64")];

/// Enough for any Release file.
const LIMIT: u64 = 8 << 20;

/// What a location's parts or a Release file say of it.
#[derive(Default)]
struct About {
    code_name: Option<String>,
    version: Option<String>,
    ubuntu: bool,
    /// The suite's folder beneath the mirror, where the tree is a whole mirror.
    suite: Option<String>,
}

/// The installer that lies there; else, where half of a pair lies there, the other half.
pub(super) fn look(location: &Location, probe: &mut Probe) -> Result<Result<Detected, Option<Absent>>> {
    let mut half = None;
    let written = location.to_string();
    let mut here = About::default();
    here.name(parts_after(&written, "dists").unwrap_or_default());
    for prefix in ["", "images/", "current/images/"] {
        if let Some((pair, arch)) = netboot(probe, prefix, &written, &mut half)? {
            return Ok(Ok(detected(location, here, pair, arch)));
        }
    }
    if let Some((pair, arch)) = suite_pair(probe, "", &written, &mut half)? {
        here.release(probe, "Release")?;
        return Ok(Ok(detected(location, here, pair, arch)));
    }
    for suite in suites(probe)? {
        let mut about = About { suite: Some(suite.clone()), ..About::default() };
        about.name(&suite);
        let known = about.release(probe, &format!("dists/{suite}/Release"))?;
        // A mirror that can't be listed is not searched through for every suite that ever was.
        if !known && matches!(location, Location::Http(_)) && !likely(probe, &suite, &written)? {
            continue;
        }
        if let Some((pair, arch)) = suite_pair(probe, &format!("dists/{suite}/"), &written, &mut half)? {
            return Ok(Ok(detected(location, about, pair, arch)));
        }
    }
    disc(location, probe, &mut half).map(|found| found.ok_or(half))
}

/// One question to the server instead of dozens: whether a suite without a Release file has an installer.
fn likely(probe: &mut Probe, suite: &str, written: &str) -> Result<bool> {
    let arch = archs(written)[0].0;
    let kernel = format!("dists/{suite}/main/installer-{arch}/current/images/netboot/debian-installer/{arch}/linux");
    let stat = probe.tree.stat(&kernel);
    Ok(probe.permitted(stat)?.is_some())
}

/// The suites of a mirror, the newest known release first.
fn suites(probe: &mut Probe) -> Result<Vec<String>> {
    let known = || RELEASES.iter().map(|release| release.code_name.to_owned());
    let listed = probe.names("dists")?;
    if listed.is_empty() {
        return Ok(["stable".to_owned()].into_iter().chain(known()).collect());
    }
    let (mut found, others): (Vec<_>, Vec<_>) = listed.into_iter().partition(|name| release(name).is_some());
    found.sort_by_key(|name| RELEASES.iter().position(|release| release.code_name == name));
    found.extend(others);
    Ok(found)
}

fn release(code_name: &str) -> Option<&'static Release> {
    RELEASES.iter().find(|release| release.code_name == code_name)
}

/// The part of a path that follows `folder`.
fn parts_after<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    let mut parts = path.split('/');
    parts.find(|part| *part == folder)?;
    parts.next()
}

type Found = Option<(Pair, &'static str)>;

/// Beneath a suite's folder: `main/installer-ARCH/current/…`.
fn suite_pair(probe: &mut Probe, prefix: &str, written: &str, half: &mut Option<Absent>) -> Result<Found> {
    for (arch, machine) in archs(written) {
        for images in ["images", "legacy-images"] {
            let folder = format!("{prefix}main/installer-{arch}/current/{images}/");
            for place in places(arch) {
                if let Some(pair) = both(probe, &format!("{folder}netboot/{place}"), "linux", half)? {
                    return Ok(Some((pair, machine)));
                }
            }
        }
    }
    Ok(None)
}

/// Beneath an images folder, in a netboot folder, or where the two files lie.
fn netboot(probe: &mut Probe, prefix: &str, written: &str, half: &mut Option<Absent>) -> Result<Found> {
    for (arch, machine) in archs(written) {
        for place in places(arch) {
            for folder in [format!("{prefix}netboot/{place}"), format!("{prefix}{place}")] {
                if let Some(pair) = both(probe, &folder, "linux", half)? {
                    return Ok(Some((pair, machine)));
                }
            }
        }
    }
    let machine = archs(written)[0].1;
    Ok(both(probe, prefix, "linux", half)?.map(|pair| (pair, machine)))
}

fn places(arch: &str) -> [String; 2] {
    [format!("debian-installer/{arch}/"), format!("ubuntu-installer/{arch}/")]
}

/// The architectures to try: one that the location names comes first.
fn archs(written: &str) -> [(&'static str, &'static str); 3] {
    let mut archs = ARCHS;
    archs.sort_by_key(|(arch, _)| !written.split(['/', '-']).any(|part| part == *arch));
    archs
}

fn both(probe: &mut Probe, folder: &str, kernel: &str, half: &mut Option<Absent>) -> Result<Option<Pair>> {
    match probe.pair(&format!("{folder}{kernel}"), &format!("{folder}initrd.gz"))? {
        Ok(pair) => return Ok(Some(pair)),
        Err(missing) => {
            if let [one] = missing.as_slice() {
                *half = Some(one.clone());
            }
        }
    }
    Ok(None)
}

/// The files of a CD: `install.amd/vmlinuz`, and `.disk/info` with its name.
fn disc(location: &Location, probe: &mut Probe, half: &mut Option<Absent>) -> Result<Option<Detected>> {
    for (folder, machine) in
        [("install.amd/", "x86_64"), ("install.386/", "i686"), ("install.a64/", "aarch64"), ("install/", "x86_64")]
    {
        let Some(pair) = both(probe, folder, "vmlinuz", half)? else { continue };
        let info = probe.text(".disk/info", 64 << 10)?.unwrap_or_default();
        let mut about = About { ubuntu: info.contains("Ubuntu"), ..About::default() };
        let word =
            info.split(|c: char| !c.is_ascii_alphanumeric()).find(|word| release(&word.to_ascii_lowercase()).is_some());
        about.name(&word.unwrap_or_default().to_ascii_lowercase());
        return Ok(Some(detected(location, about, pair, machine)));
    }
    Ok(None)
}

impl About {
    /// Takes what the table knows of a code name.
    fn name(&mut self, code_name: &str) {
        if let Some(release) = release(code_name) {
            self.code_name = Some(release.code_name.into());
            self.version = Some(release.version.into());
            self.ubuntu = release.ubuntu;
        }
    }

    /// Takes what a suite's Release file says (Debian wiki, DebianRepository/Format); false if there is none.
    fn release(&mut self, probe: &mut Probe, path: &str) -> Result<bool> {
        let Some(text) = probe.text(path, LIMIT)? else { return Ok(false) };
        let field = |name: &str| {
            let lines = text.lines().take_while(|line| !line.starts_with("MD5Sum") && !line.starts_with("SHA256"));
            lines
                .filter_map(|line| line.split_once(':'))
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.trim().to_owned())
        };
        self.ubuntu |= field("Origin").as_deref() == Some("Ubuntu");
        if let Some(code_name) = field("Codename") {
            self.name(&code_name);
            self.code_name = Some(code_name);
        }
        if let Some(version) = field("Version").filter(|version| !version.is_empty()) {
            // Debian counts its point releases after a dot, Ubuntu its months.
            let major = version.split('.').next().unwrap_or(&version).to_owned();
            self.version = Some(if self.ubuntu { version } else { major });
        }
        Ok(self.code_name.is_some() || self.version.is_some())
    }
}

fn detected(location: &Location, about: About, pair: Pair, machine: &str) -> Detected {
    let name = if about.ubuntu { "Ubuntu" } else { "Debian GNU/Linux" };
    let mut os = name.to_owned();
    for word in [about.version.clone(), about.code_name.as_ref().map(|code_name| format!("({code_name})"))]
        .into_iter()
        .flatten()
    {
        os = format!("{os} {word}");
    }
    let id = if about.ubuntu { "ubuntu" } else { "debian" };
    let old = !about.ubuntu && about.version.as_deref().and_then(super::major).is_some_and(|major| major <= 9);
    Detected {
        location: location.clone(),
        family: Family::Debian,
        os,
        os_short_id: about.version.as_ref().map(|version| format!("{id}{version}")),
        version: about.version,
        arch: Some(machine.to_owned()),
        kernel: pair.kernel.0,
        kernel_size: pair.kernel.1,
        initrd: pair.initrd.0,
        initrd_size: pair.initrd.1,
        xen: None,
        repo_args: mirror_args(location, about.suite.as_deref()),
        // The installer's manual, "Memory and Disk Space Requirements".
        minimum_memory_mib: if old { 256 } else { 512 },
        recommended_memory_mib: if old { 512 } else { 1024 },
    }
}

/// Answers to the installer's questions about its mirror, where the tree is a mirror that it can read: HTTP(S).
fn mirror_args(location: &Location, suite: Option<&str>) -> Vec<String> {
    let Location::Http(url) = location else { return Vec::new() };
    let mirror = match (suite, url.split_once("/dists/")) {
        (Some(_), _) => url.as_str(),
        (None, Some((mirror, _))) => mirror,
        (None, None) => return Vec::new(),
    };
    let Some((scheme, rest)) = mirror.split_once("://") else { return Vec::new() };
    let (host, folder) = rest.split_once('/').unwrap_or((rest, ""));
    vec![
        "mirror/country=manual".into(),
        format!("mirror/protocol={scheme}"),
        format!("mirror/{scheme}/hostname={host}"),
        format!("mirror/{scheme}/directory=/{folder}"),
    ]
}

/// What makes debian-installer ask nothing that `source` answers (its manual, appendix B.2).
pub(super) fn automatic(source: String) -> Vec<String> {
    vec!["auto=true".into(), "priority=critical".into(), source]
}
