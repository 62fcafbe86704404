//! A second link to a host, for work that must go on where the first one broke.
use std::sync::Arc;

use virt::connect::Connect;

use super::Host;
use crate::Result;

impl Host {
    /// Opens the host once more, with the same credentials. Blocks as [`Host::open_now`] does.
    pub fn open_again(&self) -> Result<Self> {
        Self::open_now(self.id().as_str(), Arc::clone(&self.inner.shared.credentials))
    }

    /// The open connection itself, for calls that take minutes: they would fill the host's lane. The link closes only
    /// when this is dropped, too.
    pub(crate) fn connection(&self) -> Result<Connect> {
        self.call(|conn| Ok(conn.clone()))
    }
}
