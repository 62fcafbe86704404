//! What is wrong with the text of an install location, translated.
use drover::error::LocationProblem;

use crate::i18n::{gettext, gettext_f};

/// What is wrong, and how it is written.
pub fn location(problem: &LocationProblem) -> String {
    use LocationProblem as P;
    match problem {
        P::Empty => gettext("it is empty; a location is nfs:HOST:/PATH, http://HOST/PATH or a folder here"),
        P::NoScheme => gettext("it must begin with nfs:, http://, https://, or “/” for a folder here"),
        P::Scheme(scheme) => {
            gettext_f("“{scheme}” is not known; use nfs:, http://, https:// or file://", &[("scheme", scheme)])
        }
        P::Ftp => gettext("FTP is not supported yet; use nfs: or http://"),
        P::ForNfs(text) => gettext_f("for NFS write nfs:{text}", &[("text", text)]),
        P::NotWhole => gettext("write the whole path, beginning with “/”"),
        P::NoPath { form } => gettext_f("a path is missing: {form}", &[("form", form)]),
        P::NoServer { form } => gettext_f("a server is missing: {form}", &[("form", form)]),
        P::Form { form } => gettext_f("write {form}", &[("form", form)]),
        P::FileForm => gettext("a folder here is written file:///PATH or /PATH"),
        P::NotUtf8 => gettext("the path is not UTF-8"),
        P::ZeroByte => gettext("a path can't contain a zero byte"),
        P::OpenBracket => gettext("“]” is missing after the address"),
        P::NotIpv6(address) => gettext_f("“{address}” is no IPv6 address", &[("address", address)]),
        P::Brackets(address) => gettext_f("write an IPv6 address in brackets: [{address}]", &[("address", address)]),
        P::MountOptions => {
            gettext("mount options or a port can't be given in this form; write nfs://HOST:PORT/PATH?mountport=PORT")
        }
        P::ServerCharacter(c) => gettext_f("“{c}” can't be in a server's name", &[("c", &c.to_string())]),
        P::Port(port) => gettext_f("“{port}” is no port (1 to 65535)", &[("port", port)]),
        P::Option(option) => gettext_f(
            "“?{option}” is not known; the only option is ?mountport=PORT (a “?” in the path is written %3F)",
            &[("option", option)],
        ),
        P::Space => gettext("write a space as %20"),
        P::Control => gettext("there is a control character in it"),
        P::Query => gettext("a tree's URL has no “?” or “#”"),
        P::NotUrl => gettext("it is no URL"),
        P::AnswersForm => gettext("write nfs:HOST:/PATH or http://HOST/PATH"),
        P::AnswersHere => {
            gettext("the installer can't read a file of this machine by itself; let it be put into the initrd")
        }
        P::NoFileName => gettext("a file's name is missing"),
    }
}
