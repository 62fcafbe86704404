//! The decoder against a server that draws at random, against odd and hostile streams, and against a second opinion.
mod encodings;
mod hostile;
mod second_opinion;
mod server;
mod streams;

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::mpsc;

use crate::console::DisplayError;
use crate::console::framebuffer::Framebuffer;
use crate::console::rfb::Message;
use crate::console::rfb::input::Input;
use crate::console::rfb::reader::Reader;

use server::Dice;

/// Bytes that arrive in pieces of up to `most`.
struct Drip<'a> {
    bytes: &'a [u8],
    most: u32,
    dice: Dice,
}

impl AsyncRead for Drip<'_> {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context, buf: &mut ReadBuf) -> Poll<std::io::Result<()>> {
        let most = self.most;
        let piece = (1 + self.dice.roll(most) as usize).min(self.bytes.len()).min(buf.remaining());
        let (now, later) = self.bytes.split_at(piece);
        buf.put_slice(now);
        self.bytes = later;
        Poll::Ready(Ok(()))
    }
}

/// What a client has after a stream: the screen, what was told, and the error at the end.
struct Seen {
    screen: Framebuffer,
    told: Vec<Message>,
    end: DisplayError,
}

/// Reads a stream that begins after the greeting; it arrives in pieces of up to `most` bytes.
fn read_dripping(width: u32, height: u32, bytes: &[u8], most: u32) -> Seen {
    let mut screen = Framebuffer::default();
    screen.resize(width, height).unwrap();
    let screen = Arc::new(Mutex::new(screen));
    let (to, mut from) = mpsc::channel(1);
    let input = Input::new(Drip { bytes, most, dice: Dice(7) });
    let reader = Reader::new(input, Arc::clone(&screen), to);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (mut told, mut end) = (vec![], None);
    runtime.block_on(async {
        let listen = async {
            while let Some(message) = from.recv().await {
                match message {
                    Ok(message) => told.push(message),
                    Err(error) => end = Some(error),
                }
            }
        };
        tokio::join!(reader.run(), listen);
    });
    let screen = screen.lock().unwrap().clone();
    Seen { screen, told, end: end.unwrap() }
}

fn read(width: u32, height: u32, bytes: &[u8]) -> Seen {
    read_dripping(width, height, bytes, 1 << 20)
}
