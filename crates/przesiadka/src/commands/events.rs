//! `events`: what the services tell, and what came and was no event.

use anyhow::Context as _;
use clap::{Args, Subcommand};
use platform::config::Config;
use proto::operations::v1::{Event, GetEventRequest, ListStraysRequest, Stray};

use super::{
    output::{Format, Table, id, json, local},
    reach::{Processes, Reach},
    tail::{self, TailArgs},
};
use crate::{
    cli::{Which, print},
    services::Name,
};

#[derive(Debug, Args)]
pub struct EventsArgs {
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    which: Which,
    #[command(subcommand)]
    what: EventsCommand,
}

#[derive(Debug, Subcommand)]
enum EventsCommand {
    /// Follows public events as they happen, until it is ended; then it says how to go on from there.
    Tail(TailArgs),
    /// One event, without people's names and words.
    Show {
        /// Its id, a UUID.
        event: String,
    },
    /// The last messages that could not be put on any lane. They stop nothing.
    Strays,
}

/// # Errors
/// No process can be asked, or it refuses.
pub async fn run(config: &Config, args: EventsArgs) -> anyhow::Result<()> {
    let EventsArgs { reach, which, what } = args;
    let processes = reach.processes(config).await?;
    match what {
        EventsCommand::Tail(args) => tail::run(&processes, &which.names(), reach.output, args).await,
        EventsCommand::Show { event } => show(reach.output, &find(&processes, &which.names(), &event).await?),
        EventsCommand::Strays => {
            let mut strays = Vec::new();
            for name in processes.running(&which.names()).await? {
                let request = ListStraysRequest { parent: format!("services/{name}") };
                let of = processes.call(name, request).await?.strays;
                strays.extend(of.into_iter().map(|stray| (name, stray)));
            }
            show_strays(reach.output, &strays)
        }
    }
}

/// Whichever service has told it.
async fn find(processes: &Processes, wanted: &[Name], event: &str) -> anyhow::Result<Event> {
    let mut missing = None;
    for name in processes.running(wanted).await? {
        let request = GetEventRequest { name: format!("services/{name}/events/{}", id(event)) };
        match processes.call(name, request).await {
            Ok(event) => return Ok(event),
            Err(error) if is_not_found(&error) => missing = Some(error),
            Err(error) => return Err(error),
        }
    }
    Err(missing.context("no service can be asked")?)
}

fn is_not_found(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(client::Error::Refused(refused)) if refused.reason == proto::common::v1::ErrorReason::NotFound)
}

fn show(format: Format, event: &Event) -> anyhow::Result<()> {
    if format == Format::Json {
        return json(event);
    }
    let content = match &event.content {
        Some(content) => format!("{:#}", serde_json::to_value(content)?),
        None => "cannot be read by this build".to_owned(),
    };
    print(&format!(
        "event        {}\nkind         {}\ncompany      {}\nproject      {}\nnumber       {}\nposition     {}\n\
         recorded     {}\nsequenced    {}\npublished    {}\nfollows      {}\ntraceparent  {}\nsize         {} bytes\n\
         content      {content}",
        event.name,
        event.kind,
        event.company,
        event.project,
        event.sequence,
        event.position.map(|position| position.to_string()).unwrap_or_default(),
        local(event.record_time.as_ref()),
        local(event.sequence_time.as_ref()),
        local(event.publish_time.as_ref()),
        event.follows,
        event.traceparent,
        event.size_bytes,
    ))
}

fn show_strays(format: Format, strays: &[(Name, Stray)]) -> anyhow::Result<()> {
    if format == Format::Json {
        return json(&strays.iter().map(|(_, stray)| stray).collect::<Vec<_>>());
    }
    let mut table = Table::new(&["came", "service", "subject", "error"]);
    for (name, stray) in strays {
        table.row([
            local(stray.receive_time.as_ref()),
            name.to_string(),
            stray.subject.clone(),
            stray.error.clone(),
        ]);
    }
    table.print()
}
