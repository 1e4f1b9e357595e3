//! What people see and do about events that could not be applied.

use jiff::Timestamp;

use crate::{
    bus::ANONYMISED,
    clock,
    core::Core,
    db::{execute, query_all, query_one},
    error::Error,
    lane::{Lane, LanePosition},
};

/// An event that stops its lane.
#[derive(Clone, Debug)]
pub struct Parked {
    pub source: String,
    pub lane: Lane,
    pub seq: i64,
    pub event_id: String,
    pub kind: String,
    pub error: String,
    pub received_at: Timestamp,
    /// Events that wait behind it.
    pub behind: i64,
    /// How many of them anonymise a contact, whose personal data stays until then.
    pub anonymisations: i64,
}

/// A message that could not be put on any lane.
#[derive(Clone, Debug)]
pub struct Stray {
    pub subject: String,
    pub error: String,
    pub received_at: Timestamp,
}

impl Core {
    /// The events that stop their lanes.
    pub async fn parked(&self) -> Result<Vec<Parked>, Error> {
        let rows = query_all(
            self.db.read(),
            "select inbox.source, inbox.lane, inbox.seq, inbox.event_id, inbox.kind, inbox.error, inbox.received_at, \
             (select count(*) from inbox as later where later.source = inbox.source and later.lane = inbox.lane \
              and later.seq > inbox.seq) as behind, \
             (select count(*) from inbox as later where later.source = inbox.source and later.lane = inbox.lane \
              and later.seq > inbox.seq and later.kind = $1) as anonymisations \
             from inbox join cursor on cursor.source = inbox.source and cursor.lane = inbox.lane \
             where cursor.parked and inbox.seq = cursor.seq + 1 order by inbox.received_at",
            vec![ANONYMISED.into()],
        )
        .await?;
        rows.iter()
            .map(|row| {
                Ok(Parked {
                    source: row.try_get("", "source")?,
                    lane: Lane::of(row)?,
                    seq: row.try_get("", "seq")?,
                    event_id: row.try_get("", "event_id")?,
                    kind: row.try_get("", "kind")?,
                    error: row.try_get::<Option<String>>("", "error")?.unwrap_or_default(),
                    received_at: clock::from_db(row.try_get("", "received_at")?),
                    behind: row.try_get("", "behind")?,
                    anonymisations: row.try_get("", "anonymisations")?,
                })
            })
            .collect()
    }

    /// Messages without a lane, the newest first.
    pub async fn strays(&self) -> Result<Vec<Stray>, Error> {
        let sql = "select subject, error, received_at from stray order by id desc limit 100";
        let rows = query_all(self.db.read(), sql, vec![]).await?;
        rows.iter()
            .map(|row| {
                Ok(Stray {
                    subject: row.try_get("", "subject")?,
                    error: row.try_get("", "error")?,
                    received_at: clock::from_db(row.try_get("", "received_at")?),
                })
            })
            .collect()
    }

    /// Lets a parked lane go on: the next sweep applies the event again. False if it is not parked.
    pub async fn replay(&self, source: &str, lane: Lane) -> Result<bool, Error> {
        let tx = self.db.begin().await?;
        let values = vec![false.into(), source.into(), lane.to_string().into()];
        let changed =
            execute(&tx, "update cursor set parked = $1 where source = $2 and lane = $3 and parked", values)
                .await?;
        tx.commit().await?;
        Ok(changed == 1)
    }

    /// Events that came and were neither applied nor parked.
    pub async fn inbox_waiting(&self) -> Result<i64, Error> {
        let row = query_one(
            self.db.read(),
            "select count(*) as n from inbox join cursor on cursor.source = inbox.source and cursor.lane = inbox.lane \
             where not cursor.parked",
            vec![],
        )
        .await?;
        row.map_or(Ok(0), |r| r.try_get("", "n").map_err(Error::from))
    }

    /// How far each lane of other services was applied here.
    pub async fn cursors(&self) -> Result<Vec<LanePosition>, Error> {
        let rows = query_all(self.db.read(), "select source, lane, seq from cursor", vec![]).await?;
        rows.iter()
            .map(|row| {
                Ok(LanePosition {
                    service: row.try_get("", "source")?,
                    lane: Lane::of(row)?,
                    seq: row.try_get("", "seq")?,
                })
            })
            .collect()
    }
}
