//! The main window's frame: menu, actions, size, first frame, and the dialog that shows an error in full.
use std::cell::Cell;

use adw::prelude::*;
use gtk::{gdk, gio, glib};
use relm4::ComponentSender;

use super::{App, AppMsg, Done};
use crate::errors::Said;
use crate::i18n::{gettext, ngettext_f};
use crate::settings;
use crate::start;
use crate::widgets::icon_button::icon_button;

/// The primary menu.
pub fn menu() -> gio::Menu {
    let menu = gio::Menu::new();
    menu.append(Some(&gettext("Add a host…")), Some("win.add-host"));
    menu.append(Some(&gettext("Keyboard shortcuts")), Some("win.shortcuts"));
    menu.append(Some(&gettext("About Drover")), Some("win.about"));
    menu
}

/// The header's button for a new machine, with words where there is room.
pub fn new_machine_button() -> gtk::Button {
    let (icon, words) = ("list-add-symbolic", gettext("New machine"));
    let button = icon_button(icon, &words);
    button.set_tooltip_text(Some(&gettext("New machine (Ctrl+N)")));
    button.set_action_name(Some("win.new-machine"));
    let face = adw::Squeezer::builder().homogeneous(false).build();
    face.add(&adw::ButtonContent::builder().icon_name(icon).label(words).build());
    face.add(&gtk::Image::from_icon_name(icon));
    button.set_child(Some(&face));
    button
}

/// Actions, keys and what the window reports about itself.
pub fn set_up(root: &adw::ApplicationWindow, size: &settings::Window, sender: &ComponentSender<App>) {
    if size.maximized {
        root.maximize();
    }
    action(root, "add-host", &["<Control>h"], sender, || AppMsg::AddHost);
    action(root, "new-machine", &["<Control>n"], sender, || AppMsg::NewMachine(None));
    action(root, "search", &["<Control>f"], sender, || AppMsg::Search);
    action(root, "sidebar", &["F9"], sender, || AppMsg::ToggleSidebar);
    action(root, "close-tab", &["<Control>w"], sender, || AppMsg::CloseTab);
    action(root, "detach-tab", &["<Control><Shift>w"], sender, || AppMsg::DetachTab);
    action(root, "about", &[], sender, || AppMsg::About);
    action(root, "shortcuts", &["<Control>question"], sender, || AppMsg::Shortcuts);
    action(root, "quit", &["<Control>q"], sender, || AppMsg::Close);
    for (name, message) in
        [("connect", AppMsg::OpenHost as fn(String) -> AppMsg), ("show-console", AppMsg::ShowConsole)]
    {
        let action = gio::SimpleAction::new(name, Some(glib::VariantTy::STRING));
        let input = sender.input_sender().clone();
        action.connect_activate(move |_, text| {
            if let Some(text) = text.and_then(glib::Variant::get::<String>) {
                input.emit(message(text));
            }
        });
        relm4::main_application().add_action(&action);
    }
    let input = sender.input_sender().clone();
    root.connect_close_request(move |_| match input.send(AppMsg::Close) {
        Ok(()) => glib::Propagation::Stop,
        Err(_) => glib::Propagation::Proceed,
    });
    let input = sender.input_sender().clone();
    root.connect_realize(move |root| report_frames(root, input.clone()));
}

fn action(
    root: &adw::ApplicationWindow,
    name: &str,
    keys: &[&str],
    sender: &ComponentSender<App>,
    message: fn() -> AppMsg,
) {
    let action = gio::SimpleAction::new(name, None);
    let input = sender.input_sender().clone();
    action.connect_activate(move |_, _| input.emit(message()));
    root.add_action(&action);
    relm4::main_application().set_accels_for_action(&format!("win.{name}"), keys);
}

