//! Judges one date against the stage before it: buffers, business days, the migration window.

use calendar::{Interval, Obstacle, OpenHours, check_window, day_bounds, free_windows, longest_gap, warsaw};
use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{Date, DateTime},
};
use proto::{
    common::v1::ErrorReason,
    refusal::{Violation, Words, words},
};

use super::{Context, DateKind, Days, MigrationTerms, Moment, Override, PlannedDate, Terms, Window};

/// The day of the stage before, from which a date counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// The day on which it really happened.
    Real(Date),
    /// The day that is agreed or under way.
    Planned(Date),
    /// No day is agreed; this is the earliest it can still have. An upper end does not bind.
    Open(Date),
}

impl Base {
    pub fn day(self) -> Date {
        match self {
            Self::Real(day) | Self::Planned(day) | Self::Open(day) => day,
        }
    }
}

/// A rule that a date breaks, with what of the date breaks it where the name alone does not say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    pub reason: ErrorReason,
    pub detail: Option<Words>,
}

impl Broken {
    /// The refusal's entry: what was asked, and what the rules allow.
    pub fn violation(self, kind: DateKind, date: &PlannedDate, allowed: &Words) -> Violation {
        let asked = match self.detail {
            None => date.into(),
            Some(detail) => words(format!("{date} ({})", detail.en), format!("{date} ({})", detail.polish())),
        };
        Violation::new(self.reason).field(kind.name()).asked(asked).allowed(allowed.clone())
    }
}

/// What all dates of a project are judged against.
pub struct Judge<'a> {
    pub ctx: &'a Context<'a>,
    pub days: &'a Days,
    pub overrides: &'a [Override],
    /// The terms that a date agreed now would get.
    pub terms: &'a Terms,
}

