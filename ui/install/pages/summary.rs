//! Step 6: everything on one page, what stands in the way, the XML and the equal command.
use std::cell::RefCell;

use adw::prelude::*;
use drover::secret::hidden;
use gtk::glib;

use super::page;
use super::system::kind_name;
use crate::i18n::{gettext, gettext_f};
use crate::install::field::{Pen, Says};
use crate::install::form::{Answers, DiskKind, Form, NetKind, Step};
use crate::install::state::{State, describe};
use crate::install::steps::step_name;
use crate::install::wizard::Msg;
use crate::widgets::icon_button::icon_button;

pub struct Page {
    pub page: adw::PreferencesPage,
    pen: Pen,
    lines: Vec<(Step, adw::ActionRow, gtk::Image)>,
    troubles: adw::PreferencesGroup,
    shown_troubles: RefCell<Vec<(Step, Says)>>,
    trouble_rows: RefCell<Vec<adw::ActionRow>>,
    xml: Text,
    command: Text,
}

impl Page {
    pub fn new(pen: &Pen) -> Self {
        let troubles = adw::PreferencesGroup::builder().title(gettext("To look at first")).visible(false).build();
        let all = adw::PreferencesGroup::builder().title(gettext("What will be made")).build();
        let lines: Vec<_> = Step::ALL
            .iter()
            .filter(|s| **s != Step::Summary)
            .map(|step| {
                let row = step_row(*step, &step_name(*step), pen);
                let mark = gtk::Image::new();
                row.add_prefix(&mark);
                all.add(&row);
                (*step, row, mark)
            })
            .collect();
        let texts = adw::PreferencesGroup::builder().title(gettext("In other words")).build();
        let xml = Text::new(&gettext("Machine XML"), &gettext("Copy the XML"), 280);
        let command = Text::new(&gettext("Command line"), &gettext("Copy the command"), 140);
        texts.add(&xml.row);
        texts.add(&command.row);
        Self {
            page: page(&[&troubles, &all, &texts]),
            pen: pen.clone(),
            lines,
            troubles,
            shown_troubles: RefCell::default(),
            trouble_rows: RefCell::default(),
            xml,
            command,
        }
    }

    pub fn show(&self, state: &State) {
        for (step, row, mark) in &self.lines {
            row.set_subtitle(&glib::markup_escape_text(&line(*step, state)));
            let bad = state.is_blocked(*step);
            mark.set_icon_name(Some(if bad { "dialog-error-symbolic" } else { "emblem-ok-symbolic" }));
            mark.set_css_classes(&[if bad { "error" } else { "success" }]);
        }
        self.show_troubles(state.troubles());
        let plan = state.looked.plan.as_ref();
        self.xml.show(plan.map(|(plan, _)| hidden(&plan.install_xml)).as_deref());
        self.command.show(plan.map(|(_, command)| command.as_str()));
    }

    fn show_troubles(&self, troubles: Vec<(Step, Says)>) {
        if *self.shown_troubles.borrow() == troubles {
            return;
        }
        for row in self.trouble_rows.take() {
            self.troubles.remove(&row);
        }
        self.troubles.set_visible(!troubles.is_empty());
        for (step, says) in &troubles {
            let (icon, class, text) = match says {
                Says::Bad(text) => ("dialog-error-symbolic", "error", text),
                Says::Warn(text) => ("dialog-warning-symbolic", "warning", text),
                Says::Note(text) | Says::Good(text) | Says::Busy(text) => {
                    ("dialog-information-symbolic", "dim-label", text)
                }
                Says::Nothing => continue,
            };
            let row = step_row(*step, text, &self.pen);
            row.set_title_lines(0);
            row.set_subtitle(&glib::markup_escape_text(&step_name(*step)));
            let mark = gtk::Image::from_icon_name(icon);
            mark.add_css_class(class);
            row.add_prefix(&mark);
            self.troubles.add(&row);
            self.trouble_rows.borrow_mut().push(row);
        }
        self.shown_troubles.replace(troubles);
    }
}

/// A row that opens a step.
fn step_row(step: Step, title: &str, pen: &Pen) -> adw::ActionRow {
    let row =
        adw::ActionRow::builder().title(glib::markup_escape_text(title)).subtitle_lines(3).activatable(true).build();
    row.add_suffix(&gtk::Image::from_icon_name("go-next-symbolic"));
    let pen = pen.clone();
    row.connect_activated(move |_| pen.send(Msg::Go(step)));
    row
}

