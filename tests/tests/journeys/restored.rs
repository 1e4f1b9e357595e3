//! The database of one service is restored from a backup, while the others go on.

use std::{io::Write as _, process::Stdio, time::Duration};

use journeys::{Installation, Layout, Service, servers::program};
use proto::{
    audit::v1::AuditState,
    notification::v1::{ListMessagesRequest, MessageState},
    scheduling::v1::Stage,
};
use serde_json::Value;
use story::{Dealership, Facts, Through};

use crate::common::NOW;

const STOPS: Duration = Duration::from_secs(20);

/// A backup as an operator makes it.
fn dump(installation: &Installation, service: Service) -> Vec<u8> {
    let url = installation.database_url(service);
    let output = program("pg_dump").args(["--format=custom", "--no-owner", url]).output().expect("pg_dump");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// The database is as the backup has it; nobody works on it.
fn restore(installation: &Installation, service: Service, backup: &[u8]) {
    let url = installation.database_url(service);
    let mut child = program("pg_restore")
        .args(["--clean", "--if-exists", "--no-owner", "--exit-on-error", "--dbname", url])
        .stdin(Stdio::piped())
        .spawn()
        .expect("pg_restore");
    child.stdin.take().expect("a pipe").write_all(backup).expect("read");
    assert!(child.wait().expect("its end").success());
}

/// Stops the service, restores its database, says so, and starts it again.
async fn set_back(installation: &mut Installation, service: Service, backup: &[u8]) {
    let says = ["restored", "--only", service.name(), "--output", "json"];
    let early = installation.process(service).command(&says);
    let why = String::from_utf8_lossy(&early.stderr);
    assert!(!early.status.success() && why.contains("stop the processes"), "{why}");
    assert_eq!(installation.process(service).stop(STOPS).await, 0);
    restore(installation, service, backup);
    let said: Value = serde_json::from_str(&installation.command(service, &says)).expect("JSON");
    assert!(said[0]["epoch"].as_i64().is_some_and(|epoch| epoch > 0), "{said}");
    installation.process(service).restart();
    installation.processes[service as usize].ready().await;
    installation.settled().await;
}

/// What differs at a service: what, here, there.
fn differences(installation: &Installation, service: Service) -> Vec<[String; 3]> {
    let listed =
        installation.command(service, &["differences", "list", "--only", service.name(), "--output", "json"]);
    let listed: Vec<Value> = serde_json::from_str(&listed).expect("JSON");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    listed.iter().map(|d| [text(&d["what"]), text(&d["here"]), text(&d["there"])]).collect()
}

fn of<'a>(found: &'a [[String; 3]], what: &str) -> &'a [String; 3] {
    found.iter().find(|d| d[0] == what).unwrap_or_else(|| panic!("no {what}: {found:?}"))
}

/// How many mails were written, to whomever.
async fn written(d: &Dealership<'_>) -> usize {
    let request = ListMessagesRequest { parent: d.company.clone(), page_size: 200, ..Default::default() };
    let messages = d.world.crm.call(request).await.expect("messages").messages;
    messages.iter().filter(|message| message.state() != MessageState::Joined).count()
}

