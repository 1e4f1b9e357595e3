//! Runs services in this process: their databases, the bus between them, three ports and the loops.

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::FutureExt as _;
use platform::{
    Edge,
    bus::{Bus, Embedded, JetStream},
    config::{BusKind, Config, DatabaseKind, Loaded},
    core::Core,
    grpc, openapi,
    operations::{self, Operations},
    servers::{Addresses, Apps, Checks, LocalSockets, Ports, Shutdown},
    telemetry::metrics::{Gauge, KeyValue, gauge},
};
use proto::operations::v1::operations_service_server::OperationsServiceServer;
use tokio::{select, task::JoinHandle, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::service::RoutesBuilder;

use crate::{
    lock::Lock,
    prepare,
    services::{Assembled, Name},
    settled::{self, Standing},
};

/// What the loops hold may be finished for this long after the hard stop.
const LAST_MOMENT: Duration = Duration::from_secs(1);
/// A database that answers slower than this is not ready.
const PING: Duration = Duration::from_secs(2);

/// Looked at each second, as gRPC's health follows it.
static READY: LazyLock<Gauge<f64>> =
    LazyLock::new(|| gauge("przesiadka.ready", "", "1 while a service of this process can answer requests."));

/// Services that run.
#[derive(Debug)]
pub struct Server {
    pub addresses: Addresses,
    /// Stops it.
    pub shutdown: Shutdown,
    done: JoinHandle<anyhow::Result<()>>,
}

/// One service's database, and whether its schema is there.
#[derive(Clone)]
struct Base {
    core: Core,
    is_up: Arc<AtomicBool>,
}

impl Server {
    /// Starts the services. Returns when the ports listen; `/ready` says when requests are served,
    /// which may be later where a database is away.
    ///
    /// # Errors
    /// Settings, data files or certificates that cannot be used, a port or a SQLite file that another
    /// process has. Not a database or a bus that is away.
    pub async fn start(loaded: &Loaded, names: &[Name]) -> anyhow::Result<Self> {
        let config = &loaded.config;
        let words: Vec<_> = names.iter().map(|name| name.as_str()).collect();
        config.check_services(&words)?;
        config.check_files(&words).await?;
        let locks = match config.database.kind {
            DatabaseKind::Sqlite => names.iter().map(|n| Lock::take(&config.data_dir, n.as_str())).collect(),
            DatabaseKind::Postgres => Ok(Vec::new()),
        };
        let locks: Vec<Lock> = locks?;
        let ports = Ports::bind(&config.rest, &config.grpc, &config.ops, config.limits.connections()).await?;
        let addresses = ports.addresses();

        let shutdown = Shutdown::default();
        let verifier = Arc::new(config.verifier()?);
        let edge = Edge::new(Arc::clone(&verifier), config.limits.edge()).ending_streams_at(shutdown.soft());
        let clock = config.business_clock()?;
        let buses = Buses::new(config);
        let mut rest = openapi::router(&document());
        let mut routes = RoutesBuilder::default();
        let tasks = TaskTracker::new();
        // The loops outlive the ports: what the last requests commit goes out, too.
        let stop = CancellationToken::new();
        let until = stop.clone();
        tasks.spawn(async move { verifier.keep_fresh(&until).await });
        let (mut bases, mut standings) = (Vec::<Base>::new(), Vec::new());
        for &name in names {
            let core = prepare::open(config, name, clock.clone()).await?;
            let assembled = name.assemble(core, &edge, loaded, &mut routes)?;
            rest = rest.merge(assembled.rest.clone());
            standings.push(Standing {
                core: assembled.core.clone(),
                sources: assembled.loops.on_event.sources(),
                sender: assembled.sender.clone(),
            });
            let base = Base { core: assembled.core.clone(), is_up: Arc::default() };
            bases.push(base.clone());
            let bus = buses.of(name).await?;
            tasks.spawn(run(name, base, assembled, bus, config.clone(), tasks.clone(), stop.clone()));
        }

        let members = bases.iter().map(|base| (base.core.clone(), Arc::clone(&base.is_up)));
        let operations = Arc::new(Operations::new(members));
        let operations = operations::Grpc(grpc::Server::new(&edge, &operations));
        let operations = OperationsServiceServer::new(operations);
        routes.add_service(operations.max_decoding_message_size(grpc::MESSAGE_BYTES));
        let words: Vec<_> = names.iter().map(|name| name.as_str()).collect();
        let ports = ports.with_local(LocalSockets::bind(&config.data_dir, &words));

        let cores: Vec<_> = bases.iter().map(|base| base.core.clone()).collect();
        let apps = Apps {
            rest,
            grpc: routes.routes(),
            checks: checks(bases, standings),
            message_time: config.limits.edge().body_time,
        };
        let until = shutdown.clone();
        let done = tokio::spawn(async move {
            let served = ports.serve(apps, &until).await;
            stop.cancel();
            tasks.close();
            let hard = until.hard();
            let finished = select! {
                () = tasks.wait() => true,
                () = hard.cancelled() => timeout(LAST_MOMENT, tasks.wait()).await.is_ok(),
            };
            if !finished {
                tracing::warn!("stopped with work in hand: it is done after the next start");
            }
            for core in cores {
                let _ = timeout(LAST_MOMENT, core.db.close()).await;
            }
            drop(locks);
            served
        });
        Ok(Self { addresses, shutdown, done })
    }

    /// Returns when it has stopped.
    ///
    /// # Errors
    /// What ended it, if not its shutdown.
    pub async fn wait(self) -> anyhow::Result<()> {
        self.done.await?
    }
}

/// The REST API of all services, whichever of them run here: one contract, one page.
pub fn document() -> serde_json::Value {
    let operations: Vec<_> = Name::ALL.into_iter().flat_map(Name::operations).collect();
    openapi::document(&operations)
}

/// The loops of one service begin when its schema is there.
async fn run(
    name: Name,
    base: Base,
    assembled: Assembled,
    bus: Bus,
    config: Config,
    tasks: TaskTracker,
    stop: CancellationToken,
) {
    let prepared = prepare::schema(name, &base.core.db, config.database.schema_at_start, &stop);
    if stop.run_until_cancelled(prepared).await.is_none() {
        return;
    }
    base.is_up.store(true, Ordering::Release);
    tracing::info!(service = name.as_str(), "ready");
    if let Some(notification) = assembled.sender {
        tasks.spawn(notification.clone().run_courier(stop.clone()));
        tasks.spawn(notification.clone().run_retention(stop.clone()));
        tasks.spawn(notification.run_sender(stop.clone()));
    }
    assembled.loops.spawn(&tasks, bus, config.bus.heads_every(), stop);
}

fn checks(bases: Vec<Base>, standings: Vec<Standing>) -> Checks {
    let (bases, standings): (Arc<[Base]>, Arc<[Standing]>) = (bases.into(), standings.into());
    Checks {
        ready: Box::new(move || {
            let bases = Arc::clone(&bases);
            async move {
                let mut missing = Vec::new();
                for base in bases.iter() {
                    missing.extend(base.missing().await);
                }
                missing
            }
            .boxed()
        }),
        settled: Box::new(move || {
            let standings = Arc::clone(&standings);
            async move { settled::report(&standings).await }.boxed()
        }),
    }
}

impl Base {
    async fn missing(&self) -> Option<String> {
        let service = self.core.service;
        let missing = if !self.is_up.load(Ordering::Acquire) {
            Some("the schema of its database")
        } else if timeout(PING, self.core.db.is_there()).await.unwrap_or(false) {
            None
        } else {
            Some("its database")
        };
        READY.record(f64::from(u8::from(missing.is_none())), &[KeyValue::new("service", service)]);
        missing.map(|missing| format!("{service}: {missing}"))
    }
}

/// One bus for all services of the process, or a connection for each.
enum Buses<'a> {
    Embedded(Embedded),
    Nats(&'a Config),
}

impl<'a> Buses<'a> {
    fn new(config: &'a Config) -> Self {
        match config.bus.kind {
            BusKind::Embedded => Self::Embedded(Embedded::default()),
            BusKind::Nats => Self::Nats(config),
        }
    }

    async fn of(&self, name: Name) -> anyhow::Result<Bus> {
        Ok(match self {
            Self::Embedded(bus) => Bus::Embedded(bus.clone()),
            Self::Nats(config) => {
                Bus::JetStream(JetStream::connect(config.jetstream(), name.as_str()).await?)
            }
        })
    }
}
