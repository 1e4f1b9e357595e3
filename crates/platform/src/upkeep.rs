//! What each service does about itself: deletes what is old, and measures how it stands.

use std::time::Duration;

use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;

use crate::{bus::Bus, clock, core::Core, db::execute, error::Error, figures::Figures};

/// How long rows are kept: table, key, time column, hours of machine time.
///
/// `inbox` and `timer` rows go with their effect, files that are not attached by [`crate::files`]. All else is kept: in `outbox` a consumer that comes
/// later, or lost something, finds the events from the first.
const RETENTION: [(&str, &str, &str, i64); 2] =
    [("request", "key", "created_at", 7 * 24), ("stray", "id", "received_at", 30 * 24)];
/// Rows that one transaction deletes.
const BATCH: u64 = 500;

const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Old rows are deleted, and SQLite's journal is emptied, at every so many looks: once an hour.
const DELETE_EVERY: u64 = 360;

impl Core {
    /// Keeps house until cancelled.
    pub async fn run_upkeep(&self, bus: Bus, figures: Option<Figures>, stop: CancellationToken) {
        for look in 0_u64.. {
            let done = async {
                self.measure(&bus).await?;
                if let Some(figures) = &figures {
                    figures().await?;
                }
                if look.is_multiple_of(DELETE_EVERY) {
                    self.delete_old(&stop).await?;
                    self.db.empty_journal().await?;
                }
                Ok::<_, Error>(())
            };
            if let Err(e) = done.await {
                tracing::warn!(service = self.service, error = %e, "upkeep waits");
            }
            if stop.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_none() {
                return;
            }
        }
    }

    /// Deletes the rows that were kept long enough, in short transactions.
    pub async fn delete_old(&self, stop: &CancellationToken) -> Result<(), Error> {
        for (table, key, time, hours) in RETENTION {
            let before = clock::to_db(clock::machine_now() - SignedDuration::from_hours(hours));
            let sql = format!(
                "delete from {table} where {key} in (select {key} from {table} where {time} < $1 limit {BATCH})"
            );
            while !stop.is_cancelled() {
                let tx = self.db.begin().await?;
                let deleted = execute(&tx, &sql, vec![before.into()]).await?;
                tx.commit().await?;
                if deleted < BATCH {
                    break;
                }
            }
        }
        Ok(())
    }
}
