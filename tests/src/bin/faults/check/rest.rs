//! Whether anything is still on its way.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use jiff::Timestamp;
use journeys::Service;
use platform::{clock, loops::pause};
use sea_orm::prelude::DateTimeUtc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Databases, hears, lane_of};
use crate::run::Journey;

/// What waits for a lease of the dead waits up to a minute.
const LATEST: Duration = Duration::from_secs(180);
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Waits until nothing is on its way. What never arrives is a finding.
pub async fn at_rest(databases: &Databases<'_>, journeys: &[Journey], now: Timestamp) -> Vec<String> {
    let latest = Instant::now() + LATEST;
    loop {
        let left = left(databases, journeys, now).await.unwrap_or_else(|e| vec![format!("{e:#}")]);
        if left.is_empty() || Instant::now() > latest {
            return left;
        }
        pause(LOOK_EVERY, &CancellationToken::new()).await;
    }
}

/// Until when messages are held; none is in the end.
///
/// # Errors
/// Those of the database.
pub async fn held_until(databases: &Databases<'_>) -> anyhow::Result<Option<Timestamp>> {
    let sql = "select max(held_until) from message";
    let until = databases.column::<Option<DateTimeUtc>>(Service::Notification, sql).await?;
    Ok(until.into_iter().flatten().next().map(clock::from_db))
}

async fn left(
    databases: &Databases<'_>,
    journeys: &[Journey],
    now: Timestamp,
) -> anyhow::Result<Vec<String>> {
    let mut left = Vec::new();
    for service in Service::ALL {
        let now = clock::to_db(now).to_rfc3339();
        let due = format!("select count(*) from timer where due_at <= '{now}'");
        let unsent =
            format!("select count(*) from message where due_at is not null or held_until <= '{now}'");
        for (what, sql) in [
            ("events are not published", "select count(*) from outbox where published_at is null"),
            ("timers are due", due.as_str()),
            ("messages wait", unsent.as_str()),
            ("webhooks wait", "select count(*) from webhook_delivery where due_at is not null"),
        ] {
            if ["messages wait", "webhooks wait"].contains(&what) && service != Service::Notification {
                continue;
            }
            let number: i64 = databases.column(service, sql).await?[0];
            if number > 0 {
                left.push(format!("{}: {number} {what}", service.name()));
            }
        }
    }
    let poisoned = poisoned(journeys);
    for consumer in Service::ALL {
        for producer in hears(consumer) {
            let heads = heads(databases, *producer).await?;
            let cursors = cursors(databases, consumer, *producer).await?;
            for (lane, head) in heads {
                let end = match poisoned.get(lane.as_str()) {
                    Some(poison) if *producer == Service::Scheduling => poison - 1,
                    _ => head,
                };
                let applied = cursors.get(&lane).map_or(0, |cursor| cursor.0);
                if applied != end {
                    let (from, at) = (producer.name(), consumer.name());
                    left.push(format!("{at}: {from}'s lane {lane} is applied to {applied}, not {end}"));
                }
            }
        }
    }
    Ok(left)
}

/// By lane, the number of scheduling's event that nobody can apply.
pub fn poisoned(journeys: &[Journey]) -> HashMap<&str, i64> {
    journeys.iter().filter_map(|journey| Some((lane_of(journey), journey.poison?))).collect()
}

/// The last number of each lane.
pub async fn heads(databases: &Databases<'_>, of: Service) -> anyhow::Result<BTreeMap<String, i64>> {
    let sql = "select lane, next_seq - 1 as seq from lane where next_seq > 1";
    let rows = databases.rows(of, sql, vec![]).await?;
    Ok(rows
        .iter()
        .map(|row| Ok((row.try_get("", "lane")?, row.try_get("", "seq")?)))
        .collect::<Result<_, sea_orm::DbErr>>()?)
}

/// How far each lane is applied, and whether it is parked.
pub async fn cursors(
    databases: &Databases<'_>,
    at: Service,
    of: Service,
) -> anyhow::Result<BTreeMap<String, (i64, bool)>> {
    let sql = "select lane, seq, parked from cursor where source = $1";
    let mut cursors = BTreeMap::new();
    for row in databases.rows(at, sql, vec![of.name().into()]).await? {
        cursors.insert(row.try_get("", "lane")?, (row.try_get("", "seq")?, row.try_get("", "parked")?));
    }
    Ok(cursors)
}
