//! Machines on their way from one window to another, as a text: JSON, a list of `{"host": URI, "uuid": UUID}`.
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{DomainId, DomainKey};
use crate::host::HostId;

/// The media type of the text.
pub const MEDIA_TYPE: &str = "application/x-drover-machines";

#[derive(Serialize, Deserialize)]
struct Entry {
    host: String,
    uuid: String,
}

/// Machines in the order in which they were picked; a password in a URI stays here.
pub fn to_text(machines: &[DomainKey]) -> String {
    let entry = |key: &DomainKey| Entry { host: without_password(key.host.as_str()), uuid: key.domain.0.to_string() };
    serde_json::to_string(&machines.iter().map(entry).collect::<Vec<_>>()).unwrap_or_default()
}

/// The machines of a text, at the hosts that are open here. `Err` names a host that is not, or is `None` where the text is
/// not one of ours.
pub fn from_text(text: &str, open: &[HostId]) -> Result<Vec<DomainKey>, Option<String>> {
    let entries: Vec<Entry> = serde_json::from_str(text).map_err(|_| None)?;
    let key = |entry: Entry| {
        let domain = DomainId(Uuid::parse_str(&entry.uuid).map_err(|_| None)?);
        let host = open.iter().find(|host| without_password(host.as_str()) == entry.host);
        Ok(DomainKey { host: host.ok_or(Some(entry.host))?.clone(), domain })
    };
    entries.into_iter().map(key).collect()
}

/// `qemu+ssh://user:secret@host/system` without `:secret`.
fn without_password(uri: &str) -> String {
    let Some((scheme, rest)) = uri.split_once("://") else { return uri.to_owned() };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    match authority.rsplit_once('@') {
        Some((user, host)) => {
            let user = user.split_once(':').map_or(user, |(user, _)| user);
            format!("{scheme}://{user}@{host}{path}")
        }
        None => uri.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(host: &str) -> DomainKey {
        DomainKey { host: HostId::new(host), domain: DomainId(Uuid::from_u128(7)) }
    }

    #[test]
    fn machines_come_back_and_passwords_do_not_travel() {
        let keys = [key("qemu+ssh://root:secret@[fe80::1]:22/system?keyfile=/a@b"), key("test:///default")];
        let text = to_text(&keys);
        assert!(
            text.contains("qemu+ssh://root@[fe80::1]:22/system?keyfile=/a@b") && !text.contains("secret"),
            "{text}"
        );
        let open = keys.clone().map(|key| key.host);
        assert_eq!(from_text(&text, &open), Ok(keys.to_vec()));
    }

    #[test]
    fn a_host_that_is_not_open_here_is_named() {
        let text = to_text(&[key("qemu://a/system")]);
        assert_eq!(from_text(&text, &[HostId::new("qemu://b/system")]), Err(Some("qemu://a/system".into())));
        for other in ["", "{}", "[1]", "[{\"host\":\"x\",\"uuid\":\"no\"}]"] {
            assert_eq!(from_text(other, &[]), Err(None), "{other}");
        }
        assert_eq!(from_text("[]", &[]), Ok(Vec::new()));
    }
}
