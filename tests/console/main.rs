//! The display session against small RFB 3.8 servers on loopback: true, broken and hostile ones.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod flow;
mod server;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use drover::Error;
use drover::console::session::Event;
use drover::console::target::Display;
use drover::console::{DisplayError, Nonsense};
use drover::domain::State;
use drover::secret::Secret;

use server::*;

#[test]
fn a_picture_is_complete_with_its_last_part_and_updates_follow() {
    let port = server(|mut s, _| {
        greet(&mut s, 20, 10)?;
        assert!(asked(&mut s)?, "the first request asks for everything");
        s.write_all(&[update(1), raw(0, 0, 20, 5, 7)].concat())?;
        assert!(!asked(&mut s)?);
        s.write_all(&[update(2), raw(0, 5, 20, 4, 8), raw(0, 9, 20, 1, 9)].concat())?;
        assert!(!asked(&mut s)?);
        thread::sleep(Duration::from_millis(300));
        // Row 9 to row 0, then one that overlaps itself.
        let copies = [rect(0, 0, 20, 1, 1), vec![0, 0, 0, 9], rect(0, 5, 20, 5, 1), vec![0, 0, 0, 4]].concat();
        s.write_all(&[update(2), copies].concat())?;
        assert!(!asked(&mut s)?);
        asked(&mut s).map(|_| ())
    });
    let (session, events) = open(port);
    let size = wait(&events, "size", |e| match e {
        Event::Resized { width, height } => Some((*width, *height)),
        _ => None,
    });
    assert_eq!(size, (20, 10));
    wait_complete(&events);
    assert_eq!([blue(&session, 0, 4), blue(&session, 19, 8), blue(&session, 19, 9)], [7, 8, 9]);
    wait(&events, "damage of the copies", |e| matches!(e, Event::Damage(d) if !d.is_empty()).then_some(()));
    assert_eq!([blue(&session, 3, 0), blue(&session, 3, 5), blue(&session, 3, 6), blue(&session, 3, 9)], [9, 7, 8, 8]);
}

#[test]
fn keys_and_pointer_arrive_as_sent_and_stay_on_the_screen() {
    let (tx, rx) = channel();
    let port = server(move |mut s, _| {
        greet(&mut s, 20, 10)?;
        asked(&mut s)?;
        s.write_all(&[update(1), raw(0, 0, 20, 10, 1)].concat())?;
        loop {
            let (kind, body) = message(&mut s)?;
            if kind >= 4 {
                let _ = tx.send((kind, body));
            }
        }
    });
    let (session, events) = open(port);
    wait_complete(&events);
    session.key(0xff0d, Some(28), true);
    session.pointer(5, 500, 4);
    session.key(0xff0d, Some(28), false);
    let next = || rx.recv_timeout(PATIENCE).unwrap();
    assert_eq!(next(), (4, vec![1, 0, 0, 0, 0, 0xff, 0x0d]));
    assert_eq!(next(), (5, vec![4, 0, 5, 0, 9]));
    assert_eq!(next(), (4, vec![0, 0, 0, 0, 0, 0xff, 0x0d]));
}

#[test]
fn keys_go_by_their_hardware_code_where_it_is_taken() {
    let (tx, rx) = channel();
    let port = server(move |mut s, _| {
        greet(&mut s, 8, 8)?;
        asked(&mut s)?;
        s.write_all(&[update(2), rect(0, 0, 0, 0, -258), raw(0, 0, 8, 8, 1)].concat())?;
        loop {
            let (kind, body) = message(&mut s)?;
            if kind == 4 || kind == 255 {
                let _ = tx.send((kind, body));
            }
        }
    });
    let (session, events) = open(port);
    wait_complete(&events);
    session.key(0xff0d, Some(0x9c), true);
    session.key(0xff0d, Some(0x9c), false);
    session.key(0xff0d, None, true);
    let next = || rx.recv_timeout(PATIENCE).unwrap();
    assert_eq!(next(), (255, vec![0, 0, 1, 0, 0, 0xff, 0x0d, 0, 0, 0, 0x9c]));
    assert_eq!(next(), (255, vec![0, 0, 0, 0, 0, 0xff, 0x0d, 0, 0, 0, 0x9c]));
    assert_eq!(next(), (4, vec![1, 0, 0, 0, 0, 0xff, 0x0d]));
}

