//! `events tail`: the services' public events as they happen.

use std::{collections::BTreeMap, str::FromStr, time::Duration};

use anyhow::Context as _;
use clap::{Args, ValueEnum as _};
use client::{Direct, Error};
use platform::{id::CompanyId, loops::pause};
use proto::{
    audit::v1 as audit, licensing::v1 as licensing, notification::v1 as notification,
    operations::v1::GetWatchTokenRequest, scheduling::v1 as scheduling,
};
use serde_json::{Value, json};
use tokio::{
    select,
    signal::unix::{SignalKind, signal},
    sync::mpsc,
};
use tokio_util::sync::CancellationToken;

use super::{
    output::{Format, id, local},
    reach::Processes,
};
use crate::{cli::print, services::Name};

/// A process that has gone is asked again so soon.
const AGAIN: Duration = Duration::from_secs(1);

#[derive(Debug, Args)]
pub struct TailArgs {
    /// Only of this company.
    #[arg(long, value_name = "ID")]
    company: Option<CompanyId>,
    /// Only of this project: its resource name, or its id with --company.
    #[arg(long, value_name = "PROJECT")]
    project: Option<String>,
    /// From the first event on, not from now.
    #[arg(long, conflicts_with = "resume")]
    from_start: bool,
    /// After what an earlier run has shown, with the same company and project: as that one said at its end.
    #[arg(long, value_name = "SERVICE=TOKEN")]
    resume: Vec<Resume>,
}

/// Where one service's watch goes on.
#[derive(Clone, Debug)]
struct Resume {
    name: Name,
    token: String,
}

impl FromStr for Resume {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        let (name, token) = s.split_once('=').ok_or("it is SERVICE=TOKEN")?;
        Ok(Self { name: Name::from_str(name, false)?, token: token.to_owned() })
    }
}

/// What is followed.
#[derive(Clone)]
struct Filter {
    company: String,
    project: String,
}

/// What a service told: the answer of WatchEvents as JSON, and the token after it.
type Told = (Name, anyhow::Result<(Value, String)>);

/// # Errors
/// No process can be asked, or it refuses.
pub async fn run(
    processes: &Processes,
    wanted: &[Name],
    format: Format,
    args: TailArgs,
) -> anyhow::Result<()> {
    let filter = args.filter()?;
    let mut tokens: BTreeMap<Name, String> = BTreeMap::new();
    tokens.extend(args.resume.into_iter().map(|resume| (resume.name, resume.token)));
    let resumed: Vec<Name> = tokens.keys().copied().collect();
    let names = processes.watched(if resumed.is_empty() { wanted } else { &resumed }).await?;
    if args.from_start {
        for &name in &names {
            let Filter { company, project } = filter.clone();
            let request =
                GetWatchTokenRequest { name: format!("services/{name}/watchToken"), company, project };
            tokens.insert(name, processes.call(name, request).await?.resume_token);
        }
    }
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let (sender, mut told) = mpsc::channel(64);
    let follow = futures::future::join_all(names.iter().map(|&name| {
        let token = tokens.get(&name).cloned().unwrap_or_default();
        follow(processes, name, filter.clone(), token, sender.clone())
    }));
    drop(sender);
    let (mut follow, mut all_ended) = (std::pin::pin!(follow), false);
    if format == Format::Table {
        print(&line("TIME", "SERVICE", "EVENT", "COMPANY", "PROJECT", "WHO"))?;
    }
    loop {
        select! {
            item = told.recv() => match item {
                Some((name, outcome)) => {
                    let (answer, token) = outcome?;
                    tokens.insert(name, token);
                    show(format, name, &answer)?;
                }
                None => break,
            },
            _ = &mut follow, if !all_ended => all_ended = true,
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
        }
    }
    tokens.retain(|_, token| !token.is_empty());
    if !tokens.is_empty() {
        let resume: Vec<_> = tokens.iter().map(|(name, token)| format!(" --resume {name}={token}")).collect();
        eprintln!("to go on from here: events tail{}", resume.concat());
    }
    for name in names.iter().filter(|name| !tokens.contains_key(name)) {
        eprintln!("{name} did not say yet where it is: it cannot be gone on from here");
    }
    Ok(())
}

