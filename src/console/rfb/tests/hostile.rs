//! Random and damaged streams: no panic, no endless loop, and no memory on a server's word.
use std::process::Command;

use proptest::prelude::*;

use super::read;
use super::server::{Server, header, update};
use crate::console::DisplayError;
use crate::console::framebuffer::Rect;
use crate::console::rfb::encoding::*;

const KINDS: [i32; 10] = [RAW, COPY_RECT, RRE, HEXTILE, ZLIB, TRLE, ZRLE, TIGHT, CURSOR, ALPHA_CURSOR];
/// What a session may take at most for all these streams, in KiB: its buffers, a JPEG, the tests' own data.
const BUDGET: u64 = 32 << 10;

/// A stream may end in these ways only.
fn ends_in_words(stream: &[u8]) -> Result<(), TestCaseError> {
    let end = read(64, 48, stream).end;
    let in_words = matches!(end, DisplayError::Closed | DisplayError::Protocol(_) | DisplayError::Size { .. });
    prop_assert!(in_words, "{:?}", end);
    Ok(())
}

fn jpeg() -> Vec<u8> {
    let data = include_bytes!("ramp.jpg");
    let length = [data.len() as u8 | 0x80, (data.len() >> 7) as u8];
    [&update(1)[..], &header(Rect::new(3, 3, 40, 24), TIGHT), &[0x90], &length, data].concat()
}

proptest! {
    #[test]
    fn random_data_ends_in_words(kind in 0..KINDS.len(), control: u8, data in prop::collection::vec(any::<u8>(), 0..3000)) {
        let head = header(Rect::new(1, 1, 60, 40), KINDS[kind]);
        ends_in_words(&[&update(2)[..], &head, &[control], &data].concat())?;
        // Without a rectangle: any message.
        ends_in_words(&[&[control], &data[..]].concat())?;
    }

    #[test]
    fn damaged_streams_end_in_words(
        seed: u64,
        kinds in prop::collection::vec(0..9_usize, 1..5),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut server = Server::new(seed, 64, 48);
        let one = |kind: usize| if kind == 8 { jpeg() } else { server.update(KINDS[kind]) };
        let mut stream: Vec<u8> = kinds.into_iter().flat_map(one).collect();
        for (at, byte) in damage {
            let at = at.index(stream.len());
            stream[at] = byte;
        }
        if let Some(cut) = cut {
            stream.truncate(cut.index(stream.len()));
        }
        ends_in_words(&stream)?;
    }

    #[test]
    fn a_damaged_jpeg_ends_in_words(damage in prop::collection::vec((25..900_usize, any::<u8>()), 1..12)) {
        let mut stream = jpeg();
        for (at, byte) in damage {
            stream[at] = byte;
        }
        ends_in_words(&stream)?;
    }
}

/// Claims of gigabytes, each followed by a little data.
#[test]
fn claims_of_much_end_in_words() {
    let whole = Rect::new(0, 0, 64, 48);
    let most = u32::MAX.to_be_bytes();
    for kind in [RRE, ZLIB, ZRLE] {
        ends_in_words(&[&update(1)[..], &header(whole, kind), &most, &[0; 4000]].concat()).unwrap();
    }
    let jpeg = [&update(1)[..], &header(whole, TIGHT), &[0x90, 0xff, 0xff, 0xff], &[0; 4000]].concat();
    ends_in_words(&jpeg).unwrap();
    // A picture whose own header claims more than its rectangle has.
    let mut giant = self::jpeg();
    let frame = giant.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
    giant[frame + 5..frame + 9].fill(0xff);
    ends_in_words(&giant).unwrap();
    for length in [1 << 20, i32::MAX as u32] {
        ends_in_words(&[&[3, 0, 0, 0][..], &length.to_be_bytes(), b"little"].concat()).unwrap();
    }
    ends_in_words(&[&update(1)[..], &header(Rect::new(0, 0, 1024, 1024), CURSOR), &[0; 64]].concat()).unwrap();
}

/// The peak of this process' memory, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// In a process of its own, whose memory nobody else takes.
#[test]
fn hostile_streams_take_no_memory() {
    const CHILD: &str = "DROVER_TEST_HOSTILE_CHILD";
    if std::env::var_os(CHILD).is_none() {
        let name = format!("{}::hostile_streams_take_no_memory", module_path!().split_once("::").unwrap().1);
        let mut run = Command::new(std::env::current_exe().unwrap());
        let done = run.args(["--exact", &name, "--nocapture"]).env(CHILD, "1").output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        assert!(String::from_utf8_lossy(&done.stdout).contains("1 passed"), "the test has another name");
        return;
    }
    let before = peak();
    claims_of_much_end_in_words();
    for seed in 0..400 {
        let mut server = Server::new(seed, 64, 48);
        let kind = KINDS[server.dice.roll(8) as usize];
        let mut stream = [server.update(kind), jpeg(), server.update(kind)].concat();
        for _ in 0..4 {
            let at = server.dice.roll(stream.len() as u32) as usize;
            stream[at] = server.dice.roll(256) as u8;
        }
        ends_in_words(&stream).unwrap();
    }
    let taken = peak() - before;
    println!("{taken} KiB");
    assert!(taken < BUDGET, "{taken} KiB");
}
