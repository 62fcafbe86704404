//! Messages and pseudo-encodings, odd figures, and streams that are wrong.
use super::server::{header, pack, update, zlib};
use super::{Seen, read};
use crate::console::framebuffer::Rect;
use crate::console::rfb::Message;
use crate::console::rfb::encoding::*;
use crate::console::{Cursor, DisplayError};

const ZERO: Rect = Rect { x: 0, y: 0, width: 0, height: 0 };

/// A raw rectangle of one colour.
fn raw(rect: Rect, blue: u8) -> Vec<u8> {
    [header(rect, RAW), [blue, 0, 0, 0].repeat(rect.area() as usize)].concat()
}

fn blue(seen: &Seen, x: u32, y: u32) -> u8 {
    seen.screen.pixels[((y * seen.screen.width + x) * 4) as usize]
}

/// What is told about a 4×4 screen after its first size.
fn told(stream: &[&[u8]]) -> Vec<Message> {
    let seen = read(4, 4, &stream.concat());
    assert_eq!(seen.end, DisplayError::Closed);
    assert_eq!(seen.told[0], Message::Size { width: 4, height: 4 });
    seen.told.into_iter().skip(1).collect()
}

fn drawn(damage: Rect, complete: bool) -> Message {
    Message::Drawn { damage: vec![damage], complete }
}

#[test]
fn a_picture_is_complete_with_its_last_part() {
    let (upper, lower) = (Rect::new(0, 0, 4, 3), Rect::new(0, 3, 4, 1));
    let stream = [update(1), raw(upper, 1), update(1), raw(lower, 2), update(1), raw(lower, 3)].concat();
    let want = [(upper, false), (lower, true), (lower, false)];
    let want: Vec<_> = want.into_iter().flat_map(|(rect, all)| [drawn(rect, all), Message::UpdateEnd]).collect();
    assert_eq!(told(&[&stream]), want);
}

#[test]
fn what_came_of_a_torn_update_is_told() {
    let stream = [update(2), raw(Rect::new(0, 0, 4, 1), 9), header(Rect::new(0, 1, 4, 1), RAW), vec![7; 6]].concat();
    assert_eq!(told(&[&stream]), [drawn(Rect::new(0, 0, 4, 1), false)]);
}

#[test]
fn rectangles_of_nothing_are_taken_in_every_encoding() {
    let none = [0; 4];
    let empty = [&none[..], &none].concat();
    for (kind, data) in [
        (RAW, &[][..]),
        (COPY_RECT, &none),
        (RRE, &empty),
        (HEXTILE, &[]),
        (ZLIB, &none),
        (TRLE, &[]),
        (ZRLE, &none),
        (TIGHT, &[0x80, 1, 2, 3]),
        (TIGHT, &[0x00]),
        (TIGHT, &[0x40, 2]),
        (TIGHT, &[0x90, 0]),
    ] {
        for rect in [ZERO, Rect::new(9, 9, 0, 5), Rect::new(0, 0, 5, 0)] {
            let stream = [&update(2)[..], &header(rect, kind), data, &raw(Rect::new(3, 3, 1, 1), 5)].concat();
            let seen = read(4, 4, &stream);
            assert_eq!(seen.end, DisplayError::Closed, "{kind}, {rect:?}");
            assert_eq!(blue(&seen, 3, 3), 5, "{kind}, {rect:?}");
        }
    }
}

#[test]
fn an_update_of_unknown_length_ends_with_its_last_rectangle() {
    let part = Rect::new(0, 0, 1, 1);
    let stream = [update(u16::MAX), raw(part, 1), header(ZERO, LAST_RECT), vec![2]].concat();
    assert_eq!(told(&[&stream]), [drawn(part, false), Message::UpdateEnd]);
}

