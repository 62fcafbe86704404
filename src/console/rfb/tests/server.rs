//! A server that draws at random and encodes what it drew, in every way that the encodings know. It keeps the picture
//! that a client must have.
use flate2::{Compress, Compression, FlushCompress};

use crate::console::framebuffer::{Framebuffer, Rect};
use crate::console::rfb::encoding;

type Colour = [u8; 4];

/// Random numbers (SplitMix64): the same from the same seed.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut n = self.0;
        n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((n ^ (n >> 31)) % u64::from(sides)) as u32
    }

    fn colour(&mut self) -> Colour {
        [self.roll(256) as u8, self.roll(256) as u8, self.roll(256) as u8, 0]
    }
}

pub struct Server {
    pub dice: Dice,
    pub screen: Framebuffer,
    zlib: Compress,
    zrle: Compress,
    tight: [Compress; 4],
    /// TRLE's palette of the tile before.
    palette: Vec<Colour>,
}

pub fn zlib() -> Compress {
    Compress::new(Compression::fast(), true)
}

impl Server {
    pub fn new(seed: u64, width: u32, height: u32) -> Self {
        let mut screen = Framebuffer::default();
        screen.resize(width, height).unwrap();
        let tight = [zlib(), zlib(), zlib(), zlib()];
        Self { dice: Dice(seed), screen, zlib: zlib(), zrle: zlib(), tight, palette: vec![] }
    }

    /// Draws somewhere, and gives an update with that rectangle in that encoding.
    pub fn update(&mut self, kind: i32) -> Vec<u8> {
        let bounds = self.screen.bounds();
        let (x, y) = (self.dice.roll(bounds.width), self.dice.roll(bounds.height));
        let rect = Rect::new(x, y, 1 + self.dice.roll(bounds.width - x), 1 + self.dice.roll(bounds.height - y));
        let data = if kind == encoding::COPY_RECT { self.copy(rect) } else { self.draw_and_encode(rect, kind) };
        [update(1), header(rect, kind), data].concat()
    }

    fn copy(&mut self, rect: Rect) -> Vec<u8> {
        let x = self.dice.roll(self.screen.width - rect.width + 1);
        let y = self.dice.roll(self.screen.height - rect.height + 1);
        let (_, pixels) = self.screen.part(Rect::new(x, y, rect.width, rect.height)).unwrap();
        self.screen.put(rect, &pixels).unwrap();
        [(x as u16).to_be_bytes(), (y as u16).to_be_bytes()].concat()
    }

    fn draw_and_encode(&mut self, rect: Rect, kind: i32) -> Vec<u8> {
        self.draw(rect);
        let pixels = self.pixels(rect);
        match kind {
            encoding::RAW => pixels.concat(),
            encoding::RRE => rre(&pixels, rect.width),
            encoding::HEXTILE => self.hextile(rect),
            encoding::ZLIB => with_length(pack(&mut self.zlib, &pixels.concat())),
            encoding::TRLE => self.tiles(rect, 16, true),
            encoding::ZRLE => {
                let tiles = self.tiles(rect, 64, false);
                with_length(pack(&mut self.zrle, &tiles))
            }
            encoding::TIGHT => self.tight(rect),
            other => panic!("{other}"),
        }
    }

    /// One colour, few, many, runs of few, or noise.
    fn draw(&mut self, rect: Rect) {
        let few = [1, 2, 3, 5, 16, 17, 100, 256, 0][self.dice.roll(9) as usize];
        let colours: Vec<_> = (0..few).map(|_| self.dice.colour()).collect();
        let longest = [1, 4, 300][self.dice.roll(3) as usize];
        let mut pixels = vec![];
        while pixels.len() < rect.area() as usize {
            let colour = if few == 0 { self.dice.colour() } else { colours[self.dice.roll(few) as usize] };
            let run = 1 + self.dice.roll(longest) as usize;
            pixels.extend(std::iter::repeat_n(colour, run));
        }
        pixels.truncate(rect.area() as usize);
        self.screen.put(rect, &pixels.concat()).unwrap();
    }

    fn pixels(&self, rect: Rect) -> Vec<Colour> {
        self.screen.part(rect).unwrap().1.as_chunks().0.to_vec()
    }

