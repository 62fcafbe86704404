//! The Tight encoding: one colour, JPEG, or filtered rows, plain or by one of four zlib streams ("rfbproto", section
//! "Tight Encoding").
use tokio::io::AsyncRead;

use crate::console::DisplayError;
use crate::console::framebuffer::{Framebuffer, Rect};
use crate::console::rfb::decode::inflate::{Inflated, Stream, Window};
use crate::console::rfb::decode::{Colour, jpeg};
use crate::console::rfb::input::Input;
use crate::console::rfb::{Screen, lock, said};

/// The widest rectangle of rows, in pixels: no server makes wider ones.
const WIDEST: u32 = 2048;
/// Less data than this, in bytes, is not packed.
const LEAST_PACKED: usize = 12;

/// How rows become pixels.
#[derive(Clone, Copy)]
enum Filter {
    Copy,
    /// So many colours: two share a byte's bits, more have a byte a pixel.
    Palette(usize),
    Gradient,
}

/// What lives from one rectangle to the next.
#[derive(Default)]
pub(super) struct Tight {
    streams: [Stream; 4],
    filters: Filters,
    jpeg: jpeg::Buffers,
}

struct Filters {
    palette: [Colour; 256],
    /// The row above, red, green, blue; for the gradient.
    above: Box<[[u8; 3]]>,
}

impl Default for Filters {
    fn default() -> Self {
        Self { palette: [[0; 4]; 256], above: vec![[0; 3]; WIDEST as usize].into_boxed_slice() }
    }
}

impl Tight {
    pub(super) async fn rectangle<R: AsyncRead + Unpin>(
        &mut self,
        input: &mut Input<R>,
        window: &mut Window,
        rect: Rect,
        screen: &Screen,
    ) -> Result<(), DisplayError> {
        let control = input.u8().await?;
        for (bit, stream) in self.streams.iter_mut().enumerate() {
            if control & (1 << bit) != 0 {
                stream.reset();
            }
        }
        match control >> 4 {
            8 => {
                let colour = bgrx(&input.take().await?);
                lock(screen).fill(rect, colour);
                Ok(())
            }
            9 => {
                let length = compact(input).await?;
                self.jpeg.rectangle(input, length, rect, screen).await
            }
            kind @ 0..8 => {
                let filter = if kind & 4 != 0 { self.filters.read(input).await? } else { Filter::Copy };
                self.rows(input, window, (rect, screen), usize::from(kind & 3), filter).await
            }
            kind => Err(said(format!("a Tight rectangle is of the unknown type {kind}"))),
        }
    }

    async fn rows<R: AsyncRead + Unpin>(
        &mut self,
        input: &mut Input<R>,
        window: &mut Window,
        (rect, screen): (Rect, &Screen),
        stream: usize,
        filter: Filter,
    ) -> Result<(), DisplayError> {
        if rect.width > WIDEST {
            return Err(said(format!("a Tight rectangle is {} pixels wide", rect.width)));
        }
        self.filters.above.fill([0; 3]);
        let width = rect.width as usize;
        let bytes = match filter {
            Filter::Palette(..=2) => width.div_ceil(8),
            Filter::Palette(_) => width,
            Filter::Copy | Filter::Gradient => width * 3,
        };
        let total = bytes * rect.height as usize;
        if total < LEAST_PACKED {
            while input.ready().len() < total {
                input.more().await?;
            }
            let mut screen = lock(screen);
            for (y, data) in (rect.y..rect.bottom()).zip(input.ready()[..total].chunks_exact(bytes.max(1))) {
                self.filters.row(filter, data, screen.row(rect.x, y, rect.width))?;
            }
            drop(screen);
            input.consume(total);
            return Ok(());
        }
        let length = compact(input).await?;
        let mut data = Inflated::new(&mut self.streams[stream], window, length);
        let mut y = rect.y;
        while y < rect.bottom() {
            data.need(input, bytes).await?;
            let mut screen = lock(screen);
            let rest = Rect { y, height: rect.bottom() - y, ..rect };
            y += self.filters.rows(filter, &mut data, bytes, rest, &mut screen)?;
        }
        data.finish(input).await
    }
}

