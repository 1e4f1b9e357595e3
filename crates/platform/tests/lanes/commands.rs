//! A command's effect happens once, and only when its unit commits.

use platform::{
    Error,
    documents::{self, Document, Stored},
    unit::{Begun, Unit},
};
use proto::common::v1::ErrorReason;
use rstest::rstest;
use testkit::Backend;

use crate::world::{Home, company, delivered, event, make, ticket};

fn fresh(begun: Begun) -> Unit {
    match begun {
        Begun::Fresh(unit) => unit,
        Begun::Replayed(resource) => panic!("replayed {resource}"),
    }
}

#[rstest]
#[case::sqlite(Backend::Sqlite)]
#[case::postgres(Backend::Postgres)]
#[tokio::test]
async fn the_same_request_twice_happens_once(#[case] backend: Backend) {
    let home = Home::new("maker", backend).await;
    let core = home.core().await;
    let lane = company(1).into();
    let first = ticket("r1", "payload");
    let mut unit = fresh(core.begin_command(lane, first.clone()).await.expect("begun"));
    unit.emit(event("note"));
    unit.commit("things/1").await.expect("committed");
    assert_eq!(first.position.get().map(|p| p.number.seq), Some(1));

    let again = ticket("r1", "payload");
    match core.begin_command(lane, again.clone()).await.expect("begun") {
        Begun::Replayed(resource) => assert_eq!(resource, "things/1"),
        Begun::Fresh(_) => panic!("the same request id again"),
    }
    assert_eq!(again.position.get().map(|p| p.number.seq), Some(1), "the repeat can wait for the write too");

    let other = core.begin_command(lane, ticket("r1", "another payload")).await.err().expect("refused");
    assert_eq!(other.reason(), ErrorReason::RequestIdReused);
    let elsewhere = core.begin_command(company(2).into(), ticket("r1", "another payload")).await;
    assert_eq!(elsewhere.err().expect("refused").reason(), ErrorReason::RequestIdReused);
}

#[rstest]
#[case::sqlite(Backend::Sqlite)]
#[case::postgres(Backend::Postgres)]
#[tokio::test]
async fn two_senders_of_one_request_at_once(#[case] backend: Backend) {
    let home = Home::new("maker", backend).await;
    let (left, right) = (home.core().await, home.core().await);
    let send = async |core: &platform::core::Core| match core
        .begin_command(company(1).into(), ticket("r", "p"))
        .await?
    {
        Begun::Replayed(_) => Ok::<_, Error>(0),
        Begun::Fresh(mut unit) => {
            unit.emit(event("note"));
            unit.commit("things/1").await?;
            Ok(1)
        }
    };
    let (a, b) = tokio::join!(send(&left), send(&right));
    assert_eq!(a.expect("sent") + b.expect("sent"), 1);
    left.sequence().await.expect("sequenced");
    assert_eq!(delivered(&left, company(1)).await.len(), 1);
}

#[rstest]
#[case::sqlite(Backend::Sqlite)]
#[case::postgres(Backend::Postgres)]
#[tokio::test]
async fn commands_at_once_on_one_lane_are_numbered_without_a_gap(#[case] backend: Backend) {
    let home = Home::new("maker", backend).await;
    let (left, right) = (home.core().await, home.core().await);
    let send = async |core| {
        for _ in 0..20 {
            make(core, company(1), &["note"]).await;
        }
    };
    tokio::join!(send(&left), send(&right));
    left.sequence().await.expect("sequenced");
    let numbers: Vec<i64> = delivered(&left, company(1)).await.iter().map(|m| m.seq).collect();
    assert_eq!(numbers, (1..=40).collect::<Vec<_>>());
}

#[rstest]
#[case::sqlite(Backend::Sqlite)]
#[case::postgres(Backend::Postgres)]
#[tokio::test]
async fn a_judged_or_dropped_command_leaves_nothing(#[case] backend: Backend) {
    let home = Home::new("maker", backend).await;
    let core = home.core().await;
    let mut judged = ticket("r1", "p");
    judged.validate_only = true;
    let mut unit = fresh(core.begin_command(company(1).into(), judged).await.expect("begun"));
    unit.emit(event("note"));
    unit.commit("things/1").await.expect("judged");

    let mut unit = fresh(core.begin_command(company(1).into(), ticket("r2", "p")).await.expect("begun"));
    unit.emit(event("note"));
    drop(unit);

    core.sequence().await.expect("sequenced");
    assert!(delivered(&core, company(1)).await.is_empty());
    for request in ["r1", "r2"] {
        assert!(matches!(
            core.begin_command(company(1).into(), ticket(request, "p")).await.expect("begun"),
            Begun::Fresh(_)
        ));
    }
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Thing(i32);

impl Document for Thing {
    const TABLE: &'static str = "thing";

    fn label(&self) -> String {
        String::new()
    }
}

#[rstest]
#[case::sqlite(Backend::Sqlite)]
#[case::postgres(Backend::Postgres)]
#[tokio::test]
async fn a_document_that_changed_since_it_was_read_is_not_overwritten(#[case] backend: Backend) {
    let home = Home::new("maker", backend).await;
    let core = home.core().await;
    let id = uuid::Uuid::from_u128(7);
    let tx = core.db.begin().await.expect("begun");
    documents::insert(&tx, company(1), id, &Thing(1)).await.expect("added");
    let read: Stored<Thing> = documents::find(&tx, company(1), id).await.expect("read").expect("there");
    let late = Stored { value: Thing(3), ..read };
    documents::save(&tx, &Stored { value: Thing(2), ..late }).await.expect("saved");
    assert!(documents::save(&tx, &late).await.expect_err("refused").is_conflict());
    let kept: Stored<Thing> = documents::find(&tx, company(1), id).await.expect("read").expect("there");
    assert_eq!((kept.value.0, kept.version), (2, 2));
}
