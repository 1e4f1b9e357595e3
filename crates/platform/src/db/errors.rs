//! Which of the databases' errors pass by themselves.

use sea_orm::{DbErr, RuntimeErr};

/// Whether the same transaction may succeed when it is run again at once.
pub fn is_conflict(e: &DbErr) -> bool {
    matches!(sqlx_error(e), Some(sqlx::Error::Database(e)) if e.code().is_some_and(|c| conflicts(&c)))
}

/// Whether the database is away or overloaded: waiting helps, repeating at once does not.
pub fn is_unavailable(e: &DbErr) -> bool {
    if matches!(e, DbErr::Conn(_) | DbErr::ConnectionAcquire(_)) {
        return true;
    }
    sqlx_error(e).is_some_and(is_away)
}

/// Whether it says that the connection is of no more use, or the whole database.
pub(super) fn is_away(e: &sqlx::Error) -> bool {
    match e {
        sqlx::Error::Database(e) => e.code().is_some_and(|c| away(&c)),
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        _ => false,
    }
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
            RuntimeErr::SqlxError(e) => Some(e),
            RuntimeErr::Internal(_) => None,
        },
        _ => None,
    }
}

pub(super) fn connect_err(e: sqlx::Error) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(e.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

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
