//! A panic in a service's code is one call's, one event's or one timer's fault, not its loop's.

use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;

use crate::error::Error;

/// Runs a service's code; a panic becomes an internal error that says `what` panicked.
pub(crate) async fn caught<T, E: From<Error>>(
    what: &str,
    run: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let outcome = AssertUnwindSafe(run).catch_unwind().await;
    outcome.unwrap_or_else(|_| Err(Error::Internal(anyhow::anyhow!("{what} panicked")).into()))
}
