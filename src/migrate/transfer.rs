//! A file from one host to the other through here, over two libvirt streams: holes stay holes, and what arrived is read
//! back and compared by checksum.
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use ring::digest::{Context, SHA256};
use virt::connect::Connect;
use virt::storage_vol::StorageVol;
use virt::stream::Stream;
use virt_sys as sys;

use crate::host::stream_ffi::{Piece, receive, send_hole};
use crate::install::Format;
use crate::storage::{self, FolderPool};
use crate::task::Cancel;
use crate::{Error, Result};

/// Bytes asked of a stream at once (libvirt's messages hold a quarter of it).
const BLOCK: usize = 1 << 20;
/// Pieces that may wait between the two hosts.
const WAITING: usize = 16;
/// Bytes under one checksum: so much at most is sent again after a broken link.
const CHUNK: u64 = 64 << 20;

/// Part of a file on its way.
enum Part {
    Data(Vec<u8>),
    Hole(u64),
}

/// A file on a host, shown as a volume; the pool over its folder lives as long as this.
struct Remote {
    volume: StorageVol,
    _pool: FolderPool,
}

impl Remote {
    fn open(conn: &Connect, path: &str) -> Result<Self> {
        let (folder, name) = storage::split(path)?;
        let pool = FolderPool::open(conn, folder).map_err(|e| e.into_error(folder))?;
        Ok(Self { volume: pool.pool().lookup_storage_vol_by_name(name)?, _pool: pool })
    }
}

/// Bytes of the file at `path`.
pub(super) fn length(conn: &Connect, path: &str) -> Result<u64> {
    let xml = storage::volume_xml(conn, path)?;
    let document = roxmltree::Document::parse(&xml).ok();
    let number = |name: &str| {
        let node = document.as_ref()?.descendants().find(|n| n.has_tag_name(name))?;
        node.text()?.trim().parse().ok()
    };
    let unreadable = || Error::Libvirt { code: 0, message: format!("{path}: its size is not known") };
    number("physical").or_else(|| number("capacity")).ok_or_else(unreadable)
}

/// What is known of a copy under way, to go on from after a broken link.
#[derive(Default)]
pub(super) struct Sent {
    /// Whether the file was made there, or may have been: it is ours to remove.
    pub made: bool,
    /// Whether it is known to be there.
    there: bool,
    /// Of the chunks that were sent.
    sums: Vec<Vec<u8>>,
}

impl Sent {
    /// Whole chunks that were sent.
    pub(super) fn chunks(&self) -> usize {
        self.sums.len()
    }
}

/// Makes `there` a copy of `here`, which must not change meanwhile, and goes on where an earlier try with the same `sent`
/// stopped. `on` gets bytes gone through. The file there is made first, never over one that is there; after an error it is
/// the caller's to remove.
pub(super) fn copy(
    (source, here): (&Connect, &str),
    (dest, there): (&Connect, &str),
    sent: &mut Sent,
    on: &dyn Fn(u64, u64),
    cancel: &Cancel,
) -> Result<()> {
    let total = length(source, here)?;
    // Its maker may have been lost before it was made.
    sent.there = sent.there || sent.made && storage::exists(dest, there) == Some(true);
    if !sent.there {
        let created = storage::create(dest, there, total, Format::Raw, true);
        // Had it failed because the file exists, it would not be ours to remove; of a lost link nobody knows.
        sent.made = created.is_ok() || !dest.is_alive().unwrap_or(true);
        created?;
        sent.there = true;
    }
    // Of the last chunk some may still have been on its way.
    sent.sums.pop();
    let skip = sent.sums.len() as u64 * CHUNK;
    let from = Remote::open(source, here)?;
    let to = Remote::open(dest, there)?;
    on(skip, total);
    let mut sum = Sums::after(std::mem::take(&mut sent.sums));
    let done =
        send((source, &from.volume), (dest, &to.volume), (skip, total), &mut sum, &|done| on(done, total), cancel);
    if done.is_err() {
        sent.sums = sum.whole;
        return done;
    }
    drop(to);
    // Read back as the other host has it now.
    let to = Remote::open(dest, there)?;
    let arrived = read(dest, &to.volume, cancel);
    let wanted = sum.finish();
    if arrived.is_err() {
        sent.sums.clone_from(&wanted);
    }
    if wanted != arrived? {
        let message =
            format!("{there} did not arrive as it was sent, the checksums differ: is the disk there full or failing?");
        return Err(Error::Libvirt { code: 0, message });
    }
    Ok(())
}

