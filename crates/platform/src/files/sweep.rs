//! Deletes files that broke off, and those that nobody attached.

use std::{io, path::Path, time::Duration};

use jiff::SignedDuration;
use object_store::ObjectStoreExt as _;
use tokio_util::sync::CancellationToken;

use super::{FileId, Files, store, table, upload::failed};
use crate::{
    clock,
    core::Core,
    db::{query_all, query_one},
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
        table::set_deleting(&core.db, id).await?;
        let kept = "select 1 from file where id = $1 and state <> 'deleting'";
        // Without a row the sweep was here before all of it had come.
        match query_one(core.db.read(), kept, vec![id.0.into()]).await? {
            None => self.delete_content(core, company, id).await,
            Some(_) => Ok(()),
        }
    }

    /// First the content, then what is known of it: whoever dies in between leaves a row to be found again.
    async fn delete_content(&self, core: &Core, company: CompanyId, id: FileId) -> Result<(), Error> {
        match self.store.delete(&store::key(company, id)).await {
            // Of S3 this says that there is no such bucket: a key that is missing counts as deleted.
            Err(object_store::Error::NotFound { .. }) if self.folder.is_some() => {}
            outcome => outcome.map_err(failed)?,
        }
        if let Some(folder) = &self.folder {
            remove_staged(&folder.join(company.to_string()), id).await.map_err(anyhow::Error::from)?;
        }
        core.db.execute("delete from file where id = $1 and state = 'deleting'", vec![id.0.into()]).await?;
        Ok(())
    }
}

/// While a file comes, a folder's store calls it `<id>#<number>`, and so it stays if the process is killed.
async fn remove_staged(folder: &Path, id: FileId) -> io::Result<()> {
    let mut entries = match tokio::fs::read_dir(folder).await {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    let staged = format!("{id}#");
    while let Some(entry) = entries.next_entry().await? {
        if entry.file_name().to_string_lossy().starts_with(&staged) {
            tokio::fs::remove_file(entry.path()).await?;
        }
    }
    Ok(())
}
