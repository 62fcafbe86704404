//! The display session: input events in, damage out. It knows no crate; the binding to one lives in a file of its own.
use std::sync::{Arc, Mutex};

use crate::Error;
use crate::console::framebuffer::{Framebuffer, Rect};
use crate::domain::DomainKey;
use crate::host::Host;
use crate::secret::Secret;

/// What the session tells its view, in order, from a worker thread.
#[derive(Debug)]
pub enum Event {
    /// The display is being reached.
    Connecting,
    /// The first picture is there; or the screen changed its size.
    Resized { width: u32, height: u32 },
    /// These parts of the framebuffer changed (already merged).
    Damage(Vec<Rect>),
    /// The display wants its password: answer with [`Session::password`].
    PasswordWanted { wrong_before: bool },
    /// Connection lost (guest reboot, link): the next try comes after this many seconds. The last picture stays.
    Lost { reason: String, retry_in: u32 },
    /// The machine is off: nothing to show, nothing is tried until [`Session::reconnect`].
    Off,
    /// It can't work (no VNC display…): nothing is tried until [`Session::reconnect`].
    Failed(Error),
    /// The guest's clipboard.
    Clipboard(String),
}

/// A live display. Dropping it ends the session.
pub struct Session {}

impl Session {
    /// Begins to reach the machine's display in the background; `on` gets each [`Event`].
    pub fn open(host: Host, key: DomainKey, on: impl Fn(Event) + Send + Sync + 'static) -> Self {
        let _ = (host, key, on);
        Self {}
    }

    /// The pixels; lock it briefly, to copy out what a damage event named.
    pub fn framebuffer(&self) -> Arc<Mutex<Framebuffer>> {
        Arc::default()
    }

    /// A key, by X11 keysym and, where known, the hardware key code (XT scan code set 1 as QEMU wants it).
    pub fn key(&self, keysym: u32, scancode: Option<u16>, down: bool) {
        let _ = (keysym, scancode, down);
    }

    /// Pointer position in guest pixels and RFB's button mask.
    pub fn pointer(&self, x: u32, y: u32, buttons: u8) {
        let _ = (x, y, buttons);
    }

    /// Answers [`Event::PasswordWanted`].
    pub fn password(&self, password: Secret) {
        let _ = password;
    }

    /// Sends our clipboard.
    pub fn clipboard(&self, text: &str) {
        let _ = text;
    }

    /// Tries again at once.
    pub fn reconnect(&self) {}

    /// A hidden view stops asking for updates.
    pub fn set_visible(&self, visible: bool) {
        let _ = visible;
    }
}
