use std::{collections::HashMap, sync::Arc};

use futures::future::BoxFuture;
use platform::{
    Call, Error,
    documents::{self, Query},
    id::CompanyId,
    name,
    page::PageRequest,
    rest::Found,
    secret::Secret,
};
use proto::notification::v1 as pb;

use super::feed::{Dated, feed};
use super::{CalendarLink, Holder, store};
use crate::book::directory;
use crate::project::Project;
use crate::recipients::Directory;
use crate::{Notification, view};

/// Projects that one query reads.
const AT_ONCE: u64 = 200;

impl Notification {
    /// The links that there are, without their secrets: a contact's own, all of a company for SOFTVIG.
    ///
    /// # Errors
    /// NOT_FOUND for another company; INVALID_ARGUMENT, PAGE_TOKEN_INVALID.
    pub async fn list_calendar_links(
        &self,
        call: Call,
        request: pb::ListCalendarLinksRequest,
    ) -> Result<pb::ListCalendarLinksResponse, Error> {
        let company = name::company_or_all(&request.parent)?;
        self.core.may_read(&call.principal, company, &request.parent).await?;
        let reader = self.core.actor(&call.principal).await?;
        let holder = if reader.is_softvig() { None } else { Some(Holder::of(&reader)?) };
        let page = PageRequest { size: request.page_size, token: &request.page_token };
        let binding = format!("page calendar_link {company:?} {holder:?}");
        let read = async |db: &platform::db::Db, after, limit| {
            store::list(db.read(), company, holder.as_ref(), after, limit).await
        };
        let page = self.core.page_by(page, &binding, read, |link| link.id.0).await?;
        Ok(pb::ListCalendarLinksResponse {
            calendar_links: page.items.iter().map(view::calendar_link).collect(),
            next_page_token: page.next_page_token,
        })
    }

    /// What a calendar program finds under a link; none where the link is dead or never was.
    pub fn calendar(self: Arc<Self>, secret: Secret) -> BoxFuture<'static, Result<Option<Found>, Error>> {
        Box::pin(async move {
            let Some(link) = store::find_by(self.core.db.read(), &secret).await? else { return Ok(None) };
            let text = self.dates_of(&link).await?;
            Ok(text.map(|text| Found { text, resource: link.name() }))
        })
    }

    async fn dates_of(&self, link: &CalendarLink) -> Result<Option<String>, Error> {
        let softvig = self.renderer.softvig.language;
        let language = match (&link.holder, link.company) {
            (Holder::Softvig(_), _) => softvig,
            (Holder::Contact(id), Some(company)) => {
                let directory = directory(self.core.db.read(), company).await?;
                match directory.contact(*id).filter(|contact| contact.is_active()) {
                    Some(contact) => contact.language(),
                    None => return Ok(None),
                }
            }
            (Holder::Contact(_), None) => return Ok(None),
        };
        let dates = self.dates(link.company).await?;
        Ok(Some(feed(language, &dates, &self.renderer.identity, self.core.clock.now())))
    }

    /// All agreed dates of a company, or of all.
    async fn dates(&self, company: Option<CompanyId>) -> Result<Vec<Dated>, Error> {
        let db = self.core.db.read();
        let mut query = Query { company, label: Some("open".to_owned()), after: None, limit: AT_ONCE };
        let mut dates = Vec::new();
        loop {
            let projects = documents::list::<Project>(db, &query).await?;
            let Some(last) = projects.last() else { return Ok(dates) };
            query.after = Some(last.id);
            let companies = projects.iter().map(|project| project.company.0);
            let directories = documents::find_all::<Directory>(db, companies).await?;
            let names: HashMap<CompanyId, String> =
                directories.into_iter().map(|stored| (stored.company, stored.value.display_name())).collect();
            for project in &projects {
                let name = names.get(&project.company);
                let company = name.cloned().unwrap_or_else(|| project.company.to_string());
                let entries = project.value.live_entries().cloned();
                dates.extend(entries.map(|entry| Dated { company: company.clone(), entry }));
            }
        }
    }
}
