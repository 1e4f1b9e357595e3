//! What one service stands on: its name, its database, its clock and the signals between its loops.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock},
};

use jiff::Timestamp;
use sea_orm::ConnectionTrait;
use tokio::sync::{Notify, OnceCell};

use crate::{
    bus::LaneHead,
    clock::{self, Clock},
    db::{Db, query_one},
    error::Error,
    lane::{Lane, Number},
    tokens::Tokens,
    wait::Waits,
};

/// One service's runtime. Cloned freely; clones share everything.
#[derive(Clone, Debug)]
pub struct Core {
    /// "scheduling", "audit", "licensing" or "notification"; the first word of its lanes and subjects.
    pub service: &'static str,
    pub db: Db,
    pub clock: Clock,
    signals: Arc<Signals>,
    tokens: Arc<OnceCell<Tokens>>,
    made_at: Arc<OnceCell<Timestamp>>,
    sources: Arc<OnceLock<&'static [&'static str]>>,
    set_back: Arc<Mutex<BTreeMap<(String, Lane), Number>>>,
}

/// Wakes the loops of this process at once; each loop also looks by itself now and then.
#[derive(Debug, Default)]
struct Signals {
    committed: Notify,
    sequenced: Notify,
    waits: Waits,
    changed: Notify,
    timers: Notify,
}

impl Core {
    pub fn new(service: &'static str, db: Db, clock: Clock) -> Self {
        Self {
            service,
            db,
            clock,
            signals: Arc::default(),
            tokens: Arc::default(),
            made_at: Arc::default(),
            sources: Arc::default(),
            set_back: Arc::default(),
        }
    }

    /// Says whose events this service applies; its consumer knows.
    pub(crate) fn set_sources(&self, sources: &'static [&'static str]) {
        self.sources.get_or_init(|| sources);
    }

    /// The services whose events are applied here; none as long as no consumer has been made.
    pub fn sources(&self) -> &'static [&'static str] {
        self.sources.get().copied().unwrap_or_default()
    }

    /// Notes whether a producer's lane ends before what was applied of it here.
    pub(crate) fn note_set_back(&self, source: &str, head: LaneHead, is_set_back: bool) {
        let mut lanes = self.set_back.lock().expect("no code panics while it holds this lock");
        let key = (source.to_owned(), head.lane);
        if is_set_back {
            lanes.insert(key, head.number);
        } else {
            lanes.remove(&key);
        }
    }

    /// The lanes of a producer that were seen to end before what was applied of them here, and where they end: its
    /// database was set back, and it does not know.
    pub(crate) fn lanes_set_back(&self, source: &str) -> Vec<(Lane, Number)> {
        let lanes = self.set_back.lock().expect("no code panics while it holds this lock");
        let of_source = lanes.iter().filter(|((of, _), _)| of == source);
        of_source.map(|((_, lane), end)| (*lane, *end)).collect()
    }

    /// Whether events of `source` change anything here; so it seems as long as no consumer has been made.
    pub(crate) fn hears(&self, source: &str) -> bool {
        self.sources.get().is_none_or(|sources| sources.contains(&source))
    }

    /// What seals this database's tokens. In a unit of work it is asked for in its transaction; see
    /// [`Unit::tokens`](crate::unit::Unit::tokens).
    pub async fn tokens(&self) -> Result<&Tokens, Error> {
        self.tokens_by(self.db.read()).await
    }

    pub(crate) async fn tokens_by(&self, c: &impl ConnectionTrait) -> Result<&Tokens, Error> {
        self.tokens.get_or_try_init(|| Tokens::load(c)).await
    }

    /// Machine time at which this database was made.
    pub(crate) async fn made_at(&self) -> Result<Timestamp, Error> {
        let read = async || {
            let row = query_one(self.db.read(), "select made_at from head where id = 1", vec![]).await?;
            let row = row.ok_or_else(|| anyhow::anyhow!("the schema has no head row"))?;
            Ok(clock::from_db(row.try_get("", "made_at")?))
        };
        self.made_at.get_or_try_init(read).await.copied()
    }

    /// Events were committed and wait for a position.
    pub(crate) fn committed(&self) -> &Notify {
        &self.signals.committed
    }

    /// Events got a position: watchers can go on.
    pub(crate) fn sequenced(&self) -> &Notify {
        &self.signals.sequenced
    }

    /// Requests that wait for cursors to move.
    pub(crate) fn waits(&self) -> &Waits {
        &self.signals.waits
    }

    /// A unit of work was committed: whoever goes on with what it left can look.
    pub fn changed(&self) -> &Notify {
        &self.signals.changed
    }

    /// Timers were set or moved.
    pub(crate) fn timers(&self) -> &Notify {
        &self.signals.timers
    }
}
