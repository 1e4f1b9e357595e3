//! Timers: rows with a due time in business time. The effect and the row's end share one transaction.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use sea_orm::QueryResult;
use tokio::select;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use uuid::Uuid;

use crate::{
    clock,
    core::Core,
    db::{execute, query_all, query_one},
    error::Error,
    lane::Lane,
    page::{Page, PageRequest},
    panics::caught,
    telemetry::{spans, trace},
    unit::Unit,
};

/// A timer that has come due.
#[derive(Clone, Debug)]
pub struct Timer {
    pub kind: String,
    /// What it is for, such as a project's id; one timer per kind and key.
    pub key: String,
    lane: Lane,
    generation: Uuid,
    failures: i32,
}

/// A timer as an operator sees it.
#[derive(Clone, Debug)]
pub struct Scheduled {
    pub kind: String,
    pub key: String,
    pub lane: Lane,
    pub due_at: Timestamp,
    pub failures: i32,
    /// Machine time; none unless it has failed.
    pub retry_at: Option<Timestamp>,
}

/// Which timers are listed.
#[derive(Clone, Copy, Debug)]
pub struct TimerFilter {
    /// Only of this one.
    pub lane: Option<Lane>,
    /// Only those that are due.
    pub overdue: bool,
}

/// What a service does when its timers come due, in the given unit.
#[async_trait]
pub trait OnTimer: Send + Sync {
    /// What each process does once, before its first timer. An error has it tried again.
    async fn at_start(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Late timers fire too: the effect is judged by the unit's time. An error leaves the
    /// timer in place: it is tried again, ever more seldom.
    async fn fire(&self, unit: &mut Unit, timer: &Timer) -> Result<(), Error>;
}

impl Unit {
    /// Sets or moves a timer of this unit's lane.
    pub async fn set_timer(&mut self, kind: &str, key: &str, due_at: Timestamp) -> Result<(), Error> {
        execute(
            self.db(),
            "insert into timer (kind, key, lane, generation, due_at) values ($1, $2, $3, $4, $5) \
             on conflict (kind, key) do update set generation = excluded.generation, due_at = excluded.due_at, failures = 0, retry_at = null",
            vec![
                kind.into(),
                key.into(),
                self.lane().to_string().into(),
                Uuid::now_v7().into(),
                clock::to_db(due_at).into(),
            ],
        )
        .await?;
        self.timers_changed();
        Ok(())
    }

    /// Removes a timer; nothing happens if there is none.
    pub async fn clear_timer(&mut self, kind: &str, key: &str) -> Result<(), Error> {
        execute(self.db(), "delete from timer where kind = $1 and key = $2", vec![kind.into(), key.into()])
            .await?;
        Ok(())
    }
}

impl Core {
    /// Fires timers until cancelled. Any number of replicas may run it.
    pub async fn run_timers(&self, on: Arc<dyn OnTimer>, stop: CancellationToken) {
        let mut started = false;
        loop {
            let looked_at = self.clock.now();
            match self.start_and_fire(on.as_ref(), &mut started, &stop).await {
                Ok(()) => {}
                Err(e) => tracing::warn!(service = self.service, error = %e, "timers wait"),
            }
            select! {
                () = stop.cancelled() => return,
                () = self.timers().notified() => {}
                () = self.clock.moves_on_from(looked_at) => {}
            }
        }
    }

    async fn start_and_fire(
        &self,
        on: &dyn OnTimer,
        started: &mut bool,
        stop: &CancellationToken,
    ) -> Result<(), Error> {
        if !*started {
            caught("start", on.at_start()).await?;
            *started = true;
        }
        self.fire_due(on, stop).await
    }

    /// Fires what is due now, in order of the due times.
    pub(crate) async fn fire_due(&self, on: &dyn OnTimer, stop: &CancellationToken) -> Result<(), Error> {
        loop {
            let due = self.due_timers().await?;
            if due.is_empty() {
                return Ok(());
            }
            let mut fired = false;
            for timer in due {
                if stop.is_cancelled() {
                    return Ok(());
                }
                match self.fire_one(on, &timer).await {
                    Ok(()) => fired = true,
                    Err(e) if e.is_conflict() => {}
                    Err(e) if e.is_transient() => return Err(e),
                    Err(e) => {
                        tracing::error!(service = self.service, kind = timer.kind, key = timer.key, error = ?e, "timer failed");
                        self.put_off(&timer).await?;
                    }
                }
            }
            if !fired {
                return Ok(());
            }
        }
    }

