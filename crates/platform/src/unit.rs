//! A unit of work: one transaction in which a command, an event or a timer changes one lane.
//!
//! Nothing is kept unless [`Unit::commit`] is called: a unit that is dropped rolls back.

use std::sync::{Arc, LazyLock, OnceLock};

use jiff::Timestamp;
use opentelemetry::{KeyValue, metrics::Counter};
use sea_orm::Value;
use tracing::Span;
use uuid::Uuid;

use crate::{
    bus::LARGEST_PAYLOAD,
    clock,
    consumer::cursor::APPLIED,
    core::Core,
    db::{Transaction, execute, query_one, rows},
    error::Error,
    lane::{Lane, LanePosition, Number},
    telemetry::{metrics, spans},
    tokens::Tokens,
};

static COMMITTED: LazyLock<Counter<u64>> = LazyLock::new(|| {
    metrics::counter("przesiadka.events.committed", "{event}", "Events that were committed.")
});

/// An event for the outbox.
#[derive(Clone, Debug)]
pub struct NewEvent {
    pub event_id: Uuid,
    /// Name of the event's field in the service's `oneof event`.
    pub kind: &'static str,
    /// Resource name of the project; none for events of the company.
    pub project: Option<String>,
    /// The encoded public message.
    pub payload: Vec<u8>,
}

/// A line of the history: append-only, people by id only.
#[derive(Clone, Debug)]
pub struct NewHistory {
    pub kind: String,
    pub project: Option<String>,
    /// Who: a contact's resource name, or issuer and subject.
    pub actor: String,
    pub body: serde_json::Value,
}

/// What makes a command happen once: who sent which request, by a hash that also names the method.
#[derive(Clone, Debug)]
pub struct Ticket {
    /// Hash of issuer, subject, method and request id.
    pub key: String,
    /// As the caller chose it; for the history.
    pub request_id: String,
    /// Hash of the request without its id.
    pub payload_hash: String,
    /// Judge only: the unit never commits.
    pub validate_only: bool,
    /// W3C traceparent, carried in the outbox rows.
    pub trace: Option<String>,
    /// Receives the lane's position for the answer.
    pub position: Arc<OnceLock<LanePosition>>,
}

/// What became of a command's begin.
#[allow(clippy::large_enum_variant, reason = "matched where it is made, never kept")]
pub enum Begun {
    /// The same request was carried out before; its effect is this resource, to be read again.
    Replayed(String),
    Fresh(Unit),
}

/// One open transaction that holds its lane's lock.
pub struct Unit {
    core: Core,
    tx: Transaction,
    lane: Lane,
    next: Number,
    now: Timestamp,
    /// With the trace in which each came about.
    events: Vec<(NewEvent, Option<String>)>,
    history: Vec<NewHistory>,
    ticket: Option<Ticket>,
    trace: Option<String>,
    /// Ends with the unit.
    _span: Span,
    timers_changed: bool,
    backfill: bool,
    passes_over: bool,
}

impl Core {
    /// Begins a unit for an event or a timer.
    pub async fn begin(&self, lane: Lane, trace: Option<String>) -> Result<Unit, Error> {
        let tx = self.db.begin().await?;
        self.lock_lane(tx, lane, trace).await
    }

    /// Goes on in a transaction that holds a cursor already; the order of locks is cursor, lane, aggregate.
    pub(crate) async fn lock_lane(
        &self,
        tx: Transaction,
        lane: Lane,
        trace: Option<String>,
    ) -> Result<Unit, Error> {
        let span = spans::transaction(self);
        // The update that changes nothing takes the row's lock in both databases.
        let row = query_one(
            &tx,
            "insert into lane (lane, next_seq) values ($1, 1) on conflict (lane) do update set next_seq = lane.next_seq \
             returning next_seq as seq, (select lane_epoch from head where id = 1) as epoch",
            vec![lane.to_string().into()],
        )
        .await?;
        let next = Number::of(&row.ok_or_else(|| anyhow::anyhow!("an upsert returned no row"))?)?;
        Ok(Unit {
            _span: span,
            core: self.clone(),
            tx,
            lane,
            next,
            now: self.clock.now(),
            events: Vec::new(),
            history: Vec::new(),
            ticket: None,
            trace,
            timers_changed: false,
            backfill: false,
            passes_over: true,
        })
    }

