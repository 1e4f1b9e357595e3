//! One run from the start of the parts to what was found.

use std::{collections::HashSet, path::PathBuf, time::Duration};

use anyhow::Context as _;
use clap::Parser;
use futures::{StreamExt as _, TryStreamExt as _, future::join_all, stream};
use journeys::{Service, webhooks::Receiver};
use platform::{db::Db, loops::pause};
use proto::notification::v1::{CreateWebhookEndpointRequest, WebhookEndpoint};
use story::{Clock, World};
use testkit::eventually;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    chance::Chance,
    check::{self, Databases},
    log::Log,
    parts::Parts,
    poison,
    timekeeper::{self, Stop},
    trouble::{self, Jumps},
    upgrade,
    watch::{self, Seen},
    ways::{Traveller, Way},
};

/// A request is sent again, with its id, for so long: longer than any trouble lasts.
const PATIENCE: Duration = Duration::from_secs(180);
const FIRST_BOOKMARK: Duration = Duration::from_secs(60);
const LAST_EVENT: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(50);
const PROGRESS_EVERY: usize = 100;

/// Takes dealerships through the process while everything fails that can, and looks afterwards whether an
/// event was lost, had its effect twice, or came out of order.
#[derive(Debug, Parser)]
pub struct Options {
    /// How many dealerships; with an upgrade as many as it takes.
    #[arg(long, default_value_t = 60)]
    journeys: usize,
    /// How many of them at the same time.
    #[arg(long, default_value_t = 24)]
    abreast: usize,
    /// Repeats the plan of an earlier run; a new one otherwise.
    #[arg(long)]
    seed: Option<u64>,
    /// Makes the pauses between faults so many times as long, to come further in the same time.
    #[arg(long, default_value_t = 1)]
    pauses: u32,
    /// No trouble at all.
    #[arg(long)]
    calm: bool,
    /// No trouble, but a rolling upgrade: begins with processes of this build of the program, and takes them to the
    /// built one and back.
    #[arg(long, value_name = "PROGRAM", conflicts_with_all = ["journeys", "calm", "pauses"])]
    upgrade_from: Option<PathBuf>,
    /// Prints only how far it is, and the summary.
    #[arg(long)]
    quiet: bool,
    /// After so many minutes it is given up.
    #[arg(long, default_value_t = 180)]
    at_most: u64,
}

/// What became of one dealership.
pub struct Journey {
    pub way: Way,
    pub company: String,
    /// Number in scheduling's lane of the event that nobody can apply.
    pub poison: Option<i64>,
    pub accepted: Vec<String>,
    pub outcome: anyhow::Result<()>,
}

impl Journey {
    /// As scheduling's list calls where the dealership is when its way is at its end.
    pub const fn expected_end(&self) -> &'static str {
        match self.way {
            Way::Cancelled(_) => "cancelled",
            // Nothing but its name changes any more.
            Way::Poisoned(_) => "readiness",
            _ => "completed",
        }
    }

    fn finding(&self) -> Option<String> {
        let error = self.outcome.as_ref().err()?;
        Some(format!("{}, {:?}: {error:#}", self.company, self.way))
    }
}

/// What was found; empty if the promise was kept.
///
/// # Errors
/// The parts do not start, or it is not over in time.
pub async fn run(options: &Options) -> anyhow::Result<Vec<String>> {
    let at_most = Duration::from_mins(options.at_most);
    timeout(at_most, run_to_the_end(options)).await.context("it is not over in time")?
}

