//! What a host says to machines that are dragged: a sign for its row, and the words of its card (pure).
use drover::domain::DomainKey;
use drover::host::{HostId, LinkState};
use drover::inventory::{HostEntry, Inventory};
use drover::migrate::board::{Takes, Verdict};
use drover::migrate::finding::{Finding, Severity};

use super::{verdict, words};
use crate::i18n::{gettext, gettext_f, ngettext_f};
use crate::machines::memory;

/// So many findings a card shows.
const LINES: usize = 4;

/// Shape and words of a verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sign {
    pub takes: Takes,
    pub text: String,
}

/// Signs that have changed, and the host that the machines hang over.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Signs {
    pub changed: Vec<(HostId, Option<Sign>)>,
    pub over: Option<HostId>,
}

/// What the card of a host says.
#[derive(Clone, Debug, PartialEq)]
pub struct CardText {
    pub host: String,
    pub sign: Sign,
    /// How the machines would go.
    pub kinds: String,
    pub memory: Option<Load>,
    pub lines: Vec<(Severity, String)>,
    /// How many more findings there are.
    pub more: usize,
}

/// A host's memory before and after, in KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    pub used: u64,
    pub added: u64,
    pub total: u64,
}

impl Sign {
    /// Of what a host says.
    pub fn of(verdict: &Verdict) -> Self {
        let n = verdict.total as u64;
        let all = verdict.total == 1;
        let can = verdict.can.to_string();
        let text = match verdict.takes {
            Takes::Here => gettext("⌂ here already"),
            Takes::All if all => gettext("✔ can take it"),
            Takes::All => ngettext_f("✔ can take all {n}", "✔ can take all {n}", n, &[]),
            Takes::Some => ngettext_f("◐ can take {can} of {n}", "◐ can take {can} of {n}", n, &[("can", &can)]),
            Takes::None if all => gettext("✖ can't take it"),
            Takes::None => gettext("✖ can take none"),
            Takes::Unknown => gettext("… asking"),
        };
        Self { takes: verdict.takes, text }
    }

    /// Of a host that does not answer now.
    pub fn down() -> Self {
        Self { takes: Takes::None, text: gettext("✖ not connected") }
    }

    /// Its class of style, besides shape and words.
    pub fn class(&self) -> &'static str {
        match self.takes {
            Takes::All => "takes-all",
            Takes::Some => "takes-some",
            Takes::None => "takes-none",
            Takes::Here | Takes::Unknown => "dim-label",
        }
    }
}

impl CardText {
    /// Of a host and what it says.
    pub fn new(inventory: &Inventory, host: &HostEntry, verdict: &Verdict) -> Self {
        let mut lines = findings(inventory, verdict);
        lines.splice(0..0, failures(inventory, verdict));
        let more = lines.len().saturating_sub(LINES);
        lines.truncate(LINES);
        let down = host.link != LinkState::Up && verdict.takes != Takes::Here;
        let kinds: Vec<String> = verdict.kinds.iter().map(|kind| words::kind(*kind)).collect();
        Self {
            host: inventory.label(&host.id),
            sign: if down { Sign::down() } else { Sign::of(verdict) },
            kinds: kinds.join(", "),
            memory: load(host, verdict.memory_kib).filter(|_| !down && verdict.can > 0),
            lines,
            more,
        }
    }

    /// The line below the findings.
    pub fn and_more(&self) -> Option<String> {
        (self.more > 0).then(|| ngettext_f("… and {n} more", "… and {n} more", self.more as u64, &[]))
    }
}

impl Load {
    /// Whether the machines need more than there is.
    pub fn is_over(&self) -> bool {
        self.used + self.added > self.total
    }

    /// "Memory: 31 GiB → 35 GiB of 64 GiB".
    pub fn words(&self) -> String {
        let (before, after, total) = (memory(self.used), memory(self.used + self.added), memory(self.total));
        let values = [("before", before.as_str()), ("after", &after), ("total", &total)];
        match self.is_over() {
            false => gettext_f("Memory: {before} → {after} of {total}", &values),
            true => gettext_f("Memory: {before} → {after}, more than its {total}", &values),
        }
    }
}

fn load(host: &HostEntry, added: u64) -> Option<Load> {
    Some(Load { used: host.load.memory_used_kib?, added, total: host.info.as_ref()?.memory_kib })
}

fn name(inventory: &Inventory, key: &DomainKey) -> String {
    inventory.machine(key).map(|m| m.info.name.clone()).unwrap_or_default()
}

