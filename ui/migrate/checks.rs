//! What the checks say, as rows: whom the dialog waits for, what blocks and warns with what can be done, what passed.
use std::cell::RefCell;

use adw::prelude::*;
use drover::migrate::finding::Severity;
use drover::migrate::prepare::Preparation;

use super::control::{Control, Edit, Prepare};
use super::dialog::Msg;
use super::state::Doing;
use super::verdict::{Line, Verdict};
use super::words;
use crate::i18n::{gettext, gettext_f, ngettext_f};
use crate::install::{check_button, text_button};
use crate::widgets::accessible;
use crate::widgets::icon_button::{icon_button, named};

/// So many lines are shown; of a hundred machines each may have its own.
const LINES: usize = 60;

/// What stands there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    pub pending: Vec<String>,
    pub verdict: Verdict,
    pub doing: Option<Doing>,
}

/// The group of rows.
pub struct Checks {
    pub group: adw::PreferencesGroup,
    pub again: gtk::Button,
    list: gtk::ListBox,
    passed: adw::ExpanderRow,
    passed_text: gtk::Label,
    input: relm4::Sender<Msg>,
    shown: RefCell<Option<Shown>>,
    controls: RefCell<Vec<(Control, gtk::Widget)>>,
}

impl Checks {
    /// Answers are sent as [`Msg::Control`].
    pub fn new(input: &relm4::Sender<Msg>) -> Self {
        let again = icon_button("view-refresh-symbolic", &gettext("Check again"));
        again.add_css_class("flat");
        let sender = input.clone();
        again.connect_clicked(move |_| sender.emit(Msg::Again));
        let list = gtk::ListBox::builder().selection_mode(gtk::SelectionMode::None).css_classes(["boxed-list"]).build();
        let passed_text =
            gtk::Label::builder().xalign(0.0).wrap(true).selectable(true).css_classes(["caption"]).build();
        passed_text.set_wrap_mode(gtk::pango::WrapMode::WordChar);
        let passed = adw::ExpanderRow::new();
        passed.add_row(&crate::install::row_with(&passed_text));
        let group = adw::PreferencesGroup::builder().title(gettext("Checks")).header_suffix(&again).build();
        group.add(&list);
        let (shown, controls) = Default::default();
        Self { group, again, list, passed, passed_text, input: input.clone(), shown, controls }
    }

    /// Shows this, if it is not there already; the keyboard stays with the control that it was at.
    pub fn show(&self, now: Shown) {
        if self.shown.borrow().as_ref() == Some(&now) {
            return;
        }
        let focused = self.focused();
        while let Some(row) = self.list.row_at_index(0) {
            self.list.remove(&row);
        }
        self.controls.borrow_mut().clear();
        for text in &now.pending {
            self.list.append(&waiting(text));
        }
        for line in now.verdict.lines.iter().take(LINES) {
            self.list.append(&self.line(line, now.doing.as_ref()));
        }
        let more = now.verdict.lines.len().saturating_sub(LINES);
        if more > 0 {
            let text = ngettext_f("… and {n} more line", "… and {n} more lines", more as u64, &[]);
            self.list.append(&self.line(&Line::note(text, Vec::new()), None));
        }
        let n = now.verdict.passed.len();
        if n > 0 {
            self.passed.set_title(&format!("✔ {}", ngettext_f("{n} passed", "{n} passed", n as u64, &[])));
            self.passed_text.set_label(&now.verdict.passed.join("\n"));
            self.list.append(&self.passed);
        }
        self.list.set_visible(self.list.first_child().is_some());
        if let Some(before) = focused {
            let controls = self.controls.borrow();
            let same = controls.iter().find(|(control, _)| control.is_same(&before)).map(|(_, widget)| widget.clone());
            match same {
                Some(widget) => widget.grab_focus(),
                None => self.list.child_focus(gtk::DirectionType::TabForward),
            };
        }
        *self.shown.borrow_mut() = Some(now);
    }

    /// The control that has the keyboard.
    fn focused(&self) -> Option<Control> {
        let focus = self.list.root()?.focus()?;
        let controls = self.controls.borrow();
        controls.iter().find(|(_, w)| focus == *w || focus.is_ancestor(w)).map(|(control, _)| control.clone())
    }

