//! Whether both hosts have certificates for an encrypted migration.
use super::TlsAnswer;
use crate::Result;
use crate::host::Host;
use crate::storage::{self, FolderProblem, Look};

/// Where QEMU's certificates lie (qemu.conf: migrate_tls_x509_cert_dir, default_tls_x509_cert_dir): libvirt takes the first
/// of these folders that is there.
const FOLDERS: [&str; 2] = ["/etc/pki/libvirt-migrate", "/etc/pki/qemu"];

/// What the source lacks, then the destination.
pub(super) fn ask(source: &Host, dest: &Host) -> Result<Vec<TlsAnswer>> {
    let sender = certificates(source, &["client-cert.pem", "client-key.pem"], TlsAnswer::LacksSender)?;
    Ok(vec![sender, certificates(dest, &["server-cert.pem", "server-key.pem"], TlsAnswer::Lacks)?])
}

/// `own` are the files that it needs for its part, besides the authority's.
fn certificates(host: &Host, own: &[&str], lacks_own: fn(String) -> TlsAnswer) -> Result<TlsAnswer> {
    for folder in FOLDERS {
        let here = match host.call(move |conn| Ok(storage::look(conn, folder)))? {
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
    Ok(TlsAnswer::Lacks(format!("{}/ca-cert.pem", FOLDERS[1])))
}
