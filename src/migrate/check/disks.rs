//! Disks: the same path there, shared or copied, room for copies, media in drives.
use std::borrow::Cow;

use super::Input;
use crate::install::Format;
use crate::migrate::answers::{DiskAnswer, File, Image, Room, Shared, chosen_path};
use crate::migrate::finding::{Check, Evidence, Finding, Reason, Remedy};
use crate::migrate::machine::{Disk, Source};
use crate::migrate::{Choices, Kind, Place};
use crate::storage;

const GIB: f64 = 1024.0 * 1024.0 * 1024.0;

/// What is known, with the person's answer where nothing else says it.
fn decided(answer: &DiskAnswer, choices: &Choices) -> Shared {
    match (answer.shared, choices.shared) {
        (Shared::Unknown, Some(true)) => Shared::Yes(Evidence::Answer),
        (Shared::Unknown, Some(false)) => Shared::No,
        (known, _) => known,
    }
}

/// Whether this disk is copied to the destination by the chosen kind.
pub fn is_copied(disk: &Disk, answer: &DiskAnswer, choices: &Choices) -> bool {
    let data = matches!(disk.source, Source::File(_) | Source::Block(_) | Source::Volume { .. } | Source::Other(_));
    if !choices.kind.copies() || !data || disk.is_removable() {
        return false;
    }
    let chosen = choices.disk(&disk.target).and_then(|d| d.copy);
    chosen.unwrap_or_else(|| decided(answer, choices) == Shared::No)
}

/// Where a copy goes, and what is known of that place.
struct Goal<'a> {
    path: Cow<'a, str>,
    there: &'a File,
    folder: &'a Room,
    /// Whether it is another path than the usual one.
    chosen: bool,
}

fn goal<'a>(input: &Input<'a>, disk: &Disk, answer: &'a DiskAnswer) -> Goal<'a> {
    let Some(path) = chosen_path(disk, answer, input.dest, input.choices) else {
        let path = Cow::Borrowed(answer.path_there.as_deref().unwrap_or_default());
        return Goal { path, there: &answer.there, folder: &answer.folder, chosen: false };
    };
    let asked = input.answers.places.iter().find(|p| p.path == path);
    let (there, folder) = asked.map_or((&File::None, &Room::Unknown), |p| (&p.there, &p.folder));
    Goal { path: path.into(), there, folder, chosen: true }
}

/// Disks that hold data, with their answers.
fn data_disks<'a>(input: &Input<'a>) -> impl Iterator<Item = (&'a Disk, &'a DiskAnswer)> {
    let all = input.machine.disks.iter().zip(&input.answers.disks);
    all.filter(|(disk, _)| !disk.is_removable() && disk.source != Source::None)
}

fn name_of(disk: &Disk, answer: &DiskAnswer) -> String {
    match &disk.source {
        Source::Network { protocol, name } => format!("{protocol}:{name}"),
        Source::Volume { pool, volume } => format!("{pool}/{volume}"),
        _ => answer.path.clone().unwrap_or_else(|| disk.target.clone()),
    }
}

/// Each disk at its path there — or, if it is copied, room for it at that path.
pub fn path(input: &Input) -> Vec<Finding> {
    let mut found = Vec::new();
    for (disk, answer) in data_disks(input) {
        if let Some(finding) = pool(input, disk) {
            found.push(finding);
        } else if let (File::Missing, false) = (&answer.here, input.kind().is_live()) {
            let reason = Reason::DiskMissing { host: input.source.name.clone(), path: name_of(disk, answer) };
            found.push(Finding::block(Check::DiskPath, reason, None));
        } else if is_copied(disk, answer, input.choices) {
            found.extend(copied(input, disk, answer));
        } else {
            found.extend(there(input, disk, answer));
        }
    }
    found
}

fn pool(input: &Input, disk: &Disk) -> Option<Finding> {
    let host = input.dest.name.clone();
    let place = input.choices.disk(&disk.target).and_then(|d| d.place.as_ref());
    let pool = match (&disk.source, place) {
        (_, Some(Place::Pool(pool))) => pool.clone(),
        // A volume lies in a pool there, too.
        (Source::Volume { .. }, Some(Place::Folder(folder))) => folder.clone(),
        (Source::Volume { pool, .. }, None) => pool.clone(),
        _ => return None,
    };
    let there = input.dest.pool(&pool);
    match there {
        Some(there) if there.active => None,
        Some(_) => {
            let remedy = Remedy::StartPool { host: host.clone(), pool: pool.clone() };
            Some(Finding::block(Check::DiskPath, Reason::PoolStopped { host, pool }, Some(remedy)))
        }
        None => {
            let remedy = Remedy::DefinePool { host: host.clone(), pool: pool.clone() };
            Some(Finding::block(Check::DiskPath, Reason::NoPool { host, pool }, Some(remedy)))
        }
    }
}

