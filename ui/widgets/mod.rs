//! Widgets that several features use.
pub mod accessible;
pub mod curves;
pub mod drag_scroll;
pub mod gradual;
pub mod icon_button;
pub mod linger;
pub mod sparkline;
pub mod steady;
pub mod value_row;
