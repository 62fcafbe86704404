//! Reads what the server sends, to the end of the connection (RFC 6143, section 7.6; the rest in "rfbproto").
use std::convert::Infallible;
use std::time::{Duration, Instant};

use tokio::io::AsyncRead;
use tokio::sync::mpsc::Sender;

use crate::console::DisplayError;
use crate::console::framebuffer::{Damage, Missing, Rect};
use crate::console::rfb::decode::Decoder;
use crate::console::rfb::input::Input;
use crate::console::rfb::{Message, Screen, cursor, encoding, lock, said};

/// A long update is shown in parts, after this time at the latest.
const SHOW_BY: Duration = Duration::from_millis(16);
/// The longest clipboard that is taken, in bytes; a longer one is passed over.
const LONGEST_TEXT: usize = 1 << 20;
/// The longest name of a desktop, in bytes.
const LONGEST_NAME: u32 = 1 << 20;
/// The longest payload of a fence, in bytes.
const LONGEST_FENCE: u8 = 64;
/// Flags of a fence: it wants an answer; those that we know and keep.
const FENCE_REQUEST: u32 = 1 << 31;
const FENCE_KNOWN: u32 = 7;

pub(super) struct Reader<R> {
    input: Input<R>,
    screen: Screen,
    to: Sender<Result<Message, DisplayError>>,
    decoder: Decoder,
    progress: Progress,
}

/// What was drawn and not told yet.
#[derive(Default)]
struct Progress {
    damage: Damage,
    missing: Missing,
    complete: bool,
    /// When the first part of the damage came.
    since: Option<Instant>,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    pub(super) fn new(input: Input<R>, screen: Screen, to: Sender<Result<Message, DisplayError>>) -> Self {
        Self { input, screen, to, decoder: Decoder::default(), progress: Progress::default() }
    }

    /// Tells the screen's size, then what comes, and at last why no more comes.
    pub(super) async fn run(mut self) {
        let Err(error) = self.read().await;
        // What came of a torn update is on the screen already.
        let _ = self.tell_drawn().await;
        let _ = self.to.send(Err(error)).await;
    }

    async fn read(&mut self) -> Result<Infallible, DisplayError> {
        self.tell_size().await?;
        loop {
            self.message().await?;
        }
    }

    async fn message(&mut self) -> Result<(), DisplayError> {
        match self.input.u8().await? {
            0 => {
                self.input.skip(1).await?;
                let count = self.input.u16().await?;
                self.update(count).await
            }
            // A colour map: our pixels have their colours themselves.
            1 => {
                self.input.skip(3).await?;
                let count = self.input.u16().await?;
                self.input.skip(usize::from(count) * 6).await
            }
            // The bell.
            2 => Ok(()),
            3 => self.clipboard().await,
            150 => self.tell(Message::Continuous).await,
            248 => self.fence().await,
            other => Err(said(format!("message {other} is unknown"))),
        }
    }

    /// So many rectangles; 65535 of them: as many as come before the last.
    async fn update(&mut self, count: u16) -> Result<(), DisplayError> {
        let mut left = count;
        while left > 0 {
            // A buffer full of small rectangles that paint much must not keep a task that is not wanted any more.
            tokio::task::consume_budget().await;
            let [x, y] = [self.input.u16().await?, self.input.u16().await?];
            let [width, height] = [self.input.u16().await?, self.input.u16().await?];
            let kind = i32::from_be_bytes(self.input.take().await?);
            if kind == encoding::LAST_RECT {
                break;
            }
            self.rectangle(Rect::new(x.into(), y.into(), width.into(), height.into()), kind).await?;
            if count != u16::MAX {
                left -= 1;
            }
            if self.progress.since.is_some_and(|since| since.elapsed() >= SHOW_BY) {
                self.tell_drawn().await?;
            }
        }
        self.tell_drawn().await?;
        self.tell(Message::UpdateEnd).await
    }

