//! Buttons that show only an icon, with the accessible name that gtk-rs can't set from Rust on GTK 4.8.
use gtk::glib;
use gtk::prelude::*;

/// A flat-able button with an icon; `label` is its accessible name and its tooltip.
pub fn icon_button(icon: &str, label: &str) -> gtk::Button {
    build("GtkButton", icon, label).unwrap_or_else(|| gtk::Button::from_icon_name(icon))
}

/// The same as a toggle.
pub fn icon_toggle(icon: &str, label: &str) -> gtk::ToggleButton {
    build("GtkToggleButton", icon, label).unwrap_or_else(|| gtk::ToggleButton::builder().icon_name(icon).build())
}

/// The same as a button that opens a menu or popover.
pub fn icon_menu_button(icon: &str, label: &str) -> gtk::MenuButton {
    build("GtkMenuButton", icon, label).unwrap_or_else(|| gtk::MenuButton::builder().icon_name(icon).build())
}

/// `None` only if the string below were no valid description of the class.
fn build<W: IsA<glib::Object>>(class: &str, icon: &str, label: &str) -> Option<W> {
    let (icon, label) = (glib::markup_escape_text(icon), glib::markup_escape_text(label));
    gtk::Builder::from_string(&format!(
        r#"<interface><object class="{class}" id="it"><property name="icon-name">{icon}</property>
        <property name="tooltip-text">{label}</property><accessibility><property name="label">{label}</property></accessibility></object></interface>"#
    ))
    .object("it")
}

/// A widget of this class with an accessible name, for kinds that have no text of their own.
/// `None` only if there were no such class.
pub fn named<W: IsA<glib::Object>>(class: &str, label: &str) -> Option<W> {
    let label = glib::markup_escape_text(label);
    gtk::Builder::from_string(&format!(
        r#"<interface><object class="{class}" id="it">
        <accessibility><property name="label">{label}</property></accessibility></object></interface>"#
    ))
    .object("it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[gtk::test]
    fn the_label_survives_markup() {
        let button = icon_button("list-add-symbolic", "Add <a> & “b”");
        assert_eq!(button.tooltip_text().as_deref(), Some("Add <a> & “b”"));
        assert_eq!(button.icon_name().as_deref(), Some("list-add-symbolic"));
        assert!(icon_menu_button("open-menu-symbolic", "Menu").icon_name().is_some());
        assert!(named::<gtk::SearchEntry>("GtkSearchEntry", "Find").is_some());
        assert!(icon_toggle("sidebar-show-symbolic", "Sidebar").icon_name().is_some());
    }
}
