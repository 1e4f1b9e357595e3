//! Which reminders there had to be: each date's, and that of each morning on which integrations come back, at the first
//! instant at which time stood still after its due time, if the date was still agreed then, or an integration waited
//! for that day, and a reminder of use. Where time went on too soon, then or the next time.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan as _, civil::Date};
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
    /// The day for which an integration waited.
    awaited_day: Option<Date>,
}

/// The reminders that must be there, and those that may: where a change is applied at the very instant at which
/// one is due, either can come first.
#[derive(Default)]
struct Due {
    must: Vec<Timestamp>,
    may: Vec<Timestamp>,
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
            let (entries, awaited_day) = (project.entries.clone(), project.awaited_day());
            let then = Then { since: *since, entries, stage: project.stage, awaited_day };
            past.entry(id(&event.project).to_owned()).or_default().push(then);
        }
    }
    for (project, past) in past {
        for (kind, due) in
            [("reminder", of_dates(&past, stops)), ("integrations_today", of_integrations(&past, stops))]
        {
            let sent = sent(databases, lane, &project, kind).await?;
            for at in due.must.iter().filter(|at| !sent.contains(at)) {
                findings.push(format!("{lane}: no {kind} at {at}"));
            }
            for at in &sent {
                let of = |list: &[Timestamp]| list.iter().filter(|due| *due == at).count();
                let times = sent.iter().filter(|sent| *sent == at).count();
                if times > of(&due.must) + of(&due.may) {
                    findings.push(format!("{lane}: {times} times {kind} at {at}"));
                }
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
                | Event::RunRolledBack(_)
                | Event::IntegrationsAnnounced(_)
                | Event::IntegrationsCancelled(_)
                | Event::IntegrationRestored(_)
                | Event::IntegrationDropped(_)
                | Event::IntegrationReopened(_)
                | Event::ProjectCompleted(_)
                | Event::ProjectCancelled(_)
        )
    )
}

fn of_dates(past: &[Then], stops: &[Stop]) -> Due {
    let mut all = Due::default();
    for (i, then) in past.iter().enumerate() {
        let before = i.checked_sub(1).map(|i| &past[i].entries);
        for (kind, entry) in then.entries.iter().filter(|(_, entry)| entry.live) {
            if before.and_then(|before| before.get(kind)).is_some_and(|b| b.agreement == entry.agreement) {
                continue;
            }
            for days in DAYS_BEFORE {
                let due = entry.first_day.checked_sub(days.days()).ok().and_then(at_seven);
                let Some(due) = due.filter(|due| *due > then.since && *due < entry.begins_at) else {
                    continue;
                };
                let of_use = |at| calendar::local_day(at) == calendar::local_day(due) && at < entry.begins_at;
                let holds = |then: &Then| {
                    then.entries.get(kind).is_some_and(|e| e.live && e.agreement == entry.agreement)
                        && then.stage <= stage_of(*kind)
                };
                all.look(due, of_use, &past[i..], holds, stops);
            }
        }
    }
    all
}

fn of_integrations(past: &[Then], stops: &[Stop]) -> Due {
    let mut all = Due::default();
    for (i, then) in past.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|i| past[i].awaited_day);
        let Some(day) = then.awaited_day.filter(|day| before != Some(*day)) else { continue };
        let Some(due) = at_seven(day).filter(|due| *due > then.since) else { continue };
        let of_use = |at| calendar::local_day(at) == day;
        all.look(due, of_use, &past[i..], |then| then.awaited_day == Some(day), stops);
    }
    all
}

impl Due {
    /// `past`: from when on it is due, at `due`. `holds`: whether it still is.
    fn look(
        &mut self,
        due: Timestamp,
        of_use: impl Fn(Timestamp) -> bool,
        past: &[Then],
        holds: impl Fn(&Then) -> bool,
        stops: &[Stop],
    ) {
        let mut too_soon = false;
        for Stop { at, to_the_end } in stops.iter().copied().filter(|stop| stop.at >= due) {
            let later = past.iter().take_while(|then| then.since <= at);
            let sure = later.clone().all(&holds) && to_the_end && !too_soon;
            let at_that_instant = later.filter(|then| then.since < at).all(&holds);
            match (of_use(at), sure, at_that_instant) {
                (true, true, _) => self.must.push(at),
                (true, false, true) => self.may.push(at),
                _ => {}
            }
            if to_the_end {
                break;
            }
            too_soon = true;
        }
    }
}

fn at_seven(day: Date) -> Option<Timestamp> {
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
async fn sent(
    databases: &Databases<'_>,
    lane: &str,
    project: &str,
    kind: &str,
) -> anyhow::Result<Vec<Timestamp>> {
    let sql = "with reminder as (select recipient, body ->> 'created_at' as at from message \
               where company = $1 and project::text = $2 and kind = $3 and part not like 'joined/%') \
               select at from reminder where recipient = \
               (select recipient from reminder group by recipient order by count(*) desc limit 1)";
    let rows =
        databases.rows(Service::Notification, sql, vec![lane.into(), project.into(), kind.into()]).await?;
    rows.iter().map(|row| Ok(row.try_get::<String>("", "at")?.parse()?)).collect()
}
