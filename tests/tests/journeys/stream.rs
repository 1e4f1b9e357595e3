//! `stream up` and `stream status` on servers with the rights of deploy/nats/permissions.conf.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};

use async_nats::jetstream::{
    self,
    stream::{Config, RetentionPolicy, StorageType},
};
use journeys::servers::NatsCluster;
use serde_json::{Value, json};
use testkit::{NatsServer, eventually, from_tests_run, unique_name};

use crate::authority::Authority;

const LONG: Duration = Duration::from_secs(20);
const NAME: &str = "PRZESIADKA";

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("przesiadka-{}", unique_name()));
        fs::create_dir(&folder).expect("a folder");
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// Settings of the bus that every command here has.
struct Bus(Vec<(&'static str, String)>);

impl Bus {
    fn new(url: String) -> Self {
        let bytes = 100 << 20;
        Self(vec![
            ("PRZESIADKA__BUS__KIND", "nats".to_owned()),
            ("PRZESIADKA__BUS__URL", url),
            ("PRZESIADKA__BUS__REPLICAS", "1".to_owned()),
            ("PRZESIADKA__BUS__MAX_BYTES", bytes.to_string()),
        ])
    }

    /// `stream <what>` as a user of NATS, with these settings over the common ones.
    fn stream(&self, what: &str, user: &str, settings: &[(&str, &str)]) -> Output {
        let login = [("PRZESIADKA__BUS__USER", user), ("PRZESIADKA__BUS__PASSWORD", user)];
        Command::new(from_tests_run("PRZESIADKA_TEST_BINARY"))
            .env_clear()
            .envs(self.0.iter().map(|(key, value)| (key, value)))
            .envs(login)
            .envs(settings.iter().copied())
            .args(["stream", what, "--output", "json"])
            .output()
            .expect("the program starts")
    }

    fn done(&self, what: &str, settings: &[(&str, &str)]) -> Value {
        said(&self.stream(what, "operator", settings), 0)
    }

    /// Why a command fails.
    fn refused(&self, what: &str, user: &str, settings: &[(&str, &str)]) -> String {
        let output = self.stream(what, user, settings);
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8(output.stderr).expect("text")
    }
}

/// What a command printed that ended so.
fn said(output: &Output, code: i32) -> Value {
    assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

async fn jetstream(url: &str, ca: Option<&Path>) -> jetstream::Context {
    let mut options =
        async_nats::ConnectOptions::with_user_and_password("operator".into(), "operator".into());
    if let Some(ca) = ca {
        options = options.add_root_certificates(ca.to_owned());
    }
    jetstream::new(options.connect(url).await.expect("connected"))
}

fn change(setting: &str, was: &str, is: &str) -> Value {
    json!({ "setting": setting, "was": was, "is": is })
}

#[tokio::test]
async fn an_operator_makes_the_stream_and_brings_it_to_the_settings_and_a_service_may_not() {
    let folder = Folder::new();
    let ours = Authority::new(&folder.0, "ours");
    let pair = ours.pair("nats");
    let tls = format!("tls {{ cert_file: {:?}, key_file: {:?} }}", pair.cert, pair.key);
    let nats = NatsCluster::start_with(&folder.0, 1, &tls).await;
    let url = nats.url(0).replace("127.0.0.1", "localhost");
    let mut bus = Bus::new(url.clone());
    bus.0.push(("PRZESIADKA__BUS__TLS__CA", ours.file().display().to_string()));

    for user in ["operator", "audit"] {
        let status = said(&bus.stream("status", user, &[]), 1);
        assert_eq!(status["state"], "missing", "{status}");
    }
    assert_eq!(bus.done("up", &[]), json!({ "stream": NAME, "did": "made", "changes": [] }));
    assert_eq!(bus.done("up", &[]), json!({ "stream": NAME, "did": "nothing", "changes": [] }));
    let jetstream = jetstream(&url, Some(&ours.file())).await;
    let publish = async |event: &str| {
        let taken = jetstream.publish(format!("przesiadka.v1.audit.{event}"), "7".into()).await;
        taken.expect("sent").await.expect("taken");
    };
    publish("a.b").await;
    let status = bus.done("status", &[]);
    assert_eq!((&status["state"], &status["messages"]), (&json!("as configured"), &json!(1)), "{status}");
    assert_eq!(status["differences"], json!([]));

    // Later settings.
    let later = [("PRZESIADKA__BUS__MAX_AGE_DAYS", "7"), ("PRZESIADKA__BUS__MAX_BYTES", "200000000")];
    let differs = said(&bus.stream("status", "audit", &later), 1);
    assert_eq!(differs["state"], "differs");
    let max_age = json!({ "setting": "max_age", "is": "2592000s", "wanted": "604800s" });
    assert_eq!(differs["differences"][0], max_age);
    for user in ["scheduling", "audit", "licensing", "notification"] {
        let refused = bus.refused("up", user, &later);
        for words in [&format!("the user {user} "), "STREAM.UPDATE.PRZESIADKA", "`operator`"] {
            assert!(refused.contains(words), "{words}: {refused}");
        }
    }
    assert_eq!(bus.done("status", &[])["state"], "as configured", "nothing was changed");
    let changed = bus.done("up", &later);
    let both = [change("max_age", "2592000s", "604800s"), change("max_bytes", "104857600", "200000000")];
    assert_eq!(changed, json!({ "stream": NAME, "did": "changed", "changes": both }));
    assert_eq!(bus.done("up", &later)["did"], "nothing");
    assert_eq!(bus.done("status", &later)["messages"], 1, "what was in it stays");

    // One that somebody made by hand.
    jetstream.delete_stream(NAME).await.expect("deleted");
    let by_hand = Config {
        name: NAME.to_owned(),
        subjects: vec!["przesiadka.v1.audit.>".to_owned(), "elsewhere.>".to_owned()],
        retention: RetentionPolicy::Interest,
        max_messages: 7,
        description: Some("by hand".to_owned()),
        ..Default::default()
    };
    jetstream.create_stream(by_hand).await.expect("made");
    let changed = bus.done("up", &[]);
    let settings: Vec<_> =
        changed["changes"].as_array().expect("changes").iter().map(|change| &change["setting"]).collect();
    let wanted = ["subjects", "retention", "discard", "allow_msg_ttl", "max_age", "max_bytes", "max_msgs"];
    assert_eq!(settings, wanted, "{changed}");
    assert_eq!(bus.done("status", &[])["state"], "as configured");
    let stream = jetstream.get_stream(NAME).await.expect("there");
    assert_eq!(stream.cached_info().config.description.as_deref(), Some("by hand"));
    publish("a.b").await;

    // What NATS does not do.
    let refused = bus.refused("up", "operator", &[("PRZESIADKA__BUS__REPLICAS", "3")]);
    assert!(refused.contains("bus.replicas is 3, and NATS has not so many servers"), "{refused}");
    jetstream.delete_stream(NAME).await.expect("deleted");
    let refused = bus.refused("up", "operator", &[("PRZESIADKA__BUS__REPLICAS", "3")]);
    assert!(refused.contains("bus.replicas is 3, and NATS has not so many servers"), "{refused}");
    let in_memory = Config { name: NAME.to_owned(), storage: StorageType::Memory, ..Default::default() };
    jetstream.create_stream(in_memory).await.expect("made");
    let refused = bus.refused("up", "operator", &[]);
    assert!(refused.contains("storage type") && refused.contains("delete"), "{refused}");
}

#[tokio::test]
async fn a_stream_gets_the_replicas_that_the_cluster_has_servers_for() {
    let folder = Folder::new();
    let nats = NatsCluster::start(&folder.0, 3).await;
    let urls: Vec<_> = (0..nats.size()).map(|node| nats.url(node)).collect();
    let bus = Bus::new(urls.join(","));
    // Right after its start a cluster may have no leader yet.
    eventually(LONG, "the stream", async || bus.stream("up", "operator", &[]).status.success().then_some(()))
        .await;
    let three = [("PRZESIADKA__BUS__REPLICAS", "3")];
    assert_eq!(bus.done("up", &three)["changes"], json!([change("replicas", "1", "3")]));
    assert_eq!(bus.done("status", &three)["state"], "as configured");
    let jetstream = jetstream(&urls[0], None).await;
    eventually(LONG, "two followers that have all", async || {
        let stream = jetstream.get_stream(NAME).await.ok()?;
        let followers = &stream.cached_info().cluster.as_ref()?.replicas;
        (followers.len() == 2 && followers.iter().all(|follower| follower.current)).then_some(())
    })
    .await;
    let refused = bus.refused("up", "operator", &[("PRZESIADKA__BUS__REPLICAS", "5")]);
    assert!(refused.contains("bus.replicas is 5, and NATS has not so many servers"), "{refused}");
    assert_eq!(bus.done("status", &three)["state"], "as configured");
}

#[tokio::test]
async fn without_jetstream_or_a_way_to_it_the_commands_say_what_is_missing() {
    let folder = Folder::new();
    let nats = NatsCluster::start(&folder.0, 1).await;
    let bus = Bus::new(nats.url(0));
    let server = NatsServer::without_jetstream();
    let bare = Bus::new(server.url());
    eventually(LONG, "a server without JetStream to answer", async || {
        async_nats::connect(server.url()).await.ok().map(drop)
    })
    .await;
    for what in ["up", "status"] {
        let embedded = bus.refused(what, "operator", &[("PRZESIADKA__BUS__KIND", "embedded")]);
        assert!(embedded.contains("only \"nats\" has a stream"), "{embedded}");
        // The system's account has none.
        let of_system = bus.refused(what, "system", &[]);
        assert!(of_system.contains("see that JetStream is enabled"), "{of_system}");
        let stranger = bus.refused(what, "operator", &[("PRZESIADKA__BUS__PASSWORD", "sekret21")]);
        assert!(stranger.contains("authorization violation") && !stranger.contains("sekret"), "{stranger}");
        let refused = bare.refused(what, "operator", &[]);
        assert!(refused.contains("see that JetStream is enabled"), "{refused}");
    }
    drop(nats);
    let away = bus.refused("up", "operator", &[]);
    assert!(away.contains("cannot connect"), "{away}");
}
