//! An issuer's keys, the mail server, the object store, the collector of traces.

use std::{
    fs::OpenOptions,
    io::Write as _,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{Router, http::StatusCode, routing::get};
use journeys::{Adapter, Installation, Layout, Service, Wire, free_port, sink::Sink};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use proto::{
    common::v1::ErrorReason,
    notification::v1::{ListMessagesRequest, Message, MessageState},
};
use rcgen::KeyPair;
use serde_json::json;
use story::{Dealership, Facts, Through};
use testkit::{eventually, from_tests_run};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};

use super::{BOTH, LONG, asks_for_another_try, live_and_ready, over_both, works};
use crate::common::NOW;

/// A key of an issuer, which signs for the CRM.
struct Key {
    name: &'static str,
    key: EncodingKey,
}

impl Key {
    fn new(name: &'static str) -> Self {
        let pair = KeyPair::generate().expect("a key");
        Self { name, key: EncodingKey::from_ec_der(&pair.serialize_der()) }
    }

    fn jwk(&self) -> Jwk {
        let mut jwk = Jwk::from_encoding_key(&self.key, Algorithm::ES256).expect("a key");
        jwk.common.key_id = Some(self.name.to_owned());
        jwk
    }

    fn token(&self) -> String {
        let header = Header { kid: Some(self.name.to_owned()), ..Header::new(Algorithm::ES256) };
        let claims = json!({
            "iss": "https://id.example",
            "aud": "przesiadka",
            "sub": "crm",
            "roles": ["crm"],
            // 2100-01-01
            "exp": 4_102_444_800_i64,
        });
        encode(&header, &claims, &self.key).expect("signed")
    }
}

#[tokio::test]
async fn without_an_issuers_keys_who_has_a_known_one_goes_on() {
    platform::init();
    let [known, new] = ["known", "new"].map(Key::new);
    let keys = Arc::new(Mutex::new(vec![known.jwk()]));
    let away = Arc::new(AtomicBool::new(false));
    let (theirs, published) = (Arc::clone(&away), Arc::clone(&keys));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/jwks", listener.local_addr().expect("bound"));
    let answer = async move || {
        if theirs.load(Ordering::SeqCst) {
            return Err(StatusCode::BAD_GATEWAY);
        }
        let keys = published.lock().expect("unpoisoned").clone();
        Ok(json!({ "keys": keys }).to_string())
    };
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/jwks", get(answer))).await });
    let mut installation = Installation::empty(NOW);
    let mut settings = OpenOptions::new().append(true).open(installation.settings()).expect("settings");
    let issuer =
        "[[auth.issuers]]\nname = \"https://id.example\"\naudience = \"przesiadka\"\nroles = [\"crm\"]";
    writeln!(settings, "{issuer}\njwks_url = {url:?}").expect("written");
    installation.add("all", &["serve"], Vec::new());
    installation.ready().await;
    let wire = Wire::of(&installation).await;
    let list = json!({});
    works(&wire, "scheduling.ListVariants", &known.token(), &list).await;

    away.store(true, Ordering::SeqCst);
    keys.lock().expect("unpoisoned").push(new.jwk());
    works(&wire, "scheduling.ListVariants", &known.token(), &list).await;
    // Nobody can say whether this one is good, once the last answer of the issuer is ten seconds old.
    eventually(LONG, "an unknown key to be a reason to ask again", async || {
        let answers = over_both(&wire, "scheduling.ListVariants", &new.token(), &list).await;
        answers.iter().all(|answer| answer.reason == Some(ErrorReason::Unavailable)).then_some(())
    })
    .await;
    works(&wire, "scheduling.ListVariants", &known.token(), &list).await;
    assert_eq!(live_and_ready(&installation, Service::Scheduling).await, (200, 200));

    away.store(false, Ordering::SeqCst);
    eventually(LONG, "the new key to be known", async || {
        let answers = over_both(&wire, "scheduling.ListVariants", &new.token(), &list).await;
        answers.iter().all(|answer| answer.reason.is_none()).then_some(())
    })
    .await;
}

async fn messages(d: &Dealership<'_>) -> Vec<Message> {
    let request = ListMessagesRequest { parent: d.company.clone(), page_size: 200, ..Default::default() };
    d.world.crm.call(request).await.expect("read").messages
}

