//! A paintable of cached tiles: only damaged tiles are made anew, GTK redraws only those.
use std::cell::{Cell, RefCell};

use drover::console::framebuffer::{Framebuffer, Rect};
use gtk::prelude::*;
use gtk::subclass::prelude::*;
use gtk::{cairo, gdk, glib, graphene, gsk};

/// A tile's width and height in pixels.
const TILE: u32 = 256;

mod imp {
    use super::*;

    #[derive(Default)]
    pub struct Tiles {
        pub size: Cell<(u32, u32)>,
        pub nodes: RefCell<Vec<Option<gsk::CairoNode>>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Tiles {
        const NAME: &'static str = "DroverTiles";
        type Type = super::Tiles;
        type Interfaces = (gdk::Paintable,);
    }

    impl ObjectImpl for Tiles {}

    impl PaintableImpl for Tiles {
        fn intrinsic_width(&self) -> i32 {
            self.size.get().0.try_into().unwrap_or(0)
        }

        fn intrinsic_height(&self) -> i32 {
            self.size.get().1.try_into().unwrap_or(0)
        }

        fn snapshot(&self, snapshot: &gdk::Snapshot, width: f64, height: f64) {
            let (own_width, own_height) = self.size.get();
            let Some(snapshot) = snapshot.downcast_ref::<gtk::Snapshot>() else { return };
            if own_width == 0 || own_height == 0 {
                return;
            }
            snapshot.save();
            snapshot.scale((width / f64::from(own_width)) as f32, (height / f64::from(own_height)) as f32);
            for node in self.nodes.borrow().iter().flatten() {
                snapshot.append_node(node);
            }
            snapshot.restore();
        }
    }
}

glib::wrapper! {
    /// The screen of a guest as GTK paints it.
    pub struct Tiles(ObjectSubclass<imp::Tiles>) @implements gdk::Paintable;
}

impl Default for Tiles {
    fn default() -> Self {
        glib::Object::new()
    }
}

impl Tiles {
    /// The size in pixels.
    pub fn size(&self) -> (u32, u32) {
        self.imp().size.get()
    }

