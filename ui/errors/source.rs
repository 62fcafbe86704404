//! Why an install source can't be read, translated.
use drover::error::SourceError;

use crate::i18n::{gettext, gettext_f};

/// The sentence under the source's field, with its remedy.
pub fn source(e: &SourceError) -> String {
    match e {
        SourceError::Location { text, reason } if reason.is_empty() => {
            gettext_f("“{text}” is no install location", &[("text", text)])
        }
        SourceError::Location { text, reason } => {
            gettext_f("“{text}” is no install location: {reason}", &[("text", text), ("reason", reason)])
        }
        SourceError::UnknownServer(server) => {
            gettext_f("The server “{server}” is not known; check its name, or use its address", &[("server", server)])
        }
        SourceError::NoAnswer { server, reason } => {
            gettext_f("{server} does not answer: {reason}", &[("server", server), ("reason", reason)])
        }
        SourceError::Timeout(server) => gettext_f("{server} stopped answering; try again", &[("server", server)]),
        SourceError::NfsSecure { server, export } => gettext_f(
            "{server} refuses {export} to ordinary users: the export has the option “secure”. On the server, add “insecure” to its options in /etc/exports and run exportfs -ra",
            &[("server", server), ("export", export)],
        ),
        SourceError::NoExport { server, export, offered } => {
            let offered = if offered.is_empty() { gettext("nothing") } else { offered.join(", ") };
            let values = [("server", server.as_str()), ("export", export.as_str()), ("offered", offered.as_str())];
            gettext_f("{server} has no export “{export}”; it offers {offered}", &values)
        }
        SourceError::NotFound(name) => gettext_f("{name} is not there", &[("name", name)]),
        SourceError::Forbidden(name) => gettext_f("{name}: permission denied", &[("name", name)]),
        SourceError::Truncated { name, got, want } => gettext_f(
            "{name} is cut off: {got} of {want} bytes arrived",
            &[("name", name), ("got", &got.to_string()), ("want", &want.to_string())],
        ),
        SourceError::Damaged { name, expected } => {
            gettext_f("{name} is damaged, or no {expected}", &[("name", name), ("expected", expected)])
        }
        SourceError::TooLarge { name, limit } => {
            gettext_f("{name} is larger than {limit} bytes", &[("name", name), ("limit", &limit.to_string())])
        }
        SourceError::NothingInstallable { location, looked_for } => gettext_f(
            "Nothing installable at {location}: {looked_for}",
            &[("location", location), ("looked_for", looked_for)],
        ),
        SourceError::Protocol { server, reason } => {
            gettext_f("{server}: {reason}", &[("server", server), ("reason", reason)])
        }
    }
}
