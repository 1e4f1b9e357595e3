//! The producer's side: committed events get a position, are handed to the bus and marked.

use jiff::SignedDuration;
use sea_orm::QueryResult;
use tokio::{
    select,
    sync::mpsc,
    time::{Duration, Interval, MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use crate::{
    behind::STRETCH,
    bus::{Bus, LaneHead, Message},
    clock,
    core::Core,
    db::{execute, query_all, query_one},
    error::Error,
    heads::Heads,
    lane::{Lane, Number},
    telemetry::spans,
};

/// Most events that one step takes.
const BATCH: i64 = 500;
const SWEEP_EVERY: Duration = Duration::from_secs(1);
/// Steps that are sequenced and wait for the bus; what is more waits for the sweep.
const STEPS: usize = 16;
/// Rows that were sequenced this long ago and are not marked belong to a process that died.
const ABANDONED_AFTER: SignedDuration = SignedDuration::from_secs(1);

impl Core {
    /// Sequences and publishes until cancelled. Any number of replicas may run it, without a lease:
    /// a message that two of them publish is applied once.
    pub async fn run_outbox(&self, bus: Bus, heads_every: Duration, stop: CancellationToken) {
        let (sequenced, steps) = mpsc::channel(STEPS);
        tokio::join!(
            self.run_sequencer(sequenced, stop.clone()),
            self.run_publisher(bus, heads_every, steps, stop)
        );
    }

    /// Never waits for the bus: watchers follow while that is away.
    async fn run_sequencer(&self, sequenced: mpsc::Sender<Vec<Message>>, stop: CancellationToken) {
        let mut sweep = every(SWEEP_EVERY);
        loop {
            select! {
                () = stop.cancelled() => return,
                () = self.committed().notified() => {}
                _ = sweep.tick() => match self.has_unsequenced().await {
                    Ok(true) => {}
                    Ok(false) => continue,
                    Err(e) => {
                        tracing::warn!(service = self.service, error = %e, "sequencing waits");
                        continue;
                    }
                }
            }
            loop {
                match self.sequence().await {
                    Ok(messages) if messages.is_empty() => break,
                    Ok(messages) => {
                        let full = messages.len() as i64 == BATCH;
                        let _ = sequenced.try_send(messages);
                        if !full {
                            break;
                        }
                    }
                    Err(e) => {
                        tracing::warn!(service = self.service, error = %e, "sequencing waits");
                        break;
                    }
                }
            }
        }
    }

    async fn run_publisher(
        &self,
        bus: Bus,
        heads_every: Duration,
        mut steps: mpsc::Receiver<Vec<Message>>,
        stop: CancellationToken,
    ) {
        let (mut sweep, mut tell) = (every(SWEEP_EVERY), every(heads_every));
        let mut heads = Heads::new(self.clone());
        loop {
            let step = select! {
                () = stop.cancelled() => return,
                Some(messages) = steps.recv() => self.hand_over(&bus, messages).await,
                _ = sweep.tick() => self.publish_abandoned(&bus).await,
                _ = tell.tick() => heads.announce(&bus).await,
            };
            if let Err(e) = step {
                tracing::warn!(service = self.service, error = %e, "outbox waits");
            }
        }
    }

    /// Publishes what a process left that died or had no bus.
    async fn publish_abandoned(&self, bus: &Bus) -> Result<(), Error> {
        loop {
            let before = clock::machine_now() - ABANDONED_AFTER;
            let rows = query_all(
                self.db.read(),
                &format!(
                    "select {COLUMNS} from outbox where published_at is null and position is not null \
                     and sequenced_at < $1 order by position limit {BATCH}"
                ),
                vec![clock::to_db(before).into()],
            )
            .await?;
            let count = rows.len() as i64;
            self.hand_over(bus, self.read_rows(&rows)?).await?;
            if count < BATCH {
                return Ok(());
            }
        }
    }

    /// What a process left that died right after its commit.
    async fn has_unsequenced(&self) -> Result<bool, Error> {
        let sql = "select 1 from outbox where position is null limit 1";
        Ok(query_one(self.db.read(), sql, vec![]).await?.is_some())
    }

    /// One short transaction: what is committed gets the next positions, within a lane by number.
    ///
    /// The head row's lock is held to the commit, so positions become visible in their order and a
    /// reader that goes by position misses nothing.
    pub async fn sequence(&self) -> Result<Vec<Message>, Error> {
        let tx = self.db.begin().await?;
        let head = query_one(
            &tx,
            "update head set next_position = next_position where id = 1 returning next_position",
            vec![],
        )
        .await?;
        let next: i64 = head
            .ok_or_else(|| anyhow::anyhow!("the schema has no head row"))?
            .try_get("", "next_position")?;
        let rows = query_all(
            &tx,
            &format!(
                "update outbox set position = pick.place + $1, sequenced_at = $2 from \
                 (select event_id as picked, row_number() over (order by lane, seq) - 1 as place from outbox \
                  where position is null order by lane, seq limit {BATCH}) as pick \
                 where outbox.event_id = pick.picked returning {COLUMNS}"
            ),
            vec![next.into(), clock::to_db(clock::machine_now()).into()],
        )
        .await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let values = vec![(next + rows.len() as i64).into()];
        execute(&tx, "update head set next_position = $1 where id = 1", values).await?;
        tx.commit().await?;
        self.sequenced().notify_waiters();
        let mut messages = self.read_rows(&rows)?;
        messages.sort_by_key(|m| (m.lane, m.seq));
        Ok(messages)
    }

    async fn hand_over(&self, bus: &Bus, mut messages: Vec<Message>) -> Result<(), Error> {
        if messages.is_empty() {
            return Ok(());
        }
        let ids: Vec<String> = messages.iter().map(|m| m.event_id.clone()).collect();
        let sending: Vec<_> = messages.iter_mut().filter_map(spans::sending).collect();
        bus.publish(messages).await.map_err(Error::Unavailable)?;
        drop(sending);
        let sql =
            format!("update outbox set published_at = $1 where {}", self.db.is_among_ids("event_id", "$2"));
        let values = vec![clock::to_db(clock::machine_now()).into(), ids.join(",").into()];
        self.db.execute(&sql, values).await?;
        Ok(())
    }

    /// The last number of each lane of this service.
    pub async fn lane_heads(&self) -> Result<Vec<LaneHead>, Error> {
        let sql = "select lane, next_seq - 1 as seq, (select lane_epoch from head where id = 1) as epoch \
                   from lane where next_seq > 1";
        let rows = query_all(self.db.read(), sql, vec![]).await?;
        rows.iter().map(|row| Ok(LaneHead { lane: Lane::of(row)?, number: Number::of(row)? })).collect()
    }

    /// A stretch of one lane from the outbox, for a consumer that misses it.
    pub(crate) async fn stretch(&self, from: LaneHead) -> Result<Vec<Message>, Error> {
        let sql = format!(
            "select {COLUMNS} from outbox where lane = $1 and (epoch > $2 or epoch = $2 and seq >= $3) \
             and position is not null order by seq limit {STRETCH}"
        );
        let values = vec![from.lane.to_string().into(), from.number.epoch.into(), from.number.seq.into()];
        let rows = query_all(self.db.read(), &sql, values).await?;
        self.read_rows(&rows)
    }

    /// Sequenced events above a position, for watchers.
    pub(crate) async fn after_position(
        &self,
        position: i64,
        lane: Option<Lane>,
        project: Option<&str>,
        limit: u64,
    ) -> Result<Vec<(i64, Message)>, Error> {
        let mut sql = format!("select {COLUMNS} from outbox where position > $1");
        let mut values = vec![position.into()];
        if let Some(lane) = lane {
            values.push(lane.to_string().into());
            sql.push_str(&format!(" and lane = ${}", values.len()));
        }
        if let Some(project) = project {
            values.push(project.into());
            sql.push_str(&format!(" and project = ${}", values.len()));
        }
        sql.push_str(&format!(" order by position limit {limit}"));
        let rows = query_all(self.db.read(), &sql, values).await?;
        rows.iter().map(|row| Ok((row.try_get("", "position")?, self.read_row(row)?))).collect()
    }

    /// The newest position; events above it are yet to come.
    pub async fn last_position(&self) -> Result<i64, Error> {
        let row = query_one(self.db.read(), "select next_position from head where id = 1", vec![]).await?;
        let next: i64 =
            row.ok_or_else(|| anyhow::anyhow!("the schema has no head row"))?.try_get("", "next_position")?;
        Ok(next - 1)
    }

    /// The epoch in which events get their numbers; see [`Number`].
    pub(crate) async fn epoch(&self) -> Result<i64, Error> {
        let row = query_one(self.db.read(), "select lane_epoch from head where id = 1", vec![]).await?;
        Ok(row.ok_or_else(|| anyhow::anyhow!("the schema has no head row"))?.try_get("", "lane_epoch")?)
    }

    /// Events that are committed and not yet taken by the bus.
    pub async fn outbox_depth(&self) -> Result<i64, Error> {
        let row =
            query_one(self.db.read(), "select count(*) as n from outbox where published_at is null", vec![])
                .await?;
        row.map_or(Ok(0), |r| r.try_get("", "n").map_err(Error::from))
    }

    fn read_rows(&self, rows: &[QueryResult]) -> Result<Vec<Message>, Error> {
        rows.iter().map(|row| self.read_row(row)).collect()
    }

    fn read_row(&self, row: &QueryResult) -> Result<Message, Error> {
        Ok(Message {
            source: self.service.to_owned(),
            lane: Lane::of(row)?,
            epoch: row.try_get("", "epoch")?,
            seq: row.try_get("", "seq")?,
            event_id: row.try_get::<uuid::Uuid>("", "event_id")?.to_string(),
            kind: row.try_get("", "kind")?,
            recorded_at: clock::from_db(row.try_get("", "recorded_at")?),
            sequenced_at: clock::from_db(row.try_get("", "sequenced_at")?),
            trace: row.try_get("", "trace")?,
            follows: row.try_get("", "follows")?,
            payload: row.try_get::<Vec<u8>>("", "payload")?.into(),
        })
    }
}

/// Ticks at once, then so often; ticks that a long step missed are left out.
fn every(period: Duration) -> Interval {
    let mut interval = interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

const COLUMNS: &str = "outbox.event_id, outbox.lane, outbox.epoch, outbox.seq, outbox.position, outbox.kind, outbox.recorded_at, outbox.sequenced_at, outbox.trace, outbox.follows, outbox.payload";
