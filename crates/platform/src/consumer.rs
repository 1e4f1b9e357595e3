//! The consumer's side: each lane's events are applied in order, each once, whatever the bus does.
//!
//! A cursor row per lane holds the last number applied. The cursor, the effect and the new outbox
//! rows share one transaction. What comes too early or behind a parked event waits in `inbox`.
//! Events that come one right after the other, such as those of one commit, are applied in one transaction.

pub(crate) mod cursor;
pub(crate) mod inbox;

use std::{
    collections::HashMap,
    slice,
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use jiff::SignedDuration;
use opentelemetry::{KeyValue, metrics::Histogram};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use self::{
    cursor::Cursor,
    inbox::{forget, store},
};
use crate::{
    behind::{Behind, SetBack},
    bus::{Inlet, LaneHead, Message},
    clock,
    core::Core,
    db::query_all,
    error::Error,
    figures,
    lane::{Lane, Number},
    loops::pause,
    panics::caught,
    restored::Difference,
    telemetry::{metrics, spans, trace},
    unit::Unit,
};

const SWEEP_EVERY: Duration = Duration::from_secs(1);
/// Not only at the start: while replicas are replaced, one of the older build may be faster and park it again.
const UNKNOWN_TYPES_EVERY: Duration = Duration::from_secs(60);
/// How often one event is tried at once. Two events at once can look like a broken invariant, such as
/// a unique key that is taken, so a permanent error counts only when it stays.
const MOST_ATTEMPTS: u32 = 5;
/// Services start one after the other, and a producer may take commands before its consumer has a
/// database. What happened so long before that was made is told all the same: where the database
/// replaces a lost one, better twice than never.
const TOLD_BEFORE: SignedDuration = SignedDuration::from_hours(24);
/// How an event of a type that this build does not know is marked: a newer build tries it again.
pub const UNKNOWN_TYPE: &str = "unknown type";

static LATENCY: LazyLock<Histogram<f64>> = LazyLock::new(|| {
    metrics::duration("przesiadka.event.latency", "From an event's position to its effect at a consumer.")
});

/// Why an event could not be applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// This build does not know the event: parked until a newer build tries again.
    #[error("unknown type")]
    UnknownType,
    /// The payload cannot be read, or contradicts itself: parked.
    #[error("undecodable: {0}")]
    Undecodable(String),
    /// Transient errors are tried again for ever; others park the lane.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// What a service does with the events of others.
#[async_trait]
pub trait OnEvent: Send + Sync {
    /// The services whose events are heard.
    fn sources(&self) -> &'static [&'static str];

    /// Whether events of this name change nothing here, in any state: then only the cursor moves, as long as
    /// [`OnEvent::ignores_while`] holds.
    fn ignores(&self, _source: &str, _kind: &str) -> bool {
        false
    }

    /// A condition in SQL. While it does not hold everything is applied, for somebody who wants to know of all.
    fn ignores_while(&self) -> &'static str {
        "true"
    }

    /// The database of `source` was restored from a backup, and some of what was applied here never happened there. Sets
    /// what is kept of it for the company as the snapshot has it; without one it knows nothing of the company. What is
    /// this service's own stays. People are told nothing. Returns what is another than it was, and what does not fit.
    /// A service that keeps nothing of it has nothing to do.
    async fn set_back(
        &self,
        _unit: &mut Unit,
        _source: &str,
        _snapshot: Option<&Message>,
    ) -> Result<Vec<Difference>, ApplyError> {
        Ok(Vec::new())
    }

    /// Applies one event in the given unit: an event is a fact and is never refused. The state follows it
    /// always; people are told only where the unit is no backfill.
    async fn apply(&self, unit: &mut Unit, event: &Message) -> Result<(), ApplyError>;
}

/// Brings the bus's messages to a service, lane by lane.
pub struct Consumer {
    core: Core,
    on: Arc<dyn OnEvent>,
    behind: Mutex<Behind>,
}

impl Consumer {
    pub fn new(core: Core, on: Arc<dyn OnEvent>) -> Self {
        core.set_sources(on.sources());
        Self { core, on, behind: Mutex::default() }
    }

    /// Applies what waits and can go on, until cancelled: what a process left that died, and what was
    /// parked and is to be tried again.
    pub async fn run_inbox(&self, stop: CancellationToken) {
        let mut unknown_types_at = Instant::now();
        while !stop.is_cancelled() {
            let swept = async {
                if Instant::now() >= unknown_types_at {
                    self.retry_unknown_types(&stop).await?;
                    unknown_types_at = Instant::now() + UNKNOWN_TYPES_EVERY;
                }
                self.sweep(&stop).await
            };
            if let Err(e) = swept.await {
                tracing::warn!(service = self.core.service, error = %e, "inbox waits");
            }
            pause(SWEEP_EVERY, &stop).await;
        }
    }

