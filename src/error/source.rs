//! Why an install source (or an unattended file) can't be read, as values: `Display` says it in English, the window translates.

/// Why an install source (or an unattended file) can't be read. Names and places in it show no password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The text is no location that we know.
    #[error("“{text}” is no install location: {reason}")]
    Location { text: String, reason: LocationProblem },
    /// The server's name is unknown.
    #[error("the server “{0}” is not known (name not found)")]
    UnknownServer(String),
    /// Nothing listens or answers there.
    #[error("{server} does not answer: {reason}")]
    NoAnswer { server: String, reason: Silence },
    /// The server did not answer within the limit, or stopped answering.
    #[error("{0} stopped answering")]
    Timeout(String),
    /// An NFS export with the usual `secure` option refuses ports above 1023, and we run as an ordinary user.
    #[error(
        "{server} refuses {export} to ordinary users: the export has the option “secure”, which wants a source port below 1024; \
         add “insecure” to that export's options on the server (in /etc/exports), and run exportfs -ra there"
    )]
    NfsSecure { server: String, export: String },
    /// The server offers no such export.
    #[error("{server} offers no export “{export}”; it offers: {}", if .offered.is_empty() { "none".into() } else { .offered.join(", ") })]
    NoExport { server: String, export: String, offered: Vec<String> },
    /// The file or folder is not there.
    #[error("{0} is not there")]
    NotFound(String),
    /// The server or file system refuses to give it to us.
    #[error("{0}: permission denied")]
    Forbidden(String),
    /// The transfer ended before its announced size.
    #[error("{name} is cut off: {got} of {want} bytes")]
    Truncated { name: String, got: u64, want: u64 },
    /// The file is not of the kind that its place says.
    #[error("{name} is damaged or no {expected}")]
    Damaged { name: String, expected: Expected },
    /// More than a limit that no true file reaches.
    #[error("{name} is larger than {limit} bytes")]
    TooLarge { name: String, limit: u64 },
    /// Nothing that we can install from lies there.
    #[error("nothing installable at {location}: {looked_for}")]
    NothingInstallable { location: String, looked_for: Lack },
    /// The server (or file system) answered, and the answer is of no use.
    #[error("{server}: {reason}")]
    Protocol { server: String, reason: Odd },
}

/// What is wrong with the text of a location. A `form` is how it is written, such as `nfs:HOST:/PATH`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocationProblem {
    #[error("it is empty; a location is nfs:HOST:/PATH, http://HOST/PATH or a folder here")]
    Empty,
    #[error("it must begin with nfs:, http://, https://, or “/” for a folder here")]
    NoScheme,
    #[error("“{0}” is not known; use nfs:, http://, https:// or file://")]
    Scheme(String),
    #[error("FTP is not supported yet; use nfs: or http://")]
    Ftp,
    #[error("for NFS write nfs:{0}")]
    ForNfs(String),
    #[error("write the whole path, beginning with “/”")]
    NotWhole,
    #[error("a path is missing: {form}")]
    NoPath { form: &'static str },
    #[error("a server is missing: {form}")]
    NoServer { form: String },
    #[error("write {form}")]
    Form { form: String },
    #[error("a folder here is written file:///PATH or /PATH")]
    FileForm,
    #[error("the path is not UTF-8")]
    NotUtf8,
    #[error("a path can't contain a zero byte")]
    ZeroByte,
    #[error("“]” is missing after the address")]
    OpenBracket,
    #[error("“{0}” is no IPv6 address")]
    NotIpv6(String),
    #[error("write an IPv6 address in brackets: [{0}]")]
    Brackets(String),
    #[error("mount options or a port can't be given in this form; write nfs://HOST:PORT/PATH?mountport=PORT")]
    MountOptions,
    #[error("“{0}” can't be in a server's name")]
    ServerCharacter(char),
    #[error("“{0}” is no port")]
    Port(String),
    #[error("“?{0}” is not known; the only option is ?mountport=PORT (a “?” in the path is written %3F)")]
    Option(String),
    #[error("write a space as %20")]
    Space,
    #[error("there is a control character in it")]
    Control,
    #[error("a tree's URL has no “?” or “#”")]
    Query,
    #[error("it is no URL")]
    NotUrl,
    #[error("write nfs:HOST:/PATH or http://HOST/PATH")]
    AnswersForm,
    #[error("the installer can't read a file of this machine by itself; let it be put into the initrd")]
    AnswersHere,
    #[error("a file's name is missing")]
    NoFileName,
}

