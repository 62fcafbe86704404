//! Which choices go together, as libvirt and QEMU see it: each pair here was refused by them after minutes, or worse.
use super::Input;
use super::disks;
use crate::host::uri::HostUri;
use crate::install::Format;
use crate::migrate::finding::{Check, Finding, Reason, Remedy, Version};
use crate::migrate::{Choices, Compression, Feature, Kind};

/// From this QEMU on post-copy goes over parallel connections.
const PARALLEL_POSTCOPY: Version = Version(10, 1, 0);

/// Every clash, what has no effect, and what a choice means.
pub fn options(input: &Input) -> Vec<Finding> {
    let mut found = if input.kind().is_live() { live(input) } else { ignored(input.choices) };
    found.extend(as_saved(input));
    found.extend(definition(input));
    found.extend(formats(input));
    found
}

/// libxl takes no changed XML when it restores (libxl_driver.c, libxlDomainRestoreFlags).
fn as_saved(input: &Input) -> Option<Finding> {
    let choices = input.choices;
    let changed = !(choices.bridges.is_empty() && choices.networks.is_empty())
        || choices.eject
        || choices.disks.iter().any(|disk| disk.place.is_some());
    let saved = input.kind() == Kind::Static && input.machine.state.is_active();
    let hypervisor = input.source.driver.clone();
    let block = || Finding::block(Check::Options, Reason::AsSaved { hypervisor: hypervisor.clone() }, None);
    (hypervisor == "Xen" && saved && changed).then(block)
}

fn warn(reason: Reason) -> Finding {
    Finding::warn(Check::Options, reason, None)
}

fn block(reason: Reason, remedy: Remedy) -> Finding {
    Finding::block(Check::Options, reason, Some(remedy))
}

/// Options of the transport that another kind has no use for.
fn ignored(choices: &Choices) -> Vec<Finding> {
    let second = Feature::Kind(choices.kind);
    transport(choices).into_iter().map(|first| warn(Reason::NoEffect { first, second })).collect()
}

/// What was chosen of the way that memory goes.
fn transport(choices: &Choices) -> Vec<Feature> {
    let way = match (choices.way.is_tunnel(), choices.way.peer_uri()) {
        (true, _) => Some(Feature::Tunnel),
        (false, Some(_)) => Some(Feature::PeerToPeer),
        (false, None) => None,
    };
    let compress = choices.compress.map(Feature::Compression);
    let mut all: Vec<_> = way.into_iter().chain(compress).collect();
    let flags = [
        (choices.parallel.is_some(), Feature::Parallel),
        (choices.auto_converge, Feature::AutoConverge),
        (choices.stand_still, Feature::StandStill),
        (choices.tls, Feature::Tls),
        (choices.on_demand, Feature::OnDemand),
    ];
    all.extend(flags.into_iter().filter(|(chosen, _)| *chosen).map(|(_, feature)| feature));
    all
}

fn live(input: &Input) -> Vec<Finding> {
    let choices = input.choices;
    if input.source.driver == "Xen" {
        return xen(input);
    }
    let mut found = Vec::new();
    let clash = |first, second| block(Reason::Clash { first, second }, Remedy::LeaveOut(first));
    let older = |version| input.source.hypervisor < version || input.dest.hypervisor < version;
    let postcopy = choices.kind == Kind::PostCopy;
    if choices.way.is_tunnel() {
        let others = [
            (choices.parallel.is_some(), Feature::Parallel),
            // libvirtd 11.3 dies of it, and its host's machines are out of reach until it is started again.
            (choices.tls, Feature::Tls),
            (postcopy, Feature::Kind(Kind::PostCopy)),
            (copies_a_disk(input), Feature::Kind(Kind::Copy)),
            (choices.address.is_some(), Feature::Address),
        ];
        found.extend(others.into_iter().filter(|(chosen, _)| *chosen).map(|(_, other)| clash(Feature::Tunnel, other)));
    }
    if choices.parallel.is_some() && postcopy && older(PARALLEL_POSTCOPY) {
        found.push(clash(Feature::Parallel, Feature::Kind(Kind::PostCopy)));
    }
    if choices.stand_still && postcopy {
        found.push(clash(Feature::StandStill, Feature::Kind(Kind::PostCopy)));
    }
    let hurried = [(choices.auto_converge, Feature::AutoConverge), (choices.downtime.is_some(), Feature::Downtime)];
    let second = Feature::StandStill;
    let vain = hurried.into_iter().filter(|(chosen, _)| choices.stand_still && *chosen);
    found.extend(vain.map(|(_, first)| warn(Reason::NoEffect { first, second })));
    if choices.on_demand && !postcopy {
        found.push(warn(Reason::NoEffect { first: Feature::OnDemand, second: Feature::Kind(choices.kind) }));
    }
    found.extend(choices.compress.and_then(|method| compression(input, method)));
    found.extend(peer(input));
    found
}

