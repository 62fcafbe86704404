//! Waiting for a network answer: with a limit, and ended at once by a cancel.
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use crate::error::{Odd, SourceError};
use crate::task::Cancel;
use crate::{Error, Result};

/// How long one operation may take without an answer.
pub(super) const LIMIT: Duration = Duration::from_secs(20);

/// How soon a cancel is noticed.
pub(super) const POLL: Duration = Duration::from_millis(50);

/// A runtime for one connection, on the thread that calls it.
pub(super) fn runtime() -> Result<Runtime, SourceError> {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| SourceError::Protocol { server: "localhost".into(), reason: Odd::Said(e.to_string()) })
}

/// Runs `work` to its end, to the limit (then the error is `late`) or to the cancel, whichever is first.
pub(super) fn wait<T>(
    runtime: &Runtime,
    cancel: &Cancel,
    late: impl FnOnce() -> SourceError,
    work: impl Future<Output = Result<T, SourceError>>,
) -> Result<T> {
    runtime.block_on(async {
        tokio::select! {
            biased;
            result = work => result.map_err(Error::from),
            () = pressed(cancel) => Err(Error::Cancelled),
            () = tokio::time::sleep(LIMIT) => Err(late().into()),
        }
    })
}

async fn pressed(cancel: &Cancel) {
    while !cancel.is_cancelled() {
        tokio::time::sleep(POLL).await;
    }
}
