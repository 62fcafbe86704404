//! Tests of libvirt's event loop.
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

#[test]
fn a_closed_descriptor_is_no_longer_waited_for() {
    let state = Mutex::new(State::default());
    let handle =
        |watch, fd| Handle { watch, fd, events: 1, call: None, opaque: Opaque(std::ptr::null_mut()), free: None };
    state.lock().unwrap().handles.extend([handle(1, 7), handle(2, 8)]);
    forget_closed(&state, 1, 7);
    forget_closed(&state, 2, 7);
    let watched: Vec<c_int> = state.lock().unwrap().handles.iter().filter(|h| h.events != 0).map(|h| h.watch).collect();
    assert_eq!(watched, [2], "not even the same watch for another descriptor");
}
