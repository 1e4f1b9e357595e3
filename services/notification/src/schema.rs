//! The tables, and every change that was ever made to them.

use platform::{
    documents::Document,
    schema::{Change, by_lane, document_table, epochs, follows, platform},
};
use sea_orm::sea_query::{ColumnDef, Index, Table, TableCreateStatement};
use sea_orm_migration::{MigrationTrait, MigratorTrait};

use crate::{project::Project, questions::Question, recipients::Directory};

/// Platform's changes and this service's.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let own = Change { name: "m20261122_000002_notification", tables, sql: &INDEXES };
        let backlog = Change { name: "m20261125_000002_backlog", tables: Vec::new, sql: &BACKLOG };
        let delivery = Change { name: "m20261126_000002_delivery", tables: Vec::new, sql: &DELIVERY };
        let first = Change { name: "m20261126_000003_first", tables: Vec::new, sql: &FIRST };
        let open = Change { name: "m20261126_000004_open", tables: Vec::new, sql: &OPEN };
        let links = Change { name: "m20261126_000005_links", tables: links, sql: &[] };
        let webhooks =
            Change { name: "m20261126_000005_webhooks", tables: webhook_tables, sql: &WEBHOOK_INDEXES };
        let held = Change { name: "m20261127_000002_held", tables: Vec::new, sql: &HELD };
        let trace = Change { name: "m20261127_000003_trace", tables: Vec::new, sql: &TRACE };
        vec![
            platform(),
            Box::new(own),
            follows(),
            Box::new(backlog),
            by_lane(),
            Box::new(delivery),
            Box::new(first),
            Box::new(open),
            Box::new(links),
            Box::new(webhooks),
            Box::new(held),
            Box::new(trace),
            epochs(),
        ]
    }
}

const INDEXES: [&str; 4] = [
    "create index message_due on message (due_at) where due_at is not null",
    "create index message_company on message (company, id)",
    "create index project_company on project (company, label)",
    "create index question_company on question (company, id)",
];

/// In the order in which messages are taken: of a backlog only its beginning is read.
const BACKLOG: [&str; 2] =
    ["create index message_turn on message (due_at, id) where due_at is not null", "drop index message_due"];

/// What changes while a message is on its way; see `message/store.rs`.
const DELIVERY: [&str; 1] = ["alter table message add column delivery jsonb"];

/// To find the first message to a recipient that is not done with.
const FIRST: [&str; 1] =
    ["create index message_first on message (company, recipient, id) where due_at is not null"];

/// The same by other words than those of `message_turn`. With old statistics PostgreSQL takes a queue for empty and any
/// index for as good as this one, and read the whole queue for each message in it.
const OPEN: [&str; 2] = [
    "drop index message_first",
    "create index message_open on message (company, recipient, id) where label in ('pending', 'sending')",
];

/// What waits in business time; and the turn of what belongs to running migrations, which is before all others.
const HELD: [&str; 8] = [
    "alter table message add column held_until timestamp with time zone",
    "alter table message add column urgent boolean not null default false",
    "create index message_held on message (held_until, id) where held_until is not null",
    "create index message_held_of on message (company, id) where label = 'held'",
    "drop index message_turn",
    "create index message_turn on message (urgent, due_at, id) where due_at is not null",
    "drop index message_open",
    "create index message_open on message (company, recipient, urgent, id) where label in ('pending', 'sending')",
];

/// A webhook goes on in the trace of what it tells about.
const TRACE: [&str; 1] = ["alter table webhook_delivery add column trace text"];

fn links() -> Vec<TableCreateStatement> {
    vec![
        Table::create()
            .table("calendar_link")
            .col(ColumnDef::new("id").uuid().primary_key())
            // "-" for all companies.
            .col(ColumnDef::new("company").text().not_null())
            .col(ColumnDef::new("holder").text().not_null())
            // Of the secret, which is nowhere.
            .col(ColumnDef::new("digest").text().not_null().unique_key())
            .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
            .index(Index::create().unique().col("company").col("holder"))
            .to_owned(),
    ]
}

