//! Draws a row's texts, icons and sparklines, and keeps the laid out texts.
use gtk::prelude::*;
use gtk::{gdk, glib, graphene, pango};

use super::geometry::Place;
use crate::machines::cells::{Cell, Content, HostLine, Kind};
use crate::machines::columns::Column;
use crate::widgets::sparkline;

/// Between a text and the edge of its column, in pixels.
pub const PAD: i32 = 8;
/// How far the machines stand in from their host.
const INDENT: i32 = 36;
const ICON: i32 = 16;
/// A narrower curve shows nothing.
const CURVE: i32 = 20;
/// Of what is said less loudly.
const DIM: f32 = 0.55;

/// Laid out texts: those of the columns, then the two of a host.
#[derive(Default)]
pub struct Texts {
    columns: Vec<Option<pango::Layout>>,
    host: [Option<pango::Layout>; 2],
    /// The state of the font's context that they were laid out in.
    serial: u32,
}

impl Texts {
    /// All have to be laid out again.
    pub fn forget(&mut self) {
        *self = Self { serial: self.serial, ..Self::default() };
    }

    /// Those that another content changes have to be laid out again.
    pub fn forget_changed(&mut self, before: Option<&Content>, after: &Content) {
        let Some(before) = before.filter(|b| b.cells.len() == after.cells.len()) else { return self.forget() };
        // A host's words end where its first figure begins.
        let told = |content: &Content| content.cells.iter().map(|cell| cell.text.is_empty()).collect::<Vec<_>>();
        if before.kind != after.kind || told(before) != told(after) {
            self.host = [None, None];
        }
        for (i, (a, b)) in before.cells.iter().zip(&after.cells).enumerate() {
            if (&a.text, &a.aside, a.curve.is_some()) != (&b.text, &b.aside, b.curve.is_some())
                && let Some(layout) = self.columns.get_mut(i)
            {
                *layout = None;
            }
        }
    }

    /// Whether the text of a column has no room.
    pub fn is_cut(&self, column: usize) -> bool {
        self.columns.get(column).is_some_and(|l| l.as_ref().is_some_and(pango::Layout::is_ellipsized))
    }
}

/// Heights of the three kinds of rows, in pixels, as the font wants them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heights {
    pub machine: i32,
    pub host: i32,
    /// A host that is down has a second line, with the reason.
    pub down: i32,
}

impl Heights {
    /// For the font of this widget.
    pub fn of(widget: &gtk::Widget) -> Self {
        let line = widget.create_pango_layout(Some("Áy")).pixel_size().1;
        Self { machine: line + 2 * PAD, host: line + 2 * PAD + 4, down: 2 * line + 2 * PAD + 4 }
    }
}

/// Draws one row.
pub struct Pen<'a> {
    widget: &'a gtk::Widget,
    snapshot: &'a gtk::Snapshot,
    texts: &'a mut Texts,
    colour: gdk::RGBA,
    height: f32,
}

impl<'a> Pen<'a> {
    /// On this widget, whose texts these are.
    pub fn new(widget: &'a gtk::Widget, snapshot: &'a gtk::Snapshot, texts: &'a mut Texts) -> Self {
        let (colour, height) = (widget.style_context().color(), WidgetExt::height(widget) as f32);
        Self { widget, snapshot, texts, colour, height }
    }

    /// Draws it all; a host's words end at `right`.
    pub fn row(mut self, content: &Content, places: &[Place], right: i32) {
        let serial = self.widget.pango_context().serial();
        if self.texts.serial != serial {
            *self.texts = Texts { serial, ..Texts::default() };
        }
        self.texts.columns.resize(places.len(), None);
        let indent = match &content.kind {
            Kind::Machine { icon, dim } => {
                self.icon(icon, INDENT, *dim);
                INDENT + ICON
            }
            Kind::Host(line) => {
                // Up to the first figure that is told.
                let told = content.cells.iter().zip(places).filter(|(cell, _)| !cell.text.is_empty());
                let end = told.map(|(_, place)| place.x).min().unwrap_or(right).min(right);
                self.host(line, if line.down { right } else { end });
                0
            }
        };
        for (i, (cell, place)) in content.cells.iter().zip(places).enumerate() {
            // The words of a host that is down go across all columns.
            if matches!(&content.kind, Kind::Host(line) if line.down) || cell.text.is_empty() {
                continue;
            }
            let start = if place.column == Column::Name { indent } else { 0 };
            self.cell(i, cell, place, start);
        }
    }

