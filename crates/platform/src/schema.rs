//! The tables that every service's database has, and how schema changes are applied.

use std::collections::HashSet;

use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, TransactionTrait as _,
    sea_query::{ColumnDef, Index, Table, TableCreateStatement},
};
use sea_orm_migration::{MigrationName, MigrationTrait, MigratorTrait, SchemaManager, async_trait};
use serde::Serialize;

use crate::{
    clock,
    db::{Db, execute, query_all, query_one},
};

/// A build accepts a newer schema up to this number; a change that an older build cannot live with raises it.
pub const COMPATIBILITY: i64 = RESTORED;
/// What a new database begins with: a release that raises it cannot be rolled out beside the one before.
pub const NEW: i64 = 1;
/// A database that was restored: builds before the epochs would give their events numbers that are known.
pub(crate) const RESTORED: i64 = 2;

/// One schema change: a name that is never reused, and its statements.
pub struct Change {
    pub name: &'static str,
    pub tables: fn() -> Vec<TableCreateStatement>,
    /// Statements that a table definition cannot say, the same in both databases.
    pub sql: &'static [&'static str],
}

impl MigrationName for Change {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Change {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in (self.tables)() {
            manager.create_table(table).await?;
        }
        for sql in self.sql {
            manager.get_connection().execute_unprepared(sql).await?;
        }
        Ok(())
    }
}

/// Applies what is missing of the platform's and the service's changes; several processes may try at once.
///
/// A schema with changes unknown to this build is accepted when its compatibility number is this build's.
pub async fn up<M: MigratorTrait>(db: &Db) -> Result<(), DbErr> {
    let connection = db.for_schema();
    let tx = connection.begin().await?;
    if tx.get_database_backend() == DbBackend::Postgres {
        // Held to the end of the transaction; sea-orm-migration itself takes no lock.
        execute(&tx, "select pg_advisory_xact_lock(7263845)", vec![]).await?;
    }
    M::install(&tx).await?;
    let applied = applied(&tx).await?;
    let known = M::migrations();
    if applied.iter().any(|name| known.iter().all(|m| m.name() != name)) {
        let number = query_one(&tx, "select compatibility from head", vec![]).await?;
        let number: i64 = number.map(|r| r.try_get("", "compatibility")).transpose()?.unwrap_or(NEW);
        if number > COMPATIBILITY {
            return Err(too_new(number));
        }
        if known.iter().any(|m| !applied.contains(m.name())) {
            return Err(DbErr::Migration(
                "the schema belongs to another line of builds than this one".into(),
            ));
        }
    } else {
        M::up(&tx, None).await?;
        execute(
            &tx,
            "insert into head (id, next_position, epoch, token_key, compatibility, made_at) values (1, 1, $1, $2, $3, $4) \
             on conflict (id) do nothing",
            vec![
                uuid::Uuid::now_v7().into(),
                crate::tokens::new_key()?.into(),
                NEW.into(),
                clock::to_db(clock::machine_now()).into(),
            ],
        )
        .await?;
    }
    tx.commit().await?;
    // SQLite's only one goes on.
    if db.is_sqlite() { Ok(()) } else { connection.close().await }
}

fn too_new(number: i64) -> DbErr {
    DbErr::Migration(format!(
        "the schema is of compatibility {number}, this build knows {COMPATIBILITY}: use a newer build"
    ))
}

/// How a database's schema stands to this build.
#[derive(Clone, Debug, Serialize)]
pub struct Standing {
    /// Changes of this build that it has not had.
    pub missing: Vec<String>,
    /// Changes that this build does not know.
    pub newer: Vec<String>,
    /// Its compatibility number; none before the first change.
    pub compatibility: Option<i64>,
}

impl Standing {
    /// Whether this build can work on it.
    pub fn is_usable(&self) -> bool {
        self.missing.is_empty() && self.compatibility.is_some_and(|number| number <= COMPATIBILITY)
    }

    pub fn word(&self) -> &'static str {
        match (self.compatibility, self.missing.as_slice(), self.newer.as_slice()) {
            (None, ..) => "none yet",
            (Some(number), ..) if number > COMPATIBILITY => "of a newer build, not compatible",
            (_, [], []) => "up to date",
            (_, [], _) => "of a newer build, compatible",
            (_, _, []) => "behind",
            _ => "of another line of builds",
        }
    }
}

/// What the database has had of this build's changes, and what else.
pub async fn standing<M: MigratorTrait>(db: &Db) -> Result<Standing, DbErr> {
    let known: Vec<String> = M::migrations().iter().map(|m| m.name().to_owned()).collect();
    if !has_table(db).await? {
        return Ok(Standing { missing: known, newer: Vec::new(), compatibility: None });
    }
    let applied = applied(db.read()).await?;
    let mut newer: Vec<String> = applied.iter().filter(|name| !known.contains(name)).cloned().collect();
    newer.sort_unstable();
    let row = query_one(db.read(), "select compatibility from head", vec![]).await?;
    Ok(Standing {
        missing: known.into_iter().filter(|name| !applied.contains(name)).collect(),
        newer,
        compatibility: row.map(|row| row.try_get("", "compatibility")).transpose()?,
    })
}

