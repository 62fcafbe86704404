//! A machine's display: where it is ([`target`]), the live session ([`session`]) and its pixels ([`framebuffer`]).
pub mod framebuffer;
pub mod session;
pub mod target;
