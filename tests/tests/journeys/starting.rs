//! Starting and stopping: what an operator sees of it.

use std::time::Duration;

use journeys::{Installation, Layout, Service, free_port, on_servers};
use proto::scheduling::v1::{
    Company, CreateCompanyRequest, scheduling_service_client::SchedulingServiceClient,
};
use testkit::{Backend, Database, Nats, eventually};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};

const NOW: &str = "2026-11-23T08:00:00Z";
const LONG: Duration = Duration::from_secs(20);

/// The status and text of a GET.
async fn get(installation: &Installation, path: &str, token: Option<&str>) -> (u16, String) {
    let url = format!("{}{path}", installation.rest(Service::Scheduling));
    let mut request = installation.client().get(url);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let answer = request.send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("text"))
}

#[tokio::test]
async fn embedded_it_serves_the_contract_and_its_page_and_asks_for_a_token() {
    let installation = Installation::start(Layout::Embedded, NOW).await;
    let (status, page) = get(&installation, "/docs", None).await;
    assert_eq!(status, 200);
    assert!(page.contains("<html"), "{page}");
    let printed = installation.command(Service::Scheduling, &["openapi"]);
    let (_, served) = get(&installation, "/openapi.json", None).await;
    let [printed, served] = [printed, served].map(|text| text.parse::<serde_json::Value>().expect("JSON"));
    assert_eq!(printed, served);

    let variants = "/scheduling/v1/variants";
    let (status, problem) = get(&installation, variants, None).await;
    assert!(status == 401 && problem.contains("UNAUTHENTICATED"), "{status} {problem}");
    assert_eq!(get(&installation, variants, Some(&installation.softvig("crm"))).await.0, 200);
}

#[tokio::test]
async fn a_second_process_on_the_same_data_is_refused() {
    let mut installation = Installation::start(Layout::Embedded, NOW).await;
    installation.add("second", &["serve"], Vec::new());
    let second = &mut installation.processes[1].process;
    assert_eq!(second.ended(LONG).await, 1);
    assert!(second.output().contains("another process runs on"), "{}", second.output());
    installation.processes.truncate(1);
    assert_eq!(get(&installation, "/docs", None).await.0, 200, "the first one goes on");
    // Killed, it leaves the lock free.
    installation.processes[0].process.restart();
    installation.ready().await;
}

#[tokio::test]
async fn sigterm_ends_it_in_time_with_streams_open() {
    let mut installation = Installation::start(Layout::Embedded, NOW).await;
    let mut client = SchedulingServiceClient::new(installation.grpc(Service::Scheduling).await);
    let request = with_token(&installation, proto::scheduling::v1::WatchEventsRequest::default());
    let mut watch = client.watch_events(request).await.expect("a stream").into_inner();
    // Streams end at once, long before the deadline of 5 seconds.
    assert_eq!(installation.processes[0].process.stop(Duration::from_secs(3)).await, 0);
    let ended = loop {
        match watch.message().await {
            Ok(Some(_)) => {}
            ended => break ended,
        }
    };
    assert_eq!(ended.expect_err("says why").code(), tonic::Code::Unavailable);
}

#[tokio::test]
async fn four_processes_on_postgresql_and_nats_carry_events_to_each_other() {
    let mut installation = Installation::start(Layout::Spread, NOW).await;
    let mut client = SchedulingServiceClient::new(installation.grpc(Service::Scheduling).await);
    let company = Company {
        display_name: "Auto Nowak".to_owned(),
        tax_id: "5260250274".to_owned(),
        brands: vec!["skoda".to_owned()],
        ..Default::default()
    };
    let request = CreateCompanyRequest {
        company: Some(company),
        request_id: "create-1".to_owned(),
        ..Default::default()
    };
    client.create_company(with_token(&installation, request)).await.expect("created");
    installation.settled().await;
    for service in [Service::Audit, Service::Licensing, Service::Notification] {
        let (status, report) = installation.ops(service, "/settled").await.expect("an answer");
        assert!(status == 200 && report.contains("scheduling/"), "{service:?} heard nothing: {report}");
    }
    for node in &mut installation.processes {
        assert_eq!(node.process.stop(LONG).await, 0);
    }
}

#[tokio::test]
async fn a_database_or_nats_away_at_the_start_is_waited_for() {
    let mut installation = Installation::empty(NOW);
    let database = Database::empty(Backend::Postgres).await;
    let server = server_of(database.url());
    let port = free_port();
    let url = database.url().replace(&server, &format!("127.0.0.1:{port}"));
    let mut settings = on_servers(Service::Audit, &url, &Nats::unique());
    let nowhere = format!("nats://127.0.0.1:{}", free_port());
    settings.retain(|(key, _)| *key != "PRZESIADKA__BUS__URL");
    settings.push(("PRZESIADKA__BUS__URL", nowhere));
    installation.add("audit", &["serve", "--only", "audit"], settings);

    let waits =
        eventually(LONG, "the ops port", async || installation.ops(Service::Audit, "/ready").await).await;
    assert_eq!(waits.0, 503);
    assert!(waits.1.contains("audit: the schema of its database"), "{}", waits.1);
    assert_eq!(installation.ops(Service::Audit, "/live").await.expect("an answer").0, 200);

    let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("still free");
    tokio::spawn(async move {
        while let Ok((mut here, _)) = listener.accept().await {
            let mut there = TcpStream::connect(&server).await.expect("PostgreSQL answers");
            tokio::spawn(async move { copy_bidirectional(&mut here, &mut there).await });
        }
    });
    installation.ready().await;
}

/// `host:port` of a PostgreSQL url.
fn server_of(url: &str) -> String {
    let server = url.rsplit('@').next().and_then(|rest| rest.split('/').next());
    server.expect("a server in the url").to_owned()
}

fn with_token<T>(installation: &Installation, message: T) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    let token = format!("Bearer {}", installation.softvig("crm"));
    request.metadata_mut().insert("authorization", token.parse().expect("ASCII"));
    request
}