impl Judge<'_> {
    /// Every rule that the date breaks, overrides taken into account. `proposing` adds what counts only
    /// when a date is asked for or accepted: an agreed date stays when its day comes.
    pub fn broken(
        &self,
        kind: DateKind,
        date: &PlannedDate,
        terms: &Terms,
        base: Option<Base>,
        proposing: bool,
    ) -> Vec<Broken> {
        let mut broken = Vec::new();
        if proposing && self.is_past(date) {
            broken.push(rule(ErrorReason::DateInPast));
        }
        if base.is_some_and(|base| self.breaks_buffer(kind, date.day(), terms, base)) {
            broken.push(rule(match kind {
                DateKind::Readiness => ErrorReason::ReadinessBuffer,
                DateKind::Audit1 => ErrorReason::Audit1Buffer,
                DateKind::Audit2 => ErrorReason::Audit2Buffer,
                DateKind::Migration => ErrorReason::MigrationBuffer,
            }));
        }
        if self.first_repeat_day(kind, terms).is_some_and(|first| date.day() < first) {
            broken.push(rule(ErrorReason::RepeatBuffer));
        }
        match kind {
            DateKind::Readiness => {}
            DateKind::Audit1 | DateKind::Audit2 => {
                broken.extend(self.audit_day(kind, date, terms, proposing))
            }
            DateKind::Migration => broken.extend(self.window_problem(date, terms)),
        }
        broken.retain(|b| !self.overrides.iter().any(|o| o.excuses(b.reason, kind, date.day())));
        broken
    }

    fn is_past(&self, date: &PlannedDate) -> bool {
        match date {
            PlannedDate::Day(day) => *day < self.ctx.today(),
            PlannedDate::Window(window) => window.start.at < self.ctx.now,
        }
    }

    fn breaks_buffer(&self, kind: DateKind, day: Date, terms: &Terms, base: Base) -> bool {
        day < first_day(kind, terms, base) || self.last_day(kind, terms, base).is_some_and(|last| day > last)
    }

    /// Only the first audit 2 has an upper end. Where the real day of the pass leaves no business day in
    /// the range, the first one after it is allowed.
    fn last_day(&self, kind: DateKind, terms: &Terms, base: Base) -> Option<Date> {
        if kind != DateKind::Audit2 || self.days.audit_2.failed.is_some() {
            return None;
        }
        let last = plus(base.day(), terms.policy.audit_2_to_days);
        match base {
            Base::Real(passed) if !self.leaves_day_for_audit_2(passed, terms) => {
                Some(self.ctx.calendar.next_business_day(last))
            }
            Base::Real(_) | Base::Planned(_) => Some(last),
            Base::Open(_) => None,
        }
    }

    fn leaves_day_for_audit_2(&self, audit_1: Date, terms: &Terms) -> bool {
        let range =
            plus(audit_1, terms.policy.audit_2_from_days)..=plus(audit_1, terms.policy.audit_2_to_days);
        self.ctx.calendar.business_days(range).next().is_some()
    }

    fn first_repeat_day(&self, kind: DateKind, terms: &Terms) -> Option<Date> {
        let failed = self.days.audit(kind)?.failed?;
        Some(plus(failed, terms.policy.repeat_buffer_days))
    }

    fn audit_day(
        &self,
        kind: DateKind,
        date: &PlannedDate,
        terms: &Terms,
        proposing: bool,
    ) -> Option<Broken> {
        let day = date.day();
        let detail = if !self.ctx.calendar.is_business_day(day) {
            words("no business day", "dzień wolny od pracy")
        } else if date.window().is_some_and(|window| !within_hours(window, day, terms)) {
            {
                let hours = terms.policy.audit_hours;
                words(
                    format!("outside SOFTVIG's working hours {hours}"),
                    format!("poza godzinami pracy SOFTVIG {hours}"),
                )
            }
        } else if proposing && kind == DateKind::Audit1 && !self.leaves_day_for_audit_2(day, terms) {
            let (from, to) = (terms.policy.audit_2_from_days, terms.policy.audit_2_to_days);
            words(
                format!("no business day {from} to {to} days later for audit 2"),
                format!("brak dnia roboczego na audyt II od {from} do {to} dni później"),
            )
        } else {
            return None;
        };
        Some(Broken { reason: ErrorReason::AuditOnBusinessDay, detail: Some(detail) })
    }

    fn window_problem(&self, date: &PlannedDate, terms: &Terms) -> Option<Broken> {
        let (window, migration) = (date.window()?, terms.migration?);
        let interval = Interval::new(window.start.at, window.end.at);
        let (ctx, avoid) = (self.ctx, !terms.policy.migration_on_holidays);
        let mut details: Vec<(String, String)> =
            check_window(ctx.hours, ctx.calendar, avoid, interval, &warsaw())
                .iter()
                .map(|obstacle| match obstacle {
                    Obstacle::WorkingHours(OpenHours { day, hours, .. }) => {
                        (format!("open {day} {hours}"), format!("praca {day} {hours}"))
                    }
                    Obstacle::Holiday { day, name, .. } => {
                        (format!("{} {day}", name.en), format!("{} {day}", name.pl))
                    }
                })
                .collect();
        if interval.elapsed() < migration.length() {
            let (planned, reserve) = (migration.planned_hours, migration.reserve_hours);
            details.push((
                format!("shorter than {planned} h and {reserve} h of rollback reserve"),
                format!("krótsze niż {planned} h i {reserve} h rezerwy na wycofanie"),
            ));
        }
        let (en, pl): (Vec<_>, Vec<_>) = details.into_iter().unzip();
        (!en.is_empty()).then(|| Broken {
            reason: ErrorReason::OutsideWorkingHours,
            detail: Some(words(en.join(", "), pl.join(", "))),
        })
    }

    /// The earliest date that breaks nothing, under the terms of now. For audits and readiness a day,
    /// for the migration the shortest window. None where the rules leave no day.
    pub fn earliest(&self, kind: DateKind, base: Option<Base>) -> Option<PlannedDate> {
        if kind == DateKind::Migration {
            return self.earliest_window(base?);
        }
        self.days_from(kind, base?, None).next().map(PlannedDate::Day)
    }

    /// The same for people: the earliest date (ISO 8601), or why there is none.
    pub fn allowed(&self, kind: DateKind, base: Option<Base>) -> Words {
        match self.earliest(kind, base) {
            Some(date) => date.into(),
            None if base.is_none() => words(
                "a date counted from the contract day, once that is recorded",
                "termin liczony od dnia kontraktu, gdy ten będzie zapisany",
            ),
            None if kind == DateKind::Migration => {
                words("a window, once the company has a closure", "okno, gdy firma wpisze dzień zamknięcia")
            }
            None => words("no day without an override", "żaden dzień bez odstępstwa"),
        }
    }

    /// The day from which one that is allowed is looked for.
    pub fn first_search_day(&self, kind: DateKind, base: Base) -> Date {
        first_day(kind, self.terms, base).max(self.ctx.today())
    }

    /// The days that break nothing, in order, from the first possible or a later one.
    pub fn days_from(&self, kind: DateKind, base: Base, from: Option<Date>) -> impl Iterator<Item = Date> {
        let from = from.unwrap_or(Date::MIN);
        let first = self.first_search_day(kind, base).max(from);
        let permitted = self.permitted_before(kind, first).into_iter().filter(move |day| *day >= from);
        permitted.chain((0..SEARCH_DAYS).map(move |n| plus(first, n))).filter(move |day| {
            self.broken(kind, &PlannedDate::Day(*day), self.terms, Some(base), true).is_empty()
        })
    }

    /// The windows' gaps from the first possible day on, for the length that the variant needs.
    fn earliest_window(&self, base: Base) -> Option<PlannedDate> {
        let terms = self.terms.migration?;
        let first = self.first_search_day(DateKind::Migration, base);
        self.permitted_before(DateKind::Migration, first)
            .into_iter()
            .find_map(|day| {
                let gap = self
                    .free_gaps(Interval::new(day_bounds(day).start, plus_length(day, &terms)))
                    .into_iter()
                    .next()?;
                (calendar::local_day(gap.start) == day).then_some(gap)
            })
            .or_else(|| self.first_gap(first))
            .map(|gap| PlannedDate::Window(Window::starting(gap.start, terms.length())))
    }

    /// Looks at the near days first: the whole range costs each answer, and nearly every company has a gap soon.
    fn first_gap(&self, first: Date) -> Option<Interval> {
        let all = self.ctx.policy.free_window_search_days;
        [NEAR_DAYS.min(all), all]
            .into_iter()
            .find_map(|days| self.free_gaps(days_after(first, days)).into_iter().next())
    }

    /// Where nobody works and no holiday is, long enough for a run, not in the past.
    pub fn free_gaps(&self, within: Interval) -> Vec<Interval> {
        let Some(terms) = self.terms.migration else { return Vec::new() };
        let within = Interval::new(within.start.max(next_minute(self.ctx.now)), within.end);
        let avoid = !self.terms.policy.migration_on_holidays;
        free_windows(self.ctx.hours, self.ctx.calendar, avoid, within, terms.length(), &warsaw())
    }

    /// The days that are searched for a window, from the first possible one.
    pub fn search_range(&self, first: Date) -> Interval {
        days_after(first, self.ctx.policy.free_window_search_days)
    }

    /// `NO_FREE_WINDOW`, with the longest gap there is, where the search finds nothing.
    pub fn no_free_window(&self, base: Option<Base>) -> Option<Broken> {
        let base = base?;
        self.terms.migration?;
        if self.earliest_window(base).is_some() {
            return None;
        }
        let first = self.first_search_day(DateKind::Migration, base);
        let (ctx, avoid) = (self.ctx, !self.terms.policy.migration_on_holidays);
        let gap = longest_gap(ctx.hours, ctx.calendar, avoid, self.search_range(first), &warsaw());
        let detail = match gap {
            Some(gap) => {
                let (start, end) = (Moment::of(gap.start).local, Moment::of(gap.end).local);
                words(format!("longest gap {start}/{end}"), format!("najdłuższa przerwa {start}/{end}"))
            }
            None => words("no gap at all", "nie ma żadnej przerwy"),
        };
        Some(Broken { reason: ErrorReason::NoFreeWindow, detail: Some(detail) })
    }

    fn permitted_before(&self, kind: DateKind, first: Date) -> Vec<Date> {
        let live = self.overrides.iter().filter(|o| o.kind == kind && o.ended_at.is_none());
        let mut days: Vec<Date> =
            live.map(|o| o.day).filter(|day| *day >= self.ctx.today() && *day < first).collect();
        days.sort();
        days.dedup();
        days
    }
}