/// Logs when the first frame was painted, and reports the width from then on.
fn report_frames(root: &adw::ApplicationWindow, input: relm4::Sender<AppMsg>) {
    let Some(surface) = root.surface() else { return };
    let width = Cell::new(0);
    let told = input.clone();
    surface.connect_layout(move |_, new, _| {
        if width.replace(new) != new {
            input.emit(AppMsg::Width(new));
        }
    });
    let clock = surface.frame_clock();
    let first: Cell<Option<glib::SignalHandlerId>> = Cell::new(None);
    let first = std::rc::Rc::new(first);
    let handler = clock.connect_after_paint(glib::clone!(
        #[strong]
        first,
        move |clock: &gdk::FrameClock| {
            if let Some(handler) = first.take() {
                clock.disconnect(handler);
                let elapsed_ms = start::since_start().unwrap_or_default().as_millis();
                tracing::info!("first-frame elapsed_ms={elapsed_ms}");
                told.emit(AppMsg::FirstFrame);
            }
        }
    ));
    first.set(Some(handler));
}

impl App {
    /// Writes the settings, with the window's size as it is now.
    pub(super) fn save(&mut self, root: &adw::ApplicationWindow, sender: &ComponentSender<Self>) {
        self.settings.window.maximized = root.is_maximized();
        if !root.is_maximized() {
            (self.settings.window.width, self.settings.window.height) = root.default_size();
        }
        let (store, settings, turn) = (self.store.clone(), self.settings.clone(), self.saves.begin());
        sender.spawn_oneshot_command(move || Done::Saved(turn, store.save(&settings, turn).map_err(|e| e.to_string())));
    }

    /// The process ends when all is saved.
    pub(super) fn quit(&mut self, root: &adw::ApplicationWindow, sender: &ComponentSender<Self>) {
        self.save(root, sender);
        self.saves.close();
        root.set_visible(false);
    }
}

/// About Drover.
pub fn show_about(root: &adw::ApplicationWindow) {
    adw::AboutWindow::builder()
        .transient_for(root)
        .modal(true)
        .application_name("Drover")
        .application_icon(crate::APP_ID)
        .version(env!("CARGO_PKG_VERSION"))
        .comments(gettext("Virtual machines on many libvirt hosts"))
        .license_type(gtk::License::Gpl30)
        .build()
        .present();
}

/// Asks whether to quit while jobs run.
pub fn ask_to_quit(root: &adw::ApplicationWindow, running: usize, input: &relm4::Sender<AppMsg>) {
    let heading = ngettext_f("{n} task is still running", "{n} tasks are still running", running as u64, &[]);
    let body = gettext("Quitting now breaks them off. What they have made so far may stay behind on the host.");
    let dialog = adw::MessageDialog::new(Some(root), Some(&heading), Some(&body));
    dialog.add_response("stay", &gettext("Stay"));
    dialog.add_response("quit", &gettext("Quit"));
    dialog.set_response_appearance("quit", adw::ResponseAppearance::Destructive);
    dialog.set_default_response(Some("stay"));
    dialog.set_close_response("stay");
    let input = input.clone();
    dialog.connect_response(Some("quit"), move |_, _| input.emit(AppMsg::Quit));
    dialog.present();
}

/// An error in full, to read and copy.
pub fn show_details(root: &impl IsA<gtk::Window>, said: &Said) {
    let dialog = adw::MessageDialog::new(Some(root), Some(&said.title), Some(&said.body));
    let text = gtk::Label::builder()
        .label(&said.details)
        .selectable(true)
        .wrap(true)
        .wrap_mode(gtk::pango::WrapMode::WordChar)
        .xalign(0.0)
        .css_classes(["monospace", "caption"])
        .build();
    dialog.set_extra_child(Some(&text));
    dialog.add_response("copy", &gettext("Copy"));
    dialog.add_response("close", &gettext("Close"));
    dialog.set_default_response(Some("close"));
    dialog.set_close_response("close");
    let details = format!("{}\n{}\n{}", said.title, said.body, said.details);
    dialog.connect_response(Some("copy"), move |dialog, _| dialog.clipboard().set_text(&details));
    dialog.present();
}
