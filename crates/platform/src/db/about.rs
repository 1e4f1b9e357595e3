//! What an operator wants to know of a database.

use std::{io::ErrorKind, time::Duration};

use jiff::SignedDuration;
use sea_orm::DbErr;
use sqlx::{Connection as _, PgConnection};
use tokio::time::timeout;

use super::{APPLICATION, Db, Either, connect_err, query_one};
use crate::clock;

const CONNECT: Duration = Duration::from_secs(3);

/// A database that answers.
#[derive(Clone, Debug)]
pub struct About {
    /// "PostgreSQL 15.18", "SQLite 3.50.1".
    pub version: String,
    /// Of PostgreSQL.
    pub server: Option<Server>,
}

/// What only a server has.
#[derive(Clone, Debug)]
pub struct Server {
    /// 150018 for 15.18.
    pub version_number: i64,
    /// Whether this connection is encrypted.
    pub is_encrypted: bool,
    /// Whether it is on this machine.
    pub is_here: bool,
    /// How far its clock is ahead of this machine's; the answer's way is not in it.
    pub ahead: SignedDuration,
    /// Connections that users may have in all, and how many there are.
    pub most_connections: i64,
    pub connections: i64,
}

impl Db {
    /// # Errors
    /// It is away.
    pub async fn about(&self) -> Result<About, DbErr> {
        let Either::Postgres(pool) = self.read() else {
            let row = query_one(self.read(), "select sqlite_version() as version", vec![]).await?;
            let version: String = row.ok_or_else(no_row)?.try_get("", "version")?;
            return Ok(About { version: format!("SQLite {version}"), server: None });
        };
        // The pool would try again where this one says why not.
        let connecting = PgConnection::connect_with(pool.options());
        let late = |_| sqlx::Error::Io(std::io::Error::new(ErrorKind::TimedOut, "no answer to a connection"));
        let connection = timeout(CONNECT, connecting).await.map_err(late).flatten().map_err(connect_err)?;
        let _ = connection.close().await;
        // The first statement also pays for the pool's connection.
        self.ping().await?;
        let before = clock::machine_now();
        // Of pg_stat_activity a service's role sees its own rows alone.
        let row = query_one(
            self.read(),
            "select clock_timestamp() as now, current_setting('server_version') as version, \
             current_setting('server_version_num')::bigint as version_number, \
             coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false) as encrypted, \
             current_setting('max_connections')::bigint - current_setting('superuser_reserved_connections')::bigint as most, \
             (select coalesce(sum(numbackends), 0)::bigint from pg_stat_database) as connections",
            vec![],
        )
        .await?
        .ok_or_else(no_row)?;
        let after = clock::machine_now();
        let now = clock::from_db(row.try_get("", "now")?);
        // Somewhere between the two it was looked up.
        let ahead = if now < before {
            now.duration_since(before)
        } else if now > after {
            now.duration_since(after)
        } else {
            SignedDuration::ZERO
        };
        let version: String = row.try_get("", "version")?;
        let version = version.split_whitespace().next().unwrap_or_default();
        let host = pool.options().get_host();
        let is_here = host.starts_with('/')
            || host == "localhost"
            || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
        let server = Server {
            version_number: row.try_get("", "version_number")?,
            is_encrypted: row.try_get("", "encrypted")?,
            is_here,
            ahead,
            most_connections: row.try_get("", "most")?,
            connections: row.try_get("", "connections")?,
        };
        Ok(About { version: format!("PostgreSQL {version}"), server: Some(server) })
    }
}

impl Db {
    /// Connections of other processes of this program to the same database; of SQLite a lock file knows.
    ///
    /// # Errors
    /// It is away.
    pub async fn others_connected(&self) -> Result<i64, DbErr> {
        if self.is_sqlite() {
            return Ok(0);
        }
        let sql = "select count(*) as n from pg_stat_activity where datname = current_database() \
                   and application_name = $1 and pid <> pg_backend_pid()";
        let row = query_one(self.read(), sql, vec![APPLICATION.into()]).await?;
        row.ok_or_else(no_row)?.try_get("", "n")
    }
}

fn no_row() -> DbErr {
    DbErr::Custom("a query without a row".to_owned())
}
