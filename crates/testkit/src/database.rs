//! One database per test, gone when the test ends.

use std::{
    env, fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::{Path, PathBuf},
};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::{from_tests_run, unique_name};

/// The two databases that everything has to work on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

impl Backend {
    pub const BOTH: [Self; 2] = [Self::Sqlite, Self::Postgres];
}

/// A database that only this test uses. Dropping it removes it.
#[derive(Debug)]
pub struct Database {
    url: String,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Sqlite { folder: PathBuf },
    Postgres { name: String },
}

impl Database {
    /// An empty one.
    pub async fn empty(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => Self::sqlite(),
            Backend::Postgres => {
                let name = unique_name();
                let mut admin = admin().await;
                run(&mut admin, &format!("CREATE DATABASE {name}")).await;
                Self::postgres(name)
            }
        }
    }

    /// One that `prepare` (given its URL) has filled: usually the schema of one service.
    /// On PostgreSQL `prepare` runs once for all tests of a test binary, and
    /// the tests copy what it made. `template` names it within the binary.
    pub async fn prepared(backend: Backend, template: &str, prepare: impl AsyncFnOnce(String)) -> Self {
        match backend {
            Backend::Sqlite => {
                let database = Self::sqlite();
                prepare(database.url.clone()).await;
                database
            }
            Backend::Postgres => {
                let template = template_name(template);
                let name = unique_name();
                let mut admin = admin().await;
                // The first test makes the template while the others, in their processes, wait.
                run(&mut admin, &format!("SELECT pg_advisory_lock(hashtext('{template}'))")).await;
                if !exists(&mut admin, &template).await {
                    let raw = format!("{template}_raw");
                    run(&mut admin, &format!("DROP DATABASE IF EXISTS {raw} WITH (FORCE)")).await;
                    run(&mut admin, &format!("CREATE DATABASE {raw}")).await;
                    prepare(postgres_url(&raw)).await;
                    end_connections(&mut admin, &raw).await;
                    run(&mut admin, &format!("ALTER DATABASE {raw} RENAME TO {template}")).await;
                }
                run(&mut admin, &format!("SELECT pg_advisory_unlock(hashtext('{template}'))")).await;
                run(&mut admin, &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
                Self::postgres(name)
            }
        }
    }

    /// `sqlite://…?mode=rwc` or `postgres://…`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// SQLite's file; none on PostgreSQL.
    pub fn file(&self) -> Option<PathBuf> {
        match &self.kind {
            Kind::Sqlite { folder } => Some(folder.join(FILE)),
            Kind::Postgres { .. } => None,
        }
    }

    fn sqlite() -> Self {
        let folder = env::temp_dir().join(format!("przesiadka-{}", unique_name()));
        fs::create_dir(&folder).expect("a folder for the SQLite file");
        let url = format!("sqlite://{}?mode=rwc", folder.join(FILE).display());
        Self { url, kind: Kind::Sqlite { folder } }
    }

    fn postgres(name: String) -> Self {
        Self { url: postgres_url(&name), kind: Kind::Postgres { name } }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        match &self.kind {
            Kind::Sqlite { folder } => drop(fs::remove_dir_all(folder)),
            Kind::Postgres { name } => drop_postgres(name.clone()),
        }
    }
}

/// In a thread of its own, as the test's runtime cannot be waited on here. That it
/// fails does not matter: the whole server is thrown away in the end.
fn drop_postgres(name: String) {
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let Ok(runtime) = runtime else { return };
        runtime.block_on(async {
            if let Ok(mut admin) = PgConnection::connect(&from_tests_run(POSTGRES)).await {
                let drop_it = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                drop(sqlx::raw_sql(AssertSqlSafe(drop_it)).execute(&mut admin).await);
            }
        });
    });
    drop(thread.join());
}

const FILE: &str = "test.db";
const POSTGRES: &str = "PRZESIADKA_TEST_POSTGRES";

async fn admin() -> PgConnection {
    PgConnection::connect(&from_tests_run(POSTGRES)).await.expect("the PostgreSQL of tests/run answers")
}

async fn run(connection: &mut PgConnection, sql: &str) {
    let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await;
    if let Err(error) = done {
        panic!("{sql}: {error}");
    }
}

async fn exists(connection: &mut PgConnection, database: &str) -> bool {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(database)
        .fetch_one(connection)
        .await
        .expect("the list of databases")
}

/// A database in use can be neither renamed nor copied, and a pool that `prepare`
/// dropped may take a moment to let go.
async fn end_connections(connection: &mut PgConnection, database: &str) {
    let end = "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = $1";
    let _: i64 = sqlx::query_scalar(end)
        .bind(database)
        .fetch_one(connection)
        .await
        .expect("the connections to the template end");
}

/// The URL of the server with another database in it.
fn postgres_url(database: &str) -> String {
    let admin = from_tests_run(POSTGRES);
    let (server, _) = admin.rsplit_once('/').expect("the URL ends in a database's name");
    format!("{server}/{database}")
}

/// Differs for each build of each test binary, so that a server which outlives one
/// run never hands out yesterday's schema.
fn template_name(template: &str) -> String {
    let binary = env::current_exe().expect("the path of the test binary");
    let mut hasher = DefaultHasher::new();
    (template, &binary, modified(&binary)).hash(&mut hasher);
    format!("template_{:016x}", hasher.finish())
}

fn modified(file: &Path) -> std::time::SystemTime {
    fs::metadata(file).and_then(|data| data.modified()).expect("when the test binary was built")
}
