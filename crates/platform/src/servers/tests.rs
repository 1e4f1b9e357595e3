use std::sync::atomic::{AtomicBool, Ordering};

use futures::FutureExt as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinHandle,
    time::timeout,
};
use tonic::transport::Channel;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use super::*;
use crate::{edge::Limits, testing::Bench};

/// Longer than anything here takes.
const LONG: Duration = Duration::from_secs(10);
const HEADER_BYTES: u32 = 8192;
const GATE: &str = "/licensing/v1/companies/c/projects/gate/licensing";

struct Running {
    addresses: Addresses,
    shutdown: Shutdown,
    ready: Arc<AtomicBool>,
    done: JoinHandle<anyhow::Result<()>>,
    bench: Bench,
}

/// A self-signed certificate for "localhost", as a file to trust, and its key.
struct SelfSigned {
    tls: Tls,
    pem: String,
    key: String,
}

impl SelfSigned {
    fn write(dir: &std::path::Path, name: &str) -> Self {
        let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let (pem, key) = (pair.cert.pem(), pair.signing_key.serialize_pem());
        let file = |ending: &str| dir.join(format!("{name}.{ending}"));
        let tls = Tls { cert: file("crt"), key: file("key"), client_ca: None };
        std::fs::write(&tls.cert, &pem).expect("writes");
        std::fs::write(&tls.key, &key).expect("writes");
        Self { tls, pem, key }
    }

    /// A client that trusts this certificate.
    fn client(&self, address: SocketAddr) -> reqwest::ClientBuilder {
        let trusted = reqwest::Certificate::from_pem(self.pem.as_bytes()).expect("a certificate");
        reqwest::Client::builder().tls_certs_only([trusted]).resolve("localhost", address)
    }
}

async fn start(header_timeout_ms: u64, tls: Option<Tls>) -> Running {
    let bench = Bench::new(Limits::default()).await;
    let loopback = Listen { listen: "127.0.0.1:0".parse().expect("an address"), tls: None };
    let rest = Listen { tls, ..loopback.clone() };
    let limits = ConnectionLimits {
        header_timeout_ms,
        max_connections: 16,
        header_bytes: HEADER_BYTES,
        max_streams: 200,
        send_timeout_ms: 30_000,
    };
    let ports = Ports::bind(&rest, &loopback, &loopback, limits).await.expect("free ports");
    let addresses = ports.addresses();
    let ready = Arc::new(AtomicBool::new(true));
    let is_ready = Arc::clone(&ready);
    let checks = Checks {
        ready: Box::new(move || {
            let missing = if is_ready.load(Ordering::SeqCst) { vec![] } else { vec!["database".to_owned()] };
            async { missing }.boxed()
        }),
        settled: Box::new(|| async { serde_json::json!({ "settled": false, "outbox": 2 }) }.boxed()),
    };
    let apps = Apps { rest: bench.rest(), grpc: Routes::default(), checks, message_time: LONG };
    let shutdown = Shutdown::default();
    let stop = shutdown.clone();
    let done = tokio::spawn(async move { ports.serve(apps, &stop).await });
    Running { addresses, shutdown, ready, done, bench }
}

impl Running {
    async fn get(&self, url: String) -> reqwest::Response {
        reqwest::Client::new().get(url).bearer_auth(&self.bench.token).send().await.expect("an answer")
    }

    async fn ops(&self, path: &str) -> (u16, String) {
        let answer = self.get(format!("http://{}{path}", self.addresses.ops)).await;
        (answer.status().as_u16(), answer.text().await.expect("text"))
    }
}

/// Sends some bytes and waits until the server hangs up.
async fn hangs_up(address: SocketAddr, bytes: &[u8]) {
    let mut socket = TcpStream::connect(address).await.expect("connects");
    socket.write_all(bytes).await.expect("sends");
    let mut rest = Vec::new();
    let read = timeout(LONG, socket.read_to_end(&mut rest)).await;
    assert!(read.is_ok(), "{address} kept a connection that asked nothing");
}

