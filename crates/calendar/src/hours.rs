//! Working hours: per weekday, with dated exceptions.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::interval::merge;
use crate::local::stretches;
use crate::{Hours, Interval};

/// When something is open, in local time. A day may have several intervals; an exception replaces
/// all hours of its calendar day, 00:00 to 24:00. Hours over midnight are split: what lies after
/// midnight belongs to the next day.
///
/// Written as `weekly` (`monday = ["08:00-12:00", "13:00-17:00"]`, a missing weekday is closed) and
/// `exceptions` (`"2026-12-31" = ["08:00-12:00"]`, an empty list is closed).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct WorkingHours {
    /// By [`slot`]; sorted, disjoint, within the day.
    weekly: [Vec<Hours>; 7],
    exceptions: BTreeMap<Date, Vec<Hours>>,
}

/// One of the opening hours, as written and as instants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenHours {
    pub day: Date,
    pub hours: Hours,
    pub interval: Interval,
}

/// The day on which hours are wrong, by its English name or as a date, and what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoursProblem {
    pub day: String,
    pub problem: String,
    /// The same in Polish.
    pub problem_pl: String,
}

/// Hours that cannot be used, with every problem. Never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct HoursError(pub Vec<HoursProblem>);

impl fmt::Display for HoursError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problems: Vec<_> = self.0.iter().map(|p| format!("{}: {}", p.day, p.problem)).collect();
        f.write_str(&problems.join("; "))
    }
}

impl WorkingHours {
    /// No hours on any day.
    pub fn always_closed() -> Self {
        Self { weekly: Default::default(), exceptions: BTreeMap::new() }
    }

    /// 00:00 to 24:00 on every day.
    pub fn around_the_clock() -> Self {
        Self { weekly: std::array::from_fn(|_| vec![Hours::WHOLE_DAY]), exceptions: BTreeMap::new() }
    }

    /// From written hours ("08:00-17:00", end up to 24:00, "22:00-06:00" over midnight). A weekday may
    /// occur several times; a date once, with no hours where it is closed. Refuses with all problems:
    /// hours that cannot be read, are empty, or overlap others of their day.
    pub fn parse(weekly: &[(Weekday, &str)], exceptions: &[(Date, &[&str])]) -> Result<Self, HoursError> {
        let mut problems = Vec::new();
        let mut hours = Self::always_closed();
        for weekday in Weekday::Monday.cycle_forward().take(7) {
            let texts = weekly.iter().filter(|(day, _)| *day == weekday).map(|(_, text)| *text);
            let (own, spill) = read_day(name(weekday), texts, &mut problems);
            hours.weekly[slot(weekday)].extend(own);
            hours.weekly[slot(weekday.next())].extend(spill);
        }
        hours.weekly.iter_mut().for_each(join);

        let mut spills = Vec::new();
        for (date, texts) in exceptions {
            let (own, spill) = read_day(&date.to_string(), texts.iter().copied(), &mut problems);
            spills.extend(date.tomorrow().ok().map(|next| (next, spill)));
            if hours.exceptions.insert(*date, own).is_some() {
                problems.push(HoursProblem {
                    day: date.to_string(),
                    problem: "is given twice".into(),
                    problem_pl: "jest podany dwa razy".into(),
                });
            }
        }
        for (date, spill) in spills.into_iter().filter(|(_, spill)| !spill.is_empty()) {
            let regular = hours.on(date).to_vec();
            hours.exceptions.entry(date).or_insert(regular).extend(spill);
        }
        hours.exceptions.values_mut().for_each(join);
        if problems.is_empty() { Ok(hours) } else { Err(HoursError(problems)) }
    }

    /// The same, closed on this day whatever was said of it before.
    pub fn closed_on(mut self, day: Date) -> Self {
        self.exceptions.insert(day, Vec::new());
        self
    }

    /// Open whenever one of them is; with none always closed.
    pub fn union(all: &[Self]) -> Self {
        let joined = |mut hours: Vec<Hours>| {
            join(&mut hours);
            hours
        };
        let dates = all.iter().flat_map(|one| one.exceptions.keys());
        Self {
            weekly: std::array::from_fn(|i| {
                joined(all.iter().flat_map(|one| one.weekly[i].clone()).collect())
            }),
            exceptions: dates
                .map(|date| (*date, joined(all.iter().flat_map(|one| one.on(*date).to_vec()).collect())))
                .collect(),
        }
    }

    /// The regular hours of a weekday, in order.
    pub fn regular(&self, weekday: Weekday) -> &[Hours] {
        &self.weekly[slot(weekday)]
    }

    /// The dates with other hours than their weekday's; no hours means closed.
    pub fn exceptions(&self) -> &BTreeMap<Date, Vec<Hours>> {
        &self.exceptions
    }

    /// The hours of a day, in order.
    pub fn on(&self, day: Date) -> &[Hours] {
        self.exceptions.get(&day).map_or_else(|| self.regular(day.weekday()), Vec::as_slice)
    }

