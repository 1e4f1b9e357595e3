//! `doctor` against parts that are well, away or set otherwise.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
    time::Duration,
};

use async_nats::jetstream::stream::{Config, RetentionPolicy};
use journeys::{Installation, Service, on_servers};
use platform::db::{Db, execute};
use serde_json::Value;
use testkit::{Backend, Database, Nats, from_tests_run};

use crate::common::NOW;

/// Nobody listens there.
const NOWHERE: &str = "127.0.0.1:9";
/// Each part has five seconds, and they are asked side by side.
const BOUND: Duration = Duration::from_secs(15);

/// Settings of the audit service, on servers of the test's own.
struct Place {
    folder: PathBuf,
    database: Database,
    nats: Nats,
}

impl Place {
    async fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("przesiadka-{}", testkit::unique_name()));
        fs::create_dir(&folder).expect("a folder");
        Self { folder, database: Database::empty(Backend::Postgres).await, nats: Nats::unique() }
    }

    /// Runs the command with these settings over good ones.
    fn run(&self, service: Service, arguments: &[&str], settings: &[(&str, &str)]) -> Output {
        let data = self.folder.join("data").display().to_string();
        let files = format!("file://{}", self.folder.join("files").display());
        let good = [("PRZESIADKA__DATA_DIR", data.as_str()), ("PRZESIADKA__FILES__URL", files.as_str())];
        Command::new(from_tests_run("PRZESIADKA_TEST_BINARY"))
            .env_clear()
            .envs(on_servers(service, self.database.url(), &self.nats))
            .envs(good)
            .envs(settings.iter().copied())
            .args(arguments)
            .output()
            .expect("the program starts")
    }

    /// What `doctor` says, by check, and its exit code.
    fn doctor(&self, service: Service, settings: &[(&str, &str)]) -> (Value, i32) {
        let started = std::time::Instant::now();
        let arguments = ["doctor", "--only", service.name(), "--output", "json"];
        let output = self.run(service, &arguments, settings);
        assert!(started.elapsed() < BOUND);
        let text = String::from_utf8_lossy(&output.stdout);
        let findings: Vec<Value> = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
        let by_check = findings
            .into_iter()
            .map(|finding| (finding["check"].as_str().expect("a name").to_owned(), finding));
        (Value::Object(by_check.collect()), output.status.code().expect("no signal"))
    }

    fn up(&self, service: Service) {
        let output = self.run(service, &["schema", "up", "--only", service.name()], &[]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.folder));
    }
}

/// Asserts the state of a check, and that what was seen and what to do has these words.
fn is(findings: &Value, check: &str, state: &str, seen: &str, advice: &str) {
    let finding = &findings[check];
    let has = |key: &str, word: &str| finding[key].as_str().is_some_and(|text| text.contains(word));
    assert!(finding["state"] == state && has("seen", seen) && has("advice", advice), "{check}: {findings:#}");
}

