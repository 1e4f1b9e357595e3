//! Following this service's events.

use futures::{Stream, StreamExt as _};
use platform::{
    Call, Error,
    auth::Role,
    watch::{WatchRequest, Watched},
};
use prost::Message as _;
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
        Ok(items.map(|item| response(item?)))
    }
}

fn response(item: Watched) -> Result<pb::WatchEventsResponse, Error> {
    Ok(match item {
        Watched::Bookmark { token } => pb::WatchEventsResponse { event: None, resume_token: token },
        Watched::Event { message, token } => {
            let event = pb::SchedulingEvent::decode(message.payload).map_err(anyhow::Error::from)?;
            pb::WatchEventsResponse { event: Some(event), resume_token: token }
        }
    })
}
