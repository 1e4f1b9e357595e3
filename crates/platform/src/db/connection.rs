//! What a statement can be run on, whichever the database is.

use async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult,
    Statement, Value,
};

use super::postgres::{Pool, Session};

/// One of the two databases.
#[derive(Clone, Debug)]
pub enum Either<S, P> {
    Sqlite(S),
    Postgres(P),
}

/// Each statement runs by itself, on any of them.
pub type Connections = Either<DatabaseConnection, Pool>;

/// A transaction; dropping it rolls it back.
pub type Transaction = Either<DatabaseTransaction, Session>;

impl Connections {
    /// All rows of a query of a queue, with `$1`-style parameters. PostgreSQL plans it each time: a plan that it keeps
    /// is made for the queue as it was then, such as an empty one, and is kept until statistics are taken.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn query_all_anew(&self, sql: &str, values: Vec<Value>) -> Result<Vec<QueryResult>, DbErr> {
        let statement = Statement::from_sql_and_values(self.get_database_backend(), sql, values);
        match self {
            Self::Sqlite(sqlite) => sqlite.query_all_raw(statement).await,
            Self::Postgres(pool) => pool.query_all_anew(statement).await,
        }
    }

    /// # Errors
    /// Those of the database.
    pub async fn close(self) -> Result<(), DbErr> {
        match self {
            Self::Sqlite(sqlite) => sqlite.close().await,
            Self::Postgres(pool) => {
                pool.close().await;
                Ok(())
            }
        }
    }
}

impl Transaction {
    /// # Errors
    /// Those of the database. Whether it was committed is not known if that is away.
    pub async fn commit(self) -> Result<(), DbErr> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await,
            Self::Postgres(session) => session.end("COMMIT").await,
        }
    }

    /// # Errors
    /// Those of the database.
    pub async fn rollback(self) -> Result<(), DbErr> {
        match self {
            Self::Sqlite(transaction) => transaction.rollback().await,
            Self::Postgres(session) => session.end("ROLLBACK").await,
        }
    }
}

#[async_trait]
impl<S: ConnectionTrait, P: ConnectionTrait> ConnectionTrait for Either<S, P> {
    fn get_database_backend(&self) -> DbBackend {
        match self {
            Self::Sqlite(sqlite) => sqlite.get_database_backend(),
            Self::Postgres(postgres) => postgres.get_database_backend(),
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        match self {
            Self::Sqlite(sqlite) => sqlite.execute_raw(statement).await,
            Self::Postgres(postgres) => postgres.execute_raw(statement).await,
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        match self {
            Self::Sqlite(sqlite) => sqlite.execute_unprepared(sql).await,
            Self::Postgres(postgres) => postgres.execute_unprepared(sql).await,
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        match self {
            Self::Sqlite(sqlite) => sqlite.query_one_raw(statement).await,
            Self::Postgres(postgres) => postgres.query_one_raw(statement).await,
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match self {
            Self::Sqlite(sqlite) => sqlite.query_all_raw(statement).await,
            Self::Postgres(postgres) => postgres.query_all_raw(statement).await,
        }
    }
}
