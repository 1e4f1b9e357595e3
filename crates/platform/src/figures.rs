//! How a service stands, in figures. Each replica tells the same of their database: take the largest, not the sum.

use std::{
    slice,
    sync::{Arc, LazyLock},
};

use futures::future::BoxFuture;
use jiff::Timestamp;

use crate::{
    bus::Bus,
    clock,
    core::Core,
    db::query_one,
    error::Error,
    telemetry::metrics::{self, Gauge, KeyValue, Lapsing},
};

/// What a service measures of its own, each time that its runtime is measured.
pub type Figures = Arc<dyn Fn() -> BoxFuture<'static, Result<(), Error>> + Send + Sync>;

macro_rules! gauges {
    ($($static:ident $name:literal $unit:literal $text:literal;)*) => {
        $(static $static: LazyLock<Gauge<f64>> = LazyLock::new(|| {
            metrics::gauge(concat!("przesiadka.", $name), $unit, $text)
        });)*
    };
}
gauges! {
    CONNECTED "bus.connected" "" "1 while messages can travel.";
    OUTBOX "outbox.depth" "{event}" "Events that are committed and not yet taken by the bus.";
    OUTBOX_AGE "outbox.age" "s" "How long the oldest of these has waited.";
    INBOX "inbox.depth" "{event}" "Events that came and were neither applied nor parked.";
    INBOX_AGE "inbox.age" "s" "How long the oldest of these has waited.";
    PARKED "lanes.parked" "{lane}" "Lanes that an event has stopped.";
    DIFFERENCES "differences" "{difference}" "What differs from a restored database of another service, and no operator has closed.";
    STRAYS "strays" "{message}" "Messages that fitted no lane, of the last 30 days.";
    TIMERS "timers.due" "{timer}" "Timers that are due and not fired.";
    TIMERS_LATE "timers.late" "s" "How late the latest of these is, in business time.";
}

static CONNECTIONS: LazyLock<Gauge<f64>> = LazyLock::new(|| {
    metrics::gauge("db.client.connection.count", "{connection}", "Connections to the database, by state.")
});
static MOST_CONNECTIONS: LazyLock<Gauge<f64>> = LazyLock::new(|| {
    metrics::gauge("db.client.connection.max", "{connection}", "Most connections to the database.")
});
static PENDING: LazyLock<Gauge<f64>> = LazyLock::new(|| {
    metrics::gauge("db.client.connection.pending_requests", "{request}", "Who waits for a connection.")
});

impl Core {
    /// Sets the gauges; those of the database stay as they were while it is away.
    pub(crate) async fn measure(&self, bus: &Bus) -> Result<(), Error> {
        let set =
            |gauge: &Gauge<f64>, value: f64| gauge.record(value, &[KeyValue::new("service", self.service)]);
        set(&CONNECTED, f64::from(u8::from(bus.is_connected())));
        self.measure_pool();
        set(&OUTBOX, self.outbox_depth().await? as f64);
        set(&OUTBOX_AGE, age(self.instant(OLDEST_IN_OUTBOX).await?));
        set(&INBOX, self.inbox_waiting().await? as f64);
        set(&INBOX_AGE, age(self.instant(OLDEST_IN_INBOX).await?));
        set(&TIMERS, self.timers_due().await? as f64);
        set(&TIMERS_LATE, self.timers_late().await?);
        set(&PARKED, self.parked_lanes().await? as f64);
        set(&DIFFERENCES, self.differences().await? as f64);
        set(&STRAYS, self.count("select count(*) as n from stray").await?);
        Ok(())
    }

    fn measure_pool(&self) {
        let Some(pool) = self.db.pool() else { return };
        let name = KeyValue::new("db.client.connection.pool.name", self.service);
        let state = |state| [name.clone(), KeyValue::new("db.client.connection.state", state)];
        CONNECTIONS.record((pool.size - pool.available) as f64, &state("used"));
        CONNECTIONS.record(pool.available as f64, &state("idle"));
        MOST_CONNECTIONS.record(pool.max_size as f64, slice::from_ref(&name));
        PENDING.record(pool.waiting as f64, &[name]);
    }

    /// Seconds of business time by which the latest timer is late.
    async fn timers_late(&self) -> Result<f64, Error> {
        let now = self.clock.now();
        let sql = "select min(due_at) as at from timer where due_at <= $1";
        let row = query_one(self.db.read(), sql, vec![clock::to_db(now).into()]).await?;
        let due: Option<_> = row.map_or(Ok(None), |row| row.try_get("", "at"))?;
        Ok(due.map_or(0.0, |due| now.duration_since(clock::from_db(due)).as_secs_f64()))
    }

    async fn instant(&self, sql: &str) -> Result<Option<Timestamp>, Error> {
        let row = query_one(self.db.read(), sql, vec![]).await?;
        let at: Option<_> = row.map_or(Ok(None), |row| row.try_get("", "at"))?;
        Ok(at.map(clock::from_db))
    }

    async fn count(&self, sql: &str) -> Result<f64, Error> {
        let row = query_one(self.db.read(), sql, vec![]).await?;
        Ok(row.map_or(Ok(0), |row| row.try_get::<i64>("", "n"))? as f64)
    }
}

const OLDEST_IN_OUTBOX: &str = "select min(sequenced_at) as at from outbox where published_at is null";
const OLDEST_IN_INBOX: &str = "select min(inbox.received_at) as at from inbox join cursor \
                               on cursor.source = inbox.source and cursor.lane = inbox.lane where not cursor.parked";

/// In seconds of machine time.
fn age(since: Option<Timestamp>) -> f64 {
    since.map_or(0.0, |since| clock::machine_now().duration_since(since).as_secs_f64().max(0.0))
}

/// How many lanes of `source` were behind when it last announced where they stand. Only one replica hears each
/// announcement, so what it heard is told for a while and no longer.
pub(crate) fn lanes_behind(service: &'static str, source: &str, lanes: usize) {
    static BEHIND: LazyLock<Lapsing> = LazyLock::new(|| {
        let text = "Lanes of another service that were not applied as far as it last announced.";
        Lapsing::new("przesiadka.lanes.behind", "{lane}", text)
    });
    BEHIND.record(
        lanes as f64,
        &[KeyValue::new("service", service), KeyValue::new("source", source.to_owned())],
    );
}

/// How many lanes of `source` end before what was applied of them; told as [`lanes_behind`] is.
pub(crate) fn lanes_ahead(service: &'static str, source: &str, lanes: usize) {
    static AHEAD: LazyLock<Lapsing> = LazyLock::new(|| {
        let text =
            "Lanes of another service that end before what was applied of them: its database was set back.";
        Lapsing::new("przesiadka.lanes.ahead", "{lane}", text)
    });
    AHEAD.record(
        lanes as f64,
        &[KeyValue::new("service", service), KeyValue::new("source", source.to_owned())],
    );
}
