//! Networks there by name, and the way to the host: subnet, the address it tells, TLS, Xen's relocation server.
use std::net::IpAddr;

use super::Input;
use crate::migrate::answers::TlsAnswer;
use crate::migrate::facts::{HostFacts, RELOCATION_PORT};
use crate::migrate::finding::{Check, Finding, Reason, Remedy};
use crate::migrate::machine::Nic;
use crate::migrate::subnet::network;

/// Each bridge and network by name, each said once.
pub fn networks(input: &Input) -> Vec<Finding> {
    let mut seen: Vec<&Nic> = Vec::new();
    let mut found = Vec::new();
    for nic in &input.machine.nics {
        if !seen.contains(&nic) {
            seen.push(nic);
            found.extend(one(input, nic));
        }
    }
    found
}

fn one(input: &Input, nic: &Nic) -> Option<Finding> {
    let host = input.dest.name.clone();
    match nic {
        Nic::Bridge(here) => {
            let bridge = input.choices.bridge(here).to_owned();
            let Some(have) = &input.dest.bridges else {
                return Some(Finding::warn(Check::Network, Reason::BridgeUnknown { host, bridge }, None));
            };
            if have.contains(&bridge) {
                return None;
            }
            let remedy = Remedy::ChooseBridge { bridge: here.clone(), have: have.clone() };
            Some(Finding::block(Check::Network, Reason::NoBridge { host, bridge, have: have.clone() }, Some(remedy)))
        }
        Nic::Network(here) => {
            let network = input.choices.network(here).to_owned();
            let have: Vec<_> = input.dest.networks.iter().map(|n| n.name.clone()).collect();
            match input.dest.networks.iter().find(|n| n.name == network) {
                Some(there) if there.active => None,
                Some(_) => {
                    let remedy = Remedy::StartNetwork { host: host.clone(), network: network.clone() };
                    Some(Finding::block(Check::Network, Reason::NetworkStopped { host, network }, Some(remedy)))
                }
                None => {
                    let remedy = Remedy::ChooseNetwork { network: here.clone(), have: have.clone() };
                    Some(Finding::block(Check::Network, Reason::NoNetwork { host, network, have }, Some(remedy)))
                }
            }
        }
        Nic::Direct(device) => {
            let reason = Reason::HostInterface { host, device: device.clone() };
            Some(Finding::warn(Check::Network, reason, None))
        }
        Nic::HostDevice => {
            let reason = Reason::HostDevice { device: "network card".into() };
            Some(Finding::block(Check::Network, reason, Some(Remedy::DetachDevice)))
        }
        Nic::Free => None,
    }
}

/// Whether both addresses are of one subnet, by the prefix of either where it is known ([`HostFacts::prefix`]); else the
/// usual ones are taken, 24 bits of IPv4 and 64 of IPv6, and said.
///
/// [`HostFacts::prefix`]: crate::migrate::facts::HostFacts::prefix
pub fn subnet(input: &Input) -> Vec<Finding> {
    // Where one is reached over IPv4 and the other over IPv6, one of them may have both.
    let known = |host: &HostFacts| -> Vec<IpAddr> {
        host.address.iter().chain(&host.name_resolves).copied().filter(|a| !a.is_loopback()).collect()
    };
    let (from, to) = (known(input.source), known(input.dest));
    let beside = |to: &IpAddr| from.iter().find(|from| from.is_ipv4() == to.is_ipv4()).map(|from| (*from, *to));
    let Some((from, to)) = to.iter().find_map(beside) else {
        return vec![Finding::warn(Check::Subnet, Reason::SubnetUnknown, None)];
    };
    let prefix = |host: &HostFacts, of: IpAddr| host.prefix.filter(|_| host.address == Some(of));
    let told = prefix(input.source, from).or_else(|| prefix(input.dest, to));
    let prefix = told.unwrap_or(if from.is_ipv4() { 24 } else { 64 });
    if network(from, prefix) == network(to, prefix) {
        return Vec::new();
    }
    let (from, to) = (from.to_string(), to.to_string());
    let reason = match told {
        Some(_) => Reason::OtherSubnet { from, to },
        None => Reason::PerhapsOtherSubnet { from, to, prefix },
    };
    vec![Finding::warn(Check::Subnet, reason, None)]
}

/// The source finds the destination by the name that the destination tells (libvirt hands it out by itself).
pub fn address(input: &Input) -> Vec<Finding> {
    if input.choices.address.is_some() {
        return Vec::new();
    }
    let dest = input.dest;
    let (host, name) = (dest.name.clone(), dest.name.clone());
    let usable = dest.address.filter(|a| !a.is_loopback());
    let remedy = usable.map(|a| Remedy::UseAddress { address: a.to_string() });
    if name == "localhost" || name.starts_with("localhost.") {
        return vec![Finding::block(Check::Address, Reason::NameIsLocal { host, name }, remedy)];
    }
    if dest.name_resolves.is_empty() {
        return vec![Finding::warn(Check::Address, Reason::NameUnresolved { host, name }, remedy)];
    }
    Vec::new()
}

/// Certificates of both hosts.
pub fn tls(input: &Input) -> Vec<Finding> {
    let hosts = [&input.source.name, &input.dest.name];
    let finding = |(host, answer): (&String, &TlsAnswer)| {
        let host = host.clone();
        match answer {
            TlsAnswer::Ready => None,
            TlsAnswer::Lacks(file) => {
                let remedy = Some(Remedy::SetUpTls { host: host.clone() });
                Some(Finding::block(Check::Tls, Reason::NoTls { host, file: file.clone() }, remedy))
            }
            TlsAnswer::LacksSender(file) => {
                let remedy = Some(Remedy::SetUpTls { host: host.clone() });
                Some(Finding::warn(Check::Tls, Reason::NoTlsSender { host, file: file.clone() }, remedy))
            }
            TlsAnswer::Unknown(words) => {
                Some(Finding::warn(Check::Tls, Reason::TlsUnknown { host, words: words.clone() }, None))
            }
        }
    };
    hosts.into_iter().zip(&input.answers.tls).filter_map(finding).collect()
}

/// xend has a server of its own on the destination; under libxl libvirt listens by itself.
pub fn relocation(input: &Input) -> Vec<Finding> {
    if !input.dest.has_xend() {
        return Vec::new();
    }
    let (host, port) = (input.dest.name.clone(), RELOCATION_PORT);
    match input.dest.relocation {
        Some(true) => Vec::new(),
        Some(false) => {
            let remedy = Remedy::EnableRelocation { host: host.clone(), port };
            vec![Finding::block(Check::Relocation, Reason::RelocationClosed { host, port }, Some(remedy))]
        }
        None => vec![Finding::warn(Check::Relocation, Reason::RelocationUnknown { host, port }, None)],
    }
}
