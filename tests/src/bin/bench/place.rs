//! An installation on servers of its own.

use std::{env, fs, path::PathBuf, sync::Arc, time::Duration};

use clap::ValueEnum;
use client::{Answered, Contacts};
use journeys::{
    Installation, Service, on,
    servers::{NatsCluster, Postgres, program},
};
use platform::db::{Db, execute};
use story::{Clock, World};
use testkit::unique_name;

use crate::processes::{self, Cpu};

/// A Monday in November.
pub const NOW: &str = "2026-11-09T08:00:00Z";

/// A request that nobody answers is sent again for so long, as a good client would; the time counts.
const PATIENCE: Duration = Duration::from_secs(30);

/// How an installation runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Layout {
    /// All services in one process, on SQLite.
    Embedded,
    /// Each service in a process of its own, on PostgreSQL and NATS.
    Spread,
}

impl Layout {
    pub const ALL: [Self; 2] = [Self::Embedded, Self::Spread];

    /// As figures are named.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Spread => "postgres",
        }
    }
}

/// What PostgreSQL differs from its defaults in: memory for a small server, and no limit that a test needs.
/// `fsync` and `synchronous_commit` stay on.
const POSTGRES: [(&str, &str); 8] = [
    ("max_connections", "200"),
    ("shared_buffers", "1GB"),
    ("max_wal_size", "4GB"),
    ("wal_compression", "on"),
    ("random_page_cost", "1.1"),
    // For the time from a result's commit to the unlocked stage.
    ("track_commit_timestamp", "on"),
    ("log_min_messages", "warning"),
    ("log_line_prefix", "\u{1e}%p|%d|"),
];

/// Dropped in this order.
pub struct Place {
    pub installation: Installation,
    pub servers: Option<Servers>,
    pub clock: Arc<Clock>,
}

/// PostgreSQL and NATS, one node each.
pub struct Servers {
    pub postgres: Postgres,
    pub nats: NatsCluster,
    _folder: Scratch,
}

/// A folder that goes when it is dropped.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new() -> anyhow::Result<Self> {
        let folder = env::temp_dir().join(format!("przesiadka-bench-{}", unique_name()));
        fs::create_dir(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

impl Servers {
    pub async fn start() -> anyhow::Result<Self> {
        let folder = Scratch::new()?;
        let postgres = Postgres::start(&folder.0, &POSTGRES).await;
        let nats = NatsCluster::start(&folder.0, 1).await;
        Ok(Self { postgres, nats, _folder: folder })
    }

    /// Does what autovacuum would do by and by.
    pub fn vacuum(&self, database: &str) -> anyhow::Result<()> {
        let ran = program("vacuumdb")
            .args(["--analyze", "--quiet"])
            .arg(format!("--dbname={}", self.postgres.url(database)))
            .output()?;
        anyhow::ensure!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        Ok(())
    }

    /// Runs a statement as the superuser.
    pub async fn run(&self, database: &str, sql: &str) -> anyhow::Result<()> {
        let db = Db::open(&self.postgres.url(database), 1).await?;
        execute(db.read(), sql, vec![]).await?;
        Ok(db.close().await?)
    }
}

impl Place {
    /// Starts everything and waits until it is ready.
    pub async fn start(layout: Layout) -> anyhow::Result<Self> {
        Self::start_with(layout, &[]).await
    }

    /// The same with further settings for every process.
    pub async fn start_with(layout: Layout, settings: &[(&'static str, String)]) -> anyhow::Result<Self> {
        let mut place = Self::not_started(layout).await?;
        place.start_services(settings);
        place.installation.ready().await;
        Ok(place)
    }

    /// Servers and settings, and no process of ours yet.
    pub async fn not_started(layout: Layout) -> anyhow::Result<Self> {
        let servers = match layout {
            Layout::Embedded => None,
            Layout::Spread => {
                let servers = Servers::start().await?;
                for service in Service::ALL {
                    servers.run("postgres", &format!("create database {}", service.name())).await?;
                }
                Some(servers)
            }
        };
        // E-mails are files here. To make thousands of them takes a disk's file system a tenth of all CPU time, which
        // production does not spend.
        let in_memory = PathBuf::from("/dev/shm");
        let installation = match layout {
            Layout::Spread if in_memory.is_dir() => Installation::empty_in(&in_memory, NOW),
            _ => Installation::empty(NOW),
        };
        let clock = Clock::open(&installation.clock())?;
        Ok(Self { installation, servers, clock })
    }

    /// Adds the processes, with the settings of an installation that is in use.
    pub fn start_services(&mut self, further: &[(&'static str, String)]) {
        let common = || {
            let mut common = vec![
                ("PRZESIADKA__BUS__HEADS_EVERY_MS", "5000".to_owned()),
                ("PRZESIADKA__TELEMETRY__FORMAT", "json".to_owned()),
            ];
            common.extend_from_slice(further);
            common
        };
        match &self.servers {
            None => self.installation.add("all", &["serve"], common()),
            Some(servers) => {
                for service in Service::ALL {
                    let name = service.name();
                    let mut settings = on(service, &servers.postgres.url(name), &servers.nats.url(0));
                    settings.extend(common());
                    settings.push(("PRZESIADKA__BUS__REPLICAS", "1".to_owned()));
                    self.installation.add(name, &["serve", "--only", name], settings);
                }
            }
        }
    }

    /// A client of its own, one of several by the same clock.
    pub fn client<F>(
        &self,
        contacts: Contacts,
        told: impl Fn(Answered) -> F + Send + Sync + 'static,
    ) -> anyhow::Result<World>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let outside = self.installation.outside().patient(PATIENCE).contacts(contacts).telling(told);
        World::abreast(outside, &self.installation.data_dir(), &self.clock)
    }

    /// A service's database, for this program.
    pub async fn database(&self, service: Service) -> anyhow::Result<Db> {
        let servers = self.servers.as_ref().ok_or_else(|| anyhow::anyhow!("no PostgreSQL here"))?;
        Ok(Db::open(&servers.postgres.url(service.name()), 4).await?)
    }

    pub fn cpu(&self) -> Cpu {
        let of = |ids: Vec<u32>, children| ids.into_iter().map(|id| processes::cpu(id, children)).sum();
        let (postgres, nats) = match &self.servers {
            None => Default::default(),
            Some(servers) => {
                let all = servers.postgres.processes();
                let ended = all.first().map(|first| processes::cpu(*first, true)).unwrap_or_default();
                let running: Duration = of(all.into_iter().skip(1).collect(), false);
                (ended + running, of(servers.nats.processes(), false))
            }
        };
        let services = self.services().map(|(name, id)| (name, processes::cpu(id, false))).collect();
        Cpu { services, postgres, nats, clients: processes::cpu(std::process::id(), false) }
    }

    /// The services' processes by name.
    pub fn services(&self) -> impl Iterator<Item = (String, u32)> {
        let nodes = self.installation.processes.iter();
        nodes.filter_map(|node| Some((node.process.name().to_owned(), node.process.id()?)))
    }

    /// Memory of the services' processes: now ("VmRSS"), or the most so far ("VmHWM").
    pub fn memory_mb(&self, field: &str) -> f64 {
        self.services().map(|(_, id)| processes::memory_mb(id, field)).sum()
    }
}
