//! A framebuffer: pure pixels and the damage done to them.
use crate::console::{DisplayError, Nonsense};

/// The most pixels that a screen may have (64 Mi, so 256 MiB of memory): a hostile server gets no more.
pub const MAX_PIXELS: u64 = 64 << 20;
/// Bytes of a pixel.
const BPP: usize = 4;

/// A rectangle in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rect {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

impl Rect {
    /// A rectangle by its upper left corner and size.
    pub fn new(x: u32, y: u32, width: u32, height: u32) -> Self {
        Self { x, y, width, height }
    }

    /// The first column to its right.
    pub fn right(&self) -> u32 {
        self.x.saturating_add(self.width)
    }

    /// The first row below it.
    pub fn bottom(&self) -> u32 {
        self.y.saturating_add(self.height)
    }

    /// In pixels.
    pub fn area(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// What both cover; `None` if that is nothing.
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        let (x, y) = (self.x.max(other.x), self.y.max(other.y));
        let (right, bottom) = (self.right().min(other.right()), self.bottom().min(other.bottom()));
        (x < right && y < bottom).then(|| Self::new(x, y, right - x, bottom - y))
    }

    /// The smallest rectangle around both.
    pub fn union(&self, other: &Self) -> Self {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        Self::new(x, y, self.right().max(other.right()) - x, self.bottom().max(other.bottom()) - y)
    }

    /// Whether `other` lies wholly inside.
    pub fn contains(&self, other: &Self) -> bool {
        self.intersection(other).as_ref() == Some(other)
    }

    /// What is left of it without `hole`: up to four rectangles.
    fn without(&self, hole: &Self) -> impl Iterator<Item = Self> + use<> {
        let whole = *self;
        let pieces = match whole.intersection(hole) {
            None => [Some(whole), None, None, None],
            Some(cut) => [
                (cut.y > whole.y).then(|| Self::new(whole.x, whole.y, whole.width, cut.y - whole.y)),
                (cut.x > whole.x).then(|| Self::new(whole.x, cut.y, cut.x - whole.x, cut.height)),
                (cut.right() < whole.right())
                    .then(|| Self::new(cut.right(), cut.y, whole.right() - cut.right(), cut.height)),
                (cut.bottom() < whole.bottom())
                    .then(|| Self::new(whole.x, cut.bottom(), whole.width, whole.bottom() - cut.bottom())),
            ],
        };
        pieces.into_iter().flatten()
    }
}

/// Pixels as BGRX (little-endian 0x00RRGGBB), rows top to bottom without padding.
#[derive(Clone, Default)]
pub struct Framebuffer {
    pub width: u32,
    pub height: u32,
    pub pixels: Vec<u8>,
}

impl Framebuffer {
    /// The whole screen.
    pub fn bounds(&self) -> Rect {
        Rect::new(0, 0, self.width, self.height)
    }

    /// Takes a new size. What both sizes have stays as it was; the rest is black until it is drawn.
    pub fn resize(&mut self, width: u32, height: u32) -> Result<(), DisplayError> {
        if (width, height) == (self.width, self.height) {
            return Ok(());
        }
        let pixels = u64::from(width) * u64::from(height);
        if pixels == 0 || pixels > MAX_PIXELS {
            return Err(DisplayError::Size { width, height });
        }
        let mut new = Self { width, height, pixels: vec![0; pixels as usize * BPP] };
        if let Some(kept) = self.bounds().intersection(&new.bounds()) {
            for y in 0..kept.height {
                let (from, to) = (self.offset(0, y), new.offset(0, y));
                let bytes = kept.width as usize * BPP;
                new.pixels[to..to + bytes].copy_from_slice(&self.pixels[from..from + bytes]);
            }
        }
        *self = new;
        Ok(())
    }

