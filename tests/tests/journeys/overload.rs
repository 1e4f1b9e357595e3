//! More than a process can serve, and more than a caller may ask.

use std::{
    fs,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use journeys::{
    Installation, Service, on_servers,
    proxy::{Line, Proxy},
};
use proto::{
    common::v1::ErrorReason,
    scheduling::v1::{
        ListProjectsRequest, ListVariantsRequest, WatchEventsRequest,
        scheduling_service_client::SchedulingServiceClient,
    },
};
use testkit::{Backend, Database, Nats, eventually};
use tokio::task::JoinSet;
use tonic::{Code, transport::Channel};
use tonic_types::StatusExt as _;

const NOW: &str = "2026-11-23T08:00:00Z";
const LONG: Duration = Duration::from_secs(20);
/// Requests that the process works on at once; as many may wait.
const PLACES: usize = 4;
/// The way to the database, each way: so a process serves few requests, and ten times as many are affordable.
const LATE: Duration = Duration::from_millis(50);
const CALLERS: usize = 20 * PLACES;
/// Of each caller, one right after the other.
const REQUESTS: usize = 50;
/// Refusals that take longer are none that a caller takes for quick.
const QUICK: Duration = Duration::from_secs(1);

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

/// Where callers ask for the projects of all companies.
#[derive(Clone)]
struct Place {
    rest: reqwest::Client,
    url: String,
    grpc: Channel,
    token: String,
}

/// How a caller comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Rest,
    Grpc,
}

/// One answer: its HTTP status, or what HTTP would say in place of gRPC's, and how long it took.
#[derive(Clone, Copy, Debug)]
struct Answer {
    way: Way,
    status: u16,
    took: Duration,
}

impl Place {
    async fn of(installation: &Installation) -> Self {
        Self {
            rest: reqwest::Client::new(),
            url: format!("{}/scheduling/v1/companies/-/projects", installation.rest(Service::Scheduling)),
            grpc: installation.grpc(Service::Scheduling).await,
            token: installation.softvig("crm"),
        }
    }

    /// # Panics
    /// For any answer but a good one, and a refusal that says when to try again.
    async fn ask(&self, way: Way) -> Answer {
        let asked = Instant::now();
        let status = match way {
            Way::Rest => self.over_rest().await,
            Way::Grpc => self.over_grpc().await,
        };
        Answer { way, status, took: asked.elapsed() }
    }

    async fn over_rest(&self) -> u16 {
        let answer = self.rest.get(&self.url).bearer_auth(&self.token).send().await.expect("an answer");
        let status = answer.status().as_u16();
        if status != 200 {
            assert!([429, 503].contains(&status), "{status}");
            let hint = answer.headers().get("retry-after").expect("a hint").to_str().expect("a number");
            assert!((1..=60).contains(&hint.parse::<u64>().expect("seconds")), "{hint}");
        }
        answer.bytes().await.expect("a whole answer");
        status
    }

    async fn over_grpc(&self) -> u16 {
        let request = ListProjectsRequest { parent: "companies/-".to_owned(), ..Default::default() };
        let mut client = SchedulingServiceClient::new(self.grpc.clone());
        let Err(status) = client.list_projects(with_token(&self.token, request)).await else { return 200 };
        let hint = status.get_details_retry_info().and_then(|info| info.retry_delay).expect("a hint");
        assert!(!hint.is_zero() && hint <= Duration::from_secs(60), "{hint:?}");
        match status.code() {
            Code::Unavailable => 503,
            Code::ResourceExhausted => 429,
            _ => panic!("{status}"),
        }
    }

    /// So many callers, half of them over each adapter, each with so many requests; all answers, and how long it took.
    async fn load(&self, callers: usize, requests: usize) -> (Vec<Answer>, Duration) {
        let (answers, began) = (Arc::new(Mutex::new(Vec::new())), Instant::now());
        let mut all = JoinSet::new();
        for caller in 0..callers {
            let (place, answers) = (self.clone(), Arc::clone(&answers));
            let way = if caller % 2 == 0 { Way::Rest } else { Way::Grpc };
            all.spawn(async move {
                for _ in 0..requests {
                    let answer = place.ask(way).await;
                    answers.lock().expect("unpoisoned").push(answer);
                }
            });
        }
        all.join_all().await;
        let took = began.elapsed();
        (Arc::into_inner(answers).expect("no other").into_inner().expect("unpoisoned"), took)
    }
}

fn per_second(answers: usize, took: Duration) -> f64 {
    answers as f64 / took.as_secs_f64()
}

/// How many were served; of the refusals, which must all be of this status, how long 99 of 100 took at most.
fn judged(answers: &[Answer], refused: u16) -> (usize, Duration) {
    let served = answers.iter().filter(|answer| answer.status == 200).count();
    let mut refusals: Vec<_> =
        answers.iter().filter(|answer| answer.status == refused).map(|answer| answer.took).collect();
    assert_eq!(served + refusals.len(), answers.len(), "another refusal than {refused}");
    refusals.sort();
    (served, refusals[refusals.len() * 99 / 100])
}