/// How a server does not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Silence {
    #[error("no answer within {0} s")]
    Within(u64),
    #[error("no connection")]
    NoConnection,
    #[error("nothing listens there (connection refused)")]
    Refused,
    #[error("nothing listens on port {0}")]
    Port(u16),
    #[error(
        "no portmapper (rpcbind) listens on port 111; if it is off on purpose, name the ports: nfs://{server}:2049/PATH?mountport=20048"
    )]
    NoPortmapper { server: String },
    #[error("the server closed the connection")]
    Closed,
    /// The system's own words.
    #[error("{0}")]
    System(String),
}

/// What a damaged file should have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Expected {
    #[error("file")]
    File,
    #[error("folder")]
    Folder,
    #[error("Linux kernel")]
    Kernel,
    #[error("initrd")]
    Initrd,
    #[error("initrd that can take files")]
    InitrdForFiles,
}

/// What a tree lacks to be installed from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lack {
    #[error(
        "there is no .treeinfo or treeinfo (Red Hat and kin), no images/pxeboot/vmlinuz, \
         and no dists/…/main/installer-… or netboot/ (Debian and kin)"
    )]
    Everything,
    #[error("half of its kernel and initrd is not there: {0}")]
    Half(Absent),
    /// `treeinfo`: the name of that file.
    #[error("its {treeinfo} names no kernel and initrd")]
    NoNames { treeinfo: &'static str },
    #[error("its {treeinfo} names files that are not there: {}", join(.files))]
    Files { treeinfo: &'static str, files: Vec<Absent> },
}

/// A file that a tree should have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}{}", if *.empty { " (it is empty)" } else { "" })]
pub struct Absent {
    pub path: String,
    /// It is there, with nothing in it.
    pub empty: bool,
}

fn join(files: &[Absent]) -> String {
    files.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// An answer that is of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Odd {
    /// `status` as the protocol words it: “503 Service Unavailable”.
    #[error("{url}: it answered with status {status}")]
    Status { url: String, status: String },
    #[error("more than 5 redirects")]
    Redirects,
    #[error("HTTP can't list folders; type the path")]
    NoListing,
    #[error("it runs no mount service for NFS version 3 over TCP")]
    NoMountService,
    #[error("it runs no NFS server for NFS version 3 over TCP")]
    NoNfsServer,
    #[error("“{0}”: too many symbolic links")]
    Links(String),
    #[error("“{name}” is a link to {target}, which lies outside the export {export}")]
    LinkOutside { name: String, target: String, export: String },
    #[error("“{0}” is a link to no UTF-8 path")]
    LinkNotUtf8(String),
    #[error("a listing that can't be: {entries} entries, “{name}”")]
    Listing { entries: usize, name: String },
    #[error("a listing without an end")]
    EndlessListing,
    #[error("more of {0} than was asked for")]
    TooMuch(String),
    #[error("nothing of {0} before its end")]
    TooLittle(String),
    #[error("{0} was replaced while it was read; try again")]
    Replaced(String),
    /// `status` is the protocol's name for it, such as `NFS3ERR_IO`.
    #[error("{name}: {status}")]
    Nfs { name: String, status: String },
    #[error("a reply of {0} bytes")]
    Reply(u64),
    /// The protocol's or the system's own words.
    #[error("{0}")]
    Said(String),
}
