//! Following this service's events.

use futures::{Stream, StreamExt as _};
use platform::{
    Call, Error,
    id::CompanyId,
    name::{self, ProjectName},
    watch::{WatchFilter, Watched},
};
use prost::Message as _;
use proto::notification::v1::{NotificationEvent, WatchEventsRequest, WatchEventsResponse};

use crate::Notification;

impl Notification {
    /// Events from the token on, or from now on. A contact follows its own company only.
    ///
    /// # Errors
    /// NOT_FOUND for another company, PERMISSION_DENIED to a contact that names none,
    /// WATCH_TOKEN_INVALID.
    pub async fn watch_events(
        &self,
        call: Call,
        request: WatchEventsRequest,
    ) -> Result<impl Stream<Item = Result<WatchEventsResponse, Error>> + Send + use<>, Error> {
        let filter = filter(&call, &request)?;
        self.core.actor(&call.principal).await?;
        let token = Some(request.resume_token.as_str()).filter(|token| !token.is_empty());
        let items = self.core.watch(token, filter).await?;
        Ok(items.map(|item| answer(item?)))
    }
}

fn filter(call: &Call, request: &WatchEventsRequest) -> Result<WatchFilter, Error> {
    let company = match request.company.as_str() {
        "" => None,
        name => {
            let [company] = name::ids("company", "companies/{company}", name)?;
            Some(CompanyId::from(company))
        }
    };
    let project = match request.project.as_str() {
        "" => None,
        name => Some(ProjectName::parse("project", name)?),
    };
    let company = company.or(project.map(|p| p.company));
    match company {
        Some(company) => call.principal.sees(company, &request.company)?,
        None if call.principal.is_softvig() => {}
        None => return Err(Error::permission_denied("a contact names its company")),
    }
    if project.is_some_and(|p| Some(p.company) != company) {
        return Err(Error::not_found(&request.project));
    }
    Ok(WatchFilter { company, project: project.map(|p| p.to_string()) })
}

fn answer(item: Watched) -> Result<WatchEventsResponse, Error> {
    Ok(match item {
        Watched::Event { message, token } => {
            let event = NotificationEvent::decode(message.payload).map_err(anyhow::Error::from)?;
            WatchEventsResponse { event: Some(event), resume_token: token }
        }
        Watched::Bookmark { token } => WatchEventsResponse { event: None, resume_token: token },
    })
}
