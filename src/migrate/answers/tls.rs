//! Whether both hosts have certificates for an encrypted migration.
use super::TlsAnswer;
use crate::Result;
use crate::host::Host;
use crate::storage::{self, FolderProblem, Look};

/// The settings of libvirt's QEMU driver, of a system's instance.
const SETTINGS: &str = "/etc/libvirt/qemu.conf";
/// Its bytes at most: the whole of libvirt's own, with all its comments, is 40 KiB.
const MOST: usize = 1 << 20;

/// Where QEMU's certificates lie, by the text of qemu.conf: libvirt takes the first of these folders that is there.
fn folders(settings: &str) -> Vec<String> {
    let set = |key: &str| {
        let mut named =
            settings.lines().filter_map(|line| line.trim().strip_prefix(key)?.trim_start().strip_prefix('='));
        let value = named.next()?.trim().strip_prefix('"')?.split('"').next()?.trim_end_matches('/');
        (!value.is_empty()).then(|| value.to_owned())
    };
    let default = || set("default_tls_x509_cert_dir").unwrap_or_else(|| "/etc/pki/qemu".to_owned());
    match set("migrate_tls_x509_cert_dir") {
        Some(folder) => vec![folder],
        None => vec!["/etc/pki/libvirt-migrate".to_owned(), default()],
    }
}

/// What the source lacks, then the destination.
pub(super) fn ask(source: &Host, dest: &Host) -> Result<Vec<TlsAnswer>> {
    let sender = certificates(source, &["client-cert.pem", "client-key.pem"], TlsAnswer::LacksSender)?;
    Ok(vec![sender, certificates(dest, &["server-cert.pem", "server-key.pem"], TlsAnswer::Lacks)?])
}

/// `own` are the files that it needs for its part, besides the authority's.
fn certificates(host: &Host, own: &[&str], lacks_own: fn(String) -> TlsAnswer) -> Result<TlsAnswer> {
    // Who may not read it (a session, another driver) gets the defaults.
    let settings = host.call(|conn| Ok(storage::text(conn, SETTINGS, MOST)))?.unwrap_or_default();
    let folders = folders(&settings);
    for folder in &folders {
        let place = folder.clone();
        let here = match host.call(move |conn| Ok(storage::look(conn, &place)))? {
            Look::Here(here) => here,
            Look::No(FolderProblem::Missing | FolderProblem::NotFolder) => continue,
            Look::No(problem) => return Ok(TlsAnswer::Unknown(problem.of(folder))),
            Look::Unknown(words) => return Ok(TlsAnswer::Unknown(words)),
        };
        let missing = |file: &&&str| !here.names.iter().any(|n| n == **file);
        return Ok(if missing(&&"ca-cert.pem") {
            TlsAnswer::Lacks(format!("{folder}/ca-cert.pem"))
        } else {
            own.iter().find(missing).map_or(TlsAnswer::Ready, |file| lacks_own(format!("{folder}/{file}")))
        });
    }
    let last = folders.last().map(String::as_str).unwrap_or_default();
    Ok(TlsAnswer::Lacks(format!("{last}/ca-cert.pem")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_name_the_folders() {
        let usual = ["/etc/pki/libvirt-migrate", "/etc/pki/qemu"];
        assert_eq!(folders(""), usual);
        assert_eq!(folders("#migrate_tls_x509_cert_dir = \"/a\"\nmigrate_tls_x509_cert_dir_old = \"/b\"\n"), usual);
        assert_eq!(folders("default_tls_x509_cert_dir = \"/etc/tls/\"\n"), ["/etc/pki/libvirt-migrate", "/etc/tls"]);
        let both = "  migrate_tls_x509_cert_dir=\"/a\" # ours\ndefault_tls_x509_cert_dir = \"/b\"\nmigrate_tls_x509_cert_dir = \"/c\"";
        assert_eq!(folders(both), ["/a"], "the first one counts, as with libvirt (virconf.c)");
        assert_eq!(folders("migrate_tls_x509_cert_dir = \"\""), usual);
        assert_eq!(folders("migrate_tls_x509_cert_dir = 3"), usual);
    }
}
