//! What can be done about a finding without leaving the dialog: choices, options, and actions on the hosts (pure).
use drover::migrate::finding::{Finding, Remedy};
use drover::migrate::machine::Nic;
use drover::migrate::prepare::Preparation;
use drover::migrate::{Choices, Compression, Feature, Kind};

use super::verdict::{Line, Surveyed};
use crate::i18n::{gettext, gettext_f};

/// Something to choose or to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Control {
    /// Another bridge there: the one here, those there, the one that was chosen.
    Bridge {
        here: String,
        have: Vec<String>,
        chosen: Option<String>,
    },
    /// The same with a network.
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
    /// Let this file be replaced by a copy; whether that was chosen.
    Replace(String, bool),
    /// Copy only what lies over the file that a disk stands on; whether that was chosen.
    Incremental(bool),
    Kind(Kind),
    /// Change something among the options.
    Edit(Edit),
    /// Do this on a host.
    Prepare(Prepare),
    /// Choose which machines go away from the destination.
    MoveAway,
}

/// Something to change among the options, or to show there.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    LeaveOut(Feature),
    StandStill,
    Compress(Compression),
    /// Copy this disk along.
    Copy(String),
    /// Give it another name there.
    Name,
    /// Put the copies elsewhere there.
    Place,
}

/// Something to do on a host before the machines in these places move.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepare {
    pub what: Preparation,
    /// Those to which it is done; or one, whose host is the model for what is done at the destination.
    pub machines: Vec<usize>,
}

impl Prepare {
    fn new(what: Preparation) -> Self {
        Self { what, machines: vec![0] }
    }
}

impl Control {
    /// Whether it is about the same thing, whatever is chosen in it.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bridge { here: a, .. }, Self::Bridge { here: b, .. })
            | (Self::Network { here: a, .. }, Self::Network { here: b, .. }) => a == b,
            (Self::Eject(_), Self::Eject(_))
            | (Self::Shared(_), Self::Shared(_))
            | (Self::Incremental(_), Self::Incremental(_)) => true,
            (Self::Address(a, _), Self::Address(b, _)) | (Self::Replace(a, _), Self::Replace(b, _)) => a == b,
            (Self::Kind(a), Self::Kind(b)) => a == b,
            (Self::Prepare(a), Self::Prepare(b)) => a.what == b.what,
            (Self::Edit(a), Self::Edit(b)) => a == b,
            (Self::MoveAway, Self::MoveAway) => true,
            _ => false,
        }
    }

    /// The machines of which it was found.
    pub(super) fn asked_for(&mut self, machines: &[usize]) {
        if let Self::Prepare(it) = self {
            let all = if it.what.is_of_machine() { machines.len() } else { 1 };
            it.machines = machines.iter().copied().take(all).collect();
        }
    }
}

