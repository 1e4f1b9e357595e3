use std::{collections::BTreeMap, sync::LazyLock};

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
};
use minijinja::Value;
use proto::common::v1::ErrorReason;
use serde::Deserialize;

use super::{Fact, Facts};
use crate::project::Planned;
use crate::recipients::Language;

/// How one language says dates and the domain's keys.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// Monday first.
    weekdays: [String; 7],
    /// As they stand after the day's number.
    months: [String; 12],
    /// Before a time of day.
    at: String,
    /// By table, then key.
    tables: BTreeMap<String, BTreeMap<String, String>>,
}

static POLISH: LazyLock<Words> = LazyLock::new(|| read(include_str!("../../data/words/pl.toml")));
static ENGLISH: LazyLock<Words> = LazyLock::new(|| read(include_str!("../../data/words/en.toml")));

fn read(source: &str) -> Words {
    toml::from_str(source).expect("the shipped words are valid")
}

impl Words {
    pub fn of(language: Language) -> &'static Self {
        match language {
            Language::Pl => &POLISH,
            Language::En => &ENGLISH,
        }
    }

    /// "wtorek, 12 stycznia 2027".
    pub fn day(&self, day: Date) -> String {
        let weekday = &self.weekdays[day.weekday().to_monday_zero_offset() as usize];
        let month = &self.months[day.month() as usize - 1];
        format!("{weekday}, {} {month} {}", day.day(), day.year())
    }

    /// "wtorek, 12 stycznia 2027, godz. 10:00", in Poland's time.
    pub fn instant(&self, at: Timestamp) -> String {
        let local = local(at);
        format!("{}, {}{}", self.day(local.date()), self.at, clock(local))
    }

    /// A day, a window within a day, or a window over several.
    pub fn date(&self, date: &Planned) -> String {
        if let Some(day) = date.day {
            return self.day(day);
        }
        let (start, end) = (local(date.starts_at), local(date.ends_at));
        if start.date() == end.date() {
            format!("{}–{}", self.instant(date.starts_at), clock(end))
        } else {
            format!("{} – {}", self.instant(date.starts_at), self.instant(date.ends_at))
        }
    }

    /// The word for a key. A key that ops added and the words do not know is shown readably.
    pub fn word(&self, table: &str, key: &str) -> String {
        match self.tables.get(table).and_then(|t| t.get(key)) {
            Some(word) => word.clone(),
            None => key.replace('_', " "),
        }
    }

    fn value(&self, language: Language, fact: &Fact) -> Value {
        match fact {
            Fact::Text(text) => Value::from(text.as_str()),
            Fact::Both { pl, en } => Value::from(if language == Language::Pl { pl } else { en }.as_str()),
            Fact::Number(n) => Value::from(*n),
            Fact::Flag(flag) => Value::from(*flag),
            Fact::Day(day) => Value::from(self.day(*day)),
            Fact::Instant(at) => Value::from(self.instant(*at)),
            Fact::Date(date) => Value::from(self.date(date)),
            Fact::Word(table, key) => Value::from(self.word(table, key)),
            Fact::Rule(name) => Value::from(rule(language, name)),
            Fact::List(facts) => facts.iter().map(|f| self.value(language, f)).collect(),
            Fact::Group(facts) => values(language, facts),
        }
    }
}

/// The facts in words, as a template's context.
pub fn values(language: Language, facts: &Facts) -> Value {
    let words = Words::of(language);
    let values: BTreeMap<&str, Value> =
        facts.iter().map(|(name, fact)| (*name, words.value(language, fact))).collect();
    Value::from(values)
}

fn rule(language: Language, name: &str) -> String {
    match ErrorReason::from_name(name).map(ErrorReason::spec) {
        Some(spec) if language == Language::Pl => spec.pl.to_owned(),
        Some(spec) => spec.en.to_owned(),
        None => name.to_owned(),
    }
}

fn local(at: Timestamp) -> DateTime {
    calendar::warsaw().to_datetime(at)
}

fn clock(at: DateTime) -> String {
    format!("{}:{:02}", at.hour(), at.minute())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kind;

    #[test]
    fn every_kind_that_may_be_switched_off_has_a_name_in_both_languages() {
        for kind in Kind::optional() {
            for language in Language::ALL {
                let name = Words::of(language).word("topic", kind.name());
                assert_ne!(name, kind.name().replace('_', " "), "{}", kind.name());
            }
        }
    }
}
