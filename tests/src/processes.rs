//! One running `przesiadka`.

use std::{
    fs::{self, File, OpenOptions},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{
        LazyLock,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};

use testkit::{eventually, from_tests_run};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    signal::{
        ctrl_c,
        unix::{SignalKind, signal},
    },
    time::timeout,
};

/// A process under test and how it was started, so that it can be started again.
/// Dropping it kills the process; a test that panics also prints its output.
pub struct Process {
    name: String,
    program: PathBuf,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    /// Standard output and error of every start, one after the other.
    output: PathBuf,
    child: Option<Child>,
}

impl Process {
    /// Starts a `przesiadka` with `environment` and nothing else in its environment.
    /// `name` says in failures which one it was; `output` is the file that takes what
    /// it prints.
    ///
    /// # Panics
    /// When the program does not start.
    pub fn start(
        program: &Path,
        name: &str,
        arguments: &[&str],
        environment: impl IntoIterator<Item = (&'static str, String)>,
        output: &Path,
    ) -> Self {
        let environment = environment.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let arguments = arguments.iter().map(|&a| a.to_owned()).collect();
        let (program, output) = (program.to_owned(), output.to_owned());
        let mut process =
            Self { name: name.to_owned(), program, arguments, environment, output, child: None };
        process.restart();
        process
    }

    /// Starts with this program from the next start on.
    pub fn set_program(&mut self, program: &Path) {
        program.clone_into(&mut self.program);
    }

    /// Starts it once more with the same arguments, environment and output; kills it
    /// first when it still runs.
    pub fn restart(&mut self) {
        self.kill();
        let output = |file: &Path| -> std::io::Result<File> {
            OpenOptions::new().create(true).append(true).open(file)
        };
        let child = self
            .run(&self.program)
            .args(&self.arguments)
            .stdout(output(&self.output).expect("a file for the output"))
            .stderr(output(&self.output).expect("a file for the output"))
            .spawn();
        self.child = Some(child.unwrap_or_else(|error| panic!("{} does not start: {error}", self.name)));
    }

    /// Runs the program beside it with other arguments and the same environment.
    pub fn command(&self, arguments: &[&str]) -> Output {
        self.command_in(&[], arguments)
    }

    /// The same with more in the environment.
    pub fn command_in(&self, environment: &[(&str, &str)], arguments: &[&str]) -> Output {
        let environment = environment.iter().copied();
        self.run(&self.program).envs(environment).args(arguments).output().expect("the program starts")
    }

    /// Runs another build of the program beside it with other arguments and the same environment.
    pub fn command_of(&self, program: &Path, arguments: &[&str]) -> Output {
        self.run(program).args(arguments).output().expect("the program starts")
    }

    /// Sends it a signal, such as "INT".
    ///
    /// # Panics
    /// When it does not run.
    pub fn signal(&self, signal: &str) {
        let id = self.id().expect("a running process").to_string();
        let sent = Command::new("kill").args([&format!("-{signal}"), &id]).status().expect("kill(1)");
        assert!(sent.success(), "{} cannot be signalled", self.name);
    }

    fn run(&self, program: &Path) -> Command {
        let mut program = Command::new(program);
        // What is set for the tests, or on a developer's machine, is no configuration.
        let environment = self.environment.iter().map(|(key, value)| (key, value));
        program.env_clear().envs(environment).stdin(Stdio::null());
        program
    }

    /// Ends it at once by SIGKILL, as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself.
            drop(child.kill());
            drop(child.wait());
        }
    }

    /// Asks it to stop, as an orchestrator does, and waits for its end; the exit code.
    ///
    /// # Panics
    /// When it has not ended in time, or was ended by a signal.
    pub async fn stop(&mut self, within: Duration) -> i32 {
        self.signal("TERM");
        self.ended(within).await
    }

    /// Waits until it ends by itself; the exit code.
    ///
    /// # Panics
    /// As [`Process::stop`].
    pub async fn ended(&mut self, within: Duration) -> i32 {
        let what = format!("{} to end", self.name);
        let child = self.child.as_mut().expect("a started process");
        let status = eventually(within, &what, async || child.try_wait().expect("a child")).await;
        status.code().expect("no signal ended it")
    }

    /// As it is called in failures.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its process id, for signals other than SIGKILL; none when it does not run.
    pub fn id(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Whether it runs; false once it has ended by itself or was killed.
    pub fn is_running(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// What it has printed so far.
    pub fn output(&self) -> String {
        fs::read_to_string(&self.output).unwrap_or_default()
    }

    /// What it called an error, and panics.
    pub fn errors(&self) -> Vec<String> {
        let output = self.output();
        let errors = output.lines().filter(|line| line.contains("ERROR") || line.contains("panicked at"));
        errors.map(str::to_owned).collect()
    }

    /// Waits until `GET http://127.0.0.1:<port><path>` answers 200.
    ///
    /// # Panics
    /// With the output, when it ends before or is not ready in time.
    pub async fn ready(&mut self, port: u16, path: &str, within: Duration) {
        let what = format!("{} to answer on {path}", self.name);
        eventually(within, &what, async || {
            assert!(self.is_running(), "{} has ended before it was ready", self.name);
            (status(port, path).await == Some(200)).then_some(())
        })
        .await;
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("--- output of {} ---\n{}", self.name, self.output());
        }
    }
}

/// The built program.
///
/// # Panics
/// When nobody says where it is.
pub fn built() -> PathBuf {
    from_tests_run("PRZESIADKA_TEST_BINARY").into()
}

/// The status of a GET request; none while nobody answers.
pub(crate) async fn status(port: u16, path: &str) -> Option<u16> {
    let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    let exchange = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut head = [0; "HTTP/1.1 200".len()];
        stream.read_exact(&mut head).await.ok()?;
        str::from_utf8(&head).ok()?.rsplit(' ').next()?.parse().ok()
    };
    timeout(Duration::from_secs(2), exchange).await.ok().flatten()
}

/// Runs to the end, or until SIGTERM or SIGINT: then all that it started is dropped.
///
/// # Errors
/// The run's own, or that it was asked to end.
pub async fn until_asked_to_end<T>(run: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        outcome = run => outcome,
        _ = terminate.recv() => anyhow::bail!("asked to end"),
        _ = ctrl_c() => anyhow::bail!("asked to end"),
    }
}

/// How many ports a process has for its tests.
const SHARE: u16 = 100;
/// Below the ports that outgoing connections take, so that none is taken before it is listened on.
const FIRST_PORT: u16 = 20_000;
const SHARES: u16 = 120;

/// A loopback port that is free now, and of no other process that tests: a server that is stopped comes back to it.
pub fn free_port() -> u16 {
    static OWN: LazyLock<TcpListener> = LazyLock::new(own_share);
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = OWN.local_addr().expect("bound").port() + 1;
    let listens = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let ports = std::iter::repeat_with(|| first + NEXT.fetch_add(1, Ordering::Relaxed) % (SHARE - 1));
    ports.take(SHARE.into()).find(listens).expect("a free port")
}

/// The first port of a share that nobody has. It is listened on until this process ends, which keeps others out.
fn own_share() -> TcpListener {
    // Not the share that was given back last: what listened there may be about to end.
    let begin = u16::try_from(std::process::id() % u32::from(SHARES)).expect("small");
    let mut shares = (0..SHARES).map(|n| FIRST_PORT + (begin + n) % SHARES * SHARE);
    shares.find_map(|first| TcpListener::bind(("127.0.0.1", first)).ok()).expect("a share of ports")
}