async fn run_to_the_end(options: &Options) -> anyhow::Result<Vec<String>> {
    let seed = options.seed.unwrap_or_else(|| uuid::Uuid::now_v7().as_u64_pair().1 & 0xffff_ffff);
    let log = Log::new(options.quiet);
    let upgraded = options.upgrade_from.as_deref();
    let journeys = if upgraded.is_some() { usize::MAX } else { options.journeys };
    let what = match upgraded {
        Some(_) => "an upgrade and the way back".to_owned(),
        None => format!("{journeys} journeys"),
    };
    log.say(format_args!("seed {seed}: {what}, {} abreast", options.abreast));
    let mut parts = Parts::start(upgraded).await?;
    log.say("all parts are ready");
    let databases = parts.servers.open_all().await?;
    let crm = crm(&parts)?;
    // Without an endpoint notification passes over what changes nothing there: every other plan tries that.
    let webhooks = if seed.is_multiple_of(2) { Some(receive(&crm[0]).await?) } else { None };
    let clock = Clock::open(&parts.installation.clock())?;
    let (jumps, stop, end) = (Jumps::default(), CancellationToken::new(), CancellationToken::new());
    let (followed, enough) = (CancellationToken::new(), CancellationToken::new());
    let seen = [(); Service::ALL.len()].map(|()| Seen::default());
    let outside = [parts.outside(false), parts.outside(true)].map(|outside| outside.patient(PATIENCE));
    let data_dir = parts.installation.data_dir();

    let travellers = async {
        followed.cancelled().await;
        let all = stream::iter(0..journeys).take_until(enough.cancelled()).map(|number| {
            let outside = outside[number % 2].alone();
            let (clock, data_dir, jumps, log) = (&clock, &data_dir, &jumps, &log);
            let databases = &databases;
            async move {
                let world = World::abreast(outside, data_dir, clock)?;
                let mut chance = Chance::of(seed, 1_000 + number as u64);
                let poison = upgraded.is_none();
                let journey = travel(&world, number, poison, &mut chance, jumps, &databases[0]).await;
                match &journey {
                    Ok(Journey { way, outcome: Ok(()), .. }) => {
                        log.did("arrived", format_args!("{number} {way:?}"));
                    }
                    Ok(Journey { way, outcome: Err(error), .. }) => {
                        log.did("stopped", format_args!("{number} {way:?}: {error:#}"));
                    }
                    Err(_) => {}
                }
                journey
            }
        });
        let over = all.buffer_unordered(options.abreast).enumerate().map(|(before, journey)| {
            if (before + 1) % PROGRESS_EVERY == 0 {
                log.say(format_args!("{} journeys are over: {}", before + 1, log.summary()));
            }
            journey
        });
        let journeys: Vec<Journey> = over.try_collect().await?;
        stop.cancel();
        anyhow::Ok(journeys)
    };
    let mails = parts.mails.clone();
    let databases_now = Databases(&databases);
    let processes = &mut parts.installation.processes;
    let troubles = async {
        let first = async |seen: &Seen| {
            eventually(FIRST_BOOKMARK, "a first bookmark", async || seen.has_token().then_some(())).await;
        };
        join_all(seen.iter().map(first)).await;
        followed.cancel();
        log.say("all events are followed");
        let (pauses, chance) = (options.pauses, |who| Chance::of(seed, who));
        if let Some(old) = upgraded {
            upgrade::there_and_back(processes, &databases_now, &outside, old, chance(1), &log).await?;
            enough.cancel();
        }
        if options.calm || upgraded.is_some() {
            return Ok(());
        }
        let (one, other) = processes.split_at_mut(Service::ALL.len());
        tokio::join!(
            trouble::processes(one, pauses, chance(1), &log, &stop),
            trouble::processes(other, pauses, chance(2), &log, &stop),
            trouble::servers(&mut parts.servers, pauses, chance(3), &log, &stop),
            trouble::lines(&parts.lines, pauses, chance(4), &log, &stop),
            trouble::time(&clock, &jumps, chance(5), &log, &stop),
        );
        log.say("no more trouble");
        anyhow::Ok(())
    };
    let keeper = timekeeper::keep(clock.join(), &databases, &jumps, &log, &stop);
    let follow = Service::ALL.into_iter().zip(&seen).map(|(s, seen)| watch::follow(s, &crm, seen, &end));
    let work = async {
        let _no_more_to_follow = end.clone().drop_guard();
        let (journeys, (), mut stops) = tokio::try_join!(travellers, troubles, keeper)?;
        log.say(log.summary());
        let mut findings = check::at_rest(&databases_now, &journeys, clock.now()).await;
        // Each time something else may come up meanwhile.
        while let (true, Some(until)) = (findings.is_empty(), check::held_until(&databases_now).await?) {
            clock.set(until)?;
            findings = check::at_rest(&databases_now, &journeys, until).await;
            stops.push(Stop { at: until, to_the_end: true });
        }
        log.say("at rest");
        watched(&databases_now, &seen).await;
        end.cancel();
        findings.extend(journeys.iter().filter_map(Journey::finding));
        let again = upgrade::sent_again(&outside);
        for (why, times) in &again {
            log.say(format_args!("{times} times a request was sent again: {why}"));
        }
        if upgraded.is_some() {
            findings.extend(upgrade::unexpected(&again));
        }
        let mails = mails.by_id();
        let again: u64 = mails.values().map(|times| times - 1).sum();
        log.say(format_args!("{} mails came, {again} of them once more", mails.len()));
        findings.extend(
            check::everything(&databases_now, &journeys, &seen, &stops, &mails, webhooks.as_ref()).await?,
        );
        log.say("the databases are read");
        if let Some(receiver) = &webhooks {
            let got = receiver.got();
            let events: HashSet<_> = got.iter().map(|got| &got.id).collect();
            log.say(format_args!("{} webhooks came of {} events", got.len(), events.len()));
        }
        anyhow::Ok(findings)
    };
    let (findings, ends) = tokio::join!(work, join_all(follow));
    let mut findings = findings?;
    findings.extend(log.findings());
    findings.extend(ends.into_iter().filter_map(Result::err).map(|error| format!("{error:#}")));
    let processes = &mut parts.installation.processes;
    let ended =
        processes.iter_mut().filter_map(|node| (!node.process.is_running()).then(|| node.process.name()));
    findings.extend(ended.map(|name| format!("{name} ended by itself")));
    findings.extend(check::logs::findings(processes, upgraded.is_none()));
    if !findings.is_empty() {
        let kept = keep_logs(&parts, &log, seed)?;
        log.say(format_args!("what was done, and what the processes printed, is in {}", kept.display()));
    }
    Ok(findings)
}

