//! Deletes files that broke off, and those that nobody attached.

use std::time::Duration;

use jiff::SignedDuration;
use object_store::ObjectStoreExt as _;
use tokio_util::sync::CancellationToken;

use super::{FileId, Files, store, upload::failed};
use crate::{
    clock,
    core::Core,
    db::{execute, query_all},
    error::Error,
    id::CompanyId,
    loops,
};

const LOOK_EVERY: Duration = Duration::from_secs(3600);
/// State, and hours of machine time for which a file may be in it.
const KEPT_FOR: [(&str, i64); 2] = [("receiving", 1), ("unused", 7 * 24)];
/// Rows that are looked at together.
const BATCH: usize = 100;

impl Files {
    /// Keeps house until cancelled.
    pub async fn run_sweep(&self, core: Core, stop: CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(error) = self.sweep(&core, &stop).await {
                tracing::warn!(service = core.service, %error, "files that are not needed wait");
            }
            loops::pause(LOOK_EVERY, &stop).await;
        }
    }

    /// Deletes what was not attached in time.
    pub async fn sweep(&self, core: &Core, stop: &CancellationToken) -> Result<(), Error> {
        for (state, hours) in KEPT_FOR {
            let before = clock::to_db(clock::machine_now() - SignedDuration::from_hours(hours));
            let sql =
                format!("update file set state = 'deleting' where state = '{state}' and created_at < $1");
            core.db.execute(&sql, vec![before.into()]).await?;
        }
        let sql = format!("select id, company from file where state = 'deleting' limit {BATCH}");
        loop {
            let rows = query_all(core.db.read(), &sql, vec![]).await?;
            for row in &rows {
                let (id, company): (uuid::Uuid, String) =
                    (row.try_get("", "id")?, row.try_get("", "company")?);
                self.delete_content(core, company.parse().map_err(anyhow::Error::new)?, id.into()).await?;
            }
            if rows.len() < BATCH || stop.is_cancelled() {
                return Ok(());
            }
        }
    }

    /// Deletes a file that was not taken.
    pub(super) async fn delete(&self, core: &Core, company: CompanyId, id: FileId) -> Result<(), Error> {
        let tx = core.db.begin().await?;
        let sql = "update file set state = 'deleting' where id = $1 and state = 'receiving'";
        let given_up = execute(&tx, sql, vec![id.0.into()]).await?;
        tx.commit().await?;
        if given_up == 1 { self.delete_content(core, company, id).await } else { Ok(()) }
    }

    /// First the content, then what is known of it: whoever dies in between leaves a row to be found again.
    async fn delete_content(&self, core: &Core, company: CompanyId, id: FileId) -> Result<(), Error> {
        match self.store.delete(&store::key(company, id)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            Err(e) => return Err(failed(e)),
        }
        core.db.execute("delete from file where id = $1 and state = 'deleting'", vec![id.0.into()]).await?;
        Ok(())
    }
}
