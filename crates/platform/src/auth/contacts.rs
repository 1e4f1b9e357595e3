//! The contacts' present roles: a token is only the upper bound, this table decides.
//!
//! Every service keeps the same projection of scheduling's contact events, without personal data.

use proto::refusal::words;
use proto::scheduling::v1::{ContactRole, ContactState, SchedulingEvent, scheduling_event::Event};
use sea_orm::{ConnectionTrait, QueryResult};

use super::{Principal, Role};
use crate::{
    Error,
    actor::{Actor, Roles, SoftvigRole},
    core::Core,
    db::{execute, query_one},
    id::{CompanyId, ContactId},
    lane::Lane,
    unit::Unit,
};

impl Core {
    /// Who reads, with present roles; errors as for a command.
    pub async fn actor(&self, principal: &Principal) -> Result<Actor, Error> {
        present_actor(self.db.read(), principal).await
    }
}

impl Unit {
    /// Who acts, with present roles.
    ///
    /// # Errors
    /// `PERMISSION_DENIED` for a contact who has left or holds none of the token's roles any more.
    pub async fn actor(&self, principal: &Principal) -> Result<Actor, Error> {
        present_actor(self.db(), principal).await
    }

    /// Records a contact's present roles; none for one who has left.
    pub async fn put_contact(&self, contact: ContactId, roles: Roles) -> Result<(), Error> {
        execute(
            self.db(),
            "insert into contact (company, contact, technical, decision) values ($1, $2, $3, $4) \
             on conflict (company, contact) do update set technical = excluded.technical, decision = excluded.decision",
            vec![self.lane().to_string().into(), contact.0.into(), roles.technical.into(), roles.decision.into()],
        )
        .await?;
        Ok(())
    }

    /// The company's contacts as these events of scheduling say, and nobody else.
    pub async fn set_back_contacts<'a>(
        &self,
        told: impl IntoIterator<Item = &'a SchedulingEvent>,
    ) -> Result<(), Error> {
        let company = self.lane().to_string();
        execute(self.db(), "delete from contact where company = $1", vec![company.into()]).await?;
        for event in told.into_iter().filter_map(|told| told.event.as_ref()) {
            self.project_contact(event).await?;
        }
        Ok(())
    }

    /// Applies what an event of scheduling says about contacts; other events change nothing here.
    pub async fn project_contact(&self, event: &Event) -> Result<(), Error> {
        let (name, roles) = match event {
            Event::ContactCard(card) if card.state() == ContactState::Active => {
                let has = |role| card.roles().any(|r| r == role);
                let roles =
                    Roles { technical: has(ContactRole::Technical), decision: has(ContactRole::Decision) };
                (&card.contact, roles)
            }
            Event::ContactCard(card) => (&card.contact, Roles::default()),
            Event::ContactReplaced(replaced) => (&replaced.contact, Roles::default()),
            Event::ContactAnonymised(anonymised) => (&anonymised.contact, Roles::default()),
            _ => return Ok(()),
        };
        let contact = name.rsplit('/').next().and_then(|id| id.parse().ok());
        let contact = contact.ok_or_else(|| anyhow::anyhow!("contact {name:?} has no id"))?;
        self.put_contact(contact, roles).await
    }
}

impl Actor {
    /// Whether a contact holds one of these roles at present. Of SOFTVIG the token alone says what it
    /// holds; see [`Principal::require`].
    ///
    /// # Errors
    /// `PERMISSION_DENIED`, naming the roles that may.
    pub fn require(&self, any_of: &[Role]) -> Result<(), Error> {
        let Self::Contact { roles, .. } = self else { return Ok(()) };
        let held = [(Role::Technical, roles.technical), (Role::Decision, roles.decision)];
        if held.iter().any(|(role, held)| *held && any_of.contains(role)) {
            return Ok(());
        }
        Err(Error::permission_denied(Role::any_of(any_of)))
    }
}

async fn present_actor(c: &impl ConnectionTrait, principal: &Principal) -> Result<Actor, Error> {
    if let (Some(company), Some(contact)) = (principal.company, principal.contact) {
        let roles = present_roles(c, company, contact).await?.unwrap_or_default();
        let roles = Roles {
            technical: roles.technical && principal.has(Role::Technical),
            decision: roles.decision && principal.has(Role::Decision),
        };
        if roles == Roles::default() {
            return Err(Error::permission_denied(words(
                "an active contact of the company",
                "osoba kontaktowa firmy, która nadal bierze udział",
            )));
        }
        return Ok(Actor::Contact { id: contact, roles });
    }
    let role = [
        (Role::Operator, SoftvigRole::Operator),
        (Role::Crm, SoftvigRole::Crm),
        (Role::Auditor, SoftvigRole::Auditor),
    ];
    let role = role.into_iter().find(|(role, _)| principal.has(*role));
    let (_, role) =
        role.ok_or_else(|| Error::permission_denied("crm, operator, auditor, technical, decision"))?;
    Ok(Actor::Softvig { subject: principal.subject.clone(), role })
}

impl Core {
    /// Whether the caller may read this company's things, or all companies'; `name` is what was asked for.
    ///
    /// # Errors
    /// `NOT_FOUND` for another company's; `PERMISSION_DENIED` for who takes part no longer, or for a
    /// contact who asks for all companies'.
    pub async fn may_read(
        &self,
        principal: &Principal,
        company: Option<CompanyId>,
        name: &str,
    ) -> Result<(), Error> {
        match company {
            Some(company) => principal.sees(company, name)?,
            None if principal.is_softvig() => {}
            None => return Err(Error::permission_denied("crm, operator, auditor")),
        }
        self.actor(principal).await?;
        Ok(())
    }
}

/// The roles that a contact holds now; none if the company has no such contact.
pub async fn present_roles(
    c: &impl ConnectionTrait,
    company: CompanyId,
    contact: ContactId,
) -> Result<Option<Roles>, Error> {
    let row = query_one(
        c,
        "select technical, decision from contact where company = $1 and contact = $2",
        vec![Lane::Company(company).to_string().into(), contact.0.into()],
    )
    .await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &QueryResult) -> Result<Roles, Error> {
    Ok(Roles { technical: row.try_get("", "technical")?, decision: row.try_get("", "decision")? })
}
