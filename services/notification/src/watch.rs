//! Following this service's events.

use futures::{Stream, StreamExt as _};
use platform::{
    Call, Error,
    auth::Role,
    watch::{WatchRequest, Watched},
};
use prost::Message as _;
use proto::notification::v1::{NotificationEvent, WatchEventsRequest, WatchEventsResponse};

use crate::Notification;

impl Notification {
    /// Events from the token on, or from now on.
    ///
    /// # Errors
    /// PERMISSION_DENIED, WATCH_TOKEN_INVALID, INVALID_ARGUMENT.
    pub async fn watch_events(
        &self,
        call: Call,
        request: WatchEventsRequest,
    ) -> Result<impl Stream<Item = Result<WatchEventsResponse, Error>> + Send + use<>, Error> {
        let WatchEventsRequest { company, project, resume_token } = &request;
        let watch = WatchRequest { company, project, resume_token };
        let items = self.core.watch_events(&call.principal, &[Role::Crm, Role::Operator], watch).await?;
        Ok(items.map(|item| answer(item?)))
    }
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