/// Sends the file from `skip` to its end.
fn send(
    (source, from): (&Connect, &StorageVol),
    (dest, to): (&Connect, &StorageVol),
    (skip, total): (u64, u64),
    sum: &mut Sums,
    on: &dyn Fn(u64),
    cancel: &Cancel,
) -> Result<()> {
    let (parts, received) = sync_channel(WAITING);
    thread::scope(|scope| {
        let reading = scope.spawn(|| download(source, from, skip, parts));
        let written = upload((dest, to), (skip, total), received, sum, on, cancel);
        let read = reading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        // What failed first is the cause: a reader that fails leaves the writer with too little.
        read.and(written)
    })
}

/// Reads the volume from `skip` into the channel, until its end or until nobody listens.
fn download(conn: &Connect, volume: &StorageVol, skip: u64, parts: SyncSender<Part>) -> Result<()> {
    let stream = Stream::new(conn, 0)?;
    volume.download(&stream, skip, 0, sys::VIR_STORAGE_VOL_DOWNLOAD_SPARSE_STREAM)?;
    let mut buffer = vec![0; BLOCK];
    let ended = loop {
        let part = match receive(&stream, &mut buffer) {
            Ok(Piece::Data(bytes)) => Part::Data(buffer[..bytes].to_vec()),
            Ok(Piece::Hole(bytes)) => Part::Hole(bytes),
            Ok(Piece::End) => break Ok(true),
            Err(e) => break Err(e),
        };
        if parts.send(part).is_err() {
            break Ok(false);
        }
    };
    match ended {
        Ok(true) => Ok(stream.finish()?),
        other => {
            let _ = stream.abort();
            other.map(drop)
        }
    }
}

fn upload(
    (conn, volume): (&Connect, &StorageVol),
    (skip, total): (u64, u64),
    parts: Receiver<Part>,
    sum: &mut Sums,
    on: &dyn Fn(u64),
    cancel: &Cancel,
) -> Result<()> {
    let stream = Stream::new(conn, 0)?;
    volume.upload(&stream, skip, total.saturating_sub(skip), sys::VIR_STORAGE_VOL_UPLOAD_SPARSE_STREAM)?;
    let sent = (|| {
        for part in &parts {
            cancel.check()?;
            match &part {
                Part::Data(bytes) => send_all(&stream, bytes)?,
                Part::Hole(bytes) => send_hole(&stream, *bytes)?,
            }
            sum.add(&part);
            on(sum.position());
        }
        Ok(())
    })();
    // The reader must not wait for us.
    drop(parts);
    match sent {
        Ok(()) => Ok(stream.finish()?),
        Err(e) => {
            let _ = stream.abort();
            Err(e)
        }
    }
}

fn send_all(stream: &Stream, mut bytes: &[u8]) -> Result<()> {
    while !bytes.is_empty() {
        let sent = usize::try_from(stream.send(bytes)?).unwrap_or_default();
        bytes = &bytes[sent..];
    }
    Ok(())
}

/// The checksums of a volume.
fn read(conn: &Connect, volume: &StorageVol, cancel: &Cancel) -> Result<Vec<Vec<u8>>> {
    let (parts, received) = sync_channel(WAITING);
    thread::scope(|scope| {
        let reading = scope.spawn(|| download(conn, volume, 0, parts));
        let mut sum = Sums::after(Vec::new());
        for part in received {
            if cancel.is_cancelled() {
                break;
            }
            sum.add(&part);
        }
        reading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        cancel.check()?;
        Ok(sum.finish())
    })
}

/// Checksums of a file's chunks.
struct Sums {
    whole: Vec<Vec<u8>>,
    now: Sum,
}

impl Sums {
    /// To go on after these chunks.
    fn after(whole: Vec<Vec<u8>>) -> Self {
        Self { whole, now: Sum::new() }
    }

    /// Bytes gone through.
    fn position(&self) -> u64 {
        self.whole.len() as u64 * CHUNK + self.now.position
    }

    fn add(&mut self, part: &Part) {
        let length = match part {
            Part::Data(bytes) => bytes.len() as u64,
            Part::Hole(bytes) => *bytes,
        };
        let mut done = 0;
        while done < length {
            let step = (length - done).min(CHUNK - self.now.position);
            match part {
                // Both fit: they lie within the slice.
                #[allow(clippy::cast_possible_truncation)]
                Part::Data(bytes) => self.now.data(&bytes[done as usize..(done + step) as usize]),
                Part::Hole(_) => self.now.hole(step),
            }
            done += step;
            if self.now.position == CHUNK {
                self.whole.push(std::mem::replace(&mut self.now, Sum::new()).finish());
            }
        }
    }

