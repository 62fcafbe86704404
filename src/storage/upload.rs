//! Sending a file from here into a volume on a host, by a libvirt stream.
use std::fs::File;
use std::io::Read;
use std::path::Path;

use virt::connect::Connect;
use virt::stream::Stream;

use super::{FolderPool, create_in, split};
use crate::error::Left;
use crate::install::Format;
use crate::task::Cancel;
use crate::{Error, Result};

/// Bytes a send; below libvirt's limit for one stream message on the wire (256 KiB less its header is split by libvirt).
const BLOCK: usize = 256 * 1024;

/// Makes the raw volume `path` (absolute, on the host) and fills it with the file `from` (here). `on` gets bytes done.
/// On an error or a cancel the volume is removed again.
pub fn upload(conn: &Connect, from: &Path, path: &str, on: &mut dyn FnMut(u64), cancel: &Cancel) -> Result<()> {
    let local = |source| Error::File { path: from.to_owned(), source };
    let mut file = File::open(from).map_err(local)?;
    let size = file.metadata().map_err(local)?.len();
    let (folder, name) = split(path)?;
    let pool = FolderPool::open(conn, folder).map_err(|e| e.into_error(folder))?;
    let volume = create_in(&pool, name, size, Format::Raw, true)?;
    let sent = (|| {
        let stream = Stream::new(conn, 0)?;
        volume.upload(&stream, 0, size, 0)?;
        match send(&stream, &mut file, from, on, cancel) {
            Ok(()) => Ok(stream.finish()?),
            Err(e) => {
                let _ = stream.abort();
                Err(e)
            }
        }
    })();
    sent.map_err(|cause| match volume.delete(0) {
        Ok(()) => cause,
        Err(e) => {
            let left = Left::File { path: path.to_owned(), why: Box::new(e.into()) };
            Error::LeftBehind { cause: Box::new(cause), left: vec![left] }
        }
    })
}

fn send(stream: &Stream, file: &mut File, from: &Path, on: &mut dyn FnMut(u64), cancel: &Cancel) -> Result<()> {
    let mut block = vec![0; BLOCK];
    let mut done = 0;
    loop {
        cancel.check()?;
        let got = file.read(&mut block).map_err(|source| Error::File { path: from.to_owned(), source })?;
        if got == 0 {
            return Ok(());
        }
        let mut rest = &block[..got];
        while !rest.is_empty() {
            let sent = usize::try_from(stream.send(rest)?).unwrap_or_default();
            rest = &rest[sent..];
        }
        done += got as u64;
        on(done);
    }
}
