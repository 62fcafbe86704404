//! The host layer against libvirt's built-in test driver, with our own fleets.
// Helpers of tests stand outside the test functions; there, too, a wrong assumption should end the test.
#![allow(clippy::unwrap_used, clippy::panic, clippy::unit_arg)]
mod actions;
mod fleet;
mod hosts;
