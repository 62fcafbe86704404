//! The loop behind libvirt's events, in a thread of its own.
#![allow(unsafe_code)]
//!
//! libvirt's default loop stands on GLib's default main context. In a GTK program that context belongs to the window's
//! thread, which would then read every host's socket and miss keepalives whenever it is busy. This one is poll(2) and a
//! few timers, by the contract of <https://libvirt.org/html/libvirt-libvirt-event.html>.
use std::ffi::{c_int, c_void};
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use virt_sys as sys;

/// A callback's argument. libvirt means it to be given to its callbacks on the loop's thread.
#[derive(Clone, Copy)]
struct Opaque(*mut c_void);
// SAFETY: it is only carried, never looked into; libvirt's own objects behind it have their locks.
unsafe impl Send for Opaque {}

struct Handle {
    watch: c_int,
    fd: c_int,
    events: c_int,
    call: sys::virEventHandleCallback,
    opaque: Opaque,
    free: sys::virFreeCallback,
}

struct Timer {
    id: c_int,
    /// `None` while it is switched off.
    every: Option<Duration>,
    due: Option<Instant>,
    call: sys::virEventTimeoutCallback,
    opaque: Opaque,
    free: sys::virFreeCallback,
}

#[derive(Default)]
struct State {
    last: c_int,
    handles: Vec<Handle>,
    timers: Vec<Timer>,
    /// Arguments of what was removed, to be freed by the loop: not while their callbacks may run.
    garbage: Vec<(sys::virFreeCallback, Opaque)>,
}

struct Loop {
    state: Mutex<State>,
    wake: UnixStream,
}

/// How long the loop waits after poll(2) itself failed.
const PAUSE: Duration = Duration::from_millis(50);

static LOOP: OnceLock<Loop> = OnceLock::new();

/// Changes the state, then wakes the loop so that it looks again.
fn change<T>(with: impl FnOnce(&mut State) -> T) -> Option<T> {
    let it = LOOP.get()?;
    let out = with(&mut it.state.lock().unwrap_or_else(PoisonError::into_inner));
    // A full pipe wakes it just as well.
    let _ = (&it.wake).write(&[0]);
    Some(out)
}

/// Takes libvirt's events over. Call it once, before the first connection; then run [`run`] in a thread.
pub(super) fn register() -> std::io::Result<UnixStream> {
    let (wake, woken) = UnixStream::pair()?;
    wake.set_nonblocking(true)?;
    woken.set_nonblocking(true)?;
    if LOOP.set(Loop { state: Mutex::default(), wake }).is_ok() {
        // SAFETY: the functions live as long as the program, and keep libvirt's contract.
        unsafe {
            sys::virEventRegisterImpl(
                Some(add_handle),
                Some(update_handle),
                Some(remove_handle),
                Some(add_timer),
                Some(update_timer),
                Some(remove_timer),
            );
        }
    }
    Ok(woken)
}

/// Waits and calls, for ever.
pub(super) fn run(mut woken: UnixStream) {
    let Some(it) = LOOP.get() else { return };
    loop {
        let (mut fds, watches, wait, garbage) = prepare(&it.state, woken.as_raw_fd());
        for (free, opaque) in garbage {
            if let Some(free) = free {
                // SAFETY: libvirt gave this function for this argument, and its handle or timer is gone.
                unsafe { free(opaque.0) };
            }
        }
        // SAFETY: the array is ours and as long as we say.
        if unsafe { libc::poll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, wait) } < 0 {
            // A signal, or no memory for now: nothing is known of any handle.
            std::thread::sleep(PAUSE);
            continue;
        }
        let _ = woken.read(&mut [0; 256]);
        for (watch, polled) in watches.into_iter().zip(fds.iter().skip(1)) {
            fire_handle(&it.state, watch, from_poll(polled.revents));
            if polled.revents & libc::POLLNVAL != 0 {
                forget_closed(&it.state, watch, polled.fd);
            }
        }
        fire_timers(&it.state);
    }
}

/// A descriptor that was closed under a handle makes poll(2) return at once, for ever: nobody waits for it any more.
fn forget_closed(state: &Mutex<State>, watch: c_int, fd: c_int) {
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = state.handles.iter_mut().find(|h| h.watch == watch && h.fd == fd) {
        handle.events = 0;
    }
}

type Prepared = (Vec<libc::pollfd>, Vec<c_int>, c_int, Vec<(sys::virFreeCallback, Opaque)>);

/// What to poll (the wake-up first), for how many milliseconds, and what to free before.
fn prepare(state: &Mutex<State>, woken: c_int) -> Prepared {
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    let mut fds = vec![libc::pollfd { fd: woken, events: libc::POLLIN, revents: 0 }];
    let mut watches = Vec::new();
    for handle in state.handles.iter().filter(|h| h.events != 0) {
        fds.push(libc::pollfd { fd: handle.fd, events: to_poll(handle.events), revents: 0 });
        watches.push(handle.watch);
    }
    let wait = state.timers.iter().filter_map(|t| t.due).min().map_or(-1, |due| {
        let left = due.saturating_duration_since(Instant::now());
        // Rounded up, or the loop would spin through the last millisecond.
        c_int::try_from(left.as_micros().div_ceil(1_000)).unwrap_or(c_int::MAX)
    });
    (fds, watches, wait, std::mem::take(&mut state.garbage))
}

