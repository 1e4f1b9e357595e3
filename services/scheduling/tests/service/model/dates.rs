//! The four dates by the rules of the process, in the plainest code: no windows of minutes, no texts.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use jiff::{
    SignedDuration, Timestamp, ToSpan as _,
    civil::{Date, Weekday},
    tz::TimeZone,
};
use proto::common::v1::ErrorReason as Rule;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Readiness,
    Audit1,
    Audit2,
    Migration,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Readiness, Self::Audit1, Self::Audit2, Self::Migration];

    pub fn is_audit(self) -> bool {
        matches!(self, Self::Audit1 | Self::Audit2)
    }

    /// The name of its buffer.
    pub fn buffer(self) -> Rule {
        match self {
            Self::Readiness => Rule::ReadinessBuffer,
            Self::Audit1 => Rule::Audit1Buffer,
            Self::Audit2 => Rule::Audit2Buffer,
            Self::Migration => Rule::MigrationBuffer,
        }
    }
}

/// How far the stage of a date is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    Ahead,
    UnderWay,
    /// Done on this day.
    Done(Date),
}

/// A way in which the work is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    NewServer,
    SameServer,
    Hosted,
}

impl Variant {
    pub const ALL: [Self; 3] = [Self::NewServer, Self::SameServer, Self::Hosted];

    /// Days from the pass of audit 2 to the migration.
    fn buffer(self) -> i64 {
        match self {
            Self::NewServer | Self::Hosted => 14,
            Self::SameServer => 7,
        }
    }

    /// Planned duration and reserve.
    pub fn hours(self) -> SignedDuration {
        SignedDuration::from_hours(match self {
            Self::NewServer => 8 + 4,
            Self::SameServer => 6 + 3,
            Self::Hosted => 10 + 5,
        })
    }
}

/// One rule does not bind one date on one day.
pub type Exception = (Kind, Date, Rule);

/// What the dates of a project rest on. A migration is the night that begins on its day at 17:00 and ends
/// at 08:00; on weekdays the dealership is open from 08:00 to 17:00, or late, to 20:00.
pub struct Ground {
    pub today: Date,
    pub now: Timestamp,
    pub contract_day: Option<Date>,
    pub variant: Option<Variant>,
    pub open_late: bool,
    pub contracted: bool,
    pub stands: BTreeMap<Kind, Stands>,
    /// The day of the last failed attempt of an audit.
    pub failed: BTreeMap<Kind, Date>,
    pub overrides: Vec<Exception>,
}

pub type Dates = BTreeMap<Kind, Date>;

impl Ground {
    /// The rules that each date breaks. `asked` are proposed or accepted now, `agreed` hold already.
    pub fn broken(&self, agreed: &Dates, asked: &Dates) -> BTreeMap<Kind, BTreeSet<Rule>> {
        let broken = self.plan(agreed, asked).into_iter().map(|(kind, (_, rules))| (kind, rules));
        broken.filter(|(_, rules)| !rules.is_empty()).collect()
    }

    /// The earliest day of each audit and of readiness, counted from what is agreed before it.
    pub fn earliest_now(&self, agreed: &Dates) -> Dates {
        let mut days = Dates::new();
        for (kind, (before, _)) in self.plan(agreed, &Dates::new()) {
            let is_over = matches!(self.stands[&kind], Stands::Done(_));
            if let Some(before) = before.filter(|_| !is_over && kind != Kind::Migration) {
                days.extend(self.earliest(kind, before).map(|day| (kind, day)));
            }
        }
        days
    }

    /// What each date counts from, and the rules that it breaks.
    fn plan(&self, agreed: &Dates, asked: &Dates) -> BTreeMap<Kind, (Option<Day>, BTreeSet<Rule>)> {
        let mut plan = BTreeMap::new();
        let mut before = self.contract_day.map(Day::Known);
        for kind in Kind::ALL {
            let is_asked = asked.contains_key(&kind);
            let date = asked.get(&kind).or(agreed.get(&kind)).copied();
            let rules = match date {
                Some(date) if self.stands[&kind] == Stands::Ahead => self.rules(kind, date, before, is_asked),
                _ => BTreeSet::new(),
            };
            plan.insert(kind, (before, rules.clone()));
            before = match self.stands[&kind] {
                Stands::Done(day) => Some(Day::Real(day)),
                Stands::UnderWay => Some(Day::Known(self.today)),
                Stands::Ahead => match date {
                    Some(date) if rules.is_empty() => Some(Day::Known(date.max(self.today))),
                    None | Some(_) if !is_asked && kind == Kind::Readiness && self.contracted => {
                        Some(Day::Open(self.today))
                    }
                    None | Some(_) => before.map(|before| Day::Open(self.earliest_or_first(kind, before))),
                },
            };
        }
        plan
    }

    /// The earliest days of all four dates where nothing is agreed, each counting from the one before.
    pub fn earliest_days(&self, agreed: &Dates) -> Dates {
        let mut days = Dates::new();
        let mut before = Day::Known(self.contract_day.unwrap_or(self.today));
        for kind in Kind::ALL {
            let earliest = self.earliest_or_first(kind, before);
            days.insert(kind, earliest);
            before = match self.stands[&kind] {
                Stands::Done(day) => Day::Real(day),
                Stands::UnderWay => Day::Known(self.today),
                Stands::Ahead if kind == Kind::Readiness && self.contracted => Day::Open(self.today),
                Stands::Ahead => Day::Known(agreed.get(&kind).copied().unwrap_or(earliest)),
            };
        }
        days
    }