#[tokio::test]
async fn what_is_well_is_said_to_be_with_and_without_a_process() {
    let mut installation = Installation::empty(NOW);
    let (database, nats) = (Database::empty(Backend::Postgres).await, Nats::unique());
    let settings = on_servers(Service::Audit, database.url(), &nats);
    installation.add("audit", &["serve", "--only", "audit"], settings);
    installation.ready().await;
    let doctor = ["doctor", "--only", "audit"];
    let said = testkit::eventually(Duration::from_secs(20), "all to be well", async || {
        Some(installation.command(Service::Scheduling, &doctor)).filter(|said| !said.contains("warning"))
    })
    .await;
    for line in [
        "ok       settings                go together for audit",
        "ok       database.audit          PostgreSQL 1",
        "ok       clock.audit             as the database's",
        "ok       schema.audit            up to date",
        "ok       bus.audit               NATS 2.",
        "ok       consumer.audit          0 to come, 0 not acknowledged",
        "ok       files.audit             file://",
        "ok       process.audit           ready, version ",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    // A copy of the settings names no secret, and neither does the report.
    let password =
        database.url().split(':').nth(2).and_then(|rest| rest.split('@').next()).expect("a password");
    assert!(!said.contains(password), "{said}");
    drop(installation);
}

#[tokio::test]
async fn each_part_that_is_away_is_named_with_what_to_do() {
    let place = Place::new().await;
    let (found, code) = place.doctor(Service::Audit, &[("PRZESIADKA__DATABASE__SCHEMA_AT_START", "false")]);
    assert_eq!(code, 1);
    is(&found, "schema.audit", "failed", "none yet", "`przesiadka schema up --only audit`");
    let (found, code) = place.doctor(Service::Audit, &[]);
    assert_eq!(code, 0, "a warning is no failure: {found:#}");
    is(&found, "schema.audit", "warning", "none yet", "a start of this build brings it up");
    is(&found, "stream.audit", "warning", "there is no stream", "the first one makes it");
    is(&found, "process.audit", "ok", "none runs here", "");
    place.up(Service::Audit);
    let (found, _) = place.doctor(Service::Audit, &[]);
    is(&found, "schema.audit", "ok", "up to date", "");

    let database = format!("postgres://audit:sekret17@{NOWHERE}/audit");
    let keys = place.folder.join("issuers.toml");
    let issuer =
        "[[auth.issuers]]\nname = \"https://id.example\"\naudience = \"przesiadka\"\nroles = [\"crm\"]\n";
    fs::write(&keys, format!("{issuer}jwks_url = \"http://{NOWHERE}/jwks\"\n")).expect("settings");
    let keys = keys.display().to_string();
    let endpoint = format!("http://{NOWHERE}");
    let nats = format!("nats://{NOWHERE}");
    let (found, code) = place.doctor(
        Service::Audit,
        &[
            ("PRZESIADKA__DATABASE__AUDIT__URL", &database),
            ("PRZESIADKA__BUS__URL", &nats),
            ("PRZESIADKA__FILES__URL", "s3://przesiadka/files"),
            ("PRZESIADKA__FILES__ENDPOINT", &endpoint),
            ("PRZESIADKA__FILES__ACCESS_KEY_ID", "przesiadka"),
            ("PRZESIADKA__FILES__SECRET_ACCESS_KEY", "sekret18"),
            ("PRZESIADKA_CONFIG", &keys),
        ],
    );
    assert_eq!(code, 1);
    is(&found, "database.audit", "failed", "refused", "see that PostgreSQL runs");
    is(&found, "bus.audit", "failed", "cannot connect", "see that NATS runs");
    is(&found, "files.audit", "failed", "", "files.url");
    is(&found, "issuer https://id.example", "failed", "", "JWKS");
    assert!(!found.to_string().contains("sekret"), "{found:#}");
    let jwks = place.folder.join("jwks.json");
    // RFC 8037's example.
    let key = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    fs::write(&jwks, key).expect("keys");
    fs::write(place.folder.join("issuers.toml"), format!("{issuer}jwks_file = {jwks:?}\n"))
        .expect("settings");
    let (found, _) = place.doctor(Service::Audit, &[("PRZESIADKA_CONFIG", &keys)]);
    is(&found, "issuer https://id.example", "ok", "keys that can be used: 1", "");
    let (found, _) = place.doctor(
        Service::Notification,
        &[
            ("PRZESIADKA__NOTIFICATION__CHANNEL__SMTP__HOST", "127.0.0.1"),
            ("PRZESIADKA__NOTIFICATION__CHANNEL__SMTP__PORT", "9"),
            ("PRZESIADKA__NOTIFICATION__CHANNEL__SMTP__TLS", "off"),
            ("PRZESIADKA__NOTIFICATION__FROM", "a@b.example"),
            ("PRZESIADKA__NOTIFICATION__SOFTVIG", "c@d.example"),
            ("PRZESIADKA__NOTIFICATION__PUBLIC_HOST", "x.example"),
        ],
    );
    is(&found, "mail", "failed", "", "nothing was sent");
}

#[tokio::test]
async fn wrong_passwords_are_told_from_what_is_away_and_are_not_told() {
    let place = Place::new().await;
    let (user, rest) = place.database.url().rsplit_once('@').expect("a user");
    let user = user.rsplit_once(':').expect("a password").0;
    let database = format!("{user}:sekret19@{rest}");
    let (found, code) = place.doctor(
        Service::Audit,
        &[("PRZESIADKA__DATABASE__AUDIT__URL", &database), ("PRZESIADKA__BUS__PASSWORD", "sekret20")],
    );
    assert_eq!(code, 1);
    is(&found, "database.audit", "failed", "password authentication failed", "user and password");
    is(&found, "bus.audit", "failed", "authorization violation", "bus.password");
    assert!(!found.to_string().contains("sekret"), "{found:#}");
}

#[tokio::test]
async fn another_services_rights_are_not_enough() {
    let place = Place::new().await;
    let as_audit = [("PRZESIADKA__BUS__USER", "audit"), ("PRZESIADKA__BUS__PASSWORD", "audit")];
    let (found, code) = place.doctor(Service::Licensing, &as_audit);
    assert_eq!(code, 1);
    is(&found, "bus.licensing", "failed", "ermissions", "deploy/nats/permissions.conf");
    is(&found, "stream.licensing", "failed", "", "deploy/nats/permissions.conf");
}

#[tokio::test]
async fn settings_that_differ_and_clocks_that_do_are_found() {
    let place = Place::new().await;
    place.up(Service::Audit);
    let jetstream = async_nats::jetstream::new(place.nats.connect("operator").await);
    let stream = Config {
        name: place.nats.stream.clone(),
        subjects: vec![format!("{}.v1.>", place.nats.prefix)],
        retention: RetentionPolicy::Interest,
        max_age: Duration::from_secs(3600),
        num_replicas: 1,
        ..Default::default()
    };
    jetstream.create_stream(stream).await.expect("made");
    // What looks into public first is an hour ahead.
    let db = Db::open(place.database.url(), 1).await.expect("a database");
    let name = place.database.url().rsplit('/').next().expect("a name");
    for sql in [
        "create function public.clock_timestamp() returns timestamptz language sql as \
         'select pg_catalog.clock_timestamp() + interval ''1 hour'''",
        &format!("alter database {name} set search_path = public, pg_catalog"),
        "delete from seaql_migrations where version = (select max(version) from seaql_migrations)",
    ] {
        execute(db.read(), sql, vec![]).await.expect(sql);
    }
    db.close().await.expect("closed");
    let (found, code) = place.doctor(Service::Audit, &[]);
    assert_eq!(code, 1);
    is(&found, "clock.audit", "failed", "3600.0 s ahead", "NTP");
    is(&found, "schema.audit", "warning", "behind, 1 change missing", "a start");
    for seen in ["retention is Interest and should be Limits", "allow_msg_ttl is false", "max_age is 3600s"] {
        is(&found, "stream.audit", "failed", seen, "przesiadka stream up");
    }
    is(&found, "consumer.audit", "warning", "no durable consumer audit", "it makes it");

    let (found, code) = place.doctor(Service::Audit, &[("PRZESIADKA__BUS__MAX_AGE_DAYS", "many")]);
    assert_eq!(code, 1);
    is(&found, "settings", "failed", "bus.max_age_days", "config print");
    let (found, _) = place.doctor(Service::Audit, &[("PRZESIADKA__CATALOGUE__DIR", "/nowhere")]);
    is(&found, "data.audit", "failed", "catalogue.dir /nowhere", "does not start");
}

/// A service's role is nobody who may see what others do.
#[tokio::test]
async fn everybodys_connections_are_counted() {
    let place = Place::new().await;
    let (server, name) = place.database.url().rsplit_once('/').expect("a database");
    let role = testkit::unique_name();
    let admin = Db::open(place.database.url(), 1).await.expect("a database");
    for sql in [
        format!("create role {role} login password 'geheim'"),
        format!("alter database {name} owner to {role}"),
    ] {
        execute(admin.read(), &sql, vec![]).await.expect("carried out");
    }
    let address = server.rsplit('@').next().expect("an address");
    let url = format!("postgres://{role}:geheim@{address}/{name}");
    // That of `admin`, and doctor's own.
    let (found, _) = place.doctor(Service::Audit, &[("PRZESIADKA__DATABASE__AUDIT__URL", &url)]);
    let seen = found["database.audit"]["seen"].as_str().expect("text");
    let (_, connections) = seen.rsplit_once(", ").expect("connections");
    let used: u32 = connections.split(' ').next().expect("a number").parse().expect("a number");
    assert!(used >= 2, "{seen}");
    admin.close().await.expect("closed");
    // The role owns nothing that would keep it.
    let admin = Db::open(place.database.url(), 1).await.expect("a database");
    for sql in [format!("alter database {name} owner to postgres"), format!("drop role {role}")] {
        execute(admin.read(), &sql, vec![]).await.expect("carried out");
    }
    admin.close().await.expect("closed");
}
