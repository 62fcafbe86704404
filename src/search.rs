//! The search field's language: free text and terms such as `state:running host:kvm1 cpu>80 mem>4G` (pure).
use crate::inventory::{HostEntry, Machine};

/// What of a machine can be searched, folded once so that a keystroke costs only the comparison.
#[derive(Clone, Debug, Default)]
pub struct Haystack {}

impl Haystack {
    /// Folds one machine; make it anew when its info changes (figures are given to [`Query::matches`] separately).
    pub fn new(host: &HostEntry, machine: &Machine) -> Self {
        let _ = (host, machine);
        Self {}
    }
}

/// A parsed search.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {}

impl Query {
    /// Never fails: what is no term is free text.
    pub fn parse(text: &str) -> Self {
        let _ = text;
        Self {}
    }

    /// Whether everything in the query is true of the machine.
    pub fn matches(&self, haystack: &Haystack, machine: &Machine) -> bool {
        let _ = (haystack, machine);
        true
    }
}