/// Where all events are sent from now on.
async fn receive(crm: &client::Softvig) -> anyhow::Result<Receiver> {
    let receiver = Receiver::start().await?;
    let webhook_endpoint = Some(WebhookEndpoint { url: receiver.url.clone(), ..Default::default() });
    crm.call(CreateWebhookEndpointRequest { webhook_endpoint, ..Default::default() }).await?;
    Ok(receiver)
}

fn keep_logs(parts: &Parts, log: &Log, seed: u64) -> anyhow::Result<PathBuf> {
    let kept = std::env::temp_dir().join(format!("przesiadka-faults-{seed}"));
    std::fs::create_dir_all(&kept)?;
    std::fs::write(kept.join("faults.log"), log.lines())?;
    for folder in [parts.installation.folder().to_owned(), parts.installation.folder().join("servers")] {
        for file in std::fs::read_dir(folder)? {
            let path = file?.path();
            if let (Some("log"), Some(name)) = (path.extension().and_then(|e| e.to_str()), path.file_name()) {
                std::fs::copy(&path, kept.join(name))?;
            }
        }
    }
    Ok(kept)
}

/// Gives the followers time to see the last event.
async fn watched(databases: &Databases<'_>, seen: &[Seen]) {
    let latest = Instant::now() + LAST_EVENT;
    for (service, seen) in Service::ALL.into_iter().zip(seen) {
        while Instant::now() < latest {
            let number = databases.column::<i64>(service, "select count(*) from outbox").await;
            if number.is_ok_and(|number| usize::try_from(number[0]).is_ok_and(|n| n <= seen.len())) {
                break;
            }
            pause(LOOK_EVERY, &CancellationToken::new()).await;
        }
    }
}

/// The CRM at one replica and at the other.
fn crm(parts: &Parts) -> anyhow::Result<[client::Softvig; 2]> {
    let world =
        World::new(parts.outside(false), &parts.installation.data_dir(), &parts.installation.clock())?;
    let token = world.token(platform::auth::Role::Crm, None)?;
    Ok([false, true].map(|second| parts.outside(second).softvig(token.clone())))
}

async fn travel(
    world: &World,
    number: usize,
    poison: bool,
    chance: &mut Chance,
    jumps: &Jumps,
    scheduling: &Db,
) -> anyhow::Result<Journey> {
    Traveller::wait_for_turn(world, chance).await?;
    let way = Way::by(chance, poison);
    let mut traveller = Traveller::set_out(world, &way.facts(number), way, jumps).await?;
    let mut poison = None;
    let outcome = async {
        traveller.contract().await?;
        if let Some(what) = way.poison() {
            poison = Some(poison::put(scheduling, &traveller.d.company, what).await?);
        }
        traveller.go_on().await
    }
    .await;
    let accepted = world.installation.accepted();
    let company = traveller.d.company;
    Ok(Journey { way, company, poison, accepted, outcome })
}
