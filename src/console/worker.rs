//! The life of a display session on its own threads: reach, log in, keep the picture fresh, lose it, try again.
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::console::DisplayError;
use crate::console::flow::Flow;
use crate::console::framebuffer::Framebuffer;
use crate::console::rfb::{self, Link, Message, Opened};
use crate::console::session::Event;
use crate::console::target::Display;
use crate::secret::Secret;
use crate::{Error, Result};

/// The longest wait between two tries, in seconds.
const LONGEST_WAIT: u32 = 8;

/// What the session's owner wants.
#[derive(Debug)]
pub(super) enum Command {
    Key { keysym: u32, scancode: Option<u16>, down: bool },
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
        // One thread more, to decode on: a key is sent while a large picture is still being unpacked.
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        match runtime.worker_threads(1).thread_name("display-decode").enable_all().build() {
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
        let screen = Arc::clone(&self.screen);
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
            match rfb::open(stream, password.as_ref(), local, &screen).await {
                Ok(Opened::Live(link)) => Ok(link),
                Ok(Opened::PasswordWanted) => Err(End::Password { wrong_before: password.is_some() }),
                Err(error) => Err(ended(error.into())),
            }
        };
        match self.meanwhile(reach).await {
            None => End::Dropped,
            Some(Err(end)) => end,
            Some(Ok(link)) => match self.show(link).await {
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
    async fn show(&mut self, mut link: Link) -> Result<(), DisplayError> {
        let mut flow = Flow::default();
        loop {
            let due = flow.due;
            tokio::select! {
                biased;
                command = self.commands.recv() => match command {
                    None => return Ok(()),
                    Some(command) => self.obey(&mut link, &mut flow, command).await?,
                },
                () = async { match due { Some(due) => sleep_until(due).await, None => std::future::pending().await } } => {
                    flow.next(&mut link, self.visible).await?;
                }
                message = link.next() => self.hear(&mut link, &mut flow, message?).await?,
            }
        }
    }

    async fn obey(&mut self, link: &mut Link, flow: &mut Flow, command: Command) -> Result<(), DisplayError> {
        match command {
            Command::Key { keysym, scancode, down } => link.output.key(keysym, scancode, down).await,
            Command::Pointer { x, y, buttons } => {
                let (x, y) = (x.min(flow.width.saturating_sub(1)), y.min(flow.height.saturating_sub(1)));
                link.output.pointer(x, y, buttons).await
            }
            Command::Clipboard(text) => link.output.clipboard(&text).await,
            command => {
                self.note(&command);
                flow.see(link, self.visible).await
            }
        }
    }

    async fn hear(&mut self, link: &mut Link, flow: &mut Flow, message: Message) -> Result<(), DisplayError> {
        match message {
            Message::Size { width, height } => {
                (self.on)(Event::Resized { width, height });
                return flow.resize(link, self.visible, width, height).await;
            }
            Message::Drawn { damage, complete } => {
                (self.on)(Event::Damage(damage));
                if complete {
                    self.wait = 1;
                    (self.on)(Event::Complete);
                }
            }
            Message::UpdateEnd => return flow.next(link, self.visible).await,
            Message::Continuous => return flow.offered(link, self.visible).await,
            Message::ExtendedKeys => link.output.extend_keys(),
            Message::Fence { flags, payload } => return link.output.fence(flags, &payload).await,
            Message::Cursor(cursor) => (self.on)(Event::Cursor(cursor)),
            Message::Clipboard(text) => (self.on)(Event::Clipboard(text)),
        }
        Ok(())
    }
}

/// What to do after waiting.
enum Next {
    Again,
    Off,
    Dropped,
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
