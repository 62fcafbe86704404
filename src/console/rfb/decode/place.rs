//! Where decoded pixels go: pixel after pixel through a rectangle, or tile after tile.
use crate::console::framebuffer::{Framebuffer, Rect};
use crate::console::rfb::decode::Colour;

/// Walks through a rectangle's pixels, row by row.
pub(super) struct Pen {
    rect: Rect,
    x: u32,
    y: u32,
}

impl Pen {
    pub(super) fn new(rect: Rect) -> Self {
        Self { rect, x: 0, y: 0 }
    }

    pub(super) fn is_done(&self) -> bool {
        self.y >= self.rect.height || self.rect.width == 0
    }

    /// Draws whole pixels (BGRX) from the front of `data`, and gives how many bytes it took.
    pub(super) fn draw(&mut self, screen: &mut Framebuffer, data: &[u8]) -> usize {
        let (pixels, _) = data.as_chunks::<4>();
        let mut drawn = 0;
        while !self.is_done() && drawn < pixels.len() {
            let count = (pixels.len() - drawn).min((self.rect.width - self.x) as usize);
            let row = screen.row(self.rect.x + self.x, self.rect.y + self.y, count as u32);
            copy(row, &pixels[drawn..drawn + count]);
            drawn += count;
            self.x += count as u32;
            if self.x == self.rect.width {
                (self.x, self.y) = (0, self.y + 1);
            }
        }
        drawn * size_of::<Colour>()
    }
}

/// As `copy_from_slice`, of what both have.
pub(super) fn copy(to: &mut [Colour], from: &[Colour]) {
    let count = to.len().min(from.len());
    to[..count].copy_from_slice(&from[..count]);
}

/// A rectangle's tiles, from left to right and from top to bottom; those at its right and lower edge may be smaller.
pub(super) struct Grid {
    rect: Rect,
    side: u32,
    x: u32,
    y: u32,
}

impl Grid {
    pub(super) fn new(rect: Rect, side: u32) -> Self {
        Self { rect, side, x: 0, y: 0 }
    }

    /// The tile that is next.
    pub(super) fn tile(&self) -> Option<Rect> {
        let Rect { x, y, width, height } = self.rect;
        (self.y < height && width > 0).then(|| {
            let (right, down) = (self.side.min(width - self.x), self.side.min(height - self.y));
            Rect::new(x + self.x, y + self.y, right, down)
        })
    }

    /// It is drawn.
    pub(super) fn advance(&mut self) {
        self.x += self.side;
        if self.x >= self.rect.width {
            (self.x, self.y) = (0, self.y + self.side);
        }
    }
}
