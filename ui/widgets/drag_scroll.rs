//! Scrolls while something is dragged near an edge, as GTK 4.8 does not by itself.
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gtk::glib;
use gtk::prelude::*;

/// So near the edge it scrolls, and so fast at the very edge: pixels, and pixels a second.
const EDGE: f64 = 40.0;
const FASTEST: f64 = 900.0;

/// Lets a scrolled window follow what is dragged over it.
pub fn follow(window: &gtk::ScrolledWindow) {
    let speed = Rc::new(Cell::new(0.0));
    let running: Rc<RefCell<Option<gtk::TickCallbackId>>> = Rc::default();
    let motion = gtk::DropControllerMotion::new();
    let stop = {
        let (speed, running) = (speed.clone(), running.clone());
        move || {
            speed.set(0.0);
            if let Some(tick) = running.take() {
                tick.remove();
            }
        }
    };
    let (weak, ended) = (window.downgrade(), stop.clone());
    motion.connect_motion(move |_, _, y| {
        let Some(window) = weak.upgrade() else { return };
        // A header above the page does not scroll.
        let page = window.vadjustment().page_size();
        speed.set(speed_at(y - (f64::from(window.height()) - page), page));
        if speed.get() == 0.0 {
            ended();
        } else if running.borrow().is_none() {
            running.replace(Some(scroll(&window, speed.clone())));
        }
    });
    motion.connect_leave(move |_| stop());
    window.add_controller(motion);
}

fn scroll(window: &gtk::ScrolledWindow, speed: Rc<Cell<f64>>) -> gtk::TickCallbackId {
    let last = Cell::new(None);
    window.add_tick_callback(move |window, clock| {
        let now = clock.frame_time();
        let seconds = last.replace(Some(now)).map_or(0.0, |before: i64| (now - before) as f64 / 1e6);
        let adjustment = window.vadjustment();
        adjustment.set_value(adjustment.value() + speed.get() * seconds);
        glib::ControlFlow::Continue
    })
}

/// Pixels a second, up where negative.
fn speed_at(y: f64, height: f64) -> f64 {
    let edge = EDGE.min(height / 3.0).max(1.0);
    let down = (y - (height - edge)).clamp(0.0, edge) - (edge - y).clamp(0.0, edge);
    FASTEST * down / edge
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faster_nearer_to_the_edge_and_not_at_all_between() {
        assert_eq!([speed_at(0.0, 400.0), speed_at(400.0, 400.0)], [-FASTEST, FASTEST]);
        assert_eq!([speed_at(EDGE, 400.0), speed_at(200.0, 400.0)], [0.0, 0.0]);
        assert!(speed_at(390.0, 400.0) > speed_at(370.0, 400.0));
        assert_eq!(speed_at(30.0, 60.0), 0.0, "a low window has a middle too");
    }
}
