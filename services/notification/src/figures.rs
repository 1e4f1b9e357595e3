//! How messages and webhooks stand. Nobody's address or name is in any of it.

use std::{collections::HashMap, sync::LazyLock};

use platform::{
    Error, clock,
    telemetry::metrics::{Counter, Gauge, KeyValue, counter, gauge},
};

use crate::{
    Notification,
    message::{Tried, store},
    webhooks::{Answer, queue},
};

/// The states in which a message waits.
const WAITING: [&str; 3] = ["held", "pending", "sending"];

static MESSAGES: LazyLock<Gauge<f64>> =
    LazyLock::new(|| gauge("przesiadka.messages", "{message}", "Messages that are not done with, by state."));
static LATE: LazyLock<Gauge<f64>> = LazyLock::new(|| {
    gauge("przesiadka.messages.late", "s", "How long ago the oldest message that is due was to be tried.")
});
static TRIES: LazyLock<Counter<u64>> = LazyLock::new(|| {
    counter("przesiadka.messages.tries", "{try}", "Tries of messages, by what became of them.")
});
static WEBHOOKS: LazyLock<Gauge<f64>> =
    LazyLock::new(|| gauge("przesiadka.webhooks.due", "{webhook}", "Webhooks that are due or being sent."));
static WEBHOOK_TRIES: LazyLock<Counter<u64>> = LazyLock::new(|| {
    counter("przesiadka.webhooks.tries", "{try}", "Tries of webhooks, by what became of them.")
});

/// What became of a try, in a word.
pub(crate) fn outcome(tried: &Tried) -> &'static str {
    match tried {
        Tried::Sent(_) => "sent",
        Tried::Refused { .. } => "address_refused",
        Tried::Rejected(_) => "rejected",
        Tried::Postponed(_) => "postponed",
        Tried::Dropped(_) => "dropped",
        Tried::PassedOn(_) => "passed_on",
    }
}

/// Counts a try of a message.
pub(crate) fn tried(tried: &Tried) {
    TRIES.add(1, &[KeyValue::new("outcome", outcome(tried))]);
}

/// Counts a try of a webhook.
pub(crate) fn asked(answer: &Answer) {
    let outcome = match answer {
        Answer::Taken(_) => "taken",
        Answer::Gone => "gone",
        Answer::Failed { .. } => "failed",
    };
    WEBHOOK_TRIES.add(1, &[KeyValue::new("outcome", outcome)]);
}

impl Notification {
    /// Sets the gauges.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn measure(&self) -> Result<(), Error> {
        let (db, now) = (self.core.db.read(), clock::machine_now());
        let counts: HashMap<_, _> = store::count_waiting(db).await?.into_iter().collect();
        for state in WAITING {
            let count = counts.get(state).copied().unwrap_or(0);
            MESSAGES.record(count as f64, &[KeyValue::new("state", state)]);
        }
        let due = store::due_since(db, now).await?;
        LATE.record(due.map_or(0.0, |due| now.duration_since(due).as_secs_f64().max(0.0)), &[]);
        WEBHOOKS.record(queue::count_due(db, now).await? as f64, &[]);
        Ok(())
    }
}
