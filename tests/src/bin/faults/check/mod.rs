//! What is read from the databases when all is over, and compared with what must be there.

mod commands;
mod fold;
mod known;
mod lanes;
pub mod logs;
mod messages;
mod reminders;
mod rest;
mod routing;
mod webhooks;

use std::collections::HashMap;

use journeys::{Service, webhooks::Receiver};
use platform::db::{Db, query_all};
use sea_orm::{QueryResult, TryGetable, Value};

use crate::{run::Journey, timekeeper::Stop, watch::Seen};

pub use rest::{at_rest, held_until};

/// The four databases, in the order of [`Service::ALL`].
pub struct Databases<'a>(pub &'a [Db]);

impl Databases<'_> {
    /// # Errors
    /// Those of the database.
    pub async fn rows(&self, of: Service, sql: &str, values: Vec<Value>) -> anyhow::Result<Vec<QueryResult>> {
        Ok(query_all(self.0[of as usize].read(), sql, values).await?)
    }

    /// The first column of each row.
    ///
    /// # Errors
    /// As above.
    pub async fn column<T: TryGetable>(&self, of: Service, sql: &str) -> anyhow::Result<Vec<T>> {
        let rows = self.rows(of, sql, vec![]).await?;
        Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
    }
}

/// The services whose events each of them hears.
pub const fn hears(consumer: Service) -> &'static [Service] {
    use Service::{Audit, Licensing, Notification, Scheduling};
    match consumer {
        Scheduling => &[Audit, Licensing, Notification],
        Audit => &[Scheduling, Licensing],
        Licensing => &[Scheduling],
        Notification => &[Scheduling, Audit, Licensing],
    }
}

/// Everything that must hold, looked at once all is at rest. `stops`: the instants at which time stood still; `mails`:
/// how often each came, by the message's id; `webhooks`: where all events were sent, if anywhere.
///
/// # Errors
/// Those of the databases.
pub async fn everything(
    databases: &Databases<'_>,
    journeys: &[Journey],
    seen: &[Seen],
    stops: &[Stop],
    mails: &HashMap<String, u64>,
    webhooks: Option<&Receiver>,
) -> anyhow::Result<Vec<String>> {
    let mut findings = commands::findings(databases, journeys).await?;
    findings.extend(lanes::findings(databases, journeys, seen).await?);
    findings.extend(messages::kept(databases, mails).await?);
    if let Some(receiver) = webhooks {
        findings.extend(webhooks::findings(databases, journeys, &receiver.got()).await?);
    }
    for journey in journeys {
        findings.extend(fold::findings(databases, journey).await?);
        findings.extend(messages::findings(databases, journey, stops).await?);
    }
    Ok(findings)
}

/// The company's id, which is the name of its lane.
pub fn lane_of(journey: &Journey) -> &str {
    journey.company.trim_start_matches("companies/")
}
