//! The kinds of migration as radio rows: what each means, why it can't be, how long it would take.
use adw::prelude::*;
use drover::migrate::Kind;
use drover::migrate::estimate::{Estimate, Time};
use gtk::glib;

use super::dialog::Msg;
use super::verdict::KindState;
use super::words;
use crate::activity::span;
use crate::i18n::{gettext, gettext_f};
use crate::widgets::icon_button::named;

/// One row for each kind.
pub struct Kinds {
    pub group: adw::PreferencesGroup,
    rows: Vec<Row>,
}

struct Row {
    kind: Kind,
    radio: gtk::CheckButton,
    row: adw::ActionRow,
    estimate: gtk::Label,
    /// What stands there.
    shown: std::cell::RefCell<(String, String)>,
}

impl Kinds {
    /// A choice sends [`Msg::Kind`].
    pub fn new(input: &relm4::Sender<Msg>) -> Self {
        let group = adw::PreferencesGroup::builder().title(gettext("How")).build();
        let mut rows: Vec<Row> = Vec::new();
        for kind in Kind::ALL {
            let name = words::kind(kind);
            let radio: gtk::CheckButton = named("GtkCheckButton", &name).unwrap_or_default();
            radio.set_group(rows.first().map(|first| &first.radio));
            radio.set_valign(gtk::Align::Center);
            let estimate = gtk::Label::builder().xalign(1.0).justify(gtk::Justification::Right).wrap(true);
            let estimate = estimate.width_chars(15).max_width_chars(22).css_classes(["caption", "numeric"]).build();
            let row =
                adw::ActionRow::builder().title(glib::markup_escape_text(&name)).activatable_widget(&radio).build();
            row.set_focusable(false);
            row.add_prefix(&radio);
            row.add_suffix(&estimate);
            group.add(&row);
            let input = input.clone();
            radio.connect_toggled(move |radio| {
                if radio.is_active() {
                    input.emit(Msg::Kind(kind));
                }
            });
            rows.push(Row { kind, radio, row, estimate, shown: Default::default() });
        }
        Self { group, rows }
    }

    /// Puts the cursor on the chosen one.
    pub fn grab_focus(&self) {
        if let Some(row) = self.rows.iter().find(|row| row.radio.is_active()) {
            row.radio.grab_focus();
        }
    }

    /// Shows each kind's verdict and estimate, out of so many machines. The caller keeps quiet meanwhile.
    pub fn show(&self, chosen: Kind, kinds: &[KindState], total: usize, estimate: impl Fn(Kind) -> Option<Estimate>) {
        for row in &self.rows {
            if row.kind == chosen && !row.radio.is_active() {
                row.radio.set_active(true);
            }
            let Some(state) = kinds.iter().find(|k| k.kind == row.kind) else { continue };
            let mut text = match &state.note {
                Some(note) if state.can == 0 => format!("✖ {note}"),
                Some(note) => note.clone(),
                None => words::kind_explained(row.kind),
            };
            if state.can > 0 && state.can < total {
                let (n, total) = (state.can.to_string(), total.to_string());
                let can = gettext_f("{n} of {total} can go like this.", &[("n", &n), ("total", &total)]);
                text = format!("{text} {can}");
            }
            let said = (text, estimate(row.kind).map(|e| words_of(&e)).unwrap_or_default());
            if *row.shown.borrow() != said {
                row.row.set_subtitle(&glib::markup_escape_text(&said.0));
                let hidden = state.note.as_ref().map(|_| words::kind_explained(row.kind));
                row.row.set_tooltip_text(hidden.as_deref());
                row.estimate.set_label(&said.1);
                row.estimate.set_visible(!said.1.is_empty());
                *row.shown.borrow_mut() = said;
            }
        }
    }
}

/// "about 12 s" and "pause ≤ 0.3 s"; without a rate what there is to send.
fn words_of(estimate: &Estimate) -> String {
    let mut parts = Vec::new();
    match estimate.time {
        Time::About(time) => parts.push(gettext_f("about {time}", &[("time", &span(time))])),
        Time::AtLeast(time) => parts.push(gettext_f("at least {time}", &[("time", &span(time))])),
        Time::Endless => parts.push(gettext("may not end: its memory changes faster than it can be sent")),
        Time::Unknown if estimate.bytes > 0 => {
            parts.push(gettext_f("{size} to send", &[("size", &glib::format_size(estimate.bytes))]));
        }
        Time::Unknown => {}
    }
    if estimate.stopped {
        parts.push(gettext("stopped meanwhile"));
    } else if let Some(pause) = estimate.pause {
        let seconds = format!("{:.1}", pause.as_secs_f64());
        let pause = gettext_f("pause ≤ {n} s", &[("n", seconds.trim_end_matches('0').trim_end_matches('.'))]);
        // A unit does not stand alone on the next line.
        parts.push(pause.replace(' ', "\u{a0}"));
    }
    parts.join("\n")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn only_what_is_known_is_said() {
        let pause = Some(Duration::from_millis(300));
        let all = Estimate { bytes: 1 << 30, time: Time::About(Duration::from_secs(12)), pause, stopped: false };
        assert_eq!(words_of(&all), "about 12 s\npause\u{a0}≤\u{a0}0.3\u{a0}s");
        let size = words_of(&Estimate { time: Time::Unknown, stopped: true, pause: None, ..all });
        assert!(size.ends_with("to send\nstopped meanwhile") && size.starts_with("1.1"), "{size}");
        assert_eq!(words_of(&Estimate::default()), "");
        let endless = Estimate { time: Time::Endless, pause: None, ..all };
        assert!(words_of(&endless).starts_with("may not end"));
        let slow =
            Estimate { time: Time::AtLeast(Duration::from_secs(90)), pause: Some(Duration::from_secs(2)), ..all };
        assert!(words_of(&slow).ends_with("pause\u{a0}≤\u{a0}2\u{a0}s"), "{}", words_of(&slow));
    }
}
