//! The buttons of a machine's page.
use gtk::prelude::*;

use crate::actions::{Actions, Command, menu};
use crate::i18n::gettext;
use crate::widgets::icon_button::{icon_button, icon_menu_button};

/// The page's buttons: start or stop, pause or resume, and the rest in a menu.
pub struct Buttons {
    pub widget: gtk::Box,
    pub all: Vec<(Command, gtk::Button)>,
    stop: gtk::Box,
}

impl Buttons {
    /// None of them says anything yet.
    pub fn new(actions: &Actions) -> Self {
        use Command as C;
        let widget = gtk::Box::builder().spacing(6).valign(gtk::Align::Center).build();
        let make = |command: Command, icon: &str| {
            let button = icon_button(icon, &command.label());
            button.set_action_name(Some(&command.action()));
            (command, button)
        };
        let start = make(C::Start, "media-playback-start-symbolic");
        let off = make(C::ShutDown, "system-shutdown-symbolic");
        let pause = make(C::Pause, "media-playback-pause-symbolic");
        let resume = make(C::Resume, "media-playback-start-symbolic");
        let migrate = make(C::Migrate, "drover-migrate-symbolic");
        let off_menu = icon_menu_button("pan-down-symbolic", &gettext("Other ways to stop"));
        off_menu.set_menu_model(Some(&menu(&[&[C::ShutDown, C::Reboot], &[C::Save], &[C::Reset, C::ForceOff]])));
        let stop = gtk::Box::builder().css_classes(["linked"]).build();
        stop.append(&off.1);
        stop.append(&off_menu);
        let more = icon_menu_button("view-more-symbolic", &gettext("More actions"));
        more.set_menu_model(Some(&menu(&[
            &[C::Restore, C::SaveTo],
            &[C::AutostartOn, C::AutostartOff],
            &[C::Rename, C::Delete],
        ])));
        widget.append(&start.1);
        widget.append(&stop);
        widget.append(&pause.1);
        widget.append(&resume.1);
        widget.append(&migrate.1);
        widget.append(&more);
        actions.explain_on_open(&off_menu);
        actions.explain_on_open(&more);
        Self { widget, all: vec![start, off, pause, resume, migrate], stop }
    }

    /// Shows what can be done.
    pub fn update(&self, actions: &Actions) {
        let can = |command| actions.reason(command).is_none();
        for (command, button) in &self.all {
            actions.explain(button, *command);
            button.set_visible(match command {
                // The two that are the answer to each other share one place.
                Command::Start => can(Command::Start) || !can(Command::ForceOff),
                Command::Resume => can(Command::Resume),
                Command::Pause => !can(Command::Resume),
                _ => true,
            });
        }
        self.stop.set_visible(can(Command::ForceOff));
    }
}
