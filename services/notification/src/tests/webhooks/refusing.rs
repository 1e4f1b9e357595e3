//! Targets that mean harm.

use std::{
    collections::VecDeque,
    io,
    net::IpAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use platform::clock::machine_now;
use proto::notification::v1::{self as pb, WebhookDeliveryState};
use testkit::Backend;
use tokio::net::TcpListener;

use super::receiver::{Manner, Receiver};
use crate::fixtures::PROJECT;
use crate::tests::world::World;
use crate::webhooks::{Lookup, Networks, Post};

const SHORT: Duration = Duration::from_millis(500);

/// A world whose tries are short, with the endpoint's one delivery after one try.
async fn tried(manner: Manner) -> (pb::WebhookDelivery, Receiver) {
    let networks = Networks::default().and_loopback();
    let post =
        Post::new(networks, Vec::new(), Arc::new(crate::webhooks::SystemLookup), SHORT).expect("a client");
    let world = World::posting(Backend::Sqlite, post).await;
    let receiver = Receiver::with(move |_| manner).await;
    let endpoint = world.endpoint(&receiver).await;
    world.verified(PROJECT).await;
    world.post_all(machine_now()).await;
    (world.deliveries(&endpoint.name).await.remove(0), receiver)
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_is_not_followed() {
    let (delivery, receiver) = tried(Manner::Redirect).await;
    assert_eq!(delivery.state(), WebhookDeliveryState::Pending);
    assert_eq!(delivery.outcome, "307: a redirect, which is not followed");
    let paths: Vec<_> = receiver.take().into_iter().map(|got| got.path).collect();
    assert_eq!(paths, ["/events"]);
}

#[tokio::test]
async fn who_does_not_answer_in_time_has_not_taken_it() {
    let (delivery, _receiver) = tried(Manner::Silent).await;
    assert_eq!((delivery.state(), delivery.status_code), (WebhookDeliveryState::Pending, 0));
    assert_eq!(delivery.outcome, "no answer in time");
}

#[tokio::test]
async fn a_body_without_end_is_not_read_to_its_end() {
    let (delivery, _receiver) = tried(Manner::Endless(200)).await;
    assert_eq!((delivery.state(), delivery.status_code), (WebhookDeliveryState::Delivered, 200));
    let (delivery, _receiver) = tried(Manner::Endless(500)).await;
    assert_eq!((delivery.state(), delivery.outcome.as_str()), (WebhookDeliveryState::Pending, "500"));
}

#[tokio::test]
async fn nobody_there_is_a_failure() {
    let world = World::new(Backend::Sqlite).await;
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("bound");
    let url = format!("http://{free}/");
    let endpoint = world.endpoint_of(pb::WebhookEndpoint { url, ..Default::default() }).await;
    world.verified(PROJECT).await;
    world.post_all(machine_now()).await;
    let delivery = world.deliveries(&endpoint.name).await.remove(0);
    assert!(delivery.outcome.starts_with("no connection"), "{}", delivery.outcome);
    assert!(!delivery.outcome.contains("http"), "{}", delivery.outcome);
}

/// Says another address each time, and the last one for ever.
#[derive(Debug)]
struct Changing(Mutex<VecDeque<Vec<IpAddr>>>);

#[async_trait]
impl Lookup for Changing {
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        assert_eq!(name, "crm.example");
        let mut answers = self.0.lock().expect("no panic");
        let answer = answers.pop_front().expect("an answer");
        if answers.is_empty() {
            answers.push_back(answer.clone());
        }
        Ok(answer)
    }
}

/// Creates an endpoint while its name leads to a public address, and sends to it when it leads elsewhere; what came of
/// that, and whether anybody connected.
async fn rebound(networks: Networks, later: &[&str]) -> (String, bool) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let addresses = |texts: &[&str]| texts.iter().map(|text| text.parse().expect("an address")).collect();
    let answers = VecDeque::from([addresses(&["93.184.215.14"]), addresses(later)]);
    let lookup = Arc::new(Changing(Mutex::new(answers)));
    let world =
        World::posting(Backend::Sqlite, Post::new(networks, Vec::new(), lookup, SHORT).expect("a client"))
            .await;
    let url = format!("https://crm.example:{port}/events");
    let endpoint = world.endpoint_of(pb::WebhookEndpoint { url, ..Default::default() }).await;
    world.verified(PROJECT).await;
    world.post_all(machine_now()).await;
    let connected = tokio::time::timeout(Duration::from_millis(1), listener.accept()).await.is_ok();
    (world.deliveries(&endpoint.name).await.remove(0).outcome, connected)
}

#[tokio::test]
async fn a_name_that_leads_to_this_machine_later_on_gets_nothing() {
    for later in [&["127.0.0.1"][..], &["93.184.215.14", "127.0.0.1"], &["127.0.0.1", "93.184.215.14"]] {
        let (outcome, connected) = rebound(Networks::default(), later).await;
        assert_eq!(outcome, "the address 127.0.0.1 is not allowed", "{later:?}");
        assert!(!connected, "{later:?}");
    }
    for later in ["::1", "::ffff:127.0.0.1", "169.254.169.254", "10.0.0.1", "64:ff9b::7f00:1", "0.0.0.0"] {
        let (outcome, connected) = rebound(Networks::default(), &[later]).await;
        assert!(outcome.ends_with("is not allowed") && !connected, "{later}: {outcome}");
    }
    // That the test can tell: where it is allowed there is a connection, which does not speak TLS.
    let (outcome, connected) = rebound(Networks::default().and_loopback(), &["127.0.0.1"]).await;
    assert!(connected, "{outcome}");
}

/// A URL that was allowed when it was made, by other settings.
#[tokio::test]
async fn what_the_configuration_allows_no_more_gets_nothing() {
    let strict = Post::new(Networks::default(), Vec::new(), Arc::new(crate::webhooks::SystemLookup), SHORT)
        .expect("a client");
    let world = World::new(Backend::Sqlite).await;
    let receiver = Receiver::willing().await;
    let endpoint = world.endpoint(&receiver).await;
    world.verified(PROJECT).await;
    let mut service = (*world.service).clone();
    service.webhooks.post = strict;
    super::post_all(&service, machine_now()).await;
    assert_eq!(world.deliveries(&endpoint.name).await[0].outcome, "the URL is not allowed");
    assert!(receiver.take().is_empty());
}
