//! What came too early, or behind an event that parked its lane, waits in a table and not in the bus.

use proto::snapshot;
use sea_orm::QueryResult;

use super::UNKNOWN_TYPE;
use crate::{
    bus::{Message, PERSONAL},
    clock,
    core::Core,
    db::{Transaction, execute, query_all},
    error::Error,
    lane::{Lane, Number},
};

/// Most messages that one look takes.
const LOOK: usize = 100;
/// After an outage of the newer build many lanes may wait for it.
const MOST_UNKNOWN_TYPES: usize = 1_000;

/// Keeps a message to wait, in the place of one from an epoch that is over. Of one with personal data only that it came:
/// when its turn has come it is missing, and is published again, without what was scrubbed meanwhile.
pub(super) async fn store(tx: &Transaction, message: &Message, error: Option<&str>) -> Result<(), Error> {
    execute(
        tx,
        "insert into inbox (source, lane, seq, event_id, kind, payload, trace, error, recorded_at, sequenced_at, received_at, follows, epoch) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
         on conflict (source, lane, seq) do update set epoch = excluded.epoch, event_id = excluded.event_id, \
         kind = excluded.kind, payload = excluded.payload, trace = excluded.trace, follows = excluded.follows, \
         recorded_at = excluded.recorded_at, sequenced_at = excluded.sequenced_at, \
         error = case when inbox.epoch = excluded.epoch then coalesce(excluded.error, inbox.error) else excluded.error end \
         where inbox.epoch <= excluded.epoch",
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
            message.epoch.into(),
        ],
    )
    .await?;
    Ok(())
}

/// What was applied waits no more.
pub(crate) async fn forget(tx: &Transaction, source: &str, lane: Lane, applied: Number) -> Result<(), Error> {
    let key = vec![source.into(), lane.to_string().into(), applied.epoch.into(), applied.seq.into()];
    let sql =
        "delete from inbox where source = $1 and lane = $2 and (epoch < $3 or epoch = $3 and seq <= $4)";
    execute(tx, sql, key).await?;
    Ok(())
}

impl Core {
    /// What was applied meanwhile waits no more: who applied it need not have seen that it waited.
    pub(super) async fn forget_applied(&self) -> Result<(), Error> {
        let sql = "delete from inbox where exists (select 1 from cursor where cursor.source = inbox.source \
                   and cursor.lane = inbox.lane \
                   and (cursor.epoch > inbox.epoch or cursor.epoch = inbox.epoch and cursor.seq >= inbox.seq))";
        self.db.execute(sql, vec![]).await?;
        Ok(())
    }

    /// What waits and may be tried, in any order, so that lanes which cannot go on do not keep others from it.
    pub(super) async fn waiting(&self) -> Result<Vec<Message>, Error> {
        let sql = format!(
            "{NEXT} where {} and {MAY_BE_TRIED} and inbox.kind <> '{PERSONAL}' order by random() limit {LOOK}",
            goes_on()
        );
        read(&query_all(self.db.read(), &sql, vec![]).await?)
    }

    /// What parked its lane because no build knew its type.
    pub(super) async fn of_unknown_types(&self) -> Result<Vec<Message>, Error> {
        let sql = format!(
            "{NEXT} where {} and cursor.parked and inbox.error = $1 order by random() limit {MOST_UNKNOWN_TYPES}",
            goes_on()
        );
        read(&query_all(self.db.read(), &sql, vec![UNKNOWN_TYPE.into()]).await?)
    }

    /// What waits on the lane and is the next one of its producer.
    pub(super) async fn next_waiting(&self, lane: Lane) -> Result<Vec<Message>, Error> {
        let sql = format!(
            "{NEXT} where {} and {MAY_BE_TRIED} and inbox.kind <> '{PERSONAL}' and inbox.lane = $1",
            goes_on()
        );
        read(&query_all(self.db.read(), &sql, vec![lane.to_string().into()]).await?)
    }
}

/// Of a row of `inbox` and its `cursor`: whether it is the next one; [`Cursor::goes_on_with`](super::cursor::Cursor) in
/// SQL.
pub(crate) fn goes_on() -> String {
    format!(
        "(inbox.epoch = cursor.epoch and inbox.seq = cursor.seq + 1 \
         or inbox.epoch > cursor.epoch and (inbox.seq = 1 or inbox.kind = '{}'))",
        snapshot::NAME
    )
}

/// What parked its lane waits for an operator; but the first of a new epoch takes the place also of an event that did.
const MAY_BE_TRIED: &str = "(not cursor.parked or inbox.epoch > cursor.epoch and inbox.error is null)";

const NEXT: &str = "select inbox.source, inbox.lane, inbox.epoch, inbox.seq, inbox.event_id, inbox.kind, inbox.payload, \
                    inbox.trace, inbox.follows, inbox.recorded_at, inbox.sequenced_at \
                    from inbox join cursor on cursor.source = inbox.source and cursor.lane = inbox.lane";

fn read(rows: &[QueryResult]) -> Result<Vec<Message>, Error> {
    let message = |row: &QueryResult| {
        Ok(Message {
            source: row.try_get("", "source")?,
            lane: Lane::of(row)?,
            epoch: row.try_get("", "epoch")?,
            seq: row.try_get("", "seq")?,
            event_id: row.try_get("", "event_id")?,
            kind: row.try_get("", "kind")?,
            recorded_at: clock::from_db(row.try_get("", "recorded_at")?),
            sequenced_at: clock::from_db(row.try_get("", "sequenced_at")?),
            trace: row.try_get("", "trace")?,
            follows: row.try_get("", "follows")?,
            payload: row.try_get::<Vec<u8>>("", "payload")?.into(),
        })
    };
    rows.iter().map(message).collect()
}
