//! How much a move sends, how long that takes and how long the machine stands still — as far as it can be said (pure).
use std::time::Duration;

use super::check::is_copied;
use super::job::Figures;
use super::survey::Survey;
use super::{Choices, Kind};

/// QEMU's `downtime-limit` where nothing else was asked for (qapi/migration.json), in milliseconds.
pub const DEFAULT_DOWNTIME: u64 = 300;

const MIB: u64 = 1 << 20;

/// What an earlier move between the same two hosts showed. Bytes a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// What was sent.
    pub rate: u64,
    /// What the machine changed of its memory meanwhile.
    pub dirty_rate: u64,
}

impl Pace {
    /// What a job's figures show so far: all that it sent, over all of its time.
    pub fn of(figures: &Figures) -> Option<Self> {
        let rate = figures.sent().saturating_mul(1000).checked_div(figures.elapsed)?;
        (rate > 0).then_some(Self { rate, dirty_rate: figures.dirty_rate })
    }
}

/// How long it takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Time {
    /// Nothing is known of the link.
    #[default]
    Unknown,
    /// By an earlier move's rate.
    About(Duration),
    /// By the limit that was set: the link may be slower.
    AtLeast(Duration),
    /// The memory changed as fast as it could be sent: it may not end by itself.
    Endless,
}

/// What can be said of a move before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Estimate {
    /// To send.
    pub bytes: u64,
    pub time: Time,
    /// The machine stands still for so long at most; `None` if it can't be said, or if it does not run anyway.
    pub pause: Option<Duration>,
    /// It stands still for all of the time.
    pub stopped: bool,
}

/// What can be said of moving this machine like that. `used_kib`: of its memory, as its host measures it.
pub fn estimate(survey: &Survey, choices: &Choices, used_kib: Option<u64>, pace: Option<Pace>) -> Estimate {
    let machine = &survey.machine;
    let active = machine.state.is_active();
    let memory = match (active, used_kib) {
        (false, _) => 0,
        (true, Some(used)) => used.min(machine.memory_kib) * 1024,
        (true, None) => machine.memory_kib * 1024,
    };
    let disks = disks(survey, choices);
    let limit = choices.bandwidth.filter(|_| choices.kind.is_live()).map(|mib| mib.saturating_mul(MIB));
    // Only what is copied while the machine runs on can be overtaken.
    let chased = matches!(choices.kind, Kind::Live | Kind::Copy) && active && !choices.stand_still;
    let bytes = memory + disks;
    let time = match (pace.filter(|p| p.rate > 0), limit) {
        (_, _) if bytes == 0 => Time::Unknown,
        (Some(pace), limit) => {
            let rate = limit.map_or(pace.rate, |limit| limit.min(pace.rate));
            if chased && pace.dirty_rate >= rate {
                Time::Endless
            } else {
                let gain = if chased { rate - pace.dirty_rate } else { rate };
                Time::About(seconds(memory, gain) + seconds(disks, rate))
            }
        }
        (None, Some(limit)) => Time::AtLeast(seconds(bytes, limit)),
        (None, None) => Time::Unknown,
    };
    let stopped = active && (choices.kind == Kind::Static || choices.stand_still && choices.kind.is_live());
    let pause = (chased && survey.dest.driver == "QEMU")
        .then(|| Duration::from_millis(choices.downtime.unwrap_or(DEFAULT_DOWNTIME)));
    Estimate { bytes, time, pause, stopped }
}

/// Bytes of disks that go along. Mirrored block by block, a raw image loses its holes.
fn disks(survey: &Survey, choices: &Choices) -> u64 {
    let all = survey.machine.disks.iter().zip(&survey.answers.disks);
    let copied = all.filter(|(disk, answer)| is_copied(disk, answer, choices));
    let size = |(disk, answer): (&super::machine::Disk, &super::answers::DiskAnswer)| {
        let image = answer.image()?;
        let whole = choices.kind == Kind::Copy && disk.format == "raw";
        Some(if whole { image.capacity } else { image.used })
    };
    copied.filter_map(size).sum()
}

