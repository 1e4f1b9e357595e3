//! `message`: e-mails, as SOFTVIG's operator sees them, and what e-mails look like.

use clap::{Args, Subcommand};
use platform::{config::Loaded, id::CompanyId};
use proto::notification::v1::{
    GetMessageRequest, ListMessagesRequest, Message, MessageState, ResendMessageRequest,
};

use super::{
    output::{Format, Table, id, json, local, word},
    preview::{self, PreviewArgs},
    reach::{Processes, Reach},
};
use crate::{cli::print, services::Name};

#[derive(Debug, Args)]
pub struct MessageArgs {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    what: MessageCommand,
}

#[derive(Debug, Subcommand)]
enum MessageCommand {
    /// A company's, newest first, each with what became of it.
    List {
        /// Id of the company.
        #[arg(long, value_name = "ID")]
        company: CompanyId,
        /// Only of this project: its id.
        #[arg(long, value_name = "ID")]
        project: Option<String>,
        /// Only in this state, such as sent or given-up.
        #[arg(long, value_parser = state)]
        state: Option<MessageState>,
    },
    /// One with its text and each try.
    Show {
        #[command(flatten)]
        which: One,
    },
    /// Sends one again that is not on its way, as a mail of its own with the same words.
    Resend {
        #[command(flatten)]
        which: One,
    },
    /// What e-mails look like, of a dealership that there is not; refuses templates that cannot be used. Asks nobody.
    Preview(PreviewArgs),
}

#[derive(Debug, Args)]
struct One {
    /// Resource name, or the id with --company.
    message: String,
    /// Id of the company.
    #[arg(long, value_name = "ID")]
    company: Option<CompanyId>,
}

impl One {
    fn name(self) -> anyhow::Result<String> {
        match self.company {
            Some(company) => Ok(format!("companies/{company}/messages/{}", id(&self.message))),
            None if self.message.contains('/') => Ok(self.message),
            None => anyhow::bail!("an id needs --company ID beside it"),
        }
    }
}

fn state(text: &str) -> Result<MessageState, String> {
    let name = format!("MESSAGE_STATE_{}", text.to_uppercase().replace('-', "_"));
    let all = (1..).map_while(|n| MessageState::try_from(n).ok());
    MessageState::from_str_name(&name).filter(|state| *state != MessageState::Unspecified).ok_or_else(|| {
        let all = all.map(|state| word(state.as_str_name(), "MESSAGE_STATE_").replace(' ', "-"));
        format!("there are {}", all.collect::<Vec<_>>().join(", "))
    })
}

/// # Errors
/// No process of notification can be asked, or it refuses; see [`preview::run`].
pub async fn run(loaded: &Loaded, args: MessageArgs) -> anyhow::Result<()> {
    let MessageArgs { reach, what } = args;
    let what = match what {
        MessageCommand::Preview(args) => return preview::run(loaded, args),
        what => what,
    };
    let processes = reach.processes(&loaded.config).await?;
    match what {
        MessageCommand::List { company, project, state } => {
            let parent = format!("companies/{company}");
            let project = project.map(|project| format!("{parent}/projects/{}", id(&project)));
            let request = ListMessagesRequest {
                parent,
                page_size: 200,
                project: project.unwrap_or_default(),
                state: state.unwrap_or_default().into(),
                ..Default::default()
            };
            show_all(reach.output, &list(&processes, request).await?)
        }
        MessageCommand::Show { which } => {
            let request = GetMessageRequest { name: which.name()? };
            show(reach.output, &processes.call(Name::Notification, request).await?)
        }
        MessageCommand::Resend { which } => {
            let request = ResendMessageRequest { name: which.name()?, ..Default::default() };
            show(reach.output, &processes.call(Name::Notification, request).await?)
        }
        MessageCommand::Preview(_) => unreachable!("it was run above"),
    }
}

async fn list(processes: &Processes, mut request: ListMessagesRequest) -> anyhow::Result<Vec<Message>> {
    let mut messages = Vec::new();
    loop {
        let page = processes.call(Name::Notification, request.clone()).await?;
        messages.extend(page.messages);
        if page.next_page_token.is_empty() {
            return Ok(messages);
        }
        request.page_token = page.next_page_token;
    }
}

fn show_all(format: Format, messages: &[Message]) -> anyhow::Result<()> {
    if format == Format::Json {
        return json(&messages);
    }
    let mut table = Table::new(&["written", "message", "state", "to", "topic", "subject", "outcome"]);
    for message in messages {
        table.row([
            local(message.created_at.as_ref()),
            id(&message.name),
            state_of(message),
            to(message),
            message.topic.clone(),
            message.subject.clone(),
            message.outcome.clone(),
        ]);
    }
    table.print()
}

fn show(format: Format, message: &Message) -> anyhow::Result<()> {
    if format == Format::Json {
        return json(message);
    }
    let mut lines = vec![
        format!("message  {}", message.name),
        format!("project  {}", message.project),
        format!("to       {}", to(message)),
        format!("topic    {}", message.topic),
        format!("state    {} after {} tries", state_of(message), message.attempts),
        format!("outcome  {}", message.outcome),
        format!("written  {}", local(message.created_at.as_ref())),
        format!("sent     {}", local(message.sent_at.as_ref())),
    ];
    let waits = [("held", &message.held_until), ("again", &message.next_try_at)];
    let waits = waits.iter().filter(|(_, until)| until.is_some());
    lines.extend(waits.map(|(what, until)| format!("{what:<7}  until {}", local(until.as_ref()))));
    let tries = message.tries.iter();
    lines.extend(tries.map(|t| format!("try      {}  {}", local(t.at.as_ref()), t.answer)));
    lines.push(format!("\n{}\n\n{}", message.subject, message.text));
    print(lines.join("\n").trim_end())
}

fn state_of(message: &Message) -> String {
    word(message.state().as_str_name(), "MESSAGE_STATE_")
}

fn to(message: &Message) -> String {
    if message.contact.is_empty() { "SOFTVIG".to_owned() } else { id(&message.contact) }
}
