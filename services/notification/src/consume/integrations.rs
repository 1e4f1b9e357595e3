//! Manufacturer integrations: the day for each brand and why not earlier, the morning of that day, each that is back,
//! and all of them at the end.

use anyhow::Context;
use calendar::Calendar;
use jiff::{Timestamp, ToSpan, civil::Date};
use platform::clock::from_wire;
use proto::scheduling::v1::{
    IntegrationDropped, IntegrationReopened, IntegrationRestored, IntegrationsAnnounced,
    IntegrationsCancelled,
};
use uuid::Uuid;

use super::{Head, Outcome};
use crate::kind::Kind;
use crate::message::{Fact, Facts, Notice};
use crate::project::{Integration, Morning, Project};

pub(super) fn announced(
    head: &Head,
    e: &IntegrationsAnnounced,
    project: &mut Project,
) -> anyhow::Result<Outcome> {
    let day = e.day.parse().context("day")?;
    if !project.closed {
        project.integrations.announce(day, &e.brands);
    }
    let restored = e.databases_restored_at.as_ref().and_then(from_wire).map(calendar::local_day);
    let days_off = restored.map(|restored| days_between(restored, day)).unwrap_or_default();
    Ok(head
        .notice(Kind::IntegrationsAnnounced)
        .fact("day", Fact::Day(day))
        .fact("brands", brands(e.brands.iter().map(String::as_str)))
        .fact("restored", restored.map_or_else(|| Fact::text(""), Fact::Day))
        .fact("days_off", Fact::List(days_off))
        .into())
}

/// The days between two that are no business days, holidays by their name. Of a day from ops' list, which only
/// scheduling reads, the name is not known.
fn days_between(first: Date, last: Date) -> Vec<Fact> {
    let calendar = Calendar::poland();
    let fact = |day: Date| {
        let name = calendar.holiday_name(day);
        let name = name.map(|holiday| Fact::Both { pl: holiday.pl.clone(), en: holiday.en.clone() });
        Fact::Group(Facts::from([
            ("day", Fact::Day(day)),
            ("holiday", name.unwrap_or_else(|| Fact::text(""))),
        ]))
    };
    first.series(1.day()).skip(1).take_while(|day| *day < last).map(fact).collect()
}

pub(super) fn called_off(head: &Head, e: &IntegrationsCancelled, project: &mut Project) -> Outcome {
    // A rollback comes first, and took what was announced with it.
    let rolled_back = !project.integrations.is_announced();
    project.integrations = Default::default();
    head.notice(Kind::IntegrationsCancelled)
        .fact("brands", brands(e.brands.iter().map(String::as_str)))
        .fact("rolled_back", Fact::Flag(rolled_back))
        .into()
}

pub(super) fn restored(head: &Head, e: &IntegrationRestored, project: &mut Project) -> Outcome {
    project.integrations.set(&e.brand, Integration::Restored { at: head.occurred_at });
    head.notice(Kind::IntegrationRestored).word("brand", "brand", &e.brand).into()
}

pub(super) fn dropped(head: &Head, e: &IntegrationDropped, project: &mut Project) -> Outcome {
    project.integrations.set(&e.brand, Integration::Dropped { reason: e.reason.clone() });
    head.notice(Kind::IntegrationDropped).word("brand", "brand", &e.brand).text("note", &e.reason).into()
}

pub(super) fn reopened(head: &Head, e: &IntegrationReopened, project: &mut Project) -> Outcome {
    project.integrations.set(&e.brand, Integration::Waiting);
    head.notice(Kind::IntegrationReopened).word("brand", "brand", &e.brand).text("note", &e.reason).into()
}

/// The stage is done: what became of each brand; nothing where there is none.
pub(super) fn summary(head: &Head, project: &mut Project) -> Option<Notice> {
    let brands = project.integrations.finish();
    let fact = |(brand, integration): (&String, &Integration)| {
        let (day, reason) = match integration {
            Integration::Restored { at } => (Fact::Day(calendar::local_day(*at)), ""),
            Integration::Dropped { reason } => (Fact::text(""), reason.as_str()),
            Integration::Waiting => return None,
        };
        let name = Fact::word("brand", brand);
        Some(Fact::Group(Facts::from([("name", name), ("day", day), ("reason", Fact::text(reason))])))
    };
    let facts: Vec<Fact> = brands.iter().filter_map(fact).collect();
    (!facts.is_empty()).then(|| head.notice(Kind::IntegrationsSummary).fact("brands", Fact::List(facts)))
}

/// The morning of the day is there: what is told, or why nothing is. `event_id` is the reminder's own.
pub fn integrations_today(
    morning: &Morning,
    project: &Project,
    event_id: Uuid,
    now: Timestamp,
) -> Result<Notice, &'static str> {
    let waiting = morning.judge(project, now)?;
    let notice = Notice::new(Kind::IntegrationsToday, event_id, Some(project.id), now)
        .fact("day", Fact::Day(morning.day))
        .fact("brands", brands(waiting));
    // By its part it is judged again when it is sent.
    Ok(Notice { part: morning.to_string(), ..notice })
}

fn brands<'a>(keys: impl IntoIterator<Item = &'a str>) -> Fact {
    Fact::List(keys.into_iter().map(|key| Fact::word("brand", key)).collect())
}