/// libvirt's driver for it takes few flags, and no limit (libxl_domain.h, LIBXL_MIGRATION_FLAGS; libxl_migration.h).
fn xen(input: &Input) -> Vec<Finding> {
    let choices = input.choices;
    let limits = [(choices.bandwidth.is_some(), Feature::Bandwidth), (choices.downtime.is_some(), Feature::Downtime)];
    let known = [Feature::PeerToPeer, Feature::Tunnel, Feature::StandStill];
    let chosen = transport(choices).into_iter().chain(limits.into_iter().filter(|(c, _)| *c).map(|(_, f)| f));
    let unknown = chosen.filter(|feature| !known.contains(feature));
    let refused = |feature| {
        let reason = Reason::NotOffered { hypervisor: input.source.driver.clone(), feature };
        block(reason, Remedy::LeaveOut(feature))
    };
    let mut found: Vec<_> = unknown.map(refused).collect();
    // Nobody tells whether the hypervisor has it: Debian's has not.
    if input.machine.os_type == "linux" && !choices.stand_still {
        found.push(Finding::warn(Check::Options, Reason::LiveParavirt, Some(Remedy::StandStill)));
    }
    found.extend(peer(input));
    found
}

fn copies_a_disk(input: &Input) -> bool {
    let mut all = input.machine.disks.iter().zip(&input.answers.disks);
    all.any(|(disk, answer)| disks::is_copied(disk, answer, input.choices))
}

/// Each method goes either with parallel connections or without, and not every hypervisor has it.
fn compression(input: &Input, method: Compression) -> Option<Finding> {
    let parallel = input.choices.parallel.is_some();
    let host = [input.source, input.dest].into_iter().find(|host| !method.is_offered(host));
    let reason = match host {
        Some(host) => Reason::NoCompression { host: host.name.clone(), method },
        None if method.is_parallel() && !parallel => {
            let (first, second) = (Feature::Compression(method), Feature::Parallel);
            let remedy = Remedy::Compress(Compression::Xbzrle);
            return Some(block(Reason::Needs { first, second }, remedy));
        }
        None if parallel && !method.is_parallel() => {
            Reason::Clash { first: Feature::Compression(method), second: Feature::Parallel }
        }
        None => return None,
    };
    let suits = |other: &Compression| {
        other.is_parallel() == parallel && other.is_offered(input.source) && other.is_offered(input.dest)
    };
    let other = Compression::ALL.into_iter().find(suits);
    let remedy = other.map_or(Remedy::LeaveOut(Feature::Compression(method)), Remedy::Compress);
    Some(block(reason, remedy))
}

/// The URI is the source's daemon's to use, which knows neither our socket nor our keys.
fn peer(input: &Input) -> Option<Finding> {
    let uri = input.choices.way.peer_uri()?.to_owned();
    let host = input.source.name.clone();
    let named = HostUri::parse(&uri).is_ok_and(|uri| uri.host.is_some());
    Some(match named {
        true => warn(Reason::PeerLogin { host, uri }),
        false => block(Reason::PeerLocal { host: host.clone(), uri }, Remedy::PeerUri { host }),
    })
}

/// What was chosen for single disks.
fn formats(input: &Input) -> Vec<Finding> {
    let mut found = Vec::new();
    for choice in &input.choices.disks {
        let disks = input.machine.disks.iter().zip(&input.answers.disks);
        let Some((disk, answer)) = disks.into_iter().find(|(d, _)| d.target == choice.target) else {
            found.push(Finding::block(Check::Options, Reason::NoDisk { target: choice.target.clone() }, None));
            continue;
        };
        let Some(format) = choice.format.filter(|f| f.name() != disk.format) else { continue };
        let clash =
            |second| block(Reason::Clash { first: Feature::NewFormat, second }, Remedy::LeaveOut(Feature::NewFormat));
        let backed = answer.image().is_some_and(|image| image.backing.is_some());
        if !disks::is_copied(disk, answer, input.choices) {
            let (first, second) = (Feature::NewFormat, Feature::Kind(input.kind()));
            found.push(warn(Reason::NoEffect { first, second }));
        } else if input.kind() == Kind::Static {
            // The file is copied as it is.
            found.push(clash(Feature::Kind(Kind::Static)));
        } else if format == Format::Raw && backed && input.choices.incremental {
            found.push(clash(Feature::Incremental));
        }
    }
    found
}

/// Its definition here and its name there.
fn definition(input: &Input) -> Vec<Finding> {
    let (choices, machine) = (input.choices, input.machine);
    let mut found = Vec::new();
    let by_copy = choices.kind == Kind::Static;
    if choices.keep && by_copy {
        let (first, second) = (Feature::Keep, Feature::Kind(Kind::Static));
        found.push(block(Reason::Clash { first, second }, Remedy::LeaveOut(first)));
    } else if choices.keep && !machine.persistent {
        let (first, second) = (Feature::Keep, Feature::Kind(choices.kind));
        found.push(warn(Reason::NoEffect { first, second }));
    } else if choices.keep {
        found.push(warn(Reason::StaysDefined { host: input.source.name.clone() }));
    }
    let renamed = choices.name.as_ref().is_some_and(|name| *name != machine.name);
    if renamed && by_copy && machine.state.is_active() {
        // libvirt restores a memory image under its own name only.
        found.push(block(Reason::NameInMemory, Remedy::LeaveOut(Feature::NewName)));
    }
    found
}
