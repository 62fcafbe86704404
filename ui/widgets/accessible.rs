//! What a screen reader is told of a widget that we draw ourselves. gtk-rs has these calls from GTK 4.10 on; C from 4.0.
#![allow(unsafe_code)]
use std::ffi::c_int;

use gtk::ffi::{self, GtkAccessibleProperty, GtkAccessibleState, GtkWidget};
use gtk::glib::gobject_ffi::GValue;
use gtk::glib::prelude::*;
use gtk::glib::translate::ToGlibPtr;

// Every GtkWidget is a GtkAccessible. (GTK's documentation, gtk_accessible_update_state_value and its sister.)
unsafe extern "C" {
    fn gtk_accessible_update_property_value(
        accessible: *mut GtkWidget,
        n: c_int,
        properties: *mut GtkAccessibleProperty,
        values: *const GValue,
    );
    fn gtk_accessible_update_state_value(
        accessible: *mut GtkWidget,
        n: c_int,
        states: *mut GtkAccessibleState,
        values: *const GValue,
    );
}

/// Gives the widget a name.
pub fn set_label(widget: &impl IsA<gtk::Widget>, label: &str) {
    set_text(widget, ffi::GTK_ACCESSIBLE_PROPERTY_LABEL, label);
}

/// Says more of the widget than its name does.
pub fn set_description(widget: &impl IsA<gtk::Widget>, description: &str) {
    set_text(widget, ffi::GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, description);
}

fn set_text(widget: &impl IsA<gtk::Widget>, mut property: GtkAccessibleProperty, text: &str) {
    let value = text.to_value();
    // SAFETY: one property with one value, a string as both of these want it; both outlive the call, which copies them.
    unsafe {
        gtk_accessible_update_property_value(
            widget.as_ref().to_glib_none().0,
            1,
            &raw mut property,
            value.to_glib_none().0,
        );
    }
}

/// Says whether the widget is selected among its siblings.
pub fn set_selected(widget: &impl IsA<gtk::Widget>, selected: bool) {
    set_state(widget, ffi::GTK_ACCESSIBLE_STATE_SELECTED, &i32::from(selected).to_value());
}

/// Says whether what belongs to the widget is unfolded; `None` for one to which nothing belongs.
pub fn set_expanded(widget: &impl IsA<gtk::Widget>, expanded: Option<bool>) {
    let value = expanded.map_or(ffi::GTK_ACCESSIBLE_VALUE_UNDEFINED, i32::from);
    set_state(widget, ffi::GTK_ACCESSIBLE_STATE_EXPANDED, &value.to_value());
}

/// Hides the widget from screen readers, or no longer.
pub fn set_hidden(widget: &impl IsA<gtk::Widget>, hidden: bool) {
    set_state(widget, ffi::GTK_ACCESSIBLE_STATE_HIDDEN, &hidden.to_value());
}

/// GTK wants a number for a state that may also be undefined, else a boolean (GtkAccessibleState's documentation).
fn set_state(widget: &impl IsA<gtk::Widget>, mut state: GtkAccessibleState, value: &gtk::glib::Value) {
    // SAFETY: as in `set_text`; the callers give the kind of value that the state wants.
    unsafe {
        gtk_accessible_update_state_value(widget.as_ref().to_glib_none().0, 1, &raw mut state, value.to_glib_none().0);
    }
}
