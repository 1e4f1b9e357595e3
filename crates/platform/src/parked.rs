//! What people see and do about events that could not be applied.

use std::fmt;

use jiff::Timestamp;
use proto::refusal::words;
use sea_orm::{ConnectionTrait, QueryResult};

use crate::{
    auth::Principal,
    bus::ANONYMISED,
    clock,
    consumer::{cursor::Cursor, inbox},
    core::Core,
    db::{query_all, query_one},
    error::Error,
    lane::{Lane, LanePosition, Number},
    page::{Page, PageRequest},
    unit::{Begun, NewHistory, Ticket, Unit},
};

/// An event that stops its lane.
#[derive(Clone, Debug)]
pub struct Parked {
    pub place: Place,
    /// See [`Number`].
    pub epoch: i64,
    pub event_id: String,
    pub kind: String,
    pub error: String,
    pub received_at: Timestamp,
    pub recorded_at: Timestamp,
    pub trace: Option<String>,
    pub follows: Option<String>,
    pub size: i64,
    /// Events that wait behind it.
    pub behind: i64,
    /// How many of them anonymise a contact, whose personal data stays until then.
    pub anonymisations: i64,
}

/// Where an event is parked: `<source>.<lane>.<number>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub source: String,
    pub lane: Lane,
    pub seq: i64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.source, self.lane, self.seq)
    }
}

impl Place {
    /// None for what is no such place.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let place = Self {
            source: parts.next().filter(|source| !source.is_empty())?.to_owned(),
            lane: parts.next()?.parse().ok()?,
            seq: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(place)
    }
}

/// A message that could not be put on any lane.
#[derive(Clone, Debug)]
pub struct Stray {
    pub subject: String,
    pub error: String,
    pub received_at: Timestamp,
}

/// A parked event and its lane, held by a command.
struct Held {
    unit: Unit,
    cursor: Cursor,
    event: Parked,
}

const PARKED: &str = "select inbox.source, inbox.lane, inbox.epoch, inbox.seq, inbox.event_id, inbox.kind, inbox.error, inbox.received_at, \
     inbox.recorded_at, inbox.trace, inbox.follows, cast(length(inbox.payload) as bigint) as size, \
     (select count(*) from inbox as later where later.source = inbox.source and later.lane = inbox.lane \
      and later.seq > inbox.seq) as behind, \
     (select count(*) from inbox as later where later.source = inbox.source and later.lane = inbox.lane \
      and later.seq > inbox.seq and later.kind = $1) as anonymisations \
     from inbox join cursor on cursor.source = inbox.source and cursor.lane = inbox.lane \
     where cursor.parked and inbox.error is not null and";

impl Core {
    /// A page of the events that stop their lanes.
    pub async fn parked(&self, request: PageRequest<'_>) -> Result<Page<Parked>, Error> {
        self.page_by_key(
            request,
            "page parked",
            async |_, after: Option<String>, limit| self.parked_after(after, limit).await,
            |event| format!("{}/{}", event.place.source, event.place.lane),
        )
        .await
    }

    /// In the order of `<source>/<lane>`.
    pub async fn parked_after(&self, after: Option<String>, limit: u64) -> Result<Vec<Parked>, Error> {
        let sql = format!(
            "{PARKED} {} and inbox.source || '/' || inbox.lane > $2 \
             order by inbox.source || '/' || inbox.lane limit {limit}",
            inbox::goes_on()
        );
        let values = vec![ANONYMISED.into(), after.unwrap_or_default().into()];
        query_all(self.db.read(), &sql, values).await?.iter().map(read).collect()
    }

    /// One of them; none if it does not stop its lane.
    pub async fn parked_at(&self, place: &Place) -> Result<Option<Parked>, Error> {
        find(self.db.read(), place).await
    }

    /// Its content; none where it is not kept or has gone.
    pub async fn parked_payload(&self, place: &Place) -> Result<Option<Vec<u8>>, Error> {
        let sql = "select payload from inbox where source = $1 and lane = $2 and seq = $3";
        let values = vec![place.source.as_str().into(), place.lane.to_string().into(), place.seq.into()];
        let row = query_one(self.db.read(), sql, values).await?;
        Ok(row.map(|row| row.try_get("", "payload")).transpose()?)
    }

