//! Keeps what has the keyboard where it is on the screen while what stands above it grows or shrinks.
use std::cell::RefCell;
use std::rc::Rc;

use gtk::glib;
use gtk::prelude::*;

/// Where the widget with the keyboard was.
struct Held {
    focus: gtk::Widget,
    /// From the top of what is seen.
    top: f64,
    /// How far it was scrolled.
    scrolled: f64,
}

/// A scrolled window that is held.
pub struct Steady {
    window: gtk::ScrolledWindow,
    held: Rc<RefCell<Option<Held>>>,
}

impl Steady {
    /// Watches this one.
    pub fn new(window: &gtk::ScrolledWindow) -> Self {
        let held: Rc<RefCell<Option<Held>>> = Rc::default();
        let (weak, before) = (window.downgrade(), held.clone());
        window.vadjustment().connect_upper_notify(move |_| {
            let (Some(window), Some(before)) = (weak.upgrade(), before.take()) else { return };
            // Only now is it being laid out.
            glib::idle_add_local_once(move || restore(&window, &before));
        });
        Self { window: window.clone(), held }
    }

    /// To call before the content changes.
    pub fn hold(&self) {
        let seen = 0.0..self.window.vadjustment().page_size();
        *self.held.borrow_mut() = now(&self.window).filter(|held| seen.contains(&held.top));
    }
}

fn now(window: &gtk::ScrolledWindow) -> Option<Held> {
    let focus = window.root()?.focus().filter(|focus| focus.is_ancestor(window))?;
    let top = f64::from(focus.compute_bounds(window)?.y());
    Some(Held { focus, top, scrolled: window.vadjustment().value() })
}

/// Unless a person has gone elsewhere meanwhile.
fn restore(window: &gtk::ScrolledWindow, before: &Held) {
    let adjustment = window.vadjustment();
    if let Some(now) = now(window).filter(|now| now.focus == before.focus)
        && (now.scrolled - before.scrolled).abs() < f64::EPSILON
    {
        adjustment.set_value(now.scrolled + now.top - before.top);
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn pump(until: impl Fn() -> bool) -> bool {
        let end = Instant::now() + Duration::from_secs(10);
        while !until() && Instant::now() < end {
            glib::MainContext::default().iteration(false);
            std::thread::sleep(Duration::from_millis(2));
        }
        until()
    }

    #[gtk::test]
    fn what_has_the_keyboard_stays_while_something_above_it_grows() {
        let above = gtk::Box::builder().height_request(50).build();
        let entry = gtk::Entry::builder().valign(gtk::Align::Start).height_request(40).build();
        let below = gtk::Box::builder().height_request(2000).build();
        let column = gtk::Box::new(gtk::Orientation::Vertical, 0);
        column.append(&above);
        column.append(&entry);
        column.append(&below);
        let scrolled = gtk::ScrolledWindow::builder().child(&column).build();
        let steady = Steady::new(&scrolled);
        let window = gtk::Window::builder().child(&scrolled).default_width(300).default_height(300).build();
        window.present();
        entry.grab_focus();
        let top = || entry.compute_bounds(&scrolled).map_or(-1.0, |bounds| bounds.y());
        assert!(pump(|| top() == 50.0), "{}", top());
        let upper = || scrolled.vadjustment().upper();
        let full = upper();
        steady.hold();
        above.set_height_request(650);
        assert!(pump(|| upper() == full + 600.0 && top() == 50.0), "{} {}", upper(), top());
        assert_eq!(scrolled.vadjustment().value(), 600.0);
        // What is not held moves.
        above.set_height_request(750);
        assert!(pump(|| upper() == full + 700.0 && top() == 150.0), "{} {}", upper(), top());
    }
}