    fn line(&self, line: &Line, doing: Option<&Doing>) -> gtk::ListBoxRow {
        let (icon, class, spoken) = match line.severity {
            Severity::Block => ("dialog-error-symbolic", "error", gettext("Blocks: {what}")),
            Severity::Warn => ("dialog-warning-symbolic", "warning", gettext("Warning: {what}")),
            Severity::Ok => ("dialog-information-symbolic", "dim-label", "{what}".to_owned()),
        };
        let column = column();
        let top = gtk::Box::new(gtk::Orientation::Horizontal, 9);
        let image = gtk::Image::from_icon_name(icon);
        image.set_valign(gtk::Align::Start);
        image.add_css_class(class);
        top.append(&image);
        top.append(&text(&line.text));
        column.append(&top);
        if let Some(advice) = &line.advice {
            let label = text(advice);
            label.set_margin_start(25);
            label.set_css_classes(&["caption", "dim-label"]);
            column.append(&label);
        }
        let mut about_this = line.controls.iter().filter_map(|c| match c {
            Control::Prepare(it) => doing.filter(|d| d.what() == it),
            _ => None,
        });
        let about_this = about_this.next().cloned();
        if !line.controls.is_empty() {
            let bar = gtk::Box::builder().spacing(6).margin_start(25).build();
            for control in &line.controls {
                let widget = self.control(control);
                // One action at a time.
                let busy = matches!((control, doing), (Control::Prepare(_), Some(Doing::Runs(_))));
                widget.set_sensitive(!busy);
                bar.append(&widget);
                self.controls.borrow_mut().push((control.clone(), widget));
            }
            if let Some(Doing::Runs(_)) = about_this {
                bar.append(&gtk::Spinner::builder().spinning(true).build());
            }
            column.append(&bar);
        }
        if let Some(Doing::Failed(_, why)) = about_this {
            let label = text(&why);
            label.set_margin_start(25);
            label.set_css_classes(&["caption", "error"]);
            column.append(&label);
        }
        let row = row(&column);
        let spoken = spoken.replace("{what}", &line.text);
        accessible::set_label(&row, &line.advice.as_ref().map_or_else(|| spoken.clone(), |a| format!("{spoken} {a}")));
        row
    }

    fn control(&self, control: &Control) -> gtk::Widget {
        let input = self.input.clone();
        match control.clone() {
            Control::Bridge { here, have, chosen } => {
                let label = gettext_f("Bridge there instead of {name}", &[("name", &here)]);
                let none = gettext("Use another there…");
                pick(&label, &none, &have, chosen.as_ref(), move |chosen| {
                    input.emit(Msg::Control(Control::Bridge { here: here.clone(), have: Vec::new(), chosen }));
                })
            }
            Control::Network { here, have, chosen } => {
                let label = gettext_f("Network there instead of {name}", &[("name", &here)]);
                let none = gettext("Use another there…");
                pick(&label, &none, &have, chosen.as_ref(), move |chosen| {
                    input.emit(Msg::Control(Control::Network { here: here.clone(), have: Vec::new(), chosen }));
                })
            }
            Control::Shared(answer) => {
                let (yes, no) = (gettext("The same on both"), gettext("Not the same"));
                let chosen = answer.map(|yes_chosen| if yes_chosen { yes.clone() } else { no.clone() });
                let label = gettext("Are the disks the same on both hosts?");
                let have = [yes.clone(), no];
                pick(&label, &gettext("Is it the same?"), &have, chosen.as_ref(), move |chosen| {
                    input.emit(Msg::Control(Control::Shared(chosen.map(|c| c == yes))));
                })
            }
            Control::Eject(on) => {
                tick(&gettext("E_ject there"), on, move |on| input.emit(Msg::Control(Control::Eject(on))))
            }
            Control::Address(address, on) => {
                let label = gettext_f("_Reach it at {address}", &[("address", &address)]);
                tick(&label, on, move |on| input.emit(Msg::Control(Control::Address(address.clone(), on))))
            }
            Control::Replace(path, on) => tick(&gettext("_Replace it"), on, move |on| {
                input.emit(Msg::Control(Control::Replace(path.clone(), on)));
            }),
            Control::Incremental(on) => tick(&gettext("C_opy only what lies over it"), on, move |on| {
                input.emit(Msg::Control(Control::Incremental(on)));
            }),
            Control::Kind(_) | Control::Edit(_) | Control::Prepare(_) | Control::MoveAway => {
                let control = control.clone();
                press(&label(&control), move || input.emit(Msg::Control(control.clone())))
            }
        }
    }
}

impl Doing {
    fn what(&self) -> &Prepare {
        match self {
            Self::Runs(what) | Self::Failed(what, _) => what,
        }
    }
}

