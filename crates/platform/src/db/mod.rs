//! The database: SQLite (embedded) or PostgreSQL (production), both behind sea-orm.

mod about;
mod connection;
mod errors;
mod postgres;

use std::{
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, QueryResult, SqliteTransactionMode,
    SqlxPostgresConnector, SqlxSqliteConnector, Statement, TransactionOptions, TransactionTrait, Value,
};
use sqlx::{
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

pub use self::{
    about::{About, Server},
    connection::{Connections, Either, Transaction},
    errors::{is_conflict, is_unavailable},
};
use self::{errors::connect_err, postgres::Pool};
use crate::{pem::ClientTls, private};

/// What connections say of themselves.
const APPLICATION: &str = "przesiadka";

/// Connections of one service's database.
#[derive(Clone, Debug)]
pub struct Db {
    /// On SQLite one connection, on PostgreSQL the same as for reading.
    write: Connections,
    read: Connections,
}

impl Db {
    /// Opens what a URL names: `sqlite://<file>` or `postgres://…`.
    pub async fn open(url: &str, max_connections: u32) -> Result<Self, DbErr> {
        match url.strip_prefix("sqlite://") {
            Some(file) => Self::sqlite(Path::new(file.split('?').next().unwrap_or(file))).await,
            None => Self::postgres(url, max_connections),
        }
    }

    /// Opens a SQLite file, which only its owner may read: one writer, four readers, WAL, synchronous FULL.
    /// What is deleted is overwritten.
    pub async fn sqlite(file: &Path) -> Result<Self, DbErr> {
        // SQLite gives its other files the mode of this one.
        private::new_file().append(true).open(file).map_err(|e| connect_err(e.into()))?;
        let options = SqliteConnectOptions::new()
            .filename(file)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(10))
            .pragma("secure_delete", "on");
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .test_before_acquire(false)
            .connect_with(options.clone())
            .await
            .map_err(connect_err)?;
        let read = SqlitePoolOptions::new()
            .max_connections(4)
            .test_before_acquire(false)
            .connect_with(options.pragma("query_only", "on"))
            .await
            .map_err(connect_err)?;
        Ok(Self {
            write: Either::Sqlite(SqlxSqliteConnector::from_sqlx_sqlite_pool(write)),
            read: Either::Sqlite(SqlxSqliteConnector::from_sqlx_sqlite_pool(read)),
        })
    }

    /// Opens PostgreSQL. The pool connects when it is used, so a start does not need the database.
    pub fn postgres(url: &str, max_connections: u32) -> Result<Self, DbErr> {
        let options =
            PgConnectOptions::from_str(url).map_err(connect_err)?.application_name(APPLICATION).options([
                ("statement_timeout", "10s"),
                ("lock_timeout", "5s"),
                ("idle_in_transaction_session_timeout", "15s"),
            ]);
        let pool = Either::Postgres(Pool::new(options, max_connections));
        Ok(Self { write: pool.clone(), read: pool })
    }

    /// The files that a URL of PostgreSQL names for TLS; they are read at each connection.
    ///
    /// # Errors
    /// A URL that cannot be read.
    pub(crate) fn tls_of_postgres(url: &str) -> anyhow::Result<ClientTls> {
        PgConnectOptions::from_str(url)?;
        let url: reqwest::Url = url.parse()?;
        let file = |keys: &[&str]| {
            let mut pairs = url.query_pairs();
            pairs.find(|(key, _)| keys.contains(&key.as_ref())).map(|(_, file)| PathBuf::from(&*file))
        };
        Ok(ClientTls {
            ca: file(&["sslrootcert", "ssl-root-cert", "ssl-ca"]),
            cert: file(&["sslcert", "ssl-cert"]),
            key: file(&["sslkey", "ssl-key"]),
        })
    }

    /// For queries outside transactions.
    pub const fn read(&self) -> &Connections {
        &self.read
    }

    /// For changes of the schema, which sea-orm makes on a connection of its own.
    pub(crate) fn for_schema(&self) -> DatabaseConnection {
        match &self.write {
            Either::Sqlite(write) => write.clone(),
            Either::Postgres(pool) => SqlxPostgresConnector::from_sqlx_postgres_pool(
                PgPoolOptions::new().max_connections(1).connect_lazy_with(pool.options().clone()),
            ),
        }
    }

    /// SQLite, or else PostgreSQL.
    pub fn is_sqlite(&self) -> bool {
        matches!(self.write, Either::Sqlite(_))
    }

    /// Whether a column is in the list of texts that a parameter gives, joined by commas.
    ///
    /// One statement for any number. PostgreSQL looks each of an array's up in the index, while it would join the
    /// whole table with a list that a function makes.
    pub fn is_among(&self, column: &str, parameter: &str) -> String {
        if self.is_sqlite() {
            format!("{column} in (select value from {})", json_list(parameter))
        } else {
            format!("{column} = any (string_to_array({parameter}, ','))")
        }
    }

    /// The same for a column of UUIDs.
    pub fn is_among_ids(&self, column: &str, parameter: &str) -> String {
        if self.is_sqlite() {
            format!("{column} in (select unhex(replace(value, '-', '')) from {})", json_list(parameter))
        } else {
            format!("{column} = any (string_to_array({parameter}, ',')::uuid[])")
        }
    }

    /// Begins a transaction that may write: READ COMMITTED, or BEGIN IMMEDIATE on SQLite. Dropping it rolls it back.
    pub async fn begin(&self) -> Result<Transaction, DbErr> {
        match &self.write {
            Either::Sqlite(write) => {
                let sqlite_transaction_mode = Some(SqliteTransactionMode::Immediate);
                let options = TransactionOptions { sqlite_transaction_mode, ..Default::default() };
                Ok(Transaction::Sqlite(write.begin_with_options(options).await?))
            }
            Either::Postgres(pool) => Ok(Transaction::Postgres(pool.begin().await?)),
        }
    }

    /// Runs one statement as a transaction of its own; how many rows it changed.
    pub async fn execute(&self, sql: &str, values: Vec<Value>) -> Result<u64, DbErr> {
        execute(&self.write, sql, values).await
    }

    /// How PostgreSQL's connections stand.
    pub(crate) fn pool(&self) -> Option<deadpool::Status> {
        match &self.read {
            Either::Sqlite(_) => None,
            Either::Postgres(pool) => Some(pool.status()),
        }
    }

    /// Whether the database answers, or has just answered anybody.
    pub async fn is_there(&self) -> bool {
        match &self.read {
            Either::Postgres(pool) if pool.answered_lately() => true,
            _ => self.ping().await.is_ok(),
        }
    }

    /// Asks the database.
    pub async fn ping(&self) -> Result<(), DbErr> {
        query_one(&self.read, "select 1", vec![]).await.map(drop)
    }

    /// Empties SQLite's journal, which keeps what was overwritten until it is written anew. Nothing on PostgreSQL.
    pub async fn empty_journal(&self) -> Result<(), DbErr> {
        if let Either::Sqlite(write) = &self.write {
            write.execute_unprepared("pragma wal_checkpoint(truncate)").await?;
        }
        Ok(())
    }

    /// Closes all connections after the last use.
    pub async fn close(self) -> Result<(), DbErr> {
        self.read.close().await?;
        self.write.close().await
    }
}

