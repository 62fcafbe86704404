//! What the dialog says, from what the hosts said and what was chosen: kinds, findings, and who can go (pure).
use drover::migrate::check::{best_kind, check, verdict};
use drover::migrate::finding::{Check, Finding, Reason, Severity};
use drover::migrate::survey::Survey;
use drover::migrate::{Choices, Kind};

use super::control::{self, Control};
use super::copies::Copies;
use super::words;
use crate::i18n::{gettext, gettext_f, ngettext_f};

/// A machine, and what is known of its move: nothing yet, all, or why not.
#[derive(Clone, Debug)]
pub struct Surveyed {
    pub name: String,
    pub survey: Option<Result<Survey, String>>,
}

impl Surveyed {
    /// What its hosts said.
    pub fn survey(&self) -> Option<&Survey> {
        self.survey.as_ref()?.as_ref().ok()
    }
}

/// One line below "Checks".
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub severity: Severity,
    pub text: String,
    /// What can be done, in words, where there is no control for it.
    pub advice: Option<String>,
    pub controls: Vec<Control>,
}

impl Line {
    fn block(text: String) -> Self {
        Self { severity: Severity::Block, text, advice: None, controls: Vec::new() }
    }

    /// Something to know or to change, that stands against nothing.
    pub fn note(text: String, controls: Vec<Control>) -> Self {
        Self { severity: Severity::Ok, text, advice: None, controls }
    }
}

/// A kind, and whether it is open to a choice.
#[derive(Clone, Debug, PartialEq)]
pub struct KindState {
    pub kind: Kind,
    /// How many of the machines can go like this.
    pub can: usize,
    /// Why none can, where that is another reason than stands against every kind; or why it is not needed.
    pub note: Option<String>,
}

/// All that is said under "Checks".
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    pub passed: Vec<String>,
    pub lines: Vec<Line>,
}

/// A machine's findings by one kind.
struct Cell {
    /// The kind that it would really go by.
    kind: Kind,
    findings: Vec<Finding>,
}

impl Cell {
    fn goes(&self) -> bool {
        verdict(&self.findings) < Severity::Block
    }

    fn blocks(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|f| f.severity == Severity::Block)
    }
}

/// Every machine by every kind, checked once.
pub struct Sheet<'a> {
    machines: &'a [Surveyed],
    choices: &'a Choices,
    copies: &'a Copies,
    /// `None` of a machine of which nothing is known.
    rows: Vec<Option<[Cell; 5]>>,
}

fn place(kind: Kind) -> usize {
    Kind::ALL.iter().position(|k| *k == kind).unwrap_or_default()
}

impl<'a> Sheet<'a> {
    /// Checks all of them.
    pub fn of(machines: &'a [Surveyed], choices: &'a Choices, copies: &'a Copies) -> Self {
        let active = |one: &Surveyed| one.survey().map(|s| s.machine.state.is_active());
        let mixed =
            machines.iter().any(|m| active(m) == Some(true)) && machines.iter().any(|m| active(m) == Some(false));
        let row = |one: &Surveyed| {
            let survey = one.survey()?;
            Some(Kind::ALL.map(|kind| cell(survey, (choices, copies), kind, mixed)))
        };
        Self { machines, choices, copies, rows: machines.iter().map(row).collect() }
    }

    fn cells(&self, kind: Kind) -> impl Iterator<Item = Option<&Cell>> {
        let place = place(kind);
        self.rows.iter().map(move |row| row.as_ref().map(|cells| &cells[place]))
    }

    /// For each machine whether it can go by the chosen kind.
    pub fn can(&self) -> Vec<bool> {
        self.cells(self.choices.kind).map(|cell| cell.is_some_and(Cell::goes)).collect()
    }

    /// The choices that a machine goes by: of a mixed lot, those that are off don't go live.
    pub fn choices_for(&self, machine: usize, kind: Kind) -> Choices {
        let cell = self.rows.get(machine).and_then(Option::as_ref).map(|cells| &cells[place(kind)]);
        let choices = Choices { kind: cell.map_or(kind, |c| c.kind), ..self.choices.clone() };
        match self.machines.get(machine).and_then(Surveyed::survey) {
            Some(survey) => self.copies.put(choices, survey),
            None => choices,
        }
    }

    /// Those that can go by this kind, with their choices.
    pub fn going(&self, kind: Kind) -> impl Iterator<Item = (usize, Choices)> {
        let can = self.cells(kind).enumerate().filter(|(_, cell)| cell.is_some_and(Cell::goes));
        can.map(move |(i, _)| (i, self.choices_for(i, kind)))
    }

    /// Each kind with its verdict.
    pub fn kinds(&self) -> Vec<KindState> {
        let state = |kind| {
            let can = self.cells(kind).flatten().filter(|cell| cell.goes()).count();
            let note = if can == 0 { self.why_not(kind) } else { self.not_needed(kind) };
            KindState { kind, can, note }
        };
        Kind::ALL.map(state).to_vec()
    }

    /// What blocks every kind is said once, below "Checks".
    fn why_not(&self, kind: Kind) -> Option<String> {
        let of = |(one, row): (&Surveyed, &Option<[Cell; 5]>)| {
            let cells = row.as_ref()?;
            let everywhere = |f: &Finding| cells.iter().all(|cell| cell.blocks().any(|other| other.reason == f.reason));
            let finding = cells[place(kind)].blocks().find(|f| !everywhere(f))?;
            Some(about(&[&one.name], self.machines.len(), &words::reason(&finding.reason)))
        };
        self.machines.iter().zip(&self.rows).find_map(of)
    }

