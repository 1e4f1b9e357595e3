use platform::{
    Call, Error,
    actor::Actor,
    command::Started,
    documents,
    id::CompanyId,
    name,
    secret::Secret,
    unit::{NewHistory, Unit},
};
use proto::notification::v1 as pb;
use serde_json::json;

use super::model::{lane, parse};
use super::{CalendarLink, Holder, LinkId, store};
use crate::questions::actor_name;
use crate::recipients::Directory;
use crate::{Notification, view};

impl Notification {
    /// Makes the caller's link and shows it, this once; the one that the caller had for the same dates is dead.
    ///
    /// # Errors
    /// NOT_FOUND for another company, PERMISSION_DENIED to a contact for all companies.
    pub async fn create_calendar_link(
        &self,
        call: Call,
        request: pb::CreateCalendarLinkRequest,
    ) -> Result<pb::CalendarLink, Error> {
        let company = name::company_or_all(&request.parent)?;
        self.core.may_read(&call.principal, company, &request.parent).await?;
        let (mut unit, actor) = match self.core.start(&call, lane(company)).await? {
            Started::Fresh(unit, actor) => (unit, actor),
            // The secret of the first time is not known any more.
            Started::Replayed(name) => return self.read_link(&name).await,
        };
        if let Some(company) = company
            && documents::find::<Directory>(unit.db(), company, company.0).await?.is_none()
        {
            return Err(Error::not_found(&request.parent));
        }
        let holder = Holder::of(&actor)?;
        let link = CalendarLink { id: LinkId::new(), company, holder, created_at: unit.now() };
        let secret = Secret::random()?;
        store::replace(unit.db(), &link, &secret).await?;
        record(&mut unit, &actor, "calendar_link_created", &link);
        unit.commit(&link.name()).await?;
        let url = if call.validate_only { String::new() } else { self.calendar_url(&secret) };
        Ok(pb::CalendarLink { url, ..view::calendar_link(&link) })
    }

    /// Ends a link at once: a contact's own, or any for SOFTVIG.
    ///
    /// # Errors
    /// NOT_FOUND, also for a link of somebody else.
    pub async fn revoke_calendar_link(
        &self,
        call: Call,
        request: pb::RevokeCalendarLinkRequest,
    ) -> Result<pb::RevokeCalendarLinkResponse, Error> {
        let (company, id) = parse(&request.name)?;
        self.core.may_read(&call.principal, company, &request.name).await?;
        let Started::Fresh(mut unit, actor) = self.core.start(&call, lane(company)).await? else {
            return Ok(pb::RevokeCalendarLinkResponse { name: request.name });
        };
        let found = store::find(unit.db(), company, id).await?;
        let link = found.filter(|link| link.is_open_to(&actor));
        let link = link.ok_or_else(|| Error::not_found(&request.name))?;
        store::delete(unit.db(), link.id).await?;
        record(&mut unit, &actor, "calendar_link_revoked", &link);
        unit.commit(&request.name).await?;
        Ok(pb::RevokeCalendarLinkResponse { name: request.name })
    }

    async fn read_link(&self, name: &str) -> Result<pb::CalendarLink, Error> {
        let (company, id) = parse(name)?;
        let found = store::find(self.core.db.read(), company, id).await?;
        found.map(|link| view::calendar_link(&link)).ok_or_else(|| Error::not_found(name))
    }

    fn calendar_url(&self, secret: &Secret) -> String {
        format!("webcal://{}{}/{}{}", self.renderer.public_host, super::PATH, secret.reveal(), super::ENDING)
    }
}

fn record(unit: &mut Unit, actor: &Actor, kind: &str, link: &CalendarLink) {
    unit.record(NewHistory {
        kind: kind.to_owned(),
        project: None,
        // A contact's name needs a company; for all companies only SOFTVIG has links.
        actor: actor_name(link.company.unwrap_or(CompanyId(uuid::Uuid::nil())), actor),
        body: json!({ "link": link.id }),
    });
}
