//! What a host says of itself in its row of the list: address, what runs there, or why it doesn't answer.
use std::time::SystemTime;

use drover::host::LinkState;
use drover::host::uri::{HostUri, Transport};
use drover::inventory::HostEntry;

use super::format;
use crate::errors;
use crate::hosts::link;
use crate::i18n::{gettext, gettext_f};

/// Where it is and how it is reached: "system · local socket", "10.0.0.5 · SSH". The whole URI is for the tooltip.
pub fn address(host: &HostEntry) -> String {
    let Ok(uri) = HostUri::parse(host.id.as_str()) else { return String::new() };
    let path = uri.path.rsplit('/').next().unwrap_or_default();
    if uri.driver == "test" {
        let name = path.strip_suffix(".xml").unwrap_or(path);
        return at(host, name, &gettext("sample machines"));
    }
    let place = uri.host.as_deref().unwrap_or(path);
    let way = match uri.transport {
        Transport::Ssh => gettext("SSH"),
        Transport::Tcp => gettext("TCP, not encrypted"),
        _ if uri.is_local() => gettext("local socket"),
        _ => gettext("TLS"),
    };
    at(host, place, &way)
}

/// The place is left out where it is the host's name already.
fn at(host: &HostEntry, place: &str, way: &str) -> String {
    if place == host.name() { way.to_owned() } else { format!("{place} · {way}") }
}

/// One line: version and machines, or the state of the link with what happens next.
pub fn status(host: &HostEntry, now: SystemTime) -> String {
    match (&host.link, host.info.as_deref()) {
        (LinkState::Up, Some(info)) => gettext_f(
            "{hypervisor} · {machines}",
            &[("hypervisor", &link::hypervisor(info)), ("machines", &machines(host))],
        ),
        (LinkState::Up, None) => machines(host),
        // Nothing happens by itself: what can be done.
        (state @ LinkState::Failed { retry_at: None, kind, .. }, _) => {
            gettext_f("{what} — {again}", &[("what", &link::sentence(state, now)), ("again", &errors::remedy(*kind))])
        }
        (state, _) => link::sentence(state, now),
    }
}

/// "31 of 64 GiB", or what there is while nobody tells what is used.
pub fn memory(host: &HostEntry) -> String {
    match (host.info.as_deref(), host.load.memory_used_kib) {
        (Some(info), Some(used)) if host.link == LinkState::Up => format::memory_of(used, info.memory_kib),
        (Some(info), _) => format::memory(info.memory_kib),
        (None, _) => String::new(),
    }
}

fn machines(host: &HostEntry) -> String {
    if host.complete { link::machines(host.machines.len()) } else { gettext("reading its machines…") }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use drover::host::{Cause, FailKind, HostId, HostInfo};

    use super::*;
    use crate::machines::testing::inventory;

    fn host(link: LinkState) -> HostEntry {
        let id = HostId::new("qemu+ssh://kvm1/system");
        let mut host = inventory(&id, &[("a", drover::domain::State::Off)]).hosts()[0].clone();
        host.link = link;
        host.info = Some(Box::new(HostInfo {
            hostname: "kvm1".into(),
            hypervisor: "QEMU".into(),
            hypervisor_version: (10, 0, 0),
            memory_kib: 64 * 1024 * 1024,
            ..HostInfo::default()
        }));
        host
    }

    #[test]
    fn a_live_host_tells_its_version_and_machines() {
        let host = host(LinkState::Up);
        assert_eq!(status(&host, SystemTime::now()), "QEMU 10.0.0 · 1 machine");
        assert_eq!(address(&host), "SSH");
        assert_eq!(memory(&host), "64 GiB");
    }

    #[test]
    fn the_way_to_a_host_is_told_in_words() {
        let address = |uri: &str| address(inventory(&HostId::new(uri), &[]).hosts().first().unwrap());
        assert_eq!(address("qemu:///system"), "system · local socket");
        assert_eq!(address("qemu+unix:///session?socket=/run/x"), "session · local socket");
        assert_eq!(address("qemu+tcp://10.77.0.99/system"), "TCP, not encrypted");
        assert_eq!(address("qemu://kvm2/system"), "TLS");
        assert_eq!(address("test:///srv/demo.xml"), "sample machines");
        assert_eq!(address("nonsense"), "");
    }

    #[test]
    fn a_host_that_was_not_read_yet_says_so() {
        let mut host = host(LinkState::Up);
        host.complete = false;
        assert!(status(&host, SystemTime::now()).ends_with("reading its machines…"));
    }

    #[test]
    fn a_host_that_refuses_says_what_to_do() {
        let denied = LinkState::Failed { reason: Cause::Said("no".into()), kind: FailKind::Denied, retry_at: None };
        let text = status(&host(denied), SystemTime::now());
        assert!(text.starts_with("No permission — ") && text.contains("usermod"), "{text}");
    }

    #[test]
    fn a_lost_host_says_since_when_and_when_it_tries_again() {
        let now = SystemTime::now();
        let lost = LinkState::Lost { since: now, retry_at: now + Duration::from_secs(8), reason: "gone".into() };
        let text = status(&host(lost), now);
        assert!(text.starts_with("Stale since ") && text.ends_with("trying again in 8 s"), "{text}");
    }
}