fn fire_handle(state: &Mutex<State>, watch: c_int, events: c_int) {
    // Looked up anew: an earlier callback of this round may have removed it.
    let found = {
        let state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.handles.iter().find(|h| h.watch == watch).map(|h| (h.call, h.fd, h.events, h.opaque))
    };
    let broken = (sys::VIR_EVENT_HANDLE_ERROR | sys::VIR_EVENT_HANDLE_HANGUP) as c_int;
    let Some((Some(call), fd, wanted, opaque)) = found else { return };
    // An earlier callback of this round may have changed what is wanted; nothing wanted means not even a hang-up.
    let events = events & (wanted | broken);
    if wanted != 0 && events != 0 {
        // SAFETY: libvirt gave this function for this argument; its argument is freed by this thread only.
        unsafe { call(watch, fd, events, opaque.0) };
    }
}

fn fire_timers(state: &Mutex<State>) {
    let now = Instant::now();
    let due: Vec<c_int> = {
        let state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.timers.iter().filter(|t| t.due.is_some_and(|due| due <= now)).map(|t| t.id).collect()
    };
    for id in due {
        let found = {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            // Looked up anew: an earlier callback may have removed it, switched it off or put it off.
            let timer = state.timers.iter_mut().find(|t| t.id == id && t.due.is_some_and(|due| due <= now));
            timer.map(|timer| {
                timer.due = timer.every.map(|every| now + every);
                (timer.call, timer.opaque)
            })
        };
        if let Some((Some(call), opaque)) = found {
            // SAFETY: as in `fire_handle`.
            unsafe { call(id, opaque.0) };
        }
    }
}

fn to_poll(events: c_int) -> i16 {
    let has = |flag: sys::virEventHandleType| events & flag as c_int != 0;
    let mut poll = 0;
    if has(sys::VIR_EVENT_HANDLE_READABLE) {
        poll |= libc::POLLIN;
    }
    if has(sys::VIR_EVENT_HANDLE_WRITABLE) {
        poll |= libc::POLLOUT;
    }
    poll
}

fn from_poll(poll: i16) -> c_int {
    let pairs = [
        (libc::POLLIN, sys::VIR_EVENT_HANDLE_READABLE),
        (libc::POLLOUT, sys::VIR_EVENT_HANDLE_WRITABLE),
        (libc::POLLERR | libc::POLLNVAL, sys::VIR_EVENT_HANDLE_ERROR),
        (libc::POLLHUP, sys::VIR_EVENT_HANDLE_HANGUP),
    ];
    pairs.into_iter().filter(|(bit, _)| poll & bit != 0).fold(0, |all, (_, flag)| all | flag as c_int)
}

fn every(milliseconds: c_int) -> Option<Duration> {
    u64::try_from(milliseconds).ok().map(Duration::from_millis)
}

unsafe extern "C" fn add_handle(
    fd: c_int,
    events: c_int,
    call: sys::virEventHandleCallback,
    opaque: *mut c_void,
    free: sys::virFreeCallback,
) -> c_int {
    let opaque = Opaque(opaque);
    let add = |state: &mut State| {
        state.last += 1;
        state.handles.push(Handle { watch: state.last, fd, events, call, opaque, free });
        state.last
    };
    change(add).unwrap_or(-1)
}

unsafe extern "C" fn update_handle(watch: c_int, events: c_int) {
    change(|state| {
        if let Some(handle) = state.handles.iter_mut().find(|h| h.watch == watch) {
            handle.events = events;
        }
    });
}

unsafe extern "C" fn remove_handle(watch: c_int) -> c_int {
    let remove = |state: &mut State| {
        let at = state.handles.iter().position(|h| h.watch == watch)?;
        let gone = state.handles.swap_remove(at);
        state.garbage.push((gone.free, gone.opaque));
        Some(0)
    };
    change(remove).flatten().unwrap_or(-1)
}

unsafe extern "C" fn add_timer(
    milliseconds: c_int,
    call: sys::virEventTimeoutCallback,
    opaque: *mut c_void,
    free: sys::virFreeCallback,
) -> c_int {
    let opaque = Opaque(opaque);
    let add = |state: &mut State| {
        state.last += 1;
        let every = every(milliseconds);
        let due = every.map(|every| Instant::now() + every);
        state.timers.push(Timer { id: state.last, every, due, call, opaque, free });
        state.last
    };
    change(add).unwrap_or(-1)
}

unsafe extern "C" fn update_timer(id: c_int, milliseconds: c_int) {
    change(|state| {
        if let Some(timer) = state.timers.iter_mut().find(|t| t.id == id) {
            timer.every = every(milliseconds);
            timer.due = timer.every.map(|every| Instant::now() + every);
        }
    });
}

unsafe extern "C" fn remove_timer(id: c_int) -> c_int {
    let remove = |state: &mut State| {
        let at = state.timers.iter().position(|t| t.id == id)?;
        let gone = state.timers.swap_remove(at);
        state.garbage.push((gone.free, gone.opaque));
        Some(0)
    };
    change(remove).flatten().unwrap_or(-1)
}

#[cfg(test)]
mod tests;
