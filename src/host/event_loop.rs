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
        unsafe { libc::poll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, wait) };
        let _ = woken.read(&mut [0; 256]);
        for (watch, polled) in watches.into_iter().zip(fds.iter().skip(1)) {
            fire_handle(&it.state, watch, from_poll(polled.revents));
        }
        fire_timers(&it.state);
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
mod tests {
    use super::*;
    use std::sync::mpsc;

    unsafe extern "C" fn fired(_: c_int, opaque: *mut c_void) {
        // SAFETY: the test gave a sender that lives for ever.
        let told = unsafe { &*opaque.cast::<mpsc::Sender<&'static str>>() };
        let _ = told.send("fired");
    }

    unsafe extern "C" fn readable(_: c_int, _: c_int, events: c_int, opaque: *mut c_void) {
        // SAFETY: as above.
        let told = unsafe { &*opaque.cast::<mpsc::Sender<&'static str>>() };
        let is = events & sys::VIR_EVENT_HANDLE_READABLE as c_int != 0;
        let _ = told.send(if is { "readable" } else { "broken" });
    }

    unsafe extern "C" fn freed(opaque: *mut c_void) {
        // SAFETY: as above.
        let told = unsafe { &*opaque.cast::<mpsc::Sender<&'static str>>() };
        let _ = told.send("freed");
    }

    /// Removes itself, as libvirt does when a link closes within its own callback.
    unsafe extern "C" fn leaves(id: c_int, opaque: *mut c_void) {
        // SAFETY: as above; its id is that of a timer.
        unsafe {
            assert_eq!(sys::virEventRemoveTimeout(id), 0);
            fired(id, opaque);
        }
    }

    unsafe extern "C" fn leaves_reading(watch: c_int, fd: c_int, events: c_int, opaque: *mut c_void) {
        // SAFETY: as above; its watch is that of a handle.
        unsafe {
            assert_eq!(sys::virEventRemoveHandle(watch), 0);
            readable(watch, fd, events, opaque);
        }
    }

    #[test]
    fn what_leaves_in_its_own_callback_is_freed_once_and_afterwards() {
        crate::host::events::start_loop().unwrap();
        let (told, out) = mpsc::channel::<&'static str>();
        let opaque = std::ptr::from_ref(Box::leak(Box::new(told))).cast_mut().cast::<c_void>();
        let next = || out.recv_timeout(Duration::from_secs(5)).unwrap();
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        ours.write_all(&[1]).unwrap();
        // SAFETY: as in the test below.
        unsafe {
            assert!(sys::virEventAddTimeout(0, Some(leaves), opaque, Some(freed)) > 0);
            assert_eq!((next(), next()), ("fired", "freed"));
            let event = sys::VIR_EVENT_HANDLE_READABLE as c_int;
            // The byte stays unread: only the removal keeps it from being called again.
            assert!(sys::virEventAddHandle(theirs.as_raw_fd(), event, Some(leaves_reading), opaque, Some(freed)) > 0);
            assert_eq!((next(), next()), ("readable", "freed"));
        }
        assert!(out.recv_timeout(Duration::from_millis(50)).is_err(), "neither called nor freed again");
    }

    fn states(timers: Vec<Timer>, handles: Vec<Handle>) -> Mutex<State> {
        Mutex::new(State { last: 2, handles, timers, garbage: Vec::new() })
    }

    #[test]
    fn nothing_wanted_means_no_call_and_only_wanted_bits_are_told() {
        let (told, out) = mpsc::channel::<&'static str>();
        let opaque = Opaque(std::ptr::from_ref(&told).cast_mut().cast());
        let handle = |watch, events| Handle { watch, fd: -1, events, call: Some(readable), opaque, free: None };
        let state = states(Vec::new(), vec![handle(1, 0), handle(2, sys::VIR_EVENT_HANDLE_WRITABLE as c_int)]);
        fire_handle(&state, 1, from_poll(libc::POLLHUP));
        fire_handle(&state, 2, from_poll(libc::POLLIN));
        assert!(out.try_recv().is_err());
        fire_handle(&state, 2, from_poll(libc::POLLIN | libc::POLLERR));
        assert_eq!(out.try_recv(), Ok("broken"), "what is no longer wanted is left out");
    }

    unsafe extern "C" fn puts_the_other_off(id: c_int, opaque: *mut c_void) {
        // SAFETY: the test gave its state and sender, which outlive the call.
        let (state, told) = unsafe { &*opaque.cast::<(Mutex<State>, mpsc::Sender<c_int>)>() };
        let _ = told.send(id);
        for timer in state.lock().unwrap().timers.iter_mut().filter(|t| t.id != id) {
            timer.due = Some(Instant::now() + Duration::from_secs(60));
        }
    }

    #[test]
    fn a_timer_put_off_in_the_same_round_does_not_fire() {
        let (told, out) = mpsc::channel::<c_int>();
        let both = Box::new((states(Vec::new(), Vec::new()), told));
        let opaque = Opaque(std::ptr::from_ref(both.as_ref()).cast_mut().cast());
        let call: sys::virEventTimeoutCallback = Some(puts_the_other_off);
        let timer = |id| Timer { id, every: every(60_000), due: Some(Instant::now()), call, opaque, free: None };
        both.0.lock().unwrap().timers = vec![timer(1), timer(2)];
        fire_timers(&both.0);
        assert_eq!(out.try_iter().collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn handles_and_timers_fire_and_are_freed_after_removal() {
        crate::host::events::start_loop().unwrap();
        let (told, out) = mpsc::channel::<&'static str>();
        // Never freed: the loop may still be inside its last send when the test ends.
        let opaque = std::ptr::from_ref(Box::leak(Box::new(told))).cast_mut().cast::<c_void>();
        let next = || out.recv_timeout(Duration::from_secs(5)).unwrap();
        // SAFETY: these are the functions that libvirt would call, with an argument that outlives them.
        unsafe {
            let timer = sys::virEventAddTimeout(5, Some(fired), opaque, Some(freed));
            assert_eq!((next(), next()), ("fired", "fired"), "it fires again and again");
            sys::virEventUpdateTimeout(timer, -1);
            std::thread::sleep(Duration::from_millis(30));
            while out.try_recv().is_ok() {}
            std::thread::sleep(Duration::from_millis(30));
            assert!(out.try_recv().is_err(), "switched off");
            assert_eq!(sys::virEventRemoveTimeout(timer), 0);
            assert_eq!(next(), "freed");

            let (mut ours, theirs) = UnixStream::pair().unwrap();
            let event = sys::VIR_EVENT_HANDLE_READABLE as c_int;
            let watch = sys::virEventAddHandle(theirs.as_raw_fd(), event, Some(readable), opaque, Some(freed));
            std::thread::sleep(Duration::from_millis(20));
            assert!(out.try_recv().is_err(), "nothing to read yet");
            ours.write_all(&[1]).unwrap();
            assert_eq!(next(), "readable");
            sys::virEventUpdateHandle(watch, 0);
            assert_eq!(sys::virEventRemoveHandle(watch), 0);
            while next() != "freed" {}
            assert_eq!(sys::virEventRemoveHandle(watch), -1);
        }
    }
}
