//! Holds time until what is due has happened, so that it is known which reminders there had to be.

use std::time::Duration;

use jiff::Timestamp;
use journeys::Service;
use platform::{
    clock,
    db::{Db, query_one},
    loops::pause,
};
use story::Player;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{log::Log, trouble::Jumps};

/// Longer than any trouble lasts.
const LATEST: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// All instants at which time stood still. A timer that does not fire is found, and the others go on.
///
/// # Errors
/// A clock that cannot be read.
pub async fn keep(
    player: Player,
    databases: &[Db],
    jumps: &Jumps,
    log: &Log,
    stop: &CancellationToken,
) -> anyhow::Result<Vec<Timestamp>> {
    let mut stops = vec![player.clock().now()];
    while let Some(moved) = stop.run_until_cancelled(player.moved()).await {
        moved?;
        let latest = Instant::now() + LATEST;
        loop {
            let now = player.clock().now();
            if stops.last() != Some(&now) {
                stops.push(now);
            }
            // It may have jumped meanwhile.
            if is_quiet(databases, now).await && player.clock().now() == now {
                break;
            }
            if Instant::now() > latest {
                log.found(format!("timers are due at {now} and do not fire"));
                break;
            }
            pause(LOOK_EVERY, &CancellationToken::new()).await;
        }
        jumps.are_over();
    }
    Ok(stops)
}

/// A database that is away is not quiet.
async fn is_quiet(databases: &[Db], now: Timestamp) -> bool {
    for service in [Service::Scheduling, Service::Notification] {
        let due = query_one(
            databases[service as usize].read(),
            "select 1 from timer where due_at <= $1 limit 1",
            vec![clock::to_db(now).into()],
        );
        if !matches!(due.await, Ok(None)) {
            return false;
        }
    }
    true
}
