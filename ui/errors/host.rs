//! Why a host's link or one of its folders can't be used, translated.
use drover::error::Left;
use drover::host::Cause;
use drover::host::uri::UriProblem;
use drover::storage::FolderProblem;

use crate::i18n::{gettext, gettext_f};

/// Why a link is down; libvirt's own words stay.
pub fn cause(cause: &Cause) -> String {
    match cause {
        Cause::Uri(problem) => uri_problem(problem),
        Cause::Broken => gettext("The connection broke."),
        Cause::Closed => gettext("The daemon closed the connection."),
        Cause::Silent => gettext("The host does not answer."),
        Cause::ClosedHere => gettext("It was closed here."),
        Cause::Busy => gettext("Earlier requests are still waiting."),
        Cause::Fault => gettext("A request to the host failed inside Drover."),
        Cause::Thread(words) => gettext_f("No thread can be started: {reason}", &[("reason", words)]),
        Cause::Said(words) => words.clone(),
    }
}

/// What is wrong with a folder on a host.
pub fn folder(folder: &str, problem: &FolderProblem) -> String {
    let named = [("folder", folder)];
    match problem {
        FolderProblem::Missing => gettext_f("The folder {folder} is not there on the host.", &named),
        FolderProblem::NotFolder => gettext_f("{folder} is no folder on the host.", &named),
        FolderProblem::Denied(words) => {
            gettext_f("The host may not use {folder}: {reason}", &[("folder", folder), ("reason", words)])
        }
        FolderProblem::Kernels => super::reason::kernel_folder(folder),
    }
}

/// What could not be removed, and why.
pub fn left(it: &Left) -> String {
    match it {
        Left::Machine { name, why } => {
            gettext_f("the machine {name} ({why})", &[("name", name), ("why", &super::error(why).body)])
        }
        Left::File { path, why } => format!("{path} ({})", super::error(why).body),
        Left::At { host, left: what } => gettext_f("on {host}: {what}", &[("host", host), ("what", &left(what))]),
        Left::Saved { name, host, why } => gettext_f(
            "{name}, saved on {host} and not started again ({why})",
            &[("name", name), ("host", host), ("why", &super::error(why).body)],
        ),
        Left::Undecided { name, here, there, why } => gettext_f(
            "{name}: whether it belongs to {here} or to {there} is not known yet ({why})",
            &[("name", name), ("here", here), ("there", there), ("why", &super::error(why).body)],
        ),
        Left::Twin { name, host } => {
            gettext_f("the saved machine {name} on {host}: do not start it there", &[("name", name), ("host", host)])
        }
    }
}

/// Names the wrong part.
pub fn uri_problem(problem: &UriProblem) -> String {
    use UriProblem as P;
    match problem {
        P::Empty => gettext("it is empty"),
        P::NoScheme => gettext("it must begin with a driver and “://”, such as qemu+ssh://root@kvm1/system"),
        P::Driver(driver) => {
            gettext_f("the driver “{driver}” is not known; use qemu, xen, lxc, test…", &[("driver", driver)])
        }
        P::Transport(transport) => gettext_f(
            "the transport “{transport}” is not known; use unix, tcp, tls, ssh, libssh, libssh2 or ext",
            &[("transport", transport)],
        ),
        P::NoHost(transport) => gettext_f("the transport {transport} needs a host name", &[("transport", transport)]),
        P::HostWithUnix(host) => gettext_f(
            "the transport unix stays on this machine; leave the host name “{host}” out, or use ssh",
            &[("host", host)],
        ),
        P::HostCharacter(c) => gettext_f("the host name contains “{c}”", &[("c", &c.to_string())]),
        P::Brackets(address) => gettext_f("an IPv6 address needs brackets: [{address}]", &[("address", address)]),
        P::OpenBracket => gettext("the bracket of the IPv6 address is not closed"),
        P::Port(port) => gettext_f("“{port}” is no port (1 to 65535)", &[("port", port)]),
        P::NoPath => gettext("the path is missing: add /system or /session"),
        P::Path(path) => gettext_f("the path “{path}” is not known here; use /system or /session", &[("path", path)]),
        P::Blank => gettext("it contains a space or a control character"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use drover::host::uri::HostUri;

    #[test]
    fn the_wrong_part_is_named_and_libvirts_words_stay() {
        let wrong = HostUri::parse("qemu:///sytem").unwrap_err();
        let said = "the path “/sytem” is not known here; use /system or /session";
        assert_eq!(cause(&Cause::Uri(wrong)), said);
        assert_eq!(cause(&"no such file".into()), "no such file");
    }

    #[test]
    fn it_says_what_the_core_says() {
        for uri in
            ["", "qemu", "kvm:///", "qemu+udp://h/system", "qemu+ssh:///system", "qemu+unix://h/system", "qemu://a b/"]
        {
            let problem = HostUri::parse(uri).unwrap_err();
            assert_eq!(uri_problem(&problem), problem.to_string());
        }
    }
}
