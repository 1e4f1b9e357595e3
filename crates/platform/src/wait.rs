//! Reading one's own write in another service: `x-przesiadka-after`.

use std::time::Duration;

use crate::{core::Core, db::query_one, error::Error, lane::LanePosition};

/// How long a request waits for an earlier write to arrive.
const PATIENCE: Duration = Duration::from_secs(2);
/// Another replica may apply the event without this process being woken.
const LOOK_EVERY: Duration = Duration::from_millis(50);

impl Core {
    /// Waits until the position is applied here; the service's own positions are there already, and what
    /// it never hears of has nothing to wait for.
    /// Unavailable, with a hint to try again, if it is not within 2 seconds.
    pub async fn wait_for(&self, after: &LanePosition) -> Result<(), Error> {
        if after.service == self.service || !self.hears(&after.service) {
            return Ok(());
        }
        let wait = async {
            loop {
                let applied = self.applied().notified();
                if self.has_applied(after).await? {
                    return Ok(());
                }
                let _ = tokio::time::timeout(LOOK_EVERY, applied).await;
            }
        };
        match tokio::time::timeout(PATIENCE, wait).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Error::Unavailable(anyhow::anyhow!("{after} has not arrived at {}", self.service))),
        }
    }

    async fn has_applied(&self, after: &LanePosition) -> Result<bool, Error> {
        let row = query_one(
            self.db.read(),
            "select 1 from cursor where source = $1 and lane = $2 and seq >= $3",
            vec![after.service.as_str().into(), after.lane.to_string().into(), after.seq.into()],
        )
        .await?;
        Ok(row.is_some())
    }
}