/// Whether the database has had every change of this build; it may have had more, of the same compatibility number.
pub async fn is_up<M: MigratorTrait>(db: &Db) -> Result<bool, DbErr> {
    let standing = standing::<M>(db).await?;
    match standing.compatibility {
        Some(number) if number > COMPATIBILITY => Err(too_new(number)),
        _ => Ok(standing.missing.is_empty()),
    }
}

async fn has_table(db: &Db) -> Result<bool, DbErr> {
    let has_table = if db.is_sqlite() {
        "select 1 from sqlite_master where name = 'seaql_migrations'"
    } else {
        "select 1 where to_regclass('seaql_migrations') is not null"
    };
    Ok(query_one(db.read(), has_table, vec![]).await?.is_some())
}

async fn applied(c: &impl ConnectionTrait) -> Result<HashSet<String>, DbErr> {
    let rows = query_all(c, "select version from seaql_migrations", vec![]).await?;
    rows.iter().map(|r| r.try_get("", "version")).collect()
}

/// The first change of every service: what the platform needs.
pub fn platform() -> Box<dyn MigrationTrait> {
    Box::new(Change { name: "m20261122_000001_platform", tables, sql: &INDEXES })
}

/// What came later, for every service: which events of others an event follows.
pub fn follows() -> Box<dyn MigrationTrait> {
    Box::new(Change {
        name: "m20261125_000001_follows",
        tables: Vec::new,
        sql: &["alter table outbox add column follows text", "alter table inbox add column follows text"],
    })
}

/// What came later, for every service: all that is known of a company's lanes is asked for by the lane alone.
pub fn by_lane() -> Box<dyn MigrationTrait> {
    Box::new(Change {
        name: "m20261126_000001_by_lane",
        tables: Vec::new,
        sql: &["create index cursor_lane on cursor (lane)", "create index inbox_lane on inbox (lane)"],
    })
}

/// What came later, for every service: a producer whose database is restored begins a new epoch, and where it differs
/// from what was heard of it before; see [`crate::restored`].
pub fn epochs() -> Box<dyn MigrationTrait> {
    Box::new(Change {
        name: "m20261127_000004_epochs",
        tables: || {
            vec![
                Table::create()
                    .table("difference")
                    .col(ColumnDef::new("id").uuid().primary_key())
                    .col(ColumnDef::new("source").text().not_null())
                    .col(ColumnDef::new("lane").text().not_null())
                    .col(ColumnDef::new("project").text())
                    .col(ColumnDef::new("what").text().not_null())
                    .col(ColumnDef::new("here").text().not_null())
                    .col(ColumnDef::new("there").text().not_null())
                    .col(ColumnDef::new("noticed_at").timestamp_with_time_zone().not_null())
                    .to_owned(),
            ]
        },
        sql: &[
            "alter table head add column lane_epoch bigint not null default 0",
            "alter table outbox add column epoch bigint not null default 0",
            "alter table cursor add column epoch bigint not null default 0",
            "alter table inbox add column epoch bigint not null default 0",
        ],
    })
}

/// For services that take files: what is known of them; see [`crate::files`].
pub fn files() -> Box<dyn MigrationTrait> {
    Box::new(Change {
        name: "m20261126_000003_file",
        tables: || {
            vec![
                Table::create()
                    .table("file")
                    .col(ColumnDef::new("id").uuid().primary_key())
                    .col(ColumnDef::new("company").text().not_null())
                    .col(ColumnDef::new("state").text().not_null())
                    .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
                    .col(ColumnDef::new("display_name").text())
                    .col(ColumnDef::new("media_type").text())
                    .col(ColumnDef::new("size_bytes").big_integer())
                    .col(ColumnDef::new("sha256").text())
                    .col(ColumnDef::new("recorded_at").timestamp_with_time_zone())
                    .to_owned(),
            ]
        },
        // Files that are kept are looked up by their id alone.
        sql: &[
            "create index file_unused on file (company) where state <> 'kept'",
            "create index file_swept on file (state, created_at) where state <> 'kept'",
        ],
    })
}

const INDEXES: [&str; 6] = [
    "create index outbox_unsequenced on outbox (lane, seq) where position is null",
    "create index outbox_unpublished on outbox (position) where published_at is null",
    "create index history_company on history (company, id)",
    "create index timer_due on timer (due_at)",
    "create index request_created on request (created_at)",
    "create index stray_received on stray (received_at)",
];

