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
                name: "m20261122_000002_licensing",
                tables: || {
                    vec![
                        document_table("licences"),
                        document_table("company"),
                        document_table("reservations"),
                    ]
                },
                sql: &["create index licences_company on licences (company, id)"],
            }),
            schema::follows(),
            schema::by_lane(),
            schema::files(),
            schema::epochs(),
        ]
    }
}
