//! Small RFB 3.8 servers on loopback (RFC 6143), and what a test asks of a session.
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use drover::console::DisplayError;
use drover::console::session::{Event, Session};
use drover::console::target::Display;
use drover::{Error, Result};

pub const PATIENCE: Duration = Duration::from_secs(10);
/// A server: `serve` gets each connection, one after the other, with its number.
pub fn server(serve: impl Fn(TcpStream, usize) -> std::io::Result<()> + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for (number, stream) in listener.incoming().flatten().enumerate() {
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            let _ = serve(stream, number);
        }
    });
    port
}

pub fn open(port: u16) -> (Session, Receiver<Event>) {
    open_with(move || Ok(Some(Display::Tcp { host: "127.0.0.1".into(), port })))
}

pub fn open_with(locate: impl Fn() -> Result<Option<Display>> + Send + Sync + 'static) -> (Session, Receiver<Event>) {
    let (tx, rx) = channel();
    let session = Session::open_display(locate, move |event| {
        let _ = tx.send(event);
    });
    (session, rx)
}

/// The first event that `want` takes; fails when none comes.
pub fn wait<T>(events: &Receiver<Event>, what: &str, want: impl Fn(&Event) -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    let mut seen = vec![];
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let Ok(event) = events.recv_timeout(left) else { panic!("no {what}; seen: {seen:?}") };
        if let Some(found) = want(&event) {
            return found;
        }
        seen.push(event);
    }
}

pub fn wait_complete(events: &Receiver<Event>) {
    wait(events, "whole picture", |e| matches!(e, Event::Complete).then_some(()));
}

pub fn wait_lost(events: &Receiver<Event>) -> DisplayError {
    wait(events, "loss", |e| match e {
        Event::Lost { reason, .. } => match &**reason {
            Error::Display(error) => Some(error.clone()),
            other => panic!("{other:?}"),
        },
        _ => None,
    })
}

/// Greets without a login and sends the screen's size.
pub fn greet(s: &mut TcpStream, width: u16, height: u16) -> std::io::Result<()> {
    s.write_all(b"RFB 003.008\n")?;
    read(s, 12)?;
    s.write_all(&[1, 1])?;
    read(s, 1)?;
    s.write_all(&[0; 4])?;
    server_init(s, width, height)
}

pub fn server_init(s: &mut TcpStream, width: u16, height: u16) -> std::io::Result<()> {
    read(s, 1)?;
    let mut init = [width.to_be_bytes(), height.to_be_bytes()].concat();
    init.extend([32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0]);
    init.extend([0, 0, 0, 4]);
    init.extend(b"test");
    s.write_all(&init)
}

pub fn read(s: &mut TcpStream, count: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = vec![0; count];
    s.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// One message of the client's: its type and body.
pub fn message(s: &mut TcpStream) -> std::io::Result<(u8, Vec<u8>)> {
    let kind = read(s, 1)?[0];
    let body = match kind {
        0 => read(s, 19)?,
        2 => {
            let head = read(s, 3)?;
            read(s, 4 * usize::from(u16::from_be_bytes([head[1], head[2]])))?
        }
        3 => read(s, 9)?,
        4 => read(s, 7)?,
        5 => read(s, 5)?,
        150 => read(s, 9)?,
        255 => read(s, 11)?,
        248 => {
            let head = read(s, 8)?;
            let payload = read(s, head[7].into())?;
            [head, payload].concat()
        }
        other => panic!("unexpected message {other}"),
    };
    Ok((kind, body))
}

/// Waits for the next update request; true if it asks for everything.
pub fn asked(s: &mut TcpStream) -> std::io::Result<bool> {
    loop {
        if let (3, body) = message(s)? {
            return Ok(body[0] == 0);
        }
    }
}

/// An update's header.
pub fn update(rects: u16) -> Vec<u8> {
    [&[0, 0][..], &rects.to_be_bytes()].concat()
}

/// A rectangle's header.
pub fn rect(x: u16, y: u16, width: u16, height: u16, encoding: i32) -> Vec<u8> {
    let mut bytes: Vec<u8> = [x, y, width, height].iter().flat_map(|n| n.to_be_bytes()).collect();
    bytes.extend(encoding.to_be_bytes());
    bytes
}

/// A raw rectangle of one colour (blue byte).
pub fn raw(x: u16, y: u16, width: u16, height: u16, blue: u8) -> Vec<u8> {
    let mut bytes = rect(x, y, width, height, 0);
    bytes.extend([blue, 0, 0, 0].repeat(usize::from(width) * usize::from(height)));
    bytes
}

/// A server's usual beginning: 8×8 pixels of that colour, then it waits for the next request.
pub fn picture(s: &mut TcpStream, blue: u8) -> std::io::Result<bool> {
    s.write_all(&[update(1), raw(0, 0, 8, 8, blue)].concat())?;
    asked(s)
}

/// The blue byte of a pixel.
pub fn blue(session: &Session, x: usize, y: usize) -> u8 {
    let screen = session.framebuffer();
    let screen = screen.lock().unwrap();
    screen.pixels[(y * screen.width as usize + x) * 4]
}
