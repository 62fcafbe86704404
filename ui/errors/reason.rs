//! What a check found, translated: every [`Reason`] as a sentence with its remedy.
use drover::finding::Reason;

use super::source;
use crate::i18n::{gettext, gettext_f};

/// The finding's sentence, with its remedy.
pub fn reason(r: &Reason) -> String {
    use Reason as R;
    match r {
        R::NameEmpty | R::NameCharacter(_) | R::NameTaken { .. } => name(r),
        R::MemoryBelowMinimum { .. } | R::MemoryAboveHost { .. } | R::TooManyVcpus { .. } | R::Zero => size(r),
        R::NoParavirt { .. } | R::NoKvm { .. } | R::NoArch { .. } | R::NoXen { .. } | R::NoEmulation { .. } => virt(r),
        R::PathNotAbsolute
        | R::DiskExists { .. }
        | R::DiskMissing { .. }
        | R::DiskInUse { .. }
        | R::NoRoom { .. }
        | R::NoFolder { .. }
        | R::KernelFolder { .. }
        | R::NotWritable { .. } => disk(r),
        R::NoBridge { .. } | R::NoNetwork { .. } | R::NetworkInactive { .. } | R::BadMac(_) | R::MacInUse { .. } => {
            network(r)
        }
        R::Source(e) => source(e),
        R::UnattendedLine { line, text } => {
            gettext_f("Line {line}: {text}", &[("line", &line.to_string()), ("text", text)])
        }
        R::Host(words) => gettext_f("The host says: {words}", &[("words", words)]),
    }
}

fn name(r: &Reason) -> String {
    match r {
        Reason::NameEmpty => gettext("A name is needed"),
        Reason::NameCharacter(c) => gettext_f("The name can't contain “{c}”", &[("c", &c.to_string())]),
        Reason::NameTaken { host, name } => gettext_f(
            "{host} has a machine named “{name}” already; choose another name",
            &[("host", host), ("name", name)],
        ),
        other => other.to_string(),
    }
}

fn size(r: &Reason) -> String {
    match r {
        Reason::MemoryBelowMinimum { asked, minimum } => gettext_f(
            "{asked} MiB is less than the installer's minimum of {minimum} MiB",
            &[("asked", &asked.to_string()), ("minimum", &minimum.to_string())],
        ),
        Reason::MemoryAboveHost { host, asked, have } => gettext_f(
            "{asked} MiB is more than the {have} MiB that {host} has",
            &[("host", host), ("asked", &asked.to_string()), ("have", &have.to_string())],
        ),
        Reason::TooManyVcpus { host, asked, limit } => gettext_f(
            "{asked} CPUs are more than the {limit} that {host} allows",
            &[("host", host), ("asked", &asked.to_string()), ("limit", &limit.to_string())],
        ),
        Reason::Zero => gettext("At least one is needed"),
        other => other.to_string(),
    }
}

fn virt(r: &Reason) -> String {
    match r {
        Reason::NoParavirt { host } => {
            gettext_f("{host} has no paravirtualisation (Xen PV); choose full virtualisation", &[("host", host)])
        }
        Reason::NoKvm { host } => gettext_f(
            "{host} offers no KVM: the machine would be emulated, which is slow. Turn on virtualisation in the host's firmware",
            &[("host", host)],
        ),
        Reason::NoArch { host, arch } => {
            gettext_f("{host} can't run {arch} machines", &[("host", host), ("arch", arch)])
        }
        Reason::NoXen { host } => gettext_f("{host} has no Xen; choose KVM or emulation", &[("host", host)]),
        Reason::NoEmulation { host } => {
            gettext_f("{host} can't emulate machines: QEMU is not installed on it", &[("host", host)])
        }
        other => other.to_string(),
    }
}

fn disk(r: &Reason) -> String {
    match r {
        Reason::PathNotAbsolute => gettext("The path must begin with “/”"),
        Reason::DiskExists { host, path } => gettext_f(
            "{path} exists already on {host}; choose another path, or use it as an existing disk",
            &[("host", host), ("path", path)],
        ),
        Reason::DiskMissing { host, path } => {
            gettext_f("{path} is not there on {host}", &[("host", host), ("path", path)])
        }
        Reason::DiskInUse { host, path, domain } => {
            gettext_f("{path} is used by “{domain}” on {host}", &[("host", host), ("path", path), ("domain", domain)])
        }
        Reason::NoRoom { host, folder, asked_gib, free_gib } => gettext_f(
            "{folder} has {free} GiB free on {host}; {asked} GiB are asked for",
            &[
                ("host", host),
                ("folder", folder),
                ("asked", &format!("{asked_gib:.1}")),
                ("free", &format!("{free_gib:.1}")),
            ],
        ),
        Reason::NoFolder { host, folder } => gettext_f(
            "The folder {folder} is not there on {host}; create it, or choose another path",
            &[("host", host), ("folder", folder)],
        ),
        Reason::KernelFolder { folder } => gettext_f(
            "{folder} belongs to the kernel: no disk image can lie there; choose another path",
            &[("folder", folder)],
        ),
        Reason::NotWritable { host, folder, reason } => gettext_f(
            "{host} may not write in {folder}: {reason}",
            &[("host", host), ("folder", folder), ("reason", reason)],
        ),
        other => other.to_string(),
    }
}

fn network(r: &Reason) -> String {
    let listed = |have: &[String]| if have.is_empty() { gettext("none") } else { have.join(", ") };
    match r {
        Reason::NoBridge { host, bridge, have } => gettext_f(
            "{host} has no bridge “{bridge}”; it has: {have}",
            &[("host", host), ("bridge", bridge), ("have", &listed(have))],
        ),
        Reason::NoNetwork { host, network, have } => gettext_f(
            "{host} has no network “{network}”; it has: {have}",
            &[("host", host), ("network", network), ("have", &listed(have))],
        ),
        Reason::NetworkInactive { host, network } => gettext_f(
            "The network “{network}” is not started on {host}; start it first",
            &[("host", host), ("network", network)],
        ),
        Reason::BadMac(mac) => gettext_f("“{mac}” is no MAC address (such as 52:54:00:12:34:56)", &[("mac", mac)]),
        Reason::MacInUse { host, mac, domain } => gettext_f(
            "The MAC address {mac} is used by “{domain}” on {host}",
            &[("host", host), ("mac", mac), ("domain", domain)],
        ),
        other => other.to_string(),
    }
}
