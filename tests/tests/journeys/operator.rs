//! The operator's commands against processes that run: over their sockets and over the network.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Output, time::Duration};

use journeys::{Installation, Layout, Process, Service, on_servers};
use platform::auth::Role;
use serde_json::Value;
use story::{Dealership, Facts, Through};
use testkit::{Backend, Database, Nats, eventually};

use crate::common::NOW;

const LONG: Duration = Duration::from_secs(20);

fn json(installation: &Installation, arguments: &[&str]) -> Value {
    let arguments = [arguments, &["--output", "json"]].concat();
    installation.command(Service::Scheduling, &arguments).parse().expect("JSON")
}

fn id(name: &str) -> &str {
    name.rsplit('/').next().expect("an id")
}

fn failure(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn each_command_answers_people_and_programs() {
    let installation = Installation::start(Layout::Embedded, NOW).await;
    let world = installation.world();
    let d = Dealership::open(&world, &Facts::AUTODOM).await.expect("a company with a project");
    d.go_through(Through::Readiness).await.expect("ready");
    world.settled().await.expect("at rest");
    let command = |arguments: &[&str]| installation.command(Service::Scheduling, arguments);
    let (company, project) = (id(&d.company), id(&d.project));

    let list = command(&["project", "list"]);
    assert!(list.contains(project) && list.contains("Auto-Dom Wiśniewscy Sp. z o.o.  audit 1"), "{list}");
    assert_eq!(json(&installation, &["project", "list"])[0]["name"], d.project.as_str());
    assert_eq!(command(&["project", "list", "--company", company, "--stage", "migration"]), "");
    let show = command(&["project", "show", project]);
    assert!(show.contains("readiness     done") && show.contains("new_server"), "{show}");
    assert_eq!(json(&installation, &["project", "show", &d.project])["variant"], "new_server");

    let timeline = command(&["project", "timeline", project]);
    for part in
        ["contract_recorded", "Katarzyna Wiśniewska", "SOFTVIG".to_lowercase().as_str(), "migration agreed"]
    {
        assert!(timeline.contains(part), "{part}: {timeline}");
    }
    let rows = json(&installation, &["project", "timeline", project]);
    let times: Vec<jiff::Timestamp> = rows
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| row["time"].as_str().expect("a time").parse().expect("RFC 3339"))
        .collect();
    assert!(times.is_sorted() && times.len() > 10, "{rows:#}");

    let messages = json(&installation, &["message", "list", "--company", company, "--state", "sent"]);
    let message = messages[0]["name"].as_str().expect("a message");
    let table = command(&["message", "list", "--company", company]);
    assert!(table.contains(id(message)) && table.contains("sent"), "{table}");
    let show = command(&["message", "show", id(message), "--company", company]);
    assert!(show.contains("state    sent after 1 tries") && show.contains("written to"), "{show}");
    let again = json(&installation, &["message", "resend", message]);
    assert_eq!((&again["name"], &again["resends"]), (&messages[0]["name"], &1.into()));

    world.settled().await.expect("at rest");
    let outbox = command(&["outbox", "status"]);
    assert_eq!(outbox.lines().count(), 5, "{outbox}");
    for status in json(&installation, &["outbox", "status"]).as_array().expect("four") {
        // proto3's JSON leaves out what is 0 or empty.
        assert!(status.get("depth").is_none() && status.get("lanesBehind").is_none(), "{status}");
    }
    let timers = command(&["timers", "list", "--company", company]);
    assert!(timers.contains(project) && !timers.contains("overdue"), "{timers}");
    let timers = json(&installation, &["timers", "list", "--only", "scheduling"]);
    assert_eq!((&timers[0]["key"], timers[0].get("failures")), (&project.into(), None), "{timers:#}");
    assert_eq!(command(&["timers", "list", "--overdue"]), "");
    for nothing in [["parked", "list"], ["events", "strays"]] {
        assert_eq!(command(&nothing), "");
        assert_eq!(json(&installation, &nothing), Value::Array(vec![]));
    }
    let doctor = command(&["doctor"]);
    assert!(doctor.contains("ok       process.audit           ready, version "), "{doctor}");
}

