//! What the console says when there is no picture.
use drover::Error;
use drover::console::{DisplayError, Mute, Nonsense};

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
            "The screen has more than 64 million pixels, the most that can be shown. Choose a smaller one in the guest.",
        ),
        DisplayError::NoAnswer(why) => gettext_f("The display does not answer: {reason}", &[("reason", &mute(why))]),
        DisplayError::Closed => gettext("The display closed the connection."),
        DisplayError::Protocol(what) => {
            gettext_f("The display sent something that can't be understood: {reason}", &[("reason", &nonsense(what))])
        }
    }
}

fn mute(mute: &Mute) -> String {
    let at = |host: &str, port: &u16, text: &str| {
        gettext_f("{host}, port {port}: {reason}", &[("host", host), ("port", &port.to_string()), ("reason", text)])
    };
    match mute {
        Mute::NoPort => gettext("it has no port yet"),
        Mute::Silent { host, port } => at(host, port, &gettext("no answer")),
        Mute::At { host, port, words } => at(host, port, words),
        Mute::NoGreeting(seconds) => gettext_f("no greeting within {n} s", &[("n", &seconds.to_string())]),
        Mute::NoInput(seconds) => gettext_f("it took no input for {n} s", &[("n", &seconds.to_string())]),
        Mute::System(words) => words.clone(),
    }
}

fn nonsense(nonsense: &Nonsense) -> String {
    match nonsense {
        Nonsense::Greeting(text) => gettext_f("it begins with “{text}”", &[("text", text)]),
        Nonsense::Rectangle { width, height, bytes } => gettext_f(
            "a rectangle of {width}×{height} came with {n} bytes",
            &[("width", &width.to_string()), ("height", &height.to_string()), ("n", &bytes.to_string())],
        ),
        Nonsense::Said(words) => words.clone(),
    }
}