    fn hextile(&mut self, rect: Rect) -> Vec<u8> {
        let mut out = vec![];
        let mut known: (Option<Colour>, Option<Colour>) = (None, None);
        for tile in grid(rect, 16) {
            let pixels = self.pixels(tile);
            let (background, runs) = (pixels[0], runs(&pixels, tile.width as usize));
            let runs: Vec<_> = runs.into_iter().filter(|run| run.0 != background).collect();
            if runs.len() > 255 || self.dice.roll(8) == 0 {
                out.push(1);
                out.extend(pixels.concat());
                known = (None, None);
                continue;
            }
            let is_coloured = colours(&pixels).len() > 2 || self.dice.roll(4) == 0;
            let other = runs.first().map(|run| run.0).filter(|_| !is_coloured);
            let is_new = |known: Option<Colour>, colour: Option<Colour>| colour.is_some() && known != colour;
            let has_background = is_new(known.0, Some(background));
            let has_foreground = is_new(known.1, other);
            let has_runs = !runs.is_empty();
            let flags = [(has_background, 2), (has_foreground, 4), (has_runs, 8), (has_runs && is_coloured, 16)];
            out.push(flags.iter().filter(|flag| flag.0).map(|flag| flag.1).sum());
            if has_background {
                out.extend(background);
            }
            if has_foreground {
                out.extend(other.unwrap());
            }
            if has_runs {
                out.push(runs.len() as u8);
            }
            for (colour, x, y, width) in runs {
                if is_coloured {
                    out.extend(colour);
                }
                out.extend([(x << 4 | y) as u8, ((width - 1) << 4) as u8]);
            }
            known = (Some(background), if is_coloured && has_runs { None } else { other.or(known.1) });
        }
        out
    }

    fn tiles(&mut self, rect: Rect, side: u32, trle: bool) -> Vec<u8> {
        self.palette.clear();
        grid(rect, side).into_iter().flat_map(|tile| self.tile(tile, trle)).collect()
    }

    fn tile(&mut self, tile: Rect, trle: bool) -> Vec<u8> {
        let pixels = self.pixels(tile);
        let colours = colours(&pixels);
        let reusable = trle && colours.iter().all(|colour| self.palette.contains(colour));
        let mut ways = vec![0, 128];
        ways.extend((colours.len() == 1).then_some(1));
        ways.extend((2..=16).contains(&colours.len()).then_some(2));
        ways.extend((2..=127).contains(&colours.len()).then_some(130));
        ways.extend((reusable && (2..=16).contains(&self.palette.len())).then_some(127));
        ways.extend((reusable && self.palette.len() >= 2).then_some(129));
        let way = ways[self.dice.roll(ways.len() as u32) as usize];
        let mut out = vec![];
        match way {
            2 | 130 => {
                out.push(if way == 2 { 0 } else { 128 } + colours.len() as u8);
                out.extend(colours.iter().flat_map(|colour| &colour[..3]));
                self.palette = colours;
            }
            way => out.push(way),
        }
        let index = |colour: &Colour| self.palette.iter().position(|known| known == colour).unwrap() as u8;
        match way {
            0 => out.extend(pixels.iter().flat_map(|pixel| &pixel[..3])),
            1 => out.extend(&pixels[0][..3]),
            2 | 127 => {
                let bits = [0, 0, 1, 2, 2].get(self.palette.len()).copied().unwrap_or(4);
                for row in pixels.chunks(tile.width as usize) {
                    for part in row.chunks(8 / bits) {
                        let bytes = part.iter().enumerate().map(|(at, c)| index(c) << (8 - bits * (at + 1)));
                        out.push(bytes.sum());
                    }
                }
            }
            128 => {
                for (colour, _, _, length) in runs(&pixels, pixels.len()) {
                    out.extend(&colour[..3]);
                    out.extend(run_length(length));
                }
            }
            _ => {
                for (colour, _, _, length) in runs(&pixels, pixels.len()) {
                    match length {
                        1 => out.push(index(&colour)),
                        length => {
                            out.push(128 | index(&colour));
                            out.extend(run_length(length));
                        }
                    }
                }
            }
        }
        out
    }

