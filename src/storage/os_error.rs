//! The operating system's error number behind libvirt's last error: the daemon's message may be in the daemon's language,
//! the number is not. FFI, because `virt::error::Error` drops it.
#![allow(unsafe_code)]

/// The `errno` that the daemon reported with the calling thread's last libvirt error (VIR_ERR_SYSTEM_ERROR carries it in
/// `int1`), or `None` if that error was of another kind. Call it right after the failed call, on the same thread.
pub fn last_errno() -> Option<i32> {
    // SAFETY: virGetLastError gives NULL or a pointer to this thread's own error, valid until the thread's next libvirt call.
    let error = unsafe { virt_sys::virGetLastError().as_ref() }?;
    (error.code == virt_sys::VIR_ERR_SYSTEM_ERROR as i32 && error.int1 > 0).then_some(error.int1)
}
