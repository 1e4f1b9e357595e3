//! What tests of every crate share: a fresh database on SQLite or PostgreSQL, a
//! place of their own on NATS, and waiting for a condition.
//!
//! It lies here, and not in `platform` or `tests/`, because it depends on no crate
//! of the workspace: so `platform` and each service can name it as a
//! dev-dependency without a cycle. What needs the built binary is in `tests/`.
//!
//! `tests/run` starts the servers and passes their addresses. A missing address is
//! an error that says so, never a skipped test.

mod database;
pub mod foreign;
mod nats;
mod wait;

pub use database::{Backend, Database};
pub use nats::{Nats, NatsServer};
pub use wait::eventually;

/// The value of an environment variable that `tests/run` sets.
///
/// # Panics
/// When it is missing, with what to do.
pub fn from_tests_run(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: run this test with `tests/run`, which starts what it needs")
    })
}

/// A place of its own on the S3 server: the server's URL, and the place's, in the bucket that it has.
pub fn s3() -> (String, String) {
    (from_tests_run("PRZESIADKA_TEST_S3"), format!("s3://przesiadka/{}", unique_name()))
}

/// A name that no other test has: `t` and 32 hexadecimal digits.
pub fn unique_name() -> String {
    format!("t{}", uuid::Uuid::now_v7().simple())
}
