//! Whole projects, from the first contact to the signed protocol, by concurrent clients.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use clap::ValueEnum;
use client::{Answered, Contacts};
use futures::future::try_join_all;
use story::{Dealership, Facts, Through, World};
use tokio::{task::LocalSet, time::sleep};

use crate::{
    Options,
    figures::{Figures, quantile_ms},
    place::{Layout, Place},
    processes::Cpu,
};

/// What contacts speak. SOFTVIG's people always speak gRPC: its commands are not in REST.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Wire {
    Grpc,
    Rest,
}

impl Wire {
    const ALL: [Self; 2] = [Self::Grpc, Self::Rest];

    const fn key(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::Rest => "rest",
        }
    }

    pub const fn contacts(self) -> Contacts {
        match self {
            Self::Grpc => Contacts::Grpc,
            Self::Rest => Contacts::Rest,
        }
    }
}

/// Everything must have arrived by then for a run to count.
const ARRIVED_WITHIN: Duration = Duration::from_secs(1);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Longer than that it is broken.
const LONGEST: Duration = Duration::from_secs(180);

/// One run of a load.
pub struct Run {
    pub elapsed: Duration,
    pub projects: usize,
    pub answers: Vec<Answered>,
    pub cpu: Cpu,
    /// From the last answer to when outboxes and lanes were empty.
    pub arrived: Duration,
    pub memory_mb: f64,
}

/// Measures each layout with each way to speak and each number of clients.
///
/// # Errors
/// A refusal, or a service that does not answer.
pub async fn measure(options: &Options, figures: &mut Figures) -> anyhow::Result<()> {
    heading();
    for layout in Layout::ALL.into_iter().filter(|layout| options.layout.is_none_or(|only| only == *layout)) {
        for wire in Wire::ALL.into_iter().filter(|wire| options.wire.is_none_or(|only| only == *wire)) {
            for &clients in &options.clients {
                let place = Place::start(layout).await?;
                let run = run(&place, wire, clients, Duration::from_secs(options.seconds)).await?;
                tell(figures, &format!("{}_{}_{clients}", layout.key(), wire.key()), &run);
                if (layout, wire, clients) == (Layout::Spread, Wire::Grpc, 16) {
                    by_method(figures, &run);
                }
            }
        }
    }
    Ok(())
}

/// Warms up with a project for each client, then measures.
pub async fn run(place: &Place, wire: Wire, clients: usize, at_least: Duration) -> anyhow::Result<Run> {
    drive(place, wire, clients, Duration::ZERO).await?;
    arrived(place).await?;
    let (cpu, began) = (place.cpu(), Instant::now());
    let (projects, answers) = drive(place, wire, clients, at_least).await?;
    let elapsed = began.elapsed();
    arrived(place).await?;
    let arrived = began.elapsed() - elapsed;
    let memory_mb = place.memory_mb("VmHWM");
    Ok(Run { elapsed, projects, answers, cpu: place.cpu() - cpu, arrived, memory_mb })
}

/// Returns when nothing is on its way any more.
async fn arrived(place: &Place) -> anyhow::Result<()> {
    let (outside, began) = (place.installation.outside(), Instant::now());
    loop {
        match outside.settled(Duration::ZERO).await {
            Ok(_) => return Ok(()),
            Err(error) => anyhow::ensure!(began.elapsed() < LONGEST, "{error}"),
        }
        sleep(LOOK_EVERY).await;
    }
}

/// One project of each client, without waiting until all has arrived.
///
/// # Errors
/// A refusal, or a service that does not answer.
pub async fn some_projects(
    place: &Place,
    wire: Wire,
    clients: usize,
) -> anyhow::Result<(Duration, Vec<Answered>)> {
    let began = Instant::now();
    let (_, answers) = drive(place, wire, clients, Duration::ZERO).await?;
    Ok((began.elapsed(), answers))
}

/// Each client takes one project after the other to its end, until the time is over. All are at the same business
/// time and wait for each other only where they wait for a day.
async fn drive(
    place: &Place,
    wire: Wire,
    clients: usize,
    at_least: Duration,
) -> anyhow::Result<(usize, Vec<Answered>)> {
    let answers = Arc::new(Mutex::new(Vec::new()));
    let worlds = (0..clients).map(|_| {
        let answers = Arc::clone(&answers);
        place.client(wire.contacts(), move |answered| {
            answers.lock().expect("nobody panics with the lock").push(answered);
            std::future::ready(())
        })
    });
    let worlds = worlds.collect::<anyhow::Result<Vec<_>>>()?;
    let began = Instant::now();
    // The steps of a story stay on one thread; connections are served on all.
    let local = LocalSet::new();
    let clients: Vec<_> =
        worlds.into_iter().map(|world| local.spawn_local(projects(world, began, at_least))).collect();
    let mut projects = 0;
    for client in local.run_until(try_join_all(clients)).await? {
        projects += client?;
    }
    let answers = std::mem::take(&mut *answers.lock().expect("nobody panics with the lock"));
    Ok((projects, answers))
}

