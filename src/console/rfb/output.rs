//! The messages that we send (RFC 6143, section 7.5; the rest in "rfbproto").
use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use crate::console::rfb::encoding;
use crate::console::rfb::input::failed;
use crate::console::{DisplayError, Mute};

/// A display must take our input within this time.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest clipboard that is sent, in bytes: QEMU ends the session over a longer one.
const LONGEST_TEXT: usize = 1 << 20;

/// 32 bits a pixel, 24 of them used, little-endian; 255 of red at bit 16, green at 8, blue at 0: bytes B, G, R, nothing.
const PIXEL_FORMAT: [u8; 16] = [32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0];

/// The writing half of a connection.
pub(in crate::console) struct Output<W> {
    to: W,
    /// Keys may go by their hardware code.
    extended_keys: bool,
}

impl<W: AsyncWrite + Unpin> Output<W> {
    pub(super) fn new(to: W) -> Self {
        Self { to, extended_keys: false }
    }

    /// Says how pixels are to come, and which encodings we want.
    pub(super) async fn begin(&mut self, local: bool, is_qemu: bool) -> Result<(), DisplayError> {
        let encodings: Vec<_> = encoding::wanted(local, is_qemu).flat_map(i32::to_be_bytes).collect();
        let count = (encodings.len() / 4) as u16;
        self.send(&[&[0; 4], &PIXEL_FORMAT[..], &[2, 0], &count.to_be_bytes(), &encodings].concat()).await
    }

    /// Asks for what changes on a screen of that size, or for all of it.
    pub(in crate::console) async fn request(
        &mut self,
        whole: bool,
        width: u32,
        height: u32,
    ) -> Result<(), DisplayError> {
        self.send(&[&[3, u8::from(!whole)], &area(width, height)[..]].concat()).await
    }

    /// Wants updates as they come, without requests; or no more of them.
    pub(in crate::console) async fn continuous(
        &mut self,
        on: bool,
        width: u32,
        height: u32,
    ) -> Result<(), DisplayError> {
        self.send(&[&[150, u8::from(on)], &area(width, height)[..]].concat()).await
    }

    /// The display said that it takes keys by their hardware code.
    pub(in crate::console) fn extend_keys(&mut self) {
        self.extended_keys = true;
    }

    /// A key by X11 keysym, and by its hardware code where that is known and taken ("QEMU Extended Key Event Message").
    pub(in crate::console) async fn key(
        &mut self,
        keysym: u32,
        scancode: Option<u16>,
        down: bool,
    ) -> Result<(), DisplayError> {
        let [down, keysym] = [u32::from(down), keysym].map(u32::to_be_bytes);
        match scancode.filter(|_| self.extended_keys) {
            Some(code) => self.send(&[&[255, 0], &down[2..], &keysym, &u32::from(code).to_be_bytes()].concat()).await,
            None => self.send(&[&[4, down[3], 0, 0][..], &keysym].concat()).await,
        }
    }

    /// The pointer, in pixels of the screen, with its buttons' mask.
    pub(in crate::console) async fn pointer(&mut self, x: u32, y: u32, buttons: u8) -> Result<(), DisplayError> {
        self.send(&[&[5, buttons], &short(x)[..], &short(y)].concat()).await
    }

    /// Our clipboard; a text that is too long stays here. RFC 6143 wants Latin-1, but QEMU hands the bytes on to a guest
    /// that takes them for UTF-8.
    pub(in crate::console) async fn clipboard(&mut self, text: &str) -> Result<(), DisplayError> {
        if text.len() > LONGEST_TEXT {
            tracing::debug!(bytes = text.len(), "the clipboard is too long for the display");
            return Ok(());
        }
        self.send(&[&[6, 0, 0, 0][..], &(text.len() as u32).to_be_bytes(), text.as_bytes()].concat()).await
    }

    /// Answers a fence; `payload` is at most 64 bytes.
    pub(in crate::console) async fn fence(&mut self, flags: u32, payload: &[u8]) -> Result<(), DisplayError> {
        self.send(&[&[248, 0, 0, 0][..], &flags.to_be_bytes(), &[payload.len() as u8], payload].concat()).await
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), DisplayError> {
        let stuck = || DisplayError::NoAnswer(Mute::NoInput(PATIENCE.as_secs()));
        let write = async {
            self.to.write_all(bytes).await?;
            self.to.flush().await
        };
        timeout(PATIENCE, write).await.map_err(|_| stuck())?.map_err(|e| failed(&e))
    }
}

/// A screen's rectangle on the wire.
fn area(width: u32, height: u32) -> [u8; 8] {
    let ([a, b], [c, d]) = (short(width), short(height));
    [0, 0, 0, 0, a, b, c, d]
}

fn short(number: u32) -> [u8; 2] {
    u16::try_from(number).unwrap_or(u16::MAX).to_be_bytes()
}
