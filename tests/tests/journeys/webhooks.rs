//! Webhooks from real processes, to a server on this machine.

use journeys::{Installation, Layout, Service, webhooks::Receiver};
use proto::notification::v1::{CreateWebhookEndpointRequest, WebhookEndpoint};
use serde_json::Value;
use story::{Dealership, Facts, Through};

use crate::common::NOW;

#[tokio::test]
async fn a_projects_events_arrive_each_once_and_in_order() {
    let installation = Installation::start(Layout::Spread, NOW).await;
    let world = installation.world();
    let receiver = Receiver::start().await.expect("a port");
    let endpoint = WebhookEndpoint { url: receiver.url.clone(), ..Default::default() };
    let request = CreateWebhookEndpointRequest { webhook_endpoint: Some(endpoint), ..Default::default() };
    world.crm.call(request).await.expect("made");
    let d = Dealership::open(&world, &Facts::AUTODOM).await.expect("a company with a project");
    d.go_through(Through::Readiness).await.expect("goes through");
    installation.settled().await;

    let parse = |body: &str| serde_json::from_str::<Value>(body).expect("JSON");
    let got: Vec<Value> = receiver.got().iter().map(|got| parse(&got.body)).collect();
    for service in [Service::Scheduling, Service::Audit, Service::Licensing] {
        let sql = "select kind from outbox where project is not null order by lane, seq";
        let told = installation.rows(service, sql).await;
        let of_it = format!("{}.", service.name());
        let arrived: Vec<_> = got
            .iter()
            .filter(|event| !event["data"]["project"].is_null())
            .filter_map(|event| event["type"].as_str()?.strip_prefix(&of_it).map(str::to_owned))
            .collect();
        assert_eq!(arrived, told, "{}", service.name());
    }
    assert!(got.len() > 20, "{}", got.len());
}