async fn projects(world: World, began: Instant, at_least: Duration) -> anyhow::Result<usize> {
    let mut done = 0;
    loop {
        let dealership = Dealership::open(&world, &Facts::AUTODOM).await?;
        dealership.go_through(Through::Acceptance).await?;
        done += 1;
        if began.elapsed() >= at_least {
            return Ok(done);
        }
    }
}

impl Run {
    pub fn commands(&self) -> usize {
        self.answers.iter().filter(|answered| answered.is_command).count()
    }

    pub fn commands_per_s(&self) -> f64 {
        self.commands() as f64 / self.elapsed.as_secs_f64()
    }

    /// The same, if the time counts until everything had arrived: what can be kept up.
    pub fn sustained_per_s(&self) -> f64 {
        self.commands() as f64 / (self.elapsed + self.arrived).as_secs_f64()
    }

    /// Milliseconds for each command.
    pub fn per_command(&self, time: Duration) -> f64 {
        time.as_secs_f64() * 1e3 / self.commands() as f64
    }

    pub fn counts(&self) -> bool {
        self.arrived <= ARRIVED_WITHIN
    }

    fn times(&self, which: impl Fn(&Answered) -> bool) -> Vec<Duration> {
        self.answers.iter().filter(|a| which(a)).map(|a| a.ended - a.began).collect()
    }
}

/// The table's first line.
pub fn heading() {
    println!(
        "{:<20} {:>7} {:>7} {:>6} {:>5} {:>7} {:>7} | CPU ms per command {:>5} {:>5} {:>5} {:>7} | {:>7} {:>8}",
        "load, clients",
        "cmd/s",
        "reads/s",
        "proj/s",
        "busy",
        "p50 ms",
        "p99 ms",
        "svc",
        "pg",
        "nats",
        "clients",
        "peak MB",
        "arrived"
    );
}

/// Prints a line and keeps the figures under `key`.
pub fn tell(figures: &mut Figures, key: &str, run: &Run) {
    let mut times = run.times(|a| a.is_command);
    let all: Duration = run.times(|_| true).iter().sum();
    let seconds = run.elapsed.as_secs_f64();
    let reads = (run.answers.len() - run.commands()) as f64 / seconds;
    let (p50, p99) = (quantile_ms(&mut times, 0.5), quantile_ms(&mut times, 0.99));
    let busy = all.as_secs_f64() / seconds;
    let services = run.per_command(run.cpu.of_services());
    let [postgres, nats, clients] =
        [run.cpu.postgres, run.cpu.nats, run.cpu.clients].map(|time| run.per_command(time));
    let arrived = run.arrived.as_secs_f64() * 1e3;
    println!(
        "{key:<20} {:>7.0} {reads:>7.0} {:>6.1} {busy:>5.1} {p50:>7.1} {p99:>7.1} | {:>24.2} {postgres:>5.2} {nats:>5.2} {clients:>7.2} | {:>7.0} {arrived:>5.0} ms",
        run.commands_per_s(),
        run.projects as f64 / seconds,
        services,
        run.memory_mb,
    );
    for (name, value) in [
        ("commands_per_s", run.commands_per_s()),
        ("sustained_per_s", run.sustained_per_s()),
        ("reads_per_s", reads),
        ("projects_per_s", run.projects as f64 / seconds),
        ("busy_clients", busy),
        ("command_p50_ms", p50),
        ("command_p99_ms", p99),
        ("cpu_ms_services", services),
        ("cpu_ms_postgres", postgres),
        ("cpu_ms_nats", nats),
        ("cpu_ms_clients", clients),
        ("peak_mb", run.memory_mb),
        ("arrived_ms", arrived),
    ] {
        figures.set(format!("{key}_{name}"), value);
    }
    for (name, time) in &run.cpu.services {
        figures.set(format!("{key}_cpu_ms_{name}"), run.per_command(*time));
    }
}

/// Prints how long each method took.
fn by_method(figures: &mut Figures, run: &Run) {
    let mut methods: BTreeMap<(bool, &str), Vec<Duration>> = BTreeMap::new();
    for answered in &run.answers {
        let times = methods.entry((!answered.is_command, answered.method)).or_default();
        times.push(answered.ended - answered.began);
    }
    println!("  {:<42} {:>6} {:>8} {:>8}", "method", "calls", "p50 ms", "p99 ms");
    for ((_, method), mut times) in methods {
        let (calls, p50, p99) = (times.len(), quantile_ms(&mut times, 0.5), quantile_ms(&mut times, 0.99));
        println!("  {method:<42} {calls:>6} {p50:>8.1} {p99:>8.1}");
        figures.set(format!("method_{method}_p50_ms"), p50);
        figures.set(format!("method_{method}_p99_ms"), p99);
    }
}
