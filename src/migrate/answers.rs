//! What two hosts answer about one machine: its CPU, its disks and whether they share them, its firmware, TLS.
pub(super) mod cpu;
mod firmware;
mod shared;
mod tls;

use std::collections::HashMap;

use roxmltree::Document;
use virt::connect::Connect;

use self::shared::shared;
use super::choices::path_in;
use super::facts::HostFacts;
use super::finding::Evidence;
use super::machine::{Disk, Machine, Source};
use super::{Choices, Place};
use crate::Result;
use crate::host::Host;
use crate::storage::{self, FolderProblem, Look};

/// The hosts' answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answers {
    /// `None`: there is nothing to compare.
    pub cpu: Option<CpuAnswer>,
    /// Whether a machine that runs has another one set for its next start, which fits.
    pub next_cpu_fits: bool,
    /// Whether the firmware's file is there.
    pub loader: Option<bool>,
    /// Whether there is what the file of its variables is made from, or that file itself.
    pub template: Option<bool>,
    /// What lies where the file of its variables would be copied to.
    pub nvram: Spot,
    /// One for each disk, in the machine's order.
    pub disks: Vec<DiskAnswer>,
    /// What TLS lacks, source and destination; asked for only when TLS is wanted.
    pub tls: Vec<TlsAnswer>,
    /// Other places that were chosen for copies.
    pub places: Vec<PlaceAnswer>,
}

/// What is known of a place that was chosen for a copy.
#[derive(Clone, Debug, PartialEq)]
pub struct PlaceAnswer {
    pub path: String,
    pub there: File,
    pub folder: Room,
}

/// Whether the destination can give the machine its CPU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CpuAnswer {
    Fits,
    Lacks(Vec<String>),
    /// In the host's words.
    Differs(String),
    Unknown(String),
}

/// What lies in a file's place there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spot {
    /// Nothing, as far as is known.
    #[default]
    Free,
    /// A file that no machine there has.
    LeftOver,
    Used,
}

/// One host's certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsAnswer {
    Ready,
    Lacks(String),
    /// It has nothing to show as a sender.
    LacksSender(String),
    Unknown(String),
}

/// What is known of one disk.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DiskAnswer {
    /// Its path here and there; `None` for what has none, such as rbd.
    pub path: Option<String>,
    pub path_there: Option<String>,
    pub here: File,
    pub there: File,
    /// Whether the file that it stands on is there; `None` if it stands on none, or if the host can't tell.
    pub backing_there: Option<bool>,
    /// Whether both hosts see that file as the same.
    pub backing_shared: Shared,
    pub shared: Shared,
    /// The machine there that has the file at its path there, if that is not the same file.
    pub used_there: Option<String>,
    pub folder: Room,
}

/// A file on a host.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum File {
    Here(Image),
    Missing,
    /// The host's words.
    Unknown(String),
    /// Not asked.
    #[default]
    None,
}

/// A disk image. Sizes in bytes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Image {
    /// What the machine sees.
    pub capacity: u64,
    /// What it takes on the disk.
    pub used: u64,
    /// The length of the file.
    pub length: u64,
    /// Seconds and nanoseconds, as text.
    pub changed: Option<String>,
    /// The file that it stands on, and that one's format.
    pub backing: Option<String>,
    pub backing_format: Option<String>,
}

/// Whether both hosts see the same data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shared {
    Yes(Evidence),
    No,
    #[default]
    Unknown,
}

/// The destination's folder for a disk.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Room {
    Free(u64),
    Missing,
    #[default]
    Unknown,
}

impl DiskAnswer {
    /// The image here.
    pub fn image(&self) -> Option<&Image> {
        match &self.here {
            File::Here(image) => Some(image),
            _ => None,
        }
    }
}

