//! The reads, one function each. Contacts read their company's while they take part in it.

use platform::{
    Call, Error,
    actor::Actor,
    documents::Query,
    name::{self, ProjectName},
    page::PageRequest,
    watch::WatchFilter,
};
use proto::{refusal::words, scheduling::v1 as pb};

use super::{Project, parse, store, view};
use crate::Scheduling;

/// Alternatives per date where the request does not say how many, and the most.
const ALTERNATIVES: usize = 5;
const MOST_ALTERNATIVES: i32 = 20;

impl Scheduling {
    /// RPC `GetProject`.
    pub async fn get_project(
        &self,
        call: Call,
        request: pb::GetProjectRequest,
    ) -> Result<pb::Project, Error> {
        let name = ProjectName::parse("name", &request.name)?;
        self.core.may_read(&call.principal, Some(name.company), &request.name).await?;
        self.read(name).await
    }

    /// RPC `ListProjects`.
    pub async fn list_projects(
        &self,
        call: Call,
        request: pb::ListProjectsRequest,
    ) -> Result<pb::ListProjectsResponse, Error> {
        let company = name::company_or_all(&request.parent)?;
        self.core.may_read(&call.principal, company, &request.parent).await?;
        let label = parse::stage_label("stage", request.stage)?;
        // Taken first: what changes while the page is read is told again, not missed.
        let watch_token = self.core.watch_token(&WatchFilter { company, project: None }).await?;
        let page = PageRequest { size: request.page_size, token: &request.page_token };
        let page = self.core.page::<Project>(page, Query { company, label, ..Query::default() }).await?;
        let projects = self.show_all(&page.items).await?;
        Ok(pb::ListProjectsResponse { projects, next_page_token: page.next_page_token, watch_token })
    }

    /// RPC `SuggestDates`.
    pub async fn suggest_dates(
        &self,
        call: Call,
        request: pb::SuggestDatesRequest,
    ) -> Result<pb::SuggestDatesResponse, Error> {
        let name = ProjectName::parse("name", &request.name)?;
        self.core.may_read(&call.principal, Some(name.company), &request.name).await?;
        let from = parse::optional_day("from_day", &request.from_day)?;
        let alternatives = match request.alternatives {
            0 => ALTERNATIVES,
            n @ 1..=MOST_ALTERNATIVES => n as usize,
            n => {
                return Err(Error::invalid(
                    "alternatives",
                    n,
                    words(format!("0 to {MOST_ALTERNATIVES}"), format!("od 0 do {MOST_ALTERNATIVES}")),
                ));
            }
        };
        let db = self.core.db.read();
        let project = store::find(db, name).await?.ok_or_else(|| Error::not_found(name))?.value;
        let surroundings = self.surroundings(db, name.company, project.variant.chosen()).await?;
        let ctx = self.context(self.core.clock.now(), &Actor::System, &surroundings);
        Ok(view::suggestions(&project.suggest_dates(from, alternatives, &ctx)?))
    }
}