    async fn sweep(&self, stop: &CancellationToken) -> Result<(), Error> {
        self.core.forget_applied().await?;
        for message in self.core.waiting().await? {
            if stop.is_cancelled() {
                break;
            }
            match self.receive(slice::from_ref(&message)).await {
                Err(e) if !e.is_conflict() => return Err(e),
                _ => {}
            }
        }
        Ok(())
    }

    /// A newer build may know the type by now. Until one does, and can apply it, the lane stays parked.
    async fn retry_unknown_types(&self, stop: &CancellationToken) -> Result<(), Error> {
        for message in self.core.of_unknown_types().await? {
            if stop.is_cancelled() {
                break;
            }
            match self.step(slice::from_ref(&message), true).await {
                Err(ApplyError::Failed(e)) if e.is_transient() && !e.is_conflict() => return Err(e),
                Err(e @ ApplyError::Undecodable(_)) => self.park(&message, &e.to_string()).await?,
                // Tried again the next time.
                Err(ApplyError::Failed(e)) => {
                    tracing::warn!(service = self.core.service, lane = %message.lane, error = %e, "event waits");
                }
                Ok(_) | Err(ApplyError::UnknownType) => {}
            }
        }
        Ok(())
    }

    /// Applies a run in one transaction, as far as it can go on, and stores the rest to wait. Whether anything else of
    /// the company may go on now. `though_parked`: what parked the lane may be applied, too, and then no longer does.
    async fn step(&self, run: &[Message], though_parked: bool) -> Result<bool, ApplyError> {
        let [first, ..] = run else { return Ok(false) };
        let ignores =
            |message: &Message| !message.is_snapshot() && self.on.ignores(&message.source, &message.kind);
        let ignores_while = self.on.ignores_while();
        if run.iter().all(ignores) && self.core.pass_over(run, ignores_while).await? {
            self.tell_applied(run);
            return Ok(false);
        }
        let tx = self.core.db.begin().await.map_err(Error::from)?;
        let cursor = Cursor::lock(&tx, &first.source, first.lane, ignores_while).await?;
        let ignores = |message: &Message| cursor.passes_over && ignores(message);
        let new = &run[run.partition_point(|message| message.number() <= cursor.number)..];
        // The first of a new epoch takes the place also of an event that parked the lane.
        let is_new_epoch = new.first().is_some_and(|message| message.epoch > cursor.number.epoch);
        let mut ready = 0;
        if (though_parked || is_new_epoch || !cursor.parked)
            && new.first().is_some_and(|message| cursor.goes_on_with(message))
        {
            for message in new {
                if !ignores(message) && cursor.is_behind(message, self.on.sources())? {
                    break;
                }
                ready += 1;
            }
        }
        let (ready, early) = new.split_at(ready);
        for message in early {
            store(&tx, message, None).await?;
        }
        let Some(last) = ready.last() else {
            if cursor.waits {
                forget(&tx, &first.source, first.lane, cursor.number).await?;
            }
            tx.commit().await.map_err(Error::from)?;
            return Ok(false);
        };
        let mut unit = self.core.lock_lane(tx, first.lane, None).await?;
        unit.set_passes_over(cursor.passes_over);
        if is_new_epoch {
            self.set_back(&mut unit, &cursor, &ready[0]).await?;
        }
        for message in ready.iter().filter(|message| !message.is_snapshot() && !ignores(message)) {
            let span = spans::processing(self.core.service, message);
            unit.goes_on_from(trace::of(&span).or_else(|| message.trace.clone()));
            unit.set_backfill(message.sequenced_at < self.core.made_at().await? - TOLD_BEFORE);
            caught(&message.kind, self.on.apply(&mut unit, message)).instrument(span).await?;
        }
        cursor.set(unit.db(), last.number()).await?;
        if cursor.waits {
            forget(unit.db(), &first.source, first.lane, last.number()).await?;
        }
        unit.commit("").await?;
        self.tell_applied(ready);
        Ok(cursor.waits)
    }

    /// The producer goes on from a backup. Also who applied exactly what that has may keep another state: of events that
    /// had the same numbers and are lost.
    async fn set_back(&self, unit: &mut Unit, cursor: &Cursor, first: &Message) -> Result<(), ApplyError> {
        let base = Cursor::base_of(first)?;
        let (service, source) = (self.core.service, first.source.as_str());
        let snapshot = Some(first).filter(|message| message.is_snapshot());
        if snapshot.is_none() && cursor.number == base {
            // The lane is new to both.
            return Ok(());
        }
        let lost = Difference::between(None, "last_event", cursor.number, base);
        let set_back = caught(&first.kind, self.on.set_back(unit, source, snapshot)).await?;
        let differences: Vec<_> = lost.into_iter().chain(set_back).collect();
        if !differences.is_empty() {
            tracing::warn!(service, source, lane = %first.lane, applied = %cursor.number, backup = %base, "set back");
        }
        Ok(unit.keep_differences(source, &differences).await?)
    }

