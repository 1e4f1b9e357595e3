//! `timers list`: what the services will do by themselves.

use clap::{Args, Subcommand};
use platform::{clock, config::Config, id::CompanyId};
use proto::operations::v1::{ListTimersRequest, Timer};

use super::{
    output::{Format, Table, json, local},
    reach::{Processes, Reach},
};
use crate::{cli::Which, services::Name};

#[derive(Debug, Args)]
pub struct TimersArgs {
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    which: Which,
    #[command(subcommand)]
    what: TimersCommand,
}

#[derive(Debug, Subcommand)]
enum TimersCommand {
    /// All of them, the earliest first: when due, of what, and whether they failed.
    List {
        /// Only of this company.
        #[arg(long, value_name = "ID")]
        company: Option<CompanyId>,
        /// Only those whose time is past.
        #[arg(long)]
        overdue: bool,
    },
}

/// # Errors
/// No process can be asked, or it refuses.
pub async fn run(config: &Config, args: TimersArgs) -> anyhow::Result<()> {
    let TimersArgs { reach, which, what: TimersCommand::List { company, overdue } } = args;
    let processes = reach.processes(config).await?;
    let company = company.map(|company| format!("companies/{company}")).unwrap_or_default();
    let mut timers = Vec::new();
    for name in processes.running(&which.names()).await? {
        let request = ListTimersRequest { company: company.clone(), overdue, ..Default::default() };
        timers.extend(list(&processes, name, request).await?.into_iter().map(|timer| (name, timer)));
    }
    timers.sort_by_key(|(_, timer)| timer.due_time.as_ref().and_then(clock::from_wire));
    if reach.output == Format::Json {
        return json(&timers.iter().map(|(_, timer)| timer).collect::<Vec<_>>());
    }
    let mut table = Table::new(&["due", "", "service", "kind", "failures", "next try", "company", "of"]);
    for (name, timer) in timers {
        table.row([
            local(timer.due_time.as_ref()),
            if timer.overdue { "overdue".to_owned() } else { String::new() },
            name.to_string(),
            timer.kind,
            timer.failures.to_string(),
            local(timer.retry_time.as_ref()),
            timer.company,
            timer.key,
        ]);
    }
    table.print()
}

async fn list(processes: &Processes, name: Name, request: ListTimersRequest) -> anyhow::Result<Vec<Timer>> {
    let mut request = ListTimersRequest { parent: format!("services/{name}"), page_size: 200, ..request };
    let mut timers = Vec::new();
    loop {
        let page = processes.call(name, request.clone()).await?;
        timers.extend(page.timers);
        if page.next_page_token.is_empty() {
            return Ok(timers);
        }
        request.page_token = page.next_page_token;
    }
}
