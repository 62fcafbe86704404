//! Encoded rectangles, each straight into the framebuffer, with buffers that are made once. Formats: RFC 6143, section
//! 7.7, and the community's "rfbproto" for Zlib and Tight. Pixels are always 32-bit BGRX ([`super::output`] says so).
mod direct;
mod inflate;
mod jpeg;
mod place;
mod rle;
mod tight;

use tokio::io::AsyncRead;

use crate::console::DisplayError;
use crate::console::framebuffer::Rect;
use crate::console::rfb::input::Input;
use crate::console::rfb::{Screen, encoding, lock, said};

use inflate::{Inflated, Stream, Window};
use place::{Grid, Pen};

/// A pixel as the framebuffer has it: blue, green, red, nothing.
type Colour = [u8; 4];

/// Why a piece of data was not decoded.
#[derive(Debug, PartialEq)]
enum Stop {
    /// It ends too early: with more of it, the same may be tried again.
    Short,
    /// It is wrong.
    Bad(&'static str),
}

/// What the encodings remember from one rectangle to the next.
#[derive(Default)]
pub(super) struct Decoder {
    window: Window,
    zlib: Stream,
    zrle: Stream,
    tight: tight::Tight,
    tiles: rle::Tiles,
}

impl Decoder {
    /// Decodes one rectangle of pixels, which must lie inside the screen.
    /// [`DisplayError::Protocol`] if the data is wrong, or the encoding is none that was asked for.
    pub(super) async fn rectangle<R: AsyncRead + Unpin>(
        &mut self,
        input: &mut Input<R>,
        rect: Rect,
        kind: i32,
        screen: &Screen,
    ) -> Result<(), DisplayError> {
        match kind {
            encoding::RAW => direct::raw(input, rect, screen).await,
            encoding::COPY_RECT => direct::copy(input, rect, screen).await,
            encoding::RRE => direct::rre(input, rect, screen).await,
            encoding::HEXTILE => {
                let mut colours = direct::Hextile::default();
                let tile = |data: &[u8], part, screen: &mut _| colours.tile(data, part, screen);
                tiles(input, Grid::new(rect, direct::HEXTILE), screen, tile).await
            }
            encoding::TRLE => {
                self.tiles.begin();
                let tile = |data: &[u8], part, screen: &mut _| self.tiles.tile(data, part, rle::Kind::Trle, screen);
                tiles(input, Grid::new(rect, rle::TRLE), screen, tile).await
            }
            encoding::ZLIB => {
                let length = input.u32().await?;
                let mut data = Inflated::new(&mut self.zlib, &mut self.window, length);
                let mut pen = Pen::new(rect);
                while !pen.is_done() {
                    data.need(input, size_of::<Colour>()).await?;
                    let drawn = pen.draw(&mut lock(screen), data.ready());
                    data.consume(drawn);
                }
                data.finish(input).await
            }
            encoding::ZRLE => self.zrle(input, rect, screen).await,
            encoding::TIGHT => self.tight.rectangle(input, &mut self.window, rect, screen).await,
            other => Err(said(format!("encoding {other} was not asked for"))),
        }
    }

    async fn zrle<R: AsyncRead + Unpin>(
        &mut self,
        input: &mut Input<R>,
        rect: Rect,
        screen: &Screen,
    ) -> Result<(), DisplayError> {
        let length = input.u32().await?;
        let mut data = Inflated::new(&mut self.zrle, &mut self.window, length);
        let mut grid = Grid::new(rect, rle::ZRLE);
        self.tiles.begin();
        while grid.tile().is_some() {
            // A tile is tried when all of it is there for certain, or no more will come.
            let last = !data.fill(input, rle::LARGEST).await?;
            let mut screen = lock(screen);
            while let Some(part) = grid.tile()
                && (last || data.ready().len() >= rle::LARGEST)
            {
                match self.tiles.tile(data.ready(), part, rle::Kind::Zrle, &mut screen) {
                    Ok(used) => data.consume(used),
                    Err(Stop::Short) => return Err(said("a ZRLE rectangle ends too early")),
                    Err(Stop::Bad(what)) => return Err(said(what)),
                }
                grid.advance();
            }
        }
        data.finish(input).await
    }
}

/// Decodes tiles whose length shows only in decoding: what came is tried, and tried again when more came.
async fn tiles<R: AsyncRead + Unpin>(
    input: &mut Input<R>,
    mut grid: Grid,
    screen: &Screen,
    mut tile: impl FnMut(&[u8], Rect, &mut crate::console::framebuffer::Framebuffer) -> Result<usize, Stop>,
) -> Result<(), DisplayError> {
    while grid.tile().is_some() {
        {
            let mut screen = lock(screen);
            while let Some(part) = grid.tile() {
                match tile(input.ready(), part, &mut screen) {
                    Ok(used) => input.consume(used),
                    Err(Stop::Short) => break,
                    Err(Stop::Bad(what)) => return Err(said(what)),
                }
                grid.advance();
            }
        }
        if grid.tile().is_some() {
            input.more().await?;
        }
    }
    Ok(())
}

/// Reads from the front of a piece of data.
struct Bytes<'a> {
    data: &'a [u8],
    at: usize,
}

impl<'a> Bytes<'a> {
    fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0 }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Stop> {
        let taken = self.data.get(self.at..).and_then(|rest| rest.get(..count)).ok_or(Stop::Short)?;
        self.at += count;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        self.take(N)?.first_chunk().copied().ok_or(Stop::Short)
    }

    fn u8(&mut self) -> Result<u8, Stop> {
        self.array().map(u8::from_be_bytes)
    }
}