    /// How many lanes an event has stopped.
    pub async fn parked_lanes(&self) -> Result<i64, Error> {
        let row = query_one(self.db.read(), "select count(*) as n from cursor where parked", vec![]).await?;
        row.map_or(Ok(0), |r| r.try_get("", "n").map_err(Error::from))
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

    /// Lets a parked lane go on: the next sweep applies the event again.
    ///
    /// # Errors
    /// `NOT_FOUND` if it does not stop its lane.
    pub async fn replay_parked(
        &self,
        principal: &Principal,
        ticket: Ticket,
        place: &Place,
    ) -> Result<(), Error> {
        let Some(mut held) = self.hold_parked(ticket, place).await? else { return Ok(()) };
        held.cursor.let_go_on(held.unit.db()).await?;
        held.record(principal, "parked_event_replayed", None).await?;
        held.unit.commit(&self.name_of(place)).await
    }

    /// Lets a parked lane go on after the event, which is never applied.
    ///
    /// # Errors
    /// `NOT_FOUND` if it does not stop its lane; `INVALID_ARGUMENT` for one that removes personal data: nothing
    /// else would.
    pub async fn drop_parked(
        &self,
        principal: &Principal,
        ticket: Ticket,
        place: &Place,
        reason: &str,
    ) -> Result<(), Error> {
        let Some(mut held) = self.hold_parked(ticket, place).await? else { return Ok(()) };
        let kind = held.event.kind.clone();
        if kind == ANONYMISED {
            let allowed = words(
                "to replay it with a build that can apply it, as it removes personal data",
                "powtórzenie w wersji, która umie je zastosować, bo usuwa dane osobowe",
            );
            return Err(Error::invalid("name", self.name_of(place), allowed));
        }
        let dropped = Number { epoch: held.event.epoch, seq: place.seq };
        held.cursor.set(held.unit.db(), dropped).await?;
        inbox::forget(held.unit.db(), &place.source, place.lane, dropped).await?;
        held.record(principal, "parked_event_dropped", Some(reason)).await?;
        held.unit.commit(&self.name_of(place)).await?;
        let (service, source, lane, seq) = (self.service, &place.source, place.lane, place.seq);
        tracing::warn!(service, source, %lane, seq, kind, "event dropped by an operator");
        self.waits().applied(source, lane, dropped);
        Ok(())
    }

    /// None if the same request was carried out before. Locks as a consumer does: cursor, then lane.
    async fn hold_parked(&self, ticket: Ticket, place: &Place) -> Result<Option<Held>, Error> {
        let tx = self.db.begin().await?;
        let cursor = Cursor::lock(&tx, &place.source, place.lane, "true").await?;
        let unit = match self.go_on_as_command(tx, place.lane, ticket).await? {
            Begun::Replayed(_) => return Ok(None),
            Begun::Fresh(unit) => unit,
        };
        let event = find(unit.db(), place).await?.ok_or_else(|| Error::not_found(self.name_of(place)))?;
        Ok(Some(Held { unit, cursor, event }))
    }

    /// `services/{service}/parkedEvents/{event}`.
    pub(crate) fn name_of(&self, place: &Place) -> String {
        format!("services/{}/parkedEvents/{place}", self.service)
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
        let rows = query_all(self.db.read(), "select source, lane, epoch, seq from cursor", vec![]).await?;
        rows.iter()
            .map(|row| {
                Ok(LanePosition {
                    service: row.try_get("", "source")?,
                    lane: Lane::of(row)?,
                    number: Number::of(row)?,
                })
            })
            .collect()
    }
}

impl Held {
    /// Who did it, to which event, and why.
    async fn record(&mut self, principal: &Principal, kind: &str, reason: Option<&str>) -> Result<(), Error> {
        let actor = self.unit.actor(principal).await?;
        let Parked { place, event_id, kind: event, error, .. } = &self.event;
        let body = serde_json::json!({
            "source": place.source, "sequence": place.seq, "eventId": event_id, "kind": event, "error": error, "reason": reason,
        });
        self.unit.record(NewHistory {
            kind: kind.to_owned(),
            project: None,
            actor: actor.of_softvig_in_history(),
            body,
        });
        Ok(())
    }
}

async fn find(c: &impl ConnectionTrait, place: &Place) -> Result<Option<Parked>, Error> {
    let sql =
        format!("{PARKED} {} and inbox.source = $2 and inbox.lane = $3 and inbox.seq = $4", inbox::goes_on());
    let values = vec![
        ANONYMISED.into(),
        place.source.as_str().into(),
        place.lane.to_string().into(),
        place.seq.into(),
    ];
    query_one(c, &sql, values).await?.as_ref().map(read).transpose()
}

fn read(row: &QueryResult) -> Result<Parked, Error> {
    Ok(Parked {
        place: Place {
            source: row.try_get("", "source")?,
            lane: Lane::of(row)?,
            seq: row.try_get("", "seq")?,
        },
        epoch: row.try_get("", "epoch")?,
        event_id: row.try_get("", "event_id")?,
        kind: row.try_get("", "kind")?,
        error: row.try_get::<Option<String>>("", "error")?.unwrap_or_default(),
        received_at: clock::from_db(row.try_get("", "received_at")?),
        recorded_at: clock::from_db(row.try_get("", "recorded_at")?),
        trace: row.try_get("", "trace")?,
        follows: row.try_get("", "follows")?,
        size: row.try_get("", "size")?,
        behind: row.try_get("", "behind")?,
        anonymisations: row.try_get("", "anonymisations")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_back_as_it_was_written() {
        for text in ["scheduling._global.1", "audit.019aab00-0000-7000-8000-000000000001.42"] {
            assert_eq!(Place::parse(text).map(|place| place.to_string()).as_deref(), Some(text));
        }
        for wrong in [
            "",
            "audit",
            "audit._global",
            "audit._global.x",
            "audit.nobody.1",
            "audit._global.1.2",
            "._global.1",
        ] {
            assert_eq!(Place::parse(wrong), None, "{wrong}");
        }
    }
}