    async fn fire_one(&self, on: &dyn OnTimer, timer: &Timer) -> Result<(), Error> {
        self.claim_and_fire(on, timer).instrument(spans::timer(self.service, &timer.kind)).await
    }

    async fn claim_and_fire(&self, on: &dyn OnTimer, timer: &Timer) -> Result<(), Error> {
        let mut unit = self.begin(timer.lane, trace::current()).await?;
        let claimed = execute(
            unit.db(),
            "delete from timer where kind = $1 and key = $2 and generation = $3",
            vec![timer.kind.clone().into(), timer.key.clone().into(), timer.generation.into()],
        )
        .await?;
        // Another replica fired it, or it moved: nothing is left to do.
        if claimed == 0 {
            return Ok(());
        }
        caught(&timer.kind, on.fire(&mut unit, timer)).await?;
        unit.commit("").await
    }

    /// A timer that fails makes way for the others.
    async fn put_off(&self, timer: &Timer) -> Result<(), Error> {
        let pause = SignedDuration::from_secs(1 << timer.failures.clamp(0, 8));
        let tx = self.db.begin().await?;
        execute(
            &tx,
            "update timer set failures = failures + 1, retry_at = $1 where kind = $2 and key = $3 and generation = $4",
            vec![
                clock::to_db(clock::machine_now() + pause).into(),
                timer.kind.clone().into(),
                timer.key.clone().into(),
                timer.generation.into(),
            ],
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }

    async fn due_timers(&self) -> Result<Vec<Timer>, Error> {
        let rows = query_all(
            self.db.read(),
            "select kind, key, lane, generation, failures from timer \
             where due_at <= $1 and (retry_at is null or retry_at <= $2) order by due_at limit 100",
            vec![clock::to_db(self.clock.now()).into(), clock::to_db(clock::machine_now()).into()],
        )
        .await?;
        rows.iter()
            .map(|row| {
                Ok(Timer {
                    kind: row.try_get("", "kind")?,
                    key: row.try_get("", "key")?,
                    lane: Lane::of(row)?,
                    generation: row.try_get("", "generation")?,
                    failures: row.try_get("", "failures")?,
                })
            })
            .collect()
    }

    /// All timers, in the order of kinds and keys.
    pub async fn scheduled(
        &self,
        request: PageRequest<'_>,
        filter: &TimerFilter,
    ) -> Result<Page<Scheduled>, Error> {
        let now = self.clock.now();
        self.page_by_key(
            request,
            &format!("page timer {filter:?}"),
            async |db, after: Option<String>, limit| {
                let after = after.unwrap_or_default();
                let (kind, key) = after.split_once('/').unwrap_or_default();
                let mut values = vec![kind.into(), key.into()];
                let mut sql = "select kind, key, lane, due_at, failures, retry_at from timer where (kind, key) > ($1, $2)".to_owned();
                if let Some(lane) = filter.lane {
                    values.push(lane.to_string().into());
                    sql.push_str(&format!(" and lane = ${}", values.len()));
                }
                if filter.overdue {
                    values.push(clock::to_db(now).into());
                    sql.push_str(&format!(" and due_at <= ${}", values.len()));
                }
                sql.push_str(&format!(" order by kind, key limit {limit}"));
                let read = |row: &QueryResult| {
                    let retry_at: Option<chrono::DateTime<chrono::Utc>> = row.try_get("", "retry_at")?;
                    Ok(Scheduled {
                        kind: row.try_get("", "kind")?,
                        key: row.try_get("", "key")?,
                        lane: Lane::of(row)?,
                        due_at: clock::from_db(row.try_get("", "due_at")?),
                        failures: row.try_get("", "failures")?,
                        retry_at: retry_at.map(clock::from_db),
                    })
                };
                query_all(db.read(), &sql, values).await?.iter().map(read).collect()
            },
            |timer| format!("{}/{}", timer.kind, timer.key),
        )
        .await
    }

    /// How many timers are due and not fired, those that failed included.
    pub async fn timers_due(&self) -> Result<u64, Error> {
        let now = clock::to_db(self.clock.now());
        let sql = "select count(*) as n from timer where due_at <= $1";
        let row = query_one(self.db.read(), sql, vec![now.into()]).await?;
        Ok(row.map_or(Ok(0), |r| r.try_get::<i64>("", "n"))? as u64)
    }
}