/// What would bring a missing disk along: another kind, or with one that copies, another choice.
fn copying(input: &Input, disk: &Disk) -> Remedy {
    if input.kind().copies() && input.choices.disk(&disk.target).is_some_and(|d| d.copy == Some(false)) {
        return Remedy::CopyToo { target: disk.target.clone() };
    }
    Remedy::CopyDisk(if input.machine.state.is_active() { Kind::Copy } else { Kind::Static })
}

fn there(input: &Input, disk: &Disk, answer: &DiskAnswer) -> Option<Finding> {
    let (host, path) = (input.dest.name.clone(), name_of(disk, answer));
    if let (Some(false), Some(backing)) = (answer.backing_there, answer.image().and_then(|i| i.backing.clone())) {
        let reason = Reason::DiskMissing { host, path: backing };
        return Some(Finding::block(Check::DiskPath, reason, None));
    }
    match &answer.there {
        File::Missing => {
            Some(Finding::block(Check::DiskPath, Reason::DiskMissing { host, path }, Some(copying(input, disk))))
        }
        File::Unknown(words) => {
            let reason = Reason::DiskUnknown { host, path, words: words.clone() };
            Some(Finding::warn(Check::DiskPath, reason, None))
        }
        // A machine that is off moves without its disks: what lies there must be what lies here.
        File::Here(_) if !input.kind().is_live() => match decided(answer, input.choices) {
            Shared::Yes(_) => None,
            Shared::No => {
                // Unless the person put a copy there.
                let make = if input.choices.shared == Some(true) { Finding::warn } else { Finding::block };
                Some(make(Check::DiskPath, Reason::NotShared { host, path }, Some(Remedy::SayShared)))
            }
            Shared::Unknown => {
                let reason = Reason::SharedUnknown { host, path };
                Some(Finding::block(Check::DiskPath, reason, Some(Remedy::SayShared)))
            }
        },
        File::Here(_) | File::None => None,
    }
}

fn copied(input: &Input, disk: &Disk, answer: &DiskAnswer) -> Vec<Finding> {
    let (host, path) = (input.dest.name.clone(), name_of(disk, answer));
    let block = |reason, remedy| vec![Finding::block(Check::DiskPath, reason, remedy)];
    if let Source::Block(_) | Source::Other(_) = disk.source {
        return block(Reason::NotCopyable { path, format: "block device".into() }, None);
    }
    if !matches!(disk.format.as_str(), "raw" | "qcow2") {
        return block(Reason::NotCopyable { path, format: disk.format.clone() }, None);
    }
    let Some(image) = answer.image() else {
        return block(Reason::DiskUnknown { host: input.source.name.clone(), path, words: words(&answer.here) }, None);
    };
    let goal = goal(input, disk, answer);
    if let (Shared::Yes(_), false) = (decided(answer, input.choices), goal.chosen) {
        return block(Reason::OntoItself { path }, Some(Remedy::OtherPlace { target: disk.target.clone() }));
    }
    let mut found = Vec::new();
    if let Some(backing) = &image.backing {
        found.extend(standing(input, &path, backing, answer));
    }
    if let File::Here(there) = goal.there {
        found.push(in_the_way(input, &goal, (image, there), answer));
    }
    if *goal.folder == Room::Missing {
        let folder = folder_of(&goal.path);
        let remedy = Remedy::CreateFolder { host: host.clone(), folder: folder.clone() };
        found.push(Finding::block(Check::DiskPath, Reason::NoFolder { host, folder }, Some(remedy)));
    }
    if found.is_empty() {
        found.push(Finding::ok(Check::DiskPath, Reason::Copied { path }));
    }
    found
}

/// A disk over another file: a live copy takes that one's data in, unless only what lies over it shall be copied.
fn standing(input: &Input, path: &str, backing: &str, answer: &DiskAnswer) -> Option<Finding> {
    let (host, base) = (input.dest.name.clone(), backing.to_owned());
    let block = |reason, remedy| Some(Finding::block(Check::DiskPath, reason, remedy));
    let not_copyable = || Reason::NotCopyable { path: path.to_owned(), format: format!("stands on {backing}") };
    if !input.choices.incremental {
        // A file is copied as it is: what it stands on would be missing there.
        let remedy = Remedy::Incremental { host, path: base };
        return (input.kind() == Kind::Static).then(|| Finding::block(Check::DiskPath, not_copyable(), Some(remedy)));
    }
    match (answer.backing_there, answer.backing_shared) {
        _ if !backing.starts_with('/') => block(not_copyable(), None),
        (Some(false), _) => block(Reason::DiskMissing { host, path: base }, None),
        (Some(true), Shared::Yes(_)) => None,
        _ => Some(Finding::warn(Check::DiskPath, Reason::BackingAssumed { host, path: base }, None)),
    }
}

