//! `messages list|preview`: a company's e-mails, as SOFTVIG's operator sees them, and what e-mails look like.

use std::sync::Arc;

use clap::Subcommand;
use platform::{Call, auth::Principal, clock::Clock, config::Loaded, id::CompanyId};
use proto::{notification::v1::ListMessagesRequest, request::Request as _};

use super::preview::{self, PreviewArgs};
use crate::{
    cli::print,
    prepare,
    services::{self, Name},
};

#[derive(Debug, Subcommand)]
pub enum MessagesCommand {
    /// Newest first, each with what became of it: for e-mails as files, the file.
    List {
        /// Id of the company.
        #[arg(long)]
        company: CompanyId,
    },
    /// What e-mails look like, of a dealership that there is not; refuses templates that cannot be used.
    Preview(PreviewArgs),
}

/// # Errors
/// The database is away; see [`preview::run`].
pub async fn run(loaded: &Loaded, what: MessagesCommand) -> anyhow::Result<()> {
    match what {
        MessagesCommand::List { company } => list(loaded, company).await,
        MessagesCommand::Preview(args) => preview::run(loaded, args),
    }
}

async fn list(loaded: &Loaded, company: CompanyId) -> anyhow::Result<()> {
    let core = prepare::open(&loaded.config, Name::Notification, Clock::System).await?;
    let notification = services::notification(core, loaded)?;
    let mut request =
        ListMessagesRequest { parent: format!("companies/{company}"), page_size: 200, ..Default::default() };
    loop {
        let page = notification.list_messages(call(), request.clone()).await?;
        for message in page.messages {
            let at = message.created_at.as_ref().and_then(platform::clock::from_wire);
            print(&format!(
                "{}  {}  {}  {}  {}",
                at.map(|at| at.to_string()).unwrap_or_default(),
                message.state().as_str_name(),
                if message.contact.is_empty() { "SOFTVIG" } else { &message.contact },
                message.subject,
                message.outcome,
            ))?;
        }
        if page.next_page_token.is_empty() {
            return Ok(());
        }
        request.page_token = page.next_page_token;
    }
}

fn call() -> Call {
    Call {
        principal: Principal::local_operator(),
        request_id: None,
        method: ListMessagesRequest::METHOD,
        payload_hash: [0; 32],
        etag: None,
        validate_only: false,
        after: Vec::new(),
        traceparent: None,
        position: Arc::default(),
        content: None,
    }
}