/// `events tail` in a process of its own.
fn tail(installation: &Installation, name: &str, arguments: &[&str]) -> Process {
    let environment = [("PRZESIADKA_CONFIG", installation.settings().display().to_string())];
    let output = installation.folder().join(format!("{name}.log"));
    Process::start(
        &installation.program,
        name,
        &[&["events", "tail"], arguments].concat(),
        environment,
        &output,
    )
}

#[tokio::test]
async fn events_are_followed_from_the_first_until_the_end_and_on_from_there() {
    let installation = Installation::start(Layout::Embedded, NOW).await;
    let world = installation.world();
    let d = Dealership::open(&world, &Facts::AUTODOM).await.expect("a company with a project");
    world.settled().await.expect("at rest");
    let company = id(&d.company);
    let mut all = tail(&installation, "tail", &["--from-start", "--company", company]);
    eventually(LONG, "the first events", async || all.output().contains("project_opened").then_some(()))
        .await;
    all.signal("INT");
    assert_eq!(all.ended(LONG).await, 0);
    let output = all.output();
    assert!(output.contains("company_changed") && output.contains("SOFTVIG: crm"), "{output}");
    assert!(!output.contains("Zieliński"), "{output}");
    let resume = output.lines().find_map(|line| line.strip_prefix("to go on from here: events tail "));
    let resume: Vec<&str> = resume.expect("how to go on").split(' ').chain(["--company", company]).collect();

    let mut rest = tail(&installation, "rest", &[&resume[..], &["--output", "json"]].concat());
    d.contract("2026-11-09").await.expect("recorded");
    let line =
        eventually(LONG, "the next event", async || rest.output().lines().next().map(str::to_owned)).await;
    // Another process goes on where the first has gone.
    let event: Value = line.parse().expect("JSON");
    assert_eq!(event["service"], "scheduling");
    assert!(event["event"].get("contractRecorded").is_some(), "{event:#}");
    let event = event["event"]["eventId"].as_str().expect("an id");
    let shown = installation.command(Service::Scheduling, &["events", "show", event]);
    assert!(shown.contains("kind         contract_recorded") && !shown.contains("actor"), "{shown}");
    let shown = json(&installation, &["events", "show", event, "--only", "scheduling"]);
    assert_eq!(shown["content"]["contractRecorded"]["contractDay"], "2026-11-09");
    assert_eq!(rest.stop(LONG).await, 0);
}

#[tokio::test]
async fn over_the_network_a_token_of_the_role_is_needed() {
    let installation = Installation::start(Layout::Embedded, NOW).await;
    let world = installation.world();
    let process = &installation.processes[0].process;
    let server = format!("http://127.0.0.1:{}", installation.processes[0].grpc);
    let ask = |token: &str, arguments: &[&str]| {
        let environment = [("PRZESIADKA_SERVER", server.as_str()), ("PRZESIADKA_TOKEN", token)];
        process.command_in(&environment, arguments)
    };
    let list = ["parked", "list"];
    let token = |role| world.token(role, None).expect("signed");
    let answered = ask(&token(Role::Operator), &list);
    assert!(answered.status.success(), "{}", String::from_utf8_lossy(&answered.stderr));
    for role in [Role::Crm, Role::Auditor] {
        let refused = failure(&ask(&token(role), &list));
        assert!(
            refused.contains("PERMISSION_DENIED: Your role does not allow this. Allowed: operator."),
            "{refused}"
        );
    }
    assert!(ask(&token(Role::Crm), &["project", "list"]).status.success());
    assert!(failure(&ask("", &list)).contains("a server needs a token"));
    assert!(failure(&ask("nonsense", &list)).contains("UNAUTHENTICATED"));

    let file = installation.folder().join("token");
    fs::write(&file, format!("{}\n", token(Role::Operator))).expect("a token");
    let file = file.display().to_string();
    let by_file =
        |server: &str| process.command(&["outbox", "status", "--server", server, "--token-file", &file]);
    assert!(by_file(&server).status.success());
    assert!(failure(&by_file("http://crm.example:8081")).contains("is not https"));
    assert!(failure(&by_file("http://127.0.0.1:9")).contains("cannot reach http://127.0.0.1:9"));
}

