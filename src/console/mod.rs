//! A machine's display: where it is ([`target`]), the live session ([`session`]) and its pixels ([`framebuffer`]).
mod flow;
pub mod framebuffer;
mod graphics_fd;
mod rfb;
pub mod scancode;
pub mod session;
pub mod target;
mod worker;

/// A pointer's shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub width: u32,
    pub height: u32,
    /// The pixel that points.
    pub hot_x: u32,
    pub hot_y: u32,
    /// BGRA, rows without padding, not premultiplied.
    pub pixels: Vec<u8>,
}

/// Why a display can't be shown, by what a person can do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DisplayError {
    /// The machine has no graphical display at all: add one, or use its serial console.
    #[error("this machine has no graphical display")]
    None,
    /// It has one, of a kind that we don't speak ("spice", "rdp", "sdl"…): add a VNC display.
    #[error("this machine's display is of the kind “{0}”; only VNC displays can be shown")]
    Kind(String),
    /// The machine is one of libvirt's test driver: it has no screen.
    #[error("this is a sample machine: it has no screen")]
    Sample,
    /// It listens on the host's own loopback address, and we are on another machine.
    #[error(
        "the display listens only on {listen} of {host}, which can't be reached from here; let it listen on another \
         address (listen='0.0.0.0' in the machine's XML), with a password"
    )]
    HostOnly { host: String, listen: String },
    /// It listens on a unix socket of another machine.
    #[error(
        "the display is the socket {socket} on {host}, which can't be reached from here; let it listen on an address"
    )]
    RemoteSocket { host: String, socket: String },
    /// It has no address: only programs on its host can open it.
    #[error("the display of this machine does not listen on any address; let it listen on one (in the machine's XML)")]
    NotListening,
    /// It wants a login that we don't speak yet (TLS or SASL).
    #[error("the display wants a login by TLS or SASL, which is not supported")]
    Security,
    /// It says why it doesn't want us.
    #[error("the display refused the connection: {0}")]
    Refused(String),
    /// More pixels than we take, or none. Zeroes: the exact size is not known.
    #[error("the screen is larger than can be shown ({width}×{height})")]
    Size { width: u32, height: u32 },
    /// Nothing answers at its address, or it stopped answering.
    #[error("the display does not answer: {0}")]
    NoAnswer(Mute),
    /// The connection ended.
    #[error("the display closed the connection")]
    Closed,
    /// It sent what is no VNC.
    #[error("the display sent something that can't be understood: {0}")]
    Protocol(Nonsense),
}

/// How a display does not answer. Times are in seconds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mute {
    /// The machine has just started.
    #[error("it has no port yet")]
    NoPort,
    #[error("{host}, port {port}: no answer")]
    Silent { host: String, port: u16 },
    /// In the system's words.
    #[error("{host}, port {port}: {words}")]
    At { host: String, port: u16, words: String },
    #[error("no greeting within {0} s")]
    NoGreeting(u64),
    #[error("it took no input for {0} s")]
    NoInput(u64),
    /// The system's own words.
    #[error("{0}")]
    System(String),
}

/// What is no VNC.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Nonsense {
    #[error("it begins with “{0}”")]
    Greeting(String),
    #[error("a rectangle of {width}×{height} came with {bytes} bytes")]
    Rectangle { width: u32, height: u32, bytes: usize },
    /// The protocol's own words.
    #[error("{0}")]
    Said(String),
}
