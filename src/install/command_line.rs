//! The equal commands of a plan, to copy into a shell: for `virt-install` and for `droverctl`. Passwords in URLs are
//! hidden: who copies the command puts them in again.
use crate::install::plan::Plan;
use crate::install::source::Location;
use crate::install::{Disk, Format, Network, Unattended, VirtChoice};
use crate::secret::hidden;

/// The `virt-install` command that would make the same machine, quoted for a shell. virt-install reads no NFS ("NFS URL
/// installs are no longer supported"), so for a tree there this is [`droverctl`]'s command.
pub fn virt_install(plan: &Plan, uri: &str) -> String {
    if matches!(plan.detected.location, Location::Nfs(_)) {
        return droverctl(plan, uri);
    }
    let r = &plan.request;
    let mut words = Words::new("virt-install");
    words.pair("--connect", uri);
    words.pair("--name", &r.name);
    words.pair("--memory", &r.memory_mib.to_string());
    words.pair("--vcpus", &r.vcpus.to_string());
    match r.virt {
        VirtChoice::XenPv => words.one("--paravirt"),
        VirtChoice::XenHvm => words.one("--hvm"),
        _ => words.pair("--virt-type", &plan.virt_type),
    }
    match plan.detected.os_short_id.as_deref() {
        Some(id) => words.pair("--osinfo", &format!("{id},require=off")),
        None => words.pair("--osinfo", "detect=on,require=off"),
    }
    words.pair("--location", &plan.detected.location.to_string());
    // virt-install itself says where the tree is.
    let repo = &plan.detected.repo_args;
    let args: Vec<_> = plan.kernel_args.split(' ').filter(|a| !repo.iter().any(|r| r == a)).collect();
    if !args.concat().is_empty() {
        words.pair("--extra-args", &args.join(" "));
    }
    if let Some((path, _)) = &plan.inject {
        words.pair("--initrd-inject", &path.to_string_lossy());
    }
    match &r.disk {
        Disk::New { path, size_gib, format, sparse } => {
            let sparse = if *sparse { "" } else { ",sparse=no" };
            let path = option_value(path);
            words.pair("--disk", &format!("path={path},size={size_gib},format={}{sparse}", name_of(*format)));
        }
        Disk::Existing { path } => words.pair("--disk", &format!("path={}", option_value(path))),
        Disk::None => words.pair("--disk", "none"),
    }
    words.pair("--network", &network(plan));
    words.pair("--graphics", "vnc");
    words.text
}

/// The `droverctl install` command that makes the same machine, quoted for a shell.
pub fn droverctl(plan: &Plan, uri: &str) -> String {
    let r = &plan.request;
    let mut words = Words::new("droverctl");
    words.pair("--connect", uri);
    words.one("install");
    words.pair("--name", &r.name);
    words.pair("--memory", &r.memory_mib.to_string());
    words.pair("--vcpus", &r.vcpus.to_string());
    match r.virt {
        VirtChoice::Auto => {}
        VirtChoice::Kvm => words.pair("--virt-type", "kvm"),
        VirtChoice::Qemu => words.pair("--virt-type", "qemu"),
        VirtChoice::XenPv => words.one("--paravirt"),
        VirtChoice::XenHvm => words.one("--hvm"),
    }
    words.pair("--location", &plan.detected.location.to_string());
    let mut extra = r.extra_args.split_whitespace().collect::<Vec<_>>().join(" ");
    match &r.unattended {
        Unattended::None => {}
        Unattended::Url(url) => extra = format!("ks={url} {extra}").trim_end().to_owned(),
        Unattended::Inject(path) => words.pair("--initrd-inject", &path.to_string_lossy()),
    }
    if !extra.is_empty() {
        words.pair("--extra-args", &extra);
    }
    match &r.disk {
        Disk::New { path, size_gib, format, sparse } => {
            words.pair("--file", path);
            words.pair("--file-size", &size_gib.to_string());
            words.pair("--format", name_of(*format));
            if !sparse {
                words.one("--nonsparse");
            }
        }
        Disk::Existing { path } => words.pair("--file", path),
        Disk::None => words.one("--nodisks"),
    }
    words.pair("--network", &network(plan));
    words.text
}

/// virt-install's `--network` value.
fn network(plan: &Plan) -> String {
    let mut value = match &plan.request.network {
        Network::Bridge(name) => format!("bridge={}", option_value(name)),
        Network::Network(name) => format!("network={}", option_value(name)),
        Network::User => "user".to_owned(),
        Network::None => return "none".to_owned(),
    };
    if let Some(mac) = &plan.mac {
        value.push_str(",mac=");
        value.push_str(mac);
    }
    value
}

fn name_of(format: Format) -> &'static str {
    match format {
        Format::Raw => "raw",
        Format::Qcow2 => "qcow2",
    }
}

/// A value between virt-install's commas: it reads them like a POSIX shell with the comma as the blank.
fn option_value(text: &str) -> String {
    let special = |c| matches!(c, ',' | '\\' | '"' | '\'');
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

/// The parts of an option's value, as virt-install writes and reads it.
pub fn split_option(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let literal = match c {
            ',' => None,
            '\\' => chars.next(),
            c => Some(c),
        };
        match (literal, parts.last_mut()) {
            (Some(c), Some(part)) => part.push(c),
            _ => parts.push(String::new()),
        }
    }
    parts
}

struct Words {
    text: String,
}

impl Words {
    fn new(program: &str) -> Self {
        Self { text: program.to_owned() }
    }

    fn one(&mut self, word: &str) {
        self.text.push(' ');
        self.text.push_str(&shell_quote(word));
    }

    /// An option and its value, as one word where the value could be taken for an option.
    fn pair(&mut self, option: &str, value: &str) {
        let value = &hidden(value);
        if value.starts_with('-') {
            return self.one(&format!("{option}={value}"));
        }
        self.one(option);
        self.one(value);
    }
}

/// One word for a POSIX shell.
pub fn shell_quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./_-".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(shell_quote("nfs:10.1.1.22:/soft/rhel5_source"), "nfs:10.1.1.22:/soft/rhel5_source");
        assert_eq!(shell_quote("it's"), "'it'\\''s'");
        assert_eq!(shell_quote(""), "''");
        assert_eq!(shell_quote("a&b"), "'a&b'");
    }

    proptest::proptest! {
        #[test]
        fn a_shell_reads_back_what_was_quoted(word in "[^\\x00]*") {
            let out = std::process::Command::new("sh").arg("-c").arg(format!("printf %s {}", shell_quote(&word))).output().unwrap();
            proptest::prop_assert_eq!(out.stdout, word.as_bytes());
        }

        #[test]
        fn option_values_read_back(value in "[^\\x00]+", other in "[a-z]+") {
            let text = format!("{},{}", option_value(&value), option_value(&other));
            proptest::prop_assert_eq!(split_option(&text), vec![value, other]);
        }
    }
}
