//! A row that names a value, for groups of preferences rows.
use adw::prelude::*;

/// A row of `name`, which breaks between words only, and `value` at its end. (An `AdwActionRow` breaks names anywhere,
/// even where there is room.)
pub fn value_row(name: &str, value: &impl IsA<gtk::Widget>) -> adw::PreferencesRow {
    let line = gtk::Box::builder().spacing(6).css_classes(["header"]).build();
    let unwrapped = gtk::NaturalWrapMode::None;
    line.append(&gtk::Label::builder().label(name).wrap(true).natural_wrap_mode(unwrapped).xalign(0.0).build());
    line.append(value);
    adw::PreferencesRow::builder().use_markup(false).title(name).activatable(false).child(&line).build()
}
