//! PostgreSQL's connections; see docs/decisions/0017.

use std::{io, sync::Arc, time::Duration};

use async_trait::async_trait;
use deadpool::{
    Runtime,
    managed::{Manager, Metrics, Object, PoolError, QueueMode, RecycleResult},
};
use futures::future::BoxFuture;
use sea_orm::{
    ConnAcquireErr, ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement, Values,
};
use sea_query_sqlx::SqlxValues;
use sqlx::{
    AssertSqlSafe, Connection as _, Executor as _, PgConnection, Postgres, postgres::PgConnectOptions,
    query::Query,
};
use tokio::{
    runtime::Handle,
    sync::Mutex,
    time::{Instant, sleep, timeout},
};

use super::errors::{connect_err, is_away};

/// How long a connection, and the database, count as alive after an answer.
const TRUSTED_FOR: Duration = Duration::from_secs(1);
/// How long somebody waits for a connection, a new one included.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// While the database does not take connections yet.
const CONNECT_AGAIN: Duration = Duration::from_millis(50);
/// PostgreSQL itself ends a statement earlier than this, so who is silent for so long does not answer any more.
const LONGEST_CALL: Duration = Duration::from_secs(15);
/// For a connection on which a call was given up, until it can be used again.
const LONGEST_CLEANING: Duration = Duration::from_secs(2);

/// At most so many connections, made when they are needed.
#[derive(Clone, Debug)]
pub struct Pool(deadpool::managed::Pool<Opener>);

/// Opens connections, and tests those that may be dead.
#[derive(Debug)]
struct Opener {
    options: PgConnectOptions,
    /// When one was last found dead. What took it away may have taken the others too.
    died_at: std::sync::Mutex<Option<Instant>>,
    /// When the database last answered on any of them.
    answered_at: Arc<std::sync::Mutex<Option<Instant>>>,
}

#[derive(Debug)]
struct Connection {
    link: PgConnection,
    used_at: Instant,
    /// Whether a statement was sent whose answer has not been read to its end.
    is_busy: bool,
    in_transaction: bool,
    answered_at: Arc<std::sync::Mutex<Option<Instant>>>,
}

impl Manager for Opener {
    type Type = Connection;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<Connection, sqlx::Error> {
        loop {
            match PgConnection::connect_with(&self.options).await {
                Err(e) if is_not_ready(&e) => sleep(CONNECT_AGAIN).await,
                Err(e) => return Err(e),
                Ok(link) => {
                    return Ok(Connection {
                        link,
                        used_at: Instant::now(),
                        is_busy: false,
                        in_transaction: false,
                        answered_at: Arc::clone(&self.answered_at),
                    });
                }
            }
        }
    }

    async fn recycle(&self, connection: &mut Connection, _: &Metrics) -> RecycleResult<sqlx::Error> {
        let died_at = *self.died_at();
        let doubtful =
            connection.used_at.elapsed() > TRUSTED_FOR || died_at.is_some_and(|at| connection.used_at <= at);
        if doubtful && let Err(e) = connection.link.ping().await {
            *self.died_at() = Some(Instant::now());
            return Err(e.into());
        }
        Ok(())
    }
}

impl Opener {
    fn died_at(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.died_at.lock().expect("nobody panics with the lock")
    }
}

/// It starts, or has no place left: in a moment it may take a connection.
fn is_not_ready(e: &sqlx::Error) -> bool {
    match e {
        sqlx::Error::Io(e) => e.kind() == io::ErrorKind::ConnectionRefused,
        sqlx::Error::Database(e) => e.code().is_some_and(|code| matches!(&*code, "57P03" | "53300")),
        _ => false,
    }
}

impl Connection {
    async fn call<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, sqlx::Error> {
        self.is_busy = true;
        let silent = |_| Err(io::Error::new(io::ErrorKind::TimedOut, "the database does not answer").into());
        let outcome = timeout(LONGEST_CALL, work(&mut self.link)).await.unwrap_or_else(silent);
        self.is_busy = outcome.as_ref().is_err_and(is_away);
        self.used_at = Instant::now();
        if !self.is_busy {
            *self.answered_at.lock().expect("nobody panics with the lock") = Some(self.used_at);
        }
        outcome
    }
}

impl Pool {
    pub fn new(options: PgConnectOptions, max_connections: u32) -> Self {
        let opener = Opener { options, died_at: Default::default(), answered_at: Default::default() };
        let pool = deadpool::managed::Pool::builder(opener)
            .max_size(max_connections as usize)
            .runtime(Runtime::Tokio1)
            // The one that was used last needs no question.
            .queue_mode(QueueMode::Lifo)
            .recycle_timeout(Some(LONGEST_CLEANING))
            .build()
            .expect("a runtime is given");
        Self(pool)
    }

    pub fn status(&self) -> deadpool::Status {
        self.0.status()
    }

    /// Whether the database answered lately. Who asks for a connection while all are busy would learn no more, and wait.
    pub fn answered_lately(&self) -> bool {
        let at = *self.0.manager().answered_at.lock().expect("nobody panics with the lock");
        at.is_some_and(|at| at.elapsed() < TRUSTED_FOR)
    }

