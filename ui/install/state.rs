//! All that the New-machine window knows: the form and what the checks answered. Says what stands under which field.
use drover::finding::{Field, Finding, Severity};
use drover::host::Host;
use drover::install::detect::Detected;
use drover::install::offers::Offers;
use drover::install::plan::Plan;
use drover::install::unattended::Checked;
use drover::task::Cancel;

use super::field::Says;
use super::form::{Answers, Form, Step};
use crate::errors;
use crate::i18n::{gettext, gettext_f, ngettext_f};

/// A host that a machine can be made on, or can't for a reason.
#[derive(Clone)]
pub struct HostChoice {
    pub host: Host,
    /// As the sidebar names it.
    pub name: String,
    /// Why it can't be chosen now ("not connected"), in the person's language.
    pub trouble: Option<String>,
}

impl std::fmt::Debug for HostChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostChoice").field("name", &self.name).field("trouble", &self.trouble).finish_non_exhaustive()
    }
}

/// An answer that is looked up in the background.
#[derive(Clone, Debug, Default)]
pub enum Seen<T> {
    #[default]
    Nothing,
    Busy,
    Good(T),
    /// What went wrong, in words.
    Bad(String),
}

/// A look-up with the stop button of the one that is under way: a new one stops the old, whose answer is then dropped.
#[derive(Debug)]
pub struct Live<T> {
    cancel: Cancel,
    pub seen: Seen<T>,
}

impl<T> Default for Live<T> {
    fn default() -> Self {
        Self { cancel: Cancel::default(), seen: Seen::Nothing }
    }
}

impl<T> Live<T> {
    /// Stops what is under way and gives the stop button for the next look-up.
    pub fn restart(&mut self) -> Cancel {
        self.stop();
        self.seen = Seen::Busy;
        self.cancel.clone()
    }

    /// Stops what is under way and forgets the answer.
    pub fn stop(&mut self) {
        self.cancel.cancel();
        self.cancel = Cancel::default();
        self.seen = Seen::Nothing;
    }

    /// Takes an answer in.
    pub fn answer(&mut self, result: Result<T, String>) {
        self.seen = match result {
            Ok(value) => Seen::Good(value),
            Err(words) => Seen::Bad(words),
        };
    }

    /// The answer, if it is a good one.
    pub fn good(&self) -> Option<&T> {
        match &self.seen {
            Seen::Good(value) => Some(value),
            _ => None,
        }
    }
}

impl<T> Drop for Live<T> {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

/// What the host said of the whole request.
#[derive(Clone, Debug, Default)]
pub struct Looked {
    pub findings: Vec<Finding>,
    /// The plan and its virt-install command, where nothing stands in the way.
    pub plan: Option<(Box<Plan>, String)>,
    /// Bytes free in the folder of a new image.
    pub free: Option<u64>,
    /// The host could not be asked.
    pub trouble: Option<String>,
}

/// Everything.
#[derive(Debug)]
pub struct State {
    pub hosts: Vec<HostChoice>,
    pub host: Option<usize>,
    pub form: Form,
    pub step: Step,
    pub visited: [bool; 6],
    pub offers: Live<Offers>,
    pub source: Live<Detected>,
    pub answers: Live<Option<Checked>>,
    pub look: Live<Looked>,
    /// The last answer of `look`, kept on screen while the next is under way.
    pub looked: Looked,
}

impl State {
    /// Nothing is known yet.
    pub fn new(hosts: Vec<HostChoice>, host: Option<usize>, form: Form) -> Self {
        Self {
            hosts,
            host,
            form,
            step: Step::Source,
            visited: [true, false, false, false, false, false],
            offers: Live::default(),
            source: Live::default(),
            answers: Live::default(),
            look: Live::default(),
            looked: Looked::default(),
        }
    }

    /// The host that is chosen, if it can be used.
    pub fn chosen(&self) -> Option<&HostChoice> {
        self.hosts.get(self.host?).filter(|h| h.trouble.is_none())
    }

    /// What stands under a field: the worst finding, else a hint.
    pub fn says(&self, field: Field) -> Says {
        if self.form.missing().contains(&field) {
            return Says::Note(missing(field));
        }
        match self.findings_of(field).max_by_key(|f| f.severity) {
            Some(finding) => said(finding),
            None => self.hint(field),
        }
    }

    fn findings_of(&self, field: Field) -> impl Iterator<Item = &Finding> {
        self.looked.findings.iter().filter(move |f| f.field == field)
    }

    fn hint(&self, field: Field) -> Says {
        match field {
            Field::Host => self.host_says(),
            Field::Source => self.source_says(),
            Field::Unattended => self.answers_says(),
            Field::Memory => self.memory_hint(),
            Field::DiskSize => self.free_hint(),
            _ => Says::Nothing,
        }
    }

    fn free_hint(&self) -> Says {
        let Some(free) = self.looked.free else { return Says::Nothing };
        let folder = self.form.disk_path.rsplit_once('/').map(|(folder, _)| folder).unwrap_or_default();
        let gib = free as f64 / f64::from(1 << 30);
        let text = gettext_f("{amount} free in {folder}", &[("amount", &errors::amount(gib)), ("folder", folder)]);
        // An image that grows may be larger than the room there is; that is no praise.
        if gib < self.form.size_gib { Says::Note(text) } else { Says::Good(text) }
    }

    fn host_says(&self) -> Says {
        let picked = self.host.and_then(|i| self.hosts.get(i));
        match (&self.offers.seen, picked.map(|h| &h.trouble)) {
            (_, None) => Says::Bad(gettext("No host is connected; add or connect one in the main window")),
            (_, Some(Some(trouble))) => Says::Bad(trouble.clone()),
            (Seen::Bad(words), _) => Says::Bad(words.clone()),
            (Seen::Busy, _) => Says::Busy(gettext("Asking what it offers…")),
            _ => match &self.looked.trouble {
                Some(words) => Says::Bad(words.clone()),
                None => Says::Nothing,
            },
        }
    }

