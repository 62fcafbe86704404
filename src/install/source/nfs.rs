//! NFSv3 as an ordinary user (RFC 1813), without a mount: exports, folders, files.
use crate::Result;
use crate::error::SourceError;
use crate::task::Cancel;

/// The exports that a server offers (`showmount -e`), in its order.
pub fn exports(host: &str, mount_port: Option<u16>, cancel: &Cancel) -> Result<Vec<String>> {
    let _ = (mount_port, cancel);
    Err(SourceError::UnknownServer(host.into()).into())
}