    pub fn options(&self) -> &PgConnectOptions {
        &self.0.manager().options
    }

    /// A connection for one statement.
    async fn session(&self) -> Result<Session, DbErr> {
        let connection = match timeout(LONGEST_WAIT, self.0.get()).await {
            Ok(Ok(connection)) => connection,
            Ok(Err(PoolError::Backend(e))) => return Err(connect_err(e)),
            Ok(Err(PoolError::Closed)) => {
                return Err(DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed));
            }
            Ok(Err(_)) | Err(_) => return Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)),
        };
        Ok(Session(Box::new(Mutex::new(Lent(Some(connection))))))
    }

    /// Boxed, as everybody's future has this one in it.
    pub fn begin(&self) -> BoxFuture<'_, Result<Session, DbErr>> {
        Box::pin(async {
            let mut session = self.session().await?;
            let connection = session.0.get_mut().connection();
            connection.in_transaction = true;
            connection.call(async |link| link.execute("BEGIN").await).await.map_err(query_err)?;
            Ok(session)
        })
    }

    /// All rows, by a plan that is made for this time alone.
    pub async fn query_all_anew(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.session().await?.fetch_all(query(statement).persistent(false)).await
    }

    /// Says good-bye to the server on each connection that is not in use.
    pub async fn close(self) {
        for connection in self.0.retain(|_, _| false).removed {
            // The server notices that the connection is gone.
            let _ = timeout(LONGEST_CLEANING, connection.link.close()).await;
        }
        self.0.close();
    }
}

/// A connection in somebody's hands. Dropping it rolls back what was not ended.
///
/// Boxed, since each unit of work carries it through many futures.
#[derive(Debug)]
pub struct Session(Box<Mutex<Lent>>);

#[derive(Debug)]
struct Lent(Option<Object<Opener>>);

#[async_trait]
impl ConnectionTrait for Session {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let query = query(statement);
        let mut lent = self.0.lock().await;
        let done = lent.connection().call(async |link| query.execute(link).await).await;
        done.map(ExecResult::from).map_err(|e| DbErr::Exec(RuntimeErr::SqlxError(e.into())))
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let sql = AssertSqlSafe(sql.to_owned());
        let mut lent = self.0.lock().await;
        let done = lent.connection().call(async |link| link.execute(sql).await).await;
        done.map(ExecResult::from).map_err(|e| DbErr::Exec(RuntimeErr::SqlxError(e.into())))
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let query = query(statement);
        let mut lent = self.0.lock().await;
        let row = lent.connection().call(async |link| query.fetch_optional(link).await).await;
        Ok(row.map_err(query_err)?.map(QueryResult::from))
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.fetch_all(query(statement)).await
    }
}

/// Each statement by itself.
#[async_trait]
impl ConnectionTrait for Pool {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.session().await?.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.session().await?.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.session().await?.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.session().await?.query_all_raw(statement).await
    }
}

impl Session {
    async fn fetch_all(
        &self,
        query: Query<'static, Postgres, SqlxValues>,
    ) -> Result<Vec<QueryResult>, DbErr> {
        let mut lent = self.0.lock().await;
        let rows = lent.connection().call(async |link| query.fetch_all(link).await).await;
        Ok(rows.map_err(query_err)?.into_iter().map(QueryResult::from).collect())
    }

    /// Ends the transaction.
    pub fn end(mut self, how: &'static str) -> BoxFuture<'static, Result<(), DbErr>> {
        Box::pin(async move {
            let connection = self.0.get_mut().connection();
            connection.call(async |link| link.execute(how).await).await.map_err(query_err)?;
            connection.in_transaction = false;
            Ok(())
        })
    }
}

impl Lent {
    fn connection(&mut self) -> &mut Connection {
        self.0.as_mut().expect("it is given back only when it is dropped")
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let Some(mut connection) = self.0.take_if(|c| c.is_busy || c.in_transaction) else { return };
        let Ok(runtime) = Handle::try_current() else {
            drop(Object::take(connection));
            return;
        };
        runtime.spawn(async move {
            let clean = async {
                if connection.in_transaction {
                    connection.link.execute("ROLLBACK").await.map(drop)
                } else {
                    connection.link.ping().await
                }
            };
            if matches!(timeout(LONGEST_CLEANING, clean).await, Ok(Ok(()))) {
                (connection.is_busy, connection.in_transaction) = (false, false);
                return;
            }
            if let Some(pool) = Object::pool(&connection) {
                *pool.manager().died_at() = Some(Instant::now());
            }
            drop(Object::take(connection));
        });
    }
}

fn query(statement: Statement) -> Query<'static, Postgres, SqlxValues> {
    sqlx::query_with(AssertSqlSafe(statement.sql), SqlxValues(statement.values.unwrap_or(Values(Vec::new()))))
}

fn query_err(e: sqlx::Error) -> DbErr {
    DbErr::Query(RuntimeErr::SqlxError(e.into()))
}