    /// Draws `data` (BGRX, rows without padding, exactly `rect` large). What lies outside of the screen is cut off.
    /// Gives the part that was drawn; an error if `data` has another size than `rect`.
    pub fn put(&mut self, rect: Rect, data: &[u8]) -> Result<Option<Rect>, DisplayError> {
        if data.len() as u64 != rect.area().saturating_mul(BPP as u64) {
            let Rect { width, height, .. } = rect;
            return Err(DisplayError::Protocol(Nonsense::Rectangle { width, height, bytes: data.len() }));
        }
        let Some(part) = rect.intersection(&self.bounds()) else { return Ok(None) };
        let (stride, bytes) = (rect.width as usize * BPP, part.width as usize * BPP);
        // The cut is always right or below: an unsigned corner can't lie left of or above the screen.
        for (y, row) in data.chunks_exact(stride).take(part.height as usize).enumerate() {
            let to = self.offset(part.x, part.y + y as u32);
            self.pixels[to..to + bytes].copy_from_slice(&row[..bytes]);
        }
        Ok(Some(part))
    }

    /// Copies a rectangle of the screen (its corner is `from`) to `to`; both may overlap. What would come from or go
    /// outside of the screen is cut off. Gives the part that was drawn.
    pub fn copy(&mut self, to: Rect, from: (u32, u32)) -> Option<Rect> {
        let source = Rect::new(from.0, from.1, to.width, to.height).intersection(&self.bounds())?;
        let part = Rect::new(to.x, to.y, source.width, source.height).intersection(&self.bounds())?;
        let bytes = part.width as usize * BPP;
        for row in 0..part.height {
            // Downwards, the lowest row goes first: it would be overwritten before it is read.
            let y = if part.y > from.1 { part.height - 1 - row } else { row };
            let (source, target) = (self.offset(from.0, from.1 + y), self.offset(part.x, part.y + y));
            self.pixels.copy_within(source..source + bytes, target);
        }
        Some(part)
    }

    /// A copy of a part, rows without padding; the part is cut to the screen. `None` if nothing is left.
    pub fn part(&self, rect: Rect) -> Option<(Rect, Vec<u8>)> {
        let part = rect.intersection(&self.bounds())?;
        let bytes = part.width as usize * BPP;
        let mut out = Vec::with_capacity(bytes * part.height as usize);
        for y in part.y..part.bottom() {
            let from = self.offset(part.x, y);
            out.extend_from_slice(&self.pixels[from..from + bytes]);
        }
        Some((part, out))
    }

    /// How many pixels differ from `other`'s by more than `tolerance` in any colour; `None` if the sizes differ.
    pub fn difference(&self, other: &Self, tolerance: u8) -> Option<u64> {
        if self.bounds() != other.bounds() {
            return None;
        }
        let differs = |(a, b): (&[u8], &[u8])| a.iter().zip(b).take(3).any(|(a, b)| a.abs_diff(*b) > tolerance);
        let pixels = self.pixels.chunks_exact(BPP).zip(other.pixels.chunks_exact(BPP));
        Some(pixels.filter(|pair| differs(*pair)).count() as u64)
    }

    /// A part of a row, to be drawn on. Empty if it does not lie wholly on the screen.
    pub(super) fn row(&mut self, x: u32, y: u32, width: u32) -> &mut [[u8; BPP]] {
        if x.saturating_add(width) > self.width {
            return &mut [];
        }
        let from = self.offset(x, y);
        self.pixels.get_mut(from..from + width as usize * BPP).unwrap_or_default().as_chunks_mut().0
    }

    /// Paints a part of the screen in one colour (BGRX).
    pub(super) fn fill(&mut self, part: Rect, colour: [u8; BPP]) {
        if part.width > 0 {
            for y in part.y..part.bottom() {
                self.row(part.x, y, part.width).fill(colour);
            }
        }
    }

    fn offset(&self, x: u32, y: u32) -> usize {
        (y as usize * self.width as usize + x as usize) * BPP
    }
}

