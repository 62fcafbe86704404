//! A machine's console: the [`view`] with its picture ([`screen`], [`paintable`]), its [`keys`] and its [`bar`].
mod bar;
mod keys;
mod mode;
mod paintable;
mod screen;
pub mod view;
mod window;
mod words;

pub use words::display as display_words;
