//! A rolling upgrade and the way back, in place of faults: as docs/OPERATIONS.md has it done, while dealerships are
//! under way.

use std::{collections::BTreeMap, path::Path, time::Duration};

use anyhow::Context as _;
use journeys::{Node, Service, built};
use platform::{loops::pause, schema};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    chance::Chance,
    check::{Databases, logs},
    log::Log,
};

/// A mix of builds has been under load when so many commands were committed meanwhile, and both replicas of the service
/// whose process is the newest have told of something and have applied something; once all are of one build, all have.
const COMMANDS: i64 = 30;
const LATEST: Duration = Duration::from_secs(300);
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Places in [`Service::ALL`], in whose order the processes come.
const ALL: [usize; Service::ALL.len()] = [0, 1, 2, 3];

/// What a request may come to where a process stops as it should: it is sent again. A connection may also end while a
/// request is on its way to it.
const SENT_AGAIN: [&str; 5] =
    ["UNAVAILABLE: ", "Connection refused", "connection closed", "Connection reset", "Broken pipe"];

/// Brings the schemas up by this build; on the processes' databases, whatever these are.
///
/// # Errors
/// What the command said.
pub fn schema_up(nodes: &[Node], build: &Path) -> anyhow::Result<()> {
    for (service, node) in Service::ALL.into_iter().zip(nodes) {
        let up = node.process.command_of(build, &["schema", "up", "--only", service.name()]);
        anyhow::ensure!(up.status.success(), "{}", String::from_utf8_lossy(&up.stderr));
    }
    Ok(())
}

/// Takes all processes from the old build to the built one, one after the other, and back again.
///
/// # Errors
/// It cannot be done, or a mix of builds does not work.
pub async fn there_and_back(
    nodes: &mut [Node],
    databases: &Databases<'_>,
    outside: &[client::Installation],
    old: &Path,
    mut chance: Chance,
    log: &Log,
) -> anyhow::Result<()> {
    let load = Load { databases, outside, log };
    let number = databases.column::<i64>(Service::Scheduling, "select compatibility from head").await?;
    if number != [schema::NEW] {
        log.say(format_args!(
            "NOTHING IS ROLLED: the compatibility number was raised from {number:?} to {}, so these builds do not run \
             side by side",
            schema::NEW
        ));
        return Ok(());
    }
    load.on(nodes, &[], "all old").await?;
    let new = built();
    schema_up(nodes, &new)?;
    for node in &*nodes {
        anyhow::ensure!(node.is_ready().await, "{} is not ready on the newer schema", node.process.name());
    }
    load.on(nodes, &[], "all old, on the new schema").await?;
    for (build, word) in [(&*new, "new"), (old, "old again")] {
        let all = nodes.len();
        for (so_far, which) in (1..).zip(in_any_order(all, &mut chance)) {
            nodes[which].replace_by(build).await?;
            let mixed = [which % ALL.len()];
            let of = if so_far < all { &mixed[..] } else { &ALL };
            let state = format!("{so_far} of {all} {word}, now {}", nodes[which].process.name());
            load.on(nodes, of, &state).await?;
        }
    }
    Ok(())
}

/// What requests came to before they were sent again, and how often.
pub fn sent_again(outside: &[client::Installation]) -> BTreeMap<String, usize> {
    let mut all = BTreeMap::new();
    for (why, times) in outside.iter().flat_map(client::Installation::sent_again) {
        *all.entry(why).or_default() += times;
    }
    all
}

/// What requests came to that no client should have to send again.
pub fn unexpected(sent_again: &BTreeMap<String, usize>) -> impl Iterator<Item = String> {
    let expected = |why: &str| SENT_AGAIN.iter().any(|expected| why.contains(expected));
    let unexpected = sent_again.iter().filter(move |(why, _)| !expected(why));
    unexpected.map(|(why, times)| format!("{times} requests came to: {why}"))
}

fn in_any_order(number: usize, chance: &mut Chance) -> Vec<usize> {
    let mut left: Vec<usize> = (0..number).collect();
    (0..number).map(|_| left.swap_remove(chance.below(left.len()))).collect()
}

/// Who makes the load, and where it is seen.
struct Load<'a> {
    databases: &'a Databases<'a>,
    outside: &'a [client::Installation],
    log: &'a Log,
}

impl Load<'_> {
    /// Waits until this mix of builds has done enough: all together, and each replica of these services.
    async fn on(&self, nodes: &[Node], of: &[usize], state: &str) -> anyhow::Result<()> {
        let (began, before) = (Instant::now(), Done::read(nodes, self.databases).await?);
        loop {
            pause(LOOK_EVERY, &CancellationToken::new()).await;
            let now = Done::read(nodes, self.databases).await?;
            let mut errors = logs::findings(nodes, false);
            errors.extend(unexpected(&sent_again(self.outside)));
            anyhow::ensure!(errors.is_empty(), "{state}: {}", errors.join("\n"));
            let commands = now.commands - before.commands;
            let mut idle = now.idle_since(&before, nodes, of);
            if commands >= COMMANDS && idle.is_empty() {
                let seconds = began.elapsed().as_secs_f64();
                self.log.say(format_args!("{state}: {commands} commands in {seconds:.1} s"));
                return Ok(());
            }
            if began.elapsed() > LATEST {
                idle.push(format!("{commands} commands were committed"));
                anyhow::bail!("{state}: not under load in {LATEST:?}: {}", idle.join(", "));
            }
        }
    }
}

/// How much was done so far.
struct Done {
    /// By all together, as their databases say.
    commands: i64,
    /// By each process since it started, as it says: events that it committed, and events of others that it applied.
    events: Vec<[f64; 2]>,
}

const COMMITTED: &str = "przesiadka_events_committed_total{";
const APPLIED: &str = "przesiadka_event_latency_seconds_count{";

impl Done {
    async fn read(nodes: &[Node], databases: &Databases<'_>) -> anyhow::Result<Self> {
        let mut commands = 0;
        for service in Service::ALL {
            commands += databases.column::<i64>(service, "select count(*) from request").await?[0];
        }
        let mut events = Vec::new();
        for node in nodes {
            let figures = reqwest::get(format!("http://127.0.0.1:{}/metrics", node.ops)).await;
            let figures = figures.with_context(|| node.process.name().to_owned())?.text().await?;
            let sum = |name: &str| {
                let series = figures.lines().filter(|line| line.starts_with(name));
                series.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum::<f64>()
            };
            events.push([COMMITTED, APPLIED].map(sum));
        }
        Ok(Self { commands, events })
    }

    /// Who of these services' replicas has not told of anything, or not applied anything.
    fn idle_since(&self, before: &Self, nodes: &[Node], of: &[usize]) -> Vec<String> {
        let mut idle = Vec::new();
        let services = ALL.into_iter().cycle();
        let all = nodes.iter().zip(services).zip(self.events.iter().zip(&before.events));
        for ((node, _), (now, before)) in all.filter(|((_, service), _)| of.contains(service)) {
            for (what, i) in [("committed", 0), ("applied", 1)] {
                if now[i] <= before[i] {
                    idle.push(format!("{} has {what} no event", node.process.name()));
                }
            }
        }
        idle
    }
}
