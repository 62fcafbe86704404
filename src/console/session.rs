//! The display session: input events in, damage out. It knows no protocol: that is `rfb`'s.
use std::sync::{Arc, Mutex};

use tokio::sync::mpsc;

use crate::console::Cursor;
use crate::console::framebuffer::{Framebuffer, Rect};
use crate::console::target::{self, Display};
use crate::console::worker::{Command, Worker};
use crate::domain::{DomainKey, State};
use crate::host::Host;
use crate::secret::Secret;
use crate::{Error, Result};

/// What the session tells its view, in order, from a worker thread.
#[derive(Debug)]
pub enum Event {
    /// The display is being reached.
    Connecting,
    /// The screen's size is known, or it changed. What was on it stays (as far as it fits) until it is drawn anew.
    Resized { width: u32, height: u32 },
    /// These parts of the framebuffer changed (already merged).
    Damage(Vec<Rect>),
    /// Since the display was reached (or got its new size), every pixel has come once: this is a whole picture.
    Complete,
    /// The pointer's shape; `None`: the guest hides it. Never sent by displays that draw it into the picture.
    Cursor(Option<Cursor>),
    /// The display wants its password: answer with [`Session::password`].
    PasswordWanted { wrong_before: bool },
    /// Connection lost (guest reboot, link): the next try comes after this many seconds. The last picture stays.
    /// Comes again each second, as a countdown.
    Lost { reason: Arc<Error>, retry_in: u32 },
    /// The machine is off: nothing to show, nothing is tried until [`Session::reconnect`], or until
    /// [`Session::domain_state`] hears that it runs.
    Off,
    /// It can't work (no VNC display…): nothing is tried until [`Session::reconnect`], or until the machine starts anew.
    Failed(Error),
    /// The guest's clipboard.
    Clipboard(String),
}

/// A live display. Dropping it ends the session: its thread and its socket go at once, without waiting.
pub struct Session {
    screen: Arc<Mutex<Framebuffer>>,
    commands: mpsc::UnboundedSender<Command>,
}

impl Session {
    /// Begins to reach the machine's display in the background; `on` gets each [`Event`].
    pub fn open(host: Host, key: DomainKey, on: impl Fn(Event) + Send + Sync + 'static) -> Self {
        Self::open_display(move || target::locate(&host, key.domain), on)
    }

    /// The same for a display that is found otherwise. `locate` may block; it is asked before each try to connect, and
    /// `None` means that the machine is off.
    pub fn open_display(
        locate: impl Fn() -> Result<Option<Display>> + Send + Sync + 'static,
        on: impl Fn(Event) + Send + Sync + 'static,
    ) -> Self {
        let screen = Arc::new(Mutex::new(Framebuffer::default()));
        let (commands, received) = mpsc::unbounded_channel();
        let on: Arc<dyn Fn(Event) + Send + Sync> = Arc::new(on);
        let worker = Worker::new(Arc::new(locate), Arc::clone(&on), Arc::clone(&screen), received);
        let thread = std::thread::Builder::new().name("display".into()).spawn(move || worker.run());
        if let Err(error) = thread {
            on(Event::Failed(Error::Thread(error)));
        }
        Self { screen, commands }
    }

    /// The pixels; lock it briefly, to copy out what a damage event named.
    pub fn framebuffer(&self) -> Arc<Mutex<Framebuffer>> {
        Arc::clone(&self.screen)
    }

    /// A key, by X11 keysym and, where known, the hardware key code (XT scan code set 1 as QEMU wants it).
    /// Where the display takes key codes, the keysym is only for those keys that have none: see
    /// [`scancode`](crate::console::scancode).
    pub fn key(&self, keysym: u32, scancode: Option<u16>, down: bool) {
        self.send(Command::Key { keysym, scancode, down });
    }

    /// Pointer position in guest pixels and RFB's button mask.
    pub fn pointer(&self, x: u32, y: u32, buttons: u8) {
        self.send(Command::Pointer { x, y, buttons });
    }

    /// Answers [`Event::PasswordWanted`]. It is kept in memory for reconnects, until this session ends.
    pub fn password(&self, password: Secret) {
        self.send(Command::Password(password));
    }

    /// Sends our clipboard.
    pub fn clipboard(&self, text: &str) {
        self.send(Command::Clipboard(text.to_owned()));
    }

    /// Tries again at once.
    pub fn reconnect(&self) {
        self.send(Command::Reconnect);
    }

    /// What the inventory says about the machine: a start wakes a session that had nothing to show, and an end saves a
    /// lost one from trying.
    pub fn domain_state(&self, state: State) {
        if state != State::Unknown {
            self.send(Command::Running(state.is_active()));
        }
    }

    /// A hidden view stops asking for updates.
    pub fn set_visible(&self, visible: bool) {
        self.send(Command::Visible(visible));
    }

    fn send(&self, command: Command) {
        // A worker that has ended has said why; there is nobody to tell.
        let _ = self.commands.send(command);
    }
}