/// A step's answers in one line.
fn line(step: Step, state: &State) -> String {
    let form = &state.form;
    match step {
        Step::Source => {
            let what = state.source.good().map(describe).unwrap_or_default();
            let host = state.chosen().map(|h| h.name.clone()).unwrap_or_default();
            joined(&[&host, &hidden(&form.location), &what])
        }
        Step::System => {
            let memory = gettext_f("{n} MiB", &[("n", &form.memory_mib.to_string())]);
            let cpus = crate::i18n::ngettext_f("{n} CPU", "{n} CPUs", u64::from(form.vcpus), &[]);
            joined(&[&form.name, &memory, &cpus, &kind_name(form.virt)])
        }
        Step::Unattended => {
            let who = match form.answers {
                Answers::None => gettext("Somebody at the console"),
                Answers::Url => hidden(&form.answers_url),
                Answers::File => form.answers_file.as_ref().map(|p| p.display().to_string()).unwrap_or_default(),
            };
            joined(&[&who, &hidden(&form.extra_args)])
        }
        Step::Disk => disk_line(form),
        Step::Network => match form.net {
            NetKind::Bridge => joined(&[&gettext_f("Bridge {name}", &[("name", &form.bridge)]), &form.mac]),
            NetKind::Network => joined(&[&gettext_f("Network {name}", &[("name", &form.network)]), &form.mac]),
            NetKind::User => joined(&[&gettext("User mode"), &form.mac]),
            NetKind::None => gettext("No network card"),
        },
        Step::Summary => String::new(),
    }
}

fn disk_line(form: &Form) -> String {
    match form.disk {
        DiskKind::New => {
            let size = gettext_f("{n} GiB", &[("n", &form.size_gib.to_string())]);
            let format = match form.format {
                drover::install::Format::Qcow2 => "qcow2",
                drover::install::Format::Raw => "raw",
            };
            let grows = if form.sparse { gettext("grows as needed") } else { gettext("full size at once") };
            joined(&[&form.disk_path, &size, format, &grows])
        }
        DiskKind::Existing => form.existing_path.clone(),
        DiskKind::None => gettext("No disk"),
    }
}

fn joined(parts: &[&str]) -> String {
    parts.iter().filter(|p| !p.is_empty()).copied().collect::<Vec<_>>().join(" · ")
}

/// A text that unfolds, to read and copy.
struct Text {
    row: adw::ExpanderRow,
    view: gtk::TextView,
}

impl Text {
    fn new(title: &str, copy: &str, height: i32) -> Self {
        let view = named_view(title);
        view.set_editable(false);
        view.set_monospace(true);
        view.set_wrap_mode(gtk::WrapMode::WordChar);
        view.set_left_margin(12);
        view.set_right_margin(12);
        view.set_top_margin(12);
        view.set_bottom_margin(12);
        view.set_accepts_tab(false);
        let scroller = gtk::ScrolledWindow::builder().child(&view).min_content_height(height).build();
        let row = adw::ExpanderRow::builder().title(title).build();
        row.add_row(&adw::PreferencesRow::builder().activatable(false).child(&scroller).build());
        let button = icon_button("edit-copy-symbolic", copy);
        button.add_css_class("flat");
        button.set_valign(gtk::Align::Center);
        let buffer = view.buffer();
        button.connect_clicked(move |b| {
            let text = buffer.text(&buffer.start_iter(), &buffer.end_iter(), false);
            b.clipboard().set_text(&text);
        });
        row.add_action(&button);
        Self { row, view }
    }

    fn show(&self, text: Option<&str>) {
        self.row.set_sensitive(text.is_some());
        if text.is_none() {
            self.row.set_expanded(false);
        }
        let buffer = self.view.buffer();
        let new = text.unwrap_or_default();
        if buffer.text(&buffer.start_iter(), &buffer.end_iter(), false) != new {
            buffer.set_text(new);
        }
    }
}

/// On GTK 4.8 only a builder text can name a text view for screen readers.
fn named_view(name: &str) -> gtk::TextView {
    let name = glib::markup_escape_text(name);
    let builder = gtk::Builder::from_string(&format!(
        r#"<interface><object class="GtkTextView" id="view"><accessibility><property name="label">{name}</property>
        </accessibility></object></interface>"#
    ));
    builder.object("view").unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_in_urls_are_hidden() {
        let mut state = State::new(Vec::new(), None, Form::default());
        state.form.location = "http://me:hunter2@mirror/tree".into();
        state.form.answers = Answers::Url;
        state.form.answers_url = "http://me:hunter2@h/ks.cfg".into();
        state.form.extra_args = "updates=http://me:hunter2@h/u.img".into();
        for (step, times) in [(Step::Source, 1), (Step::Unattended, 2)] {
            let shown = line(step, &state);
            assert!(shown.matches("me:…@").count() == times && !shown.contains("hunter2"), "{shown}");
        }
    }
}
