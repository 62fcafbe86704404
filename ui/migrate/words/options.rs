//! Choices of a migration, and why they do not go together, translated.
use drover::migrate::Feature;
use drover::migrate::finding::{Reason, Remedy};

use super::kind;
use crate::i18n::{gettext, gettext_f};

/// Something that was chosen.
pub fn feature(feature: Feature) -> String {
    match feature {
        Feature::PeerToPeer => gettext("Peer to peer"),
        Feature::Tunnel => gettext("Tunnelled"),
        Feature::Parallel => gettext("Parallel connections"),
        Feature::Compression(method) => gettext_f("Compression ({method})", &[("method", method.name())]),
        Feature::AutoConverge => gettext("Auto-converge"),
        Feature::StandStill => gettext("Stand still meanwhile"),
        Feature::Bandwidth => gettext("Bandwidth limit"),
        Feature::Downtime => gettext("Limit of the pause"),
        Feature::Tls => gettext("TLS"),
        Feature::Address => gettext("Migration address"),
        Feature::OnDemand => gettext("Switch over on demand"),
        Feature::Keep => gettext("Keep its definition here"),
        Feature::NewName => gettext("New name"),
        Feature::Incremental => gettext("Copy only changes"),
        Feature::NewFormat => gettext("Another format"),
        Feature::Kind(k) => kind(k),
    }
}

/// Why choices are not as they should be.
pub fn reason(reason: &Reason) -> String {
    match reason {
        Reason::Clash { first, second } => gettext_f(
            "“{first}” and “{second}” do not go together.",
            &[("first", &feature(*first)), ("second", &feature(*second))],
        ),
        Reason::Needs { first, second } => {
            gettext_f("“{first}” needs “{second}”.", &[("first", &feature(*first)), ("second", &feature(*second))])
        }
        Reason::NoEffect { first, second } => gettext_f(
            "“{first}” has no effect with “{second}”.",
            &[("first", &feature(*first)), ("second", &feature(*second))],
        ),
        Reason::NotOffered { hypervisor, feature: what } => {
            gettext_f("{hypervisor} does not offer “{what}”.", &[("hypervisor", hypervisor), ("what", &feature(*what))])
        }
        Reason::AsSaved { hypervisor } => gettext_f(
            "{hypervisor} restores a machine only as it was saved: on the same bridges, networks, disks and media.",
            &[("hypervisor", hypervisor)],
        ),
        Reason::LiveParavirt => gettext(
            "A paravirtualised machine moves live only where its hypervisor has shadow paging; else the move fails and it stays.",
        ),
        Reason::NoCompression { host, method } => {
            gettext_f("{host} does not compress memory by {method}.", &[("host", host), ("method", method.name())])
        }
        Reason::PeerLocal { host, uri } => {
            gettext_f("The daemon of {host} can't log in at {uri}: it names no host.", &[("host", host), ("uri", uri)])
        }
        Reason::PeerLogin { host, uri } => gettext_f(
            "The daemon of {host} must log in at {uri} by itself; whether it may is only known then.",
            &[("host", host), ("uri", uri)],
        ),
        Reason::StaysDefined { host } => gettext_f(
            "Its definition stays on {host} as well; started in both places, it would destroy its disks.",
            &[("host", host)],
        ),
        Reason::BadName { name } => gettext_f("“{name}” can't be a machine's name.", &[("name", name)]),
        Reason::NameInMemory => gettext("Its name can't change while its memory is taken along like this."),
        Reason::EndsWithDrover => gettext(
            "Once it runs there, it ends with Drover until all of its memory is there; peer to peer the hosts do that by themselves.",
        ),
        Reason::NoDisk { target } => gettext_f("It has no disk {target}.", &[("target", target)]),
        Reason::Replaced { host, path } => gettext_f(
            "{path} on {host} is removed when the move begins, and does not come back if the move fails.",
            &[("host", host), ("path", path)],
        ),
        Reason::OntoItself { path } => {
            gettext_f("{path} is the same file on both hosts: a copy of it needs another place.", &[("path", path)])
        }
        Reason::BackingAssumed { host, path } => gettext_f(
            "Whether {host} has the same {path} could not be found out; if it is another one, the copy is worthless.",
            &[("host", host), ("path", path)],
        ),
        Reason::PerhapsOtherSubnet { from, to, prefix } => gettext_f(
            "{from} and {to} are in different subnets if their prefix is the usual /{prefix}, which no host tells: the machine may not be reachable there under its address.",
            &[("from", from), ("to", to), ("prefix", &prefix.to_string())],
        ),
        other => other.to_string(),
    }
}

/// What can be done about it.
pub fn remedy(remedy: &Remedy) -> String {
    match remedy {
        Remedy::Replace { path } => gettext_f(
            "If it is left over from an earlier move of this machine, let {path} be replaced.",
            &[("path", path)],
        ),
        Remedy::Incremental { host, path } => {
            gettext_f("If {host} has the same {path}, copy only what lies over it.", &[("host", host), ("path", path)])
        }
        Remedy::CopyToo { target } => gettext_f("Copy {target} along, too.", &[("target", target)]),
        Remedy::OtherPlace { target } => gettext_f("Choose another place there for {target}.", &[("target", target)]),
        Remedy::LeaveOut(one) => gettext_f("Leave out “{what}”.", &[("what", &feature(*one))]),
        Remedy::StandStill => gettext("If it fails, let the machine stand still meanwhile."),
        Remedy::Compress(method) => gettext_f("Compress by another method ({method}).", &[("method", method.name())]),
        Remedy::PeerUri { host } => gettext_f("Give a URI that {host} can use.", &[("host", host)]),
        other => other.to_string(),
    }
}
