//! A place of its own on the one NATS server of a test run, or a server of its own.

use std::{
    env, fs,
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use crate::{from_tests_run, unique_name};

/// What one test uses of NATS: subjects that start with `prefix`, and one stream.
///
/// In production both are fixed (`przesiadka`, `PRZESIADKA`); here the server gives
/// the same rights under any prefix and stream (deploy/nats/permissions.conf).
#[derive(Clone, Debug)]
pub struct Nats {
    /// `nats://127.0.0.1:<port>`; several servers are separated by commas. Everyone's password is the same as the
    /// name: a service's, or `operator`, who may do anything. Replies must go to `_INBOX_<user>`.
    pub url: String,
    /// First token of each subject: `<prefix>.v1.<service>.<company>.<event>`.
    pub prefix: String,
    /// Name of the stream, not created yet.
    pub stream: String,
}

impl Nats {
    /// On the server of `tests/run`.
    ///
    /// # Panics
    /// When the test was not started by it.
    pub fn unique() -> Self {
        let prefix = unique_name();
        let stream = prefix.to_uppercase();
        Self { url: from_tests_run("PRZESIADKA_TEST_NATS"), prefix, stream }
    }

    /// A connection with the rights of `user`.
    pub async fn connect(&self, user: &str) -> async_nats::Client {
        async_nats::ConnectOptions::with_user_and_password(user.to_owned(), user.to_owned())
            .custom_inbox_prefix(format!("_INBOX_{user}"))
            .connect(self.url.split(',').collect::<Vec<_>>())
            .await
            .expect("the nats-server of tests/run answers")
    }

    /// `<prefix>.v1.<service>.<rest>`
    pub fn subject(&self, service: &str, rest: &str) -> String {
        format!("{}.v1.{service}.{rest}", self.prefix)
    }
}

/// A nats-server of the test's own, without users, that may go away and come back.
#[derive(Debug)]
pub struct NatsServer {
    folder: PathBuf,
    port: u16,
    jetstream: bool,
    process: Option<Child>,
}

impl NatsServer {
    /// Starts one on a free port, with an empty store. It answers soon, not at once.
    ///
    /// # Panics
    /// When the test was not started by `tests/run`.
    pub fn start() -> Self {
        Self::start_with(true)
    }

    /// The same without JetStream.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub fn without_jetstream() -> Self {
        Self::start_with(false)
    }

    fn start_with(jetstream: bool) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port");
        let folder = env::temp_dir().join(format!("przesiadka-{}", unique_name()));
        let mut server = Self { folder, port: free.port(), jetstream, process: None };
        server.resume();
        server
    }

    /// Starts it again, with what it stored, at the same address.
    pub fn resume(&mut self) {
        let mut program = Command::new(from_tests_run("PRZESIADKA_TEST_NATS_SERVER"));
        program.args(["--addr", "127.0.0.1", "--port", &self.port.to_string()]);
        if self.jetstream {
            program.args(["--jetstream", "--store_dir"]).arg(&self.folder);
        }
        self.process = Some(program.stderr(Stdio::null()).spawn().expect("nats-server starts"));
    }

    /// Kills it.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().and_then(|()| process.wait()).expect("nats-server ends");
        }
    }

    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        self.kill();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
