//! The core of Drover: libvirt hosts, machines, installs and consoles. It knows no GTK, no gettext and no screen.
//!
//! Functions are synchronous and may block, unless their docs say otherwise; call them from a worker thread.
//! Everything that a person reads is a typed value here ([`Error`], [`finding::Finding`]…) whose `Display` is English;
//! the window translates it variant by variant.

pub mod console;
pub mod domain;
pub mod error;
pub mod finding;
pub mod host;
pub mod install;
pub mod inventory;
pub mod migrate;
pub mod network;
pub mod search;
pub mod secret;
pub mod state;
pub mod storage;
pub mod task;

pub use error::{Error, Result};
