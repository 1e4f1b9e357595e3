//! The operator's commands, beside services that run.

use std::time::Duration;

use async_nats::HeaderMap;
use journeys::{Installation, Layout, Service, on_servers};
use testkit::{Backend, Database, Nats, eventually};
use uuid::Uuid;

const NOW: &str = "2026-11-23T08:00:00Z";
const LONG: Duration = Duration::from_secs(20);

#[tokio::test]
async fn commands_refuse_what_cannot_be_and_say_why() {
    let installation = Installation::start(Layout::Embedded, NOW).await;
    let id = Uuid::now_v7().to_string();
    let process = &installation.processes[0].process;
    for (arguments, said) in [
        (["token", "--role", "king"].as_slice(), "unknown role \"king\""),
        (&["token", "--role", "decision"], "which need them"),
        (&["token", "--role", "crm", "--company", &id, "--contact", &id], "are for the roles technical"),
        (&["token", "--role", "crm,decision", "--company", &id, "--contact", &id], "both parties"),
        (&["token", "--role", "decision", "--company", &id], "--contact"),
        (&["serve", "--only", "accounting"], "invalid value 'accounting'"),
        (&["serve", "--only", "audit"], "one process must run all four services"),
        (&["config", "check", "--only", "audit"], "one process must run all four services"),
        (&["--config", "/no/such/file", "config", "print"], "/no/such/file"),
        (
            &["events", "replay", "--only", "audit", "--source", "licensing", "--company", "_global"],
            "audit has nothing parked on the lane licensing/_global",
        ),
    ] {
        let output = process.command(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && error.contains(said), "{arguments:?}: {error}");
    }
    let command = |arguments: &[&str]| installation.command(Service::Scheduling, arguments);
    assert_eq!(command(&["config", "check"]), "the settings are good\n");
    assert!(command(&["config", "print"]).contains("kind = \"simulated\""));
    assert_eq!(command(&["messages", "list", "--company", &id]), "");
}

#[tokio::test]
async fn where_a_start_may_not_change_the_schema_it_waits_for_schema_up() {
    let mut installation = Installation::empty(NOW);
    let database = Database::empty(Backend::Postgres).await;
    let mut settings = on_servers(Service::Audit, database.url(), &Nats::unique());
    settings.push(("PRZESIADKA__DATABASE__SCHEMA_AT_START", "false".to_owned()));
    installation.add("audit", &["serve", "--only", "audit"], settings);
    let ready =
        eventually(LONG, "an answer", async || installation.ops(Service::Audit, "/ready").await).await;
    assert_eq!(ready.0, 503);
    let up = ["schema", "up", "--only", "audit"];
    for _ in 0..2 {
        assert_eq!(installation.command(Service::Audit, &up), "audit: up to date\n");
    }
    installation.ready().await;
}

#[tokio::test]
async fn what_cannot_be_applied_is_shown_and_can_be_tried_again() {
    let mut installation = Installation::empty(NOW);
    let database = Database::empty(Backend::Postgres).await;
    let nats = Nats::unique();
    let settings = on_servers(Service::Audit, database.url(), &nats);
    installation.add("audit", &["serve", "--only", "audit"], settings);
    installation.ready().await;

    let company = Uuid::now_v7().to_string();
    let bus = nats.connect("scheduling").await;
    let jetstream = async_nats::jetstream::new(bus);
    let subject = nats.subject("scheduling", &format!("{company}.company_created"));
    for headers in [HeaderMap::new(), headers(&company)] {
        // The stream is there once the service has started to hear.
        eventually(LONG, "the stream", async || {
            let sent = jetstream.publish_with_headers(subject.clone(), headers.clone(), "?".into()).await;
            sent.ok()?.await.ok()
        })
        .await;
    }

    let command = |what: &str| installation.command(Service::Audit, &["events", what, "--only", "audit"]);
    let shown = async |what: &str| {
        eventually(LONG, what, async || Some(command(what)).filter(|lines| !lines.is_empty())).await
    };
    let strays = shown("strays").await;
    assert!(strays.contains(&subject) && strays.contains("no header"), "{strays}");
    let parked = shown("parked").await;
    assert!(parked.contains(&format!("scheduling/{company}/1  company_created")), "{parked}");
    assert!(parked.contains("0 behind  undecodable"), "{parked}");

    let replay = ["events", "replay", "--only", "audit", "--source", "scheduling", "--company", &company];
    installation.command(Service::Audit, &replay);
    // It is as wrong as before, and parked again.
    assert_eq!(shown("parked").await.lines().count(), 1);
}

/// As a producer sends its first event of a company.
fn headers(company: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("ce-specversion", "1.0"),
        ("ce-id", "019aab00-0000-7000-8000-000000000001"),
        ("ce-source", "/przesiadka/scheduling"),
        ("ce-type", "przesiadka.scheduling.v1.company_created"),
        ("ce-time", NOW),
        ("ce-recordedtime", NOW),
        ("ce-lane", company),
        ("ce-sequence", "1"),
    ] {
        headers.insert(name, value);
    }
    headers
}
