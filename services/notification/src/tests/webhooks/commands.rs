use std::sync::Arc;

use platform::{
    Error,
    auth::{Principal, Role},
    clock::machine_now,
    harness::{self, request_id},
};
use proto::{common::v1::ErrorReason, notification::v1 as pb, refusal::Violation};
use testkit::Backend;
use uuid::Uuid;

use super::{
    hours,
    receiver::{Manner, Receiver},
};
use crate::Notification;
use crate::fixtures::{COMPANY, DAGMARA, PROJECT};
use crate::tests::telling::on_both_databases;
use crate::tests::world::{World, contact, reason, softvig};
use crate::webhooks::{LONGEST_TRY, Networks, Post, SystemLookup, endpoints};

fn create(endpoint: pb::WebhookEndpoint) -> pb::CreateWebhookEndpointRequest {
    pb::CreateWebhookEndpointRequest {
        webhook_endpoint: Some(endpoint),
        request_id: request_id(),
        ..Default::default()
    }
}

fn violation<T: std::fmt::Debug>(result: Result<T, Error>) -> Violation {
    result.expect_err("refused").violations()[0].clone()
}

async fn an_endpoint_is_changed_by_who_saw_it(backend: Backend) {
    let world = World::new(backend).await;
    let (old, new) = (Receiver::with(|_| Manner::Status(500)).await, Receiver::willing().await);
    let made = world.endpoint(&old).await;
    let first = world.verified(PROJECT).await;
    world.post_all(machine_now()).await;

    let update = pb::UpdateWebhookEndpointRequest {
        webhook_endpoint: Some(pb::WebhookEndpoint {
            name: made.name.clone(),
            url: new.url(),
            description: " CRM ".into(),
            event_types: vec!["scheduling.date_agreed".into()],
            ..Default::default()
        }),
        request_id: request_id(),
        etag: made.etag.clone(),
        ..Default::default()
    };
    let updated = world.call(&softvig(), Notification::update_webhook_endpoint, update.clone()).await;
    let updated = updated.expect("updated");
    assert_eq!((updated.description.as_str(), updated.failing_since), ("CRM", None));
    assert_ne!(updated.etag, made.etag);
    let again = world.call(&softvig(), Notification::update_webhook_endpoint, update.clone()).await;
    assert_eq!(again.expect("the same request"), updated);
    let stale = pb::UpdateWebhookEndpointRequest { request_id: request_id(), ..update };
    let stale = world.call(&softvig(), Notification::update_webhook_endpoint, stale).await;
    assert_eq!(reason(stale), ErrorReason::EtagMismatch);

    world.verified(PROJECT).await;
    world.post_all(machine_now()).await;
    assert_eq!(
        new.take_ids(),
        [first],
        "what waited goes to the new URL at once, what it wants no more does not"
    );
}

/// A try fails between a command's reading and its writing.
async fn a_command_leaves_alone_what_the_courier_noted_meanwhile(backend: Backend) {
    let world = World::new(backend).await;
    let receiver = Receiver::willing().await;
    let endpoint = world.endpoint(&receiver).await;
    let db = &world.service.core.db;
    let stored = endpoints::list(db.read(), None, 1).await.expect("readable").remove(0);
    let tx = db.begin().await.expect("works");
    endpoints::failed(&tx, stored.value.id, machine_now()).await.expect("noted");
    endpoints::save(&tx, &stored).await.expect("saved");
    tx.commit().await.expect("committed");
    assert!(world.read_endpoint(&endpoint.name).await.failing_since.is_some());
}

async fn endpoints_and_deliveries_come_in_pages(backend: Backend) {
    let world = World::new(backend).await;
    let receiver = Receiver::willing().await;
    let mut names = Vec::new();
    for _ in 0..3 {
        names.push(world.endpoint(&receiver).await.name);
    }
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(world.verified(PROJECT).await);
    }
    let mut request = pb::ListWebhookEndpointsRequest { page_size: 2, ..Default::default() };
    let mut listed = Vec::new();
    loop {
        let page = world.call(&softvig(), Notification::list_webhook_endpoints, request.clone()).await;
        let page = page.expect("listed");
        listed.extend(page.webhook_endpoints.into_iter().map(|endpoint| endpoint.name));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!(listed, names);

    let mut request = pb::ListWebhookDeliveriesRequest {
        parent: names[0].clone(),
        page_size: 2,
        state: pb::WebhookDeliveryState::Pending.into(),
        ..Default::default()
    };
    let page =
        world.call(&softvig(), Notification::list_webhook_deliveries, request.clone()).await.expect("listed");
    request.page_token = page.next_page_token;
    let rest =
        world.call(&softvig(), Notification::list_webhook_deliveries, request.clone()).await.expect("listed");
    let newest_first: Vec<_> =
        page.deliveries.iter().chain(&rest.deliveries).map(|d| d.name.clone()).collect();
    let expected: Vec<_> = ids.iter().rev().map(|id| format!("{}/deliveries/{id}", names[0])).collect();
    assert_eq!((newest_first, rest.next_page_token.as_str()), (expected, ""));
    request.parent = names[1].clone();
    let stolen = world.call(&softvig(), Notification::list_webhook_deliveries, request.clone()).await;
    assert_eq!(reason(stolen), ErrorReason::PageTokenInvalid);
    let delivered = pb::ListWebhookDeliveriesRequest {
        state: pb::WebhookDeliveryState::Delivered.into(),
        page_token: String::new(),
        ..request
    };
    let none =
        world.call(&softvig(), Notification::list_webhook_deliveries, delivered).await.expect("listed");
    assert!(none.deliveries.is_empty());
}

