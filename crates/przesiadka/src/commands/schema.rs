//! `schema up`: for installations where processes may not change the schema.

use anyhow::Context as _;
use platform::{clock::Clock, config::Config};

use crate::{cli::print, prepare, services::Name};

/// # Errors
/// A database is away, or its schema belongs to a newer build.
pub async fn up(config: &Config, names: &[Name]) -> anyhow::Result<()> {
    for name in names {
        let core = prepare::open(config, *name, Clock::System).await?;
        name.schema_up(&core.db).await.with_context(|| format!("the database of {}", core.service))?;
        print(&format!("{}: up to date", core.service))?;
    }
    Ok(())
}
