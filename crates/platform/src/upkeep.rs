//! What each service does about itself: deletes what is old, and tells Prometheus how it stands.

use std::{sync::LazyLock, time::Duration};

use jiff::SignedDuration;
use prometheus::{IntGaugeVec, register_int_gauge_vec};
use tokio_util::sync::CancellationToken;

use crate::{bus::Bus, clock, core::Core, db::execute, error::Error};

/// How long rows are kept: table, key, time column, hours of machine time.
///
/// `inbox` and `timer` rows go with their effect, files that are not attached by [`crate::files`]. All else is kept: in `outbox` a consumer that comes
/// later, or lost something, finds the events from the first.
const RETENTION: [(&str, &str, &str, i64); 2] =
    [("request", "key", "created_at", 7 * 24), ("stray", "id", "received_at", 30 * 24)];
/// Rows that one transaction deletes.
const BATCH: u64 = 500;

const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Old rows are deleted, and SQLite's journal is emptied, at every so many looks: once an hour.
const DELETE_EVERY: u64 = 360;

static OUTBOX: LazyLock<IntGaugeVec> =
    LazyLock::new(|| gauge("outbox_depth", "Events that are committed and not yet taken by the bus."));
static INBOX: LazyLock<IntGaugeVec> =
    LazyLock::new(|| gauge("inbox_waiting", "Events that came and were neither applied nor parked."));
static PARKED: LazyLock<IntGaugeVec> =
    LazyLock::new(|| gauge("parked_lanes", "Lanes that an event has stopped."));
static TIMERS: LazyLock<IntGaugeVec> =
    LazyLock::new(|| gauge("timers_due", "Timers that are due and not fired."));
static CONNECTED: LazyLock<IntGaugeVec> =
    LazyLock::new(|| gauge("bus_connected", "1 while messages can travel."));

fn gauge(name: &str, help: &str) -> IntGaugeVec {
    register_int_gauge_vec!(format!("przesiadka_{name}"), help, &["service"]).expect("registered once")
}

impl Core {
    /// Keeps house until cancelled.
    pub async fn run_upkeep(&self, bus: Bus, stop: CancellationToken) {
        for look in 0_u64.. {
            let done = async {
                self.tell(&bus).await?;
                if look.is_multiple_of(DELETE_EVERY) {
                    self.delete_old(&stop).await?;
                    self.db.empty_journal().await?;
                }
                Ok::<_, Error>(())
            };
            if let Err(e) = done.await {
                tracing::warn!(service = self.service, error = %e, "upkeep waits");
            }
            if stop.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_none() {
                return;
            }
        }
    }

    /// Sets the gauges; those of the database stay as they were while it is away.
    async fn tell(&self, bus: &Bus) -> Result<(), Error> {
        let set = |gauge: &IntGaugeVec, value| gauge.with_label_values(&[self.service]).set(value);
        set(&CONNECTED, bus.is_connected().into());
        set(&OUTBOX, self.outbox_depth().await?);
        set(&INBOX, self.inbox_waiting().await?);
        set(&TIMERS, self.timers_due().await? as i64);
        set(&PARKED, self.parked_lanes().await?);
        Ok(())
    }

    /// Deletes the rows that were kept long enough, in short transactions.
    pub async fn delete_old(&self, stop: &CancellationToken) -> Result<(), Error> {
        for (table, key, time, hours) in RETENTION {
            let before = clock::to_db(clock::machine_now() - SignedDuration::from_hours(hours));
            let sql = format!(
                "delete from {table} where {key} in (select {key} from {table} where {time} < $1 limit {BATCH})"
            );
            while !stop.is_cancelled() {
                let tx = self.db.begin().await?;
                let deleted = execute(&tx, &sql, vec![before.into()]).await?;
                tx.commit().await?;
                if deleted < BATCH {
                    break;
                }
            }
        }
        Ok(())
    }
}