    async fn rectangle(&mut self, rect: Rect, kind: i32) -> Result<(), DisplayError> {
        match kind {
            encoding::CURSOR => {
                let shape = cursor::masked(&mut self.input, rect).await?;
                self.tell(Message::Cursor(shape)).await
            }
            encoding::ALPHA_CURSOR => {
                let shape = cursor::alpha(&mut self.input, rect).await?;
                self.tell(Message::Cursor(shape)).await
            }
            encoding::DESKTOP_SIZE => self.resize(rect).await,
            encoding::EXTENDED_DESKTOP_SIZE => {
                let [screens, ..] = self.input.take::<4>().await?;
                self.input.skip(usize::from(screens) * 16).await?;
                // The corner is who wanted it and what came of it: other than 0 is a wish of ours that failed.
                if rect.x == 1 && rect.y != 0 { Ok(()) } else { self.resize(rect).await }
            }
            encoding::DESKTOP_NAME => {
                let length = self.input.u32().await?;
                if length > LONGEST_NAME {
                    return Err(said(format!("a desktop's name of {length} bytes")));
                }
                self.input.skip(length as usize).await
            }
            encoding::EXTENDED_KEYS => self.tell(Message::ExtendedKeys).await,
            kind => {
                if rect.area() > 0 && !lock(&self.screen).bounds().contains(&rect) {
                    let Rect { x, y, width, height } = rect;
                    return Err(said(format!("{width}×{height} pixels at {x}, {y} lie outside of the screen")));
                }
                self.decoder.rectangle(&mut self.input, rect, kind, &self.screen).await?;
                self.progress.add(rect);
                Ok(())
            }
        }
    }

    async fn resize(&mut self, Rect { width, height, .. }: Rect) -> Result<(), DisplayError> {
        {
            let mut screen = lock(&self.screen);
            if (screen.width, screen.height) == (width, height) {
                return Ok(());
            }
            screen.resize(width, height)?;
        }
        self.tell_size().await
    }

    async fn clipboard(&mut self) -> Result<(), DisplayError> {
        self.input.skip(3).await?;
        let length = self.input.u32().await?;
        if length > i32::MAX as u32 {
            return Err(said("an extended clipboard was not asked for"));
        }
        if length as usize > LONGEST_TEXT {
            return self.input.skip(length as usize).await;
        }
        let mut text = vec![];
        self.input.read(length as usize, &mut text).await?;
        // RFC 6143 wants Latin-1, and many servers send UTF-8: what is valid UTF-8 was hardly meant as Latin-1.
        let text = String::from_utf8(text).unwrap_or_else(|e| e.as_bytes().iter().copied().map(char::from).collect());
        self.tell(Message::Clipboard(text)).await
    }

    async fn fence(&mut self) -> Result<(), DisplayError> {
        self.input.skip(3).await?;
        let flags = self.input.u32().await?;
        let length = self.input.u8().await?;
        if length > LONGEST_FENCE {
            return Err(said(format!("a fence of {length} bytes")));
        }
        let mut payload = vec![];
        self.input.read(length.into(), &mut payload).await?;
        // All that came before it is done by now, as its flags may want.
        if flags & FENCE_REQUEST == 0 {
            return Ok(());
        }
        self.tell(Message::Fence { flags: flags & FENCE_KNOWN, payload }).await
    }

    async fn tell_size(&mut self) -> Result<(), DisplayError> {
        let bounds = lock(&self.screen).bounds();
        self.progress = Progress { missing: Missing::all(bounds), ..Progress::default() };
        self.tell(Message::Size { width: bounds.width, height: bounds.height }).await
    }

    async fn tell_drawn(&mut self) -> Result<(), DisplayError> {
        self.progress.since = None;
        if self.progress.damage.is_empty() {
            return Ok(());
        }
        let complete = std::mem::take(&mut self.progress.complete);
        let damage = self.progress.damage.take();
        self.tell(Message::Drawn { damage, complete }).await
    }

    /// An error if nobody listens any more.
    async fn tell(&self, message: Message) -> Result<(), DisplayError> {
        self.to.send(Ok(message)).await.map_err(|_| DisplayError::Closed)
    }
}

impl Progress {
    fn add(&mut self, rect: Rect) {
        if rect.area() > 0 {
            self.since.get_or_insert_with(Instant::now);
            self.damage.add(rect);
            self.complete |= self.missing.came(&rect);
        }
    }
}