#[test]
fn a_hidden_view_asks_for_nothing_until_it_is_shown() {
    let (tx, rx) = channel();
    let port = server(move |mut s, _| {
        greet(&mut s, 8, 8)?;
        asked(&mut s)?;
        loop {
            tx.send(()).unwrap();
            picture(&mut s, 1)?;
        }
    });
    let (session, events) = open(port);
    wait_complete(&events);
    session.set_visible(false);
    thread::sleep(Duration::from_millis(200));
    while rx.try_recv().is_ok() {}
    assert!(rx.recv_timeout(Duration::from_millis(300)).is_err(), "a hidden view asks");
    session.set_visible(true);
    rx.recv_timeout(PATIENCE).unwrap();
    rx.recv_timeout(PATIENCE).unwrap();
}

#[test]
fn a_new_size_keeps_the_picture_until_the_new_one_comes() {
    let port = server(|mut s, _| {
        greet(&mut s, 8, 8)?;
        asked(&mut s)?;
        picture(&mut s, 5)?;
        s.write_all(&[update(1), rect(0, 0, 16, 4, -223)].concat())?;
        while !asked(&mut s)? {}
        thread::sleep(Duration::from_millis(300));
        s.write_all(&[update(1), raw(0, 0, 16, 4, 6)].concat())?;
        asked(&mut s).map(|_| ())
    });
    let (session, events) = open(port);
    wait_complete(&events);
    wait(&events, "new size", |e| matches!(e, Event::Resized { width: 16, height: 4 }).then_some(()));
    assert_eq!([blue(&session, 7, 3), blue(&session, 8, 3)], [5, 0]);
    wait_complete(&events);
    assert_eq!([blue(&session, 7, 3), blue(&session, 15, 3)], [6, 6]);
}

#[test]
fn a_cut_in_mid_update_is_a_loss_that_heals_and_keeps_the_picture() {
    let port = server(|mut s, number| {
        greet(&mut s, 8, 8)?;
        asked(&mut s)?;
        if number == 0 {
            picture(&mut s, 3)?;
            return s.write_all(&[update(2), raw(0, 0, 8, 4, 4), rect(0, 4, 8, 4, 0), vec![9; 10]].concat());
        }
        thread::sleep(Duration::from_millis(200));
        picture(&mut s, 5)?;
        asked(&mut s).map(|_| ())
    });
    let (session, events) = open(port);
    wait_complete(&events);
    assert_eq!(wait_lost(&events), DisplayError::Closed);
    assert_eq!([blue(&session, 0, 0), blue(&session, 0, 7)], [4, 3]);
    wait_complete(&events);
    assert_eq!([blue(&session, 0, 0), blue(&session, 0, 7)], [5, 5]);
}

