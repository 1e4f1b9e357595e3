//! How soon a company sees that a stage is unlocked after SOFTVIG has the result of an audit.

use std::{collections::HashMap, time::Duration};

use anyhow::Context as _;
use client::{Contacts, Portal, Softvig};
use futures::future::try_join_all;
use jiff::Timestamp;
use journeys::Service;
use platform::{
    auth::Role,
    clock::{from_db, machine_now},
    db::query_all,
};
use proto::{
    audit::v1::ConcludeAuditRequest,
    scheduling::v1::{GetProjectRequest, Stage, StageState},
};
use sea_orm::QueryResult;
use story::{Dealership, Facts, Through, World};
use tokio::{
    task::LocalSet,
    time::{MissedTickBehavior, interval, sleep},
};

use crate::{
    figures::{Figures, quantile_ms},
    place::{Layout, Place},
};

const PER_SECOND: u64 = 50;
const CLIENTS: usize = 8;
const PROJECTS_EACH: usize = 25;
/// Between two looks, if the first showed the stage as it was.
const PAUSE: Duration = Duration::from_millis(2);
const SETTLES: Duration = Duration::from_secs(120);

/// A project whose first audit is measured, and who waits for its result.
struct Waiting {
    project: String,
    audit: String,
    auditor: Softvig,
    portal: Portal,
}

/// When a company saw what one result came to.
struct Seen {
    project: String,
    at: Timestamp,
    looks: u32,
}

/// # Errors
/// A refusal, or a service that does not answer.
pub async fn measure(figures: &mut Figures) -> anyhow::Result<()> {
    let layout = Layout::Spread;
    let place = Place::start(layout).await?;
    let waiting = prepare(&place).await?;
    place.installation.outside().settled(SETTLES).await?;
    let cpu = place.cpu();
    let seen = conclude(waiting).await?;
    place.installation.outside().settled(SETTLES).await?;
    let cpu = place.cpu() - cpu;
    let committed = committed(&place).await?;
    let after = |seen: &Seen| {
        let committed = committed.get(&seen.project).context("a result's history")?;
        Ok(Duration::try_from(seen.at.duration_since(*committed))?)
    };
    let mut times: Vec<_> = seen.iter().map(after).collect::<anyhow::Result<_>>()?;
    let (p50, p99) = (quantile_ms(&mut times, 0.5), quantile_ms(&mut times, 0.99));
    let looks = seen.iter().map(|seen| seen.looks).max().unwrap_or_default();
    println!(
        "unlocked stage seen over REST, {} results at {PER_SECOND}/s: p50 {p50:.1} ms, p99 {p99:.1} ms; at most {looks} looks",
        times.len()
    );
    let each = |time: Duration| time.as_secs_f64() * 1e3 / seen.len() as f64;
    let (services, postgres) = (each(cpu.of_services()), each(cpu.postgres));
    let (nats, clients) = (each(cpu.nats), each(cpu.clients));
    println!(
        "CPU ms for each result and all that it causes: services {services:.1}, PostgreSQL {postgres:.1}, NATS {nats:.1}, clients {clients:.1}"
    );
    for (name, value) in
        [("services", services), ("postgres", postgres), ("nats", nats), ("clients", clients)]
    {
        figures.set(format!("unlock_cpu_ms_{name}"), value);
    }
    figures.set("unlock_p50_ms", p50);
    figures.set("unlock_p99_ms", p99);
    figures.set("unlock_results", times.len() as f64);
    Ok(())
}

/// By project, when PostgreSQL committed the result of its audit.
async fn committed(place: &Place) -> anyhow::Result<HashMap<String, Timestamp>> {
    let db = place.database(Service::Audit).await?;
    let sql =
        "select project, pg_xact_commit_timestamp(xmin) as at from history where kind = 'audit_concluded'";
    let read = |row: &QueryResult| -> anyhow::Result<_> {
        Ok((row.try_get("", "project")?, from_db(row.try_get("", "at")?)))
    };
    let committed =
        query_all(db.read(), sql, vec![]).await?.iter().map(read).collect::<anyhow::Result<_>>()?;
    db.close().await?;
    Ok(committed)
}

/// Takes projects to a measured audit. All of a client's go abreast, as they have the same days.
async fn prepare(place: &Place) -> anyhow::Result<Vec<Waiting>> {
    let worlds = (0..CLIENTS).map(|_| place.client(Contacts::Rest, |_| std::future::ready(())));
    let local = LocalSet::new();
    let tasks = worlds.map(|world| Ok(local.spawn_local(measured(world?))));
    let tasks = tasks.collect::<anyhow::Result<Vec<_>>>()?;
    let all = local.run_until(try_join_all(tasks)).await?;
    let all: Vec<Vec<Waiting>> = all.into_iter().collect::<anyhow::Result<_>>()?;
    Ok(all.into_iter().flatten().collect())
}

async fn measured(world: World) -> anyhow::Result<Vec<Waiting>> {
    let mut all = Vec::new();
    for _ in 0..PROJECTS_EACH {
        all.push(Dealership::open(&world, &Facts::AUTODOM).await?);
    }
    for stage in [Through::Contracting, Through::Readiness] {
        for dealership in &all {
            dealership.stage(stage).await?;
        }
    }
    let mut waiting = Vec::new();
    for dealership in &all {
        let audit = dealership.begin_audit(1).await?;
        dealership.measure(&audit).await?;
        // Everybody has seen what is there, and waits for nothing else.
        let outside = world.installation.alone();
        let waiting_for = Waiting {
            project: dealership.project.clone(),
            audit,
            auditor: outside.softvig(world.token(Role::Auditor, None)?),
            portal: outside.portal(&dealership.technical.token),
        };
        anyhow::ensure!(!waiting_for.sees_it_unlocked().await?, "the second audit is not locked");
        waiting.push(waiting_for);
    }
    Ok(waiting)
}

/// So many results a second, whatever becomes of those before.
async fn conclude(waiting: Vec<Waiting>) -> anyhow::Result<Vec<Seen>> {
    let local = LocalSet::new();
    let paced = async {
        let mut pace = interval(Duration::from_secs(1) / PER_SECOND as u32);
        pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut tasks = Vec::new();
        for one in waiting {
            pace.tick().await;
            tasks.push(tokio::task::spawn_local(one.result()));
        }
        try_join_all(tasks).await
    };
    local.run_until(paced).await?.into_iter().collect()
}

impl Waiting {
    async fn sees_it_unlocked(&self) -> anyhow::Result<bool> {
        let project = self.portal.call(GetProjectRequest { name: self.project.clone() }).await?;
        let audit2 = project.stages.iter().find(|status| status.stage() == Stage::Audit2);
        Ok(audit2.is_some_and(|status| status.state() != StageState::Locked))
    }

    /// The auditor concludes, and the portal asks at once with the position of that answer.
    async fn result(self) -> anyhow::Result<Seen> {
        let conclude = ConcludeAuditRequest { name: self.audit.clone(), ..Default::default() };
        self.auditor.call(conclude).await?;
        for looks in 1.. {
            if self.sees_it_unlocked().await? {
                return Ok(Seen { project: self.project, at: machine_now(), looks });
            }
            sleep(PAUSE).await;
        }
        unreachable!("it looks until it sees")
    }
}
