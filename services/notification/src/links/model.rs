use std::fmt;

use jiff::Timestamp;
use platform::{
    Error,
    actor::Actor,
    id::{CompanyId, ContactId},
    lane::Lane,
    name,
};
use proto::refusal::words;

platform::id! {
    /// A calendar link.
    pub LinkId
}

/// Who a link was made for. What is kept of it ends with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    Contact(ContactId),
    /// Subject of the token.
    Softvig(String),
}

/// A link. Its secret is known to nobody but its holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarLink {
    pub id: LinkId,
    /// Whose dates it shows; those of all companies if none.
    pub company: Option<CompanyId>,
    pub holder: Holder,
    pub created_at: Timestamp,
}

impl Holder {
    /// Who calls; the system holds no links.
    pub fn of(actor: &Actor) -> Result<Self, Error> {
        match actor {
            Actor::Contact { id, .. } => Ok(Self::Contact(*id)),
            Actor::Softvig { subject, .. } => Ok(Self::Softvig(subject.clone())),
            Actor::System => Err(Error::permission_denied("technical, decision, crm, operator, auditor")),
        }
    }
}

/// As it stands in its table: a contact's id, or a subject behind a word that no id begins with.
impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contact(id) => id.fmt(f),
            Self::Softvig(subject) => write!(f, "softvig {subject}"),
        }
    }
}

const PATTERN: &str = "companies/{company}/calendarLinks/{link}";

impl CalendarLink {
    /// `companies/{company}/calendarLinks/{link}`, with `companies/-` for all companies.
    pub fn name(&self) -> String {
        format!("{}/calendarLinks/{}", parent(self.company), self.id)
    }

    /// Whether somebody may see and revoke it: its holder, and SOFTVIG.
    pub fn is_open_to(&self, actor: &Actor) -> bool {
        actor.is_softvig() || Holder::of(actor).is_ok_and(|holder| holder == self.holder)
    }
}

/// Company and id of a link's name.
///
/// # Errors
/// INVALID_ARGUMENT for `name`.
pub fn parse(name: &str) -> Result<(Option<CompanyId>, LinkId), Error> {
    let invalid = || Error::invalid("name", name, words(PATTERN, PATTERN));
    let [company, link] = name::parts("name", PATTERN, name)?;
    let company = match company {
        "-" => None,
        id => Some(CompanyId(id.parse().map_err(|_| invalid())?)),
    };
    Ok((company, LinkId(link.parse().map_err(|_| invalid())?)))
}

/// `companies/{company}`, or `companies/-`.
pub fn parent(company: Option<CompanyId>) -> String {
    company.map_or_else(|| "companies/-".to_owned(), |id| format!("companies/{id}"))
}

/// The lane on which links are made and revoked.
pub fn lane(company: Option<CompanyId>) -> Lane {
    company.map_or(Lane::Global, Lane::Company)
}
