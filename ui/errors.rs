//! What the core says, in the person's language: each error, finding and link failure with what to do about it.
#[cfg(test)]
mod chinese_tests;
mod host;
mod location;
mod reason;
mod source;
mod unattended;

use drover::Error;
use drover::error::Left;
use drover::finding::Finding;
use drover::host::{Cause, FailKind};

use crate::i18n::{gettext, gettext_f};

pub use host::{cause, left, uri_problem};
pub use reason::{amount, reason};
pub use source::source;
use unattended::line_problem;

/// An error in words: a heading, what happened and what to do, and the whole text for a bug report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// A short heading.
    pub title: String,
    /// What happened, then what to do.
    pub body: String,
    /// The error in full and untranslated, to look at and copy.
    pub details: String,
}

/// The finding's sentence, with its remedy.
pub fn finding(finding: &Finding) -> String {
    reason(&finding.reason)
}

/// An error in words.
pub fn error(error: &Error) -> Said {
    let (title, body) = words(error);
    Said { title, body, details: error.to_string() }
}

fn words(error: &Error) -> (String, String) {
    match error {
        Error::Uri { reason, .. } => link(FailKind::BadUri, &cause(reason)),
        Error::Unreachable { reason, .. } => link(FailKind::Unreachable, reason),
        Error::NoDaemon { reason, .. } => link(FailKind::NoDaemon, reason),
        Error::Login { reason, .. } => link(FailKind::Login, reason),
        Error::Denied { reason, .. } => link(FailKind::Denied, reason),
        Error::Lost { uri } => lost(uri),
        Error::Busy { uri } => busy(uri),
        Error::NoDomain(name) => (
            gettext("No such machine"),
            gettext_f("There is no machine “{name}” on this host any more.", &[("name", name)]),
        ),
        Error::NameTaken(name) => (
            gettext("Name in use"),
            gettext_f("A machine named “{name}” exists already; choose another name.", &[("name", name)]),
        ),
        Error::NotAllowed(denial) => (gettext("Not possible now"), crate::actions::why(*denial)),
        Error::DomainXml(words) => {
            reported(gettext_f("The machine's XML can't be read: {reason}", &[("reason", words)]))
        }
        Error::Folder { folder, problem } => (gettext("A folder can't be used"), host::folder(folder, problem)),
        Error::NoBootFolder => reported(no_boot_folder()),
        Error::NotAbsolute(path) => {
            (gettext("A file can't be used"), gettext_f("“{path}” is no absolute path of a file", &[("path", path)]))
        }
        Error::Unsupported(what) => (
            gettext("Not supported by this host"),
            gettext_f("This host's hypervisor can't do that: {what}", &[("what", what)]),
        ),
        Error::Refused(findings) => (
            gettext("Checks found problems"),
            findings.iter().map(|f| reason(&f.reason)).collect::<Vec<_>>().join("\n"),
        ),
        Error::Cancelled => (gettext("Cancelled"), gettext("It was stopped, and nothing is left behind.")),
        Error::Source(e) => (gettext("The install source can't be read"), source(e)),
        Error::Display(e) => (gettext("The display can't be shown"), crate::console::display_words(e)),
        Error::File { path, source } => (
            gettext("A file can't be used"),
            gettext_f("{path}: {reason}", &[("path", &path.display().to_string()), ("reason", &source.to_string())]),
        ),
        Error::Libvirt { message, .. } => reported(gettext_f("The host says: {message}", &[("message", message)])),
        Error::LeftBehind { cause, left } => left_behind(cause, left),
        Error::Fault => (gettext("A fault in Drover"), host::cause(&Cause::Fault)),
        Error::Thread(e) => (gettext("A fault in Drover"), host::cause(&Cause::Thread(e.to_string()))),
    }
}

/// The errors of opening a host.
fn link(kind: FailKind, reason: &str) -> (String, String) {
    (failure_title(kind), gettext_f("{remedy} ({reason})", &[("remedy", &remedy(kind)), ("reason", reason)]))
}

