//! Deletes deliveries that were kept long enough, and those of endpoints that are gone.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use platform::{
    Error,
    clock::{self, to_db},
    db::execute,
    loops::pause,
};
use sea_orm::Value;
use tokio_util::sync::CancellationToken;

use super::{endpoints, queue};
use crate::Notification;

/// Machine time for which a delivery can be replayed, whatever became of it.
pub const KEPT_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Rows that one transaction deletes.
const BATCH: u64 = 500;
const EVERY: Duration = Duration::from_secs(3600);

impl Notification {
    /// Deletes once an hour until cancelled. Any number of replicas may run it.
    pub async fn run_retention(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(e) = self.delete_old_deliveries(clock::machine_now(), &stop).await {
                tracing::warn!(error = %e, "old webhook deliveries wait");
            }
            pause(EVERY, &stop).await;
        }
    }

    /// In short transactions, each of which finds its rows by an index.
    pub(crate) async fn delete_old_deliveries(
        &self,
        machine_now: Timestamp,
        stop: &CancellationToken,
    ) -> Result<(), Error> {
        let before = to_db(machine_now - KEPT_FOR);
        self.delete_deliveries("created_at < $1 order by created_at", before.into(), stop).await?;
        let mut seen = None;
        while let Some(id) = queue::next_endpoint(self.core.db.read(), seen).await? {
            seen = Some(id);
            if endpoints::find(self.core.db.read(), id).await?.is_none() {
                self.delete_deliveries("endpoint = $1 order by event_id", id.0.into(), stop).await?;
                continue;
            }
            // What was deleted may have been the first of its queue.
            let tx = self.core.db.begin().await?;
            queue::mend(&tx, id, machine_now).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    async fn delete_deliveries(
        &self,
        which: &str,
        value: Value,
        stop: &CancellationToken,
    ) -> Result<(), Error> {
        let sql = format!(
            "delete from webhook_delivery where position in \
             (select position from webhook_delivery where {which} limit {BATCH})"
        );
        let mut deleted = BATCH;
        while deleted == BATCH && !stop.is_cancelled() {
            let tx = self.core.db.begin().await?;
            deleted = execute(&tx, &sql, vec![value.clone()]).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}
