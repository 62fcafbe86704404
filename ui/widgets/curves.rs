//! Two figures over time in one small chart, on one scale: the first as a full line, the second dashed.
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use gtk::cairo;
use gtk::prelude::*;

/// So many samples are shown.
const SLOTS: usize = 120;

/// The chart and its samples.
pub struct Curves {
    pub widget: gtk::DrawingArea,
    samples: Rc<RefCell<VecDeque<(f64, f64)>>>,
}

impl Curves {
    /// An empty chart.
    pub fn new() -> Self {
        let samples: Rc<RefCell<VecDeque<(f64, f64)>>> = Rc::default();
        let widget = gtk::DrawingArea::builder().content_height(48).hexpand(true).build();
        let shown = samples.clone();
        widget.set_draw_func(move |area, cairo, width, height| {
            let colour = area.style_context().color();
            let alpha = |alpha: f32| {
                let part = |v: f32| f64::from(v);
                let opacity = part(colour.alpha() * alpha);
                cairo.set_source_rgba(part(colour.red()), part(colour.green()), part(colour.blue()), opacity);
            };
            let (first, second) = lines(&shown.borrow(), f64::from(width), f64::from(height));
            alpha(0.25);
            cairo.rectangle(0.0, f64::from(height) - 1.0, f64::from(width), 1.0);
            let _ = cairo.fill();
            alpha(0.9);
            stroke(cairo, &first, &[]);
            stroke(cairo, &second, &[3.0, 3.0]);
        });
        Self { widget, samples }
    }

    /// Adds a sample of both at the right edge.
    pub fn push(&self, first: u64, second: u64) {
        let mut samples = self.samples.borrow_mut();
        #[allow(clippy::cast_precision_loss)]
        samples.push_back((first as f64, second as f64));
        if samples.len() > SLOTS {
            samples.pop_front();
        }
        drop(samples);
        self.widget.queue_draw();
    }
}

fn stroke(cairo: &cairo::Context, points: &[(f64, f64)], dash: &[f64]) {
    cairo.set_dash(dash, 0.0);
    cairo.set_line_width(1.5);
    points.iter().for_each(|(x, y)| cairo.line_to(*x, *y));
    let _ = cairo.stroke();
}

type Line = Vec<(f64, f64)>;

/// Where the lines go: the newest sample at the right, the largest of all at the top.
fn lines(samples: &VecDeque<(f64, f64)>, width: f64, height: f64) -> (Line, Line) {
    let top = samples.iter().fold(1.0, |top: f64, (a, b)| top.max(*a).max(*b));
    #[allow(clippy::cast_precision_loss)]
    let x = |at: usize| width - (samples.len() - 1 - at) as f64 * width / (SLOTS - 1) as f64;
    let y = |value: f64| 2.0 + (height - 4.0) * (1.0 - value / top);
    samples.iter().enumerate().map(|(at, (a, b))| ((x(at), y(*a)), (x(at), y(*b)))).unzip()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lines_share_a_scale_and_end_at_the_right() {
        let (first, second) = lines(&VecDeque::from([(0.0, 50.0), (100.0, 50.0)]), 119.0, 24.0);
        assert_eq!(first, [(118.0, 22.0), (119.0, 2.0)]);
        assert_eq!(second, [(118.0, 12.0), (119.0, 12.0)]);
        assert_eq!(
            lines(&VecDeque::from([(0.0, 0.0)]), 10.0, 24.0).0,
            [(10.0, 22.0)],
            "nothing moves: no division by it"
        );
    }
}
