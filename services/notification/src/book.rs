//! Reading and keeping what is known of a company, in a unit of work.

use jiff::Timestamp;
use platform::{
    Error, clock,
    documents::{self, Document, Query, Stored},
    id::{CompanyId, ContactId, ProjectId},
    unit::Unit,
};
use sea_orm::ConnectionTrait;
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::consume::Book;
use crate::message::{Message, Notice, Renderer, store};
use crate::project::{IntegrationsPolicy, Morning, Project, ReminderPolicy, UnansweredPolicy};
use crate::recipients::{Contact, Directory};
use crate::unsubscribe::Unsubscribe;

/// The kind of the reminders' timers.
pub const REMINDER: &str = "reminder";
/// The kind of the timers of proposals that wait for an answer.
pub const UNANSWERED: &str = "unanswered";
/// The kind of the timers of integrations that come back.
pub const INTEGRATIONS: &str = "integrations";
/// The kind of the timers of questions that wait for an answer.
pub const QUESTION: &str = "question";

/// A book as it was read, so that only what changed is written.
pub struct OpenBook {
    before: Book,
    directory: Option<Stored<Directory>>,
    project: Option<Stored<Project>>,
    pub book: Book,
}

/// A company's contacts; an empty directory for a company not heard of yet.
pub async fn directory(c: &impl ConnectionTrait, company: CompanyId) -> Result<Directory, Error> {
    let stored = documents::find::<Directory>(c, company, company.0).await?;
    Ok(stored.map_or_else(|| Directory::new(company), |s| s.value))
}

impl OpenBook {
    /// The company's book with the given project, or else the one that is open.
    pub async fn read(
        c: &impl ConnectionTrait,
        company: CompanyId,
        project: Option<ProjectId>,
    ) -> Result<Self, Error> {
        let (directory, project) = match project {
            Some(id) => documents::find_both::<Directory, Project>(c, company, company.0, id.0).await?,
            None => {
                let label = Some("open".to_owned());
                let open = Query { company: Some(company), label, after: None, limit: 1 };
                let directory = documents::find::<Directory>(c, company, company.0).await?;
                (directory, documents::list::<Project>(c, &open).await?.pop())
            }
        };
        let book = Book {
            directory: directory.as_ref().map_or_else(|| Directory::new(company), |s| s.value.clone()),
            project: project.as_ref().map(|s| s.value.clone()),
        };
        Ok(Self { before: book.clone(), directory, project, book })
    }

    /// The contacts who are written to at another address than before, or at one that works again.
    pub fn reachable_anew(&self) -> Vec<ContactId> {
        let is_new = |now: &&Contact| {
            self.before.directory.contact(now.id).is_some_and(|before| {
                let works_again = before.undeliverable && !now.undeliverable;
                works_again || !self.before.directory.writes_to(now.id, &now.email)
            })
        };
        let now = self.book.directory.contacts().iter();
        now.filter(|contact| contact.is_active()).filter(is_new).map(|contact| contact.id).collect()
    }

    /// Writes what changed, and lets the reminders follow the dates.
    pub async fn keep(self, unit: &mut Unit, policy: &ReminderPolicy) -> Result<(), Error> {
        let company = self.book.directory.company;
        if self.book.directory != self.before.directory {
            write(unit, company, company.0, self.directory, &self.book.directory).await?;
        }
        let Some(project) = self.book.project.filter(|p| self.before.project.as_ref() != Some(p)) else {
            return Ok(());
        };
        write(unit, company, project.id.0, self.project, &project).await?;
        follow(unit, policy, self.before.project.as_ref(), &project).await
    }
}

async fn write<T: Document + Clone + Serialize + DeserializeOwned>(
    unit: &Unit,
    company: CompanyId,
    id: Uuid,
    stored: Option<Stored<T>>,
    value: &T,
) -> Result<(), Error> {
    match stored {
        Some(stored) => documents::save(unit.db(), &Stored { value: value.clone(), ..stored }).await,
        None => documents::insert(unit.db(), company, id, value).await,
    }
}

/// Sets the timers of dates that are newly agreed, of new proposals and of announced days, and removes those of what
/// ended or moved.
async fn follow(
    unit: &mut Unit,
    policy: &ReminderPolicy,
    before: Option<&Project>,
    after: &Project,
) -> Result<(), Error> {
    let agreements =
        |project: &Project| -> Vec<String> { project.live_entries().map(|e| e.agreement.clone()).collect() };
    let (old, new) = (before.map(agreements).unwrap_or_default(), agreements(after));
    for agreement in old.iter().filter(|a| !new.contains(a)) {
        for reminder in policy.all(after.id, agreement) {
            unit.clear_timer(REMINDER, &reminder.to_string()).await?;
        }
    }
    let now = unit.now();
    for entry in after.live_entries().filter(|e| !old.contains(&e.agreement)) {
        for (reminder, due_at) in policy.ahead(after.id, entry, now) {
            unit.set_timer(REMINDER, &reminder.to_string(), due_at).await?;
        }
    }
    follow_proposals(unit, &policy.unanswered, before, after).await?;
    follow_integrations(unit, &policy.integrations, before, after).await
}

async fn follow_proposals(
    unit: &mut Unit,
    policy: &UnansweredPolicy,
    before: Option<&Project>,
    after: &Project,
) -> Result<(), Error> {
    let old = before.map(Project::proposals).unwrap_or_default();
    for proposal in old.iter().filter(|p| after.proposal(&p.id).is_none()) {
        for step in UnansweredPolicy::all(after.id, &proposal.id) {
            unit.clear_timer(UNANSWERED, &step.to_string()).await?;
        }
    }
    let now = unit.now();
    for proposal in after.proposals().iter().filter(|p| !old.contains(p)) {
        for (step, due_at) in policy.ahead(after.id, proposal, now) {
            unit.set_timer(UNANSWERED, &step.to_string(), due_at).await?;
        }
    }
    Ok(())
}

async fn follow_integrations(
    unit: &mut Unit,
    policy: &IntegrationsPolicy,
    before: Option<&Project>,
    after: &Project,
) -> Result<(), Error> {
    let morning = |project: &Project| {
        project.integrations.awaited_day().map(|day| Morning { project: project.id, day })
    };
    let (old, new) = (before.and_then(morning), morning(after));
    if old == new {
        return Ok(());
    }
    if let Some(old) = old {
        unit.clear_timer(INTEGRATIONS, &old.to_string()).await?;
    }
    if let Some(new) = new
        && let Some(due_at) = policy.ahead(new.day, unit.now())
    {
        unit.set_timer(INTEGRATIONS, &new.to_string(), due_at).await?;
    }
    Ok(())
}

/// Writes the messages of the notices.
pub async fn tell(
    unit: &Unit,
    renderer: &Renderer,
    directory: &Directory,
    notices: &[Notice],
) -> Result<(), Error> {
    let machine_now: Timestamp = clock::machine_now();
    let tokens = unit.tokens().await?;
    let unsubscribe = |contact, kind| {
        Unsubscribe { company: directory.company, contact, kind }.link(&renderer.public_host, tokens)
    };
    let mut messages: Vec<Message> = Vec::new();
    for notice in notices {
        messages.extend(renderer.messages(notice, directory, &unsubscribe, unit.now(), machine_now)?);
    }
    for message in &mut messages {
        message.trace = unit.trace().map(str::to_owned);
    }
    store::insert(unit.db(), &messages).await
}
