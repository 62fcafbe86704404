//! Where copies of disks go and in which format: chosen once for all machines, applied to each one's own disks (pure).
use drover::install::Format;
use drover::migrate::check::is_copied;
use drover::migrate::machine::Machine;
use drover::migrate::survey::Survey;
use drover::migrate::{Choices, DiskChoice, Place};

/// What differs from the same path and the same format.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copies {
    /// A pool of the destination.
    pub pool: Option<String>,
    pub format: Option<Format>,
}

impl Copies {
    /// The choices for one machine: only disks that are copied by its kind have a place.
    pub fn put(&self, choices: Choices, survey: &Survey) -> Choices {
        if *self == Self::default() {
            return choices;
        }
        let all = survey.machine.disks.iter().zip(&survey.answers.disks);
        let copied = all.filter(|(disk, answer)| is_copied(disk, answer, &choices));
        let disks = copied.map(|(disk, _)| self.of(&disk.target)).collect();
        Choices { disks, ..choices }
    }

    /// Choices for which the destination is asked about the place of each disk.
    pub fn to_ask(&self, choices: Choices, machine: &Machine) -> Choices {
        let disks = machine.disks.iter().filter(|d| self.pool.is_some() && !d.is_removable());
        let disks = disks.map(|d| self.of(&d.target)).collect();
        Choices { disks, ..choices }
    }

    fn of(&self, target: &str) -> DiskChoice {
        let place = self.pool.clone().map(Place::Pool);
        DiskChoice { target: target.to_owned(), copy: None, place, format: self.format }
    }
}