    fn tight(&mut self, rect: Rect) -> Vec<u8> {
        let pixels = self.pixels(rect);
        let mut colours = colours(&pixels);
        let number = self.dice.roll(4);
        let reset = if self.dice.roll(4) == 0 { 1 << number } else { 0 };
        if reset != 0 {
            self.tight[number as usize] = zlib();
        }
        let rgb = |colour: &Colour| [colour[2], colour[1], colour[0]];
        if colours.len() == 1 && self.dice.roll(2) == 0 {
            return [&[0x80 | reset][..], &rgb(&colours[0])].concat();
        }
        let mut out = vec![reset | ((number as u8) << 4)];
        let data = match self.dice.roll(3) {
            0 => {
                if self.dice.roll(2) == 0 {
                    out = vec![out[0] | 0x40, 0];
                }
                pixels.iter().flat_map(rgb).collect::<Vec<u8>>()
            }
            1 if colours.len() <= 256 => {
                if colours.len() == 1 {
                    colours.push([1, 2, 3, 0]);
                }
                out = vec![out[0] | 0x40, 1, (colours.len() - 1) as u8];
                out.extend(colours.iter().flat_map(rgb));
                let index = |colour: &Colour| colours.iter().position(|known| known == colour).unwrap() as u8;
                if colours.len() == 2 {
                    let byte = |part: &[Colour]| part.iter().enumerate().map(|(at, c)| index(c) << (7 - at)).sum();
                    let row = |row: &[Colour]| row.chunks(8).map(byte).collect::<Vec<u8>>();
                    pixels.chunks(rect.width as usize).flat_map(row).collect()
                } else {
                    pixels.iter().map(index).collect()
                }
            }
            _ => {
                out = vec![out[0] | 0x40, 2];
                gradient(&pixels, rect.width as usize)
            }
        };
        if data.len() < 12 {
            out.extend(data);
        } else {
            let packed = pack(&mut self.tight[number as usize], &data);
            let length = packed.len();
            match length {
                0..128 => out.push(length as u8),
                128..16384 => out.extend([length as u8 | 0x80, (length >> 7) as u8]),
                _ => out.extend([length as u8 | 0x80, (length >> 7) as u8 | 0x80, (length >> 14) as u8]),
            }
            out.extend(packed);
        }
        out
    }
}

/// What differs from the promise of its neighbours, as the specification has it.
fn gradient(pixels: &[Colour], width: usize) -> Vec<u8> {
    let at = |x: usize, y: usize, c: usize| match (x, y) {
        (0, _) | (_, 0) => 0,
        (x, y) => i32::from(pixels[(y - 1) * width + x - 1][c]),
    };
    let mut out = vec![];
    for y in 1..=pixels.len() / width {
        for x in 1..=width {
            for c in [2, 1, 0] {
                let promise = (at(x, y - 1, c) + at(x - 1, y, c) - at(x - 1, y - 1, c)).clamp(0, 255);
                out.push((at(x, y, c) - promise) as u8);
            }
        }
    }
    out
}

fn rre(pixels: &[Colour], width: u32) -> Vec<u8> {
    let background = pixels[0];
    let runs: Vec<_> = runs(pixels, width as usize).into_iter().filter(|run| run.0 != background).collect();
    let mut out = [&(runs.len() as u32).to_be_bytes()[..], &background].concat();
    for (colour, x, y, width) in runs {
        out.extend(colour);
        out.extend([x, y, width, 1].iter().flat_map(|n| (*n as u16).to_be_bytes()));
    }
    out
}

/// Runs of one colour that end with their row: colour, x, y, length.
fn runs(pixels: &[Colour], width: usize) -> Vec<(Colour, usize, usize, usize)> {
    let mut runs: Vec<(Colour, usize, usize, usize)> = vec![];
    for (at, colour) in pixels.iter().enumerate() {
        match runs.last_mut() {
            Some((last, .., length)) if last == colour && at % width != 0 => *length += 1,
            _ => runs.push((*colour, at % width, at / width, 1)),
        }
    }
    runs
}

fn run_length(length: usize) -> Vec<u8> {
    let mut out = vec![255; (length - 1) / 255];
    out.push(((length - 1) % 255) as u8);
    out
}

fn colours(pixels: &[Colour]) -> Vec<Colour> {
    let mut colours = pixels.to_vec();
    colours.sort_unstable();
    colours.dedup();
    colours
}

fn grid(rect: Rect, side: u32) -> Vec<Rect> {
    let rows = (rect.y..rect.bottom()).step_by(side as usize);
    let tile = |x: u32, y: u32| Rect::new(x, y, side.min(rect.right() - x), side.min(rect.bottom() - y));
    rows.flat_map(|y| (rect.x..rect.right()).step_by(side as usize).map(move |x| tile(x, y))).collect()
}

/// What a server packs, to the end of a block.
pub fn pack(stream: &mut Compress, data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() + data.len() / 8 + 128);
    let before = stream.total_in();
    stream.compress_vec(data, &mut out, FlushCompress::Sync).unwrap();
    assert_eq!(stream.total_in() - before, data.len() as u64);
    assert!(out.len() < out.capacity(), "all came out");
    out
}

fn with_length(data: Vec<u8>) -> Vec<u8> {
    [&(data.len() as u32).to_be_bytes()[..], &data].concat()
}

/// An update's header.
pub fn update(rects: u16) -> Vec<u8> {
    [&[0, 0][..], &rects.to_be_bytes()].concat()
}

/// A rectangle's header.
pub fn header(rect: Rect, kind: i32) -> Vec<u8> {
    let numbers = [rect.x, rect.y, rect.width, rect.height].map(|n| (n as u16).to_be_bytes());
    [numbers.as_flattened(), &kind.to_be_bytes()].concat()
}