const NEAR_DAYS: u16 = 7;

/// Beyond this no holidays or failed attempts push an audit.
const SEARCH_DAYS: u16 = 60;

fn rule(reason: ErrorReason) -> Broken {
    Broken { reason, detail: None }
}

/// The first day that the buffer of a date allows.
pub fn first_day(kind: DateKind, terms: &Terms, base: Base) -> Date {
    let days = match kind {
        DateKind::Readiness => terms.policy.readiness_buffer_days,
        DateKind::Audit1 => terms.policy.audit_1_buffer_days,
        DateKind::Audit2 => terms.policy.audit_2_from_days,
        DateKind::Migration => terms.migration.map_or(0, |m| m.buffer_days),
    };
    plus(base.day(), days)
}

fn within_hours(window: &Window, day: Date, terms: &Terms) -> bool {
    let (open, close): (DateTime, DateTime) =
        (terms.policy.audit_hours.start().on(day), terms.policy.audit_hours.end().on(day));
    open <= window.start.local && window.end.local <= close
}

fn days_after(first: Date, days: u16) -> Interval {
    Interval::new(day_bounds(first).start, day_bounds(plus(first, days)).start)
}

fn plus(day: Date, days: u16) -> Date {
    day.saturating_add(i64::from(days).days())
}

fn plus_length(day: Date, terms: &MigrationTerms) -> Timestamp {
    day_bounds(day).end + terms.length()
}

fn next_minute(now: Timestamp) -> Timestamp {
    let minute = SignedDuration::from_mins(1);
    Timestamp::from_second((now.as_second() + 59).div_euclid(60) * 60).unwrap_or(now + minute)
}
