//! The cursor: how far one lane of a producer is applied here.

use std::collections::HashMap;

use super::ApplyError;
use crate::{
    bus::Message,
    core::Core,
    db::{Transaction, execute, query_one},
    error::Error,
    lane::Lane,
};

/// A cursor row, locked by the transaction that read it.
pub(crate) struct Cursor {
    source: String,
    lane: Lane,
    /// The last number applied.
    pub seq: i64,
    pub parked: bool,
    /// Whether anything of the lane waits in `inbox`.
    pub waits: bool,
    /// Whether what is ignored may be passed over.
    pub passes_over: bool,
    /// How far the company's other lanes are applied: `<service>/<number>`, separated by commas.
    others: String,
}

impl Cursor {
    /// Reads and locks a lane's cursor; a new one stands at 0. `ignores_while` is the consumer's condition.
    pub async fn lock(
        tx: &Transaction,
        source: &str,
        lane: Lane,
        ignores_while: &str,
    ) -> Result<Self, Error> {
        let sql = format!(
            "insert into cursor (source, lane, seq) values ($1, $2, 0) \
             on conflict (source, lane) do update set seq = cursor.seq returning seq, parked, \
             (select string_agg(other.source || '/' || other.seq, ',') from cursor as other where other.lane = $2) as others, \
             exists (select 1 from inbox where inbox.lane = $2) as waits, {ignores_while} as passes_over"
        );
        let row = query_one(tx, &sql, vec![source.into(), lane.to_string().into()])
            .await?
            .ok_or_else(|| anyhow::anyhow!("an upsert returned no row"))?;
        Ok(Self {
            source: source.to_owned(),
            lane,
            seq: row.try_get("", "seq")?,
            parked: row.try_get("", "parked")?,
            waits: row.try_get("", "waits")?,
            passes_over: row.try_get("", "passes_over")?,
            others: row.try_get::<Option<String>>("", "others")?.unwrap_or_default(),
        })
    }

    /// Whether the message's producer had heard more when it wrote it than has been applied here. Such an event
    /// waits: who is told of it, say, is known from what its producer knew.
    ///
    /// # Errors
    /// What the message says of that cannot be read.
    pub fn is_behind(&self, message: &Message, sources: &[&str]) -> Result<bool, ApplyError> {
        let bad = || ApplyError::Undecodable(format!("it follows {:?}", message.follows));
        let applied = positions(&self.others).collect::<Option<HashMap<_, _>>>().ok_or_else(bad)?;
        for follows in positions(message.follows.as_deref().unwrap_or_default()) {
            let (source, seq) = follows.ok_or_else(bad)?;
            let heard = source != message.source && sources.contains(&source);
            if heard && applied.get(source).is_none_or(|applied| *applied < seq) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Puts the cursor there; what was parked before it no longer is.
    pub async fn set(&self, tx: &Transaction, seq: i64) -> Result<(), Error> {
        let key = vec![seq.into(), self.source.as_str().into(), self.lane.to_string().into()];
        execute(tx, "update cursor set seq = $1, parked = false where source = $2 and lane = $3", key)
            .await?;
        Ok(())
    }

    /// Stops the lane where it is.
    pub async fn park(&self, tx: &Transaction) -> Result<(), Error> {
        self.set_parked(tx, true).await
    }

    /// Lets the lane go on from where it is.
    pub async fn let_go_on(&self, tx: &Transaction) -> Result<(), Error> {
        self.set_parked(tx, false).await
    }

    async fn set_parked(&self, tx: &Transaction, parked: bool) -> Result<(), Error> {
        let key = vec![parked.into(), self.source.as_str().into(), self.lane.to_string().into()];
        execute(tx, "update cursor set parked = $1 where source = $2 and lane = $3", key).await?;
        Ok(())
    }
}

impl Core {
    /// Moves a lane's cursor past messages that change nothing here, in one statement. False if the first of them is
    /// not the next one, anything of the company waits, or the consumer's condition does not hold.
    pub(super) async fn pass_over(&self, messages: &[Message], ignores_while: &str) -> Result<bool, Error> {
        let [first, ..] = messages else { return Ok(true) };
        let sql = format!(
            "update cursor set seq = $1 where source = $2 and lane = $3 and seq >= $4 and seq < $1 \
             and not parked and not exists (select 1 from inbox where inbox.lane = $3) and {ignores_while}"
        );
        let last = first.seq + messages.len() as i64 - 1;
        let values = vec![
            last.into(),
            first.source.as_str().into(),
            first.lane.to_string().into(),
            (first.seq - 1).into(),
        ];
        Ok(self.db.execute(&sql, values).await? == 1)
    }
}

/// Reads `<service>/<number>`, separated by commas; none for what is not.
fn positions(text: &str) -> impl Iterator<Item = Option<(&str, i64)>> {
    text.split(',').filter(|part| !part.is_empty()).map(|part| {
        let (source, seq) = part.split_once('/')?;
        Some((source, seq.parse().ok()?))
    })
}
