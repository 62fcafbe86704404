//! Whether both hosts see the same disk, by evidence.
use std::collections::HashMap;

use uuid::Uuid;

use super::{DiskAnswer, File, Image, Shared};
use crate::Result;
use crate::domain::State;
use crate::host::Host;
use crate::install::Format;
use crate::migrate::facts::HostFacts;
use crate::migrate::finding::Evidence;
use crate::migrate::machine::{Disk, Machine, Source};
use crate::storage::{self, PROBE_PREFIX};

/// Whether both hosts see one disk: by its name in the network, by what its two images say, or by a file made for it.
pub(super) fn shared(
    source: (&Host, &HostFacts),
    dest: (&Host, &HostFacts),
    machine: &Machine,
    disk: &Disk,
    answer: &DiskAnswer,
    witnesses: &mut HashMap<String, bool>,
) -> Result<Shared> {
    if let Source::Network { .. } = disk.source {
        return Ok(Shared::Yes(Evidence::NetworkName));
    }
    let (Some(here), Some(there)) = (&answer.path, &answer.path_there) else { return Ok(Shared::Unknown) };
    if let File::Missing = answer.there {
        return Ok(Shared::No);
    }
    if same_origin(source.1, dest.1, disk, here, there) {
        return Ok(Shared::Yes(Evidence::SamePool));
    }
    let (File::Here(a), File::Here(b)) = (&answer.here, &answer.there) else {
        let named = ["/dev/disk/by-id/", "/dev/disk/by-path/ip-"].iter().any(|p| here.starts_with(p)) && here == there;
        let both = !matches!(answer.here, File::Missing) && matches!(answer.there, File::Here(_));
        return Ok(if named && both { Shared::Yes(Evidence::NetworkName) } else { Shared::Unknown });
    };
    if let Some(known) = same_image(a, b, machine.state) {
        return Ok(known);
    }
    let (folder, _) = storage::split(here)?;
    let (folder_there, _) = storage::split(there)?;
    let seen = match witnesses.get(folder) {
        Some(seen) => *seen,
        None => witness(source.0, dest.0, folder, folder_there),
    };
    witnesses.insert(folder.to_owned(), seen);
    // A network file system may show a new file late: not seeing it proves nothing.
    Ok(if seen { Shared::Yes(Evidence::SameFile) } else { Shared::Unknown })
}

/// Whether both hosts have it in a network pool of one source.
fn same_origin(here: &HostFacts, there: &HostFacts, disk: &Disk, path: &str, path_there: &str) -> bool {
    let (a, b) = match &disk.source {
        Source::Volume { pool, .. } => (here.pool(pool), there.pool(pool)),
        _ => (here.pool_of(path), there.pool_of(path_there)),
    };
    let (Some(a), Some(b)) = (a, b) else { return false };
    a.kind == b.kind && a.origin.is_some() && a.origin == b.origin
}

/// What the two images say by themselves: nobody can copy a change time, and of a machine that is off it stands still.
fn same_image(a: &Image, b: &Image, state: State) -> Option<Shared> {
    let exact = |t: &String| t.split_once('.').is_some_and(|(_, ns)| ns.bytes().any(|c| c != b'0'));
    if a.changed.as_ref().is_some_and(exact) && a.changed == b.changed && a.capacity == b.capacity {
        return Some(Shared::Yes(Evidence::SameFile));
    }
    let still = !state.is_active() && a.changed.is_some() && b.changed.is_some();
    (a.capacity != b.capacity || still).then_some(Shared::No)
}

/// Makes an empty file here and looks for it there. What can't be done is not seen.
fn witness(source: &Host, dest: &Host, folder: &str, folder_there: &str) -> bool {
    let name = format!(".{PROBE_PREFIX}{}", Uuid::new_v4());
    let (here, there) = (format!("{folder}/{name}"), format!("{folder_there}/{name}"));
    let path = here.clone();
    if source.call(move |conn| storage::create(conn, &path, 0, Format::Raw, true)).is_err() {
        return false;
    }
    let seen = dest.call(move |conn| Ok(storage::exists(conn, &there))).is_ok_and(|seen| seen == Some(true));
    if let Err(error) = source.call(move |conn| storage::remove(conn, &here)) {
        tracing::warn!(%error, name, "an empty file could not be removed again");
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn change_times_tell_one_file_from_two() {
        let at = |time: &str, capacity| Image { capacity, changed: Some(time.into()), ..Image::default() };
        for (a, b, state, want) in [
            (at("5.380842714", 9), at("5.380842714", 9), State::Running, Some(Shared::Yes(Evidence::SameFile))),
            (at("5.380842714", 9), at("6.1", 9), State::Off, Some(Shared::No)),
            (at("5.380842714", 9), at("6.1", 9), State::Running, None),
            (at("5.380842714", 9), at("5.380842714", 8), State::Running, Some(Shared::No)),
            // A file system without nanoseconds proves nothing by equal seconds.
            (at("5.0", 9), at("5.0", 9), State::Running, None),
        ] {
            assert_eq!(same_image(&a, &b, state), want, "{a:?} {b:?} {state:?}");
        }
    }
}
