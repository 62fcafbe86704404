//! SSH's questions (passphrase, password, unknown host key): Drover itself is ssh's askpass program.
//!
//! libvirt starts ssh without a terminal of its own; were Drover started from one, ssh would ask there, where nobody looks,
//! and the host would hang without a word. So ssh is told to ask through us, which shows a dialog.
#![allow(unsafe_code)]
use std::cell::RefCell;
use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;

use adw::prelude::*;
use gtk::glib;

use crate::i18n::gettext;

/// The name under which ssh starts us.
const NAME: &str = "drover-ssh-askpass";

/// Whether ssh started this process to ask something; then what it asks.
pub fn question() -> Option<String> {
    let mut args = std::env::args_os();
    let ours = Path::new(&args.next()?).file_name()? == NAME;
    ours.then(|| args.next().map(|a| a.to_string_lossy().into_owned()).unwrap_or_default())
}

/// Makes ssh ask through us, unless the person's session has an askpass program already.
/// Call this at the start of `main`, before there is a second thread.
pub fn ask_through_us() {
    let set = |name: &str, value: &std::ffi::OsStr| {
        // SAFETY: this process has one thread still, so nobody reads the environment meanwhile.
        unsafe { std::env::set_var(name, value) }
    };
    if std::env::var_os("SSH_ASKPASS").is_none() {
        match link() {
            Ok(path) => set("SSH_ASKPASS", path.as_os_str()),
            Err(e) => {
                tracing::warn!("ssh can't ask for passwords: {e}");
                return;
            }
        }
    }
    set("SSH_ASKPASS_REQUIRE", "force".as_ref());
}

/// A link to this program, whose name says what it is for.
fn link() -> std::io::Result<std::path::PathBuf> {
    let folder = glib::user_runtime_dir().join("drover");
    std::fs::create_dir_all(&folder)?;
    let path = folder.join(NAME);
    let program = std::env::current_exe()?;
    if std::fs::read_link(&path).ok().as_deref() != Some(&program) {
        let _ = std::fs::remove_file(&path);
        std::os::unix::fs::symlink(program, &path)?;
    }
    Ok(path)
}

/// Shows ssh's question and prints the answer. Fails when it is refused, or where there is no display.
pub fn answer(question: &str) -> ExitCode {
    if gtk::init().is_err() || adw::init().is_err() {
        return ExitCode::FAILURE;
    }
    let main = glib::MainLoop::new(None, false);
    let typed: Rc<RefCell<Option<String>>> = Rc::default();
    let dialog = dialog(question);
    let (quit, answer) = (main.clone(), typed.clone());
    dialog.0.connect_response(None, move |_, response| {
        *answer.borrow_mut() = (response == "ok").then(|| dialog.1.text().into());
        quit.quit();
    });
    dialog.0.present();
    main.run();
    match typed.take() {
        Some(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        None => ExitCode::FAILURE,
    }
}

/// The dialog and the entry for the answer: hidden, unless it is a yes or no that is asked for.
fn dialog(question: &str) -> (adw::MessageDialog, adw::EntryRow) {
    let open = question.contains("yes/no");
    let dialog = adw::MessageDialog::new(gtk::Window::NONE, Some(&gettext("SSH asks")), Some(question));
    let entry: adw::EntryRow = if open {
        adw::EntryRow::builder().title(gettext("Answer (yes or no)")).build()
    } else {
        adw::PasswordEntryRow::builder().title(gettext("Password or passphrase")).build().upcast()
    };
    entry.set_activates_default(true);
    let group = adw::PreferencesGroup::new();
    group.add(&entry);
    dialog.set_extra_child(Some(&group));
    dialog.add_response("cancel", &gettext("Cancel"));
    dialog.add_response("ok", &gettext("Continue"));
    dialog.set_response_appearance("ok", adw::ResponseAppearance::Suggested);
    dialog.set_default_response(Some("ok"));
    dialog.set_close_response("cancel");
    gtk::prelude::GtkWindowExt::set_focus(&dialog, Some(&entry));
    (dialog, entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[gtk::test]
    fn a_password_is_hidden_and_a_yes_is_not() {
        adw::init().unwrap();
        assert!(dialog("root@kvm1's password: ").1.is::<adw::PasswordEntryRow>());
        let unknown = "Are you sure you want to continue connecting (yes/no/[fingerprint])? ";
        assert!(!dialog(unknown).1.is::<adw::PasswordEntryRow>());
    }

    #[test]
    fn an_ordinary_start_is_no_question() {
        assert_eq!(question(), None);
    }
}