#[test]
fn a_new_size_in_mid_update_starts_a_new_picture() {
    let new = Rect::new(0, 0, 6, 2);
    let resize = |kind, extra: &[u8]| [&header(new, kind)[..], extra].concat();
    let extended = [&[1, 0, 0, 0][..], &[0; 16]].concat();
    for size in [resize(DESKTOP_SIZE, &[]), resize(EXTENDED_DESKTOP_SIZE, &extended)] {
        let stream = [update(3), raw(Rect::new(0, 0, 4, 4), 1), size, raw(Rect::new(4, 0, 2, 2), 2)].concat();
        let seen = read(4, 4, &stream);
        let want = [
            Message::Size { width: 4, height: 4 },
            Message::Size { width: 6, height: 2 },
            drawn(Rect::new(4, 0, 2, 2), false),
            Message::UpdateEnd,
        ];
        assert_eq!(seen.told, want);
        assert_eq!([blue(&seen, 3, 1), blue(&seen, 5, 1)], [1, 2]);
    }
    // Another client's resize that failed, ours that failed, the same size.
    let refused = [header(Rect::new(1, 3, 9, 9), EXTENDED_DESKTOP_SIZE), extended].concat();
    let same = header(Rect::new(0, 0, 4, 4), DESKTOP_SIZE);
    assert_eq!(told(&[&update(2), &refused, &same]), [Message::UpdateEnd]);
}

#[test]
fn pointers_have_a_mask_or_alpha() {
    let shape =
        |pixels: Vec<u8>, hot_x, hot_y| Message::Cursor(Some(Cursor { width: 2, height: 1, hot_x, hot_y, pixels }));
    let masked = [&header(Rect::new(1, 0, 2, 1), CURSOR)[..], &[1, 2, 3, 9, 4, 5, 6, 9], &[0b1000_0000]].concat();
    let want = shape(vec![1, 2, 3, 255, 0, 0, 0, 0], 1, 0);
    assert_eq!(told(&[&update(1), &masked]), [want, Message::UpdateEnd]);
    let alpha = [&header(Rect::new(7, 9, 2, 1), ALPHA_CURSOR)[..], &[0; 4], &[64, 32, 16, 128, 9, 9, 9, 0]].concat();
    let want = shape(vec![31, 63, 127, 128, 0, 0, 0, 0], 1, 0);
    assert_eq!(told(&[&update(1), &alpha]), [want, Message::UpdateEnd]);
    assert_eq!(told(&[&update(1), &header(ZERO, CURSOR)]), [Message::Cursor(None), Message::UpdateEnd]);
}

#[test]
fn other_messages_are_told_or_passed_over() {
    let cut = |text: &[u8]| [&[3, 0, 0, 0][..], &(text.len() as u32).to_be_bytes(), text].concat();
    let fence =
        |flags: u32, data: &[u8]| [&[248, 0, 0, 0][..], &flags.to_be_bytes(), &[data.len() as u8], data].concat();
    let colours = [&[1, 0, 0, 0, 0, 2][..], &[9; 12]].concat();
    let name = [&header(ZERO, DESKTOP_NAME)[..], &[0, 0, 0, 3], b"new"].concat();
    let stream = [
        &colours[..],
        &[2],
        &cut("déjà".as_bytes()),
        &cut(b"caf\xe9"),
        &cut(&vec![b'a'; (1 << 20) + 1]),
        &fence(0x8000_0003, b"ab"),
        &fence(1, b"our own came back"),
        &[150],
        &update(1),
        &name,
    ];
    let want = [
        Message::Clipboard("déjà".into()),
        Message::Clipboard("café".into()),
        Message::Fence { flags: 3, payload: b"ab".into() },
        Message::Continuous,
        Message::UpdateEnd,
    ];
    assert_eq!(told(&stream), want);
}

#[test]
fn a_screen_of_the_largest_size_is_taken_and_no_larger() {
    let size = |width, height| [update(1), header(Rect::new(0, 0, width, height), DESKTOP_SIZE)].concat();
    let seen = read(4, 4, &size(16384, 4096));
    assert_eq!((seen.end, seen.screen.width, seen.screen.height), (DisplayError::Closed, 16384, 4096));
    for (width, height) in [(16384, 16384), (65535, 65535), (0, 4)] {
        assert_eq!(read(4, 4, &size(width, height)).end, DisplayError::Size { width, height });
    }
}