impl TailArgs {
    fn filter(&self) -> anyhow::Result<Filter> {
        let company = self.company.map(|company| format!("companies/{company}")).unwrap_or_default();
        let project = match &self.project {
            None => String::new(),
            Some(name) if name.contains('/') => name.clone(),
            Some(_) if company.is_empty() => anyhow::bail!("a project's id needs --company ID beside it"),
            Some(id) => format!("{company}/projects/{id}"),
        };
        Ok(Filter { company, project })
    }
}

/// Follows one service; again from the last token when its process has gone.
async fn follow(
    processes: &Processes,
    name: Name,
    filter: Filter,
    mut token: String,
    told: mpsc::Sender<Told>,
) {
    loop {
        let outcome = async {
            let process = processes.of(name).await.map_err(|error| Error::Away(error.to_string()))?;
            watch(&process, name, &filter, &mut token, &told).await
        };
        match outcome.await {
            // Whoever reads has gone.
            Ok(()) => return,
            Err(Error::Away(why)) => {
                eprintln!("{name} is away, trying again: {why}");
                pause(AGAIN, &CancellationToken::new()).await;
            }
            Err(error) => {
                let error = anyhow::Error::from(error).context(format!("cannot follow {name}"));
                let _ = told.send((name, Err(error))).await;
                return;
            }
        }
    }
}

async fn watch(
    process: &Direct,
    name: Name,
    filter: &Filter,
    token: &mut String,
    told: &mpsc::Sender<Told>,
) -> Result<(), Error> {
    // The four services' messages are of one form, with no trait in common.
    macro_rules! watch {
        ($service:ident) => {{
            let request = $service::WatchEventsRequest {
                company: filter.company.clone(),
                project: filter.project.clone(),
                resume_token: token.clone(),
            };
            let mut events = process.watch(request).await?;
            loop {
                let answer = events.next().await?;
                *token = answer.resume_token.clone();
                let json = serde_json::to_value(&answer).context("no JSON").map(|json| (json, token.clone()));
                if told.send((name, json)).await.is_err() {
                    return Ok(());
                }
            }
        }};
    }
    match name {
        Name::Scheduling => watch!(scheduling),
        Name::Audit => watch!(audit),
        Name::Licensing => watch!(licensing),
        Name::Notification => watch!(notification),
    }
}

/// A line for an event; nothing for a bookmark.
fn show(format: Format, name: Name, answer: &Value) -> anyhow::Result<()> {
    let Some(event) = answer["event"].as_object() else { return Ok(()) };
    if format == Format::Json {
        let service = name.as_str();
        let line = json!({ "service": service, "event": event, "resumeToken": answer["resumeToken"] });
        return print(&line.to_string());
    }
    const OF_ALL: [&str; 6] = ["eventId", "company", "project", "occurredAt", "recordedAt", "actor"];
    let kind = event.keys().find(|key| !OF_ALL.contains(&key.as_str()));
    let text = |key: &str| event.get(key).and_then(Value::as_str).unwrap_or_default();
    let at = event.get("occurredAt").and_then(|at| serde_json::from_value(at.clone()).ok());
    let who = event.get("actor").map(|actor| match actor["contact"].as_str() {
        Some(contact) => id(contact),
        None => format!("SOFTVIG: {}", actor["subject"].as_str().unwrap_or_default()),
    });
    print(&line(
        &local(at.as_ref()),
        name.as_str(),
        &kind.map_or_else(|| "(of a newer build)".to_owned(), |kind| snake(kind)),
        &id(text("company")),
        &id(text("project")),
        &who.unwrap_or_default(),
    ))
}

fn line(time: &str, service: &str, event: &str, company: &str, project: &str, who: &str) -> String {
    let line = format!("{time:<19}  {service:<12}  {event:<27}  {company:<36}  {project:<36}  {who}");
    line.trim_end().to_owned()
}

/// `dateAgreed` as in the contract: `date_agreed`.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    for c in name.chars() {
        if c.is_uppercase() {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake
}
