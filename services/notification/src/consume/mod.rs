//! Events of the other services: what each changes here and what is told of it. Pure.

mod apply;
mod audit;
mod integrations;
mod licensing;
mod reminder;
mod scheduling;
mod unanswered;

use anyhow::{Context, anyhow};
use jiff::Timestamp;
use platform::{
    clock::from_wire,
    id::{CompanyId, ContactId, ProjectId},
};
use uuid::Uuid;

use crate::kind::Kind;
use crate::message::Notice;
use crate::project::Project;
use crate::recipients::Directory;

pub(crate) use apply::{Heard, undecodable};
pub use audit::audit;
pub use integrations::integrations_today;
pub use licensing::licensing;
pub use reminder::reminder;
pub use scheduling::scheduling;
pub(crate) use scheduling::{calendar_of, gate_fact};
pub use unanswered::unanswered;

/// What is known of a company, and of the project that an event is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Book {
    pub directory: Directory,
    pub project: Option<Project>,
}

/// What becomes of an event. Whatever it is, the book holds what the event changed.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// People are told; the notices in the order in which they are written.
    Told(Vec<Notice>),
    /// Only the book changed: the table "Who hears what" has no row for it.
    Kept,
    /// Nothing changed and nobody is told; says why.
    Ignored(&'static str),
}

impl From<Notice> for Outcome {
    fn from(notice: Notice) -> Self {
        Self::Told(vec![notice])
    }
}

/// What every public event says of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    pub event_id: Uuid,
    pub company: CompanyId,
    pub project: Option<ProjectId>,
    pub occurred_at: Timestamp,
}

impl Book {
    /// The project that an event is about, taken up when it is first heard of.
    fn project(&mut self, head: &Head) -> anyhow::Result<&mut Project> {
        let id = head.project.context("an event of a project without its name")?;
        Ok(self.project.get_or_insert_with(|| Project::new(head.company, id)))
    }
}

impl Head {
    /// Fails on what no producer writes.
    pub fn read(
        event_id: &str,
        company: &str,
        project: &str,
        occurred_at: Option<&pbjson_types::Timestamp>,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            event_id: event_id.parse().context("event_id")?,
            company: id(company, "companies")?.context("company")?,
            project: id(project, "projects")?,
            occurred_at: occurred_at.and_then(from_wire).context("occurred_at")?,
        })
    }

    fn notice(&self, kind: Kind) -> Notice {
        Notice::new(kind, self.event_id, self.project, self.occurred_at)
    }
}

/// The id behind a collection in a resource name; none in an empty name.
fn id<T: From<Uuid>>(name: &str, collection: &str) -> anyhow::Result<Option<T>> {
    if name.is_empty() {
        return Ok(None);
    }
    let mut parts = name.split('/');
    parts.find(|part| *part == collection);
    let id = parts.next().and_then(|id| id.parse::<Uuid>().ok());
    id.map(|id| Some(T::from(id))).ok_or_else(|| anyhow!("{name:?} names nothing in {collection}"))
}

fn contact_id(name: &str) -> anyhow::Result<ContactId> {
    id(name, "contacts")?.context("a contact's name is missing")
}

#[cfg(test)]
mod tests;