    /// Takes over what changed in the framebuffer; its whole picture if the size changed.
    pub fn take(&self, screen: &Framebuffer, damage: &[Rect]) {
        let size = (screen.width, screen.height);
        let resized = self.imp().size.replace(size) != size;
        let columns = screen.width.div_ceil(TILE).max(1);
        let mut nodes = self.imp().nodes.borrow_mut();
        if resized {
            nodes.clear();
            nodes.resize(columns as usize * screen.height.div_ceil(TILE) as usize, None);
        }
        let whole = [screen.bounds()];
        let damage = if resized { &whole[..] } else { damage };
        for (index, node) in (0..).zip(nodes.iter_mut()) {
            let area = tile(index, columns);
            if damage.iter().any(|rect| rect.intersection(&area).is_some()) {
                *node = paint(screen, area);
            }
        }
        drop(nodes);
        if resized {
            self.invalidate_size();
        }
        self.invalidate_contents();
    }
}

/// Where a tile lies. It is one pixel larger to the right and below than its raster: when the picture is scaled, edges
/// are smoothed, and without the overlap black would shine through between two tiles.
fn tile(index: u32, columns: u32) -> Rect {
    Rect::new(index % columns * TILE, index / columns * TILE, TILE + 1, TILE + 1)
}

fn paint(screen: &Framebuffer, area: Rect) -> Option<gsk::CairoNode> {
    let (part, pixels) = screen.part(area)?;
    let (width, height) = (i32::try_from(part.width).ok()?, i32::try_from(part.height).ok()?);
    let image = cairo::ImageSurface::create_for_data(pixels, cairo::Format::Rgb24, width, height, width * 4).ok()?;
    let (x, y) = (f64::from(part.x), f64::from(part.y));
    let node = gsk::CairoNode::new(&graphene::Rect::new(x as f32, y as f32, width as f32, height as f32));
    let context = node.draw_context();
    context.set_source_surface(&image, x, y).ok()?;
    context.source().set_extend(cairo::Extend::Pad);
    context.rectangle(x, y, f64::from(width), f64::from(height));
    context.fill().ok()?;
    Some(node)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture whose every pixel tells where it is.
    fn screen(width: u32, height: u32) -> Framebuffer {
        let mut screen = Framebuffer::default();
        screen.resize(width, height).unwrap();
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        screen.pixels = pixels.flat_map(|(x, y)| [x as u8, y as u8, (x / 256 * 16 + y / 256) as u8, 0]).collect();
        screen
    }

    /// What GTK would paint, at this size.
    fn painted(tiles: &Tiles, width: i32, height: i32) -> Vec<u8> {
        let snapshot = gtk::Snapshot::new();
        tiles.snapshot(&snapshot, f64::from(width), f64::from(height));
        let mut surface = cairo::ImageSurface::create(cairo::Format::Rgb24, width, height).unwrap();
        let context = cairo::Context::new(&surface).unwrap();
        snapshot.to_node().unwrap().draw(&context);
        drop(context);
        let (stride, row) = (surface.stride() as usize, width as usize * 4);
        let data = surface.data().unwrap();
        data.chunks(stride).flat_map(|line| line[..row].iter().copied()).collect()
    }

    #[gtk::test]
    fn what_is_painted_is_the_framebuffer() {
        let (tiles, mut picture) = (Tiles::default(), screen(700, 300));
        tiles.take(&picture, &[]);
        let same = |tiles: &Tiles, picture: &Framebuffer| {
            let mut shown = picture.clone();
            shown.pixels = painted(tiles, 700, 300);
            shown.difference(picture, 0)
        };
        assert_eq!(same(&tiles, &picture), Some(0));
        picture.put(Rect::new(250, 250, 10, 10), &[99; 400]).unwrap();
        assert_eq!(same(&tiles, &picture), Some(100), "nothing was told yet");
        tiles.take(&picture, &[Rect::new(250, 250, 10, 10)]);
        assert_eq!(same(&tiles, &picture), Some(0), "the corner of four tiles");
    }

    #[gtk::test]
    fn no_seam_shows_when_it_is_scaled() {
        let (tiles, mut picture) = (Tiles::default(), Framebuffer::default());
        picture.resize(600, 600).unwrap();
        picture.pixels.fill(200);
        tiles.take(&picture, &[]);
        for size in [333, 517, 901] {
            // The outer edge may be smoothed into the black around it.
            let (shown, size) = (painted(&tiles, size, size), size as usize);
            let inner = (2..size - 2).flat_map(|y| (2..size - 2).map(move |x| (y * size + x) * 4));
            assert!(inner.into_iter().all(|at| shown[at] >= 198), "a dark line at {size} px");
        }
    }

    #[gtk::test]
    fn only_damaged_tiles_are_made_anew() {
        let (tiles, picture) = (Tiles::default(), screen(700, 300));
        tiles.take(&picture, &[]);
        let before = tiles.imp().nodes.borrow().clone();
        assert_eq!(before.len(), 6);
        tiles.take(&picture, &[Rect::new(300, 10, 20, 20)]);
        let after = tiles.imp().nodes.borrow().clone();
        let key = |node: &Option<gsk::CairoNode>| node.as_ref().map(|node| node.as_ptr());
        let made: Vec<bool> = before.iter().zip(&after).map(|(a, b)| key(a) != key(b)).collect();
        assert_eq!(made, [false, true, false, false, false, false]);
    }

    #[test]
    fn tiles_overlap_by_one_pixel_and_leave_no_gap() {
        assert_eq!(tile(0, 3), Rect::new(0, 0, 257, 257));
        assert_eq!(tile(2, 3), Rect::new(512, 0, 257, 257));
        assert_eq!(tile(4, 3), Rect::new(256, 256, 257, 257));
    }
}
