//! Asking again while nobody answers, always with the same request id.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use crate::Error;

const PAUSE: Duration = Duration::from_millis(50);
/// One try: longer than a healthy service ever takes. The answer of the next try tells what became of it.
const LONGEST_TRY: Duration = Duration::from_secs(10);

/// Tries until there is an answer, or `patience` is over; `attempt` is told how often it was called
/// before, so that it can turn to another replica.
pub async fn patiently<T>(
    patience: Duration,
    mut attempt: impl AsyncFnMut(usize) -> Result<T, Error>,
) -> Result<T, Error> {
    let deadline = Instant::now() + patience;
    let mut tried = 0;
    loop {
        let outcome = timeout(LONGEST_TRY, attempt(tried)).await;
        match outcome.unwrap_or_else(|_| Err(Error::Away(format!("no answer in {LONGEST_TRY:?}")))) {
            Err(Error::Away(_)) if Instant::now() < deadline => {
                tried += 1;
                sleep(PAUSE).await;
            }
            outcome => return outcome,
        }
    }
}