    /// Begins a command's unit, or finds that the same request was carried out before.
    ///
    /// Refused as `REQUEST_ID_REUSED` when the request id came with another payload.
    pub async fn begin_command(&self, lane: Lane, ticket: Ticket) -> Result<Begun, Error> {
        self.go_on_as_command(self.db.begin().await?, lane, ticket).await
    }

    /// The same in a transaction that holds a cursor already.
    pub(crate) async fn go_on_as_command(
        &self,
        tx: Transaction,
        lane: Lane,
        ticket: Ticket,
    ) -> Result<Begun, Error> {
        let mut unit = self.lock_lane(tx, lane, ticket.trace.clone()).await?;
        let row = query_one(
            &unit.tx,
            "select payload_hash, resource from request where key = $1",
            vec![ticket.key.clone().into()],
        )
        .await?;
        if let Some(row) = row {
            if row.try_get::<String>("", "payload_hash")? != ticket.payload_hash {
                return Err(request_id_reused());
            }
            let _ = ticket.position.set(unit.position());
            return Ok(Begun::Replayed(row.try_get("", "resource")?));
        }
        unit.ticket = Some(ticket);
        Ok(Begun::Fresh(unit))
    }
}

impl Unit {
    /// The transaction, for queries.
    pub fn db(&self) -> &Transaction {
        &self.tx
    }

    pub fn core(&self) -> &Core {
        &self.core
    }

    /// What seals this database's tokens.
    pub async fn tokens(&self) -> Result<&Tokens, Error> {
        self.core.tokens_by(&self.tx).await
    }

