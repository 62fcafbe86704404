//! The life of a display session on its own thread: reach, log in, keep the picture fresh, lose it, try again.
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::console::framebuffer::{Damage, Framebuffer, Missing, Rect};
use crate::console::session::Event;
use crate::console::target::Display;
use crate::console::vnc::{Link, Message, Opened};
use crate::console::{DisplayError, vnc};
use crate::secret::Secret;
use crate::{Error, Result};

/// The longest wait between two tries, in seconds.
const LONGEST_WAIT: u32 = 8;
/// No rectangle for so long: the update is over (VNC does not say so), and the next may be asked for.
const QUIET: Duration = Duration::from_millis(3);
/// A long update is shown in parts, after this time at the latest.
const SHOW_BY: Duration = Duration::from_millis(16);

/// What the session's owner wants.
#[derive(Debug)]
pub(super) enum Command {
    Key { keysym: u32, down: bool },
    Pointer { x: u32, y: u32, buttons: u8 },
    Clipboard(String),
    Password(Secret),
    Visible(bool),
    Running(bool),
    Reconnect,
}

/// Why a try ended.
enum End {
    Off,
    Lost(Error),
    Failed(Error),
    Password {
        wrong_before: bool,
    },
    /// The owner is gone.
    Dropped,
}

/// Says where the display is; `None` while the machine is off.
pub(super) type Locate = Arc<dyn Fn() -> Result<Option<Display>> + Send + Sync>;

pub(super) struct Worker {
    locate: Locate,
    on: Arc<dyn Fn(Event) + Send + Sync>,
    screen: Arc<Mutex<Framebuffer>>,
    commands: mpsc::UnboundedReceiver<Command>,
    visible: bool,
    /// What the owner said last.
    running: Option<bool>,
    password: Option<Secret>,
    /// Seconds until the try after the next loss.
    wait: u32,
}

impl Worker {
    pub(super) fn new(
        locate: Locate,
        on: Arc<dyn Fn(Event) + Send + Sync>,
        screen: Arc<Mutex<Framebuffer>>,
        commands: mpsc::UnboundedReceiver<Command>,
    ) -> Self {
        Self { locate, on, screen, commands, visible: true, running: None, password: None, wait: 1 }
    }