impl Answers {
    /// Asks both hosts. To find out whether they share a folder, an empty file may be made here for a moment.
    pub fn read(source: (&Host, &HostFacts), dest: (&Host, &HostFacts), machine: &Machine, tls: bool) -> Result<Self> {
        let mut answers = Self { cpu: cpu::ask(source.0, dest.0, machine)?, ..Self::default() };
        if machine.has_own_cpu() || matches!(answers.cpu, Some(CpuAnswer::Lacks(_) | CpuAnswer::Differs(_))) {
            answers.next_cpu_fits = cpu::next_fits(source.0, dest.0, machine)?;
        }
        firmware::ask(source.0, dest.0, machine, &mut answers)?;
        let mut witnesses = HashMap::new();
        for disk in &machine.disks {
            let mut answer = look(source, dest, disk)?;
            answer.shared = shared(source, dest, machine, disk, &answer, &mut witnesses)?;
            look_closer(source, dest, machine, &mut answer, &mut witnesses)?;
            answers.disks.push(answer);
        }
        if tls {
            answers.tls = tls::ask(source.0, dest.0)?;
        }
        Ok(answers)
    }

    /// Asks what only these choices need to know: certificates, and other places for copies.
    pub fn ask(
        &mut self,
        source: &Host,
        dest: (&Host, &HostFacts),
        machine: &Machine,
        choices: &Choices,
    ) -> Result<()> {
        if choices.tls && self.tls.is_empty() {
            self.tls = tls::ask(source, dest.0)?;
        }
        for (disk, answer) in machine.disks.iter().zip(&self.disks) {
            let Some(path) = chosen_path(disk, answer, dest.1, choices) else { continue };
            if self.places.iter().any(|p| p.path == path) {
                continue;
            }
            let there = path.clone();
            let (there, folder) = dest.0.call(move |conn| Ok((file(conn, &there), room(conn, &there))))?;
            self.places.push(PlaceAnswer { path, there, folder });
        }
        Ok(())
    }
}

/// The path there that was chosen for a copy of the disk; `None` when it is the usual one.
pub(super) fn chosen_path(disk: &Disk, answer: &DiskAnswer, dest: &HostFacts, choices: &Choices) -> Option<String> {
    let place = choices.disk(&disk.target)?.place.as_ref()?;
    let folder = match place {
        Place::Folder(folder) => folder,
        Place::Pool(pool) => dest.pool(pool)?.target.as_ref()?,
    };
    let path = path_in(folder, answer.path.as_ref()?);
    (answer.path_there.as_ref() != Some(&path)).then_some(path)
}

fn look(source: (&Host, &HostFacts), dest: (&Host, &HostFacts), disk: &Disk) -> Result<DiskAnswer> {
    let (path, path_there) = match &disk.source {
        Source::File(path) | Source::Block(path) => (Some(path.clone()), Some(path.clone())),
        Source::Volume { pool, volume } => {
            let (name, of) = (pool.clone(), volume.clone());
            let here = source.0.call(move |conn| {
                let pool = conn.lookup_storage_pool_by_name(&name)?;
                Ok(pool.lookup_storage_vol_by_name(&of).and_then(|v| v.path()).ok())
            })?;
            let target = dest.1.pool(pool).and_then(|p| p.target.clone());
            (here, target.map(|t| format!("{}/{volume}", t.trim_end_matches('/'))))
        }
        Source::None | Source::Network { .. } | Source::Other(_) => (None, None),
    };
    let mut answer = DiskAnswer { path: path.clone(), path_there: path_there.clone(), ..DiskAnswer::default() };
    if let Some(path) = path {
        answer.here = source.0.call(move |conn| Ok(file(conn, &path)))?;
    }
    if let Some(path) = path_there {
        let backing = answer.image().and_then(|i| i.backing.clone()).filter(|b| b.starts_with('/'));
        (answer.there, answer.folder, answer.backing_there) = dest.0.call(move |conn| {
            let backing_there = backing.and_then(|b| storage::exists(conn, &b));
            Ok((file(conn, &path), room(conn, &path), backing_there))
        })?;
    }
    Ok(answer)
}

