//! Connections to the mail server that are used for one mail after another.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use lettre::transport::smtp::client::AsyncSmtpConnection;
use platform::loops::pause;
use tokio::{sync::Semaphore, time::timeout};
use tokio_util::sync::CancellationToken;

/// What a dialogue goes over. It is parked only after a mail was taken: one whose try failed or was cut off may be in
/// the middle of a dialogue, and the next mail would be given the answers to that one.
pub(super) struct Pool {
    idle: Mutex<Idle>,
    /// As many as may be open.
    pub places: Semaphore,
    /// For the answer to QUIT or NOOP.
    limit: Duration,
    /// How long one is kept.
    idle_for: Duration,
}

#[derive(Default)]
struct Idle {
    parked: u64,
    /// By when they were parked.
    connections: BTreeMap<u64, AsyncSmtpConnection>,
}

impl Pool {
    pub fn new(most: u32, limit: Duration, idle_for: Duration) -> Arc<Self> {
        let places = Semaphore::new(usize::try_from(most).unwrap_or(Semaphore::MAX_PERMITS));
        Arc::new(Self { idle: Mutex::default(), places, limit, idle_for })
    }

    /// The one that was parked last, if it still answers.
    pub async fn take(&self) -> Option<AsyncSmtpConnection> {
        let (_, mut connection) = self.idle().connections.pop_last()?;
        let answers = timeout(self.limit, connection.test_connected()).await.unwrap_or(false);
        answers.then_some(connection)
    }

    /// Keeps one for the next mail, for a while.
    pub fn park(self: &Arc<Self>, connection: AsyncSmtpConnection) {
        let mut idle = self.idle();
        idle.parked += 1;
        let turn = idle.parked;
        idle.connections.insert(turn, connection);
        drop(idle);
        let (pool, idle_for) = (Arc::downgrade(self), self.idle_for);
        tokio::spawn(async move {
            pause(idle_for, &CancellationToken::new()).await;
            let Some(pool) = pool.upgrade() else { return };
            let idle = pool.idle().connections.remove(&turn);
            if let Some(connection) = idle {
                pool.leave(connection).await;
            }
        });
    }

    /// Takes leave of the server, as RFC 5321 demands where the dialogue is in step.
    pub async fn leave(&self, mut connection: AsyncSmtpConnection) {
        let _ = timeout(self.limit, connection.quit()).await;
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("idle", &self.idle().connections.len()).finish_non_exhaustive()
    }
}
