//! Suggests a set of dates: the earliest that is feasible, without and with slack, and alternatives.

use calendar::{Interval, day_bounds, local_day};
use jiff::{SignedDuration, civil::Date};
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation},
};

use super::{
    Context, DateKind, PlannedDate, Project, Window,
    buffers::{Base, Broken, Judge, first_day},
    dates::PlanInputs,
    days::Progress,
    plan::{Row, own_day},
};

/// A date that breaks no rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub date: PlannedDate,
    /// For a migration window: the day on which the integrations come back, if the databases are up after
    /// the planned duration.
    pub integrations_day: Option<Date>,
}

/// One date of a suggested set, with the next ones that fit the dates before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    pub kind: DateKind,
    pub chosen: Candidate,
    pub alternatives: Vec<Candidate>,
}

/// Two sets for the stages still ahead, in stage order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestions {
    pub earliest: Vec<Suggestion>,
    /// Each date leaves the policy's business days, so that one late day does not break the next.
    pub with_slack: Vec<Suggestion>,
}

impl Project {
    /// The earliest feasible sets from a day on, with up to so many alternatives for each date. Agreed
    /// dates do not count; what has happened does. Refuses where the plan has nothing to count from or
    /// leaves no day: `CONTRACT_REQUIRED`, `VARIANT_REQUIRED`, `AUDIT2_BUFFER`, `NO_FREE_WINDOW`.
    pub fn suggest_dates(
        &self,
        from: Option<Date>,
        alternatives: usize,
        ctx: &Context,
    ) -> Result<Suggestions, Refusal> {
        Refusal::unless_empty(self.before_dates(ctx))?;
        let inputs = PlanInputs { days: self.days(), terms: ctx.terms() };
        let set = |slack| suggest(&inputs.judge(self, ctx), from, slack, alternatives);
        Ok(Suggestions { earliest: set(0)?, with_slack: set(ctx.policy.slack_business_days)? })
    }
}

fn suggest(
    judge: &Judge,
    from: Option<Date>,
    slack: u16,
    alternatives: usize,
) -> Result<Vec<Suggestion>, Refusal> {
    let mut base = judge.days.contract_day.map(Base::Real);
    let mut set = Vec::new();
    for kind in DateKind::ALL {
        if judge.days.progress(kind) != Progress::Ahead {
            base = own_day(judge, &Row { kind, entry: None, base, broken: Vec::new() });
            continue;
        }
        let Some(known) = base else { break };
        let candidates = match kind {
            DateKind::Migration => windows(judge, known, from),
            _ => days(judge, kind, known, from),
        };
        let Some(first) = candidates.first() else { return Err(nothing(judge, kind, known)) };
        let wanted = judge.ctx.calendar.add_business_days(first.date.day(), slack.into());
        let wanted = if slack == 0 { first.date.day() } else { wanted };
        // Audit 2 has a last day: then the slack is what the range leaves.
        let at = candidates.iter().position(|c| c.date.day() >= wanted).unwrap_or(candidates.len() - 1);
        let mut rest = candidates.into_iter().skip(at);
        let Some(chosen) = rest.next() else { break };
        base = Some(Base::Planned(chosen.date.day()));
        set.push(Suggestion { kind, chosen, alternatives: rest.take(alternatives).collect() });
    }
    Ok(set)
}

fn days(judge: &Judge, kind: DateKind, base: Base, from: Option<Date>) -> Vec<Candidate> {
    let days = judge.days_from(kind, base, from);
    days.map(|day| Candidate { date: PlannedDate::Day(day), integrations_day: None }).collect()
}

/// One window for each day on which one can start, as early as possible, with the policy's margin where
/// there is room. By day; of two on one day the one that brings the integrations back earlier comes first.
fn windows(judge: &Judge, base: Base, from: Option<Date>) -> Vec<Candidate> {
    let Some(terms) = judge.terms.migration else { return Vec::new() };
    let margin = SignedDuration::from_mins(judge.ctx.policy.start_margin_minutes.into());
    let first = judge.first_search_day(DateKind::Migration, base).max(from.unwrap_or(Date::MIN));
    let mut windows: Vec<Candidate> = judge
        .free_gaps(judge.search_range(first))
        .into_iter()
        .flat_map(|gap| starts(gap, terms.length(), margin))
        .map(|window| {
            let restored = window.start.at + SignedDuration::from_hours(terms.planned_hours.into());
            let day = judge.ctx.calendar.next_business_day(local_day(restored));
            Candidate { date: PlannedDate::Window(window), integrations_day: Some(day) }
        })
        .collect();
    windows.sort_by_key(|c| (c.date.day(), c.integrations_day, c.date.window().map(|w| w.start.at)));
    windows
}

fn starts(gap: Interval, least: SignedDuration, margin: SignedDuration) -> impl Iterator<Item = Window> {
    std::iter::successors(Some(local_day(gap.start)), |day| day.tomorrow().ok())
        .map(move |day| day_bounds(day).start.max(gap.start))
        .take_while(move |start| *start + least <= gap.end)
        .map(move |start| Window::starting(start, gap.end.duration_since(start).min(least + margin)))
}

fn nothing(judge: &Judge, kind: DateKind, base: Base) -> Refusal {
    let no_window = judge.no_free_window(Some(base)).filter(|_| kind == DateKind::Migration);
    if let Some(Broken { reason, detail: Some(detail) }) = no_window {
        return Violation::new(reason).field(kind.name()).allowed(detail).into();
    }
    let reason = match kind {
        DateKind::Readiness => ErrorReason::ReadinessBuffer,
        DateKind::Audit1 => ErrorReason::Audit1Buffer,
        DateKind::Audit2 => ErrorReason::Audit2Buffer,
        DateKind::Migration => ErrorReason::NoFreeWindow,
    };
    let asked = first_day(kind, judge.terms, base);
    Violation::new(reason).field(kind.name()).asked(asked).allowed(judge.allowed(kind, Some(base))).into()
}
