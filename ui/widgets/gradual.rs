//! Many widgets made a few at a time, so that the window answers meanwhile.
use std::time::{Duration, Instant};

use gtk::glib;
use gtk::prelude::*;
use relm4::Sender;

/// So long one go may take: what it makes must be laid out and drawn in the same frame, which takes some times as long.
const SLICE: Duration = Duration::from_millis(4);
/// At 60 Hz.
const FRAME: Duration = Duration::from_millis(16);

/// Repeats `step` for one go, and tells whether something is left to do. `step` tells the same of itself.
pub fn some(mut step: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    while step() {
        if began.elapsed() > SLICE {
            return true;
        }
    }
    false
}

/// Sends the message for the next go, a frame later. By the clock: a popover that is closed meanwhile draws no frame, and what
/// waits for one would wait until it is opened again.
pub fn later<M: 'static>(input: &Sender<M>, msg: M) {
    let input = input.clone();
    glib::timeout_add_local_once(FRAME, move || {
        // A window that is closed meanwhile needs no more.
        let _ = input.send(msg);
    });
}

/// Closes a window of many rows: hides it at once, takes the rows out of `group` a few at a time, and lets it go then.
pub fn close(window: &impl IsA<gtk::Window>, group: &adw::PreferencesGroup, rows: Vec<gtk::Widget>) {
    let (window, group, mut rows) = (window.clone().upcast(), group.clone(), rows);
    window.set_visible(false);
    glib::timeout_add_local(FRAME, move || {
        let more = some(|| {
            // From the end on: those before it keep their place.
            if let Some(row) = rows.pop() {
                adw::prelude::PreferencesGroupExt::remove(&group, &row);
            }
            !rows.is_empty()
        });
        if more {
            return glib::ControlFlow::Continue;
        }
        window.destroy();
        glib::ControlFlow::Break
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_go_ends_with_the_work_or_with_its_time() {
        let mut left = 5;
        let more = some(|| {
            left -= 1;
            left > 0
        });
        assert_eq!((more, left), (false, 0));
        let mut goes = 0;
        let more = some(|| {
            std::thread::sleep(SLICE / 2);
            goes += 1;
            goes < 1000
        });
        assert!(more && goes < 1000);
    }

    #[gtk::test]
    fn a_window_is_hidden_at_once_and_gone_with_its_last_row() {
        let _ = adw::init();
        let group = adw::PreferencesGroup::new();
        let rows: Vec<gtk::Widget> = (0..300).map(|_| adw::ActionRow::new().upcast()).collect();
        rows.iter().for_each(|row| adw::prelude::PreferencesGroupExt::add(&group, row));
        let window = gtk::Window::builder().child(&group).build();
        window.present();
        close(&window, &group, rows.clone());
        assert!(!window.is_visible());
        let is_open = || gtk::Window::list_toplevels().contains(window.upcast_ref());
        assert!(is_open(), "its rows are still to go");
        while is_open() {
            glib::MainContext::default().iteration(true);
        }
        assert!(rows.iter().all(|row| row.parent().is_none()));
    }
}