/// What a button says that it does; nothing of a control that is none.
fn label(control: &Control) -> String {
    match control {
        Control::Kind(kind) => gettext_f("Choose “{kind}”", &[("kind", &words::kind(*kind))]),
        Control::Prepare(it) => preparation(it),
        Control::MoveAway => gettext("Move others away…"),
        Control::Edit(edit) => match edit {
            Edit::LeaveOut(feature) => gettext_f("Leave out “{what}”", &[("what", &words::feature(*feature))]),
            Edit::StandStill => gettext("Let it stand still meanwhile"),
            Edit::Compress(method) => gettext_f("Compress by {method}", &[("method", method.name())]),
            Edit::Copy(target) => gettext_f("Copy {disk} along", &[("disk", target)]),
            Edit::Name => gettext("Give it another name there…"),
            Edit::Place => gettext("Choose another place there…"),
        },
        _ => String::new(),
    }
}

/// What a button does on a host.
fn preparation(it: &Prepare) -> String {
    match &it.what {
        Preparation::LowerCpu => gettext("Lower the CPU for the next boot"),
        Preparation::Resume => gettext("Let it run"),
        Preparation::DropSave => {
            let n = it.machines.len() as u64;
            ngettext_f("Discard its saved state…", "Discard {n} saved states…", n, &[])
        }
        Preparation::StartNetwork(name) => gettext_f("Start network {name} there", &[("name", name)]),
        Preparation::CopyNetwork(name) => gettext_f("Create network {name} there", &[("name", name)]),
        Preparation::StartPool(name) => gettext_f("Start pool {name} there", &[("name", name)]),
        Preparation::CopyPool(name) => gettext_f("Define pool {name} there", &[("name", name)]),
        Preparation::CreateFolder(_) => gettext("Create the folder there"),
    }
}

fn pick(
    label: &str,
    none: &str,
    have: &[String],
    chosen: Option<&String>,
    said: impl Fn(Option<String>) + 'static,
) -> gtk::Widget {
    let drop: gtk::DropDown = named("GtkDropDown", label).unwrap_or_default();
    let items: Vec<&str> = std::iter::once(none).chain(have.iter().map(String::as_str)).collect();
    drop.set_model(Some(&gtk::StringList::new(&items)));
    drop.set_tooltip_text(Some(label));
    let at = chosen.and_then(|c| have.iter().position(|h| h == c)).map_or(0, |i| i + 1);
    drop.set_selected(u32::try_from(at).unwrap_or_default());
    // From GTK 4.14 on the button inside has the keyboard, and is called after what is chosen alone.
    if let Some(button) = drop.first_child() {
        accessible::set_description(&button, label);
    }
    let have = have.to_vec();
    drop.connect_selected_notify(move |drop| {
        let at = drop.selected() as usize;
        said(at.checked_sub(1).and_then(|i| have.get(i)).cloned());
    });
    drop.upcast()
}

fn tick(label: &str, on: bool, said: impl Fn(bool) + 'static) -> gtk::Widget {
    let button = check_button(label);
    button.set_active(on);
    button.connect_toggled(move |button| said(button.is_active()));
    button.upcast()
}

fn press(label: &str, said: impl Fn() + 'static) -> gtk::Widget {
    // A name may have an underscore, which is no mnemonic.
    let button = text_button(&label.replace('_', "__"));
    accessible::set_label(&button, label);
    button.connect_clicked(move |_| said());
    button.upcast()
}

fn waiting(what: &str) -> gtk::ListBoxRow {
    let line = gtk::Box::builder().spacing(9).margin_start(12).margin_end(12).margin_top(9).margin_bottom(9).build();
    line.append(&gtk::Spinner::builder().spinning(true).build());
    line.append(&text(what));
    let row = row(&line);
    accessible::set_label(&row, what);
    row
}

fn row(child: &impl IsA<gtk::Widget>) -> gtk::ListBoxRow {
    gtk::ListBoxRow::builder().activatable(false).child(child).build()
}

fn column() -> gtk::Box {
    let column = gtk::Box::builder().orientation(gtk::Orientation::Vertical).spacing(6);
    column.margin_start(12).margin_end(12).margin_top(9).margin_bottom(9).build()
}

fn text(what: &str) -> gtk::Label {
    let label = gtk::Label::builder().label(what).xalign(0.0).wrap(true).hexpand(true).build();
    label.set_wrap_mode(gtk::pango::WrapMode::WordChar);
    label
}
