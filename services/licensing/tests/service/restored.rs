//! Scheduling's database was restored from a backup.

use proto::licensing::v1 as pb;
use rstest::rstest;
use testkit::Backend::{self, Postgres, Sqlite};

use crate::world::World;

#[rstest]
#[tokio::test]
async fn licences_follow_what_scheduling_tells_and_keep_what_was_recorded(
    #[values(Sqlite, Postgres)] backend: Backend,
) {
    let world = World::new(backend).await;
    world.choose(&world.dealer, pb::LicenceKind::Standard).await.expect("chosen");
    for demand in ["windows_server", "sql_server"] {
        world.record(&world.dealer, demand).await.expect("recorded");
    }
    // Events 6 and 7 are lost.
    world.variant(&world.dealer, "existing_server", true, &["sql_server"]).await;
    world.cancel(&world.dealer).await;
    let found = world.harness.set_back("scheduling", world.dealer.company, 5).await;
    let differs = |what: &str, here: &str, there: &str| (what.to_owned(), here.to_owned(), there.to_owned());
    assert_eq!(
        found,
        [
            differs("last_event", "7", "5"),
            differs("variant", "existing_server", "new_server"),
            differs("phase", "cancelled", "open"),
        ]
    );
    let licensing = world.get(&world.dealer).await;
    assert_eq!((licensing.variant.as_str(), licensing.state()), ("new_server", pb::LicensingState::Complete));
    assert_eq!(world.told_status().await, Some((true, vec![])), "what was recorded counts again");
    world.variant(&world.dealer, "existing_server", true, &["sql_server"]).await;
    assert_eq!(world.get(&world.dealer).await.variant, "existing_server", "it goes on");
}

#[tokio::test]
async fn a_project_that_scheduling_does_not_know_keeps_nothing_set_aside() {
    let world = World::new(Sqlite).await;
    let found = world.harness.set_back("scheduling", world.dealer.company, 3).await;
    assert_eq!(found[1], ("project".to_owned(), "opened".to_owned(), String::new()));
    assert_eq!(world.get(&world.dealer).await.state(), pb::LicensingState::Closed);
}
