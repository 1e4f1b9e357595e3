//! The schema changes of this service, in order. Expand, then contract: a change that is out is
//! never edited.

use platform::schema::{self, Change, document_table};
use sea_orm_migration::{MigrationTrait, MigratorTrait};

/// Platform's changes and this service's.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            schema::platform(),
            Box::new(Change {
                name: "m20261122_000002_scheduling",
                tables: || vec![document_table("company"), document_table("project")],
                sql: &[
                    "create index project_company on project (company, id)",
                    // The label is the current stage, or how the project ended (ONE_OPEN_PROJECT).
                    "create unique index project_open on project (company) \
                     where label not in ('completed', 'cancelled')",
                ],
            }),
            Box::new(Change {
                name: "m20261122_000003_holidays",
                tables: Vec::new,
                // By which list all open projects were checked last; see `project/holidays.rs`.
                sql: &["create table holidays_checked (id integer primary key, days text not null)"],
            }),
            schema::follows(),
            schema::by_lane(),
            Box::new(Change {
                name: "m20261125_000002_stages",
                tables: Vec::new,
                // A list of all companies' projects at one stage, in its order.
                sql: &["create index project_stage on project (label, id)"],
            }),
            schema::epochs(),
        ]
    }
}
