//! The questions that actions ask: are you sure, what name, which file.
use adw::prelude::*;
use gtk::glib;

use crate::i18n::gettext;

/// A yes-or-no question.
pub struct Question {
    pub heading: String,
    pub body: String,
    /// What the button that goes on says.
    pub yes: String,
    /// Whether going on can lose something.
    pub destructive: bool,
}

/// Asks; `on_yes` is told whether not to ask again.
pub fn confirm(parent: &impl IsA<gtk::Widget>, question: &Question, on_yes: impl Fn(bool) + 'static) {
    let silence = gtk::CheckButton::with_label(&gettext("Don't ask again"));
    silence.set_halign(gtk::Align::Center);
    let dialog = dialog(parent, &question.heading, &question.body, &question.yes);
    dialog.set_extra_child(Some(&silence));
    let appearance =
        if question.destructive { adw::ResponseAppearance::Destructive } else { adw::ResponseAppearance::Suggested };
    dialog.set_response_appearance("yes", appearance);
    // Enter must not do what can't be undone.
    dialog.set_default_response(Some(if question.destructive { "cancel" } else { "yes" }));
    dialog.connect_response(Some("yes"), move |_, _| on_yes(silence.is_active()));
    dialog.present();
}

/// Asks for a line of text. `check` says what is wrong with it, which shows below the entry while it is so.
pub fn ask_text(
    parent: &impl IsA<gtk::Widget>,
    question: &Question,
    label: &str,
    text: &str,
    check: impl Fn(&str) -> Result<(), String> + 'static,
    on_yes: impl Fn(String) + 'static,
) {
    let dialog = dialog(parent, &question.heading, &question.body, &question.yes);
    let entry = adw::EntryRow::builder().title(label).text(text).activates_default(true).build();
    let group = adw::PreferencesGroup::new();
    group.add(&entry);
    let wrong = gtk::Label::builder().wrap(true).xalign(0.0).css_classes(["caption", "error"]).build();
    let all = gtk::Box::new(gtk::Orientation::Vertical, 6);
    all.append(&group);
    all.append(&wrong);
    dialog.set_extra_child(Some(&all));
    dialog.set_response_appearance("yes", adw::ResponseAppearance::Suggested);
    dialog.set_default_response(Some("yes"));
    let judge = glib::clone!(
        #[weak]
        dialog,
        move |entry: &adw::EntryRow, tell: bool| {
            let verdict = check(entry.text().trim());
            dialog.set_response_enabled("yes", verdict.is_ok());
            wrong.set_text(&verdict.err().filter(|_| tell).unwrap_or_default());
        }
    );
    // Nobody has done anything wrong yet.
    judge(&entry, false);
    entry.connect_changed(move |entry| judge(entry, true));
    dialog.connect_response(
        Some("yes"),
        glib::clone!(
            #[weak]
            entry,
            move |_, _| on_yes(entry.text().trim().to_owned())
        ),
    );
    dialog.present();
    entry.grab_focus();
    // The beginning of a path is to be gone on with.
    if text.ends_with('/') {
        entry.set_position(-1);
    } else {
        entry.select_region(0, -1);
    }
}

fn dialog(parent: &impl IsA<gtk::Widget>, heading: &str, body: &str, yes: &str) -> adw::MessageDialog {
    let window = parent.root().and_downcast::<gtk::Window>();
    let dialog = adw::MessageDialog::new(window.as_ref(), Some(heading), Some(body));
    dialog.add_response("cancel", &gettext("Cancel"));
    dialog.add_response("yes", yes);
    dialog.set_close_response("cancel");
    dialog
}