#[tokio::test]
async fn without_the_mail_server_messages_wait_and_nothing_else_does() {
    let port = free_port();
    let installation =
        Installation::start_with(Layout::Embedded, NOW, &Sink::settings_at(([127, 0, 0, 1], port).into()))
            .await;
    let world = installation.world();
    let d = Dealership::open(&world, &Facts::AUTODOM).await.expect("a company with a project");
    d.stage(Through::Contracting).await.expect("nobody waits for a mail");
    // Those of one kind are let go together, ten minutes later.
    world.set_clock(world.now() + jiff::SignedDuration::from_mins(20)).expect("the clock's file");
    let waiting = eventually(LONG, "each first message to be tried in vain", async || {
        let all = messages(&d).await;
        let tried = |message: &&Message| message.attempts > 0;
        (all.iter().filter(tried).count() >= 2).then_some(all)
    })
    .await;
    let in_wait = [MessageState::Held, MessageState::Pending, MessageState::Sending, MessageState::Joined];
    assert!(waiting.iter().all(|message| in_wait.contains(&message.state())), "{waiting:?}");
    assert_eq!(live_and_ready(&installation, Service::Notification).await, (200, 200));
    let wire = Wire::of(&installation).await;
    let ask = json!({ "parent": d.company, "subject": "away", "text": "?" });
    works(&wire, "notification.AskQuestion", &d.technical.token, &ask).await;

    let sink = Sink::start_at(([127, 0, 0, 1], port).into()).await.expect("still free");
    world.set_clock(world.now() + jiff::SignedDuration::from_mins(20)).expect("the clock's file");
    // The next try is half a minute after the first.
    let sent = eventually(LONG, "all to be sent", async || {
        let all = messages(&d).await;
        all.iter().all(|message| !in_wait[..3].contains(&message.state())).then_some(all)
    })
    .await;
    let sent = sent.iter().filter(|message| message.state() == MessageState::Sent).count();
    assert!(sent >= 2 && sink.taken() >= sent as u64, "{sent} sent, {} came", sink.taken());
    assert!(sink.by_id().values().all(|times| *times == 1), "{:?}", sink.by_id());
}

#[tokio::test]
async fn without_the_object_store_files_are_refused_and_everything_else_goes_on() {
    let port = free_port();
    let store = [
        ("PRZESIADKA__FILES__URL", "s3://przesiadka/away".to_owned()),
        ("PRZESIADKA__FILES__ENDPOINT", format!("http://127.0.0.1:{port}")),
        ("PRZESIADKA__FILES__REGION", "eu-central-1".to_owned()),
        ("PRZESIADKA__FILES__ACCESS_KEY_ID", "test".to_owned()),
        ("PRZESIADKA__FILES__SECRET_ACCESS_KEY", "test".to_owned()),
    ];
    let installation = Installation::start_with(Layout::Embedded, NOW, &store).await;
    let world = installation.world();
    let d = Dealership::open(&world, &Facts::AUTODOM).await.expect("a company with a project");
    let wire = Wire::of(&installation).await;
    let token = d.technical.token.as_str();
    let file = json!({ "parent": d.company, "displayName": "a.txt", "data": "dGFr" });
    for method in ["audit.UploadFile", "licensing.UploadFile"] {
        asks_for_another_try(&wire, method, token, &file).await;
    }
    assert_eq!(live_and_ready(&installation, Service::Audit).await, (200, 200));
    works(&wire, "audit.ListAudits", token, &json!({ "parent": d.project })).await;
    let needs = json!({ "name": format!("{}/licensing", d.project), "needs": {} });
    works(&wire, "licensing.SetNeeds", token, &needs).await;

    let mut again = file.clone();
    again["requestId"] = "again".into();
    let refused = wire.send(Adapter::Rest, "audit.UploadFile", Some(token), &again).await;
    assert_eq!(refused.reason, Some(ErrorReason::Unavailable), "{refused:?}");
    let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("still free");
    let server = from_tests_run("PRZESIADKA_TEST_S3").replace("http://", "");
    tokio::spawn(async move {
        while let Ok((mut here, _)) = listener.accept().await {
            let mut there = TcpStream::connect(&server).await.expect("the S3 server answers");
            tokio::spawn(async move { copy_bidirectional(&mut here, &mut there).await });
        }
    });
    for adapter in BOTH {
        let answer = wire.send(adapter, "audit.UploadFile", Some(token), &again).await;
        assert_eq!(answer.reason, None, "{adapter:?}: {answer:?}");
    }
    works(&wire, "licensing.UploadFile", token, &file).await;
}

/// One that nobody listens at, and one that takes connections and is silent.
#[tokio::test]
async fn without_the_collector_nothing_suffers() {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let silent = silent.local_addr().expect("bound").port();
    for port in [free_port(), silent] {
        let collector = [
            ("PRZESIADKA__TELEMETRY__OTLP_ENDPOINT", format!("http://127.0.0.1:{port}")),
            ("PRZESIADKA__TELEMETRY__METRICS_EVERY_MS", "100".to_owned()),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "64".to_owned()),
        ];
        let mut installation = Installation::start_with(Layout::Embedded, NOW, &collector).await;
        let world = installation.world();
        let d = Dealership::open(&world, &Facts::AUTODOM).await.expect("a company with a project");
        d.go_through(Through::Readiness).await.expect("goes on");
        let wire = Wire::of(&installation).await;
        // More spans than are kept for it.
        for _ in 0..8 {
            let project = json!({ "name": d.project });
            let reads = (0..10).map(|_| works(&wire, "scheduling.GetProject", &d.technical.token, &project));
            futures::future::join_all(reads).await;
        }
        assert_eq!(live_and_ready(&installation, Service::Scheduling).await, (200, 200));
        let (status, figures) = installation.ops(Service::Scheduling, "/metrics").await.expect("an answer");
        assert!(status == 200 && figures.contains("rpc_server_call_duration_seconds_bucket"));
        assert_eq!(installation.processes[0].process.stop(Duration::from_secs(20)).await, 0);
    }
}
