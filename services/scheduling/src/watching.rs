//! Following this service's events.

use futures::{Stream, StreamExt as _};
use platform::{
    Call, Error,
    auth::Role,
    watch::{WatchRequest, Watched},
};
use proto::scheduling::v1 as pb;

use crate::Scheduling;

impl Scheduling {
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
            let event = message.event_or(|event_id, company| pb::SchedulingEvent {
                event_id,
                company,
                ..Default::default()
            });
            pb::WatchEventsResponse { event: Some(event), resume_token: token }
        }
    }
}
