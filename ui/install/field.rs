//! One input of the New-machine window: a row with its label, its control, and under it what a check says of it.
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use adw::prelude::*;
use gtk::glib;

use super::form::Edit;
use super::wizard::Msg;

/// What stands under a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Says {
    #[default]
    Nothing,
    /// A check is under way.
    Busy(String),
    Good(String),
    Note(String),
    Warn(String),
    /// Can't go on like this.
    Bad(String),
}

/// Notes what a person does, and keeps quiet while the window itself fills widgets in.
///
/// Edits wait here until the window takes them, which it does before it shows anything: else a fast typist's entry could be
/// set back to what it held a keystroke before.
#[derive(Clone)]
pub struct Pen {
    input: relm4::Sender<Msg>,
    quiet: Rc<Cell<bool>>,
    waiting: Rc<RefCell<Vec<Edit>>>,
}

impl Pen {
    pub fn new(input: relm4::Sender<Msg>) -> Self {
        Self { input, quiet: Rc::default(), waiting: Rc::default() }
    }

    /// Notes a change by hand.
    pub fn edit(&self, edit: Edit) {
        if !self.quiet.get() {
            self.waiting.borrow_mut().push(edit);
            self.send(Msg::Edited);
        }
    }

    /// Takes the changes out, in order.
    pub fn take(&self) -> Vec<Edit> {
        self.waiting.take()
    }

    /// Sends a message, unless the window is filling in.
    pub fn send(&self, msg: Msg) {
        if !self.quiet.get() {
            // The window may be closing: then nobody is left to tell.
            let _ = self.input.send(msg);
        }
    }

    /// Runs `f`, whose changes to widgets are not a person's.
    pub fn quietly(&self, f: impl FnOnce()) {
        self.quiet.set(true);
        f();
        self.quiet.set(false);
    }
}

/// A labelled control with its message. On GTK 4.8 only a builder text can relate the three for screen readers.
pub struct Field<W> {
    pub row: adw::PreferencesRow,
    pub control: W,
    /// Control and the buttons beside it.
    pub line: gtk::Box,
    says: gtk::Box,
    spinner: gtk::Spinner,
    icon: gtk::Image,
    text: gtk::Label,
}

impl<W: IsA<gtk::Widget> + IsA<glib::Object> + Default> Field<W> {
    /// `class` is the control's GTK class; the label may have a mnemonic.
    pub fn new(class: &str, label: &str) -> Self {
        let label = glib::markup_escape_text(label);
        let builder = gtk::Builder::from_string(&TEMPLATE.replace("{class}", class).replace("{label}", &label));
        Self {
            row: builder.object("row").unwrap_or_default(),
            control: builder.object("control").unwrap_or_default(),
            line: builder.object("line").unwrap_or_default(),
            says: builder.object("says").unwrap_or_default(),
            spinner: builder.object("spinner").unwrap_or_default(),
            icon: builder.object("icon").unwrap_or_default(),
            text: builder.object("text").unwrap_or_default(),
        }
    }

    /// Shows a check's words under the control.
    pub fn say(&self, says: &Says) {
        let (icon, class, text) = match says {
            Says::Nothing => ("", "", ""),
            Says::Busy(text) => ("", "dim-label", text.as_str()),
            Says::Good(text) => ("object-select-symbolic", "success", text.as_str()),
            Says::Note(text) => ("", "dim-label", text.as_str()),
            Says::Warn(text) => ("dialog-warning-symbolic", "warning", text.as_str()),
            Says::Bad(text) => ("dialog-error-symbolic", "error", text.as_str()),
        };
        let busy = matches!(says, Says::Busy(_));
        self.spinner.set_visible(busy);
        self.spinner.set_spinning(busy);
        self.icon.set_visible(!icon.is_empty());
        self.icon.set_icon_name(Some(icon).filter(|i| !i.is_empty()));
        self.text.set_text(text);
        self.says.set_css_classes(&[class]);
        self.says.set_visible(!text.is_empty());
        if matches!(says, Says::Bad(_)) {
            self.control.add_css_class("error");
        } else {
            self.control.remove_css_class("error");
        }
    }
}

