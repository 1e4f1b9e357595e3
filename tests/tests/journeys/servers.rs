//! The servers that faults and measurements start for themselves.

use std::{env, fs};

use async_nats::jetstream::{self, stream::Config};
use journeys::servers::{NatsCluster, Postgres};
use platform::db::{Db, execute, query_one};
use testkit::unique_name;

#[tokio::test]
async fn a_postgres_that_is_killed_comes_back_with_what_it_acknowledged() {
    let folder = env::temp_dir().join(format!("przesiadka-{}", unique_name()));
    fs::create_dir(&folder).expect("a folder");
    let mut postgres = Postgres::start(&folder, &[("max_connections", "20")]).await;
    let url = postgres.url("postgres");
    let db = Db::open(&url, 1).await.expect("an address");
    execute(db.read(), "create table kept (n integer)", vec![]).await.expect("created");
    execute(db.read(), "insert into kept values (7)", vec![]).await.expect("inserted");
    assert!(postgres.processes().len() > 1);
    postgres.kill();
    assert!(postgres.processes().is_empty());
    execute(db.read(), "select 1", vec![]).await.expect_err("it is away");
    postgres.resume().await;
    let db = Db::open(&url, 1).await.expect("an address");
    let row = query_one(db.read(), "select n from kept", vec![]).await.expect("selected");
    assert_eq!(row.expect("a row").try_get::<i32>("", "n"), Ok(7));
    drop(postgres);
    fs::remove_dir_all(folder).expect("removed");
}

#[tokio::test]
async fn a_cluster_goes_on_without_one_node_and_takes_it_back() {
    let folder = env::temp_dir().join(format!("przesiadka-{}", unique_name()));
    fs::create_dir(&folder).expect("a folder");
    let mut nats = NatsCluster::start(&folder, 3).await;
    assert_eq!(nats.processes().len(), 3);
    let operator = async_nats::ConnectOptions::with_user_and_password("operator".into(), "operator".into());
    let client = operator.connect(nats.url(1)).await.expect("connected");
    let jetstream = jetstream::new(client);
    let stream = Config {
        name: "KEPT".to_owned(),
        subjects: vec!["kept.>".to_owned()],
        num_replicas: 3,
        ..Default::default()
    };
    let mut stream = jetstream.create_stream(stream).await.expect("created");
    nats.kill(0);
    testkit::eventually(std::time::Duration::from_secs(30), "two nodes to take a message", async || {
        let taken = jetstream.publish("kept.a", "7".into()).await.ok()?;
        taken.await.ok()
    })
    .await;
    nats.resume(0);
    nats.ready(0).await;
    assert!(stream.info().await.expect("info").state.messages >= 1);
    drop(nats);
    fs::remove_dir_all(folder).expect("removed");
}
