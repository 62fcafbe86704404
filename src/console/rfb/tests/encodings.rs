//! Every encoding against the server that draws at random, in every size of pieces.
use super::server::{Server, header, update};
use super::{read, read_dripping};
use crate::console::DisplayError;
use crate::console::framebuffer::Rect;
use crate::console::rfb::encoding::*;

const ALL: [i32; 8] = [RAW, COPY_RECT, RRE, HEXTILE, ZLIB, TRLE, ZRLE, TIGHT];

#[test]
fn every_encoding_draws_what_the_server_drew() {
    for kind in ALL {
        for seed in 0..12 {
            let mut server = Server::new(seed, 203, 151);
            // A copy needs something to copy.
            let mut stream = server.update(RAW);
            (0..6).for_each(|_| stream.extend(server.update(kind)));
            let seen = read(203, 151, &stream);
            assert_eq!(seen.end, DisplayError::Closed, "encoding {kind}, seed {seed}");
            assert_eq!(seen.screen.difference(&server.screen, 0), Some(0), "encoding {kind}, seed {seed}");
        }
    }
}

#[test]
fn it_does_not_matter_in_which_pieces_a_stream_arrives() {
    for (seed, most) in [(1, 1), (2, 3), (3, 100), (4, 5000)] {
        let mut server = Server::new(seed, 90, 70);
        let kinds = ALL.into_iter().chain(ALL);
        let stream: Vec<u8> = kinds.flat_map(|kind| server.update(kind)).collect();
        let seen = read_dripping(90, 70, &stream, most);
        assert_eq!(seen.end, DisplayError::Closed, "pieces of {most}");
        assert_eq!(seen.screen.difference(&server.screen, 0), Some(0), "pieces of {most}");
    }
}

/// 40×24 pixels, made by gdk-pixbuf with quality 95: red 6x, green 10y, blue 4(x+y).
const JPEG: &[u8] = include_bytes!("ramp.jpg");

/// A Tight rectangle with a JPEG.
fn jpeg(rect: Rect, data: &[u8]) -> Vec<u8> {
    let length = [data.len() as u8 | 0x80, (data.len() >> 7) as u8 | 0x80, (data.len() >> 14) as u8];
    [update(1), header(rect, TIGHT), vec![0x90], length.to_vec(), data.to_vec()].concat()
}

#[test]
fn a_jpeg_is_drawn() {
    let seen = read(50, 30, &jpeg(Rect::new(10, 6, 40, 24), JPEG));
    assert_eq!(seen.end, DisplayError::Closed);
    for (at, pixel) in seen.screen.pixels.as_chunks::<4>().0.iter().enumerate() {
        let (x, y) = (at as i16 % 50 - 10, at as i16 / 50 - 6);
        let want = if x < 0 || y < 0 { [0; 3] } else { [4 * (x + y), 10 * y, 6 * x] };
        let far = want.iter().zip(pixel).map(|(want, is)| (want - i16::from(*is)).abs()).max();
        assert!(far < Some(14), "{x}, {y}: {pixel:?}, not {want:?}");
    }
}

#[test]
fn a_jpeg_of_another_size_or_none_is_refused() {
    let small = Rect::new(0, 0, 32, 24);
    for (rect, data) in [(small, JPEG), (Rect::new(0, 0, 40, 24), &JPEG[..300]), (small, b"no JPEG"), (small, b"")] {
        let seen = read(50, 30, &jpeg(rect, data));
        assert!(matches!(seen.end, DisplayError::Protocol(_)), "{:?}", seen.end);
    }
}
