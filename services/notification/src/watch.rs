//! Following this service's events.

use futures::{Stream, StreamExt as _};
use platform::{
    Call, Error,
    auth::Role,
    watch::{WatchRequest, Watched},
};
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
        Ok(items.map(|item| item.map(answer)))
    }
}

fn answer(item: Watched) -> WatchEventsResponse {
    match item {
        Watched::Event { message, token } => {
            let event = message.event_or(|event_id, company| NotificationEvent {
                event_id,
                company,
                ..Default::default()
            });
            WatchEventsResponse { event: Some(event), resume_token: token }
        }
        Watched::Bookmark { token } => WatchEventsResponse { event: None, resume_token: token },
    }
}
