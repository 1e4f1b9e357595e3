//! `differences`: where services had heard more of another one than its restored database has.

use anyhow::Context as _;
use clap::{Args, Subcommand};
use platform::config::Config;
use proto::operations::v1::{CloseDifferenceRequest, Difference, ListDifferencesRequest};

use super::{
    output::{Format, Table, json, local},
    reach::{Processes, Reach},
};
use crate::{
    cli::{Which, print},
    services::Name,
};

#[derive(Debug, Args)]
pub struct DifferencesArgs {
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    which: Which,
    #[command(subcommand)]
    what: DifferencesCommand,
}

#[derive(Debug, Subcommand)]
enum DifferencesCommand {
    /// What was heard before the other service's database was restored, and what that has now.
    List,
    /// Takes one off the list, once somebody has seen to it.
    Close {
        difference: String,
        /// What was done, for the history: 1 to 2000 characters.
        #[arg(long, value_name = "TEXT")]
        why: String,
    },
}

/// # Errors
/// No process can be asked; it refuses; there is no such difference.
pub async fn run(config: &Config, args: DifferencesArgs) -> anyhow::Result<()> {
    let DifferencesArgs { reach, which, what } = args;
    let processes = reach.processes(config).await?;
    let mut found = Vec::new();
    for name in processes.running(&which.names()).await? {
        found.extend(list(&processes, name).await?.into_iter().map(|difference| (name, difference)));
    }
    match what {
        DifferencesCommand::List => show(reach.output, &found),
        DifferencesCommand::Close { difference, why } => {
            let wanted = |(_, d): &&(Name, Difference)| d.name == difference || id(d) == difference;
            let (name, found) = found.iter().find(wanted).with_context(|| {
                format!("there is no difference {difference}; `differences list` shows what there is")
            })?;
            let request =
                CloseDifferenceRequest { name: found.name.clone(), reason: why, ..Default::default() };
            let answer = processes.call(*name, request).await?;
            match reach.output {
                Format::Json => json(&answer),
                Format::Table => print("closed"),
            }
        }
    }
}

/// All that a service has.
///
/// # Errors
/// Its process cannot be asked.
async fn list(processes: &Processes, name: Name) -> anyhow::Result<Vec<Difference>> {
    let mut request =
        ListDifferencesRequest { parent: format!("services/{name}"), page_size: 200, ..Default::default() };
    let mut found = Vec::new();
    loop {
        let page = processes.call(name, request.clone()).await?;
        found.extend(page.differences);
        if page.next_page_token.is_empty() {
            return Ok(found);
        }
        request.page_token = page.next_page_token;
    }
}

fn id(difference: &Difference) -> &str {
    difference.name.rsplit('/').next().unwrap_or_default()
}

fn show(format: Format, found: &[(Name, Difference)]) -> anyhow::Result<()> {
    if format == Format::Json {
        return json(&found.iter().map(|(_, difference)| difference).collect::<Vec<_>>());
    }
    let mut table =
        Table::new(&["service", "difference", "restored", "since", "of", "what", "here", "there"]);
    for (name, difference) in found {
        let of = if difference.project.is_empty() { &difference.company } else { &difference.project };
        table.row([
            name.to_string(),
            id(difference).to_owned(),
            difference.source.clone(),
            local(difference.notice_time.as_ref()),
            of.clone(),
            difference.what.clone(),
            difference.here.clone(),
            difference.there.clone(),
        ]);
    }
    table.print()
}