    fn not_needed(&self, kind: Kind) -> Option<String> {
        let copied = |cell: &Cell| cell.findings.iter().any(|f| matches!(f.reason, Reason::Copied { .. }));
        let idle = kind == Kind::Copy && !self.cells(kind).flatten().any(copied);
        let live = self.cells(Kind::Live).flatten().any(Cell::goes);
        (idle && live).then(|| gettext("Not needed: all disks are shared."))
    }

    /// The kind that most machines can go by; of those, the one against which least stands, and that disturbs least.
    pub fn best(&self) -> Kind {
        let first = self.machines.iter().find_map(Surveyed::survey);
        let first = first.map_or(Kind::Live, |survey| best_kind(&survey.input(self.choices)));
        // Post-copy can lose a machine: it is chosen, not proposed.
        let order = [first, Kind::Live, Kind::Copy, Kind::Offline, Kind::Static];
        let rank = |kind: &Kind| {
            let cells = || self.cells(*kind).flatten();
            let stuck = cells().filter(|cell| !cell.goes()).count();
            let blocks: usize = cells().map(|cell| cell.blocks().count()).sum();
            (stuck, blocks)
        };
        order.into_iter().min_by_key(rank).unwrap_or(first)
    }

    /// What stands against the chosen kind, and what was chosen against it.
    pub fn judge(&self) -> Verdict {
        let all = self.machines.len();
        let mut grouped: Vec<(&Finding, Vec<usize>)> = Vec::new();
        let mut lines = Vec::new();
        for (i, (one, cell)) in self.machines.iter().zip(self.cells(self.choices.kind)).enumerate() {
            if let Some(Err(why)) = &one.survey {
                lines.push(Line::block(about(&[&one.name], all, why)));
            }
            for finding in cell.into_iter().flat_map(|cell| &cell.findings) {
                match grouped.iter_mut().find(|(f, _)| *f == finding) {
                    Some((_, who)) => who.push(i),
                    None => grouped.push((finding, vec![i])),
                }
            }
        }
        let mut passed = Vec::new();
        for (finding, who) in grouped {
            let names: Vec<&str> = who.iter().map(|i| self.machines[*i].name.as_str()).collect();
            let reason = words::reason(&finding.reason);
            if finding.severity == Severity::Ok {
                let whole = names.len() == all;
                let text = passed_text(finding.check, &finding.reason, &reason);
                passed.push(if whole { text } else { about(&names, all, &text) });
                continue;
            }
            let mut controls = control::of(finding, self.choices, all == 1);
            controls.iter_mut().for_each(|c| c.asked_for(&who));
            let advice = finding.remedy.as_ref().filter(|_| controls.is_empty()).map(words::remedy);
            lines.push(Line { severity: finding.severity, text: about(&names, all, &reason), advice, controls });
        }
        lines.sort_by_key(|line| std::cmp::Reverse(line.severity));
        lines.extend(self.other_kinds());
        lines.extend(control::chosen(self.machines, self.choices));
        Verdict { passed, lines }
    }

    /// Those that go by another kind than was chosen.
    fn other_kinds(&self) -> Vec<Line> {
        let chosen = self.choices.kind;
        let of = |kind: Kind| {
            let cells = self.machines.iter().zip(self.cells(chosen));
            let names: Vec<&str> = cells
                .filter(|(_, cell)| kind != chosen && cell.is_some_and(|c| c.kind == kind))
                .map(|(one, _)| one.name.as_str())
                .collect();
            let text = gettext_f("It is off, so it goes like this: {kind}.", &[("kind", &words::kind(kind))]);
            (!names.is_empty()).then(|| Line::note(about(&names, self.machines.len(), &text), Vec::new()))
        };
        Kind::ALL.into_iter().filter_map(of).collect()
    }
}

/// Of a mixed lot those that are off take their definition along, or their disks too where they must.
fn cell(survey: &Survey, (choices, copies): (&Choices, &Copies), kind: Kind, mixed: bool) -> Cell {
    let by = |kind| {
        let choices = copies.put(Choices { kind, ..choices.clone() }, survey);
        Cell { kind, findings: check(&survey.input(&choices)) }
    };
    if !mixed || survey.machine.state.is_active() || !kind.is_live() {
        return by(kind);
    }
    let offline = by(Kind::Offline);
    if offline.goes() || kind != Kind::Copy {
        return offline;
    }
    let taken_along = by(Kind::Static);
    if taken_along.goes() { taken_along } else { offline }
}

/// "Architecture: nothing stands against it" would be long: the check's name says that it passed.
fn passed_text(check: Check, reason: &Reason, words: &str) -> String {
    let name = words::check(check);
    match reason {
        Reason::Passed => name,
        _ => gettext_f("{check}: {what}", &[("check", &name), ("what", words)]),
    }
}

/// "web-01, web-02: …"; with one machine in all its name says nothing.
pub fn about(names: &[&str], all: usize, text: &str) -> String {
    const NAMED: usize = 3;
    if all == 1 {
        return text.to_owned();
    }
    let mut whom = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(NAMED);
    if more > 0 {
        whom.push_str(&ngettext_f(" and {n} more", " and {n} more", more as u64, &[]));
    }
    gettext_f("{whom}: {what}", &[("whom", &whom), ("what", text)])
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
pub(super) mod tests;
