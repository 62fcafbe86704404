//! The pointer's shape: with a mask (RFC 6143, section 7.8.1), or with alpha ("rfbproto", "Cursor With Alpha").
use tokio::io::AsyncRead;

use crate::console::framebuffer::Rect;
use crate::console::rfb::input::Input;
use crate::console::rfb::{encoding, said};
use crate::console::{Cursor, DisplayError};

/// The largest, in pixels; guests' are 64×64 as a rule.
const MOST_PIXELS: u64 = 1 << 20;

/// Reads a shape: BGRX pixels, then a bit for each, rows in whole bytes. `rect`'s corner is the hot spot.
pub(super) async fn masked<R: AsyncRead + Unpin>(
    input: &mut Input<R>,
    rect: Rect,
) -> Result<Option<Cursor>, DisplayError> {
    let mut pixels = pixels(input, rect).await?;
    let mut mask = vec![];
    let stride = rect.width.div_ceil(8) as usize;
    input.read(stride * rect.height as usize, &mut mask).await?;
    let width = rect.width.max(1) as usize;
    for (at, pixel) in pixels.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        let (x, y) = (at % width, at / width);
        let seen = mask[y * stride + x / 8] & (0x80 >> (x % 8)) != 0;
        *pixel = if seen { [pixel[0], pixel[1], pixel[2], 255] } else { [0; 4] };
    }
    Ok(cursor(rect, pixels))
}

/// Reads a shape: an encoding, then red, green, blue (multiplied by alpha) and alpha, whatever pixel format is set.
pub(super) async fn alpha<R: AsyncRead + Unpin>(
    input: &mut Input<R>,
    rect: Rect,
) -> Result<Option<Cursor>, DisplayError> {
    let kind = i32::from_be_bytes(input.take().await?);
    if kind != encoding::RAW {
        return Err(said(format!("a pointer's shape in encoding {kind}")));
    }
    let mut pixels = pixels(input, rect).await?;
    for pixel in pixels.as_chunks_mut::<4>().0 {
        let [r, g, b, alpha] = *pixel;
        let plain = |colour| match u16::from(alpha) {
            0 => 0,
            alpha => (u16::from(colour) * 255 / alpha).min(255) as u8,
        };
        *pixel = [plain(b), plain(g), plain(r), alpha];
    }
    Ok(cursor(rect, pixels))
}

async fn pixels<R: AsyncRead + Unpin>(input: &mut Input<R>, rect: Rect) -> Result<Vec<u8>, DisplayError> {
    if rect.area() > MOST_PIXELS {
        return Err(said(format!("a pointer's shape of {}×{}", rect.width, rect.height)));
    }
    let mut pixels = vec![];
    input.read(rect.area() as usize * 4, &mut pixels).await?;
    Ok(pixels)
}

fn cursor(Rect { x, y, width, height }: Rect, pixels: Vec<u8>) -> Option<Cursor> {
    let (hot_x, hot_y) = (x.min(width.checked_sub(1)?), y.min(height.checked_sub(1)?));
    Some(Cursor { width, height, hot_x, hot_y, pixels })
}
