//! Reading one's own write in another service: `x-przesiadka-after`.

use std::{collections::HashMap, time::Duration};

use tokio::time::{Instant, timeout_at};

use crate::{
    core::Core,
    db::query_all,
    error::Error,
    lane::{Lane, LanePosition},
};

/// How long a request waits for earlier writes to arrive.
const PATIENCE: Duration = Duration::from_secs(2);
/// Another replica may apply the event without this process being woken, so it looks by itself: first after this
/// time, then after twice as long each time. Many that wait for what is late must not keep it from coming.
const FIRST_LOOK: Duration = Duration::from_millis(10);
const LAST_LOOKS: Duration = Duration::from_millis(500);

impl Core {
    /// Waits until the positions are applied here; the service's own positions are there already, and what
    /// it never hears of has nothing to wait for.
    /// Unavailable, with a hint to try again, if they are not within 2 seconds.
    pub async fn wait_for(&self, after: &[LanePosition]) -> Result<(), Error> {
        let mut missing: Vec<&LanePosition> = after
            .iter()
            .filter(|position| position.service != self.service && self.hears(&position.service))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        // Before the first look, so that nothing that is applied meanwhile is missed.
        let mut applied = self.applied().subscribe();
        let deadline = Instant::now() + PATIENCE;
        let mut pause = FIRST_LOOK;
        loop {
            let is_last = Instant::now() >= deadline;
            let cursors = self.cursors_of(&missing).await?;
            missing.retain(|position| {
                let cursor = cursors.get(&(position.service.clone(), position.lane));
                cursor.is_none_or(|seq| *seq < position.seq)
            });
            let next_look = deadline.min(Instant::now() + pause);
            pause = LAST_LOOKS.min(pause * 2);
            while !missing.is_empty() && !is_last {
                // Too late, or too much to hear all: it looks.
                let Ok(Ok(heard)) = timeout_at(next_look, applied.recv()).await else { break };
                missing.retain(|position| {
                    (&position.service, position.lane) != (&heard.service, heard.lane)
                        || heard.seq < position.seq
                });
            }
            if missing.is_empty() {
                return Ok(());
            }
            if is_last {
                break;
            }
        }
        let missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
        let what = anyhow::anyhow!("{} has not arrived at {}", missing.join(", "), self.service);
        Err(Error::Unavailable(what))
    }

    async fn cursors_of(&self, positions: &[&LanePosition]) -> Result<HashMap<(String, Lane), i64>, Error> {
        let sql = format!("select source, lane, seq from cursor where {}", self.db.is_among("lane", "$1"));
        let lanes: Vec<String> = positions.iter().map(|position| position.lane.to_string()).collect();
        let rows = query_all(self.db.read(), &sql, vec![lanes.join(",").into()]).await?;
        rows.iter()
            .map(|row| Ok(((row.try_get("", "source")?, Lane::of(row)?), row.try_get("", "seq")?)))
            .collect()
    }
}
