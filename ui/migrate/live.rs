//! A migration that runs, below its row of the task panel: figures, a chart, and what can be changed meanwhile.
use std::collections::VecDeque;
use std::time::{Duration, Instant};

use drover::domain::DomainId;
use drover::host::Host;
use drover::migrate::job::{self, Figures};
use drover::migrate::{Kind, run};
use drover::task::Step;
use gtk::glib;
use gtk::prelude::*;

use crate::activity::{Report, span};
use crate::errors;
use crate::i18n::{gettext, gettext_f};
use crate::widgets::curves::Curves;
use crate::widgets::icon_button::named;

/// The machine that moves, and how.
#[derive(Clone)]
pub struct Extras {
    pub source: Host,
    pub domain: DomainId,
    pub kind: Kind,
}

impl std::fmt::Debug for Extras {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Extras").field("domain", &self.domain).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// The widgets; hidden until the hypervisor tells figures.
pub struct Live {
    pub widget: gtk::Box,
    kind: Kind,
    chart: Curves,
    legend: gtk::Label,
    words: gtk::Label,
    switch: gtk::Button,
    /// What was sent in the last [`SPAN`], to tell the rate where libvirt does not (while it copies disks).
    sent: VecDeque<(Instant, u64)>,
}

/// Over which a rate is measured.
const SPAN: Duration = Duration::from_secs(3);

impl Live {
    /// Nothing to show yet.
    pub fn new(of: Extras) -> Self {
        let label = || {
            let label = gtk::Label::builder().xalign(0.0).wrap(true).css_classes(["caption", "numeric"]);
            label.wrap_mode(gtk::pango::WrapMode::WordChar).build()
        };
        let (chart, legend, words, said) = (Curves::new(), label(), label(), label());
        said.add_css_class("task-failed");
        said.set_visible(false);
        let kind = of.kind;
        let control = Control { of, said: said.clone() };
        let switch = gtk::Button::with_label(&gettext("Switch to post-copy"));
        switch.set_tooltip_text(Some(&gettext(
            "It goes over now and fetches the rest of its memory from there. There is no way back.",
        )));
        let now = control.clone();
        switch.connect_clicked(move |button| {
            button.set_sensitive(false);
            now.ask(job::switch_over);
        });
        let limits = gtk::ToggleButton::with_label(&gettext("Limits"));
        let revealer = gtk::Revealer::builder().child(&limit_rows(&control)).build();
        limits.bind_property("active", &revealer, "reveal-child").build();
        let buttons = gtk::Box::builder().spacing(6).build();
        buttons.append(&limits);
        buttons.append(&switch);
        let widget = gtk::Box::builder().orientation(gtk::Orientation::Vertical).spacing(6).visible(false).build();
        for child in [
            chart.widget.upcast_ref::<gtk::Widget>(),
            legend.upcast_ref(),
            words.upcast_ref(),
            buttons.upcast_ref(),
            revealer.upcast_ref(),
            said.upcast_ref(),
        ] {
            widget.append(child);
        }
        Self { widget, kind, chart, legend, words, switch, sent: VecDeque::new() }
    }

    /// Shows the latest figures.
    pub fn look(&mut self, report: &Report) {
        let moves = matches!(report.progress.step, Step::Migrate(run::Step::Move | run::Step::PostCopy));
        let figures = report.figures.filter(|figures| moves && figures.memory.total + figures.disk.total > 0);
        self.widget.set_visible(figures.is_some());
        let Some(mut figures) = figures else { return };
        let rate = measured(&mut self.sent, Instant::now(), figures.sent());
        if figures.rate == 0 {
            figures.rate = rate;
        }
        let can_switch = self.kind == Kind::PostCopy && report.progress.step == Step::Migrate(run::Step::Move);
        self.switch.set_visible(can_switch);
        self.chart.push(figures.rate, figures.dirty_rate);
        self.legend.set_label(&legend(&figures));
        self.words.set_label(&words(&figures));
    }