/// Each finding once, with the machines that it is about.
fn findings(inventory: &Inventory, verdict: &Verdict) -> Vec<(Severity, String)> {
    let mut grouped: Vec<(&Finding, Vec<String>)> = Vec::new();
    for (key, finding) in &verdict.findings {
        match grouped.iter_mut().find(|(other, _)| other == finding) {
            Some((_, names)) => names.push(name(inventory, key)),
            None => grouped.push((finding, vec![name(inventory, key)])),
        }
    }
    let line = |(finding, names): &(&Finding, Vec<String>)| {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        (finding.severity, verdict::about(&names, verdict.total, &words::reason(&finding.reason)))
    };
    grouped.iter().map(line).collect()
}

/// What could not be found out, each reason once.
fn failures(inventory: &Inventory, verdict: &Verdict) -> Vec<(Severity, String)> {
    let mut grouped: Vec<(&str, Vec<String>)> = Vec::new();
    for (key, why) in &verdict.failed {
        match grouped.iter_mut().find(|(other, _)| other == why) {
            Some((_, names)) => names.push(name(inventory, key)),
            None => grouped.push((why, vec![name(inventory, key)])),
        }
    }
    let line = |(why, names): &(&str, Vec<String>)| {
        // The same of all of them is about none of them.
        let all = if names.len() == verdict.total { 1 } else { verdict.total };
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        (Severity::Block, verdict::about(&names, all, why))
    };
    grouped.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use drover::domain::State;
    use drover::host::Update;
    use drover::migrate::Kind;
    use drover::migrate::finding::{Check, Reason};

    use super::*;
    use crate::machines::testing::{inventory, key};

    fn verdict<'a>(takes: Takes, total: usize, can: usize) -> Verdict<'a> {
        let kinds = if can > 0 { vec![Kind::Live] } else { Vec::new() };
        Verdict { takes, total, can, kinds, findings: Vec::new(), failed: Vec::new(), memory_kib: 0 }
    }

    #[test]
    fn each_sign_has_its_shape_and_its_words() {
        let text = |takes, total, can| Sign::of(&verdict(takes, total, can)).text;
        let all = [
            text(Takes::All, 3, 3),
            text(Takes::Some, 3, 2),
            text(Takes::None, 3, 0),
            text(Takes::Unknown, 3, 0),
            text(Takes::Here, 0, 0),
        ];
        assert_eq!(all, ["✔ can take all 3", "◐ can take 2 of 3", "✖ can take none", "… asking", "⌂ here already"]);
        assert_eq!(
            (text(Takes::All, 1, 1), text(Takes::None, 1, 0)),
            ("✔ can take it".into(), "✖ can't take it".into())
        );
    }

    #[test]
    fn a_card_names_the_machines_that_a_finding_is_about() {
        let (a, b) = (HostId::new("test:///a.xml"), HostId::new("test:///b.xml"));
        let mut inventory = inventory(&a, &[("web", State::Running), ("db", State::Running)]);
        inventory.add_host(b.clone());
        inventory.apply(Update::Link { host: b.clone(), link: LinkState::Up });
        let keys = [key(&a, 1), key(&a, 2)];
        let bridge = |name: &str| Finding {
            check: Check::Network,
            severity: Severity::Block,
            reason: Reason::NoBridge { host: "b".into(), bridge: name.into(), have: Vec::new() },
            remedy: None,
        };
        let (same, other) = (bridge("br0"), bridge("br1"));
        let mut said = verdict(Takes::None, 2, 0);
        said.findings = vec![(&keys[0], &same), (&keys[1], &same), (&keys[1], &other)];
        let card = CardText::new(&inventory, inventory.host(&b).unwrap(), &said);
        assert!(card.lines[0].1.starts_with("web, db: "), "{:?}", card.lines);
        assert!(card.lines[1].1.starts_with("db: "), "{:?}", card.lines);
        assert_eq!((card.sign.text.as_str(), card.more, card.memory), ("✖ can take none", 0, None));
        said.failed = vec![(&keys[0], "no route"), (&keys[1], "no route")];
        let many = [0, 1, 2, 3].map(|n| bridge(&format!("x{n}")));
        said.findings.extend(many.iter().map(|finding| (&keys[0], finding)));
        let card = CardText::new(&inventory, inventory.host(&b).unwrap(), &said);
        assert_eq!(card.lines[0], (Severity::Block, "no route".to_owned()));
        assert_eq!(card.and_more().as_deref(), Some("… and 3 more"));
        inventory.apply(Update::Link { host: b.clone(), link: LinkState::Closed });
        let card = CardText::new(&inventory, inventory.host(&b).unwrap(), &said);
        assert_eq!(card.sign, Sign::down());
    }

    #[test]
    fn memory_is_told_before_and_after() {
        let gib = 1 << 20;
        let load = Load { used: 3 * gib, added: gib, total: 8 * gib };
        assert_eq!(load.words(), "Memory: 3 GiB → 4 GiB of 8 GiB");
        assert!(Load { added: 6 * gib, ..load }.words().ends_with("more than its 8 GiB"));
    }
}