#[tokio::test]
async fn an_audit_whose_result_is_lost_is_concluded_again_and_the_project_goes_on() {
    let mut installation = Installation::start(Layout::Spread, NOW).await;
    let world = installation.world();
    let d = Dealership::open(&world, &Facts::AUTODOM).await.expect("a company with a project");
    d.go_through(Through::Readiness).await.expect("ready");
    let audit = d.begin_audit(1).await.expect("begun");
    d.measure(&audit).await.expect("measured");
    installation.settled().await;
    let backup = dump(&installation, Service::Audit);

    let concluded = d.conclude(&audit).await.expect("concluded");
    assert_eq!(concluded.state(), AuditState::Passed);
    installation.settled().await;
    let before = written(&d).await;
    set_back(&mut installation, Service::Audit, &backup).await;
    assert_eq!(written(&d).await, before, "nobody is told");

    let attempt = audit.rsplit('/').next().expect("an id");
    let found = differences(&installation, Service::Scheduling);
    assert_eq!(
        of(&found, "audit_result")[1..],
        [format!("attempt {attempt} passed"), format!("attempt {attempt} without a result")]
    );
    of(&found, "last_event");
    of(&found, "evidence");
    assert_eq!(differences(&installation, Service::Licensing), [[""; 3]; 0], "it does not hear of audits");
    let doctor = installation.process(Service::Scheduling).command(&["doctor", "--only", "scheduling"]);
    let doctor = String::from_utf8_lossy(&doctor.stdout);
    assert!(doctor.contains("warning  restored.scheduling"), "{doctor}");
    // What was recorded up to the backup is there, and nothing that came later.
    let read = d.audit(&audit).await.expect("read");
    assert_eq!((read.state(), read.missing.len()), (AuditState::Open, 0), "{read:?}");
    assert_eq!(d.read().await.expect("read").stage(), Stage::Audit2, "it acted on the result");

    d.conclude(&audit).await.expect("concluded again");
    let listed = installation
        .command(Service::Scheduling, &["differences", "list", "--only", "scheduling", "--output", "json"]);
    let listed: Vec<Value> = serde_json::from_str(&listed).expect("JSON");
    for difference in &listed {
        let id = difference["name"].as_str().and_then(|name| name.rsplit('/').next()).expect("an id");
        installation.command(
            Service::Scheduling,
            &["differences", "close", id, "--only", "scheduling", "--why", "concluded again"],
        );
    }
    assert_eq!(differences(&installation, Service::Scheduling), [[""; 3]; 0]);
    for stage in [
        Through::Audit2,
        Through::Migration,
        Through::Integrations,
        Through::Verification,
        Through::Acceptance,
    ] {
        d.stage(stage).await.expect("goes on");
    }
    assert_eq!(d.read().await.expect("read").stage(), Stage::Completed);
    assert_eq!(
        installation
            .rows(Service::Scheduling, "select kind from history where kind = 'difference_closed'")
            .await
            .len(),
        listed.len()
    );
}

#[tokio::test]
async fn a_project_that_is_set_back_twice_goes_its_way_again_and_nobody_is_told_of_the_restoration() {
    let mut installation = Installation::start(Layout::Spread, NOW).await;
    let world = installation.world();
    let d = Dealership::open(&world, &Facts::AUTODOM).await.expect("a company with a project");
    d.go_through(Through::Contracting).await.expect("contracted");
    installation.settled().await;
    let backup = dump(&installation, Service::Scheduling);

    d.ask_variant_help("Would a cloud fit?").await.expect("asked");
    installation.settled().await;
    let before = written(&d).await;
    set_back(&mut installation, Service::Scheduling, &backup).await;
    assert_eq!(written(&d).await, before, "nobody is told");
    for service in [Service::Audit, Service::Licensing, Service::Notification] {
        let found = differences(&installation, service);
        assert!(found.len() == 1 && found[0][0] == "last_event", "{service:?}: {found:?}");
    }

    // Time goes on with what is lost, so people will be told of dates that have passed.
    d.stage(Through::Readiness).await.expect("ready");
    let lost = d.begin_audit(1).await.expect("begun");
    d.measure(&lost).await.expect("measured");
    installation.settled().await;
    set_back(&mut installation, Service::Scheduling, &backup).await;

    let attempt = lost.rsplit('/').next().expect("an id");
    let found = differences(&installation, Service::Audit);
    assert_eq!(of(&found, "attempt")[1..], [format!("attempt {attempt} counts"), String::new()]);
    assert_eq!(d.audit(&lost).await.expect("read").state(), AuditState::Voided);
    let found = differences(&installation, Service::Notification);
    assert_eq!(of(&found, "project")[1..], ["open audit_1".to_owned(), "open readiness".to_owned()]);

    assert_eq!(d.read().await.expect("read").stage(), Stage::Readiness);
    for stage in [
        Through::Readiness,
        Through::Audit1,
        Through::Audit2,
        Through::Migration,
        Through::Integrations,
        Through::Verification,
        Through::Acceptance,
    ] {
        d.stage(stage).await.unwrap_or_else(|e| panic!("{stage:?}: {e:#}"));
    }
    assert_eq!(d.read().await.expect("read").stage(), Stage::Completed);
    installation.settled().await;
    assert_eq!(installation.rows(Service::Audit, "select lane from cursor where parked").await, [""; 0]);
}