#[tokio::test]
async fn a_process_says_what_it_does_not_run_and_the_command_where_to_ask() {
    let installation = Installation::start(Layout::Spread, NOW).await;
    // By the sockets each is found.
    let outbox = json(&installation, &["outbox", "status"]);
    assert_eq!(outbox.as_array().map(Vec::len), Some(4), "{outbox:#}");
    let (process, port) = (&installation.processes[0].process, installation.processes[0].grpc);
    let server = format!("http://127.0.0.1:{port}");
    let token = installation.softvig("operator");
    let environment = [("PRZESIADKA_SERVER", server.as_str()), ("PRZESIADKA_TOKEN", token.as_str())];
    let ask = |arguments: &[&str]| process.command_in(&environment, arguments);
    let here = ask(&["outbox", "status"]);
    assert_eq!(String::from_utf8_lossy(&here.stdout).lines().count(), 2, "scheduling alone");
    let refused = failure(&ask(&["parked", "list", "--only", "audit"]));
    assert!(refused.contains("does not run audit; ask where one does: `kubectl exec"), "{refused}");
    let refused = failure(&ask(&["events", "tail", "--only", "audit"]));
    assert!(refused.contains("cannot follow audit: this process does not have it"), "{refused}");
    let company = uuid::Uuid::now_v7().to_string();
    let refused = failure(&ask(&["message", "list", "--company", &company]));
    assert!(refused.contains("does not have this of notification; ask where one does"), "{refused}");
}

/// The audit service alone.
async fn audit(installation: &mut Installation, database: &Database, nats: &Nats, name: &str) {
    installation.add(name, &["serve", "--only", "audit"], on_servers(Service::Audit, database.url(), nats));
}

#[tokio::test]
async fn a_socket_is_its_owners_alone_outlives_no_process_and_is_stolen_from_none() {
    let mut installation = Installation::empty(NOW);
    let (database, nats) = (Database::empty(Backend::Postgres).await, Nats::unique());
    audit(&mut installation, &database, &nats, "first").await;
    installation.ready().await;
    let socket = installation.data_dir().join("audit.sock");
    let mode = |path: &std::path::Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!((mode(&socket), mode(&installation.data_dir())), (0o600, 0o700));
    let list = ["parked", "list", "--only", "audit"];
    installation.command(Service::Scheduling, &list);

    // One that lives keeps it.
    audit(&mut installation, &database, &nats, "second").await;
    installation.ready().await;
    let second = &mut installation.processes[1].process;
    assert!(second.output().contains("belongs to another process that runs"), "{}", second.output());
    assert_eq!(second.stop(LONG).await, 0);
    installation.processes.truncate(1);
    installation.command(Service::Scheduling, &list);

    // What a killed one leaves is replaced.
    installation.processes[0].process.kill();
    let refused = failure(&installation.processes[0].process.command(&list));
    assert!(refused.contains("no process here runs audit") && refused.contains("refused"), "{refused}");
    installation.processes[0].process.restart();
    installation.ready().await;
    installation.command(Service::Scheduling, &list);
    assert_eq!(installation.processes[0].process.stop(LONG).await, 0);
    assert!(!socket.exists());
}

#[tokio::test]
async fn over_https_the_authority_that_is_named_is_trusted() {
    let mut installation = Installation::empty(NOW);
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let [cert, key] =
        ["grpc.crt", "grpc.key"].map(|name| installation.folder().join(name).display().to_string());
    fs::write(&cert, pair.cert.pem()).expect("written");
    fs::write(&key, pair.signing_key.serialize_pem()).expect("written");
    let tls = vec![("PRZESIADKA__GRPC__TLS__CERT", cert.clone()), ("PRZESIADKA__GRPC__TLS__KEY", key)];
    installation.add("all", &["serve"], tls);
    installation.ready().await;
    let token = installation.softvig("operator");
    let server = format!("https://localhost:{}", installation.processes[0].grpc);
    let environment = [("PRZESIADKA_SERVER", server.as_str()), ("PRZESIADKA_TOKEN", token.as_str())];
    let ask = |arguments: &[&str]| installation.processes[0].process.command_in(&environment, arguments);
    let answered = ask(&["outbox", "status", "--ca", &cert]);
    assert!(answered.status.success(), "{}", String::from_utf8_lossy(&answered.stderr));
    assert!(failure(&ask(&["outbox", "status"])).contains("cannot reach https://localhost"));
    let doctor = installation.command(Service::Scheduling, &["doctor"]);
    assert!(doctor.contains("certificate.grpc.cert   good for "), "{doctor}");
}
