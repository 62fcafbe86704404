//! The host layer against libvirt's built-in test driver, with our own fleets.
mod actions;
mod fleet;
mod hosts;