/// What is due of an endpoint, its queues, what is old, and the log of one endpoint.
const WEBHOOK_INDEXES: [&str; 3] = [
    "create index webhook_delivery_due on webhook_delivery (endpoint, due_at, position) where due_at is not null",
    "create index webhook_delivery_open on webhook_delivery (endpoint, queue, position) where label in ('pending', 'sending')",
    "create index webhook_delivery_created on webhook_delivery (created_at)",
];

/// See `webhooks/endpoints.rs` and `webhooks/queue.rs`.
fn webhook_tables() -> Vec<TableCreateStatement> {
    vec![
        Table::create()
            .table("webhook_endpoint")
            .col(ColumnDef::new("id").uuid().primary_key())
            .col(ColumnDef::new("label").text().not_null())
            .col(ColumnDef::new("version").big_integer().not_null())
            .col(ColumnDef::new("body").json_binary().not_null())
            .col(ColumnDef::new("failing_since").timestamp_with_time_zone())
            .to_owned(),
        Table::create()
            .table("webhook_delivery")
            // Rises within a queue: whoever puts in holds the company's lane.
            .col(ColumnDef::new("position").big_integer().auto_increment().primary_key())
            .col(ColumnDef::new("endpoint").uuid().not_null())
            .col(ColumnDef::new("event_id").uuid().not_null())
            .col(ColumnDef::new("queue").text().not_null())
            .col(ColumnDef::new("company").text().not_null())
            .col(ColumnDef::new("project").uuid())
            .col(ColumnDef::new("event_type").text().not_null())
            .col(ColumnDef::new("payload").text().not_null())
            .col(ColumnDef::new("label").text().not_null())
            // Next try, or the end of a lease. Null when there is nothing to do.
            .col(ColumnDef::new("due_at").timestamp_with_time_zone())
            .col(ColumnDef::new("lease").uuid())
            .col(ColumnDef::new("attempts").big_integer().not_null().default(0))
            .col(ColumnDef::new("first_tried_at").timestamp_with_time_zone())
            .col(ColumnDef::new("last_tried_at").timestamp_with_time_zone())
            .col(ColumnDef::new("status_code").integer().not_null().default(0))
            .col(ColumnDef::new("outcome").text().not_null().default(""))
            // Business time; machine time.
            .col(ColumnDef::new("heard_at").timestamp_with_time_zone().not_null())
            .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
            .col(ColumnDef::new("version").big_integer().not_null().default(1))
            .index(Index::create().unique().col("endpoint").col("event_id"))
            .to_owned(),
    ]
}

fn tables() -> Vec<TableCreateStatement> {
    vec![
        document_table(Directory::TABLE),
        document_table(Project::TABLE),
        document_table(Question::TABLE),
        Table::create()
            .table("message")
            .col(ColumnDef::new("id").uuid().primary_key())
            .col(ColumnDef::new("company").text().not_null())
            .col(ColumnDef::new("project").uuid())
            // What makes a message the only one: the event, who it is for, and what of the event it tells.
            .col(ColumnDef::new("event_id").uuid().not_null())
            .col(ColumnDef::new("recipient").text().not_null())
            .col(ColumnDef::new("kind").text().not_null())
            .col(ColumnDef::new("part").text().not_null())
            // Ids of the contacts whom the words name, for anonymising.
            .col(ColumnDef::new("mentions").text().not_null())
            .col(ColumnDef::new("label").text().not_null())
            // Next try, or the end of a lease; machine time. Null when there is nothing to do.
            .col(ColumnDef::new("due_at").timestamp_with_time_zone())
            .col(ColumnDef::new("version").big_integer().not_null())
            .col(ColumnDef::new("body").json_binary().not_null())
            .index(Index::create().unique().col("event_id").col("recipient").col("kind").col("part"))
            .to_owned(),
    ]
}
