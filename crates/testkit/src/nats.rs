//! A place of its own on the one NATS server of a test run.

use crate::{from_tests_run, unique_name};

/// What one test uses of NATS: subjects that start with `prefix`, and one stream.
///
/// In production both are fixed (`przesiadka`, `PRZESIADKA`); here the server gives
/// the same rights under any prefix and stream (deploy/nats/permissions.conf).
#[derive(Clone, Debug)]
pub struct Nats {
    /// First token of each subject: `<prefix>.v1.<service>.<company>.<event>`.
    pub prefix: String,
    /// Name of the stream, not created yet.
    pub stream: String,
}

impl Nats {
    pub fn unique() -> Self {
        let prefix = unique_name();
        let stream = prefix.to_uppercase();
        Self { prefix, stream }
    }

    /// The server's URL. Everyone's password is the same as the name: a service's, or
    /// `operator`, who may do anything. Replies must go to `_INBOX_<user>`.
    ///
    /// # Panics
    /// When the test was not started by `tests/run`.
    pub fn url(&self) -> String {
        from_tests_run("PRZESIADKA_TEST_NATS")
    }

    /// A connection with the rights of `user`.
    pub async fn connect(&self, user: &str) -> async_nats::Client {
        async_nats::ConnectOptions::with_user_and_password(user.to_owned(), user.to_owned())
            .custom_inbox_prefix(format!("_INBOX_{user}"))
            .connect(self.url())
            .await
            .expect("the nats-server of tests/run answers")
    }

    /// `<prefix>.v1.<service>.<rest>`
    pub fn subject(&self, service: &str, rest: &str) -> String {
        format!("{}.v1.{service}.{rest}", self.prefix)
    }
}
