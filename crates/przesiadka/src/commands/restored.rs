//! `restored`: directly on the database, while no process works on it.

use anyhow::Context as _;
use clap::Args;
use platform::config::{Config, DatabaseKind};
use serde::Serialize;

use super::output::{Format, Table, json};
use crate::{cli::Which, lock::Lock, prepare};

/// Says that a service's database was restored from a backup.
///
/// The database begins a new epoch: of each company it tells the other services what it still knows, and where they had
/// heard more they take that over and list what differs (`differences list`). Without it the numbers of its next events
/// would be known to them, and those events lost. Stop the service's processes first, name the service by --only, and
/// start them afterwards. Running it once more than needed does no harm.
#[derive(Debug, Args)]
pub struct RestoredArgs {
    #[command(flatten)]
    which: Which,
    /// For people, or for programs.
    #[arg(long, value_enum, default_value_t)]
    output: Format,
}

#[derive(Serialize)]
struct Outcome {
    service: &'static str,
    #[serde(flatten)]
    restored: platform::restored::Restored,
}

/// # Errors
/// No service is named; a process still works on a database, or its schema is not this build's.
pub async fn run(config: &Config, args: RestoredArgs) -> anyhow::Result<()> {
    anyhow::ensure!(
        args.which.is_narrowed(),
        "say by --only which services' databases were restored, separated by commas"
    );
    let mut outcomes = Vec::new();
    for name in args.which.names() {
        let _lock = match config.database.kind {
            DatabaseKind::Sqlite => Some(Lock::take(&config.data_dir, name.as_str())?),
            DatabaseKind::Postgres => None,
        };
        let core = prepare::open(config, name, config.business_clock()?).await?;
        let of = || format!("the database of {name}");
        let standing = name.schema_standing(&core.db).await.with_context(of)?;
        anyhow::ensure!(
            standing.is_usable(),
            "the schema of {} is {}; `przesiadka schema up --only {name}` comes first",
            of(),
            standing.word()
        );
        let others = core.db.others_connected().await.with_context(of)?;
        anyhow::ensure!(
            others == 0,
            "{others} connections of processes to {} are open: stop the processes of {name} first",
            of()
        );
        let restored = core.restore().await.map_err(anyhow::Error::from).with_context(of)?;
        outcomes.push(Outcome { service: name.as_str(), restored });
    }
    if args.output == Format::Json {
        return json(&outcomes);
    }
    let mut table = Table::new(&["service", "epoch", "companies that it tells of"]);
    for Outcome { service, restored } in &outcomes {
        table.row([(*service).to_owned(), restored.epoch.to_string(), restored.lanes.to_string()]);
    }
    table.print()
}
