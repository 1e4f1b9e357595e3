//! Reads that see an earlier write of another service, so that no client sleeps.

use std::time::Duration;

use tokio::time::Instant;

use crate::{core::Core, db::query_one, error::Error, lane::LanePosition};

/// How long a read waits for an earlier write to arrive.
const PATIENCE: Duration = Duration::from_secs(2);
/// Another replica may apply it, and says nothing to this one.
const LOOK_EVERY: Duration = Duration::from_millis(25);

impl Core {
    /// Waits until the positions are applied here. Own writes are, as soon as they are answered.
    ///
    /// # Errors
    /// UNAVAILABLE when that takes longer than two seconds.
    pub async fn wait_until_applied(&self, after: &[LanePosition]) -> Result<(), Error> {
        let deadline = Instant::now() + PATIENCE;
        for position in after.iter().filter(|p| p.service != self.service) {
            loop {
                let applied = self.applied().notified();
                if self.has_applied(position).await? {
                    break;
                }
                if Instant::now() >= deadline {
                    return Err(Error::Unavailable(anyhow::anyhow!("{position} has not arrived yet")));
                }
                let _ = tokio::time::timeout(LOOK_EVERY, applied).await;
            }
        }
        Ok(())
    }

    async fn has_applied(&self, position: &LanePosition) -> Result<bool, Error> {
        let row = query_one(
            self.db.read(),
            "select 1 as found from cursor where source = $1 and lane = $2 and seq >= $3",
            vec![position.service.as_str().into(), position.lane.to_string().into(), position.seq.into()],
        )
        .await?;
        Ok(row.is_some())
    }
}
