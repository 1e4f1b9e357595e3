//! `parked`: events that stop their lanes.

use anyhow::Context as _;
use clap::{Args, Subcommand};
use platform::config::Config;
use proto::operations::v1::{
    DropParkedEventRequest, GetParkedEventRequest, ListParkedEventsRequest, ParkedEvent,
    ReplayParkedEventRequest,
};

use super::{
    output::{Format, Table, json, local},
    reach::{Processes, Reach},
};
use crate::{
    cli::{Which, print},
    services::Name,
};

#[derive(Debug, Args)]
pub struct ParkedArgs {
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    which: Which,
    #[command(subcommand)]
    what: ParkedCommand,
}

#[derive(Debug, Subcommand)]
enum ParkedCommand {
    /// Events that stop their lanes, and how many wait behind each.
    List,
    /// One of them: headers, error, and what it says, without people's names and words.
    Show { event: String },
    /// Has it tried again, within a second. If it fails once more, it is parked again.
    Replay { event: String },
    /// Passes over it for good: the lane goes on as if the event said nothing.
    ///
    /// The service never learns what the event told, and nothing repairs that later: what it keeps of the company may
    /// be wrong from then on, later events of the lane may then fail as well, and nobody is told what the event was to
    /// tell. Look first (`parked show`), and replay with a build that can apply it if there may be one. An event that
    /// removes personal data is never dropped.
    Drop {
        event: String,
        /// For the history, with who did it: 1 to 2000 characters.
        #[arg(long, value_name = "TEXT")]
        why: String,
    },
}

/// # Errors
/// No process can be asked; it refuses; nothing of the name is parked.
pub async fn run(config: &Config, args: ParkedArgs) -> anyhow::Result<()> {
    let ParkedArgs { reach, which, what } = args;
    let processes = reach.processes(config).await?;
    let wanted = which.names();
    match what {
        ParkedCommand::List => {
            let mut events = Vec::new();
            for name in processes.running(&wanted).await? {
                events.extend(list(&processes, name).await?.into_iter().map(|event| (name, event)));
            }
            show_all(reach.output, &events)
        }
        ParkedCommand::Show { event } => {
            let (name, event) = find(&processes, &wanted, &event).await?;
            let event = processes.call(name, GetParkedEventRequest { name: event.name }).await?;
            show(reach.output, name, &event)
        }
        ParkedCommand::Replay { event } => {
            let (name, event) = find(&processes, &wanted, &event).await?;
            let request = ReplayParkedEventRequest { name: event.name, ..Default::default() };
            let answer = processes.call(name, request).await?;
            match reach.output {
                Format::Json => json(&answer),
                Format::Table => print("it is tried again within seconds"),
            }
        }
        ParkedCommand::Drop { event, why } => {
            let (name, event) = find(&processes, &wanted, &event).await?;
            let request =
                DropParkedEventRequest { name: event.name.clone(), reason: why, ..Default::default() };
            let answer = processes.call(name, request).await?;
            match reach.output {
                Format::Json => json(&answer),
                Format::Table => print(&format!(
                    "dropped: {name} does not learn of {} {}; {} behind it go on",
                    event.kind, event.event_id, event.behind
                )),
            }
        }
    }
}

async fn list(processes: &Processes, name: Name) -> anyhow::Result<Vec<ParkedEvent>> {
    let mut request =
        ListParkedEventsRequest { parent: format!("services/{name}"), page_size: 200, ..Default::default() };
    let mut events = Vec::new();
    loop {
        let page = processes.call(name, request.clone()).await?;
        events.extend(page.parked_events);
        if page.next_page_token.is_empty() {
            return Ok(events);
        }
        request.page_token = page.next_page_token;
    }
}

/// As the list names it, or by its whole resource name.
async fn find(processes: &Processes, wanted: &[Name], event: &str) -> anyhow::Result<(Name, ParkedEvent)> {
    let mut found = Vec::new();
    for name in processes.running(wanted).await? {
        let events = list(processes, name).await?.into_iter();
        found.extend(events.filter(|e| e.name == event || place(e) == event).map(|event| (name, event)));
    }
    let first = found.pop().with_context(|| format!("{event} is not parked; `parked list` shows what is"))?;
    if let Some((other, _)) = found.first() {
        anyhow::bail!("{event} is parked at {other} and at {}: say which by --only", first.0);
    }
    Ok(first)
}

fn place(event: &ParkedEvent) -> &str {
    event.name.rsplit('/').next().unwrap_or_default()
}

fn show_all(format: Format, events: &[(Name, ParkedEvent)]) -> anyhow::Result<()> {
    if format == Format::Json {
        return json(&events.iter().map(|(_, event)| event).collect::<Vec<_>>());
    }
    let mut table = Table::new(&["service", "event", "kind", "since", "behind", "error"]);
    for (name, event) in events {
        let behind = match event.anonymisations_behind {
            0 => event.behind.to_string(),
            n => format!("{} ({n} to anonymise)", event.behind),
        };
        table.row([
            name.to_string(),
            place(event).to_owned(),
            event.kind.clone(),
            local(event.receive_time.as_ref()),
            behind,
            event.error.clone(),
        ]);
    }
    table.print()
}

fn show(format: Format, name: Name, event: &ParkedEvent) -> anyhow::Result<()> {
    if format == Format::Json {
        return json(event);
    }
    let content = match &event.content {
        Some(content) => format!("{:#}", serde_json::to_value(content)?),
        None => "cannot be read, or is not kept here".to_owned(),
    };
    print(&format!(
        "event        {}\nat           {name}\nfrom         {}\ncompany      {}\nkind         {}\nid           {}\n\
         error        {}\ncame         {}\nrecorded     {}\nbehind       {}, {} of them to anonymise a contact\n\
         follows      {}\ntraceparent  {}\nsize         {} bytes\ncontent      {content}",
        place(event),
        event.source,
        event.company,
        event.kind,
        event.event_id,
        event.error,
        local(event.receive_time.as_ref()),
        local(event.record_time.as_ref()),
        event.behind,
        event.anonymisations_behind,
        event.follows,
        event.traceparent,
        event.size_bytes,
    ))
}