fn tables() -> Vec<TableCreateStatement> {
    vec![
        Table::create()
            .table("head")
            .col(ColumnDef::new("id").integer().primary_key())
            .col(ColumnDef::new("next_position").big_integer().not_null())
            .col(ColumnDef::new("epoch").uuid().not_null())
            .col(ColumnDef::new("token_key").blob().not_null())
            .col(ColumnDef::new("compatibility").big_integer().not_null())
            .col(ColumnDef::new("made_at").timestamp_with_time_zone().not_null())
            .to_owned(),
        Table::create()
            .table("lane")
            .col(ColumnDef::new("lane").text().primary_key())
            .col(ColumnDef::new("next_seq").big_integer().not_null())
            .to_owned(),
        Table::create()
            .table("outbox")
            .col(ColumnDef::new("event_id").uuid().primary_key())
            .col(ColumnDef::new("lane").text().not_null())
            .col(ColumnDef::new("seq").big_integer().not_null())
            .col(ColumnDef::new("position").big_integer().unique_key())
            .col(ColumnDef::new("kind").text().not_null())
            .col(ColumnDef::new("project").text())
            .col(ColumnDef::new("payload").blob().not_null())
            .col(ColumnDef::new("trace").text())
            .col(ColumnDef::new("recorded_at").timestamp_with_time_zone().not_null())
            .col(ColumnDef::new("sequenced_at").timestamp_with_time_zone())
            .col(ColumnDef::new("published_at").timestamp_with_time_zone())
            .index(Index::create().unique().col("lane").col("seq"))
            .to_owned(),
        Table::create()
            .table("history")
            .col(ColumnDef::new("id").uuid().primary_key())
            .col(ColumnDef::new("company").text().not_null())
            .col(ColumnDef::new("project").text())
            .col(ColumnDef::new("kind").text().not_null())
            .col(ColumnDef::new("actor").text().not_null())
            .col(ColumnDef::new("request").text())
            .col(ColumnDef::new("body").json_binary().not_null())
            .col(ColumnDef::new("recorded_at").timestamp_with_time_zone().not_null())
            .to_owned(),
        Table::create()
            .table("request")
            .col(ColumnDef::new("key").text().primary_key())
            .col(ColumnDef::new("payload_hash").text().not_null())
            .col(ColumnDef::new("resource").text().not_null())
            .col(ColumnDef::new("created_at").timestamp_with_time_zone().not_null())
            .to_owned(),
        Table::create()
            .table("cursor")
            .col(ColumnDef::new("source").text().not_null())
            .col(ColumnDef::new("lane").text().not_null())
            .col(ColumnDef::new("seq").big_integer().not_null())
            .col(ColumnDef::new("parked").boolean().not_null().default(false))
            .primary_key(Index::create().col("source").col("lane"))
            .to_owned(),
        Table::create()
            .table("inbox")
            .col(ColumnDef::new("source").text().not_null())
            .col(ColumnDef::new("lane").text().not_null())
            .col(ColumnDef::new("seq").big_integer().not_null())
            .col(ColumnDef::new("event_id").text().not_null())
            .col(ColumnDef::new("kind").text().not_null())
            .col(ColumnDef::new("payload").blob().not_null())
            .col(ColumnDef::new("trace").text())
            .col(ColumnDef::new("error").text())
            .col(ColumnDef::new("recorded_at").timestamp_with_time_zone().not_null())
            .col(ColumnDef::new("sequenced_at").timestamp_with_time_zone().not_null())
            .col(ColumnDef::new("received_at").timestamp_with_time_zone().not_null())
            .primary_key(Index::create().col("source").col("lane").col("seq"))
            .to_owned(),
        Table::create()
            .table("stray")
            .col(ColumnDef::new("id").uuid().primary_key())
            .col(ColumnDef::new("subject").text().not_null())
            .col(ColumnDef::new("error").text().not_null())
            .col(ColumnDef::new("received_at").timestamp_with_time_zone().not_null())
            .to_owned(),
        Table::create()
            .table("contact")
            .col(ColumnDef::new("company").text().not_null())
            .col(ColumnDef::new("contact").uuid().not_null())
            .col(ColumnDef::new("technical").boolean().not_null())
            .col(ColumnDef::new("decision").boolean().not_null())
            .primary_key(Index::create().col("company").col("contact"))
            .to_owned(),
        Table::create()
            .table("timer")
            .col(ColumnDef::new("kind").text().not_null())
            .col(ColumnDef::new("key").text().not_null())
            .col(ColumnDef::new("lane").text().not_null())
            .col(ColumnDef::new("generation").uuid().not_null())
            .col(ColumnDef::new("due_at").timestamp_with_time_zone().not_null())
            .col(ColumnDef::new("failures").integer().not_null().default(0))
            .col(ColumnDef::new("retry_at").timestamp_with_time_zone())
            .primary_key(Index::create().col("kind").col("key"))
            .to_owned(),
    ]
}

/// A table of documents; see [`crate::documents`].
pub fn document_table(name: &'static str) -> TableCreateStatement {
    Table::create()
        .table(name)
        .col(ColumnDef::new("id").uuid().primary_key())
        .col(ColumnDef::new("company").text().not_null())
        .col(ColumnDef::new("label").text().not_null())
        .col(ColumnDef::new("version").big_integer().not_null())
        .col(ColumnDef::new("body").json_binary().not_null())
        .col(ColumnDef::new("updated_at").timestamp_with_time_zone().not_null())
        .to_owned()
}
