//! The window that lists the keyboard shortcuts.
use adw::prelude::*;
use gtk::glib::markup_escape_text;

use crate::actions::Command;
use crate::i18n::gettext;

/// Shows the window.
pub fn show(parent: &adw::ApplicationWindow) {
    let window = gtk::Builder::from_string(&description()).object::<gtk::ShortcutsWindow>("it");
    if let Some(window) = window {
        window.set_transient_for(Some(parent));
        window.present();
    }
}

/// What GTK builds it from; there is no way to fill one from Rust on GTK 4.8.
fn description() -> String {
    let window = [
        ("<Control>n", gettext("New machine")),
        ("<Control>h", gettext("Add a host")),
        ("<Control>f", gettext("Search machines")),
        ("F9", gettext("Show or hide the sidebar")),
        ("<Control>Page_Up <Control>Page_Down", gettext("Tab to the left or to the right")),
        ("<Control>w", gettext("Close the tab")),
        ("<Control><Shift>w", gettext("Move the tab to a window of its own")),
        ("F10", gettext("Main menu")),
        ("<Control>question", gettext("Keyboard shortcuts")),
        ("<Control>q", gettext("Quit")),
    ];
    let carry = [
        ("<Control>x", gettext("Cut, to move them to another host")),
        ("<Control>v", gettext("Move what was cut to the host at the focus")),
    ];
    let machines: Vec<(&str, String)> =
        Command::ALL.into_iter().filter_map(|c| Some((c.key()?, c.label()))).chain(carry).collect();
    format!(
        r#"<interface><object class="GtkShortcutsWindow" id="it"><property name="modal">1</property>
        <child><object class="GtkShortcutsSection"><property name="section-name">all</property>
        <property name="max-height">20</property>{}{}</object></child></object></interface>"#,
        group(&gettext("Window"), &window),
        group(&gettext("Selected machines"), &machines),
    )
}

fn group(title: &str, keys: &[(&str, String)]) -> String {
    let shortcut = |(keys, words): &(&str, String)| {
        format!(
            r#"<child><object class="GtkShortcutsShortcut"><property name="accelerator">{}</property>
            <property name="title">{}</property></object></child>"#,
            markup_escape_text(keys),
            markup_escape_text(words)
        )
    };
    let all: String = keys.iter().map(shortcut).collect();
    let title = markup_escape_text(title);
    format!(
        r#"<child><object class="GtkShortcutsGroup"><property name="title">{title}</property>{all}</object></child>"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[gtk::test]
    fn gtk_takes_the_description_and_every_key_in_it() {
        let window = gtk::Builder::from_string(&description()).object::<gtk::ShortcutsWindow>("it");
        assert!(window.is_some());
        for key in Command::ALL.into_iter().filter_map(Command::key) {
            assert!(gtk::accelerator_parse(key).is_some(), "{key}");
        }
    }
}
