//! What SOFTVIG does with endpoints.

use jiff::Timestamp;
use platform::{
    Call, Error, actor::Actor, clock, command::Started, etag, lane::Lane, name, unit::NewHistory, unit::Unit,
};
use proto::{
    common::v1::ErrorReason,
    notification::v1 as pb,
    refusal::{Violation, words},
};
use serde_json::json;
use uuid::Uuid;

use super::{
    Endpoint, EndpointId, Secret, Settings, address,
    endpoints::{self, Stored},
    queries::{MAY, endpoint_id},
    queue, settings, view,
};
use crate::Notification;

/// Each event is written once for each of them.
const MOST_ENDPOINTS: i64 = 100;
const SECRET: &str = "webhookEndpoints/{endpoint}/secrets/{secret}";

/// A command on an endpoint that is carried out now.
struct Change {
    unit: Unit,
    actor: Actor,
    stored: Stored,
}

impl Notification {
    /// RPC `CreateWebhookEndpoint`. A repeat is answered with the same secret, as long as that signs.
    ///
    /// # Errors
    /// PERMISSION_DENIED, INVALID_ARGUMENT; REQUEST_ID_REUSED for a repeat whose secret signs no more.
    pub async fn create_webhook_endpoint(
        &self,
        call: Call,
        request: pb::CreateWebhookEndpointRequest,
    ) -> Result<pb::WebhookEndpoint, Error> {
        call.principal.require(&MAY)?;
        let settings = self.asked_settings(request.webhook_endpoint.as_ref()).await?;
        let (unit, actor) = match self.core.start(&call, Lane::Global).await? {
            Started::Fresh(unit, actor) => (unit, actor),
            Started::Replayed(secret) => return self.read_secret(&secret).await,
        };
        if endpoints::count(unit.db()).await? >= MOST_ENDPOINTS {
            return Err(Error::invalid(
                "webhook_endpoint",
                words(format!("{MOST_ENDPOINTS} endpoints"), format!("punkty odbioru: {MOST_ENDPOINTS}")),
                words("fewer: delete one first", "mniej: proszę najpierw jeden usunąć"),
            ));
        }
        let endpoint = Endpoint::new(settings, Secret::random()?, unit.now());
        endpoints::insert(unit.db(), &endpoint).await?;
        let stored = endpoints::find(unit.db(), endpoint.id).await?;
        let stored = stored.ok_or_else(|| anyhow::anyhow!("a row that was just written is not there"))?;
        let change = Change { unit, actor, stored };
        self.commit_secret(&call, change, "webhook_endpoint_created").await
    }

    /// RPC `UpdateWebhookEndpoint`.
    ///
    /// # Errors
    /// PERMISSION_DENIED, NOT_FOUND, ETAG_MISMATCH, INVALID_ARGUMENT.
    pub async fn update_webhook_endpoint(
        &self,
        call: Call,
        request: pb::UpdateWebhookEndpointRequest,
    ) -> Result<pb::WebhookEndpoint, Error> {
        call.principal.require(&MAY)?;
        let asked = request.webhook_endpoint.as_ref();
        let name = asked.map(|endpoint| endpoint.name.clone()).unwrap_or_default();
        let id = endpoint_id("webhook_endpoint.name", &name)?;
        let settings = self.asked_settings(asked).await?;
        let Some(mut change) = self.change(&call, id, &name).await? else {
            let stored = self.webhook_endpoint("webhook_endpoint.name", &name).await?;
            return Ok(view::endpoint(&stored, clock::machine_now()));
        };
        let moves = change.stored.value.settings.url != settings.url;
        change.stored.value.settings = settings;
        change.stored.value.changed_at = change.unit.now();
        if moves {
            // Of the new place nothing is known yet, and what waits need not wait longer.
            begin_anew(&mut change).await?;
        }
        self.commit(change, "webhook_endpoint_updated").await
    }