impl Filters {
    async fn read<R: AsyncRead + Unpin>(&mut self, input: &mut Input<R>) -> Result<Filter, DisplayError> {
        match input.u8().await? {
            0 => Ok(Filter::Copy),
            1 => {
                let colours = usize::from(input.u8().await?) + 1;
                for colour in &mut self.palette[..colours] {
                    *colour = bgrx(&input.take().await?);
                }
                Ok(Filter::Palette(colours))
            }
            2 => Ok(Filter::Gradient),
            other => Err(said(format!("a Tight rectangle has the unknown filter {other}"))),
        }
    }

    /// Draws the rows that are there; gives how many.
    fn rows(
        &mut self,
        filter: Filter,
        data: &mut Inflated,
        bytes: usize,
        rest: Rect,
        screen: &mut Framebuffer,
    ) -> Result<u32, DisplayError> {
        let mut drawn = 0;
        for (y, row) in (rest.y..rest.bottom()).zip(data.ready().chunks_exact(bytes)) {
            self.row(filter, row, screen.row(rest.x, y, rest.width))?;
            drawn += 1;
        }
        data.consume(drawn as usize * bytes);
        Ok(drawn)
    }

    fn row(&mut self, filter: Filter, data: &[u8], row: &mut [Colour]) -> Result<(), DisplayError> {
        match filter {
            Filter::Copy => row.iter_mut().zip(data.as_chunks().0).for_each(|(to, from)| *to = bgrx(from)),
            Filter::Gradient => gradient(&mut self.above, data, row),
            Filter::Palette(colours @ ..=2) => {
                let [zero, one] = [self.palette[0], self.palette[colours - 1]];
                for (pixels, byte) in row.chunks_mut(8).zip(data) {
                    for (bit, pixel) in pixels.iter_mut().enumerate() {
                        *pixel = if byte & (0x80 >> bit) == 0 { zero } else { one };
                    }
                }
            }
            Filter::Palette(colours) => {
                let palette = &self.palette[..colours];
                for (to, index) in row.iter_mut().zip(data) {
                    let colour = palette.get(usize::from(*index));
                    *to = *colour.ok_or_else(|| said("a Tight rectangle uses a colour that its palette lacks"))?;
                }
            }
        }
        Ok(())
    }
}

/// Each colour is told as the difference from what its neighbours promise: left plus above less above left.
fn gradient(above: &mut [[u8; 3]], data: &[u8], row: &mut [Colour]) {
    let (mut left, mut corner) = ([0; 3], [0; 3]);
    for ((above, to), from) in above.iter_mut().zip(row).zip(data.as_chunks::<3>().0) {
        let mut pixel = [0; 3];
        for at in 0..3 {
            let promise = i16::from(above[at]) + i16::from(left[at]) - i16::from(corner[at]);
            pixel[at] = from[at].wrapping_add(promise.clamp(0, 255) as u8);
        }
        corner = std::mem::replace(above, pixel);
        left = pixel;
        *to = bgrx(&pixel);
    }
}

/// A "TPIXEL": red, green, blue.
fn bgrx(&[r, g, b]: &[u8; 3]) -> Colour {
    [b, g, r, 0]
}

/// A length in one to three bytes: seven bits, seven bits, eight bits, the lowest first. At most 4 MiB.
async fn compact<R: AsyncRead + Unpin>(input: &mut Input<R>) -> Result<u32, DisplayError> {
    let mut length = 0;
    for shift in [0, 7] {
        let byte = u32::from(input.u8().await?);
        length |= (byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(length);
        }
    }
    Ok(length | u32::from(input.u8().await?) << 14)
}
