//! What is wrong with a connection URI, translated.
use drover::host::uri::{HostUri, UriProblem};

use crate::i18n::{gettext, gettext_f};

/// The wrong part of `uri`; `said` where its parts are right and libvirt alone refuses it.
pub fn bad_uri(uri: &str, said: &str) -> String {
    HostUri::parse(uri).map_or_else(|problem| uri_problem(&problem), |_| said.to_owned())
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

    #[test]
    fn the_wrong_part_is_named_and_libvirts_words_stay() {
        assert_eq!(bad_uri("qemu:///sytem", "?"), "the path “/sytem” is not known here; use /system or /session");
        assert_eq!(bad_uri("test:///no/such.xml", "no such file"), "no such file");
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
