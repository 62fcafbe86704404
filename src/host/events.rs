//! libvirt's events: one loop thread for the whole process, and callbacks that only copy and send.
#![allow(unsafe_code)]
use std::ffi::{c_char, c_int, c_uint, c_ulonglong, c_void};
use std::io;
use std::sync::OnceLock;
use std::thread;

use uuid::Uuid;
use virt::connect::Connect;
use virt_sys as sys;

use super::{Cause, event_loop};
use crate::domain::DomainId;
use crate::{Error, Result};

/// What a link reports by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// Something about this machine changed: read it again.
    Domain(DomainId),
    /// The link was closed from the other side, or does not answer keepalives.
    Closed(CloseReason),
}

/// virConnectCloseReason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CloseReason {
    Error,
    EndOfFile,
    Keepalive,
    Client,
}

impl From<CloseReason> for Cause {
    fn from(reason: CloseReason) -> Self {
        match reason {
            CloseReason::Error => Self::Broken,
            CloseReason::EndOfFile => Self::Closed,
            CloseReason::Keepalive => Self::Silent,
            CloseReason::Client => Self::ClosedHere,
        }
    }
}

/// Initializes libvirt and starts its event loop, once per process; must come before the first open.
pub fn start_loop() -> Result<()> {
    static STARTED: OnceLock<Option<(io::ErrorKind, String)>> = OnceLock::new();
    let words = |error: io::Error| (error.kind(), error.to_string());
    let failure = STARTED.get_or_init(|| {
        // Or libvirt prints each error on stderr.
        virt::error::clear_error_callback();
        let woken = match event_loop::register() {
            Ok(woken) => woken,
            Err(error) => return Some(words(error)),
        };
        let run = move || event_loop::run(woken);
        thread::Builder::new().name("libvirt-events".into()).spawn(run).err().map(words)
    });
    failure.clone().map_or(Ok(()), |(kind, words)| Err(Error::Thread(io::Error::new(kind, words))))
}

type Sink = Box<dyn Fn(Event) + Send + Sync>;

/// The callbacks registered on a link. Dropping it takes them back, which may call the daemon: drop it in a lane or by
/// [`super::lane::dispose`]. libvirt holds a reference on the link for each, so a link with callbacks never closes.
pub(super) struct Registration {
    link: Connect,
    ids: Vec<c_int>,
    close: bool,
    /// Whether the driver tells when machines start and stop; if not, they must be polled.
    pub lifecycle: bool,
}

impl Registration {
    /// Asks for all events that change what we show. `on` runs on the loop thread: it must not block.
    pub(super) fn new(link: &Connect, on: impl Fn(Event) + Clone + Send + Sync + 'static) -> Self {
        let mut this = Self { link: link.clone(), ids: Vec::new(), close: false, lifecycle: false };
        let opaque = opaque(on.clone());
        // SAFETY: `on_close` matches the type; libvirt frees `opaque` by `free_sink` when it takes it.
        let taken =
            unsafe { sys::virConnectRegisterCloseCallback(link.as_ptr(), Some(on_close), opaque, Some(free_sink)) };
        this.close = taken == 0;
        if !this.close {
            // SAFETY: libvirt did not take it, so it is still ours alone.
            unsafe { free_sink(opaque) };
        }
        this.lifecycle = this.register(sys::VIR_DOMAIN_EVENT_ID_LIFECYCLE, callback_i_i(on_lifecycle), on.clone());
        let others = [
            (sys::VIR_DOMAIN_EVENT_ID_REBOOT, Some(on_plain as Plain)),
            (sys::VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE, callback_u(on_balloon)),
            (sys::VIR_DOMAIN_EVENT_ID_DEVICE_ADDED, callback_s(on_text)),
            (sys::VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, callback_s(on_text)),
            (sys::VIR_DOMAIN_EVENT_ID_TRAY_CHANGE, callback_s_i(on_text_number)),
            (sys::VIR_DOMAIN_EVENT_ID_METADATA_CHANGE, callback_i_s(on_number_text)),
            (sys::VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE, callback_i_i_void(on_numbers)),
            (sys::VIR_DOMAIN_EVENT_ID_JOB_COMPLETED, callback_job(on_job)),
        ];
        for (id, callback) in others {
            this.register(id, callback, on.clone());
        }
        this
    }

