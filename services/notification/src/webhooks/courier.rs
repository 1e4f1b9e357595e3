//! Sends deliveries: lease, act, commit with the lease's token. No network call inside a transaction.

use std::{collections::HashMap, sync::atomic::Ordering, time::Duration};

use jiff::Timestamp;
use platform::{Error, clock, loops::pause, telemetry::trace};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use uuid::Uuid;

use super::{EndpointId, endpoints, post::Answer, queue, queue::Delivery};
use crate::message::Lease;
use crate::{Notification, figures};

/// What another replica or a dead one left is found by looking.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Requests of one replica at once to an endpoint that works. One that fails gets one at a time.
const MOST_TO_ONE: usize = 4;
/// Each endpoint has a place of its own, so that it never waits for others. What it has beyond that is of these.
const COMMON_PLACES: usize = 60;

/// A delivery that this replica has leased.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub delivery: Delivery,
    pub lease: Lease,
    /// Machine time.
    pub leased_at: Timestamp,
}

impl Notification {
    /// Sends what is due until cancelled; what is under way is finished. Any number of replicas may run it.
    pub async fn run_courier(self, stop: CancellationToken) {
        let mut under_way = JoinSet::new();
        let mut busy: HashMap<EndpointId, usize> = HashMap::new();
        while !stop.is_cancelled() {
            // Before the look, so that nothing that is committed meanwhile is missed.
            let changed = self.core.changed().notified();
            match self.take_deliveries(&busy, clock::machine_now()).await {
                Ok(taken) => {
                    for taken in taken {
                        *busy.entry(taken.delivery.endpoint).or_default() += 1;
                        under_way.spawn(self.clone().try_delivery(taken));
                    }
                }
                Err(e) => tracing::warn!(error = %e, "webhooks wait"),
            }
            tokio::select! {
                Some(done) = under_way.join_next() => is_free(&mut busy, done),
                () = changed, if self.webhooks.wanted.load(Ordering::Relaxed) => {}
                () = pause(LOOK_EVERY, &stop) => {}
            }
            while let Some(done) = under_way.try_join_next() {
                is_free(&mut busy, done);
            }
        }
        under_way.join_all().await;
    }

    /// How many deliveries are due, or in the hands of any process. What waits for a later try is not among them.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn webhooks_pending(&self) -> Result<i64, Error> {
        queue::count_due(self.core.db.read(), clock::machine_now()).await
    }

    /// Leases what is due at a machine time, as far as no other replica has, beside what this one has under way.
    pub(crate) async fn take_deliveries(
        &self,
        busy: &HashMap<EndpointId, usize>,
        now: Timestamp,
    ) -> Result<Vec<Taken>, Error> {
        let enabled = endpoints::enabled(self.core.db.read()).await?;
        self.webhooks.wanted.store(!enabled.is_empty(), Ordering::Relaxed);
        let mut asked = Vec::new();
        for (endpoint, is_failing) in enabled {
            let most = if is_failing { 1 } else { MOST_TO_ONE };
            let free = most.saturating_sub(busy.get(&endpoint).copied().unwrap_or(0));
            if free > 0 {
                asked.push((endpoint, free));
            }
        }
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let mut busy = busy.clone();
        let mut common = COMMON_PLACES.saturating_sub(busy.values().map(|n| n - 1).sum());
        let mut taken = Vec::new();
        for delivery in queue::due(self.core.db.read(), &asked, now).await? {
            let of_its = busy.entry(delivery.endpoint).or_default();
            let needs_common = *of_its > 0;
            if needs_common && common == 0 {
                continue;
            }
            match self.lease_delivery(delivery, now).await {
                Ok(Some(one)) => {
                    taken.push(one);
                    *of_its += 1;
                    common -= usize::from(needs_common);
                }
                Ok(None) => {}
                Err(e) if taken.is_empty() => return Err(e),
                // What is leased is sent.
                Err(e) => {
                    tracing::warn!(error = %e, "webhooks wait");
                    break;
                }
            }
        }
        Ok(taken)
    }

    /// None if another replica has it.
    async fn lease_delivery(&self, mut delivery: Delivery, now: Timestamp) -> Result<Option<Taken>, Error> {
        let lease = Lease { token: Uuid::now_v7(), until: now + self.webhooks.lease() };
        let tx = self.core.db.begin().await?;
        if !queue::lease(&tx, &delivery, lease.token, lease.until, now).await? {
            return Ok(None);
        }
        tx.commit().await?;
        delivery.attempts += 1;
        Ok(Some(Taken { delivery, lease, leased_at: now }))
    }

    /// One try, recorded; whose it was. A failure of the database is logged: the lease ends, and it is tried again.
    async fn try_delivery(self, taken: Taken) -> EndpointId {
        let endpoint = taken.delivery.endpoint;
        if let Err(e) = self.send_webhook(&taken, clock::machine_now).await {
            tracing::warn!(%endpoint, event = %taken.delivery.event_id, error = %e, "a webhook waits");
        }
        endpoint
    }

    /// Sends a delivery and records what became of it. One whose lease might end meanwhile is let go.
    pub(crate) async fn send_webhook(
        &self,
        taken: &Taken,
        machine_now: impl Fn() -> Timestamp,
    ) -> Result<(), Error> {
        match self.ask(taken, machine_now()).await? {
            Some(answer) => self.record_webhook(taken, &answer, machine_now()).await,
            None => Ok(()),
        }
    }

    /// The request alone. None if it may not be made.
    pub(crate) async fn ask(&self, taken: &Taken, now: Timestamp) -> Result<Option<Answer>, Error> {
        let Some(endpoint) = endpoints::find(self.core.db.read(), taken.delivery.endpoint).await? else {
            return Ok(None);
        };
        // The database may have kept this waiting.
        if taken.lease.until < now + self.webhooks.post.longest_try() {
            return Ok(None);
        }
        let span = tracing::info_span!(
            "webhook.send",
            otel.name = "POST",
            otel.kind = "client",
            "http.request.method" = "POST",
            endpoint = %taken.delivery.endpoint,
            event = %taken.delivery.event_id,
            attempt = taken.delivery.attempts,
        );
        trace::adopt(&span, taken.delivery.trace.as_deref());
        let answer = self.webhooks.post.send(&endpoint.value, &taken.delivery, now).instrument(span).await;
        figures::asked(&answer);
        Ok(Some(answer))
    }
}

fn is_free(busy: &mut HashMap<EndpointId, usize>, done: Result<EndpointId, tokio::task::JoinError>) {
    match done {
        Ok(endpoint) => {
            if let Some(n) = busy.get_mut(&endpoint) {
                *n -= 1;
            }
            busy.retain(|_, n| *n > 0);
        }
        // Whose it was is not known: what is leased is leased.
        Err(e) => {
            tracing::error!(error = %e, "a webhook's try ended early");
            busy.clear();
        }
    }
}
