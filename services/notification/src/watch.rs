//! Following this service's events.

use futures::{Stream, StreamExt as _};
use platform::{
    Call, Error,
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
        let filter = WatchFilter::parse(&request.company, &request.project)?;
        self.core.may_read(&call.principal, filter.company, &request.company).await?;
        let token = Some(request.resume_token.as_str()).filter(|token| !token.is_empty());
        let items = self.core.watch(token, filter).await?;
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