/// Damage that waits to be shown, merged into few rectangles.
#[derive(Debug, Default)]
pub struct Damage(Vec<Rect>);

impl Damage {
    /// More than this become one: painting a little too much is cheaper than handling many.
    const MOST: usize = 64;

    /// Adds a damaged part.
    pub fn add(&mut self, mut rect: Rect) {
        // Neighbours (such as an encoding's 64 px tiles) become one rectangle, which may touch the next neighbour.
        while let Some(at) = self.0.iter().position(|old| old.union(&rect).area() <= old.area() + rect.area()) {
            rect = rect.union(&self.0.swap_remove(at));
        }
        self.0.push(rect);
        if self.0.len() > Self::MOST {
            let all = self.0.iter().fold(rect, |all, rect| all.union(rect));
            self.0 = vec![all];
        }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes everything that waits.
    pub fn take(&mut self) -> Vec<Rect> {
        std::mem::take(&mut self.0)
    }
}

/// The parts of a new picture that have not come yet.
#[derive(Debug, Default)]
pub struct Missing(Vec<Rect>);

impl Missing {
    /// A true picture comes in a few stripes or tiles. Who makes confetti is taken as complete.
    const MOST: usize = 4096;

    /// Everything of that screen is missing.
    pub fn all(bounds: Rect) -> Self {
        Self(if bounds.area() == 0 { vec![] } else { vec![bounds] })
    }

