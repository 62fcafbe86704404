//! Reading a small text file of a host, by a libvirt stream.
use virt::connect::Connect;
use virt::storage_vol::StorageVol;
use virt::stream::Stream;

use super::{FolderPool, split};
use crate::Result;

/// Bytes a call.
const BLOCK: usize = 64 * 1024;

/// The file at `path` (absolute, on the host) as text; `None` where it is not there, can't be read, or has more than `most`
/// bytes.
pub fn text(conn: &Connect, path: &str, most: usize) -> Option<String> {
    let (folder, name) = split(path).ok()?;
    let pool = FolderPool::open(conn, folder).ok()?;
    let volume = pool.pool().lookup_storage_vol_by_name(name).ok()?;
    let read = read(conn, &volume, most);
    if let Err(error) = &read {
        tracing::debug!(%error, path, "a file could not be read");
    }
    String::from_utf8(read.ok()??).ok()
}

fn read(conn: &Connect, volume: &StorageVol, most: usize) -> Result<Option<Vec<u8>>> {
    let stream = Stream::new(conn, 0)?;
    volume.download(&stream, 0, 0, 0)?;
    let (mut all, mut block) = (Vec::new(), vec![0; BLOCK]);
    let ended = loop {
        match stream.recv(&mut block).map(usize::try_from) {
            Ok(Ok(0)) => break Ok(true),
            Ok(Ok(bytes)) => all.extend_from_slice(&block[..bytes.min(BLOCK)]),
            // Neither data nor an end: a stream that waits says nothing else.
            Ok(Err(_)) => break Ok(false),
            Err(e) => break Err(e.into()),
        }
        if all.len() > most {
            break Ok(false);
        }
    };
    match ended {
        Ok(true) => {
            stream.finish()?;
            Ok(Some(all))
        }
        other => {
            let _ = stream.abort();
            other.map(|_| None)
        }
    }
}
