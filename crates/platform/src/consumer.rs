//! The consumer's side: each lane's events are applied in order, each once, whatever the bus does.
//!
//! A cursor row per lane holds the last number applied. The cursor, the effect and the new outbox
//! rows share one transaction. What comes too early or behind a parked event waits in `inbox`.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use jiff::SignedDuration;
use sea_orm::{DatabaseTransaction, QueryResult};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    behind::Behind,
    bus::{Inlet, LaneHead, Message, PERSONAL},
    clock,
    core::Core,
    db::{execute, query_all, query_one},
    error::Error,
    lane::Lane,
    loops::pause,
    panics::caught,
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

    /// Whether events of this name change nothing here, in any state: then only the cursor moves.
    fn ignores(&self, _source: &str, _kind: &str) -> bool {
        false
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

struct Cursor {
    seq: i64,
    parked: bool,
    /// How far the lane's other producers are applied: `<service>/<number>`, separated by commas.
    others: String,
    /// Whether anything of the lane waits in `inbox`.
    waits: bool,
}

/// What applying one message came to.
enum Step {
    Applied {
        /// Something of the lane waits, and may go on now.
        waits: bool,
    },
    /// Known already, or stored to wait.
    Done,
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
                    self.retry_unknown_types().await?;
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
        // In any order, so that lanes which cannot go on do not keep others from it.
        let sql = format!(
            "select {INBOX} from inbox join cursor on cursor.source = inbox.source and cursor.lane = inbox.lane \
             where inbox.seq <= cursor.seq + 1 and not cursor.parked and inbox.kind <> '{PERSONAL}' \
             order by random() limit 100"
        );
        for row in query_all(self.core.db.read(), &sql, vec![]).await? {
            if stop.is_cancelled() {
                break;
            }
            match self.receive(read_message(&row)?).await {
                Err(e) if !e.is_conflict() => return Err(e),
                _ => {}
            }
        }
        Ok(())
    }

    /// A newer build may know the type by now.
    async fn retry_unknown_types(&self) -> Result<(), Error> {
        let db = &self.core.db;
        db.execute(
            "update cursor set parked = $1 where parked and exists (select 1 from inbox where inbox.source = cursor.source \
             and inbox.lane = cursor.lane and inbox.seq = cursor.seq + 1 and inbox.error = $2)",
            vec![false.into(), UNKNOWN_TYPE.into()],
        )
        .await?;
        Ok(())
    }

    async fn step(&self, message: &Message) -> Result<Step, ApplyError> {
        let ignored = self.on.ignores(&message.source, &message.kind);
        if ignored && self.pass_over(message).await? {
            return Ok(Step::Applied { waits: false });
        }
        let tx = self.core.db.begin().await.map_err(Error::from)?;
        let cursor = lock_cursor(&tx, &message.source, message.lane).await?;
        if message.seq <= cursor.seq {
            if cursor.waits {
                forget(&tx, message).await?;
                tx.commit().await.map_err(Error::from)?;
            }
            return Ok(Step::Done);
        }
        if message.seq > cursor.seq + 1
            || cursor.parked
            || (!ignored && self.is_ahead(message, &cursor.others)?)
        {
            store(&tx, message, None).await?;
            tx.commit().await.map_err(Error::from)?;
            return Ok(Step::Done);
        }
        let mut unit = self.core.lock_lane(tx, message.lane, message.trace.clone()).await?;
        if !ignored {
            unit.set_backfill(message.sequenced_at < self.core.made_at().await? - TOLD_BEFORE);
            caught(&message.kind, self.on.apply(&mut unit, message)).await?;
        }
        let key = vec![message.seq.into(), message.source.as_str().into(), message.lane.to_string().into()];
        execute(unit.db(), "update cursor set seq = $1 where source = $2 and lane = $3", key)
            .await
            .map_err(Error::from)?;
        if cursor.waits {
            forget(unit.db(), message).await?;
        }
        unit.commit("").await?;
        self.core.applied().notify_waiters();
        Ok(Step::Applied { waits: cursor.waits })
    }

    /// Moves the cursor past an event that changes nothing here, in one statement. False if it is not the next one.
    async fn pass_over(&self, message: &Message) -> Result<bool, Error> {
        let moved = self
            .core
            .db
            .execute(
                "update cursor set seq = $1 where source = $2 and lane = $3 and seq = $4 and not parked \
                 and not exists (select 1 from inbox where inbox.lane = $3)",
                vec![
                    message.seq.into(),
                    message.source.as_str().into(),
                    message.lane.to_string().into(),
                    (message.seq - 1).into(),
                ],
            )
            .await?;
        if moved == 1 {
            self.core.applied().notify_waiters();
        }
        Ok(moved == 1)
    }

    /// Whether its producer had heard more when it wrote the event than has been applied here. Such an event waits:
    /// who is told of it, say, is known from what its producer knew.
    fn is_ahead(&self, message: &Message, others: &str) -> Result<bool, ApplyError> {
        let bad = || ApplyError::Undecodable(format!("it follows {:?}", message.follows));
        let applied = positions(others).collect::<Option<HashMap<_, _>>>().ok_or_else(bad)?;
        for follows in positions(message.follows.as_deref().unwrap_or_default()) {
            let (source, seq) = follows.ok_or_else(bad)?;
            let heard = source != message.source && self.on.sources().contains(&source);
            if heard && applied.get(source).is_none_or(|applied| *applied < seq) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What waits on the lane and is the next one of its producer.
    async fn next_waiting(&self, lane: Lane) -> Result<Vec<Message>, Error> {
        let sql = format!(
            "select {INBOX} from inbox join cursor on cursor.source = inbox.source and cursor.lane = inbox.lane \
             where inbox.lane = $1 and inbox.seq = cursor.seq + 1 and not cursor.parked and inbox.kind <> '{PERSONAL}'"
        );
        let rows = query_all(self.core.db.read(), &sql, vec![lane.to_string().into()]).await?;
        rows.iter().map(read_message).collect()
    }

    /// Applies one message, or sees that it waits. Whether anything else of its lane may go on now.
    async fn take(&self, message: &Message) -> Result<bool, Error> {
        let mut attempt = 1;
        loop {
            match self.step(message).await {
                Ok(Step::Done) => return Ok(false),
                Ok(Step::Applied { waits }) => return Ok(waits),
                Err(ApplyError::Failed(e))
                    if attempt < MOST_ATTEMPTS && (e.is_conflict() || !e.is_transient()) =>
                {
                    attempt += 1;
                }
                Err(ApplyError::Failed(e)) if e.is_transient() => return Err(e),
                Err(e) => return self.park(message, &e.to_string()).await.map(|()| false),
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
        let cursor = lock_cursor(&tx, &message.source, message.lane).await?;
        if cursor.seq + 1 == message.seq {
            store(&tx, message, Some(error)).await?;
            let key = vec![true.into(), message.source.as_str().into(), message.lane.to_string().into()];
            execute(&tx, "update cursor set parked = $1 where source = $2 and lane = $3", key).await?;
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

    async fn receive(&self, message: Message) -> Result<(), Error> {
        let lane = message.lane;
        let mut more = self.take(&message).await?;
        while more {
            more = false;
            for next in self.next_waiting(lane).await? {
                more |= self.take(&next).await?;
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
        let rows = query_all(
            self.core.db.read(),
            "select lane, seq, parked from cursor where source = $1",
            vec![source.into()],
        )
        .await?;
        let mut cursors = HashMap::with_capacity(rows.len());
        for row in &rows {
            let (seq, parked): (i64, bool) = (row.try_get("", "seq")?, row.try_get("", "parked")?);
            cursors.insert(row.try_get::<String>("", "lane")?, (seq, parked));
        }
        let mut behind = self.behind.lock().expect("no code panics while it holds this lock");
        let now = Instant::now();
        let missing = heads.iter().filter_map(|head| {
            let (seq, parked) = cursors.get(&head.lane.to_string()).copied().unwrap_or((0, false));
            if behind.is_set_back(source, *head, seq, now) {
                tracing::error!(
                    service = self.core.service,
                    source,
                    lane = %head.lane,
                    ends_at = head.seq,
                    applied = seq,
                    "the producer's database was set back: its next events have numbers that are known here"
                );
            }
            behind.compare(source, *head, seq, parked)
        });
        Ok(missing.collect())
    }

    async fn republish(&self, from: LaneHead) -> Result<Vec<Message>, Error> {
        self.core.stretch(from).await
    }
}

async fn lock_cursor(tx: &DatabaseTransaction, source: &str, lane: Lane) -> Result<Cursor, Error> {
    let row = query_one(
        tx,
        "insert into cursor (source, lane, seq) values ($1, $2, 0) \
         on conflict (source, lane) do update set seq = cursor.seq returning seq, parked, \
         (select string_agg(other.source || '/' || other.seq, ',') from cursor as other where other.lane = $2) as others, \
         exists (select 1 from inbox where inbox.lane = $2) as waits",
        vec![source.into(), lane.to_string().into()],
    )
    .await?
    .ok_or_else(|| anyhow::anyhow!("an upsert returned no row"))?;
    Ok(Cursor {
        seq: row.try_get("", "seq")?,
        parked: row.try_get("", "parked")?,
        others: row.try_get::<Option<String>>("", "others")?.unwrap_or_default(),
        waits: row.try_get("", "waits")?,
    })
}

/// Reads `<service>/<number>`, separated by commas; none for what is not.
fn positions(text: &str) -> impl Iterator<Item = Option<(&str, i64)>> {
    text.split(',').filter(|part| !part.is_empty()).map(|part| {
        let (source, seq) = part.split_once('/')?;
        Some((source, seq.parse().ok()?))
    })
}

/// What was applied waits no more.
async fn forget(tx: &DatabaseTransaction, message: &Message) -> Result<(), Error> {
    let key = vec![message.seq.into(), message.source.as_str().into(), message.lane.to_string().into()];
    execute(tx, "delete from inbox where seq = $1 and source = $2 and lane = $3", key).await?;
    Ok(())
}

/// Keeps a message to wait. Of one with personal data only that it came: when its turn has come it is missing, and
/// is published again, without what was scrubbed meanwhile.
async fn store(tx: &DatabaseTransaction, message: &Message, error: Option<&str>) -> Result<(), Error> {
    execute(
        tx,
        "insert into inbox (source, lane, seq, event_id, kind, payload, trace, error, recorded_at, sequenced_at, received_at, follows) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
         on conflict (source, lane, seq) do update set error = coalesce(excluded.error, inbox.error)",
        vec![
            message.source.as_str().into(),
            message.lane.to_string().into(),
            message.seq.into(),
            message.event_id.as_str().into(),
            message.kind.as_str().into(),
            if message.is_personal() { Vec::new() } else { message.payload.to_vec() }.into(),
            message.trace.clone().into(),
            error.map(str::to_owned).into(),
            clock::to_db(message.recorded_at).into(),
            clock::to_db(message.sequenced_at).into(),
            clock::to_db(clock::machine_now()).into(),
            message.follows.clone().into(),
        ],
    )
    .await?;
    Ok(())
}

const INBOX: &str = "inbox.source, inbox.lane, inbox.seq, inbox.event_id, inbox.kind, inbox.payload, inbox.trace, inbox.follows, inbox.recorded_at, inbox.sequenced_at";

fn read_message(row: &QueryResult) -> Result<Message, Error> {
    let lane: String = row.try_get("", "lane")?;
    Ok(Message {
        source: row.try_get("", "source")?,
        lane: lane.parse().map_err(|_| anyhow::anyhow!("unknown lane {lane:?}"))?,
        seq: row.try_get("", "seq")?,
        event_id: row.try_get("", "event_id")?,
        kind: row.try_get("", "kind")?,
        recorded_at: clock::from_db(row.try_get("", "recorded_at")?),
        sequenced_at: clock::from_db(row.try_get("", "sequenced_at")?),
        trace: row.try_get("", "trace")?,
        follows: row.try_get("", "follows")?,
        payload: row.try_get::<Vec<u8>>("", "payload")?.into(),
    })
}