    fn source_says(&self) -> Says {
        match &self.source.seen {
            Seen::Nothing => Says::Nothing,
            Seen::Busy => Says::Busy(gettext("Looking what it installs…")),
            Seen::Good(detected) => Says::Good(describe(detected)),
            Seen::Bad(words) => Says::Bad(words.clone()),
        }
    }

    fn answers_says(&self) -> Says {
        if self.form.answers == Answers::None {
            return Says::Nothing;
        }
        match &self.answers.seen {
            Seen::Nothing => Says::Nothing,
            Seen::Busy => Says::Busy(gettext("Reading it…")),
            Seen::Bad(words) => Says::Bad(words.clone()),
            Seen::Good(None) => Says::Note(gettext("Only the installer can read this one; it was not checked")),
            Seen::Good(Some(checked)) => answers_checked(checked),
        }
    }

    fn memory_hint(&self) -> Says {
        let mut parts = Vec::new();
        if let Some(d) = self.source.good() {
            let (minimum, good) = (d.minimum_memory_mib.to_string(), d.recommended_memory_mib.to_string());
            parts.push(gettext_f(
                "The installer needs {minimum} MiB, {good} MiB are good",
                &[("minimum", &minimum), ("good", &good)],
            ));
        }
        if let Some(o) = self.offers.good().filter(|o| o.memory_mib > 0) {
            parts.push(gettext_f("The host has {have} MiB", &[("have", &o.memory_mib.to_string())]));
        }
        if parts.is_empty() { Says::Nothing } else { Says::Note(parts.join(" · ")) }
    }

    /// Everything that stands in the way or should be thought about, with its step: for the summary.
    pub fn troubles(&self) -> Vec<(Step, Says)> {
        let mut all: Vec<(Step, Says)> = Vec::new();
        if let says @ Says::Bad(_) = self.host_says() {
            all.push((Step::Source, says));
        }
        match &self.source.seen {
            Seen::Nothing => all.push((Step::Source, Says::Bad(gettext("Say where the install tree is")))),
            Seen::Bad(words) => all.push((Step::Source, Says::Bad(words.clone()))),
            _ => {}
        }
        let missing_fields = self.form.missing();
        all.extend(missing_fields.iter().map(|field| (Step::of(*field), Says::Bad(missing(*field)))));
        if let says @ (Says::Bad(_) | Says::Warn(_)) = self.answers_says() {
            all.push((Step::Unattended, says));
        }
        let source_is_bad = matches!(self.source.seen, Seen::Bad(_) | Seen::Nothing);
        for finding in &self.looked.findings {
            let told = (finding.field == Field::Source && source_is_bad) || missing_fields.contains(&finding.field);
            if !told {
                all.push((Step::of(finding.field), said(finding)));
            }
        }
        all
    }

    /// Whether a step was seen and nothing on it stands in the way.
    pub fn is_complete(&self, step: Step) -> bool {
        self.visited[step.index()] && step != Step::Summary && !self.is_blocked(step)
    }

    /// Whether something on a step stands in the way.
    pub fn is_blocked(&self, step: Step) -> bool {
        let waits = step == Step::Source && self.source.good().is_none();
        waits || self.troubles().iter().any(|(at, says)| *at == step && matches!(says, Says::Bad(_)))
    }

    /// The plan that [Begin install] would carry out; `None` while something stands in the way or is being checked.
    pub fn ready(&self) -> Option<&Plan> {
        let Seen::Good(looked) = &self.look.seen else { return None };
        let blocked = matches!(self.answers.seen, Seen::Busy) || Step::ALL.iter().any(|s| self.is_blocked(*s));
        looked.plan.as_ref().filter(|_| !blocked).map(|(plan, _)| plan.as_ref())
    }
}

/// What was found in a tree, in one line.
pub fn describe(d: &Detected) -> String {
    let arch = d.arch.as_deref().map(|a| format!(", {a}")).unwrap_or_default();
    let initrd = d.initrd.rsplit('/').next().unwrap_or(&d.initrd);
    let file = |name: &str, size: Option<u64>| match size {
        Some(bytes) => format!("{name} ({} MB)", (bytes + 500_000) / 1_000_000),
        None => name.to_owned(),
    };
    format!("{}{arch} — {}, {}", d.os, file(&d.kernel, d.kernel_size), file(initrd, d.initrd_size))
}

fn said(finding: &Finding) -> Says {
    let text = errors::finding(finding);
    match finding.severity {
        Severity::Block => Says::Bad(text),
        Severity::Warn => Says::Warn(text),
        Severity::Note => Says::Note(text),
    }
}

fn answers_checked(checked: &Checked) -> Says {
    let lines = checked.lines as u64;
    let Some(worst) = checked.findings.iter().map(|f| f.severity).max() else {
        return Says::Good(ngettext_f("{n} line, no problems", "{n} lines, no problems", lines, &[]));
    };
    let text = checked.findings.iter().map(errors::finding).collect::<Vec<_>>().join("\n");
    match worst {
        Severity::Block => Says::Bad(text),
        Severity::Warn => Says::Warn(text),
        Severity::Note => Says::Note(text),
    }
}

/// What is asked for when a chosen answer was not given.
fn missing(field: Field) -> String {
    match field {
        Field::Name => gettext("Give the machine a name"),
        Field::Unattended => gettext("Say where the file with the answers is"),
        Field::DiskPath => gettext("Give the disk a path"),
        Field::Network => gettext("Name the bridge or network"),
        _ => gettext("An answer is needed"),
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
