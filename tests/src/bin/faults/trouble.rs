//! The faults, by a plan that follows from the seed: what happens to whom, for how long, after which pause.
//!
//! Who makes trouble owns what it disturbs, so several do at once: a process is killed while NATS is away.

use std::{sync::Mutex, time::Duration};

use jiff::{SignedDuration, Timestamp};
use journeys::{Node, proxy::Line, servers::signal};
use platform::loops::pause;
use story::Clock;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{
    bus::Bus,
    chance::Chance,
    log::Log,
    parts::{Lines, Servers},
};

const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Kills processes, or freezes them for seconds: who wakes up may still believe to hold a lease.
pub async fn processes(
    nodes: &mut [Node],
    pauses: u32,
    mut chance: Chance,
    log: &Log,
    stop: &CancellationToken,
) {
    while !stop.is_cancelled() {
        pause(chance.millis(1_000, 3_000) * pauses, stop).await;
        let victim = chance.below(nodes.len());
        let process = &mut nodes[victim].process;
        if !process.is_running() {
            log.found(format!("{} ended by itself", process.name()));
        }
        if chance.pick(&[(6, true), (1, false)]) {
            log.did("killed", process.name());
            process.restart();
        } else {
            let how_long = chance.millis(2_000, 7_000);
            log.did("frozen", format_args!("{} for {how_long:?}", process.name()));
            signal("STOP", process.id());
            pause(how_long, stop).await;
            signal("CONT", process.id());
        }
    }
}

#[derive(Clone, Copy)]
enum ToServers {
    OneNodeOfNats,
    AllOfNats,
    Postgres,
    StreamMadeAnew,
    NewestLost,
    DeliveredAgain,
    OutOfOrder,
}

/// By how often it is done.
const TO_SERVERS: [(usize, ToServers); 7] = [
    (4, ToServers::OneNodeOfNats),
    (1, ToServers::AllOfNats),
    (2, ToServers::Postgres),
    (1, ToServers::StreamMadeAnew),
    (2, ToServers::NewestLost),
    (2, ToServers::DeliveredAgain),
    (2, ToServers::OutOfOrder),
];

/// Takes the servers away for a while, and lets the bus forget, repeat and reverse. First each of these once, in any
/// order and until it is done, also when no dealership is under way any more.
pub async fn servers(
    servers: &mut Servers,
    pauses: u32,
    mut chance: Chance,
    log: &Log,
    stop: &CancellationToken,
) {
    use ToServers::{
        AllOfNats, DeliveredAgain, NewestLost, OneNodeOfNats, OutOfOrder, Postgres, StreamMadeAnew,
    };
    let bus = Bus::new(servers.bus());
    let mut not_yet: Vec<ToServers> = TO_SERVERS.map(|(_, what)| what).to_vec();
    let over = stop;
    while !over.is_cancelled() || !not_yet.is_empty() {
        let stop = &if not_yet.is_empty() { over.clone() } else { CancellationToken::new() };
        pause(chance.millis(2_000, 6_000) * pauses, stop).await;
        let (often, first) = (chance.pick(&TO_SERVERS), chance.below(TO_SERVERS.len()));
        let what = match not_yet.len() {
            0 => often,
            some => not_yet.swap_remove(first % some),
        };
        let how_long = chance.millis(1_000, 5_000);
        let number = chance.below(60) + 20;
        // Its own: how often it is asked depends on what the servers answer.
        let mut chance = chance.other();
        let done = match what {
            OneNodeOfNats => {
                let node = chance.below(servers.nats.size());
                log.did("NATS node away", format_args!("{node} for {how_long:?}"));
                servers.nats.kill(node);
                pause(how_long, stop).await;
                servers.nats.resume(node);
                true
            }
            AllOfNats => {
                log.did("NATS away", format_args!("for {how_long:?}"));
                let nodes = 0..servers.nats.size();
                nodes.clone().for_each(|node| servers.nats.kill(node));
                pause(how_long, stop).await;
                nodes.for_each(|node| servers.nats.resume(node));
                true
            }
            Postgres => {
                let how_long = how_long / 4;
                log.did("PostgreSQL killed", format_args!("for {how_long:?}"));
                servers.postgres.kill();
                pause(how_long, stop).await;
                servers.postgres.resume().await;
                true
            }
            StreamMadeAnew => report(log, "stream deleted", bus.delete_stream().await),
            NewestLost => report(log, "newest messages lost", bus.lose_newest(number).await),
            DeliveredAgain => {
                report(log, "delivered again in any order", bus.deliver_again(number, &mut chance).await)
            }
            OutOfOrder => report(log, "newest events out of order", bus.reverse_newest(how_long / 4).await),
        };
        if !done && !over.is_cancelled() {
            not_yet.push(what);
        }
    }
    for node in 0..servers.nats.size() {
        servers.nats.ready(node).await;
    }
}

