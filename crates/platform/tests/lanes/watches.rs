//! A watcher misses nothing and resumes where it stopped.

use std::pin::pin;

use futures::StreamExt as _;
use platform::{
    core::Core,
    db::{execute, query_one},
    unit::Begun,
    watch::{WatchFilter, Watched},
};
use proto::common::v1::ErrorReason;
use rstest::rstest;
use testkit::{Backend, eventually};

use crate::world::{Home, PATIENCE, company, event, make, ticket};

/// Follows until `n` events have come; their lanes' numbers and the last token.
async fn follow(core: &Core, token: Option<&str>, filter: WatchFilter, n: usize) -> (Vec<i64>, String) {
    let mut stream = pin!(core.watch(token, filter).await.expect("watching"));
    let (mut seen, mut last) = (Vec::new(), String::new());
    while seen.len() < n {
        match stream.next().await.expect("endless").expect("event") {
            Watched::Event { message, token } => {
                seen.push(message.seq);
                last = token;
            }
            Watched::Bookmark { token } => last = token,
        }
    }
    (seen, last)
}

#[rstest]
#[case::sqlite(Backend::Sqlite)]
#[case::postgres(Backend::Postgres)]
#[tokio::test]
async fn a_watch_resumes_without_loss_while_writers_commit_at_once(#[case] backend: Backend) {
    let home = Home::new("maker", backend).await;
    let core = home.core().await;
    let start = core.watch_token(&WatchFilter::default()).await.expect("token");
    let writers = async {
        let write = async |n: u128| {
            let core = home.core().await;
            for _ in 0..10 {
                make(&core, company(n), &["note"]).await;
                core.sequence().await.expect("sequenced");
            }
        };
        tokio::join!(write(1), write(2), write(3));
    };
    let watcher = async {
        let (mut token, mut count) = (start, 0);
        // Interrupted after every seventh event.
        while count < 28 {
            let (seen, last) = follow(&core, Some(&token), WatchFilter::default(), 7).await;
            count += seen.len();
            token = last;
        }
        follow(&core, Some(&token), WatchFilter::default(), 2).await
    };
    let ((), (rest, _)) = tokio::join!(writers, watcher);
    assert_eq!(rest.len(), 2);
    let only = WatchFilter { company: Some(company(2)), project: None };
    let begin = core.watch_token(&only).await.expect("token");
    make(&core, company(1), &["note"]).await;
    make(&core, company(2), &["note"]).await;
    core.sequence().await.expect("sequenced");
    assert_eq!(follow(&core, Some(&begin), only, 1).await.0, [11]);
}

/// PostgreSQL only: SQLite has one writer at a time.
#[tokio::test]
async fn a_command_that_commits_late_is_not_missed() {
    let home = Home::new("maker", Backend::Postgres).await;
    let (core, slow) = (home.core().await, home.core().await);
    let all = WatchFilter::default;
    let token = core.watch_token(&all()).await.expect("token");
    // Somebody holds its request id, so the command waits between its events and its commit.
    let holder = core.db.begin().await.expect("begun");
    let sql = "insert into request (key, payload_hash, resource, created_at) values ('slow', 'p', '', now())";
    execute(&holder, sql, vec![]).await.expect("held");
    let late = tokio::spawn(async move {
        let Begun::Fresh(mut unit) =
            slow.begin_command(company(1).into(), ticket("slow", "p")).await.expect("begun")
        else {
            panic!("nothing was kept under this id");
        };
        unit.emit(event("note"));
        unit.commit("thing").await.expect("committed");
    });
    let waiting =
        "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    eventually(PATIENCE, "the command waits", async || {
        query_one(core.db.read(), waiting, vec![]).await.expect("activity").map(drop)
    })
    .await;

    make(&core, company(2), &["note"]).await;
    core.sequence().await.expect("sequenced");
    let (_, token) = follow(&core, Some(&token), all(), 1).await;
    holder.rollback().await.expect("let go");
    late.await.expect("ended");
    core.sequence().await.expect("sequenced");
    let next = follow(&core, Some(&token), all(), 1);
    tokio::time::timeout(PATIENCE, next).await.expect("the late event is seen");
}

#[rstest]
#[case::sqlite(Backend::Sqlite)]
#[tokio::test]
async fn a_token_of_another_filter_or_database_is_refused(#[case] backend: Backend) {
    let (here, there) = (Home::new("maker", backend).await, Home::new("maker", backend).await);
    let (here, there) = (here.core().await, there.core().await);
    let all = WatchFilter::default();
    let one = WatchFilter { company: Some(company(1)), project: None };
    let token = here.watch_token(&all).await.expect("token");
    for (core, token, filter) in
        [(&here, token.as_str(), one), (&there, token.as_str(), all.clone()), (&here, "x", all)]
    {
        let refused = core.watch(Some(token), filter).await.err().expect("refused");
        assert_eq!(refused.reason(), ErrorReason::WatchTokenInvalid);
    }
}

#[rstest]
#[case::sqlite(Backend::Sqlite)]
#[tokio::test]
async fn a_token_from_before_the_database_was_set_back_is_refused(#[case] backend: Backend) {
    let home = Home::new("maker", backend).await;
    let core = home.core().await;
    make(&core, company(1), &["note"]).await;
    core.sequence().await.expect("sequenced");
    let all = WatchFilter::default();
    let token = core.watch_token(&all).await.expect("token");
    let tx = core.db.begin().await.expect("begun");
    execute(&tx, "update head set next_position = 1", vec![]).await.expect("set back");
    tx.commit().await.expect("committed");
    let refused = core.watch(Some(&token), all).await.err().expect("refused");
    assert_eq!(refused.reason(), ErrorReason::WatchTokenInvalid);
}