#[tokio::test(flavor = "multi_thread")]
async fn at_ten_times_the_load_refusals_are_quick_and_it_recovers_by_itself() {
    let mut installation = Installation::empty(NOW);
    let (_database, line, url) = slow_database().await;
    let mut settings = on_servers(Service::Scheduling, &url, &Nats::unique());
    settings.push(("PRZESIADKA__LIMITS__MAX_REQUESTS", PLACES.to_string()));
    settings.push(("PRZESIADKA__LIMITS__MAX_WAIT_MS", "100".to_owned()));
    installation.add("scheduling", &["serve", "--only", "scheduling"], settings);
    installation.ready().await;
    line.set(Line::Slow(LATE));
    let place = Place::of(&installation).await;

    // What it serves: as many callers as places, none of whom is refused.
    place.load(PLACES, 2).await;
    let (answers, took) = place.load(PLACES, 10).await;
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    let capacity = per_second(answers.len(), took);

    let before = memory(&installation);
    let mut peaks = Vec::new();
    for _ in 0..2 {
        let (answers, took) = tokio::select! {
            load = place.load(CALLERS, REQUESTS) => load,
            // Or its load would go to the others.
            () = stays_ready(&installation) => unreachable!("it has no end"),
        };
        let (served, p99) = judged(&answers, 503);
        let offered = per_second(answers.len(), took);
        peaks.push(memory(&installation));
        println!(
            "serves {capacity:.0}/s; offered {offered:.0}/s, served {:.0}/s, 99 of 100 refusals within {p99:?}, {before} KiB, then {peaks:?}",
            per_second(served, took)
        );
        assert!(offered >= 10.0 * capacity, "only {offered}/s offered to one that serves {capacity}/s");
        // The callers take their share of the machine, too.
        assert!(per_second(served, took) >= capacity / 4.0, "{served} in {took:?}: it serves {capacity}/s");
        assert!(p99 < QUICK, "{p99:?}");
        for way in [Way::Rest, Way::Grpc] {
            let of_way = answers.iter().filter(|answer| answer.way == way);
            let served = of_way.clone().filter(|answer| answer.status == 200).count();
            let refused = of_way.count() - served;
            assert!(served > 5 && refused > 500, "{way:?}: {served} served, {refused} refused");
        }
    }
    assert!(peaks[0] - before < 64 * 1024, "{before} KiB, then {peaks:?}");
    assert!(peaks[1] - peaks[0] < 8 * 1024, "it goes on growing: {peaks:?}");

    // The first who ask are served, and as fast as before.
    let (answers, took) = place.load(PLACES, 10).await;
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    assert!(per_second(answers.len(), took) >= capacity / 2.0, "{took:?}: it served {capacity}/s");
    // What is slow may be told; overload is no line for each refusal.
    let output = installation.processes[0].process.output();
    let told = output.lines().filter(|line| line.contains("WARN") || line.contains("ERROR")).count();
    assert!(told < 20, "{told} lines: {output}");
}

/// Of what is worked on at once most waits for the database's two connections, and so would who asks whether it is there.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_whose_requests_wait_for_the_database_stays_ready() {
    let mut installation = Installation::empty(NOW);
    let (_database, line, url) = slow_database().await;
    let mut settings = on_servers(Service::Scheduling, &url, &Nats::unique());
    settings.push(("PRZESIADKA__DATABASE__MAX_CONNECTIONS", "2".to_owned()));
    installation.add("scheduling", &["serve", "--only", "scheduling"], settings);
    installation.ready().await;
    line.set(Line::Slow(LATE));
    let place = Place::of(&installation).await;
    let answers = tokio::select! {
        (answers, _) = place.load(200, 1) => answers,
        () = stays_ready(&installation) => unreachable!("it has no end"),
    };
    let served = answers.iter().filter(|answer| answer.status == 200).count();
    assert!(served > 0 && served < answers.len(), "{served} of {} served", answers.len());
}

/// The way to it is as slow as one says.
async fn slow_database() -> (Database, Proxy, String) {
    let database = Database::empty(Backend::Postgres).await;
    let port = database.url().rsplit(':').next().and_then(|rest| rest.split('/').next()).expect("a port");
    let line = Proxy::to(port.parse().expect("a number")).await.expect("a port");
    let url = database.url().replace(&format!("127.0.0.1:{port}"), &line.address().to_string());
    (database, line, url)
}

/// Asks again and again.
async fn stays_ready(installation: &Installation) {
    loop {
        for path in ["/live", "/ready"] {
            let (status, said) = installation.ops(Service::Scheduling, path).await.expect("an answer");
            assert_eq!(status, 200, "{path}: {said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_ten_times_its_share_a_caller_is_refused_quickly_and_then_served_again() {
    let installation = start(&[
        ("PRZESIADKA__LIMITS__SOFTVIG_REQUESTS_PER_SECOND", "10"),
        ("PRZESIADKA__LIMITS__SOFTVIG_BURST", "10"),
    ])
    .await;
    let place = Place::of(&installation).await;
    let (answers, took) = place.load(8, 100).await;
    let (served, p99) = judged(&answers, 429);
    let offered = per_second(answers.len(), took);
    println!(
        "offered {offered:.0}/s of 10/s, {served} served in {took:?}, 99 of 100 refusals within {p99:?}"
    );
    assert!(offered >= 100.0, "only {offered}/s offered of a share of 10/s");
    assert!(served as f64 <= 10.0 + 10.0 * took.as_secs_f64() + 1.0, "{served} served in {took:?}");
    assert!(served >= 10 && p99 < QUICK, "{served} served, {p99:?}");
    for way in [Way::Rest, Way::Grpc] {
        assert!(answers.iter().any(|answer| answer.way == way && answer.status == 429), "{way:?}");
        eventually(Duration::from_secs(3), "its share again", async || {
            (place.ask(way).await.status == 200).then_some(())
        })
        .await;
    }
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
