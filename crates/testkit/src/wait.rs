//! Waiting for what another process does.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Asks again and again until `check` gives a value, and returns it. The only place
/// in the tests that lets real time pass: it waits for a condition, never for a
/// duration.
///
/// # Panics
/// When there is none `within` the time; the message names `what` was awaited.
pub async fn eventually<T>(within: Duration, what: &str, mut check: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + within;
    let mut pause = Duration::from_millis(5);
    loop {
        if let Some(value) = check().await {
            return value;
        }
        assert!(Instant::now() < deadline, "waited {within:?} in vain for: {what}");
        sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(200));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_condition_that_comes_true_ends_the_wait() {
        let mut asked = 0;
        let value = eventually(Duration::from_secs(5), "the third answer", async || {
            asked += 1;
            (asked == 3).then_some("here")
        })
        .await;
        assert_eq!(value, "here");
    }

    #[tokio::test]
    #[should_panic(expected = "in vain for: what never comes")]
    async fn a_condition_that_never_comes_true_is_named() {
        eventually(Duration::from_millis(20), "what never comes", async || None::<()>).await;
    }
}
