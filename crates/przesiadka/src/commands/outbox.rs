//! `outbox status`: what is on its way between the services.

use clap::{Args, Subcommand};
use platform::config::Config;
use proto::operations::v1::GetOutboxStatusRequest;

use super::{
    output::{Format, Table, json, local},
    reach::Reach,
};
use crate::cli::{Which, print};

#[derive(Debug, Args)]
pub struct OutboxArgs {
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    which: Which,
    #[command(subcommand)]
    what: OutboxCommand,
}

#[derive(Debug, Subcommand)]
enum OutboxCommand {
    /// What each service has committed and the bus has not taken, and which lanes it is behind on.
    Status,
}

/// # Errors
/// No process can be asked, or it refuses.
pub async fn run(config: &Config, args: OutboxArgs) -> anyhow::Result<()> {
    let OutboxArgs { reach, which, what: OutboxCommand::Status } = args;
    let processes = reach.processes(config).await?;
    let mut all = Vec::new();
    for name in processes.running(&which.names()).await? {
        let request = GetOutboxStatusRequest { name: format!("services/{name}/outboxStatus") };
        all.push((name, processes.call(name, request).await?));
    }
    if reach.output == Format::Json {
        return json(&all.iter().map(|(_, status)| status).collect::<Vec<_>>());
    }
    let mut table = Table::new(&["service", "outbox", "oldest", "events", "inbox", "lanes behind"]);
    let mut lanes = Table::new(&["service", "lane", "applied", "known", "stopped"]);
    let mut ahead = Table::new(&["service", "lane", "applied", "ends at"]);
    for (name, status) in &all {
        table.row([
            name.to_string(),
            status.depth.to_string(),
            local(status.oldest_record_time.as_ref()),
            status.events.to_string(),
            status.inbox_depth.to_string(),
            status.lanes_behind.len().to_string(),
        ]);
        for lane in &status.lanes_ahead {
            ahead.row([
                name.to_string(),
                format!("{}/{}", lane.source, lane.lane),
                lane.applied.to_string(),
                lane.end.to_string(),
            ]);
        }
        for lane in &status.lanes_behind {
            lanes.row([
                name.to_string(),
                format!("{}/{}", lane.source, lane.lane),
                lane.applied.to_string(),
                lane.known.to_string(),
                if lane.parked { "by a parked event".to_owned() } else { String::new() },
            ]);
        }
    }
    table.print()?;
    if all.iter().any(|(_, status)| !status.lanes_behind.is_empty()) {
        print("")?;
        lanes.print()?;
    }
    if all.iter().any(|(_, status)| !status.lanes_ahead.is_empty()) {
        print("\nset back, and nobody said so by `przesiadka restored`:")?;
        ahead.print()?;
    }
    Ok(())
}
