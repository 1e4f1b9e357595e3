//! The service's tables beside the platform's.

use platform::schema::{self, Change};
use sea_orm::sea_query::{ColumnDef, Index, Table, TableCreateStatement};
use sea_orm_migration::{MigrationTrait, MigratorTrait};

/// Documents: one dossier per project.
pub const DOSSIER: &str = "dossier";

/// Every change of this service's database, in order.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let tables = Change { name: "m20261122_000002_audit", tables, sql: &INDEXES };
        let auditor = Change { name: "m20261126_000002_auditor", tables: Vec::new, sql: &AUDITOR };
        let company = Change { name: "m20261126_000003_company", tables: company, sql: &[] };
        vec![
            schema::platform(),
            Box::new(tables),
            schema::follows(),
            schema::by_lane(),
            Box::new(auditor),
            schema::files(),
            Box::new(company),
            schema::epochs(),
        ]
    }
}

const INDEXES: [&str; 1] = ["create index part_listed on part (kind, company, id)"];

/// To list what an auditor has to do.
const AUDITOR: [&str; 2] = [
    "alter table part add column auditor text",
    "create index part_auditor on part (auditor, id) where auditor is not null",
];

fn tables() -> Vec<TableCreateStatement> {
    vec![
        schema::document_table(DOSSIER),
        // What lists go through: one row for each audit and finding, which lie inside the dossiers.
        Table::create()
            .table("part")
            .col(ColumnDef::new("id").uuid().not_null())
            .col(ColumnDef::new("kind").text().not_null())
            .col(ColumnDef::new("company").text().not_null())
            .col(ColumnDef::new("project").uuid().not_null())
            .col(ColumnDef::new("label").text().not_null())
            .primary_key(Index::create().col("kind").col("id"))
            .to_owned(),
    ]
}

/// The companies' names, for reports.
fn company() -> Vec<TableCreateStatement> {
    vec![
        Table::create()
            .table("company")
            .col(ColumnDef::new("company").text().not_null().primary_key())
            .col(ColumnDef::new("display_name").text().not_null())
            .to_owned(),
    ]
}
