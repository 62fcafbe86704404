//! What stands against a migration, from facts alone: no call goes out, so a hover over a host may ask it.
mod disks;
mod host;
mod network;
mod options;
mod state;
#[cfg(test)]
mod tests;

use super::answers::Answers;
use super::facts::HostFacts;
use super::finding::{Check, Finding, Reason, Remedy, Severity};
use super::machine::Machine;
use super::{Choices, Kind};

pub use disks::is_copied;

/// All that a verdict stands on.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    pub machine: &'a Machine,
    pub source: &'a HostFacts,
    pub dest: &'a HostFacts,
    pub answers: &'a Answers,
    pub choices: &'a Choices,
}

impl Input<'_> {
    fn kind(&self) -> Kind {
        self.choices.kind
    }
}

/// Every check that applies, in order; one that found nothing says that it passed.
pub fn check(input: &Input) -> Vec<Finding> {
    let same = host::same_host(input);
    if !same.is_empty() {
        // All else would be said of one host alone.
        return same;
    }
    let closed = host::permission(input);
    if !closed.is_empty() {
        // All else could not be asked.
        return closed;
    }
    type One = fn(&Input) -> Vec<Finding>;
    let live = input.kind().is_live();
    let checks: [(Check, bool, One); 22] = [
        (Check::SameHost, true, host::same_host),
        (Check::Permission, true, host::permission),
        (Check::State, true, state::state),
        (Check::Name, true, state::name),
        (Check::Hypervisor, true, host::hypervisor),
        (Check::Architecture, true, host::architecture),
        (Check::Versions, true, host::versions),
        (Check::Cpu, true, host::cpu),
        (Check::MachineType, input.machine.machine.is_some(), host::machine_type),
        (Check::Firmware, input.machine.loader.is_some(), host::firmware),
        (Check::Memory, true, host::memory),
        (Check::Network, !input.machine.nics.is_empty(), network::networks),
        (Check::Subnet, !input.machine.nics.is_empty(), network::subnet),
        (Check::DiskPath, true, disks::path),
        (Check::SharedStorage, live, disks::shared),
        (Check::DiskSpace, input.kind().copies(), disks::space),
        (Check::Media, input.machine.disks.iter().any(super::machine::Disk::is_removable), disks::media),
        (Check::Devices, true, state::devices),
        (Check::Address, live && !input.choices.way.is_tunnel(), network::address),
        (Check::Tls, input.choices.tls, network::tls),
        (Check::Relocation, input.dest.driver == "Xen", network::relocation),
        (Check::Options, true, options::options),
    ];
    let mut findings = Vec::new();
    for (check, applies, one) in checks {
        if !applies {
            continue;
        }
        let found = one(input);
        if found.is_empty() {
            findings.push(Finding::ok(check, Reason::Passed));
        }
        findings.extend(found);
    }
    findings
}

/// The worst of the findings.
pub fn verdict(findings: &[Finding]) -> Severity {
    findings.iter().map(|f| f.severity).max().unwrap_or(Severity::Ok)
}

/// The kind that suits best: the first that nothing blocks, from the one that disturbs the machine least; else the first.
pub fn best_kind(input: &Input) -> Kind {
    let order: &[Kind] = match input.machine.state.is_active() {
        true => &[Kind::Live, Kind::Copy, Kind::Static],
        false => &[Kind::Offline, Kind::Static],
    };
    let goes = |kind: &&Kind| {
        let choices = Choices { kind: **kind, ..input.choices.clone() };
        verdict(&check(&Input { choices: &choices, ..*input })) < Severity::Block
    };
    order.iter().find(goes).or(order.first()).copied().unwrap_or(Kind::Live)
}

/// The choices for a machine among many, about which nobody is asked: the best kind, and standing still where its hypervisor
/// may refuse it a live move.
pub fn unasked(input: &Input) -> Choices {
    let mut choices = Choices { kind: best_kind(input), ..input.choices.clone() };
    let findings = check(&Input { choices: &choices, ..*input });
    choices.stand_still |= findings.iter().any(|f| f.remedy == Some(Remedy::StandStill));
    choices
}