impl Field<gtk::Entry> {
    /// A text entry whose changes become edits.
    pub fn entry(label: &str, pen: &Pen, edit: impl Fn(String) -> Edit + 'static) -> Self {
        let field = Self::new("GtkEntry", label);
        field.control.set_activates_default(true);
        let pen = pen.clone();
        field.control.connect_changed(move |entry| pen.edit(edit(entry.text().into())));
        field
    }

    /// Shows the text, leaving the cursor alone if it is there already.
    pub fn set(&self, text: &str) {
        if self.control.text() != text {
            self.control.set_text(text);
        }
    }
}

impl Field<gtk::SpinButton> {
    /// A number within (lowest, highest, step), with so many decimal digits; Enter goes on to the next step as it does in an entry.
    pub fn spin(
        label: &str,
        range: (f64, f64, f64),
        digits: u32,
        pen: &Pen,
        edit: impl Fn(f64) -> Edit + 'static,
    ) -> Self {
        let field = Self::new("GtkSpinButton", label);
        let (low, high, step) = range;
        field.control.set_adjustment(&gtk::Adjustment::new(low, low, high, step, step * 4.0, 0.0));
        field.control.set_digits(digits);
        field.control.set_numeric(true);
        let changed = pen.clone();
        // Each keystroke counts, not only what is there when the cursor leaves.
        field.control.connect_changed(move |spin| {
            if let Some(value) = typed(spin).filter(|v| (low..=high).contains(v)) {
                changed.edit(edit(value));
            }
        });
        let keys = gtk::EventControllerKey::new();
        keys.set_propagation_phase(gtk::PropagationPhase::Capture);
        let (spin, pen) = (field.control.downgrade(), pen.clone());
        keys.connect_key_pressed(move |_, key, _, _| match (key, spin.upgrade()) {
            (gtk::gdk::Key::Return | gtk::gdk::Key::KP_Enter, Some(spin)) => {
                spin.update();
                pen.send(Msg::Next);
                glib::Propagation::Stop
            }
            _ => glib::Propagation::Proceed,
        });
        field.control.add_controller(keys);
        field
    }

    /// Shows the number, leaving the text alone while a person is typing it.
    pub fn set(&self, value: f64) {
        if typed(&self.control).is_some_and(|typed| (typed - value).abs() > f64::EPSILON) {
            self.control.set_value(value);
        }
    }
}

/// The number that stands in a spin button, which its value follows only when the cursor leaves. `None`: half typed.
fn typed(spin: &gtk::SpinButton) -> Option<f64> {
    spin.text().trim().replace(',', ".").parse().ok()
}

/// Fills a drop-down; an item with a reason is greyed, shows the reason, and can't be chosen.
pub fn fill_drop_down(drop: &gtk::DropDown, items: &[(String, Option<String>)]) {
    let names: Vec<&str> = items.iter().map(|(name, _)| name.as_str()).collect();
    let reasons: Vec<Option<String>> = items.iter().map(|(_, reason)| reason.clone()).collect();
    let factory = gtk::SignalListItemFactory::new();
    factory.connect_bind(move |_, item| {
        let Some(item) = item.downcast_ref::<gtk::ListItem>() else { return };
        let name = item.item().and_downcast::<gtk::StringObject>().map(|s| s.string()).unwrap_or_default();
        let reason = reasons.get(item.position() as usize).cloned().flatten();
        let column = gtk::Box::new(gtk::Orientation::Vertical, 0);
        column.append(&gtk::Label::builder().label(name).xalign(0.0).build());
        if let Some(reason) = &reason {
            let why = gtk::Label::builder().label(reason).xalign(0.0).wrap(true).max_width_chars(36).build();
            why.add_css_class("caption");
            column.append(&why);
        }
        column.set_sensitive(reason.is_none());
        item.set_child(Some(&column));
        item.set_activatable(reason.is_none());
        item.set_selectable(reason.is_none());
    });
    drop.set_list_factory(Some(&factory));
    drop.set_model(Some(&gtk::StringList::new(&names)));
}

/// A button with a text and its mnemonic.
pub fn text_button(label: &str) -> gtk::Button {
    named("GtkButton", label)
}

/// A check button with a text and its mnemonic.
pub fn check_button(label: &str) -> gtk::CheckButton {
    named("GtkCheckButton", label)
}

