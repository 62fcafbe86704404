//! Sparse streams: `virt` has no calls for holes.
#![allow(unsafe_code)]
use std::ffi::c_longlong;

use virt::stream::Stream;
use virt_sys as sys;

use crate::{Error, Result};

/// What comes next on a sparse stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// So many bytes were put into the buffer.
    Data(usize),
    /// So many bytes of nothing.
    Hole(u64),
    End,
}

/// What virStreamRecvFlags gives at a hole.
const AT_HOLE: i32 = -3;

/// Waits for the next piece.
pub(crate) fn receive(stream: &Stream, buffer: &mut [u8]) -> Result<Piece> {
    // SAFETY: a live stream, and a buffer as long as we say.
    let got = unsafe {
        let flags = sys::VIR_STREAM_RECV_STOP_AT_HOLE;
        sys::virStreamRecvFlags(stream.as_ptr(), buffer.as_mut_ptr().cast(), buffer.len(), flags)
    };
    if got == AT_HOLE {
        let mut length: c_longlong = 0;
        // SAFETY: a live stream, and room for the answer.
        let done = unsafe { sys::virStreamRecvHole(stream.as_ptr(), &raw mut length, 0) };
        return if done == 0 { Ok(Piece::Hole(u64::try_from(length).unwrap_or_default())) } else { Err(last()) };
    }
    match usize::try_from(got) {
        Ok(0) => Ok(Piece::End),
        Ok(bytes) => Ok(Piece::Data(bytes)),
        Err(_) => Err(last()),
    }
}

/// Sends so many bytes of nothing.
pub(crate) fn send_hole(stream: &Stream, length: u64) -> Result<()> {
    let length = c_longlong::try_from(length).unwrap_or(c_longlong::MAX);
    // SAFETY: a live stream.
    if unsafe { sys::virStreamSendHole(stream.as_ptr(), length, 0) } == 0 { Ok(()) } else { Err(last()) }
}

fn last() -> Error {
    virt::error::Error::last_error().into()
}
