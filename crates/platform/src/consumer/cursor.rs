//! The cursor: how far one lane of a producer is applied here.

use std::{cmp::Ordering, collections::HashMap};

use super::ApplyError;
use crate::{
    bus::Message,
    core::Core,
    db::{Transaction, execute, query_one},
    error::Error,
    lane::{Lane, Number},
};

/// How far a company's lanes are applied, of its rows of `cursor`: `<service>/<number>`, separated by commas.
pub(crate) const APPLIED: &str =
    "string_agg(source || '/' || seq || case when epoch = 0 then '' else '/' || epoch end, ',')";

/// A cursor row, locked by the transaction that read it.
pub(crate) struct Cursor {
    source: String,
    lane: Lane,
    /// The last one applied.
    pub number: Number,
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
             on conflict (source, lane) do update set seq = cursor.seq returning epoch, seq, parked, \
             (select {APPLIED} from cursor where lane = $2) as others, \
             exists (select 1 from inbox where inbox.lane = $2) as waits, {ignores_while} as passes_over"
        );
        let row = query_one(tx, &sql, vec![source.into(), lane.to_string().into()])
            .await?
            .ok_or_else(|| anyhow::anyhow!("an upsert returned no row"))?;
        Ok(Self {
            source: source.to_owned(),
            lane,
            number: Number::of(&row)?,
            parked: row.try_get("", "parked")?,
            waits: row.try_get("", "waits")?,
            passes_over: row.try_get("", "passes_over")?,
            others: row.try_get::<Option<String>>("", "others")?.unwrap_or_default(),
        })
    }

    /// Whether it is the one after the last that was applied.
    pub fn goes_on_with(&self, message: &Message) -> bool {
        match message.epoch.cmp(&self.number.epoch) {
            Ordering::Less => false,
            Ordering::Equal => message.seq == self.number.seq + 1,
            Ordering::Greater => message.begins_epoch(),
        }
    }

    /// Whether the message's producer had heard more when it wrote it than has been applied here, or of a snapshot
    /// whether its own lane has not been applied as far as the backup had it. Such an event waits: who is told of it,
    /// say, is known from what its producer knew.
    ///
    /// # Errors
    /// What the message says of that cannot be read.
    pub fn is_behind(&self, message: &Message, sources: &[&str]) -> Result<bool, ApplyError> {
        let bad = || ApplyError::Undecodable(format!("it follows {:?}", message.follows));
        let applied = positions(&self.others).collect::<Option<HashMap<_, _>>>().ok_or_else(bad)?;
        for follows in positions(message.follows.as_deref().unwrap_or_default()) {
            let (source, number) = follows.ok_or_else(bad)?;
            if sources.contains(&source) && applied.get(source).is_none_or(|applied| *applied < number) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// How far its lane went in the backup with which the message's epoch began: it is the first of that.
    ///
    /// # Errors
    /// What the message says of that cannot be read.
    pub fn base_of(message: &Message) -> Result<Number, ApplyError> {
        let bad = || ApplyError::Undecodable(format!("it follows {:?}", message.follows));
        for follows in positions(message.follows.as_deref().unwrap_or_default()) {
            let (source, number) = follows.ok_or_else(bad)?;
            if source == message.source {
                return Ok(number);
            }
        }
        Ok(Number::default())
    }

    /// Puts the cursor there; what was parked before it no longer is.
    pub async fn set(&self, tx: &Transaction, number: Number) -> Result<(), Error> {
        let (source, lane) = (self.source.as_str(), self.lane.to_string());
        let values = vec![number.epoch.into(), number.seq.into(), source.into(), lane.into()];
        let sql = "update cursor set epoch = $1, seq = $2, parked = false where source = $3 and lane = $4";
        execute(tx, sql, values).await?;
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
            "update cursor set seq = $1 where source = $2 and lane = $3 and epoch = $5 and seq >= $4 and seq < $1 \
             and not parked and not exists (select 1 from inbox where inbox.lane = $3) and {ignores_while}"
        );
        let last = first.seq + messages.len() as i64 - 1;
        let values = vec![
            last.into(),
            first.source.as_str().into(),
            first.lane.to_string().into(),
            (first.seq - 1).into(),
            first.epoch.into(),
        ];
        Ok(self.db.execute(&sql, values).await? == 1)
    }
}

/// Reads `<service>/<number>`, separated by commas; none for what is not.
fn positions(text: &str) -> impl Iterator<Item = Option<(&str, Number)>> {
    text.split(',').filter(|part| !part.is_empty()).map(|part| {
        let (source, number) = part.split_once('/')?;
        Some((source, number.parse().ok()?))
    })
}
