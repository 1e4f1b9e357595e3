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
