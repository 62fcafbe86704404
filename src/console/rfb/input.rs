//! The bytes that a server sends, through one buffer of a fixed size: no length of the server's takes memory by itself.
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::console::{DisplayError, Mute};

/// Of the buffer, in bytes: a raw row of the widest screen (65535 pixels) just fits, and it stays in a core's cache.
const CAPACITY: usize = 256 << 10;

/// A buffered stream. Big-endian, as all of RFB is (RFC 6143, section 7).
pub(super) struct Input<R> {
    from: R,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
}

impl<R: AsyncRead + Unpin> Input<R> {
    pub(super) fn new(from: R) -> Self {
        Self { from, buffer: vec![0; CAPACITY].into_boxed_slice(), start: 0, end: 0 }
    }

    /// What came and is not consumed yet.
    pub(super) fn ready(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Drops the first `count` bytes of what is ready.
    pub(super) fn consume(&mut self, count: usize) {
        self.start = self.end.min(self.start + count);
    }

    /// Waits until there is at least one byte more than is ready. [`DisplayError::Closed`] at the stream's end.
    pub(super) async fn more(&mut self) -> Result<(), DisplayError> {
        // Little is left of it as a rule: moving that is cheaper than reading in small pieces.
        if self.start == self.end || self.buffer.len() - self.end < CAPACITY / 4 {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        match self.from.read(&mut self.buffer[self.end..]).await {
            Ok(0) => Err(DisplayError::Closed),
            Ok(count) => {
                self.end += count;
                Ok(())
            }
            Err(error) => Err(failed(&error)),
        }
    }

    /// Takes exactly `N` bytes; `N` is small.
    pub(super) async fn take<const N: usize>(&mut self) -> Result<[u8; N], DisplayError> {
        loop {
            if let Some(bytes) = self.ready().first_chunk::<N>().copied() {
                self.consume(N);
                return Ok(bytes);
            }
            self.more().await?;
        }
    }

    pub(super) async fn u8(&mut self) -> Result<u8, DisplayError> {
        Ok(u8::from_be_bytes(self.take().await?))
    }

    pub(super) async fn u16(&mut self) -> Result<u16, DisplayError> {
        Ok(u16::from_be_bytes(self.take().await?))
    }

    pub(super) async fn u32(&mut self) -> Result<u32, DisplayError> {
        Ok(u32::from_be_bytes(self.take().await?))
    }

    /// Takes `count` bytes into `into`, which is emptied before and grows only as they come.
    pub(super) async fn read(&mut self, count: usize, into: &mut Vec<u8>) -> Result<(), DisplayError> {
        into.clear();
        while into.len() < count {
            if self.ready().is_empty() {
                self.more().await?;
            }
            let part = self.ready().len().min(count - into.len());
            into.extend_from_slice(&self.ready()[..part]);
            self.consume(part);
        }
        Ok(())
    }

    /// Takes `count` bytes and forgets them.
    pub(super) async fn skip(&mut self, count: usize) -> Result<(), DisplayError> {
        let mut left = count;
        while left > 0 {
            if self.ready().is_empty() {
                self.more().await?;
            }
            let part = self.ready().len().min(left);
            self.consume(part);
            left -= part;
        }
        Ok(())
    }
}

/// A failure of the connection, in the system's words.
pub(super) fn failed(error: &std::io::Error) -> DisplayError {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => DisplayError::Closed,
        _ => DisplayError::NoAnswer(Mute::System(error.to_string())),
    }
}
