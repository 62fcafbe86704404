//! Kickstart: which commands exist in which generation, and what a file must have (the Kickstart reference).
use std::collections::BTreeSet;
use std::net::IpAddr;

use super::{LineProblem, Wanted, block, warn};
use crate::finding::Finding;
use crate::install::detect::Generation::{self, Rhel5, Rhel6, Rhel7, Rhel8};

/// Commands by the first and the last generation that knows them.
const COMMANDS: [(&[&str], Generation, Generation); 7] = [
    (
        &[
            "auth",
            "authconfig",
            "autopart",
            "autostep",
            "bootloader",
            "cdrom",
            "clearpart",
            "cmdline",
            "device",
            "driverdisk",
            "firewall",
            "firstboot",
            "graphical",
            "halt",
            "harddrive",
            "ignoredisk",
            "install",
            "iscsi",
            "iscsiname",
            "keyboard",
            "lang",
            "logging",
            "logvol",
            "mediacheck",
            "method",
            "network",
            "nfs",
            "part",
            "partition",
            "poweroff",
            "raid",
            "reboot",
            "repo",
            "rootpw",
            "selinux",
            "services",
            "shutdown",
            "skipx",
            "text",
            "timezone",
            "updates",
            "upgrade",
            "url",
            "user",
            "vnc",
            "volgroup",
            "xconfig",
            "zerombr",
            "zfcp",
            "deviceprobe",
            "dmraid",
            "multipath",
            "monitor",
        ],
        Rhel5,
        Rhel8,
    ),
    (&["interactive", "langsupport", "mouse", "lilo", "lilocheck", "key"], Rhel5, Rhel6),
    (&["fcoe", "group", "rescue", "sshpw", "unsupported_hardware"], Rhel6, Rhel8),
    (&["btrfs"], Rhel6, Rhel7),
    (
        &["eula", "liveimg", "nvdimm", "ostreesetup", "realm", "reqpart", "snapshot", "sshkey", "hmc", "pwpolicy"],
        Rhel7,
        Rhel8,
    ),
    (&["mount", "authselect", "module", "rhsm", "syspurpose", "zipl", "timesource"], Rhel8, Rhel8),
    (&["ostreecontainer", "bootc", "rdp"], Rhel8, Rhel8),
];

/// Sections that are ended by `%end`, since the generation in which it came.
const SECTIONS: [(&str, Generation); 9] = [
    ("%packages", Rhel5),
    ("%pre", Rhel5),
    ("%post", Rhel5),
    ("%traceback", Rhel5),
    ("%pre-install", Rhel7),
    ("%onerror", Rhel7),
    ("%addon", Rhel7),
    ("%anaconda", Rhel7),
    ("%certificate", Rhel8),
];

/// What a run without questions needs: any one of these.
const WANTED: [(&[&str], Wanted); 6] = [
    (&["lang"], Wanted::Language),
    (&["keyboard"], Wanted::Keyboard),
    (&["timezone"], Wanted::TimeZone),
    (&["rootpw", "user", "sshkey"], Wanted::Password),
    (&["bootloader"], Wanted::BootLoader),
    (&["autopart", "part", "partition", "volgroup", "logvol", "raid", "btrfs", "mount", "reqpart"], Wanted::DiskLayout),
];

/// What is known so far of a file.
struct Reader {
    generation: Option<Generation>,
    findings: Vec<Finding>,
    seen: BTreeSet<String>,
    /// The section that we are in, and its first line.
    section: Option<(String, usize)>,
    /// Sections that something other than `%end` ended.
    unended: Vec<(String, usize)>,
    first_end: Option<usize>,
    /// Its commands may be elsewhere.
    includes: bool,
}

/// What an installer of this generation would stumble over or ask for. Where the generation is not known, only what no
/// generation takes.
pub(super) fn check(text: &str, generation: Option<Generation>) -> Vec<Finding> {
    if let Some(at) = text.lines().position(|line| line.starts_with("d-i ")) {
        return vec![block(at + 1, LineProblem::Preseed)];
    }
    let mut reader = Reader {
        generation,
        findings: Vec::new(),
        seen: BTreeSet::new(),
        section: None,
        unended: Vec::new(),
        first_end: None,
        includes: false,
    };
    for (line, number) in text.lines().zip(1..) {
        reader.line(line, number);
    }
    reader.finish()
}

