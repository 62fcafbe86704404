//! What the console says when there is no picture.
use drover::Error;
use drover::console::DisplayError;

use crate::i18n::{gettext, gettext_f};

/// An error of the session in words, with what to do about it where something can be done.
pub fn reason(error: &Error) -> String {
    match error {
        Error::Display(error) => display(error),
        Error::Lost { uri } => gettext_f("The connection to {host} is lost.", &[("host", uri)]),
        Error::Busy { uri } => gettext_f("{host} does not answer.", &[("host", uri)]),
        error => crate::errors::error(error).body,
    }
}

/// The same for what is wrong with the display itself.
pub fn display(error: &DisplayError) -> String {
    match error {
        DisplayError::None => gettext("This machine has no graphical display. Add a VNC display to its hardware."),
        DisplayError::Kind(kind) => gettext_f(
            "This machine's display is of the kind “{kind}”, which can't be shown here. Add a VNC display to its hardware.",
            &[("kind", kind)],
        ),
        DisplayError::Sample => gettext("This is a sample machine of libvirt's test driver. It has no screen."),
        DisplayError::HostOnly { host, listen } => gettext_f(
            "The display listens only on {address} of {host}, which can't be reached from here. Let it listen on another address (listen='0.0.0.0' in the machine's XML), and give it a password.",
            &[("address", listen), ("host", host)],
        ),
        DisplayError::RemoteSocket { host, socket } => gettext_f(
            "The display is the socket {socket} on {host}, which can't be reached from here. Let it listen on an address.",
            &[("socket", socket), ("host", host)],
        ),
        DisplayError::NotListening => {
            gettext("The display listens on no address. Let it listen on one (in the machine's XML).")
        }
        DisplayError::Security => gettext(
            "The display wants a login by TLS or SASL. Set a VNC password instead, or open this host over its socket.",
        ),
        DisplayError::Refused(words) => gettext_f("The display refused the connection: {reason}", &[("reason", words)]),
        DisplayError::Size { .. } => gettext(
            "The screen is larger than 3840 × 2160 pixels, the most that can be shown. Choose a smaller one in the guest.",
        ),
        DisplayError::NoAnswer(words) => gettext_f("The display does not answer: {reason}", &[("reason", words)]),
        DisplayError::Closed => gettext("The display closed the connection."),
        DisplayError::Protocol(words) => {
            gettext_f("The display sent something that can't be understood: {reason}", &[("reason", words)])
        }
    }
}
