//! Figures as people read them: percent, memory and rates (pure; the words are translated).
use drover::domain::State;

use crate::i18n::{gettext, gettext_f};

const KIB_PER_GIB: f64 = 1024.0 * 1024.0;

/// A percentage such as "12 %"; below ten with no more digits, for a column has no room for noise.
pub fn percent(value: f32) -> String {
    gettext_f("{n} %", &[("n", &format!("{value:.0}"))])
}

/// An amount of memory in KiB, such as "4 GiB" or "768 MiB".
pub fn memory(kib: u64) -> String {
    if kib >= 1024 * 1024 {
        gettext_f("{n} GiB", &[("n", &trimmed(kib as f64 / KIB_PER_GIB))])
    } else {
        gettext_f("{n} MiB", &[("n", &(kib / 1024).to_string())])
    }
}

/// What is used of a maximum, both in KiB, in the unit of the maximum: "2.0 of 4 GiB".
pub fn memory_of(used_kib: u64, max_kib: u64) -> String {
    let (used, max) = if max_kib >= 1024 * 1024 {
        (format!("{:.1}", used_kib as f64 / KIB_PER_GIB), memory(max_kib))
    } else {
        ((used_kib / 1024).to_string(), memory(max_kib))
    };
    gettext_f("{used} of {max}", &[("used", &used), ("max", &max)])
}

/// Bytes per second in decimal units, as network and disk rates are told: "1.2 MB/s".
pub fn rate(bytes: u64) -> String {
    let value = bytes as f64;
    if value >= 1e9 {
        gettext_f("{n} GB/s", &[("n", &short(value / 1e9))])
    } else if value >= 1e6 {
        gettext_f("{n} MB/s", &[("n", &short(value / 1e6))])
    } else if value >= 1e3 {
        gettext_f("{n} kB/s", &[("n", &short(value / 1e3))])
    } else {
        gettext_f("{n} B/s", &[("n", &bytes.to_string())])
    }
}

/// A state in a word. A machine that is off but was saved says so; one of a lost host gets a question mark.
pub fn state_word(state: State, saved: bool, stale: bool) -> String {
    let word = match state {
        State::Running | State::Blocked => gettext("Running"),
        State::Paused => gettext("Paused"),
        State::ShuttingDown => gettext("Shutting down"),
        State::Off if saved => gettext("Saved"),
        State::Off => gettext("Off"),
        State::Crashed => gettext("Crashed"),
        State::Suspended => gettext("Asleep"),
        State::Unknown => gettext("Unknown"),
    };
    if stale { gettext_f("{state}?", &[("state", &word)]) } else { word }
}

/// The system's name out of a libosinfo id: `http://redhat.com/rhel/5.0` becomes "RHEL 5.0".
pub fn os_name(id: &str) -> String {
    let mut parts = id.trim_end_matches('/').rsplit('/');
    let (Some(version), Some(family)) = (parts.next(), parts.next()) else { return id.to_owned() };
    let family = match family {
        "rhel" => "RHEL".to_owned(),
        "centos" => "CentOS".to_owned(),
        "centos-stream" => "CentOS Stream".to_owned(),
        "opensuse" => "openSUSE".to_owned(),
        "sles" => "SLES".to_owned(),
        "win" => "Windows".to_owned(),
        "freebsd" => "FreeBSD".to_owned(),
        "openbsd" => "OpenBSD".to_owned(),
        "netbsd" => "NetBSD".to_owned(),
        "almalinux" => "AlmaLinux".to_owned(),
        other => capitalised(other),
    };
    format!("{family} {version}")
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |c| c.to_uppercase().chain(letters).collect())
}

/// One decimal below ten, none from there.
fn short(value: f64) -> String {
    if value < 9.95 { format!("{value:.1}") } else { format!("{value:.0}") }
}

/// One decimal unless it is 0.
fn trimmed(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_told_in_the_unit_of_its_size() {
        assert_eq!(memory(4 * 1024 * 1024), "4 GiB");
        assert_eq!(memory(1536 * 1024), "1.5 GiB");
        assert_eq!(memory(768 * 1024), "768 MiB");
        assert_eq!(memory_of(2 * 1024 * 1024, 4 * 1024 * 1024), "2.0 of 4 GiB");
        assert_eq!(memory_of(100 * 1024, 768 * 1024), "100 of 768 MiB");
    }

    #[test]
    fn rates_step_by_thousands() {
        assert_eq!(rate(0), "0 B/s");
        assert_eq!(rate(999), "999 B/s");
        assert_eq!(rate(3_000), "3.0 kB/s");
        assert_eq!(rate(1_240_000), "1.2 MB/s");
        assert_eq!(rate(9_960_000), "10 MB/s");
        assert_eq!(rate(2_500_000_000), "2.5 GB/s");
    }

    #[test]
    fn a_stale_or_saved_state_says_so() {
        assert_eq!(state_word(State::Running, false, true), "Running?");
        assert_eq!(state_word(State::Off, true, false), "Saved");
        assert_eq!(state_word(State::Blocked, false, false), "Running");
    }

    #[test]
    fn systems_have_the_names_that_people_use() {
        assert_eq!(os_name("http://redhat.com/rhel/5.0"), "RHEL 5.0");
        assert_eq!(os_name("http://debian.org/debian/12"), "Debian 12");
        assert_eq!(os_name("http://microsoft.com/win/11"), "Windows 11");
        assert_eq!(os_name("custom"), "custom");
    }
}
