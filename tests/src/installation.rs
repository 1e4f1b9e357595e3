//! A whole installation under test: all four services in one process, or each in its
//! own on PostgreSQL and NATS. A journey runs the same on both.

use std::{
    env, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use client::Replica;
use platform::{
    clock,
    db::{Db, query_all},
};
use story::World;
use testkit::{Backend, Database, Nats, unique_name};

use crate::processes::{Process, built, free_port, status};

/// Longer than a start takes on a busy machine.
const START: Duration = Duration::from_secs(30);
/// Longer than `shutdown.deadline_ms`.
const STOP: Duration = Duration::from_secs(20);
/// Longer than events of one command travel.
const SETTLE: Duration = Duration::from_secs(30);

/// How an installation runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One process, SQLite, the embedded bus.
    Embedded,
    /// A process, a database and a user of NATS for each service.
    Spread,
}

/// The services, as the command line names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    Scheduling,
    Audit,
    Licensing,
    Notification,
}

impl Service {
    pub const ALL: [Self; 4] = [Self::Scheduling, Self::Audit, Self::Licensing, Self::Notification];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Scheduling => "scheduling",
            Self::Audit => "audit",
            Self::Licensing => "licensing",
            Self::Notification => "notification",
        }
    }

    /// The variable that sets where its database is.
    pub const fn database_url(self) -> &'static str {
        match self {
            Self::Scheduling => "PRZESIADKA__DATABASE__SCHEDULING__URL",
            Self::Audit => "PRZESIADKA__DATABASE__AUDIT__URL",
            Self::Licensing => "PRZESIADKA__DATABASE__LICENSING__URL",
            Self::Notification => "PRZESIADKA__DATABASE__NOTIFICATION__URL",
        }
    }
}

/// A running installation with a simulated clock. Dropping it kills and removes everything.
pub struct Installation {
    /// One process, or one for each of [`Service::ALL`] in that order.
    pub processes: Vec<Node>,
    /// What is started: the built one, if nobody says otherwise.
    pub program: PathBuf,
    folder: PathBuf,
    client: reqwest::Client,
    databases: Vec<Database>,
}

/// A process and its ports.
pub struct Node {
    pub process: Process,
    pub rest: u16,
    pub grpc: u16,
    pub ops: u16,
}

impl Node {
    /// Waits until it serves requests.
    pub async fn ready(&mut self) {
        self.process.ready(self.ops, "/ready", START).await;
    }

    /// Asks it to stop, waits for its end, and starts it again as another build, until that serves requests.
    ///
    /// # Errors
    /// It does not call its end a good one.
    pub async fn replace_by(&mut self, build: &Path) -> anyhow::Result<()> {
        let code = self.process.stop(STOP).await;
        anyhow::ensure!(code == 0, "{} was asked to stop and ended with {code}", self.process.name());
        self.process.set_program(build);
        self.process.restart();
        self.ready().await;
        Ok(())
    }

    /// Whether it says just now that it serves requests.
    pub async fn is_ready(&self) -> bool {
        status(self.ops, "/ready").await == Some(200)
    }
}

impl Installation {
    /// Starts everything and waits until it is ready. `now` is an RFC 3339 instant.
    pub async fn start(layout: Layout, now: &str) -> Self {
        Self::start_with(layout, now, &[]).await
    }

