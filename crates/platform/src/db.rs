//! The database: SQLite (embedded) or PostgreSQL (production), both behind sea-orm.

use std::{path::Path, str::FromStr, time::Duration};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, QueryResult,
    SqliteTransactionMode, SqlxPostgresConnector, SqlxSqliteConnector, Statement, TransactionOptions,
    TransactionTrait, Value,
};
use sqlx::{
    Connection as _,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::private;

/// How long a connection counts as alive after it was used.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// Connections of one service's database.
#[derive(Clone, Debug)]
pub struct Db {
    write: DatabaseConnection,
    read: DatabaseConnection,
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
            write: SqlxSqliteConnector::from_sqlx_sqlite_pool(write),
            read: SqlxSqliteConnector::from_sqlx_sqlite_pool(read),
        })
    }

    /// Opens PostgreSQL. The pool connects when it is used, so a start does not need the database.
    pub fn postgres(url: &str, max_connections: u32) -> Result<Self, DbErr> {
        let options =
            PgConnectOptions::from_str(url).map_err(connect_err)?.application_name("przesiadka").options([
                ("statement_timeout", "10s"),
                ("lock_timeout", "5s"),
                ("idle_in_transaction_session_timeout", "15s"),
            ]);
        let pool = PgPoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(Duration::from_secs(5))
            // A connection is tested when it is given back. Once more before each use would be a round trip.
            .test_before_acquire(false)
            .before_acquire(|connection, about| {
                Box::pin(async move {
                    if about.idle_for > TRUSTED_FOR {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_lazy_with(options);
        let connection = SqlxPostgresConnector::from_sqlx_postgres_pool(pool);
        Ok(Self { write: connection.clone(), read: connection })
    }

    /// For queries outside transactions.
    pub fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// SQLite, or else PostgreSQL.
    pub fn is_sqlite(&self) -> bool {
        self.write.get_database_backend() == DbBackend::Sqlite
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

    /// Begins a transaction that may write: READ COMMITTED, or BEGIN IMMEDIATE on SQLite.
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        let sqlite_transaction_mode = (self.write.get_database_backend() == DbBackend::Sqlite)
            .then_some(SqliteTransactionMode::Immediate);
        self.write
            .begin_with_options(TransactionOptions { sqlite_transaction_mode, ..Default::default() })
            .await
    }

    /// Runs one statement as a transaction of its own; how many rows it changed.
    pub async fn execute(&self, sql: &str, values: Vec<Value>) -> Result<u64, DbErr> {
        execute(&self.write, sql, values).await
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), DbErr> {
        self.read.ping().await
    }

    /// Empties SQLite's journal, which keeps what was overwritten until it is written anew. Nothing on PostgreSQL.
    pub async fn empty_journal(&self) -> Result<(), DbErr> {
        if self.is_sqlite() {
            self.write.execute_unprepared("pragma wal_checkpoint(truncate)").await?;
        }
        Ok(())
    }

    /// Closes the pools after the last use.
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

/// Whether the same transaction may succeed when it is run again at once.
pub fn is_conflict(e: &DbErr) -> bool {
    matches!(sqlx_error(e), Some(sqlx::Error::Database(e)) if e.code().is_some_and(|c| conflicts(&c)))
}

/// Whether the database is away or overloaded: waiting helps, repeating at once does not.
pub fn is_unavailable(e: &DbErr) -> bool {
    if matches!(e, DbErr::Conn(_) | DbErr::ConnectionAcquire(_)) {
        return true;
    }
    sqlx_error(e).is_some_and(|e| match e {
        sqlx::Error::Database(e) => e.code().is_some_and(|c| away(&c)),
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        _ => false,
    })
}

/// The closed list: serialisation failure, deadlock, lock timeout; SQLite's BUSY and LOCKED.
fn conflicts(code: &str) -> bool {
    match sqlite_primary(code) {
        Some(primary) => matches!(primary, 5 | 6),
        None => matches!(code, "40001" | "40P01" | "55P03"),
    }
}

/// PostgreSQL: class 08 connection, 53 resources, 57 operator intervention (shutdown, statement
/// timeout), 58 system; idle in a transaction; a primary that became a standby.
/// SQLite: NOMEM, READONLY, IOERR, FULL, CANTOPEN, PROTOCOL.
fn away(code: &str) -> bool {
    match sqlite_primary(code) {
        Some(primary) => matches!(primary, 7 | 8 | 10 | 13 | 14 | 15),
        None => ["08", "53", "57", "58", "25P03", "25006"].iter().any(|prefix| code.starts_with(prefix)),
    }
}

/// SQLite's codes are numbers below 10000 with the primary one in the lowest byte; PostgreSQL's have five characters.
fn sqlite_primary(code: &str) -> Option<u32> {
    (code.len() < 5).then(|| code.parse::<u32>().ok()).flatten().map(|code| code & 0xff)
}

fn sqlx_error(e: &DbErr) -> Option<&sqlx::Error> {
    match e {
        DbErr::Conn(e) | DbErr::Exec(e) | DbErr::Query(e) => match e {
            sea_orm::RuntimeErr::SqlxError(e) => Some(e),
            sea_orm::RuntimeErr::Internal(_) => None,
        },
        _ => None,
    }
}

fn connect_err(e: sqlx::Error) -> DbErr {
    DbErr::Conn(sea_orm::RuntimeErr::SqlxError(e.into()))
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

    #[test]
    fn what_passes_by_itself_is_told_from_what_does_not() {
        for (code, conflict, gone) in [
            ("40001", true, false),
            ("40P01", true, false),
            ("55P03", true, false),
            ("5", true, false),   // SQLITE_BUSY
            ("517", true, false), // SQLITE_BUSY_SNAPSHOT
            ("773", true, false), // SQLITE_BUSY_TIMEOUT
            ("57P01", false, true),
            ("57014", false, true),
            ("53100", false, true), // disk full
            ("25006", false, true),
            ("58030", false, true),
            ("13", false, true),  // SQLITE_FULL
            ("778", false, true), // SQLITE_IOERR_WRITE
            ("23505", false, false),
            ("42P01", false, false),
            ("2067", false, false), // SQLITE_CONSTRAINT_UNIQUE
        ] {
            assert_eq!((conflicts(code), away(code)), (conflict, gone), "{code}");
        }
    }
}
