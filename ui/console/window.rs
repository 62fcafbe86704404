//! The console's own window: detached, or full screen.
use gtk::glib::Propagation;
use gtk::prelude::*;

use super::view::Input;
use crate::i18n::gettext;

/// Where the console lives when it is not in its page. Dropping it closes the window.
pub struct OwnWindow {
    window: gtk::Window,
    /// It was opened to fill the screen: leaving that goes back to the page.
    for_full_screen: bool,
}

impl OwnWindow {
    /// Moves `content`, which has no parent now, into a new window. `on_close` hears when a person closes that,
    /// `on_full_screen` when it fills the screen or stops that (which the desktop decides, and does a moment later).
    pub fn open(
        content: &gtk::Widget,
        beside: Option<&gtk::Window>,
        full_screen: bool,
        on_close: impl Fn() + 'static,
        on_full_screen: impl Fn(bool) + 'static,
    ) -> Self {
        let window = gtk::Window::builder().child(content).default_width(960).default_height(640).build();
        window.set_titlebar(Some(&adw::HeaderBar::new()));
        window.set_application(beside.and_then(GtkWindowExt::application).as_ref());
        window.connect_close_request(move |_| {
            on_close();
            Propagation::Stop
        });
        window.connect_fullscreened_notify(move |window| on_full_screen(window.is_fullscreen()));
        if full_screen {
            window.fullscreen();
        }
        window.present();
        Self { window, for_full_screen: full_screen }
    }

    /// The title.
    pub fn set_title(&self, title: &str) {
        self.window.set_title(Some(title));
    }

    /// Fills the screen, or stops that. False if the console should go back to its page instead.
    pub fn toggle_full_screen(&self) -> bool {
        match (self.window.is_fullscreen(), self.for_full_screen) {
            (true, true) => return false,
            (true, false) => self.window.unfullscreen(),
            (false, _) => self.window.fullscreen(),
        }
        true
    }
}

impl Drop for OwnWindow {
    fn drop(&mut self) {
        self.window.set_child(None::<&gtk::Widget>);
        self.window.destroy();
    }
}

/// What the page shows while the console is in its own window.
pub fn elsewhere(input: &relm4::Sender<Input>) -> adw::StatusPage {
    let button = gtk::Button::builder().label(gettext("Bring it back")).halign(gtk::Align::Center).build();
    button.add_css_class("pill");
    let input = input.clone();
    button.connect_clicked(move |_| {
        let _ = input.send(Input::ToggleDetached);
    });
    adw::StatusPage::builder()
        .icon_name("video-display-symbolic")
        .title(gettext("The console is in its own window"))
        .child(&button)
        .build()
}
