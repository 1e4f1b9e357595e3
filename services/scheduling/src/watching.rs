//! Following this service's events.

use futures::{Stream, StreamExt as _};
use platform::{
    Call, Error,
    auth::Role,
    watch::{WatchFilter, Watched},
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
        call.principal.require(&[Role::Crm, Role::Operator])?;
        let filter = WatchFilter::parse(&request.company, &request.project)?;
        let token = Some(request.resume_token.as_str()).filter(|token| !token.is_empty());
        Ok(self.core.watch(token, filter).await?.map(|item| response(item?)))
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
