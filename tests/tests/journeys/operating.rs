//! The operator's commands, beside services that run.

use std::time::Duration;

use async_nats::HeaderMap;
use journeys::{Installation, Layout, Service, on_servers};
use platform::clock;
use prost::Message as _;
use proto::scheduling::v1::{SchedulingEvent, Verified, scheduling_event::Event};
use testkit::{Backend, Database, Nats, eventually};
use uuid::Uuid;

const NOW: &str = "2026-11-23T08:00:00Z";
const BROKEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/broken-checklist.toml");
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
        (&["checklist", "lint", "--file", "/no/such/file"], "/no/such/file: No such file"),
        (
            &["checklist", "lint", "--file", BROKEN],
            "broken-checklist.toml:9: disk.free_gb: 1 / source.database_gb: ",
        ),
        (
            &["checklist", "show", "audit-1@1999"],
            "there is no checklist audit-1@1999; there are audit-1@2026-11",
        ),
        (&["checklist", "diff", "audit-1", "audit-3"], "audit-3"),
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
    assert_eq!(command(&["checklist", "lint"]), "audit-1@2026-11\naudit-2@2026-11\n");
    assert!(
        command(&["checklist", "show", "audit-1"]).contains("Space for backups: ≥ 2 * source.database_gb")
    );
    assert_eq!(command(&["checklist", "diff", "audit-1", "audit-1@2026-11"]), "");
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

/// The audit service alone, on servers, and its company.
async fn audit_alone() -> (Installation, Database, Nats, String) {
    let mut installation = Installation::empty(NOW);
    let (database, nats) = (Database::empty(Backend::Postgres).await, Nats::unique());
    let settings = on_servers(Service::Audit, database.url(), &nats);
    installation.add("audit", &["serve", "--only", "audit"], settings);
    installation.ready().await;
    (installation, database, nats, Uuid::now_v7().to_string())
}

/// Publishes as `service`; the stream is there once the audit service has started to hear.
async fn publish(nats: &Nats, service: &str, subject: &str, headers: HeaderMap, payload: Vec<u8>) {
    let jetstream = async_nats::jetstream::new(nats.connect(service).await);
    eventually(LONG, "the stream", async || {
        let sent =
            jetstream.publish_with_headers(subject.to_owned(), headers.clone(), payload.clone().into()).await;
        sent.ok()?.await.ok()
    })
    .await;
}

/// What `events <what>` says, once it says anything.
async fn shown(installation: &Installation, what: &str) -> String {
    let lines = || installation.command(Service::Audit, &["events", what, "--only", "audit"]);
    eventually(LONG, what, async || Some(lines()).filter(|lines| !lines.is_empty())).await
}

#[tokio::test]
async fn what_cannot_be_applied_is_shown_and_can_be_tried_again() {
    let (installation, _database, nats, company) = audit_alone().await;
    let subject = nats.subject("scheduling", &format!("{company}.company_created"));
    for headers in [HeaderMap::new(), headers(&company)] {
        publish(&nats, "scheduling", &subject, headers, b"?".to_vec()).await;
    }
    let strays = shown(&installation, "strays").await;
    assert!(strays.contains(&subject) && strays.contains("no header"), "{strays}");
    let parked = shown(&installation, "parked").await;
    assert!(parked.contains(&format!("scheduling/{company}/1  company_created")), "{parked}");
    assert!(parked.contains("0 behind  undecodable"), "{parked}");

    let replay = ["events", "replay", "--only", "audit", "--source", "scheduling", "--company", &company];
    installation.command(Service::Audit, &replay);
    // It is as wrong as before, and parked again.
    assert_eq!(shown(&installation, "parked").await.lines().count(), 1);
}

#[tokio::test]
async fn an_event_forged_by_another_service_is_refused_or_shown_and_harms_no_other_lane() {
    let (installation, _database, nats, company) = audit_alone().await;
    let event = SchedulingEvent {
        event_id: Uuid::now_v7().to_string(),
        company: format!("companies/{company}"),
        project: format!("companies/{company}/projects/{company}"),
        occurred_at: Some(clock::to_wire(NOW.parse().expect("an instant"))),
        event: Some(Event::Verified(Verified::default())),
        ..Default::default()
    };
    // As scheduling it would be believed: NATS does not take it from licensing.
    let genuine = nats.subject("scheduling", &format!("{company}.verified"));
    let mut forger = async_nats::jetstream::new(nats.connect("licensing").await);
    forger.set_timeout(Duration::from_millis(500));
    let sent = forger
        .publish_with_headers(genuine.clone(), headers(&company), event.encode_to_vec().into())
        .await
        .expect("sent");
    sent.await.expect_err("refused");
    // Under its own name it says in the headers that it is scheduling's: nobody looks there.
    let own = nats.subject("licensing", &format!("{company}.verified"));
    publish(&nats, "licensing", &own, headers(&company), event.encode_to_vec()).await;
    let parked = shown(&installation, "parked").await;
    assert!(parked.contains(&format!("licensing/{company}/1  verified")), "{parked}");
    assert_eq!(parked.lines().count(), 1, "{parked}");

    publish(&nats, "scheduling", &genuine, headers(&company), event.encode_to_vec()).await;
    let lane = format!("\"scheduling/{company}\":1");
    eventually(LONG, "scheduling's own event is applied", async || {
        let (_, report) = installation.ops(Service::Audit, "/settled").await?;
        report.replace(' ', "").contains(&lane).then_some(())
    })
    .await;
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
