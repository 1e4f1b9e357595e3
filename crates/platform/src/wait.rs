//! Reading one's own write in another service: `x-przesiadka-after`.

use std::{
    collections::HashMap,
    sync::{Mutex as StdMutex, MutexGuard},
    time::Duration,
};

use futures::future::join_all;
use tokio::{
    select,
    sync::{Mutex, oneshot},
    time::{sleep, timeout},
};

use crate::{
    core::Core,
    db::query_all,
    error::Error,
    lane::{Lane, LanePosition, Number},
};

/// How long a request waits for earlier writes to arrive.
const PATIENCE: Duration = Duration::from_secs(2);
/// Another replica may apply the event without this process hearing of it, so somebody looks.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The requests of this process that wait. However many they are, only one of them looks, for all: many that wait
/// for what is late must not keep it from coming.
#[derive(Debug, Default)]
pub(crate) struct Waits {
    by_lane: StdMutex<HashMap<(String, Lane), Vec<Wait>>>,
    looks: Mutex<()>,
}

#[derive(Debug)]
struct Wait {
    number: Number,
    arrived: oneshot::Sender<()>,
}

impl Waits {
    /// A service's lane is applied so far.
    pub fn applied(&self, service: &str, lane: Lane, applied: Number) {
        let mut by_lane = self.by_lane();
        // Mostly nobody waits.
        if by_lane.is_empty() {
            return;
        }
        let key = (service.to_owned(), lane);
        let Some(waits) = by_lane.get_mut(&key) else { return };
        for wait in waits.extract_if(.., |wait| wait.number <= applied) {
            // An error says that the request was given up.
            let _ = wait.arrived.send(());
        }
        if waits.is_empty() {
            by_lane.remove(&key);
        }
    }

    fn join(&self, position: &LanePosition) -> oneshot::Receiver<()> {
        let (arrived, waits) = oneshot::channel();
        let key = (position.service.clone(), position.lane);
        let mut by_lane = self.by_lane();
        let all = by_lane.entry(key).or_default();
        all.retain(|wait| !wait.arrived.is_closed());
        all.push(Wait { number: position.number, arrived });
        waits
    }

    /// The lanes that somebody waits for. Who gave up is forgotten.
    fn awaited(&self) -> Vec<Lane> {
        let mut by_lane = self.by_lane();
        by_lane.retain(|_, waits| {
            waits.retain(|wait| !wait.arrived.is_closed());
            !waits.is_empty()
        });
        by_lane.keys().map(|(_, lane)| *lane).collect()
    }

    fn by_lane(&self) -> MutexGuard<'_, HashMap<(String, Lane), Vec<Wait>>> {
        self.by_lane.lock().expect("no code panics while it holds this lock")
    }
}

impl Core {
    /// Waits until the positions are applied here; the service's own positions are there already, and what
    /// it never hears of has nothing to wait for, nor has a lane on which nothing was told yet.
    /// Unavailable, with a hint to try again, if they are not within 2 seconds.
    pub async fn wait_for(&self, after: &[LanePosition]) -> Result<(), Error> {
        let told = after.iter().filter(|at| at.number.seq > 0);
        let heard = told.filter(|at| at.service != self.service && self.hears(&at.service));
        let after: Vec<&LanePosition> = heard.collect();
        if after.is_empty() {
            return Ok(());
        }
        let lanes: Vec<Lane> = after.iter().map(|position| position.lane).collect();
        // Before the first look, so that nothing that is applied meanwhile is missed.
        let arrived = join_all(after.iter().map(|position| self.waits().join(position)));
        let waited = timeout(PATIENCE, async {
            self.look_for(&lanes).await?;
            select! {
                _ = arrived => Ok(()),
                () = self.look_for_all() => Ok(()),
            }
        });
        if let Ok(outcome) = waited.await {
            return outcome;
        }
        let cursors = self.cursors_of(&lanes).await?;
        let applied =
            |at: &LanePosition| cursors.get(&(at.service.clone(), at.lane)).copied().unwrap_or_default();
        let missing = after.iter().filter(|at| applied(at) < at.number);
        let missing: Vec<String> = missing.map(ToString::to_string).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let what = anyhow::anyhow!("{} has not arrived at {}", missing.join(", "), self.service);
        Err(Error::Unavailable(what))
    }

    /// Looks again and again for all who wait, as long as nobody else does. Never returns.
    async fn look_for_all(&self) {
        let _turn = self.waits().looks.lock().await;
        loop {
            sleep(LOOK_EVERY).await;
            // While the database is away there is nothing to see.
            let _ = self.look_for(&self.waits().awaited()).await;
        }
    }

    /// Lets those go on who wait for what is there.
    async fn look_for(&self, lanes: &[Lane]) -> Result<(), Error> {
        for ((service, lane), number) in self.cursors_of(lanes).await? {
            self.waits().applied(&service, lane, number);
        }
        Ok(())
    }

    async fn cursors_of(&self, lanes: &[Lane]) -> Result<HashMap<(String, Lane), Number>, Error> {
        let sql =
            format!("select source, lane, epoch, seq from cursor where {}", self.db.is_among("lane", "$1"));
        let lanes: Vec<String> = lanes.iter().map(Lane::to_string).collect();
        let rows = query_all(self.db.read(), &sql, vec![lanes.join(",").into()]).await?;
        rows.iter().map(|row| Ok(((row.try_get("", "source")?, Lane::of(row)?), Number::of(row)?))).collect()
    }
}
