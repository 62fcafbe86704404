//! Widgets that several features use.
pub mod accessible;
pub mod curves;
pub mod icon_button;
pub mod sparkline;
pub mod value_row;
