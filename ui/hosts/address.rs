//! The URI that the add-host form builds, and which of its fields is wrong (pure but for the translation).
use drover::host::uri::HostUri;

use crate::errors;
use crate::i18n::{gettext, gettext_f};

/// What kind of connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    #[default]
    QemuSystem,
    QemuSession,
    Xen,
    Lxc,
    Custom,
}

/// In the order of the form's list.
pub const KINDS: [Kind; 5] = [Kind::QemuSystem, Kind::QemuSession, Kind::Xen, Kind::Lxc, Kind::Custom];

impl Kind {
    /// As the form names it.
    pub fn label(self) -> String {
        match self {
            Self::QemuSystem => gettext("QEMU/KVM"),
            Self::QemuSession => gettext("QEMU/KVM, my user's session"),
            Self::Xen => gettext("Xen"),
            Self::Lxc => gettext("Linux containers (LXC)"),
            Self::Custom => gettext("Custom URI"),
        }
    }

    fn driver_and_path(self) -> (&'static str, &'static str) {
        match self {
            Self::QemuSession => ("qemu", "/session"),
            Self::Xen => ("xen", "/system"),
            Self::Lxc => ("lxc", "/system"),
            Self::QemuSystem | Self::Custom => ("qemu", "/system"),
        }
    }
}

/// The form as it is filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    pub kind: Kind,
    pub over_ssh: bool,
    pub user: String,
    pub host: String,
    pub port: String,
    pub custom: String,
}

/// A field of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    User,
    Host,
    Port,
    Custom,
}

/// A field and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    pub field: Field,
    pub why: String,
}

impl Form {
    /// The URI, or the first field that is wrong.
    pub fn uri(&self) -> Result<String, Wrong> {
        let wrong = |field, why| Err(Wrong { field, why });
        if self.kind == Kind::Custom {
            let uri = self.custom.trim();
            return match HostUri::parse(uri) {
                Ok(_) => Ok(uri.to_owned()),
                Err(_) if uri.is_empty() => {
                    wrong(Field::Custom, gettext("A URI is needed, such as qemu+tls://kvm1/system"))
                }
                Err(e) => wrong(
                    Field::Custom,
                    gettext_f("This is no libvirt URI: {why}", &[("why", &errors::uri_problem(&e))]),
                ),
            };
        }
        let (driver, path) = self.kind.driver_and_path();
        if !self.over_ssh {
            return Ok(format!("{driver}://{path}"));
        }
        let (user, host, port) = (self.user.trim(), self.host.trim(), self.port.trim());
        if let Some(c) = user.chars().find(|c| c.is_whitespace() || "/:@?#[]".contains(*c)) {
            return wrong(Field::User, gettext_f("A user name can't contain “{c}”", &[("c", &c.to_string())]));
        }
        let host = match bracketed(host) {
            Ok(host) => host,
            Err(why) => return wrong(Field::Host, why),
        };
        let port = match port {
            "" => String::new(),
            given => match given.parse::<u16>() {
                Ok(port) if port > 0 => format!(":{port}"),
                _ => return wrong(Field::Port, gettext("A port is a number from 1 to 65535")),
            },
        };
        let user = if user.is_empty() { String::new() } else { format!("{user}@") };
        Ok(format!("{driver}+ssh://{user}{host}{port}{path}"))
    }
}

/// A host as a URI wants it: IPv6 addresses in brackets.
fn bracketed(host: &str) -> Result<String, String> {
    if host.is_empty() {
        return Err(gettext("The host's name or address is needed"));
    }
    let inner = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    if inner.contains(':') {
        let address = inner.split('%').next().unwrap_or(inner);
        return match address.parse::<std::net::Ipv6Addr>() {
            Ok(_) => Ok(format!("[{}]", inner.replace('%', "%25"))),
            Err(_) if inner.matches(':').count() == 1 => Err(gettext("The port has its own field below")),
            Err(_) => Err(gettext_f("“{host}” is no IPv6 address", &[("host", inner)])),
        };
    }
    match inner.chars().find(|c| !(c.is_alphanumeric() || "-._".contains(*c))) {
        Some('@') => Err(gettext("The user has its own field below")),
        Some(c) => Err(gettext_f("A host name can't contain “{c}”", &[("c", &c.to_string())])),
        None => Ok(inner.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ssh(user: &str, host: &str, port: &str) -> Result<String, Wrong> {
        let (user, host, port) = (user.into(), host.into(), port.into());
        Form { over_ssh: true, user, host, port, ..Form::default() }.uri()
    }

    #[test]
    fn each_kind_has_its_uri_and_libvirt_takes_it() {
        let uris = KINDS.map(|kind| Form { kind, custom: "test:///default".into(), ..Form::default() }.uri().unwrap());
        assert_eq!(uris, ["qemu:///system", "qemu:///session", "xen:///system", "lxc:///system", "test:///default"]);
        for uri in uris {
            HostUri::parse(&uri).unwrap();
        }
    }

    #[test]
    fn ssh_takes_user_port_and_ipv6() {
        assert_eq!(ssh("", "kvm1", "").unwrap(), "qemu+ssh://kvm1/system");
        assert_eq!(ssh("root", " kvm1.example ", "2222").unwrap(), "qemu+ssh://root@kvm1.example:2222/system");
        assert_eq!(ssh("", "fd00::1", "").unwrap(), "qemu+ssh://[fd00::1]/system");
        assert_eq!(ssh("", "[fd00::1]", "22").unwrap(), "qemu+ssh://[fd00::1]:22/system");
        for host in ["kvm1", "fd00::1"] {
            HostUri::parse(&ssh("root", host, "22").unwrap()).unwrap();
        }
    }

    #[test]
    fn the_wrong_field_is_named() {
        let field = |form: Result<String, Wrong>| form.unwrap_err().field;
        assert_eq!(field(ssh("", "", "")), Field::Host);
        assert_eq!(field(ssh("", "kvm 1", "")), Field::Host);
        assert_eq!(field(ssh("", "kvm1:22", "")), Field::Host);
        assert_eq!(field(ssh("", "fd00:::1", "")), Field::Host);
        assert_eq!(field(ssh("", "root@kvm1", "")), Field::Host);
        assert_eq!(field(ssh("a b", "kvm1", "")), Field::User);
        assert_eq!(field(ssh("", "kvm1", "0")), Field::Port);
        assert_eq!(field(ssh("", "kvm1", "70000")), Field::Port);
        for custom in ["", "kvm1", "qemu+warp://kvm1/system"] {
            assert_eq!(
                field(Form { kind: Kind::Custom, custom: custom.into(), ..Form::default() }.uri()),
                Field::Custom
            );
        }
    }
}
