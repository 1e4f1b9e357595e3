//! PostgreSQL.

use journeys::{
    Installation, Service, Wire, on_servers,
    servers::{Postgres, signal},
};
use platform::db::{Db, execute};
use serde_json::json;
use story::{Dealership, Facts};
use testkit::{Backend, Database, Nats, eventually};
use uuid::Uuid;

use super::{BOTH, LONG, asks_for_another_try, live_and_ready, works};
use crate::common::NOW;

#[tokio::test]
async fn without_its_postgresql_a_service_asks_for_another_try_and_the_others_go_on() {
    let mut installation = Installation::empty(NOW);
    let mut postgres = Postgres::start(installation.folder(), &[]).await;
    let db = Db::open(&postgres.url("postgres"), 1).await.expect("an address");
    execute(db.read(), "create database licensing", vec![]).await.expect("created");
    db.close().await.expect("closed");
    let (nats, mut databases) = (Nats::unique(), Vec::new());
    for service in Service::ALL {
        let url = if service == Service::Licensing {
            postgres.url("licensing")
        } else {
            databases.push(Database::empty(Backend::Postgres).await);
            databases.last().expect("pushed").url().to_owned()
        };
        let settings = on_servers(service, &url, &nats);
        installation.add(service.name(), &["serve", "--only", service.name()], settings);
    }
    installation.ready().await;
    let world = installation.world();
    let d = Dealership::open(&world, &Facts::AUTODOM).await.expect("a company with a project");
    world.settled().await.expect("at rest");
    let wire = Wire::of(&installation).await;
    let token = d.technical.token.as_str();
    let licensing = json!({ "name": format!("{}/licensing", d.project) });
    let needs = json!({ "name": licensing["name"], "needs": {} });
    works(&wire, "licensing.GetLicensing", token, &licensing).await;

    postgres.kill();
    let mut named = needs.clone();
    named["requestId"] = Uuid::now_v7().to_string().into();
    let ((), (), refused) = tokio::join!(
        asks_for_another_try(&wire, "licensing.GetLicensing", token, &licensing),
        asks_for_another_try(&wire, "licensing.SetNeeds", token, &needs),
        wire.send(BOTH[0], "licensing.SetNeeds", Some(token), &named),
    );
    assert!(refused.reason.is_some(), "{refused:?}");
    let (status, said) = installation.ops(Service::Licensing, "/ready").await.expect("an answer");
    assert!(status == 503 && said.contains("licensing: its database"), "{status} {said}");
    assert_eq!(live_and_ready(&installation, Service::Licensing).await, (200, 503));
    // The others are ready, carry out commands, and their events wait.
    for service in [Service::Scheduling, Service::Audit, Service::Notification] {
        assert_eq!(live_and_ready(&installation, service).await, (200, 200), "{service:?}");
    }
    let ask = json!({ "parent": d.company, "subject": "away", "text": "?" });
    works(&wire, "notification.AskQuestion", token, &ask).await;
    let other = Dealership::open(&world, &Facts::NO_BRANDS).await.expect("another company with a project");

    postgres.resume().await;
    installation.ready().await;
    // A request that was refused is the same request afterwards.
    for adapter in BOTH {
        let answer = wire.send(adapter, "licensing.SetNeeds", Some(token), &named).await;
        assert_eq!(answer.reason, None, "{adapter:?}: {answer:?}");
    }
    world.settled().await.expect("what was told meanwhile is applied");
    let licensing = json!({ "name": format!("{}/licensing", other.project) });
    works(&wire, "licensing.GetLicensing", &other.technical.token, &licensing).await;

    // One that takes connections and is silent.
    let frozen = postgres.processes();
    signal("STOP", frozen.iter().copied());
    asks_for_another_try(&wire, "licensing.GetLicensing", &other.technical.token, &licensing).await;
    assert_eq!(live_and_ready(&installation, Service::Licensing).await, (200, 503));
    signal("CONT", frozen);
    eventually(LONG, "licensing to be ready", async || {
        (live_and_ready(&installation, Service::Licensing).await == (200, 200)).then_some(())
    })
    .await;
    works(&wire, "licensing.GetLicensing", &other.technical.token, &licensing).await;
    // Before the servers, which it would miss.
    drop(installation);
}
