//! Opening a service's database, and waiting for its schema.

use std::time::Duration;

use platform::{clock::Clock, config::Config, core::Core, db::Db, loops::pause};
use tokio_util::sync::CancellationToken;

use crate::services::Name;

/// How often a database that is away is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// A service's runtime on the database that the configuration names.
///
/// # Errors
/// A file that cannot be opened, or an address that cannot be read; not a PostgreSQL that is away.
pub async fn open(config: &Config, name: Name, clock: Clock) -> anyhow::Result<Core> {
    Ok(Core::new(name.as_str(), config.open_database(name.as_str()).await?, clock))
}

/// Returns when the schema is up to date, however long the database is away or nobody brings it up. To be
/// dropped when `stop` is cancelled.
pub async fn schema(name: Name, db: &Db, bring_up: bool, stop: &CancellationToken) {
    loop {
        let outcome =
            if bring_up { name.schema_up(db).await.map(|()| true) } else { name.schema_is_up(db).await };
        match outcome {
            Ok(true) => return,
            Ok(false) => tracing::warn!(service = name.as_str(), "waits for `przesiadka schema up`"),
            Err(error) => tracing::warn!(service = name.as_str(), %error, "waits for the database"),
        }
        pause(AGAIN, stop).await;
    }
}
