//! The search field's language: free text and terms such as `state:running host:kvm1 cpu>80 mem>4G` (pure).
//!
//! Words are joined by *and*; `-` before one negates it; quotes keep blanks together. Fields: `name title state host
//! tag os ip mac net (bridge) disk uuid`; figures: `cpu` (percent), `mem` (MiB, or with K, M, G, T), `vcpus`,
//! `snapshots`, with `> < >= <= =`.
mod parse;

use crate::domain::State;
use crate::inventory::{HostEntry, Machine};

/// A part of a machine's text that a term can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Name,
    Title,
    Description,
    Uuid,
    Mac,
    Ip,
    Os,
    Host,
    Tag,
    Net,
    Disk,
}

/// What of a machine can be searched, folded once so that a keystroke costs only the comparison.
#[derive(Clone, Debug, Default)]
pub struct Haystack {
    /// All parts one after another, each ended by a line break.
    text: String,
    /// Where each part ends (at its line break).
    parts: Vec<(Field, u32)>,
    /// Free text looks up to here; networks and disks lie behind and are found by their terms only.
    free: u32,
}

impl Haystack {
    /// Folds one machine; make it anew when its info (or its host's) changes. Figures are read by [`Query::matches`].
    pub fn new(host: &HostEntry, machine: &Machine) -> Self {
        let mut hay = Self::default();
        let info = &machine.info;
        hay.add(Field::Name, &info.name);
        hay.add(Field::Uuid, &info.id.0.to_string());
        hay.add(Field::Host, &host.name());
        if let Some(details) = info.details.as_deref() {
            hay.add(Field::Title, details.title.as_deref().unwrap_or_default());
            hay.add(Field::Description, details.description.as_deref().unwrap_or_default());
            hay.add(Field::Os, &details.os_id.as_deref().map(os_words).unwrap_or_default());
            details.nics.iter().for_each(|nic| hay.add(Field::Mac, &nic.mac));
            details.addresses.iter().for_each(|ip| hay.add(Field::Ip, ip));
            details.tags.iter().for_each(|tag| hay.add(Field::Tag, tag));
        }
        hay.free = hay.len();
        // A URI is no free text: "system" would find every machine.
        hay.add(Field::Host, host.id.as_str());
        if let Some(details) = info.details.as_deref() {
            let nets = details.nics.iter().flat_map(|nic| [&nic.source, &nic.target]).flatten();
            nets.for_each(|net| hay.add(Field::Net, net));
            details.disks.iter().filter_map(|d| d.source.as_deref()).for_each(|disk| hay.add(Field::Disk, disk));
        }
        hay.text.shrink_to_fit();
        hay.parts.shrink_to_fit();
        hay
    }

    fn len(&self) -> u32 {
        u32::try_from(self.text.len()).unwrap_or(u32::MAX)
    }

    fn add(&mut self, field: Field, text: &str) {
        if text.is_empty() {
            return;
        }
        fold_into(text, &mut self.text);
        self.parts.push((field, self.len()));
        self.text.push('\n');
    }

    fn free(&self) -> &str {
        self.text.get(..self.free as usize).unwrap_or_default()
    }

    fn of(&self, field: Field) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.parts.iter().map(|(_, end)| end + 1));
        let parts = starts.zip(&self.parts).filter(move |(_, (of, _))| *of == field);
        parts.filter_map(|(start, (_, end))| self.text.get(start as usize..*end as usize))
    }
}

/// `http://redhat.com/rhel/5.0` is also found as "rhel5.0" and "rhel 5.0".
fn os_words(id: &str) -> String {
    let mut parts = id.trim_end_matches('/').rsplit('/');
    match (parts.next(), parts.next()) {
        (Some(version), Some(name)) if !name.is_empty() => format!("{id} {name}{version} {name} {version}"),
        _ => id.to_owned(),
    }
}

/// Unicode case folding by way of the upper case: "STRASSE" finds "Straße", a final sigma is a sigma.
fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    fold_into(text, &mut out);
    out
}

