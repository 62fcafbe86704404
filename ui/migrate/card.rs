//! The card beside the host that machines hang over: the verdict in words, the memory before and after, what stands against it.
//!
//! It lies in the window above everything else and takes no pointer: a popover is a window of its own, which would take the
//! drop where it covers a host.
use std::cell::Cell;
use std::rc::Rc;

use drover::migrate::finding::Severity;
use gtk::prelude::*;
use gtk::{cairo, gdk};

use super::drag::Anchor;
use super::sign::{CardText, Load};
use crate::i18n::gettext_f;
use crate::widgets::accessible;

/// From what it is about, and from the window's edges, in pixels.
const GAP: i32 = 6;
const BAR: (i32, i32) = (220, 8);

/// The card's widgets.
pub struct Card {
    pub widget: gtk::Box,
    host: gtk::Label,
    sign: gtk::Label,
    kinds: gtk::Label,
    memory: gtk::Label,
    bar: gtk::DrawingArea,
    lines: gtk::Box,
    load: Rc<Cell<Option<Load>>>,
    place: Rc<Cell<Option<gdk::Rectangle>>>,
    shown: Option<CardText>,
}

impl Card {
    /// One that shows nothing yet.
    pub fn new() -> Self {
        let label = |classes: &[&str]| {
            gtk::Label::builder().xalign(0.0).wrap(true).max_width_chars(44).css_classes(classes.to_vec()).build()
        };
        let (host, sign) = (label(&["heading"]), label(&[]));
        let (kinds, memory) = (label(&["caption", "dim-label"]), label(&["caption", "numeric"]));
        let load: Rc<Cell<Option<Load>>> = Rc::default();
        let bar = gtk::DrawingArea::builder().content_width(BAR.0).content_height(BAR.1).build();
        let drawn = load.clone();
        bar.set_draw_func(move |bar, cr, width, height| {
            if let Some(load) = drawn.get() {
                draw(bar, cr, (f64::from(width), f64::from(height)), &load);
            }
        });
        let lines = gtk::Box::new(gtk::Orientation::Vertical, 3);
        let widget = gtk::Box::builder()
            .orientation(gtk::Orientation::Vertical)
            .spacing(6)
            .css_classes(["drop-card"])
            .can_target(false)
            .visible(false)
            .build();
        for part in [&host, &sign, &kinds, &memory] {
            widget.append(part);
        }
        widget.append(&bar);
        widget.append(&lines);
        Self { widget, host, sign, kinds, memory, bar, lines, load, place: Rc::default(), shown: None }
    }

    /// Lies over this from now on.
    pub fn lay_over(&self, overlay: &gtk::Overlay) {
        overlay.add_overlay(&self.widget);
        let (card, place) = (self.widget.clone(), self.place.clone());
        overlay.connect_get_child_position(move |overlay, child| {
            if *child != card {
                return None;
            }
            let (width, height) = (overlay.width(), overlay.height());
            let wide = child.measure(gtk::Orientation::Horizontal, -1).1.min(width - 2 * GAP).max(1);
            let tall = child.measure(gtk::Orientation::Vertical, wide).1.min(height).max(1);
            place.get().map(|anchor| beside(&anchor, (wide, tall), (width, height)))
        });
    }

    /// Shows it beside a host.
    pub fn show(&mut self, anchor: &Anchor, text: CardText) {
        let above = self.widget.parent().and_then(|overlay| anchor.place_in(&overlay));
        if let Some(place) = above.filter(|place| self.place.replace(Some(*place)) != Some(*place)) {
            tracing::trace!("the card goes to {}, {}", place.x(), place.y());
            self.widget.queue_resize();
        }
        if self.shown.as_ref() != Some(&text) {
            self.fill(&text);
            self.shown = Some(text);
        }
        self.widget.set_visible(true);
    }

    /// Shows nothing.
    pub fn hide(&mut self) {
        self.widget.set_visible(false);
    }