impl Reader {
    fn line(&mut self, line: &str, number: usize) {
        let trimmed = line.trim();
        let word = trimmed.split_whitespace().next().unwrap_or_default();
        let known = SECTIONS.iter().find(|(name, _)| *name == word);
        match word {
            "%end" => self.end(number),
            "%include" | "%ksappend" => self.includes = true,
            _ if known.is_some() => {
                self.unended.extend(self.section.take());
                self.section = Some((word.to_owned(), number));
                if let (Some((_, since)), Some(generation)) = (known, self.generation)
                    && generation < *since
                {
                    self.findings.push(block(number, LineProblem::NewSection(word.to_owned())));
                }
            }
            _ if self.section.is_some() || word.is_empty() || word.starts_with('#') => {}
            _ if word.starts_with('%') => {
                self.findings.push(self.unknown(number, LineProblem::NoSection(short(word))));
            }
            _ => self.command(word, trimmed, number),
        }
    }

    fn end(&mut self, number: usize) {
        self.first_end.get_or_insert(number);
        if self.section.take().is_none() {
            self.findings.push(block(number, LineProblem::StrayEnd));
        }
    }

    fn command(&mut self, word: &str, line: &str, number: usize) {
        self.seen.insert(word.to_owned());
        let spans: Vec<_> = COMMANDS.iter().filter(|(names, ..)| names.contains(&word)).collect();
        if spans.is_empty() {
            self.findings.push(self.unknown(number, LineProblem::NoCommand(short(word))));
        } else if let Some(generation) = self.generation
            && !spans.iter().any(|(_, first, last)| (*first..=*last).contains(&generation))
        {
            self.findings.push(self.unknown(number, LineProblem::OtherCommand(word.to_owned())));
        }
        if word == "network" {
            self.findings.extend(network(line, number));
        }
    }

    /// A closed generation stops at what it doesn't know; one that still grows may know more than we.
    fn unknown(&self, number: usize, problem: LineProblem) -> Finding {
        match self.generation {
            Some(Rhel5 | Rhel6 | Rhel7) => block(number, problem),
            Some(Rhel8) | None => warn(number, problem),
        }
    }

    fn finish(mut self) -> Vec<Finding> {
        self.unended.extend(self.section.take());
        // Where the generation is not known, a file without any %end is one of RHEL 5.
        let needs_end = self.generation.map_or(self.first_end.is_some(), |generation| generation > Rhel5);
        match (needs_end, self.first_end) {
            (true, _) => {
                let unended = self.unended.iter();
                self.findings.extend(unended.map(|(name, line)| block(*line, LineProblem::NotEnded(name.clone()))));
            }
            (false, Some(line)) => {
                self.findings.push(warn(line, LineProblem::EndTooNew));
            }
            (false, None) => {}
        }
        if !self.includes && !self.seen.contains("upgrade") {
            let missing = WANTED.iter().filter(|(any, _)| !any.iter().any(|name| self.seen.contains(*name)));
            self.findings.extend(missing.map(|(_, wanted)| warn(1, LineProblem::Missing(*wanted))));
        }
        self.findings
    }
}

/// A word as it can stand in a message.
pub(super) fn short(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The options of a line: `--name=value`, `--name value`, `--name`.
fn options(line: &str) -> Vec<(&str, Option<&str>)> {
    let mut words = line.split_whitespace().skip(1).peekable();
    let mut options = Vec::new();
    while let Some(word) = words.next() {
        let Some(option) = word.strip_prefix("--") else { continue };
        match option.split_once('=') {
            Some((name, value)) => options.push((name, Some(value.trim_matches('"')))),
            None => options.push((option, words.next_if(|next| !next.starts_with("--")))),
        }
    }
    options
}

fn network(line: &str, number: usize) -> Vec<Finding> {
    let options = options(line);
    let value =
        |name: &str| options.iter().find(|(option, _)| *option == name).map(|(_, value)| value.unwrap_or_default());
    let mut findings = Vec::new();
    if value("device") == Some("") {
        findings.push(block(number, LineProblem::NoDevice));
    }
    match value("bootproto") {
        None | Some("dhcp" | "bootp" | "query" | "ibft") => {}
        Some("static") if value("ip").is_none() => {
            findings.push(warn(number, LineProblem::NoAddress));
        }
        Some("static") => {}
        Some(other) => {
            findings.push(block(number, LineProblem::BootProto(short(other))));
        }
    }
    for option in ["ip", "netmask", "gateway"] {
        let wrong =
            value(option).filter(|text| text.parse::<IpAddr>().is_err() && !["dhcp", "bootp", "ibft"].contains(text));
        findings.extend(wrong.map(|text| block(number, LineProblem::BadAddress { option, text: short(text) })));
    }
    findings
}
