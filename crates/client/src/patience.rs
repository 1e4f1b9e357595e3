//! Asking again while nobody answers, always with the same request id.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::time::{Instant, sleep, timeout};

use crate::{Error, Installation};

const PAUSE: Duration = Duration::from_millis(50);
/// One try: longer than a healthy service ever takes. The answer of the next try tells what became of it.
const LONGEST_TRY: Duration = Duration::from_secs(10);

/// How often a request was sent again, by what its try before came to.
#[derive(Clone, Debug, Default)]
pub struct SentAgain(Arc<Mutex<BTreeMap<String, usize>>>);

impl SentAgain {
    fn count(&self, why: String) {
        *self.0.lock().expect("nobody panics with the lock").entry(why).or_default() += 1;
    }

    pub fn counts(&self) -> BTreeMap<String, usize> {
        self.0.lock().expect("nobody panics with the lock").clone()
    }
}

/// Tries until there is an answer, or the installation's patience is over; `attempt` is told how often it was
/// called before, so that it can turn to another replica.
pub async fn patiently<T>(
    installation: &Installation,
    mut attempt: impl AsyncFnMut(usize) -> Result<T, Error>,
) -> Result<T, Error> {
    let deadline = Instant::now() + installation.patience;
    let mut tried = 0;
    loop {
        let outcome = timeout(LONGEST_TRY, attempt(tried)).await;
        match outcome.unwrap_or_else(|_| Err(Error::Away(format!("no answer in {LONGEST_TRY:?}")))) {
            Err(Error::Away(why)) if Instant::now() < deadline => {
                installation.sent_again.count(why);
                tried += 1;
                sleep(PAUSE).await;
            }
            outcome => return outcome,
        }
    }
}
