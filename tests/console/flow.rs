//! How updates flow: fences are answered, and a display that can send by itself is not asked.
use std::io::Write;
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use drover::console::session::Event;

use crate::server::*;

/// A server that greets, sends those bytes with the first picture of 8×8, and tells each message that is no set-up.
fn listening(bytes: Vec<u8>) -> (u16, Receiver<(u8, Vec<u8>)>) {
    let (tx, rx) = channel();
    let port = server(move |mut s: TcpStream, _| {
        greet(&mut s, 8, 8)?;
        asked(&mut s)?;
        s.write_all(&[&bytes[..], &update(1), &raw(0, 0, 8, 8, 1)].concat())?;
        loop {
            let (kind, body) = message(&mut s)?;
            // The test's own signal to go on.
            if kind == 4 && body[0] == 1 {
                s.write_all(&match body[6] {
                    b's' => [update(2), rect(0, 0, 4, 4, -223), raw(0, 0, 4, 4, 2)].concat(),
                    b'e' => vec![150],
                    blue => [update(1), raw(0, 0, 8, 8, blue)].concat(),
                })?;
            } else if kind != 4 {
                let _ = tx.send((kind, body));
            }
        }
    });
    (port, rx)
}

#[test]
fn a_fence_comes_back_with_what_it_brought() {
    let (port, rx) = listening([&[248, 0, 0, 0, 0x80, 0, 0, 0x0f, 3][..], b"abc"].concat());
    let (_session, events) = open(port);
    wait_complete(&events);
    let answer = [&[0, 0, 0, 0, 0, 0, 7, 3][..], b"abc"].concat();
    assert_eq!(rx.recv_timeout(PATIENCE).unwrap(), (248, answer));
}

#[test]
fn a_display_that_sends_by_itself_is_not_asked() {
    let (port, rx) = listening(vec![150]);
    let (session, events) = open(port);
    let next = || rx.recv_timeout(PATIENCE).unwrap();
    let quiet = || rx.recv_timeout(Duration::from_millis(200)).is_err();
    let tell = |letter: u8| session.key(letter.into(), None, true);
    assert_eq!(next(), (150, vec![1, 0, 0, 0, 0, 0, 8, 0, 8]));
    wait_complete(&events);
    tell(5);
    wait(&events, "an update that was not asked for", |e| matches!(e, Event::Damage(_)).then_some(()));
    assert!(quiet(), "it is asked");
    assert_eq!(blue(&session, 0, 0), 5);

    session.set_visible(false);
    assert_eq!(next(), (150, vec![0, 0, 0, 0, 0, 0, 8, 0, 8]));
    session.set_visible(true);
    assert_eq!(next(), (150, vec![1, 0, 0, 0, 0, 0, 8, 0, 8]));
    tell(b'e');
    assert!(quiet(), "its word that it stopped comes late, when it goes on already");

    // A new size is a new area, and a picture that is wanted whole.
    tell(b's');
    assert_eq!(next(), (150, vec![1, 0, 0, 0, 0, 0, 4, 0, 4]));
    assert_eq!(next(), (3, vec![0, 0, 0, 0, 0, 0, 4, 0, 4]));
    assert!(quiet());

    // It stops by itself: then it is asked.
    tell(b'e');
    assert_eq!(next(), (3, vec![1, 0, 0, 0, 0, 0, 4, 0, 4]));
}

#[test]
fn a_display_that_answers_with_nothing_at_once_is_not_asked_without_end() {
    let (tx, rx) = channel();
    let port = server(move |mut s, _| {
        greet(&mut s, 8, 8)?;
        asked(&mut s)?;
        picture(&mut s, 1)?;
        loop {
            tx.send(()).unwrap();
            s.write_all(&update(0))?;
            asked(&mut s)?;
        }
    });
    let (_session, events) = open(port);
    wait_complete(&events);
    let start = Instant::now();
    thread::sleep(Duration::from_millis(400));
    let count = rx.try_iter().count() as u128;
    let most = start.elapsed().as_millis() / 8 + 20;
    assert!((2..=most).contains(&count), "{count} requests");
}

#[test]
fn a_key_goes_out_while_a_picture_is_half_here() {
    let (tx, rx) = channel();
    let port = server(move |mut s, _| {
        greet(&mut s, 8, 8)?;
        asked(&mut s)?;
        let picture = [update(1), raw(0, 0, 8, 8, 1)].concat();
        let (half, rest) = picture.split_at(100);
        s.write_all(half)?;
        let key = message(&mut s)?;
        tx.send(key).unwrap();
        s.write_all(rest)?;
        asked(&mut s).map(|_| ())
    });
    let (session, events) = open(port);
    wait(&events, "size", |e| matches!(e, Event::Resized { .. }).then_some(()));
    session.key(65, None, true);
    assert_eq!(rx.recv_timeout(PATIENCE).unwrap(), (4, vec![1, 0, 0, 0, 0, 0, 65]));
    wait_complete(&events);
}
