//! Which reminders there had to be: each date's, at the first instant at which time stood still after its due
//! time, if the date was still agreed then and a reminder of use. Where time went on too soon, then or the next time.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan as _};
use journeys::Service;
use proto::scheduling::v1::{DateKind, Stage, scheduling_event::Event};

use crate::timekeeper::Stop;

use super::{
    Databases,
    fold::Heard,
    known::{Entry, Known, id},
};

const DAYS_BEFORE: [i32; 3] = [7, 1, 0];

/// What notification knew of a project from an instant on: changes reach it some time after they are made.
struct Then {
    since: Timestamp,
    entries: BTreeMap<DateKind, Entry>,
    stage: Stage,
}

pub async fn findings(
    databases: &Databases<'_>,
    lane: &str,
    heard: &[Heard],
    stops: &[Stop],
) -> anyhow::Result<Vec<String>> {
    let applied = applied_at(databases, lane).await?;
    let mut findings = Vec::new();
    let mut known = Known::default();
    let mut past: BTreeMap<String, Vec<Then>> = BTreeMap::new();
    for heard in heard {
        known.hear(heard);
        let Heard::Scheduling(event) = heard else { continue };
        let (Some(since), Some(project)) =
            (applied.get(&event.event_id), known.projects.get(id(&event.project)))
        else {
            continue;
        };
        if matters(event.event.as_ref()) {
            let then = Then { since: *since, entries: project.entries.clone(), stage: project.stage };
            past.entry(id(&event.project).to_owned()).or_default().push(then);
        }
    }
    for (project, past) in past {
        let sent = sent(databases, lane, &project).await?;
        let (must, may) = due(&past, stops);
        for at in must.iter().filter(|at| !sent.contains(at)) {
            findings.push(format!("{lane}: no reminder at {at}"));
        }
        for at in &sent {
            let of = |list: &[Timestamp]| list.iter().filter(|due| *due == at).count();
            let times = sent.iter().filter(|sent| *sent == at).count();
            if times > of(&must) + of(&may) {
                findings.push(format!("{lane}: {times} reminders at {at}"));
            }
        }
    }
    Ok(findings)
}

fn matters(event: Option<&Event>) -> bool {
    matches!(
        event,
        Some(
            Event::DateAgreed(_)
                | Event::DateWithdrawn(_)
                | Event::StageUnlocked(_)
                | Event::StageReopened(_)
                | Event::ReadinessWithdrawn(_)
                | Event::ProjectCompleted(_)
                | Event::ProjectCancelled(_)
        )
    )
}

/// The reminders that must be there, and those that may: where a change is applied at the very instant at which
/// one is due, either can come first.
fn due(past: &[Then], stops: &[Stop]) -> (Vec<Timestamp>, Vec<Timestamp>) {
    let (mut must, mut may) = (Vec::new(), Vec::new());
    for (i, then) in past.iter().enumerate() {
        let before = i.checked_sub(1).map(|i| &past[i].entries);
        for (kind, entry) in then.entries.iter().filter(|(_, entry)| entry.live) {
            if before.and_then(|before| before.get(kind)).is_some_and(|b| b.agreement == entry.agreement) {
                continue;
            }
            for days in DAYS_BEFORE {
                let due = due_at(entry, days).filter(|due| *due > then.since && *due < entry.begins_at);
                let Some(due) = due else { continue };
                let mut too_soon = false;
                for Stop { at, to_the_end } in stops.iter().copied().filter(|stop| stop.at >= due) {
                    let of_use = calendar::local_day(at) == calendar::local_day(due) && at < entry.begins_at;
                    let holds = |then: &Then| {
                        then.entries.get(kind).is_some_and(|e| e.live && e.agreement == entry.agreement)
                            && then.stage <= stage_of(*kind)
                    };
                    let later = past[i..].iter().take_while(|then| then.since <= at);
                    let sure = later.clone().all(holds) && to_the_end && !too_soon;
                    let at_that_instant = later.filter(|then| then.since < at).all(holds);
                    match (of_use, sure, at_that_instant) {
                        (true, true, _) => must.push(at),
                        (true, false, true) => may.push(at),
                        _ => {}
                    }
                    if to_the_end {
                        break;
                    }
                    too_soon = true;
                }
            }
        }
    }
    (must, may)
}

fn due_at(entry: &Entry, days: i32) -> Option<Timestamp> {
    let day = entry.first_day.checked_sub(days.days()).ok()?;
    Some(day.at(7, 0, 0, 0).to_zoned(calendar::warsaw()).ok()?.timestamp())
}

const fn stage_of(kind: DateKind) -> Stage {
    match kind {
        DateKind::Readiness => Stage::Readiness,
        DateKind::Audit1 => Stage::Audit1,
        DateKind::Audit2 => Stage::Audit2,
        DateKind::Migration => Stage::Migration,
        DateKind::Unspecified => Stage::Unspecified,
    }
}

/// When each event was applied: its messages say so.
async fn applied_at(databases: &Databases<'_>, lane: &str) -> anyhow::Result<BTreeMap<String, Timestamp>> {
    let sql = "select distinct event_id::text as event, body ->> 'created_at' as at from message \
               where company = $1 and part not like 'joined/%'";
    let mut applied = BTreeMap::new();
    for row in databases.rows(Service::Notification, sql, vec![lane.into()]).await? {
        applied.insert(row.try_get("", "event")?, row.try_get::<String>("", "at")?.parse()?);
    }
    Ok(applied)
}

/// The instants of a project's reminders to the contact who was there all the time.
async fn sent(databases: &Databases<'_>, lane: &str, project: &str) -> anyhow::Result<Vec<Timestamp>> {
    let sql = "with reminder as (select recipient, body ->> 'created_at' as at from message \
               where company = $1 and project::text = $2 and kind = 'reminder' and part not like 'joined/%') \
               select at from reminder where recipient = \
               (select recipient from reminder group by recipient order by count(*) desc limit 1)";
    let rows = databases.rows(Service::Notification, sql, vec![lane.into(), project.into()]).await?;
    rows.iter().map(|row| Ok(row.try_get::<String>("", "at")?.parse()?)).collect()
}