    /// RPC `DeleteWebhookEndpoint`. Its deliveries are deleted by and by.
    ///
    /// # Errors
    /// PERMISSION_DENIED, NOT_FOUND, ETAG_MISMATCH.
    pub async fn delete_webhook_endpoint(
        &self,
        call: Call,
        request: pb::DeleteWebhookEndpointRequest,
    ) -> Result<pb::DeleteWebhookEndpointResponse, Error> {
        call.principal.require(&MAY)?;
        let id = endpoint_id("name", &request.name)?;
        if let Some(mut change) = self.change(&call, id, &request.name).await? {
            endpoints::delete(change.unit.db(), id).await?;
            record(&mut change, "webhook_endpoint_deleted");
            change.unit.commit(&request.name).await?;
        }
        Ok(pb::DeleteWebhookEndpointResponse {})
    }

    /// RPC `RotateWebhookSecret`. A repeat is answered with the same secret, as long as that signs.
    ///
    /// # Errors
    /// PERMISSION_DENIED, NOT_FOUND, ETAG_MISMATCH, INVALID_ARGUMENT while too many secrets sign; REQUEST_ID_REUSED
    /// for a repeat whose secret signs no more.
    pub async fn rotate_webhook_secret(
        &self,
        call: Call,
        request: pb::RotateWebhookSecretRequest,
    ) -> Result<pb::WebhookEndpoint, Error> {
        call.principal.require(&MAY)?;
        let id = endpoint_id("name", &request.name)?;
        let (unit, actor) = match self.core.start(&call, Lane::Global).await? {
            Started::Fresh(unit, actor) => (unit, actor),
            Started::Replayed(secret) => return self.read_secret(&secret).await,
        };
        let mut change = begin(&call, unit, actor, id, &request.name).await?;
        change.stored.value.rotate(Secret::random()?, change.unit.now(), clock::machine_now())?;
        endpoints::save(change.unit.db(), &change.stored).await?;
        self.commit_secret(&call, change, "webhook_secret_rotated").await
    }

    /// RPC `EnableWebhookEndpoint`. What waits has all its tries before it again.
    ///
    /// # Errors
    /// PERMISSION_DENIED, NOT_FOUND, ETAG_MISMATCH.
    pub async fn enable_webhook_endpoint(
        &self,
        call: Call,
        request: pb::EnableWebhookEndpointRequest,
    ) -> Result<pb::WebhookEndpoint, Error> {
        call.principal.require(&MAY)?;
        let id = endpoint_id("name", &request.name)?;
        let Some(mut change) = self.change(&call, id, &request.name).await? else {
            let stored = self.webhook_endpoint("name", &request.name).await?;
            return Ok(view::endpoint(&stored, clock::machine_now()));
        };
        if change.stored.value.enable(change.unit.now()) {
            begin_anew(&mut change).await?;
        }
        self.commit(change, "webhook_endpoint_enabled").await
    }

    /// RPC `ReplayWebhookEndpoint`.
    ///
    /// # Errors
    /// PERMISSION_DENIED, NOT_FOUND, INVALID_ARGUMENT.
    pub async fn replay_webhook_endpoint(
        &self,
        call: Call,
        request: pb::ReplayWebhookEndpointRequest,
    ) -> Result<pb::ReplayWebhookEndpointResponse, Error> {
        call.principal.require(&MAY)?;
        let id = endpoint_id("name", &request.name)?;
        let since: Option<Timestamp> = clock::from_request("since", request.since.as_ref())?;
        let since = since.ok_or_else(|| {
            Error::invalid(
                "since",
                words("nothing", "nic"),
                words(
                    "the instant from which on all is sent again",
                    "moment, od którego wszystko zostanie wysłane ponownie",
                ),
            )
        })?;
        let Some(mut change) = self.change(&call, id, &request.name).await? else {
            return Ok(pb::ReplayWebhookEndpointResponse::default());
        };
        let replayed = queue::replay(change.unit.db(), id, since, clock::machine_now()).await?;
        record(&mut change, "webhook_endpoint_replayed");
        change.unit.commit(&request.name).await?;
        Ok(pb::ReplayWebhookEndpointResponse { deliveries: i32::try_from(replayed).unwrap_or(i32::MAX) })
    }