/// What matters of a disk that is copied: who uses the file that is in the way, and whether what it stands on is the same.
fn look_closer(
    source: (&Host, &HostFacts),
    dest: (&Host, &HostFacts),
    machine: &Machine,
    answer: &mut DiskAnswer,
    witnesses: &mut HashMap<String, bool>,
) -> Result<()> {
    if let (Shared::Yes(_), _) | (_, File::Missing | File::None) = (answer.shared, &answer.there) {
    } else if let Some(path) = answer.path_there.clone() {
        answer.used_there = dest.0.call(move |conn| storage::domain_using_path(conn, &path))?;
    }
    let backing = answer.image().and_then(|i| i.backing.clone());
    let (Some(path), Some(true)) = (backing, answer.backing_there) else { return Ok(()) };
    let (here, there) = (path.clone(), path.clone());
    let base = Disk { source: Source::File(path.clone()), ..Disk::default() };
    let base_answer = DiskAnswer {
        here: source.0.call(move |conn| Ok(file(conn, &here)))?,
        there: dest.0.call(move |conn| Ok(file(conn, &there)))?,
        path: Some(path.clone()),
        path_there: Some(path),
        ..DiskAnswer::default()
    };
    answer.backing_shared = shared(source, dest, machine, &base, &base_answer, witnesses)?;
    Ok(())
}

fn file(conn: &Connect, path: &str) -> File {
    match storage::volume_xml(conn, path) {
        Ok(xml) => image(&xml).map_or_else(|| File::Unknown("unreadable volume XML".into()), File::Here),
        Err(e) => match storage::exists(conn, path) {
            Some(false) => File::Missing,
            _ => File::Unknown(e.to_string()),
        },
    }
}

fn room(conn: &Connect, path: &str) -> Room {
    let Ok((folder, _)) = storage::split(path) else { return Room::Unknown };
    match storage::look(conn, folder) {
        Look::Here(here) => here.free.map_or(Room::Unknown, Room::Free),
        Look::No(FolderProblem::Missing | FolderProblem::NotFolder) => Room::Missing,
        Look::No(_) | Look::Unknown(_) => Room::Unknown,
    }
}

/// Reads a volume's XML (libvirt's formatstorage).
fn image(xml: &str) -> Option<Image> {
    let document = Document::parse(xml).ok()?;
    let text = |name: &str| document.descendants().find(|n| n.has_tag_name(name)).and_then(|n| n.text());
    let number = |name| text(name).and_then(|t| t.trim().parse::<u64>().ok());
    let backing = document.descendants().find(|n| n.has_tag_name("backingStore"));
    let capacity = number("capacity")?;
    Some(Image {
        capacity,
        used: number("allocation").unwrap_or(capacity),
        length: number("physical").unwrap_or(capacity),
        changed: text("ctime").map(str::to_owned),
        backing: backing
            .and_then(|b| b.children().find(|n| n.has_tag_name("path")))
            .and_then(|p| p.text())
            .map(str::to_owned),
        backing_format: backing
            .and_then(|b| b.children().find(|n| n.has_tag_name("format")))
            .and_then(|f| f.attribute("type"))
            .map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_is_read_with_its_backing_file() {
        let xml = "<volume type='file'><capacity unit='bytes'>10485760</capacity><allocation unit='bytes'>200704</allocation>
            <physical unit='bytes'>196616</physical><target><timestamps><ctime>1795536985.380842714</ctime></timestamps></target>
            <backingStore><path>/srv/base.qcow2</path></backingStore></volume>";
        let image = image(xml).unwrap();
        assert_eq!((image.capacity, image.used, image.length), (10_485_760, 200_704, 196_616));
        assert_eq!(image.backing.as_deref(), Some("/srv/base.qcow2"));
        assert_eq!(image.changed.as_deref(), Some("1795536985.380842714"));
    }
}
