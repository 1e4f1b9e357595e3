//! Whether anything is still on its way. Tests wait for it, and whoever moves the simulated clock.
//!
//! A process answers for its own services. Where they are spread over several, the reader compares the
//! heads that one process tells with the cursors of another.

use std::collections::BTreeMap;

use notification::Notification;
use platform::{Error, core::Core, lane::Number};
use serde::Serialize;
use serde_json::{Value, json};

/// What is asked of one service.
#[derive(Clone, Debug)]
pub struct Standing {
    pub core: Core,
    /// The services whose events it hears.
    pub sources: &'static [&'static str],
    /// Whose e-mails count, where this service sends any.
    pub sender: Option<Notification>,
}

/// Numbers by `<service>/<lane>`: of a lane whose service's database was restored as a text with the epoch.
type Numbers = BTreeMap<String, Value>;

/// How far the lanes are, at their producers and at their consumers.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Lanes {
    heads: Numbers,
    /// By consuming service.
    cursors: BTreeMap<&'static str, Numbers>,
}

/// What lies in the databases and will move by itself.
#[derive(Debug, Default, Serialize)]
struct Waiting {
    timers_due: u64,
    messages_pending: i64,
    webhooks_pending: i64,
    inbox: i64,
    outbox: i64,
    /// Lanes that an event has stopped: nothing moves them but a replay.
    parked: i64,
}

/// The answer of `/settled`.
pub async fn report(services: &[Standing]) -> Value {
    match look(services).await {
        Ok(report) => report,
        Err(error) => json!({ "settled": false, "error": error.to_string() }),
    }
}

async fn look(services: &[Standing]) -> Result<Value, Error> {
    // Several databases have no common snapshot. But lanes only move forward: if they stand the same
    // before and after, nothing moved while the rest was counted.
    let before = lanes(services).await?;
    let waiting = waiting(services).await?;
    let after = lanes(services).await?;
    let nothing_waits = matches!(
        waiting,
        Waiting { timers_due: 0, messages_pending: 0, webhooks_pending: 0, inbox: 0, outbox: 0, parked: 0 }
    );
    let settled = before == after && nothing_waits && after.all_heard(services);
    let hears: BTreeMap<_, _> = services.iter().map(|s| (s.core.service, s.sources)).collect();
    let mut report =
        json!({ "settled": settled, "heads": after.heads, "cursors": after.cursors, "hears": hears });
    if let (Value::Object(report), Ok(Value::Object(waiting))) = (&mut report, serde_json::to_value(waiting))
    {
        report.extend(waiting);
    }
    Ok(report)
}

async fn lanes(services: &[Standing]) -> Result<Lanes, Error> {
    let mut lanes = Lanes::default();
    for Standing { core, .. } in services {
        for head in core.lane_heads().await? {
            lanes.heads.insert(format!("{}/{}", core.service, head.lane), to_json(head.number));
        }
        let cursors = core.cursors().await?;
        let cursors = cursors.into_iter().map(|c| (format!("{}/{}", c.service, c.lane), to_json(c.number)));
        lanes.cursors.insert(core.service, cursors.collect());
    }
    Ok(lanes)
}

fn to_json(number: Number) -> Value {
    if number.epoch == 0 { number.seq.into() } else { number.to_string().into() }
}

/// Timers first and the outbox last: what one of them turns into is counted by a later one.
async fn waiting(services: &[Standing]) -> Result<Waiting, Error> {
    let mut waiting = Waiting::default();
    for Standing { core, .. } in services {
        waiting.timers_due += core.timers_due().await?;
    }
    for Standing { core, sender, .. } in services {
        if let Some(notification) = sender {
            waiting.messages_pending += notification.messages_pending().await?;
            waiting.webhooks_pending += notification.webhooks_pending().await?;
        }
        waiting.inbox += core.inbox_waiting().await?;
        waiting.parked += core.parked_lanes().await?;
        waiting.outbox += core.outbox_depth().await?;
    }
    Ok(waiting)
}

impl Lanes {
    /// Whether each service has applied all that the others here have committed.
    fn all_heard(&self, services: &[Standing]) -> bool {
        services.iter().all(|consumer| {
            let cursors = &self.cursors[consumer.core.service];
            let mut heard = self.heads.iter().filter(|(lane, _)| {
                lane.split('/').next().is_some_and(|source| consumer.sources.contains(&source))
            });
            heard.all(|(lane, number)| cursors.get(lane) == Some(number))
        })
    }
}