    /// This part came. True if that was the last one.
    pub fn came(&mut self, rect: &Rect) -> bool {
        if self.0.is_empty() {
            return false;
        }
        self.0 = self.0.iter().flat_map(|old| old.without(rect)).collect();
        if self.0.len() > Self::MOST {
            self.0.clear();
        }
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen(width: u32, height: u32) -> Framebuffer {
        let mut screen = Framebuffer::default();
        screen.resize(width, height).unwrap();
        screen
    }

    /// One letter per pixel: the blue byte, '.' for zero.
    fn look(screen: &Framebuffer) -> String {
        let rows = screen.pixels.chunks(screen.width as usize * 4);
        let row = |row: &[u8]| row.chunks(4).map(|p| if p[0] == 0 { '.' } else { p[0] as char }).collect::<String>();
        rows.map(row).collect::<Vec<_>>().join("/")
    }

    fn fill(letters: &str) -> Vec<u8> {
        letters.bytes().flat_map(|letter| [letter, 0, 0, 0]).collect()
    }

    #[test]
    fn put_cuts_off_what_lies_outside() {
        let mut s = screen(3, 2);
        assert_eq!(s.put(Rect::new(1, 1, 3, 2), &fill("abcdef")).unwrap(), Some(Rect::new(1, 1, 2, 1)));
        assert_eq!(look(&s), ".../.ab");
        assert_eq!(s.put(Rect::new(3, 0, 1, 1), &fill("x")).unwrap(), None);
        assert_eq!(s.put(Rect::new(u32::MAX, u32::MAX, 1, 1), &fill("x")).unwrap(), None);
        assert_eq!(s.put(Rect::new(0, 0, 0, 5), &[]).unwrap(), None);
        assert_eq!(look(&s), ".../.ab");
    }

    #[test]
    fn put_refuses_data_of_another_size() {
        let mut s = screen(3, 2);
        assert!(matches!(s.put(Rect::new(0, 0, 2, 1), &fill("abc")), Err(DisplayError::Protocol(_))));
        assert!(matches!(s.put(Rect::new(0, 0, 2, 2), &fill("abc")), Err(DisplayError::Protocol(_))));
        assert!(s.put(Rect::new(0, 0, u32::MAX, u32::MAX), &fill("abc")).is_err());
    }

    #[test]
    fn copy_is_right_when_both_overlap() {
        for (to, from, want) in [
            (Rect::new(0, 1, 2, 2), (0, 0), "ab/ab/cd"),
            (Rect::new(0, 0, 2, 2), (0, 1), "cd/ef/ef"),
            (Rect::new(1, 0, 1, 3), (0, 0), "aa/cc/ee"),
            (Rect::new(1, 1, 2, 2), (0, 0), "ab/ca/ec"),
            (Rect::new(0, 0, 9, 9), (1, 1), "db/fd/ef"),
        ] {
            let mut s = screen(2, 3);
            s.put(s.bounds(), &fill("abcdef")).unwrap();
            assert!(s.copy(to, from).is_some());
            assert_eq!(look(&s), want, "{to:?} from {from:?}");
        }
        assert_eq!(screen(2, 2).copy(Rect::new(0, 0, 1, 1), (2, 0)), None);
        assert_eq!(screen(2, 2).copy(Rect::new(2, 0, 1, 1), (0, 0)), None);
    }

    #[test]
    fn resize_keeps_the_picture_and_is_bounded() {
        let mut s = screen(2, 2);
        s.put(s.bounds(), &fill("abcd")).unwrap();
        s.resize(3, 3).unwrap();
        assert_eq!(look(&s), "ab./cd./...");
        s.resize(1, 2).unwrap();
        assert_eq!(look(&s), "a/c");
        for (width, height) in [(0, 5), (65535, 65535), (u32::MAX, u32::MAX)] {
            assert!(matches!(s.resize(width, height), Err(DisplayError::Size { .. })));
        }
        assert_eq!(look(&s), "a/c");
    }

    #[test]
    fn part_gives_exactly_what_is_there() {
        let mut s = screen(3, 2);
        s.put(s.bounds(), &fill("abcdef")).unwrap();
        assert_eq!(s.part(Rect::new(1, 0, 9, 9)), Some((Rect::new(1, 0, 2, 2), fill("bcef"))));
        assert_eq!(s.part(Rect::new(3, 0, 1, 1)), None);
    }

    #[test]
    fn difference_counts_pixels_beyond_the_tolerance() {
        let (mut a, mut b) = (screen(2, 1), screen(2, 1));
        a.pixels.copy_from_slice(&[10, 20, 30, 0, 1, 1, 1, 0]);
        b.pixels.copy_from_slice(&[12, 20, 30, 99, 1, 9, 1, 0]);
        assert_eq!(a.difference(&b, 0), Some(2));
        assert_eq!(a.difference(&b, 2), Some(1));
        assert_eq!(a.difference(&b, 8), Some(0));
        assert_eq!(a.difference(&screen(1, 2), 8), None);
    }

    #[test]
    fn damage_merges_tiles_and_stays_bounded() {
        let mut damage = Damage::default();
        for tile in 0..16 {
            damage.add(Rect::new(tile % 4 * 64, tile / 4 * 64, 64, 64));
        }
        assert_eq!(damage.take(), [Rect::new(0, 0, 256, 256)]);
        assert!(damage.is_empty());
        for spot in 0..1000 {
            damage.add(Rect::new(spot * 7, spot * 5, 1, 1));
        }
        let all = damage.take();
        assert!(all.len() <= Damage::MOST);
        assert!((0..1000).all(|spot| all.iter().any(|rect| rect.contains(&Rect::new(spot * 7, spot * 5, 1, 1)))));
    }

    #[test]
    fn missing_ends_with_the_last_part_and_only_then() {
        let mut missing = Missing::all(Rect::new(0, 0, 100, 50));
        assert!(!missing.came(&Rect::new(0, 0, 100, 10)));
        assert!(!missing.came(&Rect::new(0, 0, 100, 10)), "the same part twice is one part");
        assert!(!missing.came(&Rect::new(20, 20, 10, 10)));
        assert!(!missing.came(&Rect::new(0, 10, 100, 39)));
        assert!(missing.came(&Rect::new(0, 30, 500, 500)));
        assert!(!missing.came(&Rect::new(0, 30, 500, 500)), "complete is said once");
    }
}
