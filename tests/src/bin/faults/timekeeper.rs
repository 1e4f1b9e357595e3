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

/// An instant at which time stood still.
#[derive(Clone, Copy, Debug)]
pub struct Stop {
    pub at: Timestamp,
    /// Whether it did until all that was due had happened; it may have jumped before.
    pub to_the_end: bool,
}

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
) -> anyhow::Result<Vec<Stop>> {
    let mut stops = vec![Stop { at: player.clock().now(), to_the_end: true }];
    while let Some(moved) = stop.run_until_cancelled(player.moved()).await {
        moved?;
        let latest = Instant::now() + LATEST;
        loop {
            let at = player.clock().now();
            if stops.last().is_none_or(|stop| stop.at != at) {
                stops.push(Stop { at, to_the_end: false });
            }
            if is_quiet(databases, at).await && player.clock().now() == at {
                stops.last_mut().expect("just pushed").to_the_end = true;
                break;
            }
            if Instant::now() > latest {
                log.found(format!("timers are due at {at} and do not fire"));
                break;
            }
            pause(LOOK_EVERY, &CancellationToken::new()).await;
        }
        jumps.are_over();
    }
    // Time may have jumped as soon as it had come there, before anybody here looked; a service may have looked.
    let unseen = jumps.from().into_iter().filter(|at| stops.iter().all(|stop| stop.at != *at));
    let unseen: Vec<_> = unseen.map(|at| Stop { at, to_the_end: false }).collect();
    stops.extend(unseen);
    stops.sort_by_key(|stop| stop.at);
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