    fn fill(&self, text: &CardText) {
        self.host.set_label(&text.host);
        self.sign.set_label(&text.sign.text);
        self.sign.set_css_classes(&[text.sign.class()]);
        self.kinds.set_label(&gettext_f("How: {kinds}", &[("kinds", &text.kinds)]));
        self.kinds.set_visible(!text.kinds.is_empty());
        let memory = text.memory.as_ref().map(Load::words);
        self.memory.set_label(memory.as_deref().unwrap_or_default());
        self.memory.set_visible(memory.is_some());
        self.bar.set_visible(memory.is_some());
        self.load.set(text.memory);
        self.bar.queue_draw();
        while let Some(line) = self.lines.first_child() {
            self.lines.remove(&line);
        }
        let shape = |severity| if severity == Severity::Block { "✖" } else { "⚠" };
        let findings = text.lines.iter().map(|(severity, words)| format!("{} {words}", shape(*severity)));
        let all: Vec<String> = findings.chain(text.and_more()).collect();
        for line in &all {
            let label = gtk::Label::builder().label(line).xalign(0.0).wrap(true).max_width_chars(44);
            self.lines.append(&label.css_classes(["caption"]).build());
        }
        self.lines.set_visible(!all.is_empty());
        let spoken = [Some(text.host.clone()), Some(text.sign.text.clone()), memory].into_iter().flatten().chain(all);
        accessible::set_label(&self.widget, &spoken.collect::<Vec<_>>().join(", "));
    }
}

/// Where a card of this size lies: to the right of what it is about; without room there, below or above it.
fn beside(anchor: &gdk::Rectangle, (wide, tall): (i32, i32), (width, height): (i32, i32)) -> gdk::Rectangle {
    let lowest = (height - tall - GAP).max(0);
    let right = anchor.x() + anchor.width() + GAP;
    if right + wide + GAP <= width {
        return gdk::Rectangle::new(right, anchor.y().clamp(0, lowest), wide, tall);
    }
    let below = anchor.y() + anchor.height() + GAP;
    let y = if below <= lowest { below } else { (anchor.y() - tall - GAP).clamp(0, lowest) };
    gdk::Rectangle::new((width - wide - GAP).max(0), y, wide, tall)
}

/// What is used, and in another colour what comes to it.
fn draw(bar: &gtk::DrawingArea, cr: &cairo::Context, (width, height): (f64, f64), load: &Load) {
    let context = bar.style_context();
    let text = context.color();
    let name = if load.is_over() { "error_color" } else { "accent_color" };
    let colour = context.lookup_color(name).unwrap_or(text);
    let all = load.total.max(load.used + load.added).max(1) as f64;
    let (used, added) = (width * load.used as f64 / all, width * load.added as f64 / all);
    let parts =
        [(0.0, width, text.with_alpha(0.15)), (0.0, used, text.with_alpha(0.55)), (used, added.max(2.0), colour)];
    for (x, wide, colour) in parts {
        cr.set_source_rgba(colour.red().into(), colour.green().into(), colour.blue().into(), colour.alpha().into());
        cr.rectangle(x, 0.0, wide, height);
        let _ = cr.fill();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_card_covers_the_host_nowhere_and_stays_in_the_window() {
        let at = |x, y, w| gdk::Rectangle::new(x, y, w, 40);
        let place = |anchor, window| {
            let it = beside(&anchor, (300, 120), window);
            (it.x(), it.y())
        };
        assert_eq!(place(at(0, 100, 240), (1180, 700)), (246, 100), "beside a host of the sidebar");
        assert_eq!(place(at(0, 680, 240), (1180, 700)), (246, 574), "whole, at the lower edge");
        assert_eq!(place(at(240, 100, 940), (1180, 700)), (874, 146), "below a host of the list");
        assert_eq!(place(at(240, 650, 940), (1180, 700)), (874, 524), "or above it");
        assert_eq!(place(at(0, 100, 240), (360, 600)), (54, 146), "in a narrow window too");
    }
}