/// All documents in which a service keeps something of what others told.
async fn documents(installation: &Installation) -> Vec<String> {
    let mut documents = Vec::new();
    for (service, tables) in [
        (Service::Scheduling, &["company", "project"][..]),
        (Service::Audit, &["dossier"]),
        (Service::Licensing, &["company", "licences"]),
        (Service::Notification, &["directory", "project"]),
    ] {
        for table in tables {
            let sql = format!("select cast(body as text) from {table} order by id");
            let rows = installation.rows(service, &sql).await;
            documents.extend(rows.into_iter().map(|row| format!("{} {table}: {row}", service.name())));
        }
    }
    documents
}

/// Each service begins an epoch with the database that it has, at the same time: everybody is told all of everybody.
async fn restore_all(installation: &mut Installation, d: &Dealership<'_>, at: &str) {
    installation.settled().await;
    let before = (documents(installation).await, written(d).await);
    for service in Service::ALL {
        assert_eq!(installation.process(service).stop(STOPS).await, 0);
    }
    for service in Service::ALL {
        installation.command(service, &["restored", "--only", service.name()]);
        installation.process(service).restart();
    }
    installation.ready().await;
    installation.settled().await;
    for service in Service::ALL {
        let found =
            installation.rows(service, "select what || ': ' || here || ' / ' || there from difference").await;
        assert_eq!(found, [""; 0], "{at}: {service:?}");
    }
    let after = (documents(installation).await, written(d).await);
    assert_eq!(before.0.len(), after.0.len(), "{at}");
    let changed: Vec<_> = before.0.iter().zip(&after.0).filter(|(before, after)| before != after).collect();
    assert!(changed.is_empty(), "{at}: {changed:#?}");
    assert_eq!(before.1, after.1, "{at}: nobody is told");
}

/// A project that meets every setback, restored wherever it stands.
#[tokio::test]
async fn a_backup_that_lacks_nothing_changes_nothing() {
    let mut installation = Installation::start(Layout::Spread, NOW).await;
    let world = installation.world();
    let mut d = Dealership::open(&world, &Facts::AUTODOM).await.expect("a company with a project");
    restore_all(&mut installation, &d, "opened").await;
    d.ask_variant_help("Would a cloud fit?").await.expect("asked");
    d.stage(Through::Contracting).await.expect("contracted");
    restore_all(&mut installation, &d, "contracted").await;
    let successor = d.add_successor().await.expect("added");
    d.replace_technical(successor).await.expect("replaced");
    d.stage(Through::Readiness).await.expect("ready");
    restore_all(&mut installation, &d, "ready").await;

    let audit = d.begin_audit(1).await.expect("begun");
    restore_all(&mut installation, &d, "an audit begun").await;
    d.record_too_little_memory(&audit).await.expect("recorded");
    d.measure(&audit).await.expect("measured");
    assert_eq!(d.conclude(&audit).await.expect("concluded").state(), AuditState::Failed);
    restore_all(&mut installation, &d, "an audit failed").await;
    d.answer_findings("More memory.").await.expect("answered");
    let audit = d.begin_audit(1).await.expect("begun");
    d.record_enough_memory(&audit).await.expect("recorded");
    d.measure(&audit).await.expect("measured");
    assert_eq!(d.conclude(&audit).await.expect("concluded").state(), AuditState::Passed);
    restore_all(&mut installation, &d, "an audit passed").await;
    d.stage(Through::Audit2).await.expect("passed");

    d.begin_run().await.expect("begun");
    restore_all(&mut installation, &d, "a run begun").await;
    d.roll_back_run("It does not connect.").await.expect("rolled back");
    restore_all(&mut installation, &d, "a run rolled back").await;
    d.stage(Through::Migration).await.expect("migrated");
    restore_all(&mut installation, &d, "migrated").await;
    d.stage(Through::Integrations).await.expect("restored");
    d.stage(Through::Verification).await.expect("verified");
    restore_all(&mut installation, &d, "verified").await;
    d.stage(Through::Acceptance).await.expect("signed");
    restore_all(&mut installation, &d, "completed").await;

    let cancelled = Dealership::open(&world, &Facts::NO_BRANDS).await.expect("a company with a project");
    cancelled.go_through(Through::Readiness).await.expect("ready");
    cancelled.cancel("The dealership closes.").await.expect("cancelled");
    restore_all(&mut installation, &cancelled, "cancelled").await;
}
