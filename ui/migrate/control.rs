//! What can be done about a finding without leaving the dialog: choices, and actions on the destination (pure).
use drover::migrate::finding::{Finding, Remedy};
use drover::migrate::machine::Nic;
use drover::migrate::prepare::Preparation;
use drover::migrate::{Choices, Kind};

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
    Kind(Kind),
    /// Do this on the destination, with the host of the machine in this place as the model.
    Prepare(Preparation, usize),
}

impl Control {
    /// Whether it is about the same thing, whatever is chosen in it.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bridge { here: a, .. }, Self::Bridge { here: b, .. })
            | (Self::Network { here: a, .. }, Self::Network { here: b, .. }) => a == b,
            (Self::Eject(_), Self::Eject(_)) | (Self::Shared(_), Self::Shared(_)) => true,
            (Self::Address(a, _), Self::Address(b, _)) => a == b,
            (Self::Kind(a), Self::Kind(b)) => a == b,
            (Self::Prepare(a, _), Self::Prepare(b, _)) => a == b,
            _ => false,
        }
    }

    /// The first machine of which it was found.
    pub(super) fn asked_for(&mut self, machine: usize) {
        if let Self::Prepare(_, of) = self {
            *of = machine;
        }
    }
}

/// What can be done about a finding.
pub fn of(finding: &Finding, choices: &Choices) -> Vec<Control> {
    let Some(remedy) = &finding.remedy else { return Vec::new() };
    let prepare = |what| vec![Control::Prepare(what, 0)];
    match remedy {
        Remedy::ChooseBridge { bridge, have } if !have.is_empty() => {
            vec![Control::Bridge { here: bridge.clone(), have: have.clone(), chosen: None }]
        }
        Remedy::ChooseNetwork { network, have } => {
            let (here, have) = (network.clone(), have.clone());
            let choose = (!have.is_empty()).then(|| Control::Network { here: here.clone(), have, chosen: None });
            let copy = Control::Prepare(Preparation::CopyNetwork(here), 0);
            choose.into_iter().chain([copy]).collect()
        }
        Remedy::StartNetwork { network, .. } => prepare(Preparation::StartNetwork(network.clone())),
        Remedy::StartPool { pool, .. } => prepare(Preparation::StartPool(pool.clone())),
        Remedy::DefinePool { pool, .. } => prepare(Preparation::CopyPool(pool.clone())),
        Remedy::CreateFolder { folder, .. } => prepare(Preparation::CreateFolder(folder.clone())),
        Remedy::Eject => vec![Control::Eject(false)],
        Remedy::SayShared if choices.shared.is_none() => vec![Control::Shared(None)],
        Remedy::UseAddress { address } => vec![Control::Address(address.clone(), false)],
        Remedy::CopyDisk(kind) | Remedy::OtherKind(kind) if *kind != choices.kind => vec![Control::Kind(*kind)],
        _ => Vec::new(),
    }
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
    if let Some(address) = &choices.address {
        let text = gettext_f("The destination is reached at {address}.", &[("address", address)]);
        add(text, Control::Address(address.clone(), true));
    }
    lines
}

fn uses(machines: &[Surveyed], nic: &Nic) -> bool {
    machines.iter().filter_map(Surveyed::survey).any(|survey| survey.machine.nics.contains(nic))
}

/// Takes a person's answer into the choices. What is to be done on a host is no choice.
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
        Control::Prepare(..) => {}
    }
}
