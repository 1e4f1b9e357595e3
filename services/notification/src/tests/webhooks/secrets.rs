use jiff::SignedDuration;
use platform::{clock::machine_now, db::query_all, harness::request_id};
use proto::{common::v1::ErrorReason, notification::v1 as pb};
use testkit::Backend;

use super::receiver::Receiver;
use crate::Notification;
use crate::fixtures::PROJECT;
use crate::tests::telling::on_both_databases;
use crate::tests::world::{World, reason, softvig};

impl World {
    async fn rotate(&self, name: &str, request_id: &str) -> Result<pb::WebhookEndpoint, platform::Error> {
        let request = pb::RotateWebhookSecretRequest {
            name: name.to_owned(),
            request_id: request_id.to_owned(),
            ..Default::default()
        };
        self.call(&softvig(), Notification::rotate_webhook_secret, request).await
    }

    /// The only endpoint as it is kept.
    async fn kept_endpoint(&self) -> serde_json::Value {
        let sql = "select cast(body as text) as body from webhook_endpoint";
        let rows = query_all(self.service.core.db.read(), sql, vec![]).await.expect("readable");
        serde_json::from_str(&rows[0].try_get::<String>("", "body").expect("text")).expect("JSON")
    }

    /// A day passes for one of the only endpoint's secrets.
    async fn expire(&self, secret: usize) {
        let mut body = self.kept_endpoint().await;
        let yesterday = (machine_now() - SignedDuration::from_hours(24)).to_string();
        body["secrets"][secret]["signs_until"] = yesterday.into();
        let db = &self.service.core.db;
        let sql = format!("update webhook_endpoint set body = {}", platform::db::as_json(db.read(), "$1"));
        db.execute(&sql, vec![body.to_string().into()]).await.expect("written");
    }
}

async fn after_a_rotation_both_secrets_sign_for_a_day(backend: Backend) {
    let world = World::new(backend).await;
    let receiver = Receiver::willing().await;
    let endpoint = world.endpoint(&receiver).await;
    let rotated = world.rotate(&endpoint.name, "1").await.expect("rotated");
    assert_ne!(rotated.secret, endpoint.secret);
    assert_eq!(rotated.earlier_secrets_sign_until.len(), 1);
    world.verified(PROJECT).await;
    world.post_all(machine_now()).await;
    let got = receiver.take().remove(0);
    assert!(got.is_signed_by(&endpoint.secret) && got.is_signed_by(&rotated.secret));
    let other = world.endpoint(&receiver).await;
    assert!(!got.is_signed_by(&other.secret), "the oracle can say no");

    world.verified(PROJECT).await;
    world.post_all(machine_now() + SignedDuration::from_hours(25)).await;
    for got in receiver.take() {
        assert_eq!(got.header("webhook-signature").split(' ').count(), 1, "the day is over");
    }
}

async fn a_secret_is_in_the_answers_that_make_it_and_in_no_other(backend: Backend) {
    let world = World::new(backend).await;
    let receiver = Receiver::willing().await;
    let create = pb::CreateWebhookEndpointRequest {
        webhook_endpoint: Some(pb::WebhookEndpoint { url: receiver.url(), ..Default::default() }),
        request_id: request_id(),
        ..Default::default()
    };
    let judged = pb::CreateWebhookEndpointRequest { validate_only: true, ..create.clone() };
    let judged = world.call(&softvig(), Notification::create_webhook_endpoint, judged).await.expect("fine");
    assert_eq!(judged.secret, "", "nothing was made");

    let made = world.call(&softvig(), Notification::create_webhook_endpoint, create.clone()).await;
    let made = made.expect("made");
    assert!(made.secret.starts_with("whsec_") && made.secret.len() == 50, "{}", made.secret.len());
    let again = world.call(&softvig(), Notification::create_webhook_endpoint, create.clone()).await;
    assert_eq!(again.expect("the same"), made, "a repeat gets the secret that was lost on the way");

    let rotated = world.rotate(&made.name, "1").await.expect("rotated");
    assert_eq!(world.rotate(&made.name, "1").await.expect("the same").secret, rotated.secret);
    let again = world.call(&softvig(), Notification::create_webhook_endpoint, create.clone()).await;
    assert_eq!(again.expect("it still signs").secret, made.secret);

    let listed = world
        .call(&softvig(), Notification::list_webhook_endpoints, pb::ListWebhookEndpointsRequest::default())
        .await
        .expect("listed");
    let shown = format!("{listed:?} {:?}", world.read_endpoint(&made.name).await);
    let secrets =
        [&made.secret, &rotated.secret].map(|secret| secret.trim_start_matches("whsec_").to_owned());
    for table in ["history", "outbox", "request"] {
        let sql = format!("select * from {table}");
        let rows = query_all(world.service.core.db.read(), &sql, vec![]).await.expect("readable");
        for secret in &secrets {
            assert!(!format!("{rows:?}").contains(secret), "{table}");
        }
    }
    for secret in &secrets {
        assert!(!shown.contains(secret), "{shown}");
    }
    let kinds: Vec<_> =
        world.history().await.into_iter().map(|line| format!("{} {}", line.kind, line.actor)).collect();
    assert_eq!(kinds, ["webhook_endpoint_created crm", "webhook_secret_rotated crm"]);
}

async fn request_id_reused_once_the_requests_secret_signs_no_more(backend: Backend) {
    let world = World::new(backend).await;
    let receiver = Receiver::willing().await;
    let made = world.endpoint(&receiver).await;
    let rotated = world.rotate(&made.name, "1").await.expect("rotated");
    world.expire(1).await;
    let refused = world.rotate(&made.name, "1").await;
    assert_eq!(reason(refused), ErrorReason::RequestIdReused);
    assert_ne!(world.rotate(&made.name, "2").await.expect("another").secret, rotated.secret);
}

async fn a_secret_that_signs_no_more_is_neither_shown_nor_kept(backend: Backend) {
    let world = World::new(backend).await;
    let receiver = Receiver::willing().await;
    let made = world.endpoint(&receiver).await;
    world.rotate(&made.name, "1").await.expect("rotated");
    assert_eq!(world.read_endpoint(&made.name).await.earlier_secrets_sign_until.len(), 1);
    world.expire(0).await;
    assert!(world.read_endpoint(&made.name).await.earlier_secrets_sign_until.is_empty());

    let webhook_endpoint = Some(pb::WebhookEndpoint { description: "CRM".into(), ..made.clone() });
    let update =
        pb::UpdateWebhookEndpointRequest { webhook_endpoint, request_id: request_id(), ..Default::default() };
    world.call(&softvig(), Notification::update_webhook_endpoint, update).await.expect("updated");
    let kept = world.kept_endpoint().await.to_string();
    assert!(!kept.contains(made.secret.trim_start_matches("whsec_")), "{kept}");
}

on_both_databases! {
    after_a_rotation_both_secrets_sign_for_a_day,
    a_secret_is_in_the_answers_that_make_it_and_in_no_other,
    request_id_reused_once_the_requests_secret_signs_no_more,
    a_secret_that_signs_no_more_is_neither_shown_nor_kept,
}
