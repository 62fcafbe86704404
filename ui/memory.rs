//! Memory that Drover doesn't need: glibc's heap per thread, and a GL driver that nothing is drawn with.
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

/// Where the person chose the cairo renderer, GDK still loads a GL driver to see whether it could: with a software one
/// that is 56 MB and a fifth of a second before the first frame. Call this before GTK starts and before there is a second
/// thread. What the person set there themselves stays.
pub fn spare_gl() {
    // GTK 4.16 gave the switch a variable of its own.
    let (name, value) = if gtk::minor_version() < 16 { ("GDK_DEBUG", "gl-disable") } else { ("GDK_DISABLE", "gl") };
    let cairo = std::env::var_os("GSK_RENDERER").is_some_and(|renderer| renderer == "cairo");
    if cairo && std::env::var_os(name).is_none() {
        // SAFETY: there is one thread, so nobody reads the environment meanwhile.
        unsafe { std::env::set_var(name, value) };
    }
}
