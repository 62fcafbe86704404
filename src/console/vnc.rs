//! The binding to the crate vnc-rs: its only user. What it can't do is named here, so that a client of our own can take
//! its place: scan codes, JPEG, relative pointers, TLS and SASL, screens beyond 3840×2160.
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::time::timeout;
use vnc::{PixelFormat, VncClient, VncConnector, VncEncoding, VncError, VncEvent, X11Event};

use crate::console::framebuffer::Rect;
use crate::console::target::Stream;
use crate::console::{Cursor, DisplayError, Mute, Nonsense};
use crate::secret::Secret;

/// A display must greet us within this time, and take our input within it.
const PATIENCE: Duration = Duration::from_secs(10);

/// What came of opening.
pub(super) enum Opened {
    Live(Link),
    /// No password was given, or the one given was refused.
    PasswordWanted,
}

/// What a display sends.
pub(super) enum Message {
    Size { width: u32, height: u32 },
    Pixels(Rect, Vec<u8>),
    Copy { to: Rect, from: (u32, u32) },
    Cursor(Option<Cursor>),
    Clipboard(String),
    Nothing,
}

/// A display that greeted us.
pub(super) struct Link(VncClient);

type Answer = Pin<Box<dyn Future<Output = Result<String, VncError>> + Send + Sync>>;

/// Greets the display and logs in. The first picture is then already asked for.
/// A `local` display is sent as it is, because packing costs more than it saves.
pub(super) async fn open(stream: Stream, password: Option<&Secret>, local: bool) -> Result<Opened, DisplayError> {
    let stream = greeted(stream).await?;
    let asked = Arc::new(AtomicBool::new(false));
    let mut connector = VncConnector::<Stream, Answer>::new(stream).set_pixel_format(PixelFormat::bgra());
    if let Some(password) = password {
        let (asked, password) = (Arc::clone(&asked), password.clone());
        connector = connector.set_auth_method(Box::pin(async move {
            asked.store(true, Ordering::Relaxed);
            Ok(password.expose().to_owned())
        }));
    }
    // Tight is sent without JPEG as long as no quality is asked for. TRLE is decoded wrongly: never offered.
    let packed = [VncEncoding::Tight, VncEncoding::Zrle];
    let order = if local { [VncEncoding::Raw, packed[0], packed[1]] } else { [packed[0], packed[1], VncEncoding::Raw] };
    let pseudo = [VncEncoding::CopyRect, VncEncoding::DesktopSizePseudo, VncEncoding::CursorPseudo];
    for encoding in order.into_iter().chain(pseudo) {
        connector = connector.add_encoding(encoding);
    }
    let greeting = connector.build().map_err(protocol)?.try_start();
    match timeout(PATIENCE, greeting).await.map_err(|_| silent())? {
        Ok(state) => Ok(Opened::Live(Link(state.finish().map_err(protocol)?))),
        Err(VncError::NoPassword | VncError::WrongPassword) => Ok(Opened::PasswordWanted),
        Err(VncError::General(_)) if asked.load(Ordering::Relaxed) => Ok(Opened::PasswordWanted),
        Err(VncError::General(text)) if text.contains("Vnc Auth") => Err(DisplayError::Security),
        Err(VncError::General(text)) => Err(DisplayError::Refused(text)),
        // The security types that we know nothing of are skipped: none was left.
        Err(VncError::ConnectError | VncError::InvalidSecurityTyep(_)) => Err(DisplayError::Security),
        // While greeting, the screen's size is the only image data that can be wrong.
        Err(VncError::InvalidImageData) => Err(DisplayError::Size { width: 0, height: 0 }),
        Err(error) => Err(protocol(error)),
    }
}

