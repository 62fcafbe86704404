//! Which disks are copied, where to and in which format: chosen once for all machines, applied to each one's own disks (pure).
use drover::install::Format;
use drover::migrate::answers::DiskAnswer;
use drover::migrate::check::is_copied;
use drover::migrate::machine::{Disk, Machine};
use drover::migrate::survey::Survey;
use drover::migrate::{Choices, DiskChoice, Place};

/// What differs from the same path, the same format, and the disks that the kind copies by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copies {
    /// A pool of the destination.
    pub pool: Option<String>,
    pub format: Option<Format>,
    /// Disks by their target; offered only where one machine moves.
    pub disks: Vec<(String, bool)>,
}

/// A disk that can be copied along, or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    pub target: String,
    pub path: String,
    /// Whether it is copied if nobody says anything.
    pub usual: bool,
}

/// The disks of which a person may say whether they are copied; none where the kind copies none.
pub fn offers(survey: &Survey, choices: &Choices) -> Vec<Offer> {
    let all = survey.machine.disks.iter().zip(&survey.answers.disks);
    let offer = |(disk, answer): (&Disk, &DiskAnswer)| {
        let asked = |copy| {
            let disks = vec![DiskChoice { target: disk.target.clone(), copy, ..DiskChoice::default() }];
            is_copied(disk, answer, &Choices { disks, ..choices.clone() })
        };
        let path = answer.path.clone().unwrap_or_default();
        asked(Some(true)).then(|| Offer { target: disk.target.clone(), path, usual: asked(None) })
    };
    all.filter_map(offer).collect()
}

impl Copies {
    /// The choices for one machine: only disks that are copied by its kind have a place.
    pub fn put(&self, choices: Choices, survey: &Survey) -> Choices {
        if *self == Self::default() || !choices.kind.copies() {
            return choices;
        }
        let mut disks = Vec::new();
        for (disk, answer) in survey.machine.disks.iter().zip(&survey.answers.disks) {
            let copy = self.disks.iter().find(|(target, _)| *target == disk.target).map(|(_, copy)| *copy);
            let with = DiskChoice { copy, ..self.of(&disk.target) };
            let only = DiskChoice { place: None, format: None, ..with.clone() };
            let copied = is_copied(disk, answer, &Choices { disks: vec![only.clone()], ..choices.clone() });
            let choice = if copied { with } else { only };
            disks.extend(Some(choice).filter(|c| c.copy.is_some() || c.place.is_some() || c.format.is_some()));
        }
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
