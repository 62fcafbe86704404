//! The options of the Migrate dialog, folded away, with libvirt's defaults where nothing is entered.
use adw::prelude::*;
use drover::migrate::Choices;
use drover::migrate::estimate::DEFAULT_DOWNTIME;

use super::dialog::Msg;
use crate::i18n::{gettext, gettext_f};
use crate::install::{Field, Says, check_button, row_with};

/// MiB/s: QEMU counts bytes a second in a signed 64-bit number.
const MOST_BANDWIDTH: u64 = (i64::MAX as u64) >> 20;
/// Milliseconds: QEMU's own limit (MAX_MIGRATE_DOWNTIME, migration/options.c).
const MOST_DOWNTIME: u64 = 2_000_000;

/// What is entered, as far as it is valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entered {
    pub bandwidth: Result<Option<u64>, String>,
    pub downtime: Result<Option<u64>, String>,
    pub auto_converge: bool,
    pub tls: bool,
}

impl Entered {
    /// Whether all of it is valid.
    pub fn is_valid(&self) -> bool {
        self.bandwidth.is_ok() && self.downtime.is_ok()
    }

    /// Puts what is valid into the choices.
    pub fn put(&self, choices: &mut Choices) {
        choices.bandwidth = self.bandwidth.clone().ok().flatten();
        choices.downtime = self.downtime.clone().ok().flatten();
        choices.auto_converge = self.auto_converge;
        choices.tls = self.tls;
    }

    /// What differs from the defaults, for the folded row.
    fn summary(&self) -> String {
        let mut parts = Vec::new();
        if let Ok(Some(n)) = self.bandwidth {
            parts.push(gettext_f("at most {n} MiB/s", &[("n", &n.to_string())]));
        }
        if let Ok(Some(n)) = self.downtime {
            parts.push(gettext_f("pause at most {n} ms", &[("n", &n.to_string())]));
        }
        if self.auto_converge {
            parts.push(gettext("slowed down if needed"));
        }
        if self.tls {
            parts.push(gettext("encrypted"));
        }
        parts.join(" · ")
    }
}

/// A whole number from 1 to `most`; empty is the default.
fn number(text: &str, most: u64) -> Result<Option<u64>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let valid = text.parse().ok().filter(|n| (1..=most).contains(n));
    valid.map(Some).ok_or_else(|| {
        gettext_f("A whole number from 1 to {most}, or nothing for the default", &[("most", &most.to_string())])
    })
}

/// The widgets.
pub struct Options {
    pub row: adw::ExpanderRow,
    bandwidth: Field<gtk::Entry>,
    downtime: Field<gtk::Entry>,
    auto_converge: gtk::CheckButton,
    tls: gtk::CheckButton,
}

impl Options {
    /// Each change sends [`Msg::Options`].
    pub fn new(input: &relm4::Sender<Msg>) -> Self {
        let entry = |label: &str, placeholder: &str| {
            let field: Field<gtk::Entry> = Field::new("GtkEntry", label);
            field.control.set_placeholder_text(Some(placeholder));
            field.control.set_input_purpose(gtk::InputPurpose::Digits);
            field.control.set_activates_default(true);
            let input = input.clone();
            field.control.connect_changed(move |_| input.emit(Msg::Options));
            field
        };
        let check = |label: &str, tooltip: &str| {
            let button = check_button(label);
            button.set_tooltip_text(Some(tooltip));
            let input = input.clone();
            button.connect_toggled(move |_| input.emit(Msg::Options));
            button
        };
        let default = gettext_f("{n} (the default)", &[("n", &DEFAULT_DOWNTIME.to_string())]);
        let this = Self {
            row: adw::ExpanderRow::builder().title(gettext("_Options")).use_underline(true).build(),
            bandwidth: entry(&gettext("_Bandwidth at most (MiB/s)"), &gettext("no limit (the default)")),
            downtime: entry(&gettext("_Pause at the switch-over at most (ms)"), &default),
            auto_converge: check(
                &gettext("_Slow the machine down if its memory changes too fast"),
                &gettext("Auto-converge: its virtual CPUs get less time until its memory can be sent."),
            ),
            tls: check(
                &gettext("_Encrypt with TLS"),
                &gettext("Memory and disks are sent encrypted; both hosts need certificates."),
            ),
        };
        this.row.add_row(&this.bandwidth.row);
        this.row.add_row(&this.downtime.row);
        this.row.add_row(&row_with(&this.auto_converge));
        this.row.add_row(&row_with(&this.tls));
        this
    }

    /// What is entered; what is wrong is told under its field.
    pub fn read(&self) -> Entered {
        let entered = Entered {
            bandwidth: number(&self.bandwidth.control.text(), MOST_BANDWIDTH),
            downtime: number(&self.downtime.control.text(), MOST_DOWNTIME),
            auto_converge: self.auto_converge.is_active(),
            tls: self.tls.is_active(),
        };
        for (field, value) in [(&self.bandwidth, &entered.bandwidth), (&self.downtime, &entered.downtime)] {
            field.say(&value.as_ref().err().map_or(Says::Nothing, |why| Says::Bad(why.clone())));
        }
        self.row.set_subtitle(&entered.summary());
        entered
    }
}

#[cfg(test)]
mod tests {
    use drover::migrate::Kind;

    use super::*;

    #[test]
    fn numbers_are_whole_and_within_qemus_limits() {
        for (text, want) in [("", Some(None)), (" 50 ", Some(Some(50))), ("2000000", Some(Some(2_000_000)))] {
            assert_eq!(number(text, MOST_DOWNTIME).ok(), want, "{text:?}");
        }
        for text in ["0", "-1", "1.5", "2000001", "fast", "99999999999999999999"] {
            assert!(number(text, MOST_DOWNTIME).is_err(), "{text:?}");
        }
        assert_eq!(number("8796093022207", MOST_BANDWIDTH), Ok(Some(MOST_BANDWIDTH)));
    }

    #[gtk::test]
    fn what_is_entered_becomes_choices_and_what_is_wrong_is_told() {
        let (sender, said) = relm4::channel();
        let options = Options::new(&sender);
        assert!(options.read().is_valid());
        options.bandwidth.control.set_text("50");
        options.downtime.control.set_text("soon");
        options.tls.set_active(true);
        let entered = options.read();
        assert!(!entered.is_valid() && options.downtime.control.has_css_class("error"));
        assert!(!options.bandwidth.control.has_css_class("error"));
        options.downtime.control.set_text("40");
        let mut choices = Choices::new(Kind::Live);
        options.read().put(&mut choices);
        let want = Choices { bandwidth: Some(50), downtime: Some(40), tls: true, ..Choices::new(Kind::Live) };
        assert_eq!(choices, want);
        assert_eq!(options.row.subtitle(), "at most 50 MiB/s · pause at most 40 ms · encrypted");
        drop(options);
        assert!(said.recv_sync().is_some());
    }
}
