//! Connections that are given up, cut, or dropped.

use std::time::Duration;

use platform::db::{Db, execute, is_unavailable, query_all, query_one};
use testkit::{Backend, Database, eventually};

const PATIENCE: Duration = Duration::from_secs(20);

async fn open(database: &Database, connections: u32) -> Db {
    Db::open(database.url(), connections).await.expect("opened")
}

async fn cut_all(database: &Database) {
    let other = open(database, 1).await;
    let sql = "select pg_terminate_backend(pid) from pg_stat_activity \
               where datname = current_database() and pid <> pg_backend_pid()";
    execute(other.read(), sql, vec![]).await.expect("cut");
    other.close().await.expect("closed");
}

#[tokio::test]
async fn a_database_that_falls_silent_is_given_up_and_its_connection_is_used_again_or_replaced() {
    let database = Database::empty(Backend::Postgres).await;
    let db = open(&database, 1).await;
    db.ping().await.expect("it answers");
    // While everybody waits for the server, time runs to the next limit.
    tokio::time::pause();
    let error = execute(db.read(), "select pg_sleep(1)", vec![]).await.expect_err("too long");
    assert!(is_unavailable(&error), "{error}");
    tokio::time::resume();
    db.ping().await.expect("there is only one place for a connection");
}

#[tokio::test]
async fn one_that_was_cut_lets_the_others_be_tested() {
    let database = Database::empty(Backend::Postgres).await;
    let db = open(&database, 4).await;
    let all = futures::future::join_all((0..4).map(|_| db.begin())).await;
    drop(all);
    cut_all(&database).await;
    db.ping().await.expect_err("it was cut a moment ago");
    // Which is found out in the background.
    eventually(PATIENCE, "a connection that was tested", async || db.ping().await.ok()).await;
    for _ in 0..4 {
        db.ping().await.expect("all were tested");
    }
}

/// A plan that was made for an empty queue would be kept, however long the queue becomes.
#[tokio::test]
async fn a_query_of_a_queue_is_planned_each_time() {
    let database = Database::empty(Backend::Postgres).await;
    let db = open(&database, 1).await;
    let kept = "select statement from pg_prepared_statements where $1 = 1";
    for _ in 0..2 {
        let rows = db.read().query_all_anew(kept, vec![1.into()]).await.expect("read");
        assert!(rows.is_empty());
    }
    let rows = query_all(db.read(), kept, vec![1.into()]).await.expect("read");
    assert_eq!(rows.len(), 1, "as any other is");
    db.close().await.expect("closed");
}

#[tokio::test]
async fn a_transaction_that_is_dropped_lets_go_of_its_locks() {
    let database = Database::empty(Backend::Postgres).await;
    let db = open(&database, 2).await;
    let tx = db.begin().await.expect("begun");
    execute(&tx, "create table t (n integer)", vec![]).await.expect("made");
    drop(tx);
    let tx = db.begin().await.expect("begun");
    execute(&tx, "create table t (n integer)", vec![]).await.expect("the other one was rolled back");
    tx.commit().await.expect("committed");
    assert!(query_one(db.read(), "select count(*) as n from t", vec![]).await.expect("read").is_some());
}
