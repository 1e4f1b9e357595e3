//! A schema that a newer build has brought up.

use platform::{
    db::execute,
    schema::{self, COMPATIBILITY, Change},
};
use rstest::rstest;
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use testkit::Backend::{self, Postgres, Sqlite};

use crate::world::{Home, Toy, open};

struct Newer;

impl MigratorTrait for Newer {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let more = Change {
            name: "m20261127_000001_more",
            tables: Vec::new,
            sql: &["alter table note add column more text"],
        };
        Toy::migrations().into_iter().chain([Box::new(more) as Box<dyn MigrationTrait>]).collect()
    }
}

#[rstest]
#[case::sqlite(Sqlite)]
#[case::postgres(Postgres)]
#[tokio::test]
async fn an_older_build_goes_on_with_a_newer_schema_of_its_compatibility_number_alone(
    #[case] backend: Backend,
) {
    let home = Home::new("maker", backend).await;
    let db = open(home.database.url()).await;
    assert!(!schema::is_up::<Newer>(&db).await.expect("an answer"));
    assert_eq!(schema::standing::<Newer>(&db).await.expect("an answer").word(), "behind");
    schema::up::<Newer>(&db).await.expect("brought up");

    schema::up::<Toy>(&db).await.expect("nothing to do");
    assert!(schema::is_up::<Toy>(&db).await.expect("an answer"));
    let standing = schema::standing::<Toy>(&db).await.expect("an answer");
    assert_eq!((standing.word(), standing.is_usable()), ("of a newer build, compatible", true));
    assert_eq!(standing.newer, ["m20261127_000001_more"]);

    let raise = format!("update head set compatibility = {}", COMPATIBILITY + 1);
    let tx = db.begin().await.expect("begun");
    execute(&tx, &raise, vec![]).await.expect("raised");
    tx.commit().await.expect("committed");
    let standing = schema::standing::<Toy>(&db).await.expect("an answer");
    assert_eq!((standing.word(), standing.is_usable()), ("of a newer build, not compatible", false));
    let refused = format!("this build knows {COMPATIBILITY}: use a newer build");
    for error in [
        schema::is_up::<Toy>(&db).await.expect_err("too new"),
        schema::up::<Toy>(&db).await.expect_err("too new"),
    ] {
        assert!(error.to_string().contains(&refused), "{error}");
    }
    db.close().await.expect("closed");
}
