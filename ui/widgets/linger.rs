//! What opens when a drag rests on it: a folded host, a hidden sidebar.
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use gtk::glib;
use gtk::prelude::*;

/// So long a drag rests before something opens.
const REST: Duration = Duration::from_millis(700);

/// Waits until something has been rested on for a while.
pub struct Linger<T>(Rc<Inner<T>>);

struct Inner<T> {
    rested: Box<dyn Fn(T)>,
    waiting: RefCell<Option<(T, glib::SourceId)>>,
}

impl<T> Clone for Linger<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Clone + PartialEq + 'static> Linger<T> {
    /// Calls `rested` with what a drag has rested on.
    pub fn new(rested: impl Fn(T) + 'static) -> Self {
        Self(Rc::new(Inner { rested: Box::new(rested), waiting: RefCell::default() }))
    }

    /// The drag is on this now, or on nothing that opens.
    pub fn at(&self, on: Option<T>) {
        if self.0.waiting.borrow().as_ref().map(|(waiting, _)| waiting) == on.as_ref() {
            return;
        }
        if let Some((_, timer)) = self.0.waiting.take() {
            timer.remove();
        }
        let Some(on) = on else { return };
        let (inner, what) = (Rc::downgrade(&self.0), on.clone());
        let timer = glib::timeout_add_local_once(REST, move || {
            if let Some(inner) = inner.upgrade() {
                inner.waiting.take();
                (inner.rested)(what);
            }
        });
        self.0.waiting.replace(Some((on, timer)));
    }
}

/// Does `rested` when a drag of what `wanted` takes rests on a part of a widget.
pub fn watch(
    widget: &impl IsA<gtk::Widget>,
    wanted: impl Fn(&gtk::DropControllerMotion, f64) -> bool + 'static,
    rested: impl Fn() + 'static,
) {
    let linger = Linger::new(move |()| rested());
    let motion = gtk::DropControllerMotion::new();
    let rest = linger.clone();
    motion.connect_motion(move |motion, x, _| rest.at(wanted(motion, x).then_some(())));
    motion.connect_leave(move |_| linger.at(None));
    widget.add_controller(motion);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[gtk::test]
    fn only_what_is_rested_on_opens_and_once() {
        let opened: Rc<RefCell<Vec<&str>>> = Rc::default();
        let told = opened.clone();
        let linger = Linger::new(move |what| told.borrow_mut().push(what));
        let pump = |time: Duration| {
            let over = Rc::new(std::cell::Cell::new(false));
            let end = over.clone();
            glib::timeout_add_local_once(time, move || end.set(true));
            while !over.get() {
                glib::MainContext::default().iteration(true);
            }
        };
        linger.at(Some("a"));
        pump(REST / 2);
        linger.at(Some("b"));
        pump(REST * 2 / 3);
        assert!(opened.borrow().is_empty());
        linger.at(Some("b"));
        pump(REST / 2);
        assert_eq!(*opened.borrow(), ["b"]);
        linger.at(Some("a"));
        linger.at(None);
        pump(REST + REST / 4);
        assert_eq!(*opened.borrow(), ["b"]);
    }
}
