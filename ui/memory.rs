//! Memory that was used once and is free again: glibc keeps it per thread unless told otherwise.
#![allow(unsafe_code)]

/// Lets all threads share few heaps. By default glibc gives up to eight per core, and each worker that read machines
/// leaves one behind, full of holes: 65 MB after 10,000 machines. Call this before there is a second thread.
#[cfg(target_env = "gnu")]
pub fn share_heaps() {
    // SAFETY: mallopt only sets a number inside the allocator.
    unsafe { libc::mallopt(libc::M_ARENA_MAX, 2) };
}

/// Other allocators have no such habit.
#[cfg(not(target_env = "gnu"))]
pub fn share_heaps() {}
