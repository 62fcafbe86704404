//! A sparkline: the last samples of a figure as a small filled curve in the colour of the text around it.
use std::cell::{Cell, RefCell};

use gtk::prelude::*;
use gtk::subclass::prelude::*;
use gtk::{glib, graphene};

/// Width and height that it asks for, in pixels.
const SIZE: (i32, i32) = (48, 16);

mod imp {
    use super::*;

    #[derive(Default)]
    pub struct Sparkline {
        pub samples: RefCell<Vec<f32>>,
        pub slots: Cell<usize>,
        pub top: Cell<f32>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Sparkline {
        const NAME: &'static str = "DroverSparkline";
        type Type = super::Sparkline;
        type ParentType = gtk::Widget;

        fn class_init(class: &mut Self::Class) {
            class.set_css_name("sparkline");
        }
    }

    impl ObjectImpl for Sparkline {}

    impl WidgetImpl for Sparkline {
        fn measure(&self, orientation: gtk::Orientation, _for_size: i32) -> (i32, i32, i32, i32) {
            let size = if orientation == gtk::Orientation::Horizontal { SIZE.0 } else { SIZE.1 };
            (size, size, -1, -1)
        }

        fn snapshot(&self, snapshot: &gtk::Snapshot) {
            let widget = self.obj();
            let (width, height) = (WidgetExt::width(&*widget) as f32, WidgetExt::height(&*widget) as f32);
            if self.samples.borrow().is_empty() {
                return;
            }
            let area = graphene::Rect::new(0.0, 0.0, width, height);
            draw(
                snapshot,
                &area,
                &self.samples.borrow(),
                self.slots.get(),
                self.top.get(),
                &widget.style_context().color(),
            );
        }
    }
}

glib::wrapper! {
    /// Draws what [`Sparkline::set`] was given last; nothing for fewer than two samples.
    pub struct Sparkline(ObjectSubclass<imp::Sparkline>)
        @extends gtk::Widget,
        @implements gtk::Buildable, gtk::ConstraintTarget;
}

impl Default for Sparkline {
    fn default() -> Self {
        glib::Object::builder()
            .property("accessible-role", gtk::AccessibleRole::Presentation)
            .property("valign", gtk::Align::Center)
            .build()
    }
}

impl Sparkline {
    /// Shows these samples, oldest first, on a time line of `slots` places that fills from the right; `top` is the value
    /// of the upper edge.
    pub fn set(&self, samples: impl IntoIterator<Item = f32>, slots: usize, top: f32) {
        let imp = self.imp();
        {
            let mut kept = imp.samples.borrow_mut();
            kept.clear();
            kept.extend(samples);
        }
        imp.slots.set(slots);
        imp.top.set(top);
        self.queue_draw();
    }

    /// Shows nothing.
    pub fn clear(&self) {
        if !self.imp().samples.borrow().is_empty() {
            self.set([], 0, 1.0);
        }
    }
}

/// Draws samples, oldest first, into an area, as [`Sparkline::set`] describes.
pub fn draw(
    snapshot: &gtk::Snapshot,
    area: &graphene::Rect,
    samples: &[f32],
    slots: usize,
    top: f32,
    colour: &gtk::gdk::RGBA,
) {
    let (width, height) = (area.width(), area.height());
    let cairo = snapshot.append_cairo(area);
    cairo.translate(f64::from(area.x()), f64::from(area.y()));
    // The base line tells an idle machine from one that is not told of.
    set_colour(&cairo, colour, 0.25);
    cairo.rectangle(0.0, f64::from(height) - 1.0, f64::from(width), 1.0);
    let _ = cairo.fill();
    let points = points(samples, slots, top, width, height);
    let [first, .., last] = points.as_slice() else { return };
    for (x, y) in &points {
        cairo.line_to(f64::from(*x), f64::from(*y));
    }
    cairo.set_line_width(1.25);
    set_colour(&cairo, colour, 0.9);
    let _ = cairo.stroke_preserve();
    cairo.line_to(f64::from(last.0), f64::from(height));
    cairo.line_to(f64::from(first.0), f64::from(height));
    cairo.close_path();
    set_colour(&cairo, colour, 0.18);
    let _ = cairo.fill();
}

fn set_colour(cairo: &gtk::cairo::Context, colour: &gtk::gdk::RGBA, alpha: f64) {
    let part = |v: f32| f64::from(v);
    cairo.set_source_rgba(part(colour.red()), part(colour.green()), part(colour.blue()), part(colour.alpha()) * alpha);
}

/// Where the curve goes: the newest sample at the right edge, values held between the edges.
fn points(samples: &[f32], slots: usize, top: f32, width: f32, height: f32) -> Vec<(f32, f32)> {
    if samples.len() < 2 || top <= 0.0 {
        return Vec::new();
    }
    let step = width / (slots.max(samples.len()) - 1) as f32;
    let (inner, edge) = (height - 2.0, 1.0);
    samples
        .iter()
        .enumerate()
        .map(|(i, value)| {
            let x = width - (samples.len() - 1 - i) as f32 * step;
            (x, edge + inner * (1.0 - (value / top).clamp(0.0, 1.0)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_sample_is_at_the_right_edge() {
        let points = points(&[0.0, 100.0], 11, 100.0, 50.0, 12.0);
        assert_eq!(points, [(45.0, 11.0), (50.0, 1.0)]);
    }

    #[test]
    fn values_beyond_the_top_stay_inside() {
        let points = points(&[-5.0, 900.0], 2, 100.0, 10.0, 12.0);
        assert_eq!(points, [(0.0, 11.0), (10.0, 1.0)]);
    }

    #[test]
    fn one_sample_is_no_curve() {
        assert!(points(&[3.0], 60, 100.0, 50.0, 12.0).is_empty());
    }
}