    /// The same with further settings for each process.
    pub async fn start_with(layout: Layout, now: &str, settings: &[(&'static str, String)]) -> Self {
        let mut installation = Self::empty(now);
        match layout {
            Layout::Embedded => installation.add("all", &["serve"], settings.to_vec()),
            Layout::Spread => installation.spread(settings).await,
        }
        installation.ready().await;
        installation
    }

    async fn spread(&mut self, settings: &[(&'static str, String)]) {
        let nats = Nats::unique();
        let empty = || Database::empty(Backend::Postgres);
        self.databases.extend(<[_; 4]>::from(tokio::join!(empty(), empty(), empty(), empty())));
        for (i, service) in Service::ALL.into_iter().enumerate() {
            let mut environment = on_servers(service, self.databases[i].url(), &nats);
            environment.extend_from_slice(settings);
            let name = service.name();
            self.add(name, &["serve", "--only", name], environment);
        }
    }

    /// A folder with a clock and settings, and no process yet.
    pub fn empty(now: &str) -> Self {
        Self::empty_in(&env::temp_dir(), now)
    }

    /// The same with its folder there.
    pub fn empty_in(parent: &Path, now: &str) -> Self {
        platform::init();
        let folder = parent.join(format!("przesiadka-{}", unique_name()));
        fs::create_dir(&folder).expect("a folder");
        let client = reqwest::Client::builder().timeout(START).build().expect("a client");
        let (processes, program, databases) = (Vec::new(), built(), Vec::new());
        let installation = Self { processes, program, folder, client, databases };
        installation.set_clock(now);
        // Callers here are faster than people.
        let settings = format!(
            "limits.contact_requests_per_second = 0\nlimits.contact_burst = 0\n\
             limits.softvig_requests_per_second = 0\nlimits.softvig_burst = 0\n\
             data_dir = {:?}\nclock = {{ kind = \"simulated\", file = {:?} }}\n\
             bus.heads_every_ms = 500\nshutdown.deadline_ms = 5000\nfiles.url = \"file://{}\"\n",
            installation.data_dir(),
            installation.clock(),
            installation.folder.join("files").display(),
        );
        fs::write(installation.settings(), settings).expect("settings");
        installation
    }

    /// Starts a process with these settings over the common ones.
    pub fn add(&mut self, name: &str, arguments: &[&str], environment: Vec<(&'static str, String)>) {
        let [rest, grpc, ops] = [free_port(), free_port(), free_port()];
        let ports = [
            ("PRZESIADKA__REST__LISTEN", rest),
            ("PRZESIADKA__GRPC__LISTEN", grpc),
            ("PRZESIADKA__OPS__LISTEN", ops),
        ];
        let ports = ports.map(|(key, port)| (key, format!("127.0.0.1:{port}")));
        let settings = ("PRZESIADKA_CONFIG", self.settings().display().to_string());
        let environment = environment.into_iter().chain(ports).chain([settings]);
        let output = self.folder.join(format!("{name}.log"));
        let process = Process::start(&self.program, name, arguments, environment, &output);
        self.processes.push(Node { process, rest, grpc, ops });
    }

    /// The first process of a service of its own.
    pub fn process(&mut self, service: Service) -> &mut Process {
        &mut self.processes[service as usize].process
    }

    /// Waits until every process is ready.
    pub async fn ready(&mut self) {
        for node in &mut self.processes {
            node.ready().await;
        }
    }

    /// Runs a command of the operator with the settings of the service's process; its standard output.
    ///
    /// # Panics
    /// When it fails.
    pub fn command(&self, service: Service, arguments: &[&str]) -> String {
        let output = self.node(service).process.command(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    /// A token for a role of SOFTVIG.
    pub fn softvig(&self, role: &str) -> String {
        self.token(&["--role", role])
    }

    /// A token for a contact; `roles` separated by commas.
    pub fn contact(&self, company: &str, contact: &str, roles: &str) -> String {
        self.token(&["--role", roles, "--company", company, "--contact", contact])
    }

    fn token(&self, arguments: &[&str]) -> String {
        self.command(Service::Scheduling, &[&["token"], arguments].concat()).trim_end().to_owned()
    }

    /// `http://127.0.0.1:<port>` of the service's REST port.
    pub fn rest(&self, service: Service) -> String {
        format!("http://127.0.0.1:{}", self.node(service).rest)
    }

    /// A connection to the service's gRPC port.
    pub async fn grpc(&self, service: Service) -> tonic::transport::Channel {
        let address = format!("http://127.0.0.1:{}", self.node(service).grpc);
        let endpoint = tonic::transport::Channel::from_shared(address).expect("an address");
        endpoint.connect().await.expect("the port answers")
    }

    /// A client for REST.
    pub fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// `GET` of the ops port: status and text; none while nobody answers.
    pub async fn ops(&self, service: Service, path: &str) -> Option<(u16, String)> {
        let url = format!("http://127.0.0.1:{}{path}", self.node(service).ops);
        let answer = self.client.get(url).send().await.ok()?;
        Some((answer.status().as_u16(), answer.text().await.ok()?))
    }

    /// Moves business time forward; the processes see it at once.
    pub fn set_clock(&self, now: &str) {
        let now: jiff::Timestamp = now.parse().expect("an RFC 3339 instant");
        clock::set_simulated(&self.clock(), now).expect("the clock's file");
    }

    /// Waits until nothing is on its way: every event applied where it is heard, every timer that is
    /// due fired, every e-mail sent.
    ///
    /// # Panics
    /// When that does not come to pass, with what was still waiting.
    pub async fn settled(&self) {
        if let Err(error) = self.outside().settled(SETTLE).await {
            panic!("{error}\n{}", self.parked());
        }
    }

    /// The services as their callers see them, each with its replicas.
    pub fn outside(&self) -> client::Installation {
        let address = |port| SocketAddr::from(([127, 0, 0, 1], port));
        client::Installation::new(Service::ALL.map(|service| {
            let nodes = self.nodes(service);
            let replicas = nodes.map(|node| Replica {
                rest: address(node.rest),
                grpc: address(node.grpc),
                ops: address(node.ops),
            });
            (service.name().to_owned(), replicas.collect())
        }))
    }

    /// Where a story can play; nobody else may move the clock meanwhile.
    pub fn world(&self) -> World {
        World::new(self.outside(), &self.data_dir(), &self.clock()).expect("a key and a clock")
    }

    /// What `parked list` says of every service that answers.
    fn parked(&self) -> String {
        let list = |service: Service| {
            let output = self.node(service).process.command(&["parked", "list", "--only", service.name()]);
            String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
        };
        Service::ALL.map(list).concat()
    }

    /// The first column, as text, of a query in the database of a service of its own.
    ///
    /// # Panics
    /// When it fails.
    pub async fn rows(&self, service: Service, sql: &str) -> Vec<String> {
        let db = self.database(service).await;
        let rows = query_all(db.read(), sql, vec![]).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
        let texts = rows.iter().map(|row| row.try_get_by_index(0).expect("text")).collect();
        db.close().await.expect("closed");
        texts
    }

    /// The database of a service of its own.
    pub async fn database(&self, service: Service) -> Db {
        Db::open(self.databases[service as usize].url(), 1).await.expect("a database")
    }

    /// Where the database of a service of its own is.
    pub fn database_url(&self, service: Service) -> &str {
        self.databases[service as usize].url()
    }

    /// Where e-mails lie as files.
    pub fn mail(&self) -> PathBuf {
        self.data_dir().join("mail")
    }

    pub fn data_dir(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The file that holds business time.
    pub fn clock(&self) -> PathBuf {
        self.folder.join("clock")
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of settings that all processes read.
    pub fn settings(&self) -> PathBuf {
        self.folder.join("przesiadka.toml")
    }

    fn node(&self, service: Service) -> &Node {
        self.nodes(service).next().expect("a process of the service")
    }

    /// All replicas of a service; several processes come in the order of [`Service::ALL`], again and again.
    fn nodes(&self, service: Service) -> impl Iterator<Item = &Node> {
        let of_all = self.processes.len() == 1;
        let services = Service::ALL.into_iter().cycle();
        let nodes = self.processes.iter().zip(services);
        nodes.filter(move |(_, of)| of_all || *of == service).map(|(node, _)| node)
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        // The processes first: they write into the folder.
        self.processes.clear();
        drop(fs::remove_dir_all(&self.folder));
    }
}

/// Settings of a service's process on the servers of `tests/run`.
pub fn on_servers(service: Service, database: &str, nats: &Nats) -> Vec<(&'static str, String)> {
    let mut settings = on(service, database, &nats.url);
    settings.extend([
        ("PRZESIADKA__BUS__STREAM", nats.stream.clone()),
        ("PRZESIADKA__BUS__PREFIX", nats.prefix.clone()),
        ("PRZESIADKA__BUS__REPLICAS", "1".to_owned()),
        ("PRZESIADKA__BUS__MAX_BYTES", "104857600".to_owned()),
    ]);
    settings
}

/// Settings of a service's process by the URLs of its database and of NATS, where its password is its name.
pub fn on(service: Service, database: &str, nats: &str) -> Vec<(&'static str, String)> {
    let name = service.name().to_owned();
    vec![
        ("PRZESIADKA__DATABASE__KIND", "postgres".to_owned()),
        (service.database_url(), database.to_owned()),
        ("PRZESIADKA__BUS__KIND", "nats".to_owned()),
        ("PRZESIADKA__BUS__URL", nats.to_owned()),
        ("PRZESIADKA__BUS__USER", name.clone()),
        ("PRZESIADKA__BUS__PASSWORD", name),
    ]
}
