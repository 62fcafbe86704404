//! Encodings that are not packed: Raw, CopyRect, RRE and Hextile (RFC 6143, sections 7.7.1 to 7.7.4).
use tokio::io::AsyncRead;

use crate::console::DisplayError;
use crate::console::framebuffer::{Framebuffer, Rect};
use crate::console::rfb::decode::place::Pen;
use crate::console::rfb::decode::{Bytes, Colour, Stop};
use crate::console::rfb::input::Input;
use crate::console::rfb::{Screen, lock, said};

/// The side of a Hextile tile in pixels.
pub(super) const HEXTILE: u32 = 16;
/// Flags of a tile.
const IS_RAW: u8 = 1;
const HAS_BACKGROUND: u8 = 2;
const HAS_FOREGROUND: u8 = 4;
const HAS_RECTS: u8 = 8;
const ARE_COLOURED: u8 = 16;

/// In RRE, twelve bytes can paint a whole screen: after so many pixels, who waits for the screen gets it.
const PIXELS_AT_ONCE: u64 = 1 << 20;

pub(super) async fn raw<R: AsyncRead + Unpin>(
    input: &mut Input<R>,
    rect: Rect,
    screen: &Screen,
) -> Result<(), DisplayError> {
    let mut pen = Pen::new(rect);
    while !pen.is_done() {
        while input.ready().len() < size_of::<Colour>() {
            input.more().await?;
        }
        let drawn = pen.draw(&mut lock(screen), input.ready());
        input.consume(drawn);
    }
    Ok(())
}

pub(super) async fn copy<R: AsyncRead + Unpin>(
    input: &mut Input<R>,
    rect: Rect,
    screen: &Screen,
) -> Result<(), DisplayError> {
    let (x, y) = (u32::from(input.u16().await?), u32::from(input.u16().await?));
    let mut screen = lock(screen);
    let source = Rect::new(x, y, rect.width, rect.height);
    if source.area() > 0 && !screen.bounds().contains(&source) {
        return Err(said(format!("a copy comes from outside of the screen ({x}, {y})")));
    }
    screen.copy(rect, (x, y));
    Ok(())
}

pub(super) async fn rre<R: AsyncRead + Unpin>(
    input: &mut Input<R>,
    rect: Rect,
    screen: &Screen,
) -> Result<(), DisplayError> {
    let mut left = input.u32().await?;
    let background = input.take().await?;
    lock(screen).fill(rect, background);
    while left > 0 {
        while input.ready().len() < 12 {
            input.more().await?;
        }
        {
            let mut screen = lock(screen);
            let mut painted = 0;
            while let Some([b, g, r, x, place @ ..]) = input.ready().first_chunk::<12>().copied()
                && left > 0
                && painted < PIXELS_AT_ONCE
            {
                let [px, py, width, height] =
                    [0, 2, 4, 6].map(|at| u32::from(u16::from_be_bytes([place[at], place[at + 1]])));
                if px + width > rect.width || py + height > rect.height {
                    return Err(said("an RRE part lies outside of its rectangle"));
                }
                let part = Rect::new(rect.x + px, rect.y + py, width, height);
                screen.fill(part, [b, g, r, x]);
                painted += part.area();
                input.consume(12);
                left -= 1;
            }
        }
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// The colours that a tile takes over from the one before.
#[derive(Default)]
pub(super) struct Hextile {
    background: Colour,
    foreground: Colour,
}

impl Hextile {
    /// Decodes one tile from the front of `data`; gives how many bytes it has.
    pub(super) fn tile(&mut self, data: &[u8], part: Rect, screen: &mut Framebuffer) -> Result<usize, Stop> {
        let mut bytes = Bytes::new(data);
        let flags = bytes.u8()?;
        if flags >= 32 {
            return Err(Stop::Bad("a Hextile tile has unknown flags"));
        }
        if flags & IS_RAW != 0 {
            let pixels = bytes.take(part.area() as usize * size_of::<Colour>())?;
            Pen::new(part).draw(screen, pixels);
            return Ok(bytes.at);
        }
        if flags & HAS_BACKGROUND != 0 {
            self.background = bytes.array()?;
        }
        if flags & HAS_FOREGROUND != 0 {
            self.foreground = bytes.array()?;
        }
        let count = if flags & HAS_RECTS != 0 { bytes.u8()? } else { 0 };
        let is_coloured = flags & ARE_COLOURED != 0;
        // Looked at before anything is painted: with more data, the whole tile is decoded again.
        let mut rects = Bytes::new(bytes.take(usize::from(count) * if is_coloured { 6 } else { 2 })?);
        screen.fill(part, self.background);
        for _ in 0..count {
            if is_coloured {
                self.foreground = rects.array()?;
            }
            let [place, size] = rects.array()?;
            let (x, y) = (u32::from(place >> 4), u32::from(place & 15));
            let (width, height) = (u32::from(size >> 4) + 1, u32::from(size & 15) + 1);
            if x + width > part.width || y + height > part.height {
                return Err(Stop::Bad("a Hextile part lies outside of its tile"));
            }
            screen.fill(Rect::new(part.x + x, part.y + y, width, height), self.foreground);
        }
        Ok(bytes.at)
    }
}
