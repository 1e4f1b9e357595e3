//! `schema up|status`: directly on the databases, so that it works before any process runs.

use std::time::Duration;

use anyhow::Context as _;
use platform::{clock::Clock, config::Config, schema::Standing};
use serde::Serialize;

use super::output::{Format, Table, json};
use crate::{cli::print, prepare, services::Name};

const PATIENCE: Duration = Duration::from_secs(10);

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

#[derive(Serialize)]
struct Status {
    service: &'static str,
    #[serde(flatten)]
    standing: Standing,
}

/// # Errors
/// A database is away, or a schema has not had all changes of this build: exit code 1, so that scripts can wait.
pub async fn status(config: &Config, names: &[Name], format: Format) -> anyhow::Result<()> {
    let mut all = Vec::new();
    for name in names {
        let core = prepare::open(config, *name, Clock::System).await?;
        let standing = tokio::time::timeout(PATIENCE, name.schema_standing(&core.db)).await;
        let standing = standing.context("no answer").and_then(|standing| Ok(standing?));
        let standing = standing.with_context(|| format!("the database of {name}"))?;
        all.push(Status { service: name.as_str(), standing });
    }
    if format == Format::Json {
        json(&all)?;
    } else {
        let mut table = Table::new(&[
            "service",
            "schema",
            "compatibility",
            "changes that are missing or of a newer build",
        ]);
        for Status { service, standing } in &all {
            let changes = [standing.missing.as_slice(), &standing.newer].concat();
            table.row([
                (*service).to_owned(),
                standing.word().to_owned(),
                standing.compatibility.map(|n| n.to_string()).unwrap_or_default(),
                changes.join(", "),
            ]);
        }
        table.print()?;
    }
    let behind = all.iter().filter(|status| !status.standing.is_usable()).map(|status| status.service);
    let behind: Vec<_> = behind.collect();
    anyhow::ensure!(
        behind.is_empty(),
        "this build cannot work on {}; `schema up` brings schemas up",
        behind.join(", ")
    );
    Ok(())
}
