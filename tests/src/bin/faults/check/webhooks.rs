//! Each event that notification has applied came to the endpoint: in its turn, and again only after a try that was not
//! recorded, as the same.

use std::collections::{BTreeMap, HashMap};

use journeys::{Service, webhooks::Got};

use super::{Databases, hears, lane_of, rest::cursors};
use crate::run::Journey;

/// A row of the queues.
struct Delivery {
    queue: String,
    position: i64,
    attempts: i64,
}

/// By the event's id.
type Deliveries = HashMap<String, Delivery>;

pub async fn findings(
    databases: &Databases<'_>,
    journeys: &[Journey],
    got: &[Got],
) -> anyhow::Result<Vec<String>> {
    let mut findings = Vec::new();
    let mut deliveries = Deliveries::new();
    let sql = "select event_id::text as event, queue, position, label, attempts from webhook_delivery";
    for row in databases.rows(Service::Notification, sql, vec![]).await? {
        let (event, label): (String, String) = (row.try_get("", "event")?, row.try_get("", "label")?);
        if label != "delivered" {
            findings.push(format!("the webhook of the event {event} is {label}"));
        }
        let (queue, position) = (row.try_get("", "queue")?, row.try_get("", "position")?);
        let delivery = Delivery { queue, position, attempts: row.try_get("", "attempts")? };
        if deliveries.insert(event.clone(), delivery).is_some() {
            findings.push(format!("the event {event} is in the queue twice"));
        }
    }
    findings.extend(put_in(databases, journeys, &deliveries).await?);
    findings.extend(arrived(&deliveries, got));
    Ok(findings)
}

/// What the producers told against what was put in: all of it, nothing else, and within a queue in their order.
async fn put_in(
    databases: &Databases<'_>,
    journeys: &[Journey],
    deliveries: &Deliveries,
) -> anyhow::Result<Vec<String>> {
    let mut findings = Vec::new();
    let mut told = 0;
    for producer in hears(Service::Notification) {
        let cursors = cursors(databases, Service::Notification, *producer).await?;
        for journey in journeys {
            let lane = lane_of(journey);
            let applied = cursors.get(lane).map_or(0, |cursor| cursor.0);
            let sql = "select event_id::text as event from outbox \
                       where lane = $1 and seq <= $2 and kind <> 'contact_card' order by seq";
            let mut last: HashMap<&str, i64> = HashMap::new();
            for row in databases.rows(*producer, sql, vec![lane.into(), applied.into()]).await? {
                let event: String = row.try_get("", "event")?;
                let Some(Delivery { queue, position, .. }) = deliveries.get(&event) else {
                    findings.push(format!("{lane}: {}'s event {event} is no webhook", producer.name()));
                    continue;
                };
                told += 1;
                if last.insert(queue, *position).is_some_and(|before| before > *position) {
                    findings.push(format!("{lane}: {}'s event {event} is not in its turn", producer.name()));
                }
            }
        }
    }
    if told != deliveries.len() {
        findings.push(format!("{} webhooks were put in of {told} events", deliveries.len()));
    }
    Ok(findings)
}

fn arrived(deliveries: &Deliveries, got: &[Got]) -> Vec<String> {
    let mut findings = Vec::new();
    let mut came: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    let mut tries: HashMap<&str, Vec<&Got>> = HashMap::new();
    for one in got {
        let Some(Delivery { queue, position, .. }) = deliveries.get(&one.id) else {
            findings.push(format!("a webhook {:?} came of no event", one.id));
            continue;
        };
        let queue = came.entry(queue).or_default();
        if queue.last() != Some(position) {
            queue.push(*position);
        }
        tries.entry(&one.id).or_default().push(one);
    }
    for (queue, came) in &came {
        if !came.is_sorted_by(|before, next| before < next) {
            findings.push(format!("the webhooks of {queue} came in the order {came:?}"));
        }
    }
    for (event, Delivery { attempts, .. }) in deliveries {
        let Some(came) = tries.get(event.as_str()) else {
            findings.push(format!("the webhook of the event {event} never came"));
            continue;
        };
        if came.len() > usize::try_from(*attempts).unwrap_or_default() {
            findings.push(format!("the webhook of {event} came {} times in {attempts} tries", came.len()));
        }
        if came.iter().any(|one| one.body != came[0].body) {
            findings.push(format!("the webhook of {event} came again as another"));
        }
    }
    findings
}
