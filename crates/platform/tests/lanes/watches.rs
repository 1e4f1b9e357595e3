//! A watcher misses nothing and resumes where it stopped.

use std::pin::pin;

use futures::StreamExt as _;
use platform::{
    core::Core,
    db::execute,
    watch::{WatchFilter, Watched},
};
use proto::common::v1::ErrorReason;
use rstest::rstest;
use testkit::Backend;

use crate::world::{Home, company, make};

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