/// A text that holds JSON, for a column of JSON.
pub fn as_json(c: &impl ConnectionTrait, text: &str) -> String {
    match c.get_database_backend() {
        DbBackend::Postgres => format!("cast({text} as jsonb)"),
        _ => text.to_owned(),
    }
}

fn json_list(parameter: &str) -> String {
    format!("json_each('[\"' || replace({parameter}, ',', '\",\"') || '\"]')")
}

/// Runs one statement with `$1`-style parameters, which both databases understand.
pub async fn execute(c: &impl ConnectionTrait, sql: &str, values: Vec<Value>) -> Result<u64, DbErr> {
    Ok(c.execute_raw(Statement::from_sql_and_values(c.get_database_backend(), sql, values))
        .await?
        .rows_affected())
}

/// The first row of a query with `$1`-style parameters.
pub async fn query_one(
    c: &impl ConnectionTrait,
    sql: &str,
    values: Vec<Value>,
) -> Result<Option<QueryResult>, DbErr> {
    c.query_one_raw(Statement::from_sql_and_values(c.get_database_backend(), sql, values)).await
}

/// All rows of a query with `$1`-style parameters.
pub async fn query_all(
    c: &impl ConnectionTrait,
    sql: &str,
    values: Vec<Value>,
) -> Result<Vec<QueryResult>, DbErr> {
    c.query_all_raw(Statement::from_sql_and_values(c.get_database_backend(), sql, values)).await
}

/// `($1, $2), ($3, $4)` for so many rows of so many columns; `last` ends each row.
pub fn rows(rows: usize, columns: usize, last: &str) -> String {
    let row = |r: usize| {
        let columns: Vec<String> = (1..=columns).map(|c| format!("${}", r * columns + c)).collect();
        format!("({}{last})", columns.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[tokio::test]
    async fn a_file_is_for_its_owner_alone_and_forgets_what_is_deleted() {
        let folder = std::env::temp_dir().join(format!("przesiadka-db-{}", uuid::Uuid::now_v7()));
        private::create_dir_all(&folder).expect("a folder");
        let file = folder.join("a.db");
        let db = Db::sqlite(&file).await.expect("opens");
        for sql in ["create table t (name text)", "insert into t values ('Anna Nowak')", "delete from t"] {
            let tx = db.begin().await.expect("begun");
            execute(&tx, sql, vec![]).await.expect("executed");
            tx.commit().await.expect("committed");
        }
        db.empty_journal().await.expect("emptied");
        for name in ["a.db", "a.db-wal", "a.db-shm"] {
            let path = folder.join(name);
            let mode = std::fs::metadata(&path).expect("there").permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{name}");
            let bytes = std::fs::read(&path).expect("readable");
            assert!(!bytes.windows(10).any(|bytes| bytes == b"Anna Nowak"), "{name}");
        }
        db.close().await.expect("closed");
        std::fs::remove_dir_all(folder).expect("removed");
    }
}