#[tokio::test]
async fn ops_tells_alive_ready_settled_and_figures() {
    let running = start(5000, None).await;
    assert_eq!(running.ops("/live").await, (200, "alive\n".to_owned()));
    assert_eq!(running.ops("/ready").await, (200, r#"{"ready":true,"waitingFor":[]}"#.to_owned()));
    let (status, text) = running.ops("/settled").await;
    assert_eq!((status, text.as_str()), (503, r#"{"outbox":2,"settled":false}"#));

    let path = GATE.replace("gate", "p1");
    assert_eq!(running.get(format!("http://{}{path}", running.addresses.rest)).await.status(), 200);
    let figures = running.ops("/metrics").await.1;
    assert!(
        figures.contains(
            r#"_count{http_request_method="GET",http_response_status_code="200",http_route="/licensing/v1/companies/{company}/projects/{project}/licensing"}"#
        ),
        "{figures}"
    );
}

#[tokio::test]
async fn grpc_has_health_that_follows_readiness() {
    let running = start(5000, None).await;
    let channel = Channel::from_shared(format!("http://{}", running.addresses.grpc)).expect("an address");
    let mut health = HealthClient::new(channel.connect().await.expect("connects"));
    let mut states = health.watch(HealthCheckRequest::default()).await.expect("watched").into_inner();
    let mut wait_for = async |wanted: ServingStatus| {
        let reached = async {
            while let Some(state) = states.message().await.expect("a state") {
                if state.status() as i32 == wanted as i32 {
                    return;
                }
            }
            panic!("the watch ended before {wanted}");
        };
        timeout(LONG, reached).await.unwrap_or_else(|_| panic!("never {wanted}"));
    };
    wait_for(ServingStatus::Serving).await;
    running.ready.store(false, Ordering::SeqCst);
    wait_for(ServingStatus::NotServing).await;
}

#[tokio::test]
async fn grpc_reflects_the_contract() {
    let running = start(5000, None).await;
    let channel = Channel::from_shared(format!("http://{}", running.addresses.grpc)).expect("an address");
    let channel = channel.connect().await.expect("connects");
    macro_rules! services {
        ($version:ident) => {{
            use tonic_reflection::pb::$version::{
                ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
                server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
            };
            let question = ServerReflectionRequest {
                host: String::new(),
                message_request: Some(MessageRequest::ListServices(String::new())),
            };
            let mut client = ServerReflectionClient::new(channel.clone());
            let answers = client.server_reflection_info(futures::stream::iter([question])).await;
            let answer = answers.expect("answered").into_inner().message().await.expect("a message");
            let Some(MessageResponse::ListServicesResponse(list)) = answer.expect("one").message_response
            else {
                panic!("no list")
            };
            list.service.into_iter().map(|service| service.name).collect::<Vec<_>>()
        }};
    }
    for names in [services!(v1), services!(v1alpha)] {
        for name in ["przesiadka.licensing.v1.LicensingService", "grpc.health.v1.Health"] {
            assert!(names.iter().any(|n| n == name), "{names:?}");
        }
    }
}

#[tokio::test]
async fn headers_must_arrive_in_time_on_every_port() {
    let running = start(50, None).await;
    let Addresses { rest, grpc, ops } = running.addresses;
    for (address, bytes) in [
        (rest, b"".as_slice()),
        (rest, b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow".as_slice()),
        (rest, b"PRI * HTTP/2.0\r\n".as_slice()),
        (grpc, b"".as_slice()),
        (grpc, b"PRI * HT".as_slice()),
        (grpc, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice()),
        (ops, b"GET".as_slice()),
    ] {
        hangs_up(address, bytes).await;
    }
    // A request is answered all the same, however slowly the service does.
    let asked = tokio::spawn({
        let url = format!("http://{rest}{GATE}");
        let token = running.bench.token.clone();
        async move { reqwest::Client::new().get(url).bearer_auth(token).send().await.expect("an answer").status() }
    });
    hangs_up(rest, b"GET").await;
    running.bench.service.gate.notify_one();
    assert_eq!(asked.await.expect("no panic"), 200);
}

#[tokio::test]
async fn a_soft_stop_lets_requests_finish_and_takes_no_more() {
    let running = start(200, None).await;
    let rest = running.addresses.rest;
    let mut silent = TcpStream::connect(rest).await.expect("connects");
    silent.write_all(b"GET / HT").await.expect("sends");
    let mut asked = TcpStream::connect(rest).await.expect("connects");
    let request =
        format!("GET {GATE} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n", running.bench.token);
    asked.write_all(request.as_bytes()).await.expect("sends");
    // The metrics count a call when it is over, so the gate tells that it has begun.
    let begun = async {
        while running.bench.service.waiting.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(LONG, begun).await.expect("the request arrives");

    running.shutdown.stop(Duration::ZERO, LONG);
    assert_eq!(running.ops("/ready").await.0, 503);
    let refused = async {
        while TcpStream::connect(rest).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    timeout(LONG, refused).await.expect("the port closes");
    running.bench.service.gate.notify_one();
    let mut answer = String::new();
    timeout(LONG, asked.read_to_string(&mut answer)).await.expect("answered").expect("text");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    timeout(LONG, running.done)
        .await
        .expect("drained, the silent one too")
        .expect("no panic")
        .expect("served");
}

#[tokio::test]
async fn a_hard_stop_ends_what_has_not_finished() {
    let running = start(5000, None).await;
    let url = format!("http://{}{GATE}", running.addresses.rest);
    let asked = reqwest::Client::new().get(url).bearer_auth(&running.bench.token).send();
    let asked = tokio::spawn(asked);
    let begun = async {
        while running.bench.service.waiting.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(LONG, begun).await.expect("the request arrives");
    running.shutdown.stop(Duration::ZERO, Duration::from_millis(20));
    timeout(LONG, running.done).await.expect("ended").expect("no panic").expect("served");
    assert!(asked.await.expect("no panic").is_err(), "nobody answered");
}

#[tokio::test]
async fn tls_is_served_from_files() {
    let scratch = crate::testing::Scratch::new();
    let server = SelfSigned::write(&scratch.0, "server");
    let missing = Tls { cert: scratch.0.join("nothing"), ..server.tls.clone() };
    assert!(missing.check().is_err(), "no such file");
    let running = start(200, Some(server.tls.clone())).await;
    let rest = running.addresses.rest;
    let client = server.client(rest).build().expect("a client");
    let url = format!("https://localhost:{}{}", rest.port(), GATE.replace("gate", "p1"));
    let answer = client.get(url).bearer_auth(&running.bench.token).send().await.expect("an answer");
    assert_eq!((answer.status().as_u16(), answer.version()), (200, http::Version::HTTP_2));
    assert_eq!(answer.headers()["strict-transport-security"], "max-age=31536000");
    hangs_up(rest, b"").await;
    hangs_up(rest, b"GET / HTTP/1.1\r\n\r\n").await;
}

#[tokio::test]
async fn with_a_client_authority_only_its_certificates_come_in() {
    let scratch = crate::testing::Scratch::new();
    let [server, friend, stranger] =
        ["server", "friend", "stranger"].map(|n| SelfSigned::write(&scratch.0, n));
    let tls = Tls { client_ca: Some(friend.tls.cert.clone()), ..server.tls.clone() };
    let running = start(5000, Some(tls)).await;
    let rest = running.addresses.rest;
    for (shown, welcome) in [(None, false), (Some(&stranger), false), (Some(&friend), true)] {
        let mut client = server.client(rest);
        if let Some(SelfSigned { pem, key, .. }) = shown {
            let identity =
                reqwest::Identity::from_pem(format!("{pem}{key}").as_bytes()).expect("an identity");
            client = client.identity(identity);
        }
        let url = format!("https://localhost:{}{}", rest.port(), GATE.replace("gate", "p1"));
        let request = client.build().expect("a client").get(url).bearer_auth(&running.bench.token);
        assert_eq!(request.send().await.is_ok(), welcome);
    }
}

#[tokio::test]
async fn renewed_certificates_count_without_a_restart() {
    let scratch = crate::testing::Scratch::new();
    let [old, new] = ["old", "new"].map(|name| SelfSigned::write(&scratch.0, name));
    let running = start(5000, Some(old.tls.clone())).await;
    let rest = running.addresses.rest;
    let welcomes = async |trusted: &SelfSigned| {
        let client = trusted.client(rest).build().expect("a client");
        let url = format!("https://localhost:{}{}", rest.port(), GATE.replace("gate", "p1"));
        client.get(url).bearer_auth(&running.bench.token).send().await.is_ok()
    };
    assert!(welcomes(&old).await && !welcomes(&new).await);
    std::fs::copy(&new.tls.cert, &old.tls.cert).expect("copies");
    std::fs::copy(&new.tls.key, &old.tls.key).expect("copies");
    testkit::eventually(LONG, "the new certificate", async || welcomes(&new).await.then_some(())).await;
    assert!(!welcomes(&old).await);
}

#[tokio::test]
async fn until_changed_certificates_can_be_used_the_old_ones_stay() {
    let scratch = crate::testing::Scratch::new();
    let [old, new] = ["old", "new"].map(|name| SelfSigned::write(&scratch.0, name));
    let certificates = Certificates::open("rest", &old.tls).expect("good files");
    let first = certificates.in_force();
    let figures = crate::telemetry::metrics::text();
    assert!(figures.contains("przesiadka_certificate_expiry_timestamp_seconds{port=\"rest\"} "), "{figures}");
    for (file, content) in [(&old.tls.cert, "garbage"), (&old.tls.cert, ""), (&old.tls.cert, &new.pem)] {
        std::fs::write(file, content).expect("writes");
        certificates.look();
        assert!(Arc::ptr_eq(&first, &certificates.in_force()), "{content}");
    }
    std::fs::remove_file(&old.tls.key).expect("removes");
    certificates.look();
    assert!(Arc::ptr_eq(&first, &certificates.in_force()), "without a key");
    std::fs::write(&old.tls.key, &new.key).expect("writes");
    certificates.look();
    assert!(!Arc::ptr_eq(&first, &certificates.in_force()), "certificate and key fit again");
}

#[tokio::test]
async fn every_answer_of_rest_says_what_browsers_may_not_do() {
    let running = start(5000, None).await;
    let rest = format!("http://{}", running.addresses.rest);
    for path in [GATE.replace("gate", "p1"), GATE.replace("gate", "fault"), "/nowhere".to_owned()] {
        let answer = running.get(format!("{rest}{path}")).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ] {
            assert_eq!(answer.headers()[name], value, "{path}");
        }
        assert!(!answer.headers().contains_key("strict-transport-security"), "without TLS");
    }
}

#[tokio::test]
async fn headers_have_a_size() {
    let running = start(5000, None).await;
    let rest = format!("http://{}{}", running.addresses.rest, GATE.replace("gate", "p1"));
    let long = "x".repeat(HEADER_BYTES as usize);
    for client in [reqwest::Client::builder(), reqwest::Client::builder().http2_prior_knowledge()] {
        let client = client.build().expect("a client");
        let ask = || client.get(&rest).bearer_auth(&running.bench.token);
        assert_eq!(ask().send().await.expect("an answer").status(), 200);
        assert_eq!(ask().header("x-long", &long).send().await.expect("an answer").status(), 431);
    }
}