    /// The instants between two at which it is open, in order and as few intervals as possible. An
    /// instant is open when the wall clock then shows an open time: an hour that happens twice is open
    /// twice, one that is skipped not at all.
    pub fn open_intervals(&self, from: Timestamp, to: Timestamp, tz: &TimeZone) -> Vec<Interval> {
        let within = Interval::new(from, to);
        merge(self.open_hours(within, tz).map(|open| open.interval.intersection(&within)).collect())
    }

    /// Whether it is open at any instant of the interval.
    pub fn is_open_during(&self, interval: Interval, tz: &TimeZone) -> bool {
        self.open_hours(interval, tz).next().is_some()
    }

    /// The opening hours that overlap the interval, each as written and in full.
    pub fn open_hours(&self, within: Interval, tz: &TimeZone) -> impl Iterator<Item = OpenHours> {
        let [first, last] = [within.start, within.end].map(|at| tz.to_datetime(at).date());
        std::iter::successors(Some(first), |day| day.tomorrow().ok())
            .take_while(move |day| *day <= last)
            .flat_map(|day| self.resolve(day, tz))
            .filter(move |open| open.interval.overlaps(&within))
    }

    fn resolve(&self, day: Date, tz: &TimeZone) -> Vec<OpenHours> {
        let mut open = Vec::new();
        for (stretch, offset) in stretches(day, tz) {
            let instant = |at| offset.to_timestamp(at).unwrap_or(Timestamp::MAX);
            for hours in self.on(day) {
                let whole = Interval::new(instant(hours.start().on(day)), instant(hours.end().on(day)));
                open.push(OpenHours { day, hours: *hours, interval: whole.intersection(&stretch) });
            }
        }
        open.retain(|open| !open.interval.is_empty());
        open
    }
}

fn slot(weekday: Weekday) -> usize {
    weekday.to_monday_zero_offset() as usize
}

fn name(weekday: Weekday) -> &'static str {
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"][slot(weekday)]
}

/// The hours of one day and what of them lies after midnight.
fn read_day<'a>(
    day: &str,
    texts: impl Iterator<Item = &'a str>,
    problems: &mut Vec<HoursProblem>,
) -> (Vec<Hours>, Vec<Hours>) {
    let mut problem = |problem: String, problem_pl: String| {
        problems.push(HoursProblem { day: day.to_owned(), problem, problem_pl });
    };
    let (mut own, mut spill) = (Vec::new(), Vec::new());
    for text in texts {
        match text.parse::<Hours>() {
            Ok(hours) => {
                let (today, tomorrow) = hours.split_at_midnight();
                own.push(today);
                spill.extend(tomorrow);
            }
            Err(error) => problem(error.to_string(), error.polish()),
        }
    }
    own.sort();
    for pair in own.windows(2).filter(|pair| pair[1].start() < pair[0].end()) {
        let (first, second) = (pair[0], pair[1]);
        problem(format!("{first} overlaps {second}"), format!("{first} nachodzi na {second}"));
    }
    (own, spill)
}

/// Sorts, and joins what overlaps or touches.
fn join(hours: &mut Vec<Hours>) {
    hours.sort();
    let mut joined: Vec<Hours> = Vec::with_capacity(hours.len());
    for next in hours.drain(..) {
        match joined.last_mut() {
            Some(last) if next.start() <= last.end() => {
                *last = Hours::new(last.start(), last.end().max(next.end())).expect("longer than before");
            }
            _ => joined.push(next),
        }
    }
    *hours = joined;
}

/// The form in files and documents.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    weekly: Weekly,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    exceptions: BTreeMap<Date, Vec<String>>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Weekly {
    monday: Vec<String>,
    tuesday: Vec<String>,
    wednesday: Vec<String>,
    thursday: Vec<String>,
    friday: Vec<String>,
    saturday: Vec<String>,
    sunday: Vec<String>,
}

impl TryFrom<Written> for WorkingHours {
    type Error = HoursError;

    fn try_from(Written { weekly: w, exceptions }: Written) -> Result<Self, HoursError> {
        let days = [w.monday, w.tuesday, w.wednesday, w.thursday, w.friday, w.saturday, w.sunday];
        let weekly: Vec<(Weekday, &str)> = Weekday::Monday
            .cycle_forward()
            .zip(&days)
            .flat_map(|(day, texts)| texts.iter().map(move |text| (day, text.as_str())))
            .collect();
        let texts: Vec<(Date, Vec<&str>)> = exceptions
            .iter()
            .map(|(day, texts)| (*day, texts.iter().map(String::as_str).collect()))
            .collect();
        let exceptions: Vec<(Date, &[&str])> =
            texts.iter().map(|(day, texts)| (*day, texts.as_slice())).collect();
        Self::parse(&weekly, &exceptions)
    }
}

impl From<WorkingHours> for Written {
    fn from(hours: WorkingHours) -> Self {
        let text = |hours: Vec<Hours>| hours.iter().map(Hours::to_string).collect();
        let [monday, tuesday, wednesday, thursday, friday, saturday, sunday] = hours.weekly.map(text);
        Self {
            weekly: Weekly { monday, tuesday, wednesday, thursday, friday, saturday, sunday },
            exceptions: hours.exceptions.into_iter().map(|(day, hours)| (day, text(hours))).collect(),
        }
    }
}