#[test]
fn garbage_is_named_and_tried_again_ever_more_slowly() {
    let port = server(|mut s, number| {
        if number == 0 {
            return s.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
        greet(&mut s, 8, 8)?;
        asked(&mut s)?;
        s.write_all(&[update(1), rect(0, 0, 8, 8, 99)].concat())?;
        asked(&mut s).map(|_| ())
    });
    let (_session, events) = open(port);
    assert_eq!(wait_lost(&events), DisplayError::Protocol(Nonsense::Greeting("HTTP/1.1 400".into())));
    wait(&events, "second try", |e| matches!(e, Event::Connecting).then_some(()));
    let countdown = || {
        wait(&events, "countdown", |e| match e {
            Event::Lost { reason, retry_in } => {
                assert!(matches!(&**reason, Error::Display(DisplayError::Protocol(_))), "{reason}");
                Some(*retry_in)
            }
            _ => None,
        })
    };
    assert_eq!([countdown(), countdown()], [2, 1]);
}

#[test]
fn hostile_figures_end_in_a_named_error() {
    let cases: [(&str, Vec<u8>); 4] = [
        ("outside", [update(1), raw(4, 4, 8, 8, 1)].concat()),
        ("copy from outside", [update(1), rect(0, 0, 8, 8, 1), vec![0, 9, 0, 9]].concat()),
        ("an unknown message", vec![77]),
        ("4 GB of clipboard", vec![3, 0, 0, 0, 255, 255, 255, 255]),
    ];
    for (name, bytes) in cases {
        let port = server(move |mut s, _| {
            greet(&mut s, 8, 8)?;
            asked(&mut s)?;
            s.write_all(&bytes)?;
            asked(&mut s).map(|_| ())
        });
        let (_session, events) = open(port);
        let error = wait_lost(&events);
        assert!(matches!(error, DisplayError::Protocol(_)), "{name}: {error:?}");
    }
}

#[test]
fn a_screen_that_is_too_large_is_refused_before_memory_is_taken() {
    let refused = |port| {
        let (_session, events) = open(port);
        let size = DisplayError::Size { width: 65535, height: 65535 };
        wait(&events, "refusal", |e| matches!(e, Event::Failed(Error::Display(e)) if *e == size).then_some(()));
    };
    refused(server(|mut s, _| greet(&mut s, 65535, 65535)));
    refused(server(|mut s, _| {
        greet(&mut s, 8, 8)?;
        asked(&mut s)?;
        s.write_all(&[update(1), rect(0, 0, 65535, 65535, -223)].concat())?;
        asked(&mut s).map(|_| ())
    }));
}

#[test]
fn a_login_that_is_not_spoken_is_named() {
    let port = server(|mut s, _| {
        s.write_all(b"RFB 003.008\n")?;
        read(&mut s, 12)?;
        s.write_all(&[1, 19])?;
        read(&mut s, 1).map(|_| ())
    });
    let (_session, events) = open(port);
    wait(&events, "refusal", |e| matches!(e, Event::Failed(Error::Display(DisplayError::Security))).then_some(()));
}

/// A server that refuses the first login and takes any after it.
fn guarded(mut s: TcpStream, logins: &Mutex<usize>) -> std::io::Result<()> {
    s.write_all(b"RFB 003.008\n")?;
    read(&mut s, 12)?;
    s.write_all(&[1, 2])?;
    read(&mut s, 1)?;
    s.write_all(&[0x5a; 16])?;
    read(&mut s, 16)?;
    let mut logins = logins.lock().unwrap();
    *logins += 1;
    if *logins == 1 {
        return s.write_all(&[&[0, 0, 0, 1, 0, 0, 0, 3][..], b"no!"].concat());
    }
    s.write_all(&[0; 4])?;
    server_init(&mut s, 8, 8)?;
    asked(&mut s)?;
    picture(&mut s, 1)?;
    asked(&mut s).map(|_| ())
}

#[test]
fn a_wrong_password_is_asked_for_again_and_says_so() {
    let logins = Mutex::new(0);
    let (session, events) = open(server(move |s, _| guarded(s, &logins)));
    let wanted = || {
        wait(&events, "question", |e| match e {
            Event::PasswordWanted { wrong_before } => Some(*wrong_before),
            _ => None,
        })
    };
    assert!(!wanted());
    session.password(Secret::new("wrong"));
    assert!(wanted());
    session.password(Secret::new("right"));
    wait_complete(&events);
}

#[test]
fn a_machine_that_is_off_is_left_alone_until_it_starts() {
    let port = server(|mut s, _| {
        greet(&mut s, 8, 8)?;
        asked(&mut s)?;
        picture(&mut s, 1)?;
        asked(&mut s).map(|_| ())
    });
    let (tries, on) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(false)));
    let (count, is_on) = (Arc::clone(&tries), Arc::clone(&on));
    let (session, events) = open_with(move || {
        *count.lock().unwrap() += 1;
        Ok(is_on.lock().unwrap().then(|| Display::Tcp { host: "127.0.0.1".into(), port }))
    });
    wait(&events, "off", |e| matches!(e, Event::Off).then_some(()));
    session.domain_state(State::Off);
    session.key(65, None, true);
    thread::sleep(Duration::from_millis(1500));
    assert_eq!(*tries.lock().unwrap(), 1, "nothing is tried while it is off");
    *on.lock().unwrap() = true;
    session.domain_state(State::Running);
    wait_complete(&events);
}

#[test]
fn a_lost_display_stops_trying_when_the_machine_went_off() {
    let (session, events) = open(1);
    wait_lost(&events);
    session.domain_state(State::Off);
    wait(&events, "off", |e| matches!(e, Event::Off).then_some(()));
    session.reconnect();
    wait_lost(&events);
}

#[test]
fn dropping_a_session_closes_its_socket_at_once() {
    let (tx, rx) = channel();
    let port = server(move |mut s, _| {
        greet(&mut s, 8, 8)?;
        // The first request may or may not get out before the end.
        let mut rest = vec![];
        let _ = s.read_to_end(&mut rest);
        tx.send(()).unwrap();
        Ok(())
    });
    let (session, events) = open(port);
    wait(&events, "size", |e| matches!(e, Event::Resized { .. }).then_some(()));
    drop(session);
    rx.recv_timeout(Duration::from_secs(1)).expect("the socket is still open");
    assert!(events.recv_timeout(Duration::from_secs(1)).is_err(), "a dropped session still speaks");
}
