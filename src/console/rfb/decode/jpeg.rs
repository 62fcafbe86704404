//! The JPEG rectangles of the Tight encoding.
use tokio::io::AsyncRead;
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use crate::console::DisplayError;
use crate::console::framebuffer::Rect;
use crate::console::rfb::input::Input;
use crate::console::rfb::{Screen, lock, said};

/// The most pixels of one picture: a progressive one takes six bytes for each while it is decoded. Servers send 64 Ki.
const MOST_PIXELS: u64 = 4 << 20;
/// Passes of a progressive picture; a hostile one has thousands, each over the whole picture.
const MOST_SCANS: usize = 32;

/// What lives from one picture to the next.
#[derive(Default)]
pub(super) struct Buffers {
    packed: Vec<u8>,
    pixels: Vec<u8>,
}

impl Buffers {
    /// Reads a picture of `length` bytes and draws it.
    pub(super) async fn rectangle<R: AsyncRead + Unpin>(
        &mut self,
        input: &mut Input<R>,
        length: u32,
        rect: Rect,
        screen: &Screen,
    ) -> Result<(), DisplayError> {
        if rect.area() > MOST_PIXELS {
            return Err(said(format!("a JPEG of {}×{}", rect.width, rect.height)));
        }
        input.read(length as usize, &mut self.packed).await?;
        if rect.area() == 0 {
            return Ok(());
        }
        self.decode(rect)?;
        lock(screen).put(rect, &self.pixels)?;
        Ok(())
    }

    /// Makes `pixels` of `packed`.
    fn decode(&mut self, rect: Rect) -> Result<(), DisplayError> {
        let broken = |error| said(format!("JPEG: {error}"));
        // RGBA, because zune-jpeg is fast there and slow for BGRA.
        let options = DecoderOptions::default()
            .jpeg_set_out_colorspace(ColorSpace::RGBA)
            .jpeg_set_max_scans(MOST_SCANS)
            .set_strict_mode(true)
            .set_max_width(rect.width as usize)
            .set_max_height(rect.height as usize);
        let mut decoder = JpegDecoder::new_with_options(ZCursor::new(&self.packed), options);
        decoder.decode_headers().map_err(broken)?;
        let size = decoder.info().map(|info| (u32::from(info.width), u32::from(info.height)));
        if size != Some((rect.width, rect.height)) {
            return Err(said(format!("a JPEG is not of its rectangle's size, {}×{}", rect.width, rect.height)));
        }
        self.pixels.resize(rect.area() as usize * 4, 0);
        decoder.decode_into(&mut self.pixels).map_err(broken)?;
        for pixel in self.pixels.as_chunks_mut::<4>().0 {
            pixel.swap(0, 2);
        }
        Ok(())
    }
}
