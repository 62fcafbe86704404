//! The console's own window: detached, or full screen.
use gtk::glib::Propagation;
use gtk::prelude::*;

/// Where the console lives when it is not in its page. Dropping it closes the window.
pub struct OwnWindow {
    window: gtk::Window,
    /// It was opened to fill the screen: leaving that goes back to the page.
    for_full_screen: bool,
}

impl OwnWindow {
    /// Moves `content`, which has no parent now, into a new window. `on_close` hears when a person closes that.
    pub fn open(
        content: &gtk::Widget,
        beside: Option<&gtk::Window>,
        full_screen: bool,
        on_close: impl Fn() + 'static,
    ) -> Self {
        let window = gtk::Window::builder().child(content).default_width(960).default_height(640).build();
        window.set_application(beside.and_then(GtkWindowExt::application).as_ref());
        window.connect_close_request(move |_| {
            on_close();
            Propagation::Stop
        });
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

    /// Fills the screen, or stops that; true if it will fill it. `None` if the console should go back to its page.
    pub fn toggle_full_screen(&self) -> Option<bool> {
        let full = self.window.is_fullscreen();
        match (full, self.for_full_screen) {
            (true, true) => return None,
            (true, false) => self.window.unfullscreen(),
            (false, _) => self.window.fullscreen(),
        }
        Some(!full)
    }
}

impl Drop for OwnWindow {
    fn drop(&mut self) {
        self.window.set_child(None::<&gtk::Widget>);
        self.window.destroy();
    }
}