    /// With the last chunk, which may be short or empty.
    fn finish(mut self) -> Vec<Vec<u8>> {
        self.whole.push(self.now.finish());
        self.whole
    }
}

/// A checksum of a file that is the same whether zeros lie in it as data or as holes: zero blocks are left out, the
/// others go in with their place.
struct Sum {
    context: Context,
    position: u64,
    block: Vec<u8>,
}

/// Holes begin and end at multiples of this on every file system.
const SUM_BLOCK: usize = 4096;

impl Sum {
    fn new() -> Self {
        Self { context: Context::new(&SHA256), position: 0, block: Vec::with_capacity(SUM_BLOCK) }
    }

    fn hole(&mut self, bytes: u64) {
        // To the end of the block that is begun, then over whole blocks of zeros.
        let missing = (SUM_BLOCK - self.block.len()) % SUM_BLOCK;
        let first = usize::try_from(bytes).unwrap_or(usize::MAX).min(missing);
        self.data(&vec![0; first]);
        let rest = bytes - first as u64;
        let odd = usize::try_from(rest % SUM_BLOCK as u64).unwrap_or_default();
        self.position += rest - odd as u64;
        self.data(&vec![0; odd]);
    }

    fn data(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = SUM_BLOCK - self.block.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.block.extend_from_slice(now);
            self.position += now.len() as u64;
            bytes = later;
            if self.block.len() == SUM_BLOCK {
                self.take_block();
            }
        }
    }

    fn take_block(&mut self) {
        if self.block.iter().any(|b| *b != 0) {
            let start = self.position - self.block.len() as u64;
            self.context.update(&start.to_le_bytes());
            self.context.update(&self.block);
        }
        self.block.clear();
    }

    /// Over the blocks, and the length.
    fn finish(mut self) -> Vec<u8> {
        self.take_block();
        self.context.update(&self.position.to_le_bytes());
        self.context.finish().as_ref().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(parts: &[Part]) -> Vec<u8> {
        let mut sums = Sums::after(Vec::new());
        parts.iter().for_each(|p| sums.add(p));
        sums.finish().concat()
    }

    #[test]
    fn chunks_end_where_they_should_and_can_be_gone_on_from() {
        let parts = [Part::Hole(CHUNK - 5), Part::Data(vec![3; 10]), Part::Hole(2 * CHUNK), Part::Data(vec![4; 7])];
        let mut sums = Sums::after(Vec::new());
        parts.iter().for_each(|p| sums.add(p));
        assert_eq!((sums.whole.len(), sums.position()), (3, 3 * CHUNK + 12));
        let all = sums.finish();
        assert_eq!(all.len(), 4);
        let mut rest = Sums::after(all[..1].to_vec());
        for part in [Part::Data(vec![3; 5]), Part::Hole(2 * CHUNK), Part::Data(vec![4; 7])] {
            rest.add(&part);
        }
        assert_eq!(rest.finish(), all);
    }

    #[test]
    fn zeros_as_data_or_as_holes_make_one_sum() {
        let plain: Vec<u8> = [vec![7; 5000], vec![0; 20_000], vec![9; 100]].concat();
        let want = sum(&[Part::Data(plain.clone())]);
        let split: Vec<Part> = plain.chunks(333).map(|c| Part::Data(c.to_vec())).collect();
        assert_eq!(sum(&split), want);
        for hole in [Part::Hole(20_000), Part::Data(vec![0; 20_000])] {
            assert_eq!(sum(&[Part::Data(vec![7; 5000]), hole, Part::Data(vec![9; 100])]), want);
        }
        let two = [Part::Data(vec![7; 5000]), Part::Hole(3000), Part::Hole(17_000), Part::Data(vec![9; 100])];
        assert_eq!(sum(&two), want);
    }

    #[test]
    fn another_place_length_or_byte_makes_another_sum() {
        let data = |byte| Part::Data(vec![byte; 4096]);
        let sums = [
            sum(&[data(1), Part::Hole(8192)]),
            sum(&[Part::Hole(4096), data(1), Part::Hole(4096)]),
            sum(&[data(1), Part::Hole(4096)]),
            sum(&[data(2), Part::Hole(8192)]),
            sum(&[]),
        ];
        for (i, a) in sums.iter().enumerate() {
            assert!(sums[i + 1..].iter().all(|b| a != b), "{i}");
        }
    }
}
