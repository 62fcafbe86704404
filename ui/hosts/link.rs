//! The state of a host's link in words and as a shape, so that colour alone never says it.
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use drover::host::{Cause, FailKind, HostInfo, LinkState};
use gtk::glib;

use crate::errors;
use crate::i18n::{gettext, gettext_f, ngettext_f};

/// How a link looks: a shape and the style class for its colour.
pub struct Mark {
    pub shape: &'static str,
    pub class: &'static str,
}

/// The shape of a state.
pub fn mark(link: &LinkState) -> Mark {
    match link {
        LinkState::Up => Mark { shape: "●", class: "up" },
        LinkState::Connecting => Mark { shape: "◌", class: "connecting" },
        LinkState::Lost { .. } => Mark { shape: "◐", class: "lost" },
        LinkState::Failed { .. } => Mark { shape: "✖", class: "failed" },
        LinkState::Closed => Mark { shape: "○", class: "closed" },
    }
}

/// One or two words.
pub fn word(link: &LinkState) -> String {
    match link {
        LinkState::Up => gettext("Connected"),
        LinkState::Connecting => gettext("Connecting…"),
        LinkState::Lost { .. } => gettext("Stale"),
        LinkState::Failed { kind, .. } => errors::failure_title(*kind),
        LinkState::Closed => gettext("Disconnected"),
    }
}

/// A sentence with what happens next: "stale since 14:02:31 — trying again in 8 s".
pub fn sentence(link: &LinkState, now: SystemTime) -> String {
    match link {
        LinkState::Lost { since, retry_at, .. } => {
            gettext_f("Stale since {time} — {again}", &[("time", &clock(*since)), ("again", &again(*retry_at, now))])
        }
        LinkState::Failed { kind, retry_at: Some(at), .. } => {
            gettext_f("{what} — {again}", &[("what", &errors::failure_title(*kind)), ("again", &again(*at, now))])
        }
        other => word(other),
    }
}

/// What to do about a link that is down, with the host's own words.
pub fn advice(link: &LinkState) -> Option<String> {
    match link {
        LinkState::Failed { kind, reason, .. } => Some(with_words(&errors::remedy(*kind), &errors::cause(reason))),
        LinkState::Lost { reason, .. } => {
            Some(with_words(&errors::remedy(FailKind::Unreachable), &errors::cause(reason)))
        }
        LinkState::Up | LinkState::Connecting | LinkState::Closed => None,
    }
}

/// Whether another try could succeed now: it is down, and its URI is not the reason.
pub fn can_retry(link: &LinkState) -> bool {
    match link {
        LinkState::Up | LinkState::Connecting => false,
        LinkState::Failed { reason, .. } => !matches!(reason, Cause::Uri(_)),
        LinkState::Lost { .. } | LinkState::Closed => true,
    }
}

fn with_words(remedy: &str, words: &str) -> String {
    if words.is_empty() { remedy.to_owned() } else { format!("{remedy}\n{words}") }
}

fn again(at: SystemTime, now: SystemTime) -> String {
    let left = at.duration_since(now).unwrap_or(Duration::ZERO).as_secs_f32().ceil();
    if left < 1.0 {
        gettext("trying again now")
    } else {
        gettext_f("trying again in {n} s", &[("n", &format!("{left}"))])
    }
}

/// Whether its words change by the second.
pub fn counts_down(link: &LinkState) -> bool {
    matches!(link, LinkState::Lost { .. } | LinkState::Failed { retry_at: Some(_), .. })
}

/// HH:MM:SS, local time.
pub fn clock(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let local = i64::try_from(seconds).ok().and_then(|s| glib::DateTime::from_unix_local(s).ok());
    local.and_then(|t| t.format("%H:%M:%S").ok()).map(Into::into).unwrap_or_default()
}

/// "QEMU 10.0.2".
pub fn hypervisor(info: &HostInfo) -> String {
    format!("{} {}", info.hypervisor, version(info.hypervisor_version))
}

/// "10.0.2".
pub fn version((major, minor, micro): (u32, u32, u32)) -> String {
    format!("{major}.{minor}.{micro}")
}

/// "24 machines".
pub fn machines(n: usize) -> String {
    ngettext_f("{n} machine", "{n} machines", n as u64, &[])
}

#[cfg(test)]
mod tests {
    use super::*;
    use drover::host::uri::HostUri;

    #[test]
    fn a_uri_that_can_never_work_is_not_tried_again() {
        let failed = |reason, kind| LinkState::Failed { reason, kind, retry_at: None };
        let wrong = Cause::Uri(HostUri::parse("qemu+ssh://kvm1/sytem").unwrap_err());
        assert!(!can_retry(&failed(wrong, FailKind::BadUri)));
        assert!(can_retry(&failed("no such file".into(), FailKind::BadUri)), "the test driver's file may come");
        assert!(can_retry(&failed("refused".into(), FailKind::Login)) && can_retry(&LinkState::Closed));
        assert!(!can_retry(&LinkState::Up) && !can_retry(&LinkState::Connecting));
    }

    #[test]
    fn the_wait_counts_down() {
        let now = UNIX_EPOCH + Duration::from_secs(1_000);
        let lost =
            LinkState::Lost { since: now, retry_at: now + Duration::from_millis(7_200), reason: String::new().into() };
        assert!(sentence(&lost, now).ends_with("trying again in 8 s"), "{}", sentence(&lost, now));
        assert!(sentence(&lost, now + Duration::from_secs(9)).ends_with("now"));
        assert!(counts_down(&lost) && !counts_down(&LinkState::Up));
    }

    #[test]
    fn advice_has_the_hosts_own_words() {
        let failed = LinkState::Failed { reason: "no route".into(), kind: FailKind::Unreachable, retry_at: None };
        assert!(advice(&failed).unwrap().ends_with("\nno route"));
        let problem = Cause::Uri(HostUri::parse("qemu+ssh://kvm1/sytem").unwrap_err());
        let wrong = LinkState::Failed { reason: problem, kind: FailKind::BadUri, retry_at: None };
        assert!(advice(&wrong).unwrap().contains("“/sytem” is not known here"));
        assert_eq!(advice(&LinkState::Up), None);
    }
}