    /// Business time of this unit: one instant for all that it records.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    pub fn lane(&self) -> Lane {
        self.lane
    }

    /// Whether an event is applied that is older than this database: a new consumer reads old history.
    /// The state follows it, but nobody is told and nothing else leaves the house.
    pub fn is_backfill(&self) -> bool {
        self.backfill
    }

    /// Whether the consumer's condition for passing events over holds; see
    /// [`OnEvent::ignores_while`](crate::consumer::OnEvent::ignores_while).
    pub fn passes_over(&self) -> bool {
        self.passes_over
    }

    pub(crate) fn set_passes_over(&mut self, passes_over: bool) {
        self.passes_over = passes_over;
    }

    pub(crate) fn set_backfill(&mut self, backfill: bool) {
        self.backfill = backfill;
    }

    /// What follows comes about in another trace.
    pub fn goes_on_from(&mut self, trace: Option<String>) {
        self.trace = trace;
    }

    /// W3C traceparent of what this unit follows from; none where nobody traces.
    pub fn trace(&self) -> Option<&str> {
        self.trace.as_deref()
    }

    /// Puts an event on the lane, after those put before.
    pub fn emit(&mut self, event: NewEvent) {
        self.events.push((event, self.trace.clone()));
    }

    /// Adds a line to the history.
    pub fn record(&mut self, line: NewHistory) {
        self.history.push(line);
    }

    pub(crate) fn timers_changed(&mut self) {
        self.timers_changed = true;
    }

    /// Writes events, history and the request id, and commits. `resource` is what a repeat of the
    /// same request will read. With `validate_only` everything is undone instead.
    pub async fn commit(mut self, resource: &str) -> Result<(), Error> {
        if self.ticket.as_ref().is_some_and(|t| t.validate_only) {
            self.tx.rollback().await?;
            return Ok(());
        }
        self.write_events().await?;
        self.write_history().await?;
        if let Some(ticket) = &self.ticket {
            let values = vec![
                ticket.key.clone().into(),
                ticket.payload_hash.clone().into(),
                resource.into(),
                clock::to_db(clock::machine_now()).into(),
            ];
            // The same id on another lane came first (a company added twice at once has two lanes):
            // the next attempt finds it, and whether it is a repeat or a reuse.
            let inserted = execute(
                &self.tx,
                "insert into request (key, payload_hash, resource, created_at) values ($1, $2, $3, $4) on conflict (key) do nothing",
                values,
            )
            .await?;
            if inserted == 0 {
                return Err(Error::lost_race());
            }
        }
        let position = self.position();
        self.tx.commit().await?;
        if let Some(ticket) = &self.ticket {
            let _ = ticket.position.set(position);
        }
        self.core.changed().notify_waiters();
        for (event, _) in &self.events {
            let attributes =
                [KeyValue::new("service", self.core.service), KeyValue::new("event", event.kind)];
            COMMITTED.add(1, &attributes);
        }
        if !self.events.is_empty() {
            self.core.committed().notify_one();
        }
        if self.timers_changed {
            self.core.timers().notify_one();
        }
        Ok(())
    }

    fn position(&self) -> LanePosition {
        let number = Number { seq: self.next.seq - 1, ..self.next };
        LanePosition { service: self.core.service.to_owned(), lane: self.lane, number }
    }

    async fn write_events(&mut self) -> Result<(), Error> {
        if self.events.is_empty() {
            return Ok(());
        }
        let recorded_at = clock::to_db(self.now);
        let mut values: Vec<Value> = Vec::new();
        for (event, trace) in &self.events {
            if event.payload.len() > LARGEST_PAYLOAD {
                return Err(anyhow::anyhow!("{} of {} bytes", event.kind, event.payload.len()).into());
            }
            values.extend::<[Value; 9]>([
                event.event_id.into(),
                self.lane.to_string().into(),
                self.next.epoch.into(),
                self.next.seq.into(),
                event.kind.into(),
                event.project.clone().into(),
                event.payload.clone().into(),
                trace.clone().into(),
                recorded_at.into(),
            ]);
            self.next = self.next.next();
        }
        // Of the lane's other producers; the transaction holds the lane, so nothing is added to it meanwhile.
        let sql = format!(
            "insert into outbox (event_id, lane, epoch, seq, kind, project, payload, trace, recorded_at, follows) values {}",
            rows(self.events.len(), 9, &format!(", (select {APPLIED} from cursor where lane = $2)"))
        );
        execute(&self.tx, &sql, values).await?;
        let values = vec![self.next.seq.into(), self.lane.to_string().into()];
        execute(&self.tx, "update lane set next_seq = $1 where lane = $2", values).await?;
        Ok(())
    }

    async fn write_history(&self) -> Result<(), Error> {
        if self.history.is_empty() {
            return Ok(());
        }
        let request = self.ticket.as_ref().map(|t| t.request_id.clone());
        let mut values: Vec<Value> = Vec::new();
        for line in &self.history {
            values.extend::<[Value; 8]>([
                Uuid::now_v7().into(),
                self.lane.to_string().into(),
                line.project.clone().into(),
                line.kind.clone().into(),
                line.actor.clone().into(),
                request.clone().into(),
                line.body.clone().into(),
                clock::to_db(self.now).into(),
            ]);
        }
        let sql = format!(
            "insert into history (id, company, project, kind, actor, request, body, recorded_at) values {}",
            rows(self.history.len(), 8, "")
        );
        execute(&self.tx, &sql, values).await?;
        Ok(())
    }
}

fn request_id_reused() -> Error {
    proto::refusal::Violation::new(proto::common::v1::ErrorReason::RequestIdReused)
        .field("request_id")
        .allowed(proto::refusal::words(
            "the same request again, or a new request id",
            "to samo żądanie jeszcze raz albo nowy identyfikator żądania",
        ))
        .into()
}
