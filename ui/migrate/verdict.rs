//! What the dialog shows, from what the hosts said and what was chosen: kinds, findings, and what can be done about them (pure).
use drover::migrate::check::{best_kind, check, verdict};
use drover::migrate::finding::{Finding, Remedy, Severity};
use drover::migrate::machine::Nic;
use drover::migrate::survey::Survey;
use drover::migrate::{Choices, Kind};

use super::words;
use crate::i18n::{gettext, gettext_f, ngettext_f};

/// A machine's name, and what is known of it or why nothing is.
pub type Surveyed = (String, Result<Survey, String>);

/// What a person can do about a line without leaving the dialog.
#[derive(Clone, Debug, PartialEq)]
pub enum Control {
    /// Another bridge there: the one here, those there, the one that was chosen.
    Bridge {
        here: String,
        have: Vec<String>,
        chosen: Option<String>,
    },
    Network {
        here: String,
        have: Vec<String>,
        chosen: Option<String>,
    },
    /// Take media out of drives; whether that was chosen.
    Eject(bool),
    /// Is it the same on both hosts; what was answered.
    Shared(Option<bool>),
    /// Reach the destination at this address; whether that was chosen.
    Address(String, bool),
    Kind(Kind),
}

/// One line below "Checks".
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub severity: Severity,
    pub text: String,
    /// What can be done, in words, where there is no control for it.
    pub advice: Option<String>,
    pub control: Option<Control>,
}

/// A kind, and whether it is open to a choice.
#[derive(Clone, Debug, PartialEq)]
pub struct KindState {
    pub kind: Kind,
    /// How many of the machines can go like this.
    pub can: usize,
    /// Why none can.
    pub why_not: Option<String>,
}

/// All that the dialog says.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// For each machine, whether it can go.
    pub can: Vec<bool>,
    pub passed: Vec<String>,
    pub lines: Vec<Line>,
}

fn findings(survey: &Survey, choices: &Choices) -> Vec<Finding> {
    check(&survey.input(choices))
}

fn goes(one: &Surveyed, choices: &Choices) -> bool {
    one.1.as_ref().is_ok_and(|s| verdict(&findings(s, choices)) < Severity::Block)
}

/// Each kind with its verdict.
pub fn kinds(machines: &[Surveyed], choices: &Choices) -> Vec<KindState> {
    let state = |kind| {
        let choices = Choices { kind, ..choices.clone() };
        let can = machines.iter().filter(|one| goes(one, &choices)).count();
        let blocks = |(_, survey): &Surveyed| {
            let found = findings(survey.as_ref().ok()?, &choices);
            found.into_iter().find(|f| f.severity == Severity::Block).map(|f| words::reason(&f.reason))
        };
        let why_not = (can == 0).then(|| machines.iter().find_map(blocks)).flatten();
        KindState { kind, can, why_not }
    };
    Kind::ALL.map(state).to_vec()
}

/// The kind that most machines can go by; of those, the one that suits the first machine best.
pub fn best(machines: &[Surveyed], choices: &Choices) -> Kind {
    let first = machines.iter().find_map(|(_, survey)| survey.as_ref().ok());
    let first = first.map_or(Kind::Live, |survey| best_kind(&survey.input(choices)));
    let all = kinds(machines, choices);
    let most = all.iter().map(|k| k.can).max().unwrap_or_default();
    // Post-copy can lose a machine: it is chosen, not proposed.
    let order = [first, Kind::Live, Kind::Copy, Kind::Offline, Kind::Static];
    let suits = |kind: &&Kind| all.iter().any(|k| k.kind == **kind && k.can == most);
    order.iter().find(suits).copied().unwrap_or(first)
}

