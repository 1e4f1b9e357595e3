//! Switches an endpoint off that wants nothing any more, or takes nothing, and tells SOFTVIG.

use jiff::Timestamp;
use platform::{
    Error, clock,
    unit::{NewHistory, Unit},
};
use serde_json::json;
use url::Url;
use uuid::Uuid;

use super::{Endpoint, Why, courier::Taken, endpoints, view};
use crate::Notification;
use crate::book::{directory, tell};
use crate::kind::Kind;
use crate::message::{Fact, Notice};

impl Notification {
    /// Whoever comes first does it, and there is one mail. What waits stays as it is. Whether it was on.
    pub(super) async fn switch_off(
        &self,
        unit: &mut Unit,
        taken: &Taken,
        why: Why,
        since: Timestamp,
        outcome: &str,
    ) -> Result<bool, Error> {
        let Some(mut stored) = endpoints::find(unit.db(), taken.delivery.endpoint).await? else {
            return Ok(false);
        };
        if !stored.value.disable(why, unit.now()) {
            return Ok(false);
        }
        stored.value.forget_old_secrets(clock::machine_now());
        endpoints::save(unit.db(), &stored).await?;
        let body = json!({ "endpoint": stored.value.id, "why": why, "since": since, "outcome": outcome });
        unit.record(NewHistory {
            kind: "webhook_endpoint_switched_off".to_owned(),
            project: None,
            actor: "system".to_owned(),
            body,
        });
        // It lies with the company whose event waits, and is of no project's conversation.
        let notice = Notice::new(Kind::WebhookSwitchedOff, Uuid::now_v7(), None, unit.now())
            .text("endpoint", in_words(&stored.value))
            .text("name", view::name(stored.value.id))
            .fact("gone", Fact::Flag(why == Why::Gone))
            .fact("since", Fact::Instant(since))
            .text("outcome", outcome);
        let directory = directory(unit.db(), taken.delivery.company).await?;
        tell(unit, &self.renderer, &directory, &[notice]).await?;
        Ok(true)
    }
}

/// Its description and host. The rest of a URL may be as good as a password.
fn in_words(endpoint: &Endpoint) -> String {
    let url = endpoint.settings.url.parse::<Url>().ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
    match endpoint.settings.description.as_str() {
        "" => host.to_owned(),
        description => format!("{description} ({host})"),
    }
}
