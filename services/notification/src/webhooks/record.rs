//! Records what became of a try, and what follows from it for the endpoint.

use std::time::Duration;

use jiff::Timestamp;
use platform::{Error, clock, loops::pause};
use tokio_util::sync::CancellationToken;

use super::{
    Why,
    courier::Taken,
    endpoints,
    post::Answer,
    queue::{self, Delivery, Standing},
    schedule,
};
use crate::Notification;

/// The database may be away for a moment.
const RECORD_AGAIN: Duration = Duration::from_millis(100);

impl Notification {
    /// In a unit of work of the company, tried for as long as the lease lasts: what is not recorded is sent again.
    pub(crate) async fn record_webhook(
        &self,
        taken: &Taken,
        answer: &Answer,
        now: Timestamp,
    ) -> Result<(), Error> {
        loop {
            match self.record_webhook_once(taken, answer, now).await {
                Err(e) if e.is_conflict() => {}
                Err(e) if e.is_transient() && clock::machine_now() < taken.lease.until => {
                    pause(RECORD_AGAIN, &CancellationToken::new()).await;
                }
                outcome => return outcome,
            }
        }
    }

    async fn record_webhook_once(&self, taken: &Taken, answer: &Answer, now: Timestamp) -> Result<(), Error> {
        let Taken { delivery, lease, leased_at } = taken;
        let mut unit = self.core.begin(delivery.company.into(), None).await?;
        let mut is_switched_off = false;
        // The endpoint first: so it is in the commands.
        let standing = match answer {
            Answer::Taken(_) => {
                endpoints::worked(unit.db(), delivery.endpoint).await?;
                Standing::Delivered
            }
            Answer::Gone => {
                is_switched_off = self.switch_off(&mut unit, taken, Why::Gone, now, "410").await?;
                Standing::Pending(now)
            }
            Answer::Failed { outcome, retry_after, .. } => {
                // Both count from the lease, so that the endpoint fails at least as long as its delivery, unless it took
                // something meanwhile.
                let since = endpoints::failed(unit.db(), delivery.endpoint, *leased_at).await?;
                let first = delivery.first_tried_at.unwrap_or(*leased_at);
                if now >= since + schedule::GIVEN_UP_AFTER {
                    is_switched_off = self.switch_off(&mut unit, taken, Why::Failing, since, outcome).await?;
                    Standing::Pending(now)
                } else {
                    schedule::next_try(delivery.event_id, delivery.attempts, first, now, *retry_after)
                        .map_or(Standing::GivenUp, Standing::Pending)
                }
            }
        };
        let (status, outcome) = match answer {
            Answer::Taken(status) => (*status, status.to_string()),
            Answer::Gone => (410, "410".to_owned()),
            Answer::Failed { status, outcome, .. } => (*status, outcome.clone()),
        };
        if !queue::record(unit.db(), delivery, lease.token, &standing, status.into(), &outcome).await? {
            tracing::warn!(
                endpoint = %delivery.endpoint,
                event = %delivery.event_id,
                "a try is not recorded: the delivery was taken over, replayed or deleted"
            );
            return Ok(());
        }
        if matches!(standing, Standing::Delivered | Standing::GivenUp) {
            queue::go_on(unit.db(), delivery, now).await?;
        }
        unit.commit("").await?;
        log(delivery, &standing, &outcome);
        if is_switched_off {
            tracing::error!(endpoint = %delivery.endpoint, outcome, "a webhook endpoint is switched off");
        }
        Ok(())
    }
}

fn log(delivery: &Delivery, standing: &Standing, outcome: &str) {
    let Delivery { endpoint, company, .. } = delivery;
    match standing {
        Standing::Delivered => {}
        Standing::Pending(next_try) => {
            tracing::warn!(%endpoint, %company, outcome, %next_try, "a webhook failed");
        }
        Standing::GivenUp => {
            tracing::error!(%endpoint, %company, outcome, "a webhook is given up");
        }
    }
}