    fn register(&mut self, id: c_uint, callback: Option<Plain>, on: impl Fn(Event) + Send + Sync + 'static) -> bool {
        let opaque = opaque(on);
        let id = c_int::try_from(id).unwrap_or(-1);
        // SAFETY: the callback has the signature that libvirt documents for this event id (see the casts below); a null
        // domain means all; libvirt frees `opaque` by `free_sink` when it takes it.
        let number = unsafe {
            let (link, all) = (self.link.as_ptr(), std::ptr::null_mut());
            sys::virConnectDomainEventRegisterAny(link, all, id, callback, opaque, Some(free_sink))
        };
        if number < 0 {
            // SAFETY: libvirt did not take it, so it is still ours alone.
            unsafe { free_sink(opaque) };
            return false;
        }
        self.ids.push(number);
        true
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        for id in &self.ids {
            // SAFETY: an id that this link gave us and that we take back once. On a dead link it fails, harmlessly.
            unsafe { sys::virConnectDomainEventDeregisterAny(self.link.as_ptr(), *id) };
        }
        if self.close {
            // SAFETY: this callback was registered on this link.
            unsafe { sys::virConnectUnregisterCloseCallback(self.link.as_ptr(), Some(on_close)) };
        }
    }
}

fn opaque(on: impl Fn(Event) + Send + Sync + 'static) -> *mut c_void {
    let sink: Sink = Box::new(on);
    Box::into_raw(Box::new(sink)).cast()
}

unsafe extern "C" fn free_sink(opaque: *mut c_void) {
    // SAFETY: made by `opaque`, and libvirt calls this once, after the last callback.
    drop(unsafe { Box::from_raw(opaque.cast::<Sink>()) });
}

/// # Safety
/// `opaque` was made by [`opaque`] and not freed.
unsafe fn send(opaque: *mut c_void, event: Event) {
    // SAFETY: as promised by the caller.
    let sink = unsafe { &*opaque.cast::<Sink>() };
    // A panic must not cross into C.
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| sink(event)));
}

/// # Safety
/// `domain` is a live handle for the call, `opaque` as in [`send`].
unsafe fn changed(domain: sys::virDomainPtr, opaque: *mut c_void) {
    let mut uuid = [0; 16];
    // SAFETY: the UUID is kept in the handle (no call goes out), and the buffer has VIR_UUID_BUFLEN bytes.
    if unsafe { sys::virDomainGetUUID(domain, uuid.as_mut_ptr()) } == 0 {
        // SAFETY: as promised by the caller.
        unsafe { send(opaque, Event::Domain(DomainId(Uuid::from_bytes(uuid)))) };
    }
}

/// libvirt takes every callback as this type and calls it with the arguments of its event.
type Plain = unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, *mut c_void);

/// Defines a callback for one argument list, and the cast by which libvirt takes it.
macro_rules! event {
    ($callback:ident, $cast:ident, ($($argument:ty),*) $(-> $result:ty = $value:expr)?) => {
        unsafe extern "C" fn $callback(
            _: sys::virConnectPtr, domain: sys::virDomainPtr, $(_: $argument,)* opaque: *mut c_void,
        ) $(-> $result)? {
            // SAFETY: libvirt calls it with a live domain and the opaque pointer that was registered.
            unsafe { changed(domain, opaque) };
            $($value)?
        }
        fn $cast(
            callback: unsafe extern "C" fn(sys::virConnectPtr, sys::virDomainPtr, $($argument,)* *mut c_void) $(-> $result)?,
        ) -> Option<Plain> {
            // SAFETY: what VIR_DOMAIN_EVENT_CALLBACK does: libvirt calls it by its event's own signature.
            Some(unsafe { std::mem::transmute::<*const (), Plain>(callback as *const ()) })
        }
    };
}

event!(on_lifecycle, callback_i_i, (c_int, c_int) -> c_int = 0);
event!(on_numbers, callback_i_i_void, (c_int, c_int));
event!(on_balloon, callback_u, (c_ulonglong));
event!(on_text, callback_s, (*const c_char));
event!(on_text_number, callback_s_i, (*const c_char, c_int));
event!(on_number_text, callback_i_s, (c_int, *const c_char));
event!(on_job, callback_job, (sys::virTypedParameterPtr, c_int));

unsafe extern "C" fn on_plain(_: sys::virConnectPtr, domain: sys::virDomainPtr, opaque: *mut c_void) {
    // SAFETY: libvirt calls it with a live domain and the opaque pointer that was registered.
    unsafe { changed(domain, opaque) };
}

unsafe extern "C" fn on_close(_: sys::virConnectPtr, reason: c_int, opaque: *mut c_void) {
    let reason = match u32::try_from(reason).unwrap_or_default() {
        sys::VIR_CONNECT_CLOSE_REASON_EOF => CloseReason::EndOfFile,
        sys::VIR_CONNECT_CLOSE_REASON_KEEPALIVE => CloseReason::Keepalive,
        sys::VIR_CONNECT_CLOSE_REASON_CLIENT => CloseReason::Client,
        _ => CloseReason::Error,
    };
    // SAFETY: the opaque pointer that was registered.
    unsafe { send(opaque, Event::Closed(reason)) };
}
