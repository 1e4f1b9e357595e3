//! A service whose database is lost and replaced by an empty one.

use journeys::{Installation, Layout, Service};
use story::{Dealership, Facts, Through};

use crate::common::{NOW, told};

/// What notification knows of people and projects, whom it will remind when, and how far it has read.
async fn known(installation: &Installation) -> Vec<Vec<String>> {
    let mut known = Vec::new();
    for sql in [
        "select cast(body as text) from directory order by id",
        "select cast(body as text) from project order by id",
        "select key || ' ' || due_at from timer order by key",
        "select company || ' ' || contact || ' ' || technical || ' ' || decision from contact order by contact",
        "select source || ' ' || lane || ' ' || seq || ' ' || parked from cursor order by source, lane",
    ] {
        known.push(installation.rows(Service::Notification, sql).await);
    }
    known
}

#[tokio::test]
async fn notification_with_an_empty_database_knows_the_past_and_tells_what_is_new() {
    let mut installation = Installation::start(Layout::Spread, NOW).await;
    let world = installation.world();
    let d = Dealership::open(&world, &Facts::AUTODOM).await.expect("opened");
    d.stage(Through::Contracting).await.expect("contracted");
    d.stage(Through::Readiness).await.expect("ready");
    assert!(!told(&d).await.concat().is_empty(), "told by the first database");
    let before = known(&installation).await;
    assert!(before.iter().all(|rows| !rows.is_empty()), "{before:?}");

    // Some days later, as docs/OPERATIONS.md says it.
    installation.process(Service::Notification).kill();
    for producer in [Service::Scheduling, Service::Audit, Service::Licensing] {
        let age = "update outbox set sequenced_at = sequenced_at - interval '3 days'";
        installation.rows(producer, age).await;
    }
    for sql in ["drop schema public cascade", "create schema public"] {
        installation.rows(Service::Notification, sql).await;
    }
    installation.rows(Service::Scheduling, "delete from cursor where source = 'notification'").await;
    installation.process(Service::Notification).restart();
    installation.ready().await;
    world.settled().await.expect("at rest");
    assert_eq!(known(&installation).await, before);
    assert_eq!(told(&d).await.concat(), [""; 0]);

    d.stage(Through::Audit1).await.expect("passed");
    for topics in told(&d).await {
        assert!(topics.iter().any(|topic| topic == "audit_passed"), "{topics:?}");
        assert!(topics.iter().all(|topic| topic != "readiness_declared"), "{topics:?}");
    }
}
