//! Disks: the same path there, shared or copied, room for copies, media in drives.
use super::Input;
use crate::migrate::answers::{DiskAnswer, File, Room, Shared};
use crate::migrate::finding::{Check, Evidence, Finding, Reason, Remedy};
use crate::migrate::machine::{Disk, Source};
use crate::migrate::{Choices, Kind};
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
    choices.kind.copies() && data && !disk.is_removable() && decided(answer, choices) == Shared::No
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
    let Source::Volume { pool, .. } = &disk.source else { return None };
    let (host, pool) = (input.dest.name.clone(), pool.clone());
    match input.dest.pool(&pool) {
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

/// The kind that would bring a missing disk along.
fn copying(input: &Input) -> Remedy {
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
            Some(Finding::block(Check::DiskPath, Reason::DiskMissing { host, path }, Some(copying(input))))
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
    if let Some(backing) = &image.backing
        && input.kind() == Kind::Static
    {
        // A file is copied as it is: what it stands on would be missing there.
        return block(Reason::NotCopyable { path, format: format!("stands on {backing}") }, None);
    }
    if let File::Here(_) = answer.there {
        let remedy = Remedy::RemoveFile { host: host.clone(), path: path.clone() };
        return block(Reason::OtherFile { host, path }, Some(remedy));
    }
    if answer.folder == Room::Missing {
        let folder = folder_of(answer);
        let remedy = Remedy::CreateFolder { host: host.clone(), folder: folder.clone() };
        return block(Reason::NoFolder { host, folder }, Some(remedy));
    }
    vec![Finding::ok(Check::DiskPath, Reason::Copied { path })]
}

fn words(file: &File) -> String {
    match file {
        File::Unknown(words) => words.clone(),
        _ => String::new(),
    }
}

fn folder_of(answer: &DiskAnswer) -> String {
    let path = answer.path_there.as_deref().unwrap_or_default();
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
            Shared::Yes(evidence) => {
                found.push(Finding::ok(Check::SharedStorage, Reason::Shared { path, evidence }));
            }
            Shared::No if missing || input.kind() == Kind::Copy => {}
            Shared::No => {
                let remedy = Some(copying(input));
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
        let grows = disk.format == "raw" || image.backing.is_some();
        let need = if input.kind() == Kind::Copy && grows { image.capacity } else { image.used };
        let folder = folder_of(answer);
        match folders.iter_mut().find(|(name, ..)| *name == folder) {
            Some((_, sum, _)) => *sum += need,
            None => folders.push((folder, need, &answer.folder)),
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