fn lost(uri: &str) -> (String, String) {
    let body = gettext_f(
        "The connection to {uri} is down. Drover keeps trying; do it again when the host is back.",
        &[("uri", uri)],
    );
    (gettext("Connection lost"), body)
}

fn busy(uri: &str) -> (String, String) {
    let body = gettext_f(
        "{uri} has not yet answered earlier requests. Wait, or look whether libvirtd hangs on that host.",
        &[("uri", uri)],
    );
    (gettext("The host does not answer"), body)
}

fn reported(body: String) -> (String, String) {
    (gettext("The host reports an error"), body)
}

fn no_boot_folder() -> String {
    gettext(
        "This host has no folder for the installer's kernel: it has no storage pool. Create one, or choose a new disk.",
    )
}

fn left_behind(cause: &Error, left: &[Left]) -> (String, String) {
    let (title, body) = match cause {
        Error::Cancelled => (gettext("Cancelled"), gettext("It was stopped.")),
        cause => words(cause),
    };
    let left = left.iter().map(host::left).collect::<Vec<_>>().join(", ");
    let left = gettext_f("These could not be removed; remove them by hand: {left}", &[("left", &left)]);
    (title, format!("{body}\n{left}"))
}

/// A failed link in a few words.
pub fn failure_title(kind: FailKind) -> String {
    match kind {
        FailKind::BadUri => gettext("Not a valid URI"),
        FailKind::Unreachable => gettext("Host not reachable"),
        FailKind::Login => gettext("Login refused"),
        FailKind::Denied => gettext("No permission"),
        FailKind::NoDaemon => gettext("No libvirt there"),
        FailKind::Other => gettext("Can't connect"),
    }
}

/// What to do about a failed link.
pub fn remedy(kind: FailKind) -> String {
    match kind {
        FailKind::BadUri => gettext("Remove this host and add it again with a corrected URI."),
        FailKind::Unreachable => {
            gettext("Check the name and that the host is on; a firewall may block it. Drover keeps trying.")
        }
        FailKind::Login => gettext(
            "Check the user name and the password. Over SSH, answer what SSH asks when Drover shows it, or put your key into the SSH agent (ssh-add).",
        ),
        FailKind::Denied => gettext(
            "Your user may not use libvirt there. Add it to the group “libvirt” (sudo usermod -aG libvirt USER) and log in anew.",
        ),
        FailKind::NoDaemon => gettext(
            "No libvirt daemon listens there. Install it, or start it with: sudo systemctl enable --now libvirtd.socket",
        ),
        FailKind::Other => gettext("Look at the host's words below, and at its log."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use drover::finding::{Field, Reason};

    #[test]
    fn each_link_error_says_what_happened_and_what_to_do() {
        let said = error(&Error::Denied { uri: "qemu:///system".into(), reason: "Permission denied".into() });
        assert!(said.body.contains("usermod") && said.body.contains("Permission denied"), "{said:?}");
        assert!(said.details.contains("qemu:///system"));
    }

    #[test]
    fn what_was_left_behind_is_named() {
        let lost = || Box::new(Error::Lost { uri: "test:///x".into() });
        let left = vec![
            Left::File { path: "/a.img".into(), why: lost() },
            Left::Machine { name: "node2".into(), why: lost() },
        ];
        let said = error(&Error::LeftBehind { cause: Box::new(Error::Cancelled), left });
        assert!(said.body.contains("/a.img (") && said.body.contains("the machine node2 ("), "{said:?}");
        assert!(!said.body.contains("nothing is left"), "{said:?}");
    }

    #[test]
    fn refused_lists_each_finding() {
        let findings = vec![
            Finding::block(Field::Name, Reason::NameEmpty),
            Finding::block(Field::Mac, Reason::BadMac("zz".into())),
        ];
        assert_eq!(error(&Error::Refused(findings)).body.lines().count(), 2);
    }
}