/// Checks that a VNC server speaks: the library takes anything for an old one. Gives the stream from its beginning.
async fn greeted(stream: Stream) -> Result<Stream, DisplayError> {
    let (mut from, to) = tokio::io::split(stream);
    let mut version = [0; 12];
    let io = |e| protocol(VncError::IoError(e));
    timeout(PATIENCE, from.read_exact(&mut version)).await.map_err(|_| silent())?.map_err(io)?;
    if !version.starts_with(b"RFB ") {
        let said = String::from_utf8_lossy(&version).trim_end().to_owned();
        return Err(DisplayError::Protocol(Nonsense::Greeting(said)));
    }
    Ok(Box::new(tokio::io::join(std::io::Cursor::new(version).chain(from), to)))
}

fn silent() -> DisplayError {
    DisplayError::NoAnswer(Mute::NoGreeting(PATIENCE.as_secs()))
}

impl Link {
    /// The next message. May be dropped at any time without losing one; while it waits, nothing can be sent.
    pub(super) async fn next(&self) -> Result<Message, DisplayError> {
        Ok(match self.0.recv_event().await.map_err(protocol)? {
            VncEvent::SetResolution(screen) => {
                Message::Size { width: screen.width.into(), height: screen.height.into() }
            }
            VncEvent::RawImage(rect, data) => Message::Pixels(rectangle(rect), data),
            VncEvent::Copy(to, from) => Message::Copy { to: rectangle(to), from: (from.x.into(), from.y.into()) },
            VncEvent::SetCursor(rect, pixels) => Message::Cursor(cursor(rectangle(rect), pixels)),
            VncEvent::Text(text) => Message::Clipboard(text),
            VncEvent::JpegImage(..) => return Err(DisplayError::Protocol(Nonsense::Jpeg)),
            VncEvent::Error(text) => return Err(DisplayError::Protocol(Nonsense::Said(text))),
            _ => Message::Nothing,
        })
    }

    /// Asks for what changed since the last update, or for everything.
    pub(super) async fn refresh(&self, whole: bool) -> Result<(), DisplayError> {
        self.send(if whole { X11Event::FullRefresh } else { X11Event::Refresh }).await
    }

    pub(super) async fn key(&self, keysym: u32, down: bool) -> Result<(), DisplayError> {
        self.send(X11Event::KeyEvent((keysym, down).into())).await
    }

    pub(super) async fn pointer(&self, x: u32, y: u32, buttons: u8) -> Result<(), DisplayError> {
        let short = |n: u32| u16::try_from(n).unwrap_or(u16::MAX);
        self.send(X11Event::PointerEvent((short(x), short(y), buttons).into())).await
    }

    pub(super) async fn clipboard(&self, text: String) -> Result<(), DisplayError> {
        self.send(X11Event::CopyText(text)).await
    }

    async fn send(&self, event: X11Event) -> Result<(), DisplayError> {
        let stuck = || DisplayError::NoAnswer(Mute::NoInput(PATIENCE.as_secs()));
        timeout(PATIENCE, self.0.input(event)).await.map_err(|_| stuck())?.map_err(protocol)
    }
}

fn rectangle(rect: vnc::Rect) -> Rect {
    Rect::new(rect.x.into(), rect.y.into(), rect.width.into(), rect.height.into())
}

/// The rectangle's corner is the hot spot.
fn cursor(rect: Rect, pixels: Vec<u8>) -> Option<Cursor> {
    let whole = rect.area() > 0 && rect.area().checked_mul(4) == Some(pixels.len() as u64);
    whole.then_some(Cursor { width: rect.width, height: rect.height, hot_x: rect.x, hot_y: rect.y, pixels })
}

fn protocol(error: VncError) -> DisplayError {
    match error {
        VncError::ClientNotRunning => DisplayError::Closed,
        VncError::IoError(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => DisplayError::Closed,
        VncError::IoError(e) if e.kind() == std::io::ErrorKind::InvalidData => {
            DisplayError::Protocol(Nonsense::Said(e.to_string()))
        }
        VncError::IoError(e) => DisplayError::NoAnswer(Mute::System(e.to_string())),
        error => DisplayError::Protocol(Nonsense::Said(error.to_string())),
    }
}
