//! Choosers for what lies on this computer: a folder with an install tree, a file with answers.
use adw::prelude::*;
use gtk::gio;

use super::wizard;
use crate::i18n::gettext;

/// Lets a person choose a folder here as the install tree.
pub fn pick_folder(parent: &adw::Window, input: relm4::Sender<wizard::Msg>) {
    let title = gettext("Folder with an install tree");
    pick(parent, &title, gtk::FileChooserAction::SelectFolder, move |path| {
        input.emit(wizard::Msg::Location(path.display().to_string()));
    });
}

/// Lets a person choose the file with the installer's answers.
pub fn pick_file(parent: &adw::Window, input: relm4::Sender<wizard::Msg>) {
    let title = gettext("File with the installer's answers");
    pick(parent, &title, gtk::FileChooserAction::Open, move |path| input.emit(wizard::Msg::AnswersFile(path)));
}

fn pick(
    parent: &adw::Window,
    title: &str,
    action: gtk::FileChooserAction,
    take: impl Fn(std::path::PathBuf) + 'static,
) {
    let chooser = gtk::FileChooserNative::new(Some(title), Some(parent), action, None, None);
    chooser.set_modal(true);
    // The closure keeps the chooser alive until it has answered.
    let keep = std::cell::RefCell::new(Some(chooser.clone()));
    chooser.connect_response(move |chooser, response| {
        if response == gtk::ResponseType::Accept
            && let Some(path) = chooser.file().and_then(|f: gio::File| f.path())
        {
            take(path);
        }
        keep.take();
    });
    chooser.show();
}