    /// The thread's body; ends when the owner drops the session.
    pub(super) fn run(mut self) {
        match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => {
                runtime.block_on(self.live());
                // A call to a host that hangs must not keep this thread.
                runtime.shutdown_background();
            }
            Err(error) => (self.on)(Event::Failed(Error::Thread(error))),
        }
    }

    async fn live(&mut self) {
        loop {
            (self.on)(Event::Connecting);
            match self.once().await {
                End::Dropped => return,
                End::Lost(error) => {
                    tracing::debug!(%error, wait = self.wait, "display lost");
                    let wait = self.wait;
                    self.wait = (wait * 2).min(LONGEST_WAIT);
                    match self.count_down(Arc::new(error), wait).await {
                        Next::Again => continue,
                        Next::Off => (self.on)(Event::Off),
                        Next::Dropped => return,
                    }
                }
                End::Off => {
                    // So that the next word of it running is news, whoever hears first.
                    self.running = Some(false);
                    (self.on)(Event::Off);
                }
                End::Failed(error) => (self.on)(Event::Failed(error)),
                End::Password { wrong_before } => (self.on)(Event::PasswordWanted { wrong_before }),
            }
            self.wait = 1;
            loop {
                match self.next_command().await {
                    Next::Again => break,
                    Next::Off => (self.on)(Event::Off),
                    Next::Dropped => return,
                }
            }
        }
    }

    /// One try: from finding the display to its loss.
    async fn once(&mut self) -> End {
        let (locate, password) = (Arc::clone(&self.locate), self.password.clone());
        let reach = async move {
            let located = tokio::task::spawn_blocking(move || locate()).await;
            let display = match located {
                Ok(Ok(Some(display))) => display,
                Ok(Ok(None)) => return Err(End::Off),
                Ok(Err(error)) => return Err(ended(error)),
                // It panicked, which was printed.
                Err(_) => return Err(End::Lost(Error::Fault)),
            };
            let local = display.is_local();
            let stream = display.connect().await.map_err(|e| ended(e.into()))?;
            match vnc::open(stream, password.as_ref(), local).await {
                Ok(Opened::Live(link)) => Ok(link),
                Ok(Opened::PasswordWanted) => Err(End::Password { wrong_before: password.is_some() }),
                Err(error) => Err(ended(error.into())),
            }
        };
        match self.meanwhile(reach).await {
            None => End::Dropped,
            Some(Err(end)) => end,
            Some(Ok(link)) => match self.show(&link).await {
                Ok(()) => End::Dropped,
                Err(error) => ended(error.into()),
            },
        }
    }

    /// Waits for `work` and takes commands meanwhile; input has nowhere to go. `None` if the owner is gone.
    async fn meanwhile<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                command = self.commands.recv() => { self.note(&command?); }
                done = &mut work => return Some(done),
            }
        }
    }

    /// Remembers what a command says; true if it is a reason to try now.
    fn note(&mut self, command: &Command) -> bool {
        match command {
            Command::Visible(visible) => self.visible = *visible,
            Command::Running(running) => return self.running.replace(*running) != Some(*running) && *running,
            Command::Password(password) => self.password = Some(password.clone()),
            Command::Reconnect => {}
            Command::Key { .. } | Command::Pointer { .. } | Command::Clipboard(_) => return false,
        }
        matches!(command, Command::Password(_) | Command::Reconnect)
    }

    /// Waits for a command that changes something.
    async fn next_command(&mut self) -> Next {
        loop {
            let Some(command) = self.commands.recv().await else { return Next::Dropped };
            let was_running = self.running;
            if self.note(&command) {
                return Next::Again;
            }
            if matches!(command, Command::Running(false)) && was_running != Some(false) {
                return Next::Off;
            }
        }
    }

    async fn count_down(&mut self, reason: Arc<Error>, wait: u32) -> Next {
        for retry_in in (1..=wait).rev() {
            (self.on)(Event::Lost { reason: Arc::clone(&reason), retry_in });
            let second = Instant::now() + Duration::from_secs(1);
            tokio::select! {
                next = self.next_command() => return next,
                () = sleep_until(second) => {}
            }
        }
        Next::Again
    }

    /// Keeps the picture fresh until the display is lost; `Ok` when the owner is gone.
    async fn show(&mut self, link: &Link) -> Result<(), DisplayError> {
        let mut picture = Picture::default();
        loop {
            let due = picture.due();
            tokio::select! {
                biased;
                command = self.commands.recv() => match command {
                    None => return Ok(()),
                    Some(command) => self.obey(link, &mut picture, command).await?,
                },
                () = async { match due { Some(due) => sleep_until(due).await, None => std::future::pending().await } } => {
                    (self.on)(Event::Damage(picture.damage.take()));
                    if picture.is_quiet() {
                        picture.last = None;
                        self.ask(link, &mut picture).await?;
                    }
                }
                // Dropping this future when another branch wins also frees the lock that sending needs.
                message = link.next() => self.draw(link, &mut picture, message?).await?,
            }
        }
    }

    /// Asks for what changes from now on, unless nobody looks.
    async fn ask(&self, link: &Link, picture: &mut Picture) -> Result<(), DisplayError> {
        picture.asked = self.visible;
        if self.visible { link.refresh(false).await } else { Ok(()) }
    }

    async fn obey(&mut self, link: &Link, picture: &mut Picture, command: Command) -> Result<(), DisplayError> {
        match command {
            Command::Key { keysym, down } => link.key(keysym, down).await,
            Command::Pointer { x, y, buttons } => {
                let (x, y) = (x.min(picture.width.saturating_sub(1)), y.min(picture.height.saturating_sub(1)));
                link.pointer(x, y, buttons).await
            }
            Command::Clipboard(text) => link.clipboard(text).await,
            command => {
                self.note(&command);
                if self.visible && !picture.asked && picture.last.is_none() {
                    return self.ask(link, picture).await;
                }
                Ok(())
            }
        }
    }

    async fn draw(&mut self, link: &Link, picture: &mut Picture, message: Message) -> Result<(), DisplayError> {
        let changed = match message {
            Message::Size { width, height } => {
                self.lock().resize(width, height)?;
                // The library asks for the first picture itself.
                let first = picture.width == 0;
                *picture = Picture { width, height, asked: true, ..Picture::default() };
                picture.missing = Missing::all(Rect::new(0, 0, width, height));
                (self.on)(Event::Resized { width, height });
                return if first { Ok(()) } else { link.refresh(true).await };
            }
            Message::Pixels(rect, data) => self.lock().put(rect, &data)?,
            Message::Copy { to, from } => self.lock().copy(to, from),
            Message::Cursor(cursor) => {
                (self.on)(Event::Cursor(cursor));
                None
            }
            Message::Clipboard(text) => {
                (self.on)(Event::Clipboard(text));
                None
            }
            Message::Nothing => None,
        };
        if let Some(rect) = changed {
            picture.add(rect);
            if picture.missing.came(&rect) {
                self.wait = 1;
                (self.on)(Event::Damage(picture.damage.take()));
                (self.on)(Event::Complete);
            }
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Framebuffer> {
        self.screen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What to do after waiting.
enum Next {
    Again,
    Off,
    Dropped,
}

/// The picture's state while a link is up.
#[derive(Default)]
struct Picture {
    width: u32,
    height: u32,
    damage: Damage,
    missing: Missing,
    /// When the first and the last rectangle came that are not shown or not answered yet.
    first: Option<Instant>,
    last: Option<Instant>,
    /// A request is out.
    asked: bool,
}

impl Picture {
    fn add(&mut self, rect: Rect) {
        let now = Instant::now();
        if self.damage.is_empty() {
            self.first = Some(now);
        }
        self.last = Some(now);
        self.damage.add(rect);
    }

    /// When something is to be shown or asked for.
    fn due(&self) -> Option<Instant> {
        let quiet = self.last? + QUIET;
        Some(match self.first {
            Some(first) if !self.damage.is_empty() => quiet.min(first + SHOW_BY),
            _ => quiet,
        })
    }

    fn is_quiet(&self) -> bool {
        self.last.is_some_and(|last| last.elapsed() >= QUIET)
    }
}

/// Whether it is worth to try again by itself.
fn ended(error: Error) -> End {
    match &error {
        Error::Display(
            DisplayError::NoAnswer(_) | DisplayError::Closed | DisplayError::Protocol(_) | DisplayError::Refused(_),
        ) => End::Lost(error),
        Error::Display(_) | Error::Unsupported(_) => End::Failed(error),
        _ => End::Lost(error),
    }
}
