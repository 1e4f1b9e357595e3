//! Deletes deliveries that were kept long enough, and those of endpoints that are gone.

use jiff::{SignedDuration, Timestamp};
use platform::{Error, clock::to_db, db::execute};

use super::{endpoints, queue};
use crate::Notification;

/// Machine time for which a delivery can be replayed, whatever became of it.
pub const KEPT_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Rows that one transaction deletes.
const BATCH: u64 = 500;

impl Notification {
    /// In short transactions; any number of replicas may do it at once.
    pub(crate) async fn delete_old_deliveries(&self, machine_now: Timestamp) -> Result<(), Error> {
        let before = machine_now - KEPT_FOR;
        let sql = format!(
            "delete from webhook_delivery where position in (select position from webhook_delivery \
             where created_at < $1 or not exists (select 1 from webhook_endpoint where id = endpoint) limit {BATCH})"
        );
        loop {
            let tx = self.core.db.begin().await?;
            let deleted = execute(&tx, &sql, vec![to_db(before).into()]).await?;
            tx.commit().await?;
            if deleted < BATCH {
                break;
            }
        }
        // What was deleted may have been the first of its queue.
        for endpoint in endpoints::all(self.core.db.read()).await? {
            let tx = self.core.db.begin().await?;
            queue::mend(&tx, endpoint.id, machine_now).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}
