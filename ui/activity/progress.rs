//! A job's progress in words: step, amount, rate and time left (pure but for the translation).
use std::time::{Duration, Instant};

use drover::task::{Progress, Step};
use gtk::glib;

use crate::i18n::{gettext, gettext_f};
use crate::migrate::words;

/// Watches a job's progress and knows its rate.
#[derive(Debug, Default)]
pub struct Meter {
    begun: Option<(Step, Instant, u64)>,
    last: Option<Progress>,
    rate: Option<f64>,
}

impl Meter {
    /// Takes in the latest progress.
    pub fn look(&mut self, progress: Progress, now: Instant) {
        match self.begun {
            Some((step, since, from)) if step == progress.step => {
                let seconds = now.duration_since(since).as_secs_f64();
                let done = progress.done.saturating_sub(from);
                // The average of a step is steadier than the last quarter second, and steps are short.
                #[allow(clippy::cast_precision_loss)]
                let rate = done as f64 / seconds;
                self.rate = (seconds > 0.5 && done > 0).then_some(rate);
            }
            _ => {
                self.begun = Some((progress.step, now, progress.done));
                self.rate = None;
            }
        }
        self.last = Some(progress);
    }

    /// The step that was seen last.
    pub fn step(&self) -> Option<Step> {
        self.last.map(|progress| progress.step)
    }

    /// How much of the step is done, from 0 to 1, where the whole is known.
    pub fn fraction(&self) -> Option<f64> {
        let Progress { done, total, .. } = self.last?;
        let total = total.filter(|t| *t > 0)?;
        #[allow(clippy::cast_precision_loss)]
        Some((done as f64 / total as f64).clamp(0.0, 1.0))
    }

    /// The time that the rest of the step takes at its rate.
    fn left(&self) -> Option<Duration> {
        let (Progress { done, total, .. }, rate) = (self.last?, self.rate?);
        #[allow(clippy::cast_precision_loss)]
        let seconds = total?.saturating_sub(done) as f64 / rate;
        Some(Duration::from_secs_f64(seconds.min(360_000.0)))
    }

    /// "Fetching the kernel · 3.2 MB of 8.0 MB · 1.2 MB/s · 4 s left".
    pub fn words(&self) -> String {
        let Some(progress) = self.last else { return gettext("Waiting…") };
        let mut parts = vec![step(progress.step)];
        // A migration's whole is 0 until the hypervisor has counted it.
        if in_bytes(progress.step) && (progress.done > 0 || progress.total.is_some_and(|t| t > 0)) {
            let done = glib::format_size(progress.done);
            parts.push(match progress.total {
                Some(total) => gettext_f("{done} of {total}", &[("done", &done), ("total", &glib::format_size(total))]),
                None => done.into(),
            });
            if let Some(rate) = self.rate {
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                parts.push(gettext_f("{size}/s", &[("size", &glib::format_size(rate as u64))]));
            }
            if let Some(left) = self.left() {
                parts.push(gettext_f("{time} left", &[("time", &span(left))]));
            }
        }
        parts.join(" · ")
    }
}

/// Whether the step counts bytes.
fn in_bytes(step: Step) -> bool {
    use Step as S;
    matches!(step, S::FetchKernel | S::FetchInitrd | S::FetchUnattended | S::Inject | S::Upload | S::Migrate(_))
}

/// A time span, in its one or two largest units.
pub fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 {
        gettext_f("{n} s", &[("n", &seconds.max(1).to_string())])
    } else if seconds < 3600 {
        gettext_f("{n} min", &[("n", &seconds.div_ceil(60).to_string())])
    } else {
        gettext_f("{h} h {m} min", &[("h", &(seconds / 3600).to_string()), ("m", &(seconds % 3600 / 60).to_string())])
    }
}

/// What a step does.
pub fn step(step: Step) -> String {
    match step {
        Step::Detect => gettext("Looking at the source"),
        Step::FetchKernel => gettext("Fetching the kernel"),
        Step::FetchInitrd => gettext("Fetching the initial RAM disk"),
        Step::FetchUnattended => gettext("Fetching the answer file"),
        Step::Inject => gettext("Adding files to the initial RAM disk"),
        Step::Upload => gettext("Sending to the host"),
        Step::CreateDisk => gettext("Creating the disk"),
        Step::Define => gettext("Defining the machine"),
        Step::Start => gettext("Starting the machine"),
        Step::Installing => gettext("The installer is running"),
        Step::Act => gettext("In progress"),
        Step::Migrate(step) => words::step(step),
        Step::RollBack => gettext("Removing what was made"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_and_time_left_come_from_the_step_alone() {
        let start = Instant::now();
        let mut meter = Meter::default();
        let at = |step, done, total| Progress { step, done, total: Some(total) };
        meter.look(at(Step::FetchKernel, 8_000_000, 8_000_000), start);
        meter.look(at(Step::FetchInitrd, 0, 40_000_000), start + Duration::from_secs(1));
        assert!(!meter.words().contains("/s"), "no rate yet: {}", meter.words());
        meter.look(at(Step::FetchInitrd, 10_000_000, 40_000_000), start + Duration::from_secs(3));
        assert_eq!(meter.fraction(), Some(0.25));
        assert_eq!(meter.left(), Some(Duration::from_secs(6)));
        assert!(meter.words().ends_with("6 s left"), "{}", meter.words());
    }

    #[test]
    fn an_unknown_total_has_no_fraction_and_an_empty_one_does_not_divide() {
        let mut meter = Meter::default();
        assert_eq!(meter.fraction(), None);
        meter.look(Progress { step: Step::Upload, done: 0, total: Some(0) }, Instant::now());
        assert_eq!(meter.fraction(), None);
        meter.look(Progress::begin(Step::Installing), Instant::now());
        assert_eq!(meter.words(), step(Step::Installing));
    }

    #[test]
    fn spans_round_up_to_what_a_person_says() {
        assert_eq!(span(Duration::from_millis(10)), "1 s");
        assert_eq!(span(Duration::from_secs(61)), "2 min");
        assert_eq!(span(Duration::from_secs(3700)), "1 h 1 min");
    }
}
