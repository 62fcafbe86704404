//! The display session: input events in, damage out. The only file that knows the VNC crate is its binding.
