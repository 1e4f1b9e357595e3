//! What an operator does about parked events happens once, to the event that was meant, and is in the history.

use std::{slice::from_ref, sync::Arc};

use platform::{
    auth::Principal,
    bus::{ANONYMISED, Inlet as _},
    consumer::{Consumer, OnEvent},
    core::Core,
    db::query_all,
    unit::Ticket,
};
use proto::common::v1::ErrorReason;
use rstest::rstest;
use testkit::Backend;
use tokio_util::sync::CancellationToken;

use crate::world::{Deaf, Home, Keeper, PATIENCE, company, delivered, make, notes, place, ticket};

/// A consumer whose lane the first of these stops.
async fn stopped(kinds: &[&'static str], on: Arc<dyn OnEvent>, backend: Backend) -> (Home, Core, Consumer) {
    let (maker, keeper) = (Home::new("maker", backend).await, Home::new("keeper", backend).await);
    let made = maker.core().await;
    make(&made, company(1), kinds).await;
    made.sequence().await.expect("sequenced");
    let core = keeper.core().await;
    let consumer = Consumer::new(core.clone(), on);
    for message in delivered(&made, company(1)).await {
        consumer.receive(from_ref(&message)).await.expect("taken over");
    }
    (keeper, core, consumer)
}

async fn history(core: &Core) -> Vec<(String, String, String)> {
    let sql = "select kind, actor, body from history order by id";
    let rows = query_all(core.db.read(), sql, vec![]).await.expect("the history");
    let lines = rows.iter().map(|row| {
        let body: serde_json::Value = row.try_get("", "body").expect("JSON");
        let text = |column| row.try_get::<String>("", column).expect("text");
        (text("kind"), text("actor"), body["reason"].as_str().unwrap_or_default().to_owned())
    });
    lines.collect()
}

#[rstest]
#[case::sqlite(Backend::Sqlite)]
#[case::postgres(Backend::Postgres)]
#[tokio::test]
async fn what_is_dropped_is_passed_over_once(#[case] backend: Backend) {
    let (_home, core, consumer) = stopped(&["poison", "note", "poison"], Keeper::new(), backend).await;
    let operator = Principal::local_operator(1000);
    let drop = async |ticket: Ticket, seq| {
        core.drop_parked(&operator, ticket, &place(company(1), seq), "no use").await
    };
    // Only judged.
    let judged = Ticket { validate_only: true, ..ticket("r0", "p") };
    drop(judged, 1).await.expect("it could be");
    assert_eq!((core.parked_lanes().await.expect("counted"), history(&core).await), (1, vec![]));
    // Not the one that is there.
    assert_eq!(drop(ticket("r1", "p"), 2).await.expect_err("another").reason(), ErrorReason::NotFound);
    drop(ticket("r2", "p"), 1).await.expect("dropped");
    drop(ticket("r2", "p"), 1).await.expect("the same again");
    let other = drop(ticket("r2", "another payload"), 1).await.expect_err("another payload");
    assert_eq!(other.reason(), ErrorReason::RequestIdReused);

    let stop = CancellationToken::new();
    let sweeping = tokio::spawn({
        let stop = stop.clone();
        async move { consumer.run_inbox(stop).await }
    });
    let parked = testkit::eventually(PATIENCE, "the third", async || {
        core.parked_after(None, 10).await.expect("parked").pop()
    })
    .await;
    assert_eq!((parked.place, parked.behind), (place(company(1), 3), 0));
    assert_eq!(notes(&core, company(1)).await, [2]);
    let line = ("parked_event_dropped".to_owned(), "softvig/local-uid-1000".to_owned(), "no use".to_owned());
    assert_eq!(history(&core).await, [line]);
    drop(ticket("r3", "p"), 3).await.expect("dropped");
    assert_eq!(core.parked_lanes().await.expect("counted"), 0);
    stop.cancel();
    sweeping.await.expect("ended");
}

#[rstest]
#[case::sqlite(Backend::Sqlite)]
#[case::postgres(Backend::Postgres)]
#[tokio::test]
async fn what_removes_personal_data_is_not_dropped(#[case] backend: Backend) {
    let (_home, core, _) = stopped(&[ANONYMISED], Arc::new(Deaf), backend).await;
    let operator = Principal::local_operator(1000);
    let refused = core.drop_parked(&operator, ticket("r", "p"), &place(company(1), 1), "tired").await;
    assert_eq!(refused.expect_err("refused").reason(), ErrorReason::InvalidArgument);
    assert_eq!((core.parked_lanes().await.expect("counted"), history(&core).await), (1, vec![]));
}