fn fold_into(text: &str, out: &mut String) {
    if text.is_ascii() {
        let start = out.len();
        out.push_str(text);
        if let Some(added) = out.get_mut(start..) {
            added.make_ascii_lowercase();
        }
        return;
    }
    let folded = text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    // The dot that lower-casing leaves on the Turkish capital I has no counterpart in what people type.
    out.extend(folded.filter(|&c| c != '\u{307}'));
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Figure {
    Cpu,
    Memory,
    Vcpus,
    Snapshots,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Less,
    LessOrEqual,
    Equal,
    GreaterOrEqual,
    Greater,
}

#[derive(Clone, Debug, PartialEq)]
enum Test {
    Free(String),
    Field(Field, String),
    State(String),
    Figure(Figure, Comparison, f64),
    /// A term that is still being typed (`state:`, `cpu>`) hides nothing yet.
    Unfinished,
}

#[derive(Clone, Debug, PartialEq)]
struct Term {
    negated: bool,
    test: Test,
}

/// A parsed search.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    terms: Vec<Term>,
}

impl Query {
    /// Never fails: what is no term is free text.
    pub fn parse(text: &str) -> Self {
        Self { terms: parse::terms(text) }
    }

    /// Whether it lets every machine through.
    pub fn is_empty(&self) -> bool {
        self.terms.iter().all(|term| term.test == Test::Unfinished)
    }

    /// Whether a new stats tick can change what matches.
    pub fn uses_figures(&self) -> bool {
        self.terms.iter().any(|term| matches!(term.test, Test::Figure(Figure::Cpu, ..)))
    }

    /// Whether everything in the query is true of the machine.
    pub fn matches(&self, haystack: &Haystack, machine: &Machine) -> bool {
        self.terms
            .iter()
            .all(|term| term.test == Test::Unfinished || holds(&term.test, haystack, machine) != term.negated)
    }
}

fn holds(test: &Test, hay: &Haystack, machine: &Machine) -> bool {
    match test {
        Test::Free(text) => hay.free().contains(text.as_str()),
        // Addresses, tags and networks are matched from their beginning: `net:br0` is not xenbr0, `ip:10.1` not 110.1.
        Test::Field(field @ (Field::Ip | Field::Tag | Field::Net | Field::Uuid), text) => {
            hay.of(*field).any(|part| part.starts_with(text.as_str()))
        }
        Test::Field(field, text) => hay.of(*field).any(|part| part.contains(text.as_str())),
        Test::State(text) => state_words(machine.info.state).iter().any(|word| word.starts_with(text.as_str())),
        Test::Figure(figure, comparison, value) => {
            figure_of(*figure, machine).is_some_and(|have| compare(have, *comparison, *value))
        }
        Test::Unfinished => true,
    }
}

fn state_words(state: State) -> &'static [&'static str] {
    match state {
        State::Unknown => &["unknown"],
        State::Running | State::Blocked => &["running", "active", "on"],
        State::Paused => &["paused", "active"],
        State::ShuttingDown => &["shutting", "active"],
        State::Off => &["off", "shutoff", "stopped", "inactive"],
        State::Crashed => &["crashed", "inactive"],
        State::Suspended => &["suspended", "pmsuspended", "active"],
    }
}

fn figure_of(figure: Figure, machine: &Machine) -> Option<f64> {
    match figure {
        Figure::Cpu => machine.stats.cpu_percent.map(f64::from),
        Figure::Memory => Some(machine.info.memory_kib as f64),
        Figure::Vcpus => Some(f64::from(machine.info.vcpus)),
        Figure::Snapshots => machine.info.details.as_ref().map(|details| f64::from(details.snapshots)),
    }
}

fn compare(have: f64, comparison: Comparison, value: f64) -> bool {
    match comparison {
        Comparison::Less => have < value,
        Comparison::LessOrEqual => have <= value,
        Comparison::Equal => (have - value).abs() < 0.5,
        Comparison::GreaterOrEqual => have >= value,
        Comparison::Greater => have > value,
    }
}

#[cfg(test)]
mod tests;
