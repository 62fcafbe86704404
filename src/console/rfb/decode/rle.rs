//! The tiles of TRLE and ZRLE: raw, one colour, a palette, or runs (RFC 6143, sections 7.7.5 and 7.7.6).
use crate::console::framebuffer::{Framebuffer, Rect};
use crate::console::rfb::decode::place::copy;
use crate::console::rfb::decode::{Bytes, Colour, Stop};

/// Sides of a tile in pixels.
pub(super) const TRLE: u32 = 16;
pub(super) const ZRLE: u32 = 64;
/// Pixels of the largest tile.
const AREA: usize = (ZRLE * ZRLE) as usize;
/// Bytes of the largest tile: its type, and a run of its own for each pixel.
pub(super) const LARGEST: usize = 1 + 4 * AREA;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    /// May use the palette of the tile before.
    Trle,
    Zrle,
}

/// What is needed to decode a tile.
pub(super) struct Tiles {
    palette: [Colour; 128],
    /// How many of the palette are valid.
    colours: usize,
    /// A tile of runs, before it is cut into rows.
    runs: Box<[Colour]>,
}

impl Default for Tiles {
    fn default() -> Self {
        Self { palette: [[0; 4]; 128], colours: 0, runs: vec![[0; 4]; AREA].into_boxed_slice() }
    }
}

impl Tiles {
    /// A new rectangle: there is no tile before its first.
    pub(super) fn begin(&mut self) {
        self.colours = 0;
    }

    /// Decodes one tile from the front of `data`; gives how many bytes it has.
    pub(super) fn tile(
        &mut self,
        data: &[u8],
        part: Rect,
        kind: Kind,
        screen: &mut Framebuffer,
    ) -> Result<usize, Stop> {
        let mut bytes = Bytes::new(data);
        match (bytes.u8()?, kind) {
            (0, _) => raw(&mut bytes, part, screen)?,
            (1, _) => screen.fill(part, colour(&mut bytes)?),
            (colours @ 2..=16, _) => {
                self.read_palette(&mut bytes, colours)?;
                self.packed(&mut bytes, part, screen)?;
            }
            (127, Kind::Trle) => self.packed(&mut bytes, part, screen)?,
            (128, _) => self.plain_runs(&mut bytes, part, screen)?,
            (129, Kind::Trle) => self.palette_runs(&mut bytes, part, screen)?,
            (colours @ 130.., _) => {
                self.read_palette(&mut bytes, colours - 128)?;
                self.palette_runs(&mut bytes, part, screen)?;
            }
            _ => return Err(Stop::Bad("a tile is of an unknown type")),
        }
        Ok(bytes.at)
    }

    fn read_palette(&mut self, bytes: &mut Bytes, colours: u8) -> Result<(), Stop> {
        self.colours = usize::from(colours);
        for (to, from) in self.palette.iter_mut().zip(bytes.take(self.colours * 3)?.as_chunks().0) {
            *to = bgrx(from);
        }
        Ok(())
    }

    /// Indices of 1, 2 or 4 bits, each row in whole bytes.
    fn packed(&self, bytes: &mut Bytes, part: Rect, screen: &mut Framebuffer) -> Result<(), Stop> {
        let bits = match self.colours {
            2 => 1,
            3..=4 => 2,
            5..=16 => 4,
            _ => return Err(Stop::Bad("a tile uses a palette that is not there")),
        };
        let palette = &self.palette[..self.colours];
        let per_byte = 8 / bits;
        for y in 0..part.height {
            let packed = bytes.take((part.width as usize).div_ceil(per_byte))?;
            let row = screen.row(part.x, part.y + y, part.width);
            for (pixels, byte) in row.chunks_mut(per_byte).zip(packed) {
                let mut rest = *byte;
                for pixel in pixels {
                    *pixel = *palette.get(usize::from(rest >> (8 - bits))).ok_or(BAD_INDEX)?;
                    rest <<= bits;
                }
            }
        }
        Ok(())
    }

    fn plain_runs(&mut self, bytes: &mut Bytes, part: Rect, screen: &mut Framebuffer) -> Result<(), Stop> {
        let mut left = &mut self.runs[..area(part)];
        while !left.is_empty() {
            let colour = colour(bytes)?;
            let (run, rest) = left.split_at_mut(run_length(bytes, left.len())?);
            run.fill(colour);
            left = rest;
        }
        self.show(part, screen);
        Ok(())
    }

    fn palette_runs(&mut self, bytes: &mut Bytes, part: Rect, screen: &mut Framebuffer) -> Result<(), Stop> {
        let mut left = &mut self.runs[..area(part)];
        while !left.is_empty() {
            let index = bytes.u8()?;
            let colour = *self.palette[..self.colours].get(usize::from(index & 127)).ok_or(BAD_INDEX)?;
            let length = if index >= 128 { run_length(bytes, left.len())? } else { 1 };
            let (run, rest) = left.split_at_mut(length);
            run.fill(colour);
            left = rest;
        }
        self.show(part, screen);
        Ok(())
    }

    fn show(&self, part: Rect, screen: &mut Framebuffer) {
        for (y, row) in (part.y..part.bottom()).zip(self.runs.chunks_exact(part.width.max(1) as usize)) {
            copy(screen.row(part.x, y, part.width), row);
        }
    }
}

const BAD_INDEX: Stop = Stop::Bad("a tile uses a colour that its palette lacks");

fn area(part: Rect) -> usize {
    AREA.min(part.area() as usize)
}

fn raw(bytes: &mut Bytes, part: Rect, screen: &mut Framebuffer) -> Result<(), Stop> {
    let pixels = bytes.take(part.area() as usize * 3)?;
    for (y, from) in (part.y..part.bottom()).zip(pixels.chunks_exact(part.width.max(1) as usize * 3)) {
        for (to, from) in screen.row(part.x, y, part.width).iter_mut().zip(from.as_chunks().0) {
            *to = bgrx(from);
        }
    }
    Ok(())
}

/// A "CPIXEL" of our format: blue, green, red.
fn bgrx(&[b, g, r]: &[u8; 3]) -> Colour {
    [b, g, r, 0]
}

fn colour(bytes: &mut Bytes) -> Result<Colour, Stop> {
    bytes.array().map(|colour| bgrx(&colour))
}

/// One more than the sum of its bytes, of which the last is not 255.
fn run_length(bytes: &mut Bytes, most: usize) -> Result<usize, Stop> {
    let mut length = 1;
    loop {
        let part = bytes.u8()?;
        length += usize::from(part);
        if length > most {
            return Err(Stop::Bad("a run is longer than its tile"));
        }
        if part != 255 {
            return Ok(length);
        }
    }
}
