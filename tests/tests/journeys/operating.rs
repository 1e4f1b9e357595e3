//! The operator's commands, beside services that run.

use std::time::Duration;

use async_nats::HeaderMap;
use journeys::{Installation, Layout, Service, on_servers};
use platform::{
    clock,
    db::{Db, query_all},
};
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
            &["parked", "replay", "licensing._global.1", "--only", "audit"],
            "licensing._global.1 is not parked; `parked list` shows what is",
        ),
        (&["parked", "drop", "licensing._global.1"], "--why <TEXT>"),
        (&["message", "show", &id], "an id needs --company ID beside it"),
        (&["message", "list", "--company", &id, "--state", "lost"], "there are pending, sending, sent"),
        (&["project", "show", &id], "there is no project"),
        (&["project", "list", "--stage", "audit-3"], "there are contracting, readiness, audit-1"),
        (&["events", "show", &id], "NOT_FOUND"),
        (&["events", "tail", "--resume", "audit"], "it is SERVICE=TOKEN"),
        (&["events", "tail", "--resume", "audit=x"], "WATCH_TOKEN_INVALID"),
    ] {
        let output = process.command(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && error.contains(said), "{arguments:?}: {error}");
    }
    let command = |arguments: &[&str]| installation.command(Service::Scheduling, arguments);
    assert_eq!(command(&["config", "check"]), "the settings are good\n");
    assert!(command(&["config", "print"]).contains("kind = \"simulated\""));
    assert_eq!(command(&["message", "list", "--company", &id]), "");
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

/// What a command says, once it has anything to show.
async fn shown(installation: &Installation, command: &[&str]) -> String {
    let lines = || installation.command(Service::Audit, command);
    eventually(LONG, command[0], async || Some(lines()).filter(|lines| !lines.is_empty())).await
}

const PARKED: [&str; 2] = ["parked", "list"];

#[tokio::test]
async fn what_cannot_be_applied_is_shown_and_can_be_tried_again() {
    let (installation, database, nats, company) = audit_alone().await;
    let subject = nats.subject("scheduling", &format!("{company}.company_created"));
    for headers in [HeaderMap::new(), headers(&company)] {
        publish(&nats, "scheduling", &subject, headers, b"?".to_vec()).await;
    }
    let strays = shown(&installation, &["events", "strays"]).await;
    assert!(strays.contains(&subject) && strays.contains("no header"), "{strays}");
    let event = format!("scheduling.{company}.1");
    let parked = shown(&installation, &PARKED).await;
    assert!(parked.contains(&format!("audit    {event}  company_created")), "{parked}");
    assert!(parked.contains("  0       undecodable"), "{parked}");
    let one = installation.command(Service::Audit, &["parked", "show", &event]);
    assert!(one.contains("error        undecodable") && one.contains("content      cannot be read"), "{one}");

    installation.command(Service::Audit, &["parked", "replay", &event]);
    // It is as wrong as before, and parked again.
    assert_eq!(shown(&installation, &PARKED).await.lines().count(), 2);
    let lines = "select actor || ' ' || kind from history order by id";
    let db = Db::open(database.url(), 1).await.expect("a database");
    let rows = query_all(db.read(), lines, vec![]).await.expect("the history");
    let history: Vec<String> = rows.iter().map(|row| row.try_get_by_index(0).expect("text")).collect();
    assert_eq!(history.len(), 1);
    assert!(history[0].starts_with("softvig/local-uid-"), "{history:?}");
    assert!(history[0].ends_with(" parked_event_replayed"), "{history:?}");
}

#[tokio::test]
async fn what_is_dropped_lets_its_lane_go_on_and_the_history_says_who_and_why() {
    let (installation, database, nats, company) = audit_alone().await;
    let send = async |kind: &str, sequence: &str, payload: Vec<u8>| {
        let mut headers = headers(&company);
        headers.insert("ce-sequence", sequence);
        let subject = nats.subject("scheduling", &format!("{company}.{kind}"));
        publish(&nats, "scheduling", &subject, headers, payload).await;
    };
    let verified = SchedulingEvent {
        event_id: Uuid::now_v7().to_string(),
        company: format!("companies/{company}"),
        project: format!("companies/{company}/projects/{company}"),
        occurred_at: Some(clock::to_wire(NOW.parse().expect("an instant"))),
        event: Some(Event::Verified(Verified::default())),
        ..Default::default()
    };
    send("company_created", "1", b"?".to_vec()).await;
    send("verified", "2", verified.encode_to_vec()).await;
    send("contact_anonymised", "3", b"?".to_vec()).await;
    let first = format!("scheduling.{company}.1");
    eventually(LONG, "two events behind the first", async || {
        let parked = installation.command(Service::Audit, &PARKED);
        parked.contains(&first).then_some(())?;
        parked.contains("2 (1 to anonymise)").then_some(())
    })
    .await;
    let drop = ["parked", "drop", &first, "--why", "made by a test, ticket 17"];
    let said = installation.command(Service::Audit, &drop);
    assert!(said.starts_with("dropped: audit does not learn of company_created"), "{said}");
    let third = format!("scheduling.{company}.3");
    eventually(LONG, "the lane to go on to the third", async || {
        installation.command(Service::Audit, &PARKED).contains(&third).then_some(())
    })
    .await;

    // Personal data goes by this one alone.
    let output = installation.processes[0].process.command(&["parked", "drop", &third, "--why", "tired"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && error.contains("removes personal data"), "{error}");
    // Of the name that it has no more.
    let output = installation.processes[0].process.command(&["parked", "replay", &first]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("is not parked"));

    let db = Db::open(database.url(), 1).await.expect("a database");
    let sql = "select kind, actor, company, cast(body as text) as body from history";
    let rows = query_all(db.read(), sql, vec![]).await.expect("the history");
    let [line] = rows.as_slice() else { panic!("{} lines", rows.len()) };
    let text = |column| line.try_get::<String>("", column).expect("text");
    assert_eq!((text("kind"), text("company")), ("parked_event_dropped".to_owned(), company.clone()));
    assert!(text("actor").starts_with("softvig/local-uid-"), "{}", text("actor"));
    for part in ["made by a test, ticket 17", "company_created", "undecodable", "\"sequence\": 1"] {
        assert!(text("body").contains(part), "{part}: {}", text("body"));
    }
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
    let parked = shown(&installation, &PARKED).await;
    assert!(parked.contains(&format!("licensing.{company}.1  verified")), "{parked}");
    assert_eq!(parked.lines().count(), 2, "{parked}");

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
