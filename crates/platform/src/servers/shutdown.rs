//! Two stages: soft lets work finish, hard ends what has not.

use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Shared by everything that runs. Cloned freely.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    soft: CancellationToken,
    accepting: CancellationToken,
    hard: CancellationToken,
}

impl Shutdown {
    /// For background loops: finish what is begun, begin nothing new.
    pub fn soft(&self) -> CancellationToken {
        self.soft.clone()
    }

    /// Ends a little after the soft stop, when load balancers have seen that this process is not ready.
    pub(super) fn accepting(&self) -> CancellationToken {
        self.accepting.clone()
    }

    pub fn hard(&self) -> CancellationToken {
        self.hard.clone()
    }

    pub fn is_soft(&self) -> bool {
        self.soft.is_cancelled()
    }

    /// Stops: not ready at once, no new connections after `delay`, and all over after `deadline`
    /// more. Returns at once; the second stage comes by itself.
    pub fn stop(&self, delay: Duration, deadline: Duration) {
        self.soft.cancel();
        let this = self.clone();
        tokio::spawn(async move {
            let _ = tokio::time::timeout(delay, this.hard.cancelled()).await;
            this.accepting.cancel();
            let _ = tokio::time::timeout(deadline, this.hard.cancelled()).await;
            this.hard.cancel();
        });
    }

    /// Stops at SIGTERM or SIGINT; a second one skips to the hard stage.
    ///
    /// # Errors
    /// The signals cannot be listened to.
    pub fn on_signals(&self, delay: Duration, deadline: Duration) -> std::io::Result<()> {
        let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let this = self.clone();
        tokio::spawn(async move {
            for again in [false, true] {
                tokio::select! {
                    _ = term.recv() => {}
                    _ = int.recv() => {}
                    () = this.hard.cancelled() => return,
                }
                if again {
                    tracing::warn!("a second signal: stopping at once");
                    this.hard.cancel();
                } else {
                    tracing::info!("stopping");
                    this.stop(delay, deadline);
                }
            }
        });
        Ok(())
    }
}
