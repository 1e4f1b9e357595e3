//! `stream up|status`: directly on NATS, so that it works before any process runs.

use clap::{Args, Subcommand};
use platform::{
    bus::{Brought, JetStreamConfig},
    config::{BusKind, Config},
};
use serde_json::{Value, json};

use super::output::{self, Format, Table};
use crate::cli::print;

#[derive(Debug, Args)]
pub struct StreamArgs {
    /// For people, or for programs.
    #[arg(long, value_enum, default_value_t, global = true)]
    output: Format,
    #[command(subcommand)]
    what: StreamCommand,
}

#[derive(Debug, Subcommand)]
enum StreamCommand {
    /// How the stream of NATS stands to the settings; fails where it is missing or differs.
    Status,
    /// Makes the stream, or brings it to the settings. Needs NATS's user `operator` as bus.user.
    Up,
}

/// # Errors
/// NATS is away, has no JetStream, or refuses.
pub async fn run(config: &Config, args: StreamArgs) -> anyhow::Result<()> {
    anyhow::ensure!(
        config.bus.kind == BusKind::Nats,
        "bus.kind is \"embedded\", and only \"nats\" has a stream: events pass in the process itself"
    );
    match args.what {
        StreamCommand::Status => status(&config.jetstream(), args.output).await,
        StreamCommand::Up => up(&config.jetstream(), args.output).await,
    }
}

async fn status(bus: &JetStreamConfig, format: Format) -> anyhow::Result<()> {
    let found = bus.stream_standing().await?;
    let differences = found.as_ref().map(|seen| seen.differences.as_slice()).unwrap_or_default();
    let state = match &found {
        None => "missing",
        Some(_) if differences.is_empty() => "as configured",
        Some(_) => "differs",
    };
    match format {
        Format::Json => {
            let differences: Vec<Value> = differences
                .iter()
                .map(|d| json!({ "setting": d.setting, "is": d.is, "wanted": d.wanted }))
                .collect();
            output::json(&json!({
                "stream": bus.stream,
                "state": state,
                "messages": found.as_ref().map(|seen| seen.messages),
                "bytes": found.as_ref().map(|seen| seen.bytes),
                "differences": differences,
            }))?;
        }
        Format::Table => {
            let mut table = Table::new(&["stream", "state", "messages", "MiB", "differences"]);
            let differences: Vec<_> = differences.iter().map(ToString::to_string).collect();
            table.row([
                bus.stream.clone(),
                state.to_owned(),
                found.as_ref().map(|seen| seen.messages.to_string()).unwrap_or_default(),
                found.as_ref().map(|seen| (seen.bytes >> 20).to_string()).unwrap_or_default(),
                differences.join(", "),
            ]);
            table.print()?;
        }
    }
    anyhow::ensure!(
        state == "as configured",
        "the stream {} is not as the settings say; `stream up` brings it there",
        bus.stream
    );
    Ok(())
}

async fn up(bus: &JetStreamConfig, format: Format) -> anyhow::Result<()> {
    let (did, changes) = match bus.stream_up().await? {
        Brought::Nothing => ("nothing", Vec::new()),
        Brought::Made => ("made", Vec::new()),
        Brought::Changed(changes) => ("changed", changes),
    };
    if format == Format::Json {
        let changes: Vec<Value> =
            changes.iter().map(|d| json!({ "setting": d.setting, "was": d.is, "is": d.wanted })).collect();
        return output::json(&json!({ "stream": bus.stream, "did": did, "changes": changes }));
    }
    print(&match did {
        "changed" => {
            let changes: Vec<_> =
                changes.iter().map(|d| format!("{} was {} and is {}", d.setting, d.is, d.wanted)).collect();
            format!("{}: changed: {}", bus.stream, changes.join(", "))
        }
        "made" => format!("{}: made", bus.stream),
        _ => format!("{}: as configured", bus.stream),
    })
}
