//! Whether both hosts have certificates for an encrypted migration.
use super::TlsAnswer;
use crate::Result;
use crate::host::Host;
use crate::storage::{self, FolderProblem, Look};

/// Where QEMU's certificates lie (qemu.conf: default_tls_x509_cert_dir).
const TLS_FOLDER: &str = "/etc/pki/qemu";

/// What the source lacks, then the destination.
pub(super) fn ask(source: &Host, dest: &Host) -> Result<Vec<TlsAnswer>> {
    Ok(vec![certificates(source, "client-cert.pem")?, certificates(dest, "server-cert.pem")?])
}

fn certificates(host: &Host, own: &'static str) -> Result<TlsAnswer> {
    let look = host.call(|conn| Ok(storage::look(conn, TLS_FOLDER)))?;
    Ok(match look {
        Look::Here(folder) => match ["ca-cert.pem", own].iter().find(|f| !folder.names.iter().any(|n| n == *f)) {
            None => TlsAnswer::Ready,
            // A host without a certificate as a client shows the one that it has as a server.
            Some(&"client-cert.pem") if folder.names.iter().any(|n| n == "server-cert.pem") => TlsAnswer::Ready,
            Some(file) => TlsAnswer::Lacks(format!("{TLS_FOLDER}/{file}")),
        },
        Look::No(FolderProblem::Missing | FolderProblem::NotFolder) => {
            TlsAnswer::Lacks(format!("{TLS_FOLDER}/ca-cert.pem"))
        }
        Look::No(problem) => TlsAnswer::Unknown(problem.of(TLS_FOLDER)),
        Look::Unknown(words) => TlsAnswer::Unknown(words),
    })
}