    fn host(&mut self, line: &HostLine, right: i32) {
        self.icon(if line.folded { "pan-end-symbolic" } else { "pan-down-symbolic" }, PAD, false);
        let x = PAD + ICON + PAD;
        let escape = glib::markup_escape_text;
        let first = match &line.sign {
            Some(sign) => format!("<b>{}</b>  {}", escape(&line.name), escape(sign)),
            None => format!("<b>{}</b>  <span alpha=\"60%\">{}</span>", escape(&line.name), escape(&line.address)),
        };
        if line.down {
            let height = self.height / 2.0 - 4.0;
            self.host_text(0, &first, x, right, 4.0, height);
            self.host_text(1, &escape(&line.status), x, right, 4.0 + height, height);
        } else if line.sign.is_some() {
            self.host_text(0, &first, x, right, 0.0, self.height);
        } else {
            let all = format!("{first}<span alpha=\"60%\"> · {}</span>", escape(&line.status));
            self.host_text(0, &all, x, right, 0.0, self.height);
        }
    }

    fn host_text(&mut self, i: usize, markup: &str, x: i32, right: i32, y: f32, height: f32) {
        let width = (right - x).max(1);
        let layout = self.texts.host[i].get_or_insert_with(|| {
            let layout = self.widget.create_pango_layout(None);
            layout.set_markup(markup);
            cut(&layout, width);
            layout
        });
        let layout = layout.clone();
        self.text(&layout, x as f32, y, height, false);
    }

    fn cell(&mut self, i: usize, cell: &Cell, place: &Place, start: i32) {
        let x = place.x + start + PAD;
        let room = (place.width - start - 2 * PAD).max(1);
        let layout = self.texts.columns[i].get_or_insert_with(|| {
            let layout = self.widget.create_pango_layout(None);
            set_text(&layout, cell);
            let beside =
                text_room(place.column).filter(|beside| cell.curve.is_some() && layout.pixel_size().0 <= *beside);
            cut(&layout, beside.filter(|beside| room - beside - PAD >= CURVE).unwrap_or(room));
            if place.column == Column::Cpu || place.column.is_at_right() {
                layout.set_alignment(pango::Alignment::Right);
            }
            layout
        });
        let layout = layout.clone();
        self.text(&layout, x as f32, 0.0, self.height, cell.dim);
        let used = layout.width() / pango::SCALE + PAD;
        if let Some(curve) = cell.curve.as_ref().filter(|_| room - used >= CURVE) {
            let height = 16.0_f32.min(self.height);
            let y = ((self.height - height) / 2.0).floor();
            let area = graphene::Rect::new((x + used) as f32, y, (room - used) as f32, height);
            sparkline::draw(self.snapshot, &area, &curve.samples, curve.slots, curve.top, &self.colour);
        }
    }

    fn text(&self, layout: &pango::Layout, x: f32, y: f32, height: f32, dim: bool) {
        let down = ((height - layout.pixel_size().1 as f32) / 2.0).floor();
        self.snapshot.save();
        self.snapshot.translate(&graphene::Point::new(x, y + down));
        self.snapshot.append_layout(layout, &self.shade(dim));
        self.snapshot.restore();
    }

    fn icon(&self, name: &str, x: i32, dim: bool) {
        let theme = gtk::IconTheme::for_display(&self.widget.display());
        let flags = gtk::IconLookupFlags::FORCE_SYMBOLIC;
        let scale = self.widget.scale_factor();
        let icon = theme.lookup_icon(name, &[], ICON, scale, gtk::TextDirection::None, flags);
        self.snapshot.save();
        let y = ((self.height - ICON as f32) / 2.0).floor();
        self.snapshot.translate(&graphene::Point::new(x as f32, y));
        icon.snapshot_symbolic(self.snapshot, f64::from(ICON), f64::from(ICON), &[self.shade(dim)]);
        self.snapshot.restore();
    }

    fn shade(&self, dim: bool) -> gdk::RGBA {
        let colour = self.colour;
        if dim { colour.with_alpha(colour.alpha() * DIM) } else { colour }
    }
}

/// The room for a figure beside its curve, in pixels: the longest that is usual, so that curves stand below each other.
fn text_room(column: Column) -> Option<i32> {
    match column {
        Column::Cpu => Some(46),
        Column::Memory => Some(100),
        Column::Disk | Column::Network => Some(60),
        _ => None,
    }
}

fn set_text(layout: &pango::Layout, cell: &Cell) {
    match &cell.aside {
        Some(aside) => {
            let escape = glib::markup_escape_text;
            layout.set_markup(&format!("{}  <span alpha=\"60%\">{}</span>", escape(&cell.text), escape(aside)));
        }
        None => layout.set_text(&cell.text),
    }
}

fn cut(layout: &pango::Layout, width: i32) {
    layout.set_width(width * pango::SCALE);
    layout.set_ellipsize(pango::EllipsizeMode::End);
    layout.set_single_paragraph_mode(true);
}
