//! What a check found, translated: every [`Reason`] as a sentence with its remedy.
use drover::finding::Reason;

use super::{line_problem, source};
use crate::i18n::{gettext, gettext_f};

/// The finding's sentence, with its remedy. Each group of reasons has its sentences below; here the compiler sees to it
/// that none is forgotten.
pub fn reason(r: &Reason) -> String {
    use Reason as R;
    match r {
        R::NameEmpty => gettext("A name is needed"),
        R::NameCharacter(c) => gettext_f("The name can't contain “{c}”", &[("c", &c.to_string())]),
        R::NameTaken { host, name } => name_taken(host, name),
        R::MemoryBelowMinimum { asked, minimum } => memory_below(*asked, *minimum),
        R::MemoryAboveHost { host, asked, have } => memory_above(host, *asked, *have),
        R::TooManyVcpus { host, asked, limit } => too_many_vcpus(host, *asked, *limit),
        R::Zero => gettext("At least one is needed"),
        R::NoParavirt { host } => no_paravirt(host),
        R::NoKvm { host } => no_kvm(host),
        R::NoArch { host, arch } => gettext_f("{host} can't run {arch} machines", &[("host", host), ("arch", arch)]),
        R::NoXen { host } => gettext_f("{host} has no Xen; choose KVM or emulation", &[("host", host)]),
        R::NoEmulation { host } => no_emulation(host),
        R::PathNotAbsolute => gettext("The path must begin with “/”"),
        R::DiskExists { host, path } => disk_exists(host, path),
        R::DiskMissing { host, path } => gettext_f("{path} is not there on {host}", &[("host", host), ("path", path)]),
        R::DiskInUse { host, path, domain } => disk_in_use(host, path, domain),
        R::NoRoom { host, folder, asked_gib, free_gib } => no_room(host, folder, *asked_gib, *free_gib),
        R::NoFolder { host, folder } => no_folder(host, folder),
        R::KernelFolder { folder } => kernel_folder(folder),
        R::NotWritable { host, folder, reason } => not_writable(host, folder, reason),
        R::NoBridge { host, bridge, have } => no_bridge(host, bridge, have),
        R::NoNetwork { host, network, have } => no_network(host, network, have),
        R::NetworkInactive { host, network } => network_inactive(host, network),
        R::BadMac(mac) => bad_mac(mac),
        R::MacInUse { host, mac, domain } => mac_in_use(host, mac, domain),
        R::Source(e) => source(e),
        R::UnattendedLine { line, problem } => {
            gettext_f("Line {line}: {text}", &[("line", &line.to_string()), ("text", &line_problem(problem))])
        }
        R::PreseedScheme { scheme } => preseed_scheme(scheme),
        R::SeveralAnswers { named } => several_answers(named),
        R::Host(words) => gettext_f("The host says: {words}", &[("words", words)]),
    }
}

fn name_taken(host: &str, name: &str) -> String {
    gettext_f("{host} has a machine named “{name}” already; choose another name", &[("host", host), ("name", name)])
}

fn memory_below(asked: u64, minimum: u64) -> String {
    gettext_f(
        "{asked} MiB is less than the installer's minimum of {minimum} MiB",
        &[("asked", &asked.to_string()), ("minimum", &minimum.to_string())],
    )
}

fn memory_above(host: &str, asked: u64, have: u64) -> String {
    gettext_f(
        "{asked} MiB is more than the {have} MiB that {host} has",
        &[("host", host), ("asked", &asked.to_string()), ("have", &have.to_string())],
    )
}

fn too_many_vcpus(host: &str, asked: u32, limit: u32) -> String {
    gettext_f(
        "{asked} CPUs are more than the {limit} that {host} allows",
        &[("host", host), ("asked", &asked.to_string()), ("limit", &limit.to_string())],
    )
}

fn no_paravirt(host: &str) -> String {
    gettext_f("{host} has no paravirtualisation (Xen PV); choose full virtualisation", &[("host", host)])
}

fn no_kvm(host: &str) -> String {
    gettext_f(
        "{host} offers no KVM: the machine would be emulated, which is slow. Turn on virtualisation in the host's firmware",
        &[("host", host)],
    )
}

fn no_emulation(host: &str) -> String {
    gettext_f("{host} can't emulate machines: QEMU is not installed on it", &[("host", host)])
}

fn disk_exists(host: &str, path: &str) -> String {
    gettext_f(
        "{path} exists already on {host}; choose another path, or use it as an existing disk",
        &[("host", host), ("path", path)],
    )
}

fn disk_in_use(host: &str, path: &str, domain: &str) -> String {
    gettext_f("{path} is used by “{domain}” on {host}", &[("host", host), ("path", path), ("domain", domain)])
}

fn no_room(host: &str, folder: &str, asked_gib: f64, free_gib: f64) -> String {
    gettext_f(
        "{folder} has {free} GiB free on {host}; {asked} GiB are asked for",
        &[
            ("host", host),
            ("folder", folder),
            ("asked", &format!("{asked_gib:.1}")),
            ("free", &format!("{free_gib:.1}")),
        ],
    )
}

fn no_folder(host: &str, folder: &str) -> String {
    gettext_f(
        "The folder {folder} is not there on {host}; create it, or choose another path",
        &[("host", host), ("folder", folder)],
    )
}

/// `/proc`, `/sys` or `/dev`.
pub fn kernel_folder(folder: &str) -> String {
    gettext_f("{folder} belongs to the kernel: no disk image can lie there; choose another path", &[("folder", folder)])
}

fn not_writable(host: &str, folder: &str, reason: &str) -> String {
    gettext_f("{host} may not write in {folder}: {reason}", &[("host", host), ("folder", folder), ("reason", reason)])
}

fn listed(have: &[String]) -> String {
    if have.is_empty() { gettext("none") } else { have.join(", ") }
}

fn no_bridge(host: &str, bridge: &str, have: &[String]) -> String {
    gettext_f(
        "{host} has no bridge “{bridge}”; it has: {have}",
        &[("host", host), ("bridge", bridge), ("have", &listed(have))],
    )
}

fn no_network(host: &str, network: &str, have: &[String]) -> String {
    gettext_f(
        "{host} has no network “{network}”; it has: {have}",
        &[("host", host), ("network", network), ("have", &listed(have))],
    )
}

fn network_inactive(host: &str, network: &str) -> String {
    gettext_f(
        "The network “{network}” is not started on {host}; start it first",
        &[("host", host), ("network", network)],
    )
}

fn bad_mac(mac: &str) -> String {
    gettext_f("“{mac}” is no MAC address (such as 52:54:00:12:34:56)", &[("mac", mac)])
}

fn mac_in_use(host: &str, mac: &str, domain: &str) -> String {
    gettext_f(
        "The MAC address {mac} is used by “{domain}” on {host}",
        &[("host", host), ("mac", mac), ("domain", domain)],
    )
}

fn preseed_scheme(scheme: &str) -> String {
    gettext_f(
        "Debian's installer can't fetch its preseed file by {scheme}:; offer the file by http, or let it be put into the initrd",
        &[("scheme", scheme)],
    )
}

fn several_answers(named: &[String]) -> String {
    gettext_f("More than one unattended file is named ({files}); keep one", &[("files", &named.join(", "))])
}