fn seconds(bytes: u64, rate: u64) -> Duration {
    // An estimate.
    #[allow(clippy::cast_precision_loss)]
    let seconds = bytes as f64 / rate.max(1) as f64;
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

impl Estimate {
    /// Of several machines that go one after the other; `None` of none.
    pub fn sum(all: impl IntoIterator<Item = Self>) -> Option<Self> {
        all.into_iter().reduce(|a, b| Self {
            bytes: a.bytes.saturating_add(b.bytes),
            time: a.time.and(b.time),
            pause: a.pause.max(b.pause),
            stopped: a.stopped || b.stopped,
        })
    }
}

impl Time {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Endless, _) | (_, Self::Endless) => Self::Endless,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::About(a), Self::About(b)) => Self::About(a.saturating_add(b)),
            (Self::AtLeast(a) | Self::About(a), Self::AtLeast(b) | Self::About(b)) => {
                Self::AtLeast(a.saturating_add(b))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::State;
    use crate::migrate::answers::{Answers, DiskAnswer, File, Image, Shared};
    use crate::migrate::facts::HostFacts;
    use crate::migrate::machine::{Disk, Machine, Source};

    const GIB: u64 = 1 << 30;

    /// A machine of 1 GiB of memory with a private raw disk of 4 GiB, of which 2 are used.
    fn survey(state: State) -> Survey {
        let image = Image { capacity: 4 * GIB, used: 2 * GIB, length: 4 * GIB, ..Image::default() };
        let disk = Disk {
            target: "vda".into(),
            device: "disk".into(),
            source: Source::File("/srv/a.img".into()),
            format: "raw".into(),
            ..Disk::default()
        };
        let answer = DiskAnswer { here: File::Here(image), shared: Shared::No, ..DiskAnswer::default() };
        let host = Arc::new(HostFacts { driver: "QEMU".into(), ..HostFacts::default() });
        Survey {
            machine: Machine { state, memory_kib: 1 << 20, disks: vec![disk], ..Machine::default() },
            source: Arc::clone(&host),
            dest: host,
            answers: Answers { disks: vec![answer], ..Answers::default() },
        }
    }

    fn of(kind: Kind, pace: Option<Pace>) -> Estimate {
        estimate(&survey(State::Running), &Choices::new(kind), None, pace)
    }

    #[test]
    fn without_a_rate_there_is_no_time() {
        let live = of(Kind::Live, None);
        assert_eq!((live.bytes, live.time), (GIB, Time::Unknown));
        assert_eq!(live.pause, Some(Duration::from_millis(300)), "QEMU's own limit");
        assert_eq!(of(Kind::Copy, None).bytes, 5 * GIB, "a raw image is mirrored whole");
        assert_eq!(of(Kind::Static, None).bytes, 3 * GIB, "a copy skips holes");
        assert_eq!((of(Kind::PostCopy, None).pause, of(Kind::Static, None).pause), (None, None));
        assert!(of(Kind::Static, None).stopped && !of(Kind::Copy, None).stopped);
    }

    #[test]
    fn one_that_stands_still_is_not_chased() {
        let still = Choices { stand_still: true, ..Choices::new(Kind::Live) };
        let pace = Some(Pace { rate: GIB / 4, dirty_rate: GIB });
        let got = estimate(&survey(State::Running), &still, None, pace);
        assert_eq!((got.time, got.pause, got.stopped), (Time::About(Duration::from_secs(4)), None, true));
    }

    #[test]
    fn the_measured_rate_and_what_changes_meanwhile_make_the_time() {
        let pace = |rate, dirty_rate| Some(Pace { rate, dirty_rate });
        assert_eq!(of(Kind::Live, pace(GIB / 4, 0)).time, Time::About(Duration::from_secs(4)));
        assert_eq!(of(Kind::Live, pace(GIB / 4, GIB / 8)).time, Time::About(Duration::from_secs(8)));
        assert_eq!(of(Kind::Live, pace(GIB / 4, GIB / 4)).time, Time::Endless);
        assert_eq!(of(Kind::PostCopy, pace(GIB / 4, GIB / 4)).time, Time::About(Duration::from_secs(4)));
        assert_eq!(of(Kind::Live, pace(0, 0)).time, Time::Unknown);
    }

    #[test]
    fn a_jobs_figures_make_a_pace_once_there_are_any() {
        let memory = crate::migrate::job::Amount { done: 3 * GIB, ..Default::default() };
        let figures = Figures { memory, elapsed: 1500, dirty_rate: 7, ..Figures::default() };
        assert_eq!(Pace::of(&figures), Some(Pace { rate: 2 * GIB, dirty_rate: 7 }));
        assert_eq!(Pace::of(&Figures { elapsed: 0, ..figures }), None);
        assert_eq!(Pace::of(&Figures { elapsed: 9, ..Figures::default() }), None);
    }

    #[test]
    fn a_limit_alone_says_at_least() {
        let limited = Choices { bandwidth: Some(256), downtime: Some(50), ..Choices::new(Kind::Live) };
        let got = estimate(&survey(State::Running), &limited, None, None);
        assert_eq!((got.time, got.pause), (Time::AtLeast(Duration::from_secs(4)), Some(Duration::from_millis(50))));
        let used = estimate(&survey(State::Running), &limited, Some(1 << 19), None);
        assert_eq!(used.time, Time::AtLeast(Duration::from_secs(2)), "only what is used is sent");
        let fast = Some(Pace { rate: GIB, dirty_rate: 0 });
        let slowed = estimate(&survey(State::Running), &limited, None, fast);
        assert_eq!(slowed.time, Time::About(Duration::from_secs(4)));
    }

    #[test]
    fn a_machine_that_is_off_has_no_memory_and_no_pause() {
        let off = estimate(&survey(State::Off), &Choices::new(Kind::Offline), None, None);
        assert_eq!(off, Estimate::default());
        let moved = estimate(&survey(State::Off), &Choices::new(Kind::Static), Some(1 << 20), None);
        assert_eq!((moved.bytes, moved.stopped), (2 * GIB, false));
    }

    #[test]
    fn several_add_up_and_one_unknown_makes_all_unknown() {
        let about = |s| Estimate { bytes: 1, time: Time::About(Duration::from_secs(s)), ..Estimate::default() };
        let sum = Estimate::sum([about(1), about(2)]).unwrap();
        assert_eq!((sum.bytes, sum.time), (2, Time::About(Duration::from_secs(3))));
        let least = Estimate { time: Time::AtLeast(Duration::from_secs(5)), ..about(0) };
        assert_eq!(Estimate::sum([about(1), least]).unwrap().time, Time::AtLeast(Duration::from_secs(6)));
        assert_eq!(Estimate::sum([about(1), Estimate::default()]).unwrap().time, Time::Unknown);
        assert_eq!(Estimate::sum([]), None);
    }
}
