//! What one service stands on: its name, its database, its clock and the signals between its loops.

use std::sync::Arc;

use tokio::sync::Notify;

use crate::{
    clock::Clock,
    db::{Db, query_one},
    error::Error,
};

/// One service's runtime. Cloned freely; clones share everything.
#[derive(Clone, Debug)]
pub struct Core {
    /// "scheduling", "audit", "licensing" or "notification"; the first word of its lanes and subjects.
    pub service: &'static str,
    pub db: Db,
    pub clock: Clock,
    signals: Arc<Signals>,
}

/// Wakes the loops of this process at once; each loop also looks by itself now and then.
#[derive(Debug, Default)]
struct Signals {
    committed: Notify,
    sequenced: Notify,
    applied: Notify,
    timers: Notify,
}

impl Core {
    pub fn new(service: &'static str, db: Db, clock: Clock) -> Self {
        Self { service, db, clock, signals: Arc::default() }
    }

    /// The number of this database's outbox: a watch token of another one is of no use here.
    pub async fn epoch(&self) -> Result<uuid::Uuid, Error> {
        let row = query_one(self.db.read(), "select epoch from head", vec![]).await?;
        row.ok_or_else(|| Error::Internal(anyhow::anyhow!("the schema has no head row")))?.try_get("", "epoch").map_err(Error::from)
    }

    /// Events were committed and wait for a position.
    pub(crate) fn committed(&self) -> &Notify {
        &self.signals.committed
    }

    /// Events got a position: watchers can go on.
    pub(crate) fn sequenced(&self) -> &Notify {
        &self.signals.sequenced
    }

    /// A cursor moved: readers that wait for a write can look again.
    pub(crate) fn applied(&self) -> &Notify {
        &self.signals.applied
    }

    /// Timers were set or moved.
    pub(crate) fn timers(&self) -> &Notify {
        &self.signals.timers
    }
}