    fn tell_applied(&self, run: &[Message]) {
        let now = clock::machine_now();
        for message in run {
            let attributes = [
                KeyValue::new("service", self.core.service),
                KeyValue::new("source", message.source.clone()),
            ];
            LATENCY.record(now.duration_since(message.sequenced_at).as_secs_f64().max(0.0), &attributes);
        }
        if let Some(last) = run.last() {
            self.core.waits().applied(&last.source, last.lane, last.number());
        }
    }

    /// Applies a run, or sees that it waits. Whether anything else of the company may go on now.
    async fn take(&self, run: &[Message]) -> Result<bool, Error> {
        let mut attempt = 1;
        loop {
            match self.step(run, false).await {
                Ok(more) => return Ok(more),
                Err(ApplyError::Failed(e)) if e.is_transient() && !e.is_conflict() => return Err(e),
                // Nothing of it is applied: one by one, only the one that fails parks.
                Err(_) if run.len() > 1 => {
                    let mut more = false;
                    for message in run {
                        more |= Box::pin(self.take(slice::from_ref(message))).await?;
                    }
                    return Ok(more);
                }
                Err(ApplyError::Failed(_)) if attempt < MOST_ATTEMPTS => attempt += 1,
                Err(ApplyError::Failed(e)) if e.is_transient() => return Err(e),
                Err(e) => {
                    for message in run {
                        self.park(message, &e.to_string()).await?;
                    }
                    return Ok(false);
                }
            }
        }
    }

    /// Stops the lane before this message; other lanes go on.
    async fn park(&self, message: &Message, error: &str) -> Result<(), Error> {
        tracing::error!(
            service = self.core.service,
            source = message.source,
            lane = %message.lane,
            seq = message.seq,
            kind = message.kind,
            error,
            "event parked"
        );
        let tx = self.core.db.begin().await?;
        let cursor = Cursor::lock(&tx, &message.source, message.lane, "true").await?;
        if cursor.goes_on_with(message) {
            store(&tx, message, Some(error)).await?;
            cursor.park(&tx).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

#[async_trait]
impl Inlet for Consumer {
    fn sources(&self) -> &'static [&'static str] {
        self.on.sources()
    }

    async fn receive(&self, run: &[Message]) -> Result<(), Error> {
        let [first, ..] = run else { return Ok(()) };
        let mut more = self.take(run).await?;
        while more {
            more = false;
            for next in self.core.next_waiting(first.lane).await? {
                more |= self.take(slice::from_ref(&next)).await?;
            }
        }
        Ok(())
    }

    async fn receive_stray(&self, subject: &str, error: &str) -> Result<(), Error> {
        self.core
            .db
            .execute(
                "insert into stray (id, subject, error, received_at) values ($1, $2, $3, $4)",
                vec![
                    uuid::Uuid::now_v7().into(),
                    subject.into(),
                    error.into(),
                    clock::to_db(clock::machine_now()).into(),
                ],
            )
            .await?;
        Ok(())
    }

    async fn compare_heads(&self, source: &str, heads: &[LaneHead]) -> Result<Vec<LaneHead>, Error> {
        let sql = format!(
            "select lane, epoch, seq, parked from cursor where source = $1 and {}",
            self.core.db.is_among("lane", "$2")
        );
        let lanes: Vec<String> = heads.iter().map(|head| head.lane.to_string()).collect();
        let rows = query_all(self.core.db.read(), &sql, vec![source.into(), lanes.join(",").into()]).await?;
        let mut cursors = HashMap::with_capacity(rows.len());
        for row in &rows {
            cursors.insert(Lane::of(row)?, (Number::of(row)?, row.try_get::<bool>("", "parked")?));
        }
        let is_late = |head: &&LaneHead| cursors.get(&head.lane).is_none_or(|(at, _)| *at < head.number);
        let late = heads.iter().filter(is_late);
        figures::lanes_behind(self.core.service, source, late.count());
        let mut behind = self.behind.lock().expect("no code panics while it holds this lock");
        let now = Instant::now();
        let missing = heads.iter().filter_map(|head| {
            let (applied, parked) = cursors.get(&head.lane).copied().unwrap_or_default();
            let set_back = behind.is_set_back(source, *head, applied, now);
            if set_back == SetBack::Found {
                tracing::error!(
                    service = self.core.service,
                    source,
                    lane = %head.lane,
                    ends_at = %head.number,
                    %applied,
                    "the producer's database was set back: its next events have numbers that are known here"
                );
            }
            self.core.note_set_back(source, *head, set_back != SetBack::No);
            behind.compare(source, *head, applied, parked)
        });
        let missing = missing.collect();
        figures::lanes_ahead(self.core.service, source, self.core.lanes_set_back(source).len());
        Ok(missing)
    }

    async fn republish(&self, from: LaneHead) -> Result<Vec<Message>, Error> {
        self.core.stretch(from).await
    }
}