/// Streams that are wrong, each in a rectangle of 4×4 on a screen of 4×4.
fn wrong() -> Vec<(&'static str, Vec<u8>)> {
    let in_all = |kind, data: &[u8]| [&update(1)[..], &header(Rect::new(0, 0, 4, 4), kind), data].concat();
    let outside = |kind| [update(1), header(Rect::new(1, 0, 4, 4), kind), vec![0; 99]].concat();
    let length = u32::MAX.to_be_bytes();
    vec![
        ("an unknown message", vec![99]),
        ("an unknown encoding", in_all(99, &[])),
        ("a rectangle outside", outside(RAW)),
        ("a tile outside", outside(ZRLE)),
        ("a copy from outside", in_all(COPY_RECT, &[0, 1, 0, 0])),
        ("an RRE part outside", in_all(RRE, &[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 4, 0, 1])),
        ("a Hextile part outside", in_all(HEXTILE, &[8, 1, 0x10, 0x33])),
        ("unknown Hextile flags", in_all(HEXTILE, &[32])),
        ("a TRLE palette that is not there", in_all(TRLE, &[127])),
        ("TRLE runs with a palette that is not there", in_all(TRLE, &[129, 0])),
        ("an unknown type of tile", in_all(TRLE, &[17])),
        ("a colour beyond the palette", in_all(TRLE, &[3, 1, 1, 1, 2, 2, 2, 3, 3, 3, 0xff, 0xff, 0xff, 0xff])),
        ("a run beyond the tile", in_all(TRLE, &[128, 1, 1, 1, 16])),
        ("an endless run", in_all(TRLE, &[[128, 1, 1, 1].as_slice(), &[255; 99]].concat())),
        ("no zlib", in_all(ZLIB, &[&length[..], &[1; 99]].concat())),
        ("no zlib in ZRLE", in_all(ZRLE, &[&length[..], &[1; 99]].concat())),
        ("no zlib in Tight", in_all(TIGHT, &[&[0x00, 99][..], &[1; 99]].concat())),
        ("too little zlib", in_all(ZLIB, &[0; 4])),
        ("too little ZRLE", in_all(ZRLE, &[0; 4])),
        ("an unknown Tight type", in_all(TIGHT, &[0xa0])),
        ("an unknown Tight filter", in_all(TIGHT, &[0x40, 3])),
        ("a giant pointer", [update(1), header(Rect::new(0, 0, 9999, 9999), CURSOR)].concat()),
        ("a pointer in another encoding", [update(1), header(ZERO, ALPHA_CURSOR), vec![0, 0, 0, 16]].concat()),
        ("an extended clipboard", [&[3, 0, 0, 0][..], &length].concat()),
        ("a long fence", [&[248, 0, 0, 0][..], &[0; 4], &[65]].concat()),
        ("a giant name", [&update(1)[..], &header(ZERO, DESKTOP_NAME), &length].concat()),
    ]
}

#[test]
fn what_is_wrong_is_refused_in_words() {
    for (what, stream) in wrong() {
        let seen = read(4, 4, &stream);
        assert!(matches!(seen.end, DisplayError::Protocol(_)), "{what}: {:?}", seen.end);
    }
}

#[test]
fn packed_data_must_be_as_long_as_its_rectangle() {
    let stream = |kind, length: usize| {
        let packed = pack(&mut zlib(), &[vec![1], vec![7; length - 1]].concat());
        let head =
            if kind == TIGHT { vec![0, packed.len() as u8] } else { (packed.len() as u32).to_be_bytes().to_vec() };
        [update(1), header(Rect::new(0, 0, 4, 4), kind), head, packed].concat()
    };
    for (kind, right) in [(ZLIB, 64), (ZRLE, 4), (TIGHT, 48)] {
        assert_eq!(read(4, 4, &stream(kind, right)).end, DisplayError::Closed);
        for wrong in [right - 1, right + 1] {
            let seen = read(4, 4, &stream(kind, wrong));
            assert!(matches!(seen.end, DisplayError::Protocol(_)), "{kind}, {wrong}: {:?}", seen.end);
        }
    }
}