    /// Where the rules leave no day, an override would have to allow one of the first that the buffer leaves.
    fn earliest_or_first(&self, kind: Kind, before: Day) -> Date {
        self.earliest(kind, before).unwrap_or_else(|| self.first(kind, before))
    }

    /// From today on: an override can allow a day before the buffer ends. No holidays last two months.
    fn earliest(&self, kind: Kind, before: Day) -> Option<Date> {
        let last = plus(self.first(kind, before), 60);
        let mut days = (0..).map(|n| plus(self.today, n)).take_while(|day| *day < last);
        days.find(|day| self.rules(kind, *day, Some(before), true).is_empty())
    }

    /// The first day that the buffer leaves.
    fn first(&self, kind: Kind, before: Day) -> Date {
        plus(before.day(), self.buffer(kind)).max(self.today)
    }

    fn rules(&self, kind: Kind, day: Date, before: Option<Day>, asked: bool) -> BTreeSet<Rule> {
        let mut rules = BTreeSet::new();
        let past = if kind == Kind::Migration { night(day).0 < self.now } else { day < self.today };
        if asked && past {
            rules.insert(Rule::DateInPast);
        }
        if before.is_some_and(|before| !self.keeps_buffer(kind, day, before)) {
            rules.insert(kind.buffer());
        }
        if self.failed.get(&kind).is_some_and(|failed| day < plus(*failed, 1)) {
            rules.insert(Rule::RepeatBuffer);
        }
        let no_business_day = kind.is_audit() && !is_business_day(day);
        if no_business_day || kind == Kind::Audit1 && asked && !leaves_day_for_audit_2(day) {
            rules.insert(Rule::AuditOnBusinessDay);
        }
        if kind == Kind::Migration && self.variant.is_some_and(|variant| !self.is_free_night(day, variant)) {
            rules.insert(Rule::OutsideWorkingHours);
        }
        rules.retain(|rule| !self.overrides.contains(&(kind, day, *rule)));
        rules
    }

    fn buffer(&self, kind: Kind) -> i64 {
        match kind {
            Kind::Readiness => 14,
            Kind::Audit1 => 28,
            Kind::Audit2 => 2,
            Kind::Migration => self.variant.map_or(0, Variant::buffer),
        }
    }

    fn keeps_buffer(&self, kind: Kind, day: Date, before: Day) -> bool {
        if day < plus(before.day(), self.buffer(kind)) {
            return false;
        }
        let has_upper_end = kind == Kind::Audit2 && !self.failed.contains_key(&kind);
        let last = plus(before.day(), 5);
        match before {
            Day::Real(passed) if has_upper_end && !leaves_day_for_audit_2(passed) => {
                (1..).map(|n| plus(last, n)).find(|day| is_business_day(*day)).expect("there is one") >= day
            }
            Day::Real(_) | Day::Known(_) if has_upper_end => day <= last,
            Day::Real(_) | Day::Known(_) | Day::Open(_) => true,
        }
    }

    /// No working hour, no minute on a statutory holiday other than a Sunday, and long enough.
    fn is_free_night(&self, day: Date, variant: Variant) -> bool {
        let (start, end) = night(day);
        let forbidden = |day: Date| is_holiday(day) && day.weekday() != Weekday::Sunday;
        let weekday = !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        let still_open = self.open_late && weekday;
        !still_open
            && end.duration_since(start) >= variant.hours()
            && !forbidden(day)
            && !forbidden(plus(day, 1))
    }
}

/// The day from which the next date counts.
#[derive(Clone, Copy)]
enum Day {
    Real(Date),
    Known(Date),
    /// Nothing is agreed: the earliest possible.
    Open(Date),
}

impl Day {
    fn day(self) -> Date {
        match self {
            Self::Real(day) | Self::Known(day) | Self::Open(day) => day,
        }
    }
}

pub fn plus(day: Date, days: i64) -> Date {
    day + days.days()
}

/// Statutory holidays between November 2026 and the end of 2027.
const HOLIDAYS: [(i16, i8, i8); 17] = [
    (2026, 11, 11),
    (2026, 12, 24),
    (2026, 12, 25),
    (2026, 12, 26),
    (2027, 1, 1),
    (2027, 1, 6),
    (2027, 3, 28),
    (2027, 3, 29),
    (2027, 5, 1),
    (2027, 5, 3),
    (2027, 5, 16),
    (2027, 5, 27),
    (2027, 8, 15),
    (2027, 11, 1),
    (2027, 11, 11),
    (2027, 12, 24),
    (2027, 12, 25),
];

fn is_holiday(day: Date) -> bool {
    HOLIDAYS.contains(&(day.year(), day.month(), day.day()))
}

pub fn is_business_day(day: Date) -> bool {
    !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && !is_holiday(day)
}

fn leaves_day_for_audit_2(audit_1: Date) -> bool {
    (2..=5).any(|n| is_business_day(plus(audit_1, n)))
}

/// From 17:00 of the day to 08:00 of the next.
pub fn night(day: Date) -> (Timestamp, Timestamp) {
    (at_hour(day, 17), at_hour(plus(day, 1), 8))
}

/// A full hour of a day in Poland.
pub fn at_hour(day: Date, hour: i8) -> Timestamp {
    day.at(hour, 0, 0, 0).to_zoned(WARSAW.clone()).expect("no such hour").timestamp()
}

/// The day in Poland.
pub fn local_day(at: Timestamp) -> Date {
    at.to_zoned(WARSAW.clone()).date()
}

static WARSAW: LazyLock<TimeZone> = LazyLock::new(|| TimeZone::get("Europe/Warsaw").expect("known"));
