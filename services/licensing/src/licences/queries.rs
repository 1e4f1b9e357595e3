//! The reads, one function each. Contacts read their company's while they take part in it.

use futures::{Stream, StreamExt as _};
use platform::{
    Call, Error,
    auth::Role,
    documents::{Query, Stored},
    files::Download,
    name::{self, ProjectName},
    page::PageRequest,
    watch::{WatchFilter, WatchRequest, Watched},
};
use proto::licensing::v1 as pb;

use super::{Licences, named, resource_name, view};
use crate::{Licensing, company, offers::store};

impl Licensing {
    /// RPC `GetLicensing`.
    pub async fn get_licensing(
        &self,
        call: Call,
        request: pb::GetLicensingRequest,
    ) -> Result<pb::Licensing, Error> {
        let project = named("name", &request.name)?;
        self.core.may_read(&call.principal, Some(project.company), &request.name).await?;
        self.read(project).await
    }

    /// RPC `GetQuestionnaire`.
    pub async fn get_questionnaire(
        &self,
        call: Call,
        request: pb::GetQuestionnaireRequest,
    ) -> Result<pb::Questionnaire, Error> {
        let project = named("name", &request.name)?;
        self.core.may_read(&call.principal, Some(project.company), &request.name).await?;
        let stored = super::find(self.core.db.read(), project).await?;
        let licences = stored.ok_or_else(|| Error::not_found(resource_name(project)))?.value;
        Ok(view::questionnaire(&self.catalogue, project, &licences))
    }

    /// RPC `ListLicensings`.
    pub async fn list_licensings(
        &self,
        call: Call,
        request: pb::ListLicensingsRequest,
    ) -> Result<pb::ListLicensingsResponse, Error> {
        let company = name::company_or_all(&request.parent)?;
        self.core.may_read(&call.principal, company, &request.parent).await?;
        let label = view::label("state", request.state)?.map(str::to_owned);
        // Taken first: what changes while the page is read is told again, not missed.
        let watch_token = self.core.watch_token(&WatchFilter { company, project: None }).await?;
        let page = PageRequest { size: request.page_size, token: &request.page_token };
        let page = self.core.page::<Licences>(page, Query { company, label, ..Query::default() }).await?;
        let view = |stored: &Stored<Licences>| {
            let project = ProjectName { company: stored.company, project: stored.id.into() };
            view::listed(&self.catalogue, project, &stored.value)
        };
        Ok(pb::ListLicensingsResponse {
            licensings: page.items.iter().map(view).collect(),
            next_page_token: page.next_page_token,
            watch_token,
        })
    }

    /// RPC `DownloadFile`.
    pub async fn download_file(
        &self,
        call: Call,
        request: pb::DownloadFileRequest,
    ) -> Result<Download, Error> {
        self.files.download(&self.core, &call, &request.name).await
    }

    /// RPC `ListOffers`.
    pub async fn list_offers(
        &self,
        call: Call,
        request: pb::ListOffersRequest,
    ) -> Result<pb::ListOffersResponse, Error> {
        let project = named("parent", &request.parent)?;
        self.core.may_read(&call.principal, Some(project.company), &request.parent).await?;
        let db = self.core.db.read();
        let stored = super::find(db, project).await?;
        let licences = stored.ok_or_else(|| Error::not_found(resource_name(project)))?.value;
        let since = company::client_since(db, project.company).await?;
        let reservations = store::read(db).await?;
        let now = self.core.clock.now();
        let offers = self.catalogue.offers.iter().map(|offer| {
            let left = reservations.left(offer);
            view::offer(offer, left, licences.could_accept(offer, since, left, now))
        });
        Ok(pb::ListOffersResponse { offers: offers.collect() })
    }

    /// RPC `WatchEvents`.
    pub async fn watch_events(
        &self,
        call: Call,
        request: pb::WatchEventsRequest,
    ) -> Result<impl Stream<Item = Result<pb::WatchEventsResponse, Error>> + Send + use<>, Error> {
        let pb::WatchEventsRequest { company, project, resume_token } = &request;
        let watch = WatchRequest { company, project, resume_token };
        let items = self.core.watch_events(&call.principal, &[Role::Crm, Role::Operator], watch).await?;
        Ok(items.map(|item| item.map(response)))
    }
}

fn response(item: Watched) -> pb::WatchEventsResponse {
    match item {
        Watched::Bookmark { token } => pb::WatchEventsResponse { event: None, resume_token: token },
        Watched::Event { message, token } => {
            let event = message.event_or(|event_id, company| pb::LicensingEvent {
                event_id,
                company,
                ..Default::default()
            });
            pb::WatchEventsResponse { event: Some(event), resume_token: token }
        }
    }
}
