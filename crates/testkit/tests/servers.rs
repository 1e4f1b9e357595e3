//! The servers of `tests/run` give what the tests rely on: databases apart from each
//! other, and on NATS the rights that production has (deploy/nats/permissions.conf).

use std::time::Duration;

use async_nats::jetstream::{self, consumer::pull, context::PublishErrorKind, stream};
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _};
use sqlx::Connection as _;
use testkit::{Backend, Database, Nats};

const SERVICES: [&str; 4] = ["scheduling", "audit", "licensing", "notification"];

#[tokio::test]
async fn a_database_is_prepared_once_and_copied_for_each_test() {
    let mut prepared = 0;
    for _ in 0..2 {
        let database = Database::prepared(Backend::Postgres, "copied", async |url| {
            prepared += 1;
            let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
            sqlx::raw_sql("CREATE TABLE t (n int)").execute(&mut connection).await.unwrap();
        })
        .await;
        let mut connection = sqlx::PgConnection::connect(database.url()).await.unwrap();
        let rows: i64 =
            sqlx::query_scalar("SELECT count(*) FROM t").fetch_one(&mut connection).await.unwrap();
        assert_eq!(rows, 0, "what the test before wrote is not here");
        sqlx::raw_sql("INSERT INTO t VALUES (1)").execute(&mut connection).await.unwrap();
    }
    assert!(prepared <= 1, "it was prepared {prepared} times");
}

#[tokio::test]
async fn a_sqlite_database_goes_with_its_test() {
    let database = Database::empty(Backend::Sqlite).await;
    let mut connection = sqlx::SqliteConnection::connect(database.url()).await.unwrap();
    sqlx::raw_sql("CREATE TABLE t (n int)").execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let file = database.file().unwrap();
    assert!(file.exists());
    drop(database);
    assert!(!file.exists());
}

/// Creates the stream as a service does at start, and returns what it publishes with.
async fn join(nats: &Nats, service: &str) -> jetstream::Context {
    let mut context = jetstream::new(nats.connect(service).await);
    context.set_timeout(Duration::from_millis(250));
    let config = stream::Config {
        name: nats.stream.clone(),
        subjects: vec![format!("{}.v1.>", nats.prefix)],
        ..Default::default()
    };
    context
        .get_or_create_stream(config)
        .await
        .expect("every service may create the stream that is not there");
    context
}

#[tokio::test]
async fn each_service_publishes_its_own_events_and_nobody_elses() {
    let nats = Nats::unique();
    for publisher in SERVICES {
        let context = join(&nats, publisher).await;
        for named in SERVICES {
            let sent = context.publish(nats.subject(named, "c1.happened"), "x".into()).await.unwrap().await;
            if publisher == named {
                sent.expect("its own event is stored");
            } else {
                let error = sent.expect_err("a forged event is refused");
                assert_eq!(error.kind(), PublishErrorKind::TimedOut, "{publisher} as {named}");
            }
        }
    }
    let mut stream = jetstream::new(nats.connect("operator").await).get_stream(&nats.stream).await.unwrap();
    assert_eq!(stream.info().await.unwrap().state.messages, 4, "only the four genuine events are stored");
}

#[tokio::test]
async fn each_service_reads_the_others_through_its_own_consumer_only() {
    let nats = Nats::unique();
    let scheduling = join(&nats, "scheduling").await;
    let stored = scheduling.publish(nats.subject("scheduling", "c1.happened"), "x".into()).await.unwrap();
    stored.await.unwrap();
    for reader in SERVICES {
        let stream = join(&nats, reader).await.get_stream(&nats.stream).await.unwrap();
        let config = |name: &str| pull::Config { durable_name: Some(name.into()), ..Default::default() };
        let consumer = stream.get_or_create_consumer(reader, config(reader)).await.unwrap();
        let mut messages = consumer.stream().messages().await.unwrap();
        let message = messages.try_next().await.unwrap().expect("the event");
        message.double_ack().await.expect("the acknowledgement is allowed and confirmed");

        let foreign = if reader == "audit" { "licensing" } else { "audit" };
        stream.create_consumer(config(foreign)).await.expect_err("another's consumer is out of reach");
    }
}

#[tokio::test]
async fn no_service_changes_or_deletes_the_stream() {
    let nats = Nats::unique();
    let context = join(&nats, "audit").await;
    let stream = context.get_stream(&nats.stream).await.unwrap();
    stream.purge().await.expect_err("purging is the operator's");
    assert!(context.delete_stream(&nats.stream).await.is_err(), "deleting is the operator's");
    context.update_stream(stream.cached_info().config.clone()).await.expect_err("changing is the operator's");
    jetstream::new(nats.connect("operator").await).delete_stream(&nats.stream).await.unwrap();
}

#[tokio::test]
async fn heads_are_heard_by_all_and_republication_is_asked_of_one() {
    let nats = Nats::unique();
    let control = |service: &str, what: &str| format!("{}.control.{service}.{what}", nats.prefix);
    let scheduling = nats.connect("scheduling").await;
    let audit = nats.connect("audit").await;

    let mut heads = audit.subscribe(control("*", "heads")).await.unwrap();
    let mut asked = scheduling.subscribe(control("scheduling", "republish")).await.unwrap();
    let mut overheard = audit.subscribe(control("scheduling", "republish")).await.unwrap();
    settled(&audit).await;
    settled(&scheduling).await;

    audit.publish(control("scheduling", "heads"), "forged".into()).await.unwrap();
    audit.publish(control("scheduling", "republish"), "please".into()).await.unwrap();
    settled(&audit).await;
    scheduling.publish(control("scheduling", "heads"), "true".into()).await.unwrap();
    settled(&scheduling).await;
    settled(&audit).await;

    assert_eq!(asked.next().now_or_never().flatten().unwrap().payload, "please");
    assert_eq!(heads.next().now_or_never().flatten().unwrap().payload, "true");
    assert!(
        overheard.next().now_or_never().flatten().is_none(),
        "what is asked of scheduling, it alone hears"
    );
}

/// Returns when the server has carried out all that the client sent, and the client
/// has got all that the server had for it: answers come in the order of requests.
async fn settled(client: &async_nats::Client) {
    let answer = client.request("$JS.API.STREAM.INFO.NONE", "".into()).await;
    answer.expect("the server answers, if only that there is no such stream");
}