async fn permission_denied_for_who_is_not_softvigs_crm_or_operator(backend: Backend) {
    let world = World::new(backend).await;
    let receiver = Receiver::willing().await;
    let name = world.endpoint(&receiver).await.name;
    let asked = pb::WebhookEndpoint { url: receiver.url(), ..Default::default() };
    for nobody in [contact(COMPANY, DAGMARA, Role::Decision), harness::softvig(Role::Auditor)] {
        let get = pb::GetWebhookEndpointRequest { name: name.clone() };
        let denied = [
            reason(world.call(&nobody, Notification::create_webhook_endpoint, create(asked.clone())).await),
            reason(world.call(&nobody, Notification::get_webhook_endpoint, get).await),
        ];
        assert_eq!(denied, [ErrorReason::PermissionDenied; 2]);
    }
    let operator: Principal = harness::softvig(Role::Operator);
    let unknown = pb::GetWebhookEndpointRequest { name: format!("webhookEndpoints/{}", Uuid::nil()) };
    let unknown = world.call(&operator, Notification::get_webhook_endpoint, unknown).await;
    assert_eq!(reason(unknown), ErrorReason::NotFound);
}

async fn invalid_argument_names_the_field_and_what_would_be_allowed(backend: Backend) {
    let post =
        Post::new(Networks::default(), Vec::new(), Arc::new(SystemLookup), LONGEST_TRY).expect("a client");
    let world = World::posting(backend, post).await;
    let good = pb::WebhookEndpoint { url: "https://1.1.1.1/".into(), ..Default::default() };
    let with = |change: &dyn Fn(&mut pb::WebhookEndpoint)| {
        let mut endpoint = good.clone();
        change(&mut endpoint);
        endpoint
    };
    let url = |url: &str| with(&|endpoint| endpoint.url = url.into());
    let types =
        |kind: &str| with(&|endpoint| endpoint.event_types = vec!["audit.item_waived".into(), kind.into()]);
    let cases = [
        (url(""), "url", "such as https://crm.example.pl/events"),
        (url("http://1.1.1.1/"), "url", "https"),
        (
            url("https://10.0.0.1/"),
            "url",
            "an address of the public internet, or of notification.webhooks.allowed_networks",
        ),
        (
            url("https://localhost/"),
            "url",
            "an address of the public internet, or of notification.webhooks.allowed_networks",
        ),
        (url("https://a:b@1.1.1.1/"), "url", "neither: every request is signed, see webhook-signature"),
        (with(&|e| e.description = "x".repeat(201)), "description", "0 to 200 characters"),
        (with(&|e| e.company = "companies/seven".into()), "company", "companies/{company}"),
        (types("date_agreed"), "event_types[1]", "scheduling.<event>, audit.<event>, licensing.<event>"),
        (
            types("notification.message_sent"),
            "event_types[1]",
            "scheduling.<event>, audit.<event>, licensing.<event>",
        ),
    ];
    for (asked, field, allowed) in cases {
        let request = create(asked);
        let refused = violation(world.call(&softvig(), Notification::create_webhook_endpoint, request).await);
        assert_eq!(refused.field, format!("webhook_endpoint.{field}"));
        assert_eq!(refused.allowed, allowed);
    }
    let card = create(types("scheduling.contact_card"));
    let card = violation(world.call(&softvig(), Notification::create_webhook_endpoint, card).await);
    assert!(
        card.allowed.contains("scheduling.date_agreed") && !card.allowed.contains("contact_card"),
        "{card:?}"
    );

    let nothing = pb::CreateWebhookEndpointRequest { request_id: request_id(), ..Default::default() };
    let nothing = violation(world.call(&softvig(), Notification::create_webhook_endpoint, nothing).await);
    assert_eq!(nothing.field, "webhook_endpoint");
    let made = world.endpoint_of(good).await;
    let replay =
        pb::ReplayWebhookEndpointRequest { name: made.name, request_id: request_id(), ..Default::default() };
    let replay = violation(world.call(&softvig(), Notification::replay_webhook_endpoint, replay).await);
    assert_eq!(replay.field, "since");
    let name = violation(
        world
            .call(
                &softvig(),
                Notification::get_webhook_endpoint,
                pb::GetWebhookEndpointRequest { name: "x".into() },
            )
            .await,
    );
    assert_eq!((name.field.as_str(), name.allowed.as_str()), ("name", "webhookEndpoints/{endpoint}"));
}

async fn what_waits_when_an_endpoint_is_deleted_is_not_sent(backend: Backend) {
    let world = World::new(backend).await;
    let receiver = Receiver::willing().await;
    let made = world.endpoint(&receiver).await;
    world.verified(PROJECT).await;
    let now = machine_now();
    let taken = world.service.take_deliveries(&Default::default(), now).await.expect("works");
    let request = pb::DeleteWebhookEndpointRequest {
        name: made.name.clone(),
        request_id: request_id(),
        etag: made.etag,
        ..Default::default()
    };
    for _ in 0..2 {
        world
            .call(&softvig(), Notification::delete_webhook_endpoint, request.clone())
            .await
            .expect("deleted");
    }
    world.service.send_webhook(&taken[0], || now).await.expect("nothing to do");
    assert_eq!(world.post_all(now + hours(1)).await, 0);
    assert!(receiver.take().is_empty());
}

on_both_databases! {
    an_endpoint_is_changed_by_who_saw_it,
    a_command_leaves_alone_what_the_courier_noted_meanwhile,
    endpoints_and_deliveries_come_in_pages,
    permission_denied_for_who_is_not_softvigs_crm_or_operator,
    invalid_argument_names_the_field_and_what_would_be_allowed,
    what_waits_when_an_endpoint_is_deleted_is_not_sent,
}
