//! More than a process can serve, and more than a caller may ask.

use std::{
    fs,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use journeys::{Installation, Service};
use proto::{
    common::v1::ErrorReason,
    scheduling::v1::{
        ListVariantsRequest, WatchEventsRequest, scheduling_service_client::SchedulingServiceClient,
    },
};
use testkit::eventually;
use tonic::{Code, transport::Channel};
use tonic_types::StatusExt as _;

const NOW: &str = "2026-11-23T08:00:00Z";
const LONG: Duration = Duration::from_secs(20);
/// Requests that the process works on, as many that wait, and ten times as many callers.
const PLACES: usize = 4;
const CALLERS: usize = 20 * PLACES;
/// Of each caller, one after the other; all together last some seconds.
const REQUESTS: usize = 100;

async fn start(limits: &[(&'static str, &str)]) -> Installation {
    let mut installation = Installation::empty(NOW);
    let limits = limits.iter().map(|&(key, value)| (key, value.to_owned())).collect();
    installation.add("all", &["serve"], limits);
    installation.ready().await;
    installation
}

fn with_token<T>(token: &str, message: T) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().expect("ASCII"));
    request
}

/// The most memory that the process ever had, in KiB.
fn memory(installation: &Installation) -> u64 {
    let id = installation.processes[0].process.id().expect("it runs");
    let status = fs::read_to_string(format!("/proc/{id}/status")).expect("/proc");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the figure");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// One answer: its HTTP status, or gRPC's as HTTP says it, and how long it took.
type Answer = (u16, Duration);

async fn over_rest(client: &reqwest::Client, url: &str, token: &str) -> u16 {
    let answer = client.get(url).bearer_auth(token).send().await.expect("an answer");
    let status = answer.status().as_u16();
    if status != 200 {
        assert!(answer.headers().contains_key("retry-after"), "{status} without a hint");
    }
    answer.bytes().await.expect("a whole answer");
    status
}

async fn over_grpc(channel: &Channel, token: &str) -> u16 {
    let request = with_token(token, ListVariantsRequest::default());
    match SchedulingServiceClient::new(channel.clone()).list_variants(request).await {
        Ok(_) => 200,
        Err(status) => {
            assert_eq!(status.code(), Code::Unavailable, "{status}");
            assert!(status.get_details_retry_info().is_some(), "without a hint");
            503
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_ten_times_the_load_refusals_are_quick_and_it_recovers_by_itself() {
    let installation = start(&[
        ("PRZESIADKA__LIMITS__MAX_REQUESTS", &PLACES.to_string()),
        ("PRZESIADKA__LIMITS__MAX_WAIT_MS", "100"),
    ])
    .await;
    let token = installation.softvig("crm");
    let url = format!("{}/scheduling/v1/companies/-/projects", installation.rest(Service::Scheduling));
    assert_eq!(over_rest(installation.client(), &url, &token).await, 200);
    let before = memory(&installation);

    let answers = Arc::new(Mutex::new(Vec::<Answer>::new()));
    let mut callers = Vec::new();
    for caller in 0..CALLERS {
        let channel = installation.grpc(Service::Scheduling).await;
        let (url, token) = (url.clone(), token.clone());
        let answers = Arc::clone(&answers);
        callers.push(tokio::spawn(async move {
            let client = reqwest::Client::new();
            for _ in 0..REQUESTS {
                let asked = Instant::now();
                let status = match caller % 2 {
                    0 => over_rest(&client, &url, &token).await,
                    _ => over_grpc(&channel, &token).await,
                };
                answers.lock().expect("unpoisoned").push((status, asked.elapsed()));
            }
        }));
    }
    for caller in callers {
        caller.await.expect("no answer but 200 and 503");
    }

    let answers = answers.lock().expect("unpoisoned").clone();
    let mut refusals: Vec<_> =
        answers.iter().filter(|(status, _)| *status == 503).map(|(_, took)| *took).collect();
    refusals.sort();
    let served = answers.len() - refusals.len();
    let p99 = refusals[refusals.len() * 99 / 100];
    let grown = memory(&installation) - before;
    println!("{served} served, {} refused, 99 of 100 within {p99:?}, {grown} KiB more", refusals.len());
    assert!(served > 100 && refusals.len() > 100, "{served} served, {} refused", refusals.len());
    assert!(p99 < Duration::from_secs(1), "{p99:?}");
    assert!(grown < 100 * 1024, "{grown} KiB more");
    eventually(Duration::from_secs(1), "it to serve again", async || {
        (over_rest(installation.client(), &url, &token).await == 200).then_some(())
    })
    .await;
    assert!(
        !installation.processes[0].process.output().contains("WARN"),
        "overload is no line for each refusal"
    );
}

#[tokio::test]
async fn who_asks_more_than_its_share_is_refused_with_when_to_ask_again() {
    let installation = start(&[
        ("PRZESIADKA__LIMITS__CONTACT_REQUESTS_PER_SECOND", "1"),
        ("PRZESIADKA__LIMITS__CONTACT_BURST", "3"),
        ("PRZESIADKA__LIMITS__MAX_WATCHES_PER_CALLER", "2"),
    ])
    .await;
    let [anna, jan] = [1, 2].map(|n| {
        let id = uuid::Uuid::from_u128(n).to_string();
        installation.contact(&id, &id, "decision")
    });
    let url = format!("{}/scheduling/v1/variants", installation.rest(Service::Scheduling));
    let ask = async |token: &str| {
        installation.client().get(&url).bearer_auth(token).send().await.expect("an answer")
    };
    let refused = eventually(LONG, "a refusal", async || {
        let answer = ask(&anna).await;
        (answer.status() == 429).then_some(answer)
    })
    .await;
    assert_eq!(refused.headers()["retry-after"], "1");
    assert_eq!(refused.headers()["ratelimit-policy"], "\"caller\";q=3;w=3");
    assert_eq!(refused.headers()["ratelimit"], "\"caller\";r=0;t=1");
    assert!(refused.text().await.expect("text").contains(ErrorReason::RateLimited.name()));
    assert_ne!(ask(&jan).await.status(), 429, "somebody else");

    let mut client = SchedulingServiceClient::new(installation.grpc(Service::Scheduling).await);
    let refused = eventually(LONG, "a refusal", async || {
        let answer = client.list_variants(with_token(&anna, ListVariantsRequest::default())).await;
        answer.err().filter(|status| status.code() == Code::ResourceExhausted)
    })
    .await;
    assert!(refused.get_details_retry_info().expect("a hint").retry_delay.expect("how long") <= LONG);

    // Streams are counted while they are open.
    let crm = installation.softvig("crm");
    let first = client.watch_events(with_token(&crm, WatchEventsRequest::default())).await.expect("a stream");
    let _second =
        client.watch_events(with_token(&crm, WatchEventsRequest::default())).await.expect("a stream");
    let third = client.watch_events(with_token(&crm, WatchEventsRequest::default())).await;
    assert_eq!(third.expect_err("one too many").code(), Code::ResourceExhausted);
    drop(first);
    eventually(LONG, "a place for another stream", async || {
        client.watch_events(with_token(&crm, WatchEventsRequest::default())).await.ok()
    })
    .await;
}