/// What can be done about a finding; `alone`: of the only machine that moves.
pub fn of(finding: &Finding, choices: &Choices, alone: bool) -> Vec<Control> {
    let Some(remedy) = &finding.remedy else { return Vec::new() };
    let prepare = |what| vec![Control::Prepare(Prepare::new(what))];
    let edit = |edit| vec![Control::Edit(edit)];
    match remedy {
        Remedy::ChooseBridge { bridge, have } if !have.is_empty() => {
            vec![Control::Bridge { here: bridge.clone(), have: have.clone(), chosen: None }]
        }
        Remedy::ChooseNetwork { network, have } => {
            let (here, have) = (network.clone(), have.clone());
            let choose = (!have.is_empty()).then(|| Control::Network { here: here.clone(), have, chosen: None });
            let copy = Control::Prepare(Prepare::new(Preparation::CopyNetwork(here)));
            choose.into_iter().chain([copy]).collect()
        }
        Remedy::StartNetwork { network, .. } => prepare(Preparation::StartNetwork(network.clone())),
        Remedy::StartPool { pool, .. } => prepare(Preparation::StartPool(pool.clone())),
        Remedy::DefinePool { pool, .. } => prepare(Preparation::CopyPool(pool.clone())),
        Remedy::CreateFolder { folder, .. } => prepare(Preparation::CreateFolder(folder.clone())),
        Remedy::LowerCpu => prepare(Preparation::LowerCpu),
        Remedy::Resume => prepare(Preparation::Resume),
        Remedy::DropSave => prepare(Preparation::DropSave),
        Remedy::LeaveOut(feature) if can_leave_out(*feature) => edit(Edit::LeaveOut(*feature)),
        Remedy::StandStill => edit(Edit::StandStill),
        Remedy::Compress(method) => edit(Edit::Compress(*method)),
        Remedy::CopyToo { target } => edit(Edit::Copy(target.clone())),
        Remedy::Rename if alone => edit(Edit::Name),
        Remedy::OtherPlace { .. } | Remedy::FreeSpace { .. } => edit(Edit::Place),
        Remedy::FreeMemory { .. } => vec![Control::MoveAway],
        Remedy::Eject => vec![Control::Eject(false)],
        Remedy::SayShared if choices.shared.is_none() => vec![Control::Shared(None)],
        Remedy::Replace { path } => vec![Control::Replace(path.clone(), false)],
        Remedy::Incremental { .. } => vec![Control::Incremental(false)],
        Remedy::UseAddress { address } => vec![Control::Address(address.clone(), false)],
        Remedy::CopyDisk(kind) | Remedy::OtherKind(kind) if *kind != choices.kind => vec![Control::Kind(*kind)],
        _ => Vec::new(),
    }
}

/// Whether the options have it; the others are chosen elsewhere in the dialog, or not at all.
fn can_leave_out(feature: Feature) -> bool {
    !matches!(feature, Feature::Kind(_) | Feature::Address | Feature::Incremental)
}

/// What was chosen in earlier lines stays where it can be changed.
pub fn chosen(machines: &[Surveyed], choices: &Choices) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut add = |text, control| lines.push(Line::note(text, vec![control]));
    let survey = machines.iter().find_map(Surveyed::survey);
    for (here, there) in &choices.bridges {
        let have = survey.and_then(|s| s.dest.bridges.clone()).unwrap_or_default();
        if have.contains(there) && uses(machines, &Nic::Bridge(here.clone())) {
            let text = gettext_f("Instead of bridge {name}, there:", &[("name", here)]);
            add(text, Control::Bridge { here: here.clone(), have, chosen: Some(there.clone()) });
        }
    }
    for (here, there) in &choices.networks {
        let have = survey.map(|s| s.dest.networks.iter().map(|n| n.name.clone()).collect::<Vec<_>>());
        let have = have.unwrap_or_default();
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
    for path in &choices.replace {
        add(gettext_f("{path} is replaced there.", &[("path", path)]), Control::Replace(path.clone(), true));
    }
    if choices.incremental {
        let text = gettext("Of disks that stand on another file only what lies over it is copied.");
        add(text, Control::Incremental(true));
    }
    if let Some(address) = &choices.address {
        let text = gettext_f("The destination is reached at {address}.", &[("address", address)]);
        add(text, Control::Address(address.clone(), true));
    }
    lines
}

fn uses(machines: &[Surveyed], nic: &Nic) -> bool {
    machines.iter().filter_map(Surveyed::survey).any(|survey| survey.machine.nics.contains(nic))
}

/// Takes a person's answer into the choices. What is to be done on a host, or with the options' widgets, is no choice.
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
        Control::Replace(path, replace) => {
            choices.replace.retain(|other| other != path);
            choices.replace.extend(replace.then(|| path.clone()));
        }
        Control::Incremental(only) => choices.incremental = *only,
        Control::Kind(kind) => choices.kind = *kind,
        Control::Edit(_) | Control::Prepare(_) | Control::MoveAway => {}
    }
}

#[cfg(test)]
#[path = "control_tests.rs"]
mod tests;
