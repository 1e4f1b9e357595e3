//! Webhooks from real processes, to a server on this machine.

use std::sync::{Arc, Mutex};

use journeys::{Installation, Layout, Service};
use proto::notification::v1::{CreateWebhookEndpointRequest, WebhookEndpoint};
use serde_json::Value;
use story::{Dealership, Facts, Through};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::common::NOW;

/// What came, in its order.
type Got = Arc<Mutex<Vec<Value>>>;

/// Takes everything.
async fn receiver() -> (String, Got) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("bound"));
    let got = Got::default();
    let theirs = Arc::clone(&got);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&theirs)));
        }
    });
    (url, got)
}

async fn serve(stream: TcpStream, got: Got) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().expect("a number");
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.expect("the body");
        got.lock().expect("no panic").push(serde_json::from_slice(&body).expect("JSON"));
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.expect("written");
    }
}

#[tokio::test]
async fn a_projects_events_arrive_each_once_and_in_order() {
    let installation = Installation::start(Layout::Spread, NOW).await;
    let world = installation.world();
    let (url, got) = receiver().await;
    let endpoint = WebhookEndpoint { url, ..Default::default() };
    let request = CreateWebhookEndpointRequest { webhook_endpoint: Some(endpoint), ..Default::default() };
    world.crm.call(request).await.expect("made");
    let d = Dealership::open(&world, &Facts::AUTODOM).await.expect("a company with a project");
    d.go_through(Through::Readiness).await.expect("goes through");
    installation.settled().await;

    let got = got.lock().expect("no panic").clone();
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