/// What stands against these choices, and what was chosen against it.
pub fn judge(machines: &[Surveyed], choices: &Choices) -> Verdict {
    let mut grouped: Vec<(Finding, Vec<&str>)> = Vec::new();
    let mut lines = Vec::new();
    let mut passed = Vec::new();
    for (name, survey) in machines {
        match survey {
            Ok(survey) => {
                for finding in findings(survey, choices) {
                    match grouped.iter_mut().find(|(f, _)| *f == finding) {
                        Some((_, names)) => names.push(name),
                        None => grouped.push((finding, vec![name])),
                    }
                }
            }
            Err(why) => {
                let text = about(&[name], machines.len(), why);
                lines.push(Line { severity: Severity::Block, text, advice: None, control: None });
            }
        }
    }
    for (finding, names) in grouped {
        let reason = words::reason(&finding.reason);
        if finding.severity == Severity::Ok {
            let text = gettext_f("{check}: {what}", &[("check", &words::check(finding.check)), ("what", &reason)]);
            passed.push(about(&names, machines.len(), &text));
            continue;
        }
        let control = finding.remedy.as_ref().and_then(|r| control(r, choices));
        let advice = finding.remedy.as_ref().filter(|_| control.is_none()).map(words::remedy);
        let text = about(&names, machines.len(), &reason);
        lines.push(Line { severity: finding.severity, text, advice, control });
    }
    lines.sort_by_key(|line| std::cmp::Reverse(line.severity));
    lines.extend(chosen(machines, choices));
    Verdict { can: machines.iter().map(|one| goes(one, choices)).collect(), passed, lines }
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

fn control(remedy: &Remedy, choices: &Choices) -> Option<Control> {
    Some(match remedy {
        Remedy::ChooseBridge { bridge, have } if !have.is_empty() => {
            Control::Bridge { here: bridge.clone(), have: have.clone(), chosen: None }
        }
        Remedy::ChooseNetwork { network, have } if !have.is_empty() => {
            Control::Network { here: network.clone(), have: have.clone(), chosen: None }
        }
        Remedy::Eject => Control::Eject(false),
        Remedy::SayShared if choices.shared.is_none() => Control::Shared(None),
        Remedy::UseAddress { address } => Control::Address(address.clone(), false),
        Remedy::CopyDisk(kind) | Remedy::OtherKind(kind) if *kind != choices.kind => Control::Kind(*kind),
        _ => return None,
    })
}

/// What was chosen in earlier lines stays where it can be changed.
fn chosen(machines: &[Surveyed], choices: &Choices) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut add = |text, control| {
        lines.push(Line { severity: Severity::Ok, text, advice: None, control: Some(control) });
    };
    let survey = machines.iter().find_map(|(_, survey)| survey.as_ref().ok());
    for (here, there) in &choices.bridges {
        let have = survey.and_then(|s| s.dest.bridges.clone()).unwrap_or_default();
        if have.contains(there) && uses(machines, &Nic::Bridge(here.clone())) {
            let text = gettext_f("Instead of bridge {name}, there:", &[("name", here)]);
            add(text, Control::Bridge { here: here.clone(), have, chosen: Some(there.clone()) });
        }
    }
    for (here, there) in &choices.networks {
        let have: Vec<String> =
            survey.map(|s| s.dest.networks.iter().map(|n| n.name.clone()).collect()).unwrap_or_default();
        if have.contains(there) && uses(machines, &Nic::Network(here.clone())) {
            let text = gettext_f("Instead of network {name}, there:", &[("name", here)]);
            add(text, Control::Network { here: here.clone(), have, chosen: Some(there.clone()) });
        }
    }
    if choices.eject {
        add(gettext("Media that the destination does not have are ejected there."), Control::Eject(true));
    }
    if let Some(shared) = choices.shared {
        let text = match shared {
            true => gettext("You said: disks of which nothing is known are the same on both hosts."),
            false => gettext("You said: disks of which nothing is known are not the same on both hosts."),
        };
        add(text, Control::Shared(Some(shared)));
    }
    if let Some(address) = &choices.address {
        let text = gettext_f("The destination is reached at {address}.", &[("address", address)]);
        add(text, Control::Address(address.clone(), true));
    }
    lines
}

fn uses(machines: &[Surveyed], nic: &Nic) -> bool {
    machines.iter().any(|(_, survey)| survey.as_ref().is_ok_and(|s| s.machine.nics.contains(nic)))
}

/// Takes a person's answer into the choices.
pub fn set(choices: &mut Choices, control: &Control) {
    let put = |pairs: &mut Vec<(String, String)>, here: &String, there: &Option<String>| {
        pairs.retain(|(from, _)| from != here);
        pairs.extend(there.clone().map(|there| (here.clone(), there)));
    };
    match control {
        Control::Bridge { here, chosen, .. } => put(&mut choices.bridges, here, chosen),
        Control::Network { here, chosen, .. } => put(&mut choices.networks, here, chosen),
        Control::Eject(eject) => choices.eject = *eject,
        Control::Shared(shared) => choices.shared = *shared,
        Control::Address(address, used) => choices.address = used.then(|| address.clone()),
        Control::Kind(kind) => choices.kind = *kind,
    }
}
