//! The real parts: PostgreSQL, a NATS cluster of three, two replicas of each service, and the lines between them.

use std::{net::SocketAddr, path::Path};

use anyhow::Context as _;
use client::Replica;
use futures::future::try_join_all;
use journeys::{
    Installation, Node, Service, on_servers,
    proxy::Proxy,
    servers::{NatsCluster, Postgres},
    sink::Sink,
};
use platform::db::{Db, execute};
use testkit::Nats;

use crate::upgrade;

/// Business time at the start: a Monday in November, so that Christmas and the new year fall into the buffers.
const NOW: &str = "2026-11-09T08:00:00Z";
const REPLICAS: usize = 2;
const NATS_NODES: usize = 3;
/// Above what all pools together may open.
const CONNECTIONS: &str = "200";

/// Everything that runs. Dropping it ends all of it.
pub struct Parts {
    pub installation: Installation,
    pub servers: Servers,
    pub lines: Lines,
    /// Where mails go.
    pub mails: Sink,
}

/// What the services lean on.
pub struct Servers {
    pub postgres: Postgres,
    pub nats: NatsCluster,
}

/// Where connections can be disturbed. Callers and services know only these addresses.
pub struct Lines {
    /// REST and gRPC of each process, in the order of the processes; none where callers reach these themselves.
    pub ports: Vec<[Proxy; 2]>,
    /// PostgreSQL, as each service reaches it; in the order of [`Service::ALL`].
    pub databases: Vec<Proxy>,
    pub nats: Vec<Proxy>,
}

impl Parts {
    /// Starts everything and waits until it serves. To be upgraded: processes of this build, that leave schemas to
    /// others, as in Kubernetes.
    pub async fn start(upgraded: Option<&Path>) -> anyhow::Result<Self> {
        let mut installation = Installation::empty(NOW);
        if let Some(build) = upgraded {
            build.clone_into(&mut installation.program);
        }
        let folder = installation.folder().join("servers");
        std::fs::create_dir(&folder)?;
        let servers = Servers::start(&folder).await?;
        let mut lines = Lines { ports: Vec::new(), databases: Vec::new(), nats: Vec::new() };
        for _ in Service::ALL {
            lines.databases.push(Proxy::to(port_of(&servers.postgres.url(""))?).await?);
        }
        for node in 0..NATS_NODES {
            lines.nats.push(Proxy::to(port_of(&servers.nats.url(node))?).await?);
        }
        let (nats, mails) = (lines.nats(), Sink::start().await?);
        for replica in 0..REPLICAS {
            for (service, line) in Service::ALL.into_iter().zip(&lines.databases) {
                let url = through(&servers.postgres.url(service.name()), line.address())?;
                let mut settings = on_servers(service, &url, &nats);
                settings.push(("PRZESIADKA__BUS__REPLICAS", NATS_NODES.to_string()));
                settings.push(("PRZESIADKA__BUS__MAX_BYTES", (4_u64 << 30).to_string()));
                settings.push(("PRZESIADKA__DATABASE__SCHEMA_AT_START", upgraded.is_none().to_string()));
                settings.extend(mails.settings());
                let name = service.name();
                installation.add(&format!("{name}-{replica}"), &["serve", "--only", name], settings);
            }
        }
        if let Some(build) = upgraded {
            upgrade::schema_up(&installation.processes, build)?;
        } else {
            for Node { rest, grpc, .. } in &installation.processes {
                lines.ports.push([Proxy::to(*rest).await?, Proxy::to(*grpc).await?]);
            }
        }
        installation.ready().await;
        Ok(Self { installation, servers, lines, mails })
    }

    /// The services as callers reach them. Half of the callers ask the second replica first.
    pub fn outside(&self, second_first: bool) -> client::Installation {
        let replica = |number: usize| {
            let Node { rest, grpc, ops, .. } = &self.installation.processes[number];
            let itself = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
            let [rest, grpc] = match self.lines.ports.get(number) {
                Some(lines) => lines.each_ref().map(Proxy::address),
                None => [itself(*rest), itself(*grpc)],
            };
            Replica { rest, grpc, ops: itself(*ops) }
        };
        client::Installation::new(Service::ALL.into_iter().enumerate().map(|(i, service)| {
            let mut replicas: Vec<_> = (0..REPLICAS).map(|r| replica(r * Service::ALL.len() + i)).collect();
            replicas.rotate_left(usize::from(second_first));
            (service.name().to_owned(), replicas)
        }))
    }
}

impl Servers {
    async fn start(folder: &Path) -> anyhow::Result<Self> {
        // Processes die here and the machine does not, so what was written to a file stays without fsync.
        let options = [("max_connections", CONNECTIONS), ("fsync", "off"), ("log_min_messages", "fatal")];
        let (postgres, nats) =
            tokio::join!(Postgres::start(folder, &options), NatsCluster::start(folder, NATS_NODES));
        let servers = Self { postgres, nats };
        let db = servers.open("postgres").await?;
        for service in Service::ALL {
            execute(db.read(), &format!("create database {}", service.name()), vec![]).await?;
        }
        db.close().await?;
        Ok(servers)
    }

    /// A connection to a database of its own, past the lines.
    pub async fn open(&self, database: &str) -> anyhow::Result<Db> {
        Ok(Db::open(&self.postgres.url(database), 2).await?)
    }

    /// The services' databases, in the order of [`Service::ALL`].
    pub async fn open_all(&self) -> anyhow::Result<Vec<Db>> {
        try_join_all(Service::ALL.map(|service| self.open(service.name()))).await
    }

    /// NATS as it is, past the lines.
    pub fn bus(&self) -> Nats {
        let urls: Vec<_> = (0..NATS_NODES).map(|node| self.nats.url(node)).collect();
        on_bus(urls.join(","))
    }
}

impl Lines {
    fn nats(&self) -> Nats {
        let urls: Vec<_> = self.nats.iter().map(|line| format!("nats://{}", line.address())).collect();
        on_bus(urls.join(","))
    }

    pub fn all(&self) -> impl Iterator<Item = &Proxy> {
        self.ports.iter().flatten().chain(&self.databases).chain(&self.nats)
    }
}

fn on_bus(url: String) -> Nats {
    Nats { url, prefix: "przesiadka".to_owned(), stream: "PRZESIADKA".to_owned() }
}

const LOOPBACK: &str = "127.0.0.1:";

fn port_of(url: &str) -> anyhow::Result<u16> {
    let (_, port) = url.split_once(LOOPBACK).context("an address on loopback")?;
    Ok(port.split('/').next().unwrap_or_default().parse()?)
}

/// The same URL by another way.
fn through(url: &str, line: SocketAddr) -> anyhow::Result<String> {
    Ok(url.replace(&format!("{LOOPBACK}{}", port_of(url)?), &line.to_string()))
}
