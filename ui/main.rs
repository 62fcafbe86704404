//! Drover's window: starts GTK and hands over to the app component.
fn main() {}
