//! Logins: a worker thread that opens a host waits here while a person types.
use std::sync::mpsc;

use adw::prelude::*;
use drover::host::{Challenge, ChallengeKind, Credentials};
use drover::secret::Secret;
use relm4::Sender;

use crate::app::AppMsg;
use crate::i18n::{gettext, gettext_f};

/// What a host asks, and where the answer goes; dropping it gives up.
#[derive(Debug)]
pub struct Login {
    pub challenges: Vec<Challenge>,
    reply: mpsc::Sender<Option<Vec<Secret>>>,
}

/// Asks a person, by a dialog of the window.
pub struct Asker(pub Sender<AppMsg>);

impl Credentials for Asker {
    fn answer(&self, challenges: &[Challenge]) -> Option<Vec<Secret>> {
        let (reply, answer) = mpsc::channel();
        self.0.send(AppMsg::Login(Login { challenges: challenges.to_vec(), reply })).ok()?;
        answer.recv().ok()?
    }
}

/// The name of a challenge's field.
fn label(challenge: &Challenge) -> String {
    match challenge.kind {
        ChallengeKind::User | ChallengeKind::AuthName => gettext("User name"),
        ChallengeKind::Password => gettext("Password"),
        ChallengeKind::Passphrase => gettext("Passphrase"),
        ChallengeKind::Realm => gettext("Realm"),
        ChallengeKind::Other => challenge.prompt.trim_end_matches([':', ' ']).to_owned(),
    }
}

/// Shows the dialog that answers a login.
pub fn ask(parent: &impl IsA<gtk::Window>, login: Login) {
    let host = login.challenges.first().map(|c| c.host.as_str().to_owned()).unwrap_or_default();
    let body = gettext_f("{host} asks who you are.", &[("host", &host)]);
    let dialog = adw::MessageDialog::new(Some(parent), Some(&gettext("Log in")), Some(&body));
    let group = adw::PreferencesGroup::new();
    let fields: Vec<gtk::Editable> = login.challenges.iter().map(|challenge| field(challenge, &group)).collect();
    dialog.set_extra_child(Some(&group));
    dialog.add_response("cancel", &gettext("Cancel"));
    dialog.add_response("login", &gettext("Log in"));
    dialog.set_response_appearance("login", adw::ResponseAppearance::Suggested);
    dialog.set_default_response(Some("login"));
    dialog.set_close_response("cancel");
    let empty = fields.iter().position(|f| f.text().is_empty()).unwrap_or(0);
    if let Some(first) = fields.get(empty) {
        gtk::prelude::GtkWindowExt::set_focus(&dialog, Some(first));
    }
    dialog.connect_response(None, move |_, response| {
        let answers = || fields.iter().map(|f| Secret::new(f.text())).collect();
        let _ = login.reply.send((response == "login").then(answers));
    });
    dialog.present();
}

fn field(challenge: &Challenge, group: &adw::PreferencesGroup) -> gtk::Editable {
    let title = label(challenge);
    let hidden = matches!(challenge.kind, ChallengeKind::Password | ChallengeKind::Passphrase);
    let row: adw::EntryRow = if hidden {
        adw::PasswordEntryRow::builder().use_markup(false).title(title).activates_default(true).build().upcast()
    } else {
        adw::EntryRow::builder().use_markup(false).title(title).activates_default(true).build()
    };
    row.set_text(challenge.default.as_deref().unwrap_or_default());
    group.add(&row);
    row.upcast()
}

#[cfg(test)]
mod tests {
    use super::*;
    use drover::host::HostId;

    fn challenge(kind: ChallengeKind) -> Challenge {
        Challenge {
            host: HostId::new("qemu+tcp://kvm1/system"),
            kind,
            prompt: String::new(),
            default: Some("root".into()),
        }
    }

    #[gtk::test]
    fn the_waiting_thread_gets_what_was_typed_or_nothing() {
        adw::init().unwrap();
        let (sender, receiver) = relm4::channel();
        for (response, expected) in [("login", Some(vec![Secret::new("root")])), ("cancel", None)] {
            let asker = Asker(sender.clone());
            let waiting = std::thread::spawn(move || asker.answer(&[challenge(ChallengeKind::User)]));
            let Some(AppMsg::Login(login)) = receiver.recv_sync() else { panic!("no login asked for") };
            let parent = gtk::Window::new();
            ask(&parent, login);
            let dialogs = gtk::Window::list_toplevels();
            let dialog = dialogs.iter().find_map(|w| w.downcast_ref::<adw::MessageDialog>()).unwrap();
            dialog.response(response);
            assert_eq!(waiting.join().unwrap(), expected);
            dialog.destroy();
        }
    }

    #[test]
    fn a_window_that_is_gone_gives_up() {
        let (sender, receiver) = relm4::channel();
        drop(receiver);
        assert_eq!(Asker(sender).answer(&[challenge(ChallengeKind::Password)]), None);
    }
}
