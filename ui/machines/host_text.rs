//! What a host says of itself in its header row: name, address, what runs there, or why it doesn't answer.
use std::time::SystemTime;

use drover::host::LinkState;
use drover::inventory::HostEntry;

use super::format;
use crate::i18n::{gettext, gettext_f, ngettext_f};

/// Its own name, or until that is known its address.
pub fn name(host: &HostEntry) -> String {
    match host.info.as_deref() {
        Some(info) if !info.hostname.is_empty() => info.hostname.clone(),
        _ => host.id.as_str().to_owned(),
    }
}

/// Its URI, unless that is the name already.
pub fn address(host: &HostEntry) -> String {
    let uri = host.id.as_str();
    if name(host) == uri { String::new() } else { uri.to_owned() }
}

/// One line: version and machines, or the state of the link with what happens next.
pub fn status(host: &HostEntry, now: SystemTime) -> String {
    match &host.link {
        LinkState::Connecting => gettext("Connecting…"),
        LinkState::Up => up(host),
        LinkState::Lost { since, retry_at, .. } => gettext_f(
            "Stale since {time} — {next}",
            &[("time", &format::clock(*since)), ("next", &next_try(*retry_at, now))],
        ),
        LinkState::Failed { reason, retry_at: Some(at), .. } => {
            gettext_f("{reason} — {next}", &[("reason", reason), ("next", &next_try(*at, now))])
        }
        LinkState::Failed { reason, retry_at: None, .. } => reason.clone(),
        LinkState::Closed => gettext("Disconnected"),
    }
}

/// Whether [`status`] counts seconds down.
pub fn counts_down(host: &HostEntry) -> bool {
    matches!(host.link, LinkState::Lost { .. } | LinkState::Failed { retry_at: Some(_), .. })
}

/// "31 of 64 GiB", or what there is while nobody tells what is used.
pub fn memory(host: &HostEntry) -> String {
    match (host.info.as_deref(), host.load.memory_used_kib) {
        (Some(info), Some(used)) if host.link == LinkState::Up => format::memory_of(used, info.memory_kib),
        (Some(info), _) => format::memory(info.memory_kib),
        (None, _) => String::new(),
    }
}

fn up(host: &HostEntry) -> String {
    let count = host.machines.len();
    let machines = if host.complete || count > 0 {
        ngettext_f("{n} machine", "{n} machines", count as u64, &[])
    } else {
        gettext("Reading its machines…")
    };
    match host.info.as_deref() {
        Some(info) => gettext_f(
            "{hypervisor} {version} · {machines}",
            &[
                ("hypervisor", &info.hypervisor),
                ("version", &format::version(info.hypervisor_version)),
                ("machines", &machines),
            ],
        ),
        None => machines,
    }
}

fn next_try(at: SystemTime, now: SystemTime) -> String {
    match format::seconds_until(at, now) {
        0 => gettext("trying again…"),
        seconds => gettext_f("trying again in {n} s", &[("n", &seconds.to_string())]),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use drover::host::{FailKind, HostId, HostInfo};

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
        assert_eq!(status(&host, SystemTime::now()), "QEMU 10.0 · 1 machine");
        assert_eq!(name(&host), "kvm1");
        assert_eq!(address(&host), "qemu+ssh://kvm1/system");
        assert_eq!(memory(&host), "64 GiB");
    }

    #[test]
    fn a_lost_host_counts_down_to_the_next_try() {
        let now = SystemTime::now();
        let lost = LinkState::Lost { since: now, retry_at: now + Duration::from_secs(8), reason: "gone".into() };
        let text = status(&host(lost), now);
        assert!(text.starts_with("Stale since "), "{text}");
        assert!(text.ends_with("— trying again in 8 s"), "{text}");
    }

    #[test]
    fn a_host_that_needs_a_person_says_why_and_counts_nothing() {
        let failed = host(LinkState::Failed { reason: "login refused".into(), kind: FailKind::Login, retry_at: None });
        assert_eq!(status(&failed, SystemTime::now()), "login refused");
        assert!(!counts_down(&failed));
    }
}
