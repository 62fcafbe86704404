//! zlib streams that live as long as the session, unpacked through one window of a fixed size.
use flate2::{Decompress, FlushDecompress};
use tokio::io::AsyncRead;

use crate::console::DisplayError;
use crate::console::rfb::input::Input;
use crate::console::rfb::said;

/// Of the window, in bytes: several of the largest tiles.
const CAPACITY: usize = 128 << 10;

/// One of the server's zlib streams.
pub(super) struct Stream(Decompress);

impl Default for Stream {
    fn default() -> Self {
        Self(Decompress::new(true))
    }
}

impl Stream {
    /// Begins anew, as the server does.
    pub(super) fn reset(&mut self) {
        self.0.reset(true);
    }
}

/// Unpacked data that is not used yet.
pub(super) struct Window {
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Default for Window {
    fn default() -> Self {
        Self { buffer: vec![0; CAPACITY].into_boxed_slice(), start: 0, end: 0 }
    }
}

/// One rectangle's packed data: so many bytes of the input.
pub(super) struct Inflated<'a> {
    stream: &'a mut Stream,
    window: &'a mut Window,
    /// Packed bytes that are still to come.
    left: usize,
}

impl<'a> Inflated<'a> {
    pub(super) fn new(stream: &'a mut Stream, window: &'a mut Window, length: u32) -> Self {
        // A rectangle that failed ended the session: nothing of it is left here.
        (window.start, window.end) = (0, 0);
        Self { stream, window, left: length as usize }
    }

    /// What is unpacked and not consumed yet.
    pub(super) fn ready(&self) -> &[u8] {
        &self.window.buffer[self.window.start..self.window.end]
    }

    /// Drops the first `count` bytes of what is ready.
    pub(super) fn consume(&mut self, count: usize) {
        self.window.start = self.window.end.min(self.window.start + count);
    }

    /// Unpacks until at least `count` bytes (up to a quarter of the window) are ready. False: no more will come.
    pub(super) async fn fill<R: AsyncRead + Unpin>(
        &mut self,
        input: &mut Input<R>,
        count: usize,
    ) -> Result<bool, DisplayError> {
        while self.ready().len() < count {
            if !self.more(input).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The same where it is an error that no more comes.
    pub(super) async fn need<R: AsyncRead + Unpin>(
        &mut self,
        input: &mut Input<R>,
        count: usize,
    ) -> Result<(), DisplayError> {
        if self.fill(input, count).await? { Ok(()) } else { Err(said("a packed rectangle ends too early")) }
    }

    /// Takes what is left of the packed data, which must be the end of a block and no pixels.
    pub(super) async fn finish<R: AsyncRead + Unpin>(mut self, input: &mut Input<R>) -> Result<(), DisplayError> {
        if !self.ready().is_empty() || self.more(input).await? {
            return Err(said("a packed rectangle has too much data"));
        }
        Ok(())
    }

    /// Unpacks some. False: that was all.
    async fn more<R: AsyncRead + Unpin>(&mut self, input: &mut Input<R>) -> Result<bool, DisplayError> {
        let Window { buffer, start, end } = &mut *self.window;
        buffer.copy_within(*start..*end, 0);
        (*start, *end) = (0, *end - *start);
        loop {
            if self.left > 0 && input.ready().is_empty() {
                input.more().await?;
            }
            let packed = &input.ready()[..self.left.min(input.ready().len())];
            let (was_in, was_out) = (self.stream.0.total_in(), self.stream.0.total_out());
            let result = self.stream.0.decompress(packed, &mut buffer[*end..], FlushDecompress::Sync);
            let taken = (self.stream.0.total_in() - was_in) as usize;
            let made = (self.stream.0.total_out() - was_out) as usize;
            result.map_err(|_| said("packed data is broken"))?;
            input.consume(taken);
            self.left = self.left.saturating_sub(taken);
            *end += made;
            if made > 0 {
                return Ok(true);
            }
            if self.left == 0 {
                return Ok(false);
            }
            if taken == 0 {
                return Err(said("packed data goes on after its end"));
            }
        }
    }
}