    /// What the request asks for. A name that leads elsewhere than is allowed is refused at once, where it is found.
    async fn asked_settings(&self, asked: Option<&pb::WebhookEndpoint>) -> Result<Settings, Error> {
        let asked = asked.ok_or_else(|| {
            Error::invalid("webhook_endpoint", words("nothing", "nic"), words("an endpoint", "punkt odbioru"))
        })?;
        let post = &self.webhooks.post;
        let settings = settings::parse(asked, post.networks())?;
        post.check(&settings.url).await.map_err(|forbidden| {
            let violation = address::not_public(forbidden.0);
            Violation { field: "webhook_endpoint.url".to_owned(), ..violation }
        })?;
        Ok(settings)
    }

    /// Begins a command on an endpoint; none if it was carried out before.
    async fn change(&self, call: &Call, id: EndpointId, name: &str) -> Result<Option<Change>, Error> {
        match self.core.start(call, Lane::Global).await? {
            Started::Fresh(unit, actor) => begin(call, unit, actor, id, name).await.map(Some),
            Started::Replayed(_) => Ok(None),
        }
    }

    async fn commit(&self, mut change: Change, kind: &str) -> Result<pb::WebhookEndpoint, Error> {
        let now = clock::machine_now();
        change.stored.value.forget_old_secrets(now);
        endpoints::save(change.unit.db(), &change.stored).await?;
        record(&mut change, kind);
        let answer = view::endpoint(&change.stored, now);
        change.unit.commit(&answer.name).await?;
        Ok(answer)
    }

    /// Answers with the secret, which is kept under the request's id by its own.
    async fn commit_secret(
        &self,
        call: &Call,
        mut change: Change,
        kind: &str,
    ) -> Result<pb::WebhookEndpoint, Error> {
        record(&mut change, kind);
        let mut answer = view::endpoint(&change.stored, clock::machine_now());
        if let (Some(secret), false) = (change.stored.value.secrets.last(), call.validate_only) {
            answer.secret = secret.reveal();
        }
        let secret = change.stored.value.secrets.last().map(|secret| secret.id).unwrap_or_default();
        change.unit.commit(&format!("{}/secrets/{secret}", answer.name)).await?;
        Ok(answer)
    }

    /// The answer to a repeat.
    async fn read_secret(&self, name: &str) -> Result<pb::WebhookEndpoint, Error> {
        let [endpoint, id]: [Uuid; 2] = name::ids("name", SECRET, name)?;
        let stored = endpoints::find(self.core.db.read(), endpoint.into()).await?;
        let stored = stored.ok_or_else(|| Error::not_found(view::name(endpoint.into())))?;
        let now = clock::machine_now();
        let secret = stored.value.signing(now).find(|secret| secret.id == id).ok_or_else(|| {
            Violation::new(ErrorReason::RequestIdReused)
                .field("request_id")
                .asked(words("a secret that signs no more", "sekret, który już nie podpisuje"))
                .allowed(words("a new request id", "nowy identyfikator żądania"))
        })?;
        Ok(pb::WebhookEndpoint { secret: secret.reveal(), ..view::endpoint(&stored, now) })
    }
}

async fn begin(call: &Call, unit: Unit, actor: Actor, id: EndpointId, name: &str) -> Result<Change, Error> {
    let stored = endpoints::find(unit.db(), id).await?.ok_or_else(|| Error::not_found(name))?;
    etag::check(call.etag.as_deref(), &stored.value.changing())?;
    Ok(Change { unit, actor, stored })
}

/// Neither the endpoint's failures count any more nor those of what waits; what is under way goes out again.
async fn begin_anew(change: &mut Change) -> Result<(), Error> {
    let (db, id) = (change.unit.db(), change.stored.value.id);
    // The endpoint first: so does who records.
    endpoints::forget_failures(db, id).await?;
    queue::begin_anew(db, id, clock::machine_now()).await?;
    change.stored.failing_since = None;
    Ok(())
}

fn record(change: &mut Change, kind: &str) {
    let actor = match &change.actor {
        Actor::Softvig { subject, .. } => subject.clone(),
        Actor::Contact { id, .. } => id.to_string(),
        Actor::System => "system".to_owned(),
    };
    let body = json!({ "endpoint": change.stored.value.id });
    change.unit.record(NewHistory { kind: kind.to_owned(), project: None, actor, body });
}
