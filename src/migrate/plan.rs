//! What will be done, with everything decided and nothing in the way.
use super::answers::{self, chosen_path};
use super::check::{check, is_copied};
use super::finding::{Finding, Severity};
use super::machine::Source;
use super::survey::Survey;
use super::{Choices, Kind, Place};
use crate::domain::DomainId;
use crate::install::Format;

/// A migration, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    pub id: DomainId,
    pub name: String,
    pub choices: Choices,
    /// Names of both hosts.
    pub source: String,
    pub dest: String,
    /// "QEMU", "Xen"…
    pub driver: String,
    pub active: bool,
    pub persistent: bool,
    pub autostart: bool,
    /// Whether a definition of it lies there already, which is not ours to remove.
    pub defined_there: bool,
    /// Disks to copy along.
    pub copies: Vec<Copy>,
    /// Drives to empty, by their target.
    pub eject: Vec<String>,
    /// The file of its firmware's variables.
    pub nvram: Option<String>,
    /// Whether a file in that one's place there is removed first.
    pub nvram_replaces: bool,
}

/// A disk that is copied.
#[derive(Clone, Debug, PartialEq)]
pub struct Copy {
    pub target: String,
    /// Its path here and there.
    pub path: String,
    pub path_there: String,
    pub format: Format,
    /// Bytes that the machine sees, and bytes of the file.
    pub capacity: u64,
    pub length: u64,
    /// The file there that the copy stands on, and its format; `None` when it holds everything itself.
    pub backing: Option<(String, String)>,
    /// Whether a file that is in its place is removed first.
    pub replaces: bool,
}

/// Checks, then decides. `Err` holds the findings that block.
pub fn plan(survey: &Survey, choices: &Choices) -> Result<Plan, Vec<Finding>> {
    let mut findings = check(&survey.input(choices));
    findings.retain(|f| f.severity == Severity::Block);
    let machine = &survey.machine;
    let (Some(id), true) = (machine.id, findings.is_empty()) else { return Err(findings) };
    let disks = || machine.disks.iter().zip(&survey.answers.disks);
    let copies = disks().filter(|(d, a)| is_copied(d, a, choices)).filter_map(|(disk, answer)| {
        let image = answer.image()?;
        let format = if disk.format == "qcow2" { Format::Qcow2 } else { Format::Raw };
        let chosen = chosen_path(disk, answer, &survey.dest, choices);
        Some(Copy {
            target: disk.target.clone(),
            path: answer.path.clone()?,
            path_there: chosen.clone().or_else(|| answer.path_there.clone())?,
            format: choices.disk(&disk.target).and_then(|d| d.format).unwrap_or(format),
            capacity: image.capacity,
            length: image.length,
            backing: image.backing.clone().zip(image.backing_format.clone()).filter(|_| choices.incremental),
            replaces: matches!(answer.there, answers::File::Here(_)) && chosen.is_none(),
        })
    });
    let missing = |a: &answers::DiskAnswer| !matches!(a.there, answers::File::Here(_));
    let eject = disks().filter(|(d, a)| choices.eject && d.is_removable() && a.path.is_some() && missing(a));
    Ok(Plan {
        id,
        name: machine.name.clone(),
        choices: settled(survey, choices),
        source: survey.source.name.clone(),
        dest: survey.dest.name.clone(),
        driver: survey.dest.driver.clone(),
        active: machine.state.is_active(),
        persistent: machine.persistent,
        autostart: machine.autostart,
        defined_there: survey.dest.machines.iter().any(|m| m.id == id),
        copies: copies.collect(),
        eject: eject.map(|(d, _)| d.target.clone()).collect(),
        nvram: machine.nvram.clone(),
        nvram_replaces: choices.kind == Kind::Static && survey.answers.nvram == answers::Spot::LeftOver,
    })
}

/// The choices with what they mean here: a file's pool is its folder, and nothing is said of disks that are not copied.
fn settled(survey: &Survey, choices: &Choices) -> Choices {
    let mut settled = choices.clone();
    for choice in &mut settled.disks {
        let mut disks = survey.machine.disks.iter().zip(&survey.answers.disks);
        let Some((disk, answer)) = disks.find(|(d, _)| d.target == choice.target) else { continue };
        if !is_copied(disk, answer, choices) {
            (choice.place, choice.format) = (None, None);
        }
        if let (Source::File(_), Some(Place::Pool(pool))) = (&disk.source, &choice.place) {
            let target = survey.dest.pool(pool).and_then(|p| p.target.clone());
            choice.place = target.map(Place::Folder);
        }
    }
    settled
}
