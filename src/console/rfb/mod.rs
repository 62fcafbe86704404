//! Our RFB (VNC) client. A task reads and decodes straight into the framebuffer, and tells in [`Message`]s what came of
//! it; what we send goes its own way, so that neither waits for the other.
mod cursor;
mod decode;
mod encoding;
mod handshake;
mod input;
mod output;
mod reader;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::WriteHalf;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use crate::console::framebuffer::{Framebuffer, Rect};
use crate::console::target::Stream;
use crate::console::{Cursor, DisplayError, Mute, Nonsense};
use crate::secret::Secret;

use handshake::Greeted;
use input::Input;
use output::Output;
use reader::Reader;

/// A display must greet us within this time.
const PATIENCE: Duration = Duration::from_secs(10);
/// Messages that wait for us; after so many, the display has to wait.
const QUEUE: usize = 64;

pub(super) type Screen = Arc<Mutex<Framebuffer>>;

/// What came of opening.
pub(super) enum Opened {
    Live(Link),
    /// No password was given, or the one given was refused.
    PasswordWanted,
}

/// What a display sends.
#[derive(Debug, PartialEq)]
pub(super) enum Message {
    /// The first message, and whenever it changes. The framebuffer has that size already.
    Size {
        width: u32,
        height: u32,
    },
    /// These parts of the framebuffer changed. `complete`: every pixel has come since the last size.
    Drawn {
        damage: Vec<Rect>,
        complete: bool,
    },
    /// An update is over: the next may be asked for.
    UpdateEnd,
    /// The display can send updates without being asked; if it was told to, it has stopped.
    Continuous,
    /// The display takes keys by their hardware code.
    ExtendedKeys,
    /// Wants to be answered, with the same payload.
    Fence {
        flags: u32,
        payload: Vec<u8>,
    },
    Cursor(Option<Cursor>),
    Clipboard(String),
}

/// A display that greeted us. Dropping it closes the connection.
pub(super) struct Link {
    messages: mpsc::Receiver<Result<Message, DisplayError>>,
    pub(super) output: Output<WriteHalf<Stream>>,
    reader: AbortHandle,
}

impl Link {
    /// The next message; waiting for it may be given up at any time without losing one.
    pub(super) async fn next(&mut self) -> Result<Message, DisplayError> {
        self.messages.recv().await.unwrap_or(Err(DisplayError::Closed))
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// Greets the display, logs in, and begins to read into `screen`, which gets the display's size; nothing is asked for
/// yet. `local`: no network lies between. Needs a tokio runtime.
///
/// Errors: [`DisplayError::Security`], [`DisplayError::Refused`], [`DisplayError::Size`], [`DisplayError::NoAnswer`],
/// [`DisplayError::Closed`] and [`DisplayError::Protocol`].
pub(super) async fn open(
    stream: Stream,
    password: Option<&Secret>,
    local: bool,
    screen: &Screen,
) -> Result<Opened, DisplayError> {
    let (from, mut to) = tokio::io::split(stream);
    let mut input = Input::new(from);
    let silent = || DisplayError::NoAnswer(Mute::NoGreeting(PATIENCE.as_secs()));
    let greeting = timeout(PATIENCE, handshake::greet(&mut input, &mut to, password)).await;
    let Greeted::Screen { width, height, is_qemu } = greeting.map_err(|_| silent())?? else {
        return Ok(Opened::PasswordWanted);
    };
    lock(screen).resize(width, height)?;
    let mut output = Output::new(to);
    output.begin(local, is_qemu).await?;
    let (sender, messages) = mpsc::channel(QUEUE);
    let reader = tokio::spawn(Reader::new(input, Arc::clone(screen), sender).run()).abort_handle();
    Ok(Opened::Live(Link { messages, output, reader }))
}

fn lock(screen: &Screen) -> MutexGuard<'_, Framebuffer> {
    screen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is no RFB, in the protocol's words.
fn said(words: impl Into<String>) -> DisplayError {
    DisplayError::Protocol(Nonsense::Said(words.into()))
}
