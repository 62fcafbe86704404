//! Keeps libvirt's own log off standard error, where one line of ours says why something failed.
#![allow(unsafe_code)]

/// libvirt logs its warnings (such as a host name without an address) to standard error. Errors only, unless the
/// person has asked it for more. Call this at the start of `main`, before libvirt is used.
pub(super) fn warnings() {
    // https://libvirt.org/logging.html
    if ["LIBVIRT_DEBUG", "LIBVIRT_LOG_FILTERS", "LIBVIRT_LOG_OUTPUTS"]
        .iter()
        .any(|name| std::env::var_os(name).is_some())
    {
        return;
    }
    // SAFETY: this process has one thread still, so nobody reads the environment meanwhile.
    unsafe { std::env::set_var("LIBVIRT_DEBUG", "error") }
}
