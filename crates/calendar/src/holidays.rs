//! Statutory holidays: rules with years of validity, and single dated days.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use jiff::SignedDuration;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

static POLAND: LazyLock<Calendar> = LazyLock::new(|| {
    Calendar::from_toml(include_str!("../data/holidays-pl.toml")).expect("the embedded holiday list is valid")
});

/// A holiday's name in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holiday {
    pub pl: String,
    pub en: String,
}

/// One day that a law of its own adds to the days off or takes from them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case", deny_unknown_fields)]
pub enum DatedHoliday {
    /// A day off that no rule gives.
    Added { date: Date, pl: String, en: String },
    /// A holiday by rule or list that is an ordinary day this once.
    Removed { date: Date },
}

/// A list of holidays that cannot be used, with what is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("holiday list: {0}")]
pub struct DataError(String);

/// Reads an operator's list: a TOML file of `[[dated]]` entries, each with `change` (`"added"` with
/// `pl` and `en`, or `"removed"`) and `date`.
pub fn parse_dated(toml: &str) -> Result<Vec<DatedHoliday>, DataError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct List {
        #[serde(default)]
        dated: Vec<DatedHoliday>,
    }
    let list: List = toml::from_str(toml).map_err(|e| DataError(e.to_string()))?;
    Ok(list.dated)
}

/// The holidays of a country and, with them, its business days. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Calendar {
    rules: Arc<[Rule]>,
    /// `None`: a holiday by rule that was taken away on this date.
    dated: BTreeMap<Date, Option<Holiday>>,
}

impl Calendar {
    /// The statutory holidays of Poland (Act of 18 January 1951, Art. 1).
    pub fn poland() -> Self {
        POLAND.clone()
    }

    /// The same with single days added or removed; of two entries for one date the later counts.
    pub fn with_dated(&self, changes: &[DatedHoliday]) -> Self {
        let mut calendar = self.clone();
        for change in changes.iter().cloned() {
            match change {
                DatedHoliday::Added { date, pl, en } => calendar.dated.insert(date, Some(Holiday { pl, en })),
                DatedHoliday::Removed { date } => calendar.dated.insert(date, None),
            };
        }
        calendar
    }

    /// Whether the day is a statutory holiday. Sundays are none by themselves.
    pub fn is_holiday(&self, day: Date) -> bool {
        self.holiday_name(day).is_some()
    }

    /// The name of the holiday that falls on the day.
    pub fn holiday_name(&self, day: Date) -> Option<&Holiday> {
        match self.dated.get(&day) {
            Some(dated) => dated.as_ref(),
            None => self.rules.iter().find(|rule| rule.falls_on(day)).map(|rule| &rule.holiday),
        }
    }

    fn from_toml(toml: &str) -> Result<Self, DataError> {
        let file: File = toml::from_str(toml).map_err(|e| DataError(e.to_string()))?;
        let rules = file.rule.into_iter().map(Rule::try_from).collect::<Result<_, _>>()?;
        Ok(Self { rules, dated: BTreeMap::new() }.with_dated(&file.dated))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rule: Vec<RuleEntry>,
    #[serde(default)]
    dated: Vec<DatedHoliday>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleEntry {
    on: Option<String>,
    easter: Option<i32>,
    from: Option<i16>,
    until: Option<i16>,
    pl: String,
    en: String,
}

#[derive(Clone, Debug)]
enum Day {
    Fixed { month: i8, day: i8 },
    Easter { plus_days: i32 },
}

#[derive(Clone, Debug)]
struct Rule {
    day: Day,
    from: i16,
    until: i16,
    holiday: Holiday,
}

impl Rule {
    fn falls_on(&self, date: Date) -> bool {
        (self.from..=self.until).contains(&date.year())
            && match self.day {
                Day::Fixed { month, day } => (date.month(), date.day()) == (month, day),
                Day::Easter { plus_days } => {
                    date.duration_since(easter(date.year()))
                        == SignedDuration::from_hours(24 * i64::from(plus_days))
                }
            }
    }
}

impl TryFrom<RuleEntry> for Rule {
    type Error = DataError;

    fn try_from(entry: RuleEntry) -> Result<Self, DataError> {
        let day = match (&entry.on, entry.easter) {
            (Some(on), None) => {
                fixed(on).ok_or_else(|| DataError(format!("{}: {on:?} is no month and day", entry.en)))?
            }
            (None, Some(plus_days)) => Day::Easter { plus_days },
            _ => return Err(DataError(format!("{}: either `on` or `easter` is needed", entry.en))),
        };
        Ok(Self {
            day,
            from: entry.from.unwrap_or(i16::MIN),
            until: entry.until.unwrap_or(i16::MAX),
            holiday: Holiday { pl: entry.pl, en: entry.en },
        })
    }
}

/// "MM-DD"; 29 February is allowed.
fn fixed(month_day: &str) -> Option<Day> {
    let (month, day) = month_day.split_once('-')?;
    let date = Date::new(2024, month.parse().ok()?, day.parse().ok()?).ok()?;
    Some(Day::Fixed { month: date.month(), day: date.day() })
}

/// Easter Sunday of the Gregorian calendar (the anonymous algorithm of Meeus, Jones and Butcher).
fn easter(year: i16) -> Date {
    let y = i32::from(year);
    let (a, b, c) = (y.rem_euclid(19), y.div_euclid(100), y.rem_euclid(100));
    let g = (8 * b + 13).div_euclid(25);
    let h = (19 * a + b - b.div_euclid(4) - g + 15).rem_euclid(30);
    let l = (32 + 2 * b.rem_euclid(4) + 2 * (c / 4) - h - c % 4).rem_euclid(7);
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    let (month, day) = (n / 31, n % 31 + 1);
    Date::new(year, month as i8, day as i8).expect("Easter falls between 22 March and 25 April")
}