/// A file that is there already is nobody's only if no machine there has it and it can be an older state of this disk.
/// Even then a person must name it.
fn in_the_way(input: &Input, goal: &Goal, (here, there): (&Image, &Image), answer: &DiskAnswer) -> Finding {
    let (host, path) = (input.dest.name.clone(), goal.path.clone().into_owned());
    let older = |a: &Option<String>, b: &Option<String>| match (seconds(a), seconds(b)) {
        (Some(here), Some(there)) => there <= here,
        _ => false,
    };
    let left_over = !goal.chosen
        && answer.used_there.is_none()
        && here.capacity == there.capacity
        && older(&here.changed, &there.changed);
    if left_over && input.choices.replace.contains(&path) {
        return Finding::warn(Check::DiskPath, Reason::Replaced { host, path }, None);
    }
    let remedy = match left_over {
        true => Remedy::Replace { path: path.clone() },
        false => Remedy::RemoveFile { host: host.clone(), path: path.clone() },
    };
    Finding::block(Check::DiskPath, Reason::OtherFile { host, path }, Some(remedy))
}

fn seconds(time: &Option<String>) -> Option<u64> {
    time.as_ref()?.split('.').next()?.parse().ok()
}

fn words(file: &File) -> String {
    match file {
        File::Unknown(words) => words.clone(),
        _ => String::new(),
    }
}

fn folder_of(path: &str) -> String {
    storage::split(path).map_or_else(|_| path.to_owned(), |(folder, _)| folder.to_owned())
}

/// A live machine without copying needs each disk shared; with copying, a disk of which nobody knows it is asked for.
pub fn shared(input: &Input) -> Vec<Finding> {
    let mut found = Vec::new();
    for (disk, answer) in data_disks(input) {
        let (host, path) = (input.dest.name.clone(), name_of(disk, answer));
        // What is not there at all is said by the path's check.
        let missing = matches!(answer.there, File::Missing);
        match decided(answer, input.choices) {
            _ if is_copied(disk, answer, input.choices) => {}
            Shared::Yes(evidence) => {
                found.push(Finding::ok(Check::SharedStorage, Reason::Shared { path, evidence }));
            }
            Shared::No if missing => {}
            Shared::No => {
                let remedy = Some(copying(input, disk));
                found.push(Finding::block(Check::SharedStorage, Reason::NotShared { host, path }, remedy));
            }
            Shared::Unknown => {
                let reason = Reason::SharedUnknown { host, path };
                found.push(Finding::block(Check::SharedStorage, reason, Some(Remedy::SayShared)));
            }
        }
    }
    found
}

/// Room for the copies, folder by folder.
pub fn space(input: &Input) -> Vec<Finding> {
    let mut folders: Vec<(String, u64, &Room)> = Vec::new();
    for (disk, answer) in data_disks(input).filter(|(d, a)| is_copied(d, a, input.choices)) {
        let Some(image) = answer.image() else { continue };
        // Mirrored block by block, a raw image loses its holes, and one that stands on another takes that one's data in.
        let raw = match input.choices.disk(&disk.target).and_then(|d| d.format) {
            Some(format) => format == Format::Raw,
            None => disk.format == "raw",
        };
        let grows = raw || (image.backing.is_some() && !input.choices.incremental);
        let need = if input.kind() == Kind::Copy && grows { image.capacity } else { image.used };
        let goal = goal(input, disk, answer);
        let folder = folder_of(&goal.path);
        match folders.iter_mut().find(|(name, ..)| *name == folder) {
            Some((_, sum, _)) => *sum += need,
            None => folders.push((folder, need, goal.folder)),
        }
    }
    let host = &input.dest.name;
    let finding = |(folder, need, room): (String, u64, &Room)| match room {
        Room::Free(free) if *free < need => {
            // For the eye.
            #[allow(clippy::cast_precision_loss)]
            let (need_gib, free_gib) = (need as f64 / GIB, *free as f64 / GIB);
            let reason = Reason::NoRoom { host: host.clone(), folder, need_gib, free_gib };
            Some(Finding::block(Check::DiskSpace, reason, Some(Remedy::FreeSpace { host: host.clone() })))
        }
        Room::Unknown => {
            Some(Finding::warn(Check::DiskSpace, Reason::RoomUnknown { host: host.clone(), folder }, None))
        }
        Room::Free(_) | Room::Missing => None,
    };
    folders.into_iter().filter_map(finding).collect()
}

/// A medium that is not there can be taken out of its drive.
pub fn media(input: &Input) -> Vec<Finding> {
    let all = input.machine.disks.iter().zip(&input.answers.disks).filter(|(d, _)| d.is_removable());
    let finding = |(disk, answer): (&Disk, &DiskAnswer)| {
        let missing = matches!(answer.there, File::Missing) || (answer.path.is_some() && answer.path_there.is_none());
        (missing && !input.choices.eject).then(|| {
            let (host, target) = (input.dest.name.clone(), disk.target.clone());
            let reason = Reason::LocalMedia { host, target, path: name_of(disk, answer) };
            Finding::block(Check::Media, reason, Some(Remedy::Eject))
        })
    };
    all.filter_map(finding).collect()
}