/// With NATS half away it may not be able to forget or repeat anything.
fn report(log: &Log, what: &'static str, outcome: anyhow::Result<usize>) -> bool {
    match &outcome {
        Ok(number) => log.did(what, number),
        Err(error) => log.did("not possible just then", format_args!("{what}: {error:#}")),
    }
    outcome.is_ok_and(|number| number > 0)
}

#[derive(Clone, Copy)]
enum ToLines {
    Slow,
    Cut,
    Mute,
}

/// Delays, cuts, and swallows answers, on any line: to a service, to its database, to NATS.
pub async fn lines(lines: &Lines, pauses: u32, mut chance: Chance, log: &Log, stop: &CancellationToken) {
    let all: Vec<_> = lines.all().collect();
    while !stop.is_cancelled() {
        pause(chance.millis(300, 1_500) * pauses, stop).await;
        let which = chance.below(all.len());
        let how_long = chance.millis(500, 2_500);
        let late = chance.millis(5, 150);
        match chance.pick(&[(3, ToLines::Slow), (3, ToLines::Cut), (3, ToLines::Mute)]) {
            ToLines::Slow => {
                log.did("line slow", format_args!("{which} by {late:?} for {how_long:?}"));
                all[which].set(Line::Slow(late));
            }
            ToLines::Cut => {
                log.did("line cut", which);
                all[which].cut();
                continue;
            }
            ToLines::Mute => {
                log.did("answers swallowed", format_args!("on {which} for {how_long:?}"));
                all[which].set(Line::Mute);
            }
        }
        pause(how_long, stop).await;
        all[which].set(Line::Clear);
    }
}

/// Business time that jumps forward by a week, whoever is at work; but not before a week has passed by itself since
/// the last time, or many dealerships would agree on new dates and never come to one.
pub async fn time(clock: &Clock, jumps: &Jumps, mut chance: Chance, log: &Log, stop: &CancellationToken) {
    let mut earliest = clock.now();
    loop {
        pause(chance.millis(15_000, 30_000), stop).await;
        while clock.now() < earliest && !stop.is_cancelled() {
            pause(LOOK_EVERY, stop).await;
        }
        if stop.is_cancelled() {
            return;
        }
        jumps.around(|| clock.jump(WEEK).unwrap_or_else(|e| panic!("the clock: {e:#}")));
        earliest = clock.now() + WEEK;
        log.did("a week passed", clock.now());
    }
}

/// Whether time has jumped, and whether all that it made due has happened. Who is refused a step compares.
#[derive(Debug)]
pub struct Jumps {
    /// How often, and whether nothing is due any more.
    state: watch::Sender<(u64, bool)>,
    /// The instants from which it jumped: nobody else may have seen them.
    from: Mutex<Vec<Timestamp>>,
}

impl Default for Jumps {
    fn default() -> Self {
        Self { state: watch::Sender::new((0, true)), from: Mutex::default() }
    }
}

impl Jumps {
    /// How often time has jumped so far; waits until what the last time made due has happened.
    pub async fn over(&self) -> u64 {
        let mut state = self.state.subscribe();
        state.wait_for(|(_, over)| *over).await.expect("the sender is here").0
    }

    pub fn so_far(&self) -> u64 {
        self.state.borrow().0
    }

    /// Nothing is due any more.
    pub fn are_over(&self) {
        self.state.send_if_modified(|(_, over)| !std::mem::replace(over, true));
    }

    /// Counted before the jump, so that nobody is refused by a jump that is not counted yet.
    fn around(&self, jump: impl FnOnce() -> Timestamp) {
        self.state.send_modify(|(number, over)| (*number, *over) = (*number + 1, false));
        let from = jump();
        self.from.lock().expect("no code panics while it holds this lock").push(from);
    }

    /// The instants from which time jumped so far.
    pub fn from(&self) -> Vec<Timestamp> {
        self.from.lock().expect("no code panics while it holds this lock").clone()
    }
}