    /// It has ended.
    pub fn end(&self) {
        self.widget.set_visible(false);
    }
}

/// Bytes a second since the first of those kept; the new one is kept too.
fn measured(kept: &mut VecDeque<(Instant, u64)>, now: Instant, sent: u64) -> u64 {
    kept.push_back((now, sent));
    while kept.front().is_some_and(|(at, _)| now.duration_since(*at) > SPAN) {
        kept.pop_front();
    }
    let Some((since, from)) = kept.front() else { return 0 };
    let ms = u64::try_from(now.duration_since(*since).as_millis()).unwrap_or(u64::MAX);
    sent.saturating_sub(*from).saturating_mul(1000).checked_div(ms).unwrap_or_default()
}

/// "━ sent 80.0 MB/s   ┅ changed 3.1 MB/s".
fn legend(figures: &Figures) -> String {
    let rates = [("sent", glib::format_size(figures.rate)), ("changed", glib::format_size(figures.dirty_rate))];
    let rates: Vec<(&str, &str)> = rates.iter().map(|(name, size)| (*name, size.as_str())).collect();
    gettext_f("━ sent {sent}/s  ┅ changed by the machine {changed}/s", &rates)
}

/// What is left, as far as it is told.
fn words(figures: &Figures) -> String {
    let size = |bytes| glib::format_size(bytes).to_string();
    let mut parts = Vec::new();
    if figures.memory.total > 0 {
        parts.push(gettext_f("Memory left: {size}", &[("size", &size(figures.memory.remaining))]));
    }
    if figures.disk.total > 0 {
        parts.push(gettext_f("Disks left: {size}", &[("size", &size(figures.disk.remaining))]));
    }
    if figures.iteration > 0 {
        parts.push(gettext_f("pass {n}", &[("n", &figures.iteration.to_string())]));
    }
    if let Some(ms) = figures.downtime {
        parts.push(gettext_f("pause expected: {n} ms", &[("n", &ms.to_string())]));
    }
    // QEMU's own estimate is only there at the end.
    let left = figures.remaining.or_else(|| figures.left().saturating_mul(1000).checked_div(figures.rate));
    if let Some(ms) = left.filter(|_| figures.left() > 0) {
        let time = span(Duration::from_millis(ms));
        parts.push(gettext_f("{time} left", &[("time", &time)]));
    }
    parts.join(" · ")
}

/// Asks the source to change a job, and says when it refuses.
#[derive(Clone)]
struct Control {
    of: Extras,
    said: gtk::Label,
}

impl Control {
    fn ask(&self, change: impl FnOnce(&Host, DomainId) -> drover::Result<()> + Send + 'static) {
        let (source, domain, said) = (self.of.source.clone(), self.of.domain, self.said.clone());
        relm4::spawn_local(async move {
            let result = relm4::spawn_blocking(move || change(&source, domain)).await;
            // It never panics; if it did, there is nothing to say.
            let failed = result.ok().and_then(Result::err).map(|e| errors::error(&e).body);
            said.set_visible(failed.is_some());
            said.set_label(&failed.unwrap_or_default());
        });
    }
}

/// Bandwidth and pause, each with a button that sets it.
fn limit_rows(control: &Control) -> gtk::Grid {
    let grid = gtk::Grid::builder().row_spacing(6).column_spacing(6).build();
    let row = |at, words: &str, most: f64, value: f64, set: fn(&Host, DomainId, u64) -> drover::Result<()>| {
        let spin = named::<gtk::SpinButton>("GtkSpinButton", words).unwrap_or_default();
        spin.set_adjustment(&gtk::Adjustment::new(value, 1.0, most, 1.0, 10.0, 0.0));
        spin.set_numeric(true);
        let label = gtk::Label::builder().label(words).xalign(0.0).hexpand(true).wrap(true).build();
        let apply = gtk::Button::with_label(&gettext("Set"));
        let (control, from) = (control.clone(), spin.clone());
        apply.connect_clicked(move |_| {
            from.update();
            let value = u64::try_from(from.value_as_int()).unwrap_or(1);
            control.ask(move |host, domain| set(host, domain, value));
        });
        grid.attach(&label, 0, at, 1, 1);
        grid.attach(&spin, 1, at, 1, 1);
        grid.attach(&apply, 2, at, 1, 1);
    };
    row(0, &gettext("Bandwidth, MiB/s"), 1_000_000.0, 100.0, job::set_bandwidth);
    row(1, &gettext("Pause at most, ms"), 600_000.0, 300.0, job::set_downtime);
    grid
}

#[cfg(test)]
mod tests {
    use drover::migrate::job::Amount;

    use super::*;

    #[test]
    fn figures_become_words_and_what_is_not_told_is_left_out() {
        let mut figures = Figures { rate: 10_000_000, ..Figures::default() };
        figures.memory = Amount { done: 0, remaining: 40_000_000, total: 80_000_000 };
        let text = words(&figures);
        assert!(text.contains("40.0") && text.ends_with("4 s left"), "{text}");
        assert!(!text.contains("pass") && !text.contains("pause"), "{text}");
        figures = Figures { iteration: 3, downtime: Some(120), rate: 0, ..figures };
        let text = words(&figures);
        assert!(text.contains("pass 3") && text.ends_with("120 ms"), "no rate, no time: {text}");
    }

    #[test]
    fn a_rate_is_measured_over_the_last_seconds() {
        let (mut kept, start) = (VecDeque::new(), Instant::now());
        let mut at = |ms, sent| measured(&mut kept, start + Duration::from_millis(ms), sent);
        assert_eq!(at(0, 5_000_000), 0, "one look tells no rate");
        assert_eq!(at(1000, 7_000_000), 2_000_000);
        assert_eq!(at(10_000, 9_000_000), 0, "too long ago");
        assert_eq!(at(11_000, 10_000_000), 1_000_000);
    }

    #[gtk::test]
    fn post_copy_can_be_switched_to_only_before_it_has() {
        let source = Host::open_now("test:///default", std::sync::Arc::new(drover::host::NoCredentials)).unwrap();
        let extras = |kind| Extras { source: source.clone(), domain: DomainId(uuid::Uuid::nil()), kind };
        let memory = Amount { done: 1, remaining: 1, total: 2 };
        let figures = Some(Figures { memory, ..Figures::default() });
        let report = |step| Report::from(run::Progress { step, done: 1, total: Some(2), figures });
        let shows = |kind, step| {
            let mut live = Live::new(extras(kind));
            live.look(&report(step));
            (live.widget.is_visible(), live.switch.is_visible())
        };
        assert_eq!(shows(Kind::PostCopy, run::Step::Move), (true, true));
        assert_eq!(shows(Kind::PostCopy, run::Step::PostCopy), (true, false));
        assert_eq!(shows(Kind::Live, run::Step::Move), (true, false));
        assert!(!shows(Kind::Static, run::Step::CopyDisk).0, "libvirt tells nothing of it");
    }
}