/// A `GtkButton` or `GtkCheckButton` whose name for screen readers is its label without the underscore, which on GTK 4.8
/// only a builder text can give.
fn named<W: IsA<glib::Object> + Default>(class: &str, label: &str) -> W {
    let (name, label) = (glib::markup_escape_text(&label.replace('_', "")), glib::markup_escape_text(label));
    let builder = gtk::Builder::from_string(&format!(
        r#"<interface><object class="{class}" id="it"><property name="child"><object class="GtkLabel">
        <property name="label">{label}</property><property name="use-underline">1</property><property name="wrap">1</property></object></property>
        <accessibility><property name="label">{name}</property></accessibility></object></interface>"#
    ));
    builder.object("it").unwrap_or_default()
}

/// A row of radio buttons: one group, one value each.
pub fn radios<T: Copy + PartialEq + 'static>(
    items: &[(String, T)],
    pen: &Pen,
    edit: impl Fn(T) -> Edit + Clone + 'static,
) -> (adw::PreferencesRow, Vec<(gtk::CheckButton, T)>) {
    let column = gtk::Box::builder().orientation(gtk::Orientation::Vertical).spacing(6).build();
    let row = row_with(&column);
    let mut buttons: Vec<(gtk::CheckButton, T)> = Vec::new();
    for (label, value) in items {
        let button: gtk::CheckButton = named("GtkCheckButton", label);
        button.set_group(buttons.first().map(|(first, _)| first));
        let (pen, edit, value) = (pen.clone(), edit.clone(), *value);
        button.connect_toggled(move |b| {
            if b.is_active() {
                pen.edit(edit(value));
            }
        });
        column.append(&button);
        buttons.push((button, value));
    }
    (row, buttons)
}

/// Sets the radio button that stands for a value.
pub fn choose<T: PartialEq>(buttons: &[(gtk::CheckButton, T)], value: &T) {
    for (button, its) in buttons {
        if its == value {
            button.set_active(true);
        }
    }
}

/// A row that only holds other controls and takes no focus itself.
pub fn row_with(child: &impl IsA<gtk::Widget>) -> adw::PreferencesRow {
    let row = adw::PreferencesRow::builder().activatable(false).focusable(false).child(child).build();
    child.set_margin_top(12);
    child.set_margin_bottom(12);
    child.set_margin_start(12);
    child.set_margin_end(12);
    row
}

/// A group of a page with its question; `rows` in order.
pub fn group(title: &str, description: &str, rows: &[&adw::PreferencesRow]) -> adw::PreferencesGroup {
    let group = adw::PreferencesGroup::new();
    group.set_title(&glib::markup_escape_text(title));
    if !description.is_empty() {
        group.set_description(Some(&glib::markup_escape_text(description)));
    }
    for row in rows {
        group.add(*row);
    }
    group
}

const TEMPLATE: &str = r#"<interface>
<object class="AdwPreferencesRow" id="row">
 <property name="activatable">0</property><property name="focusable">0</property>
 <property name="child"><object class="GtkBox">
  <property name="orientation">vertical</property><property name="spacing">6</property>
  <property name="margin-top">12</property><property name="margin-bottom">12</property>
  <property name="margin-start">12</property><property name="margin-end">12</property>
  <child><object class="GtkLabel" id="label">
   <property name="label">{label}</property><property name="use-underline">1</property>
   <property name="xalign">0</property><property name="mnemonic-widget">control</property>
   <style><class name="caption-heading"/></style>
  </object></child>
  <child><object class="GtkBox" id="line"><property name="spacing">6</property>
   <child><object class="{class}" id="control"><property name="hexpand">1</property>
    <accessibility><relation name="labelled-by">label</relation><relation name="described-by">text</relation></accessibility>
   </object></child>
  </object></child>
  <child><object class="GtkBox" id="says"><property name="visible">0</property><property name="spacing">6</property>
   <child><object class="GtkSpinner" id="spinner"/></child>
   <child><object class="GtkImage" id="icon"><property name="valign">start</property></object></child>
   <child><object class="GtkLabel" id="text"><property name="xalign">0</property><property name="wrap">1</property>
    <property name="wrap-mode">word-char</property><property name="hexpand">1</property><property name="selectable">1</property>
    <style><class name="caption"/></style>
   </object></child>
  </object></child>
 </object></property>
</object></interface>"#;
