//! Values and their forms: what may be recorded for an item or a fact.

use std::fmt;

use jiff::civil::Date;
use proto::refusal::{Words, words};
use serde::{Deserialize, Serialize};

use super::unit;

/// A recorded value. A choice is kept as its text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    Bool(bool),
    Number(f64),
    Text(String),
    Date(Date),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(v) => write!(f, "{v}"),
            Self::Number(v) => write!(f, "{v}"),
            Self::Text(v) => f.write_str(v),
            Self::Date(v) => write!(f, "{v}"),
        }
    }
}

/// The form that a value must have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    Bool,
    /// A finite number in `unit` (empty: a plain count), within `range` if there is one, ends included.
    Number {
        unit: String,
        range: Option<(f64, f64)>,
    },
    /// One of these words.
    Choice(Vec<String>),
    /// Any text that is not blank.
    Text,
    Date,
}

impl Form {
    /// Whether `value`, in the unit of this form, may be recorded.
    pub fn accepts(&self, value: &Value) -> bool {
        self.read(value, self.unit()).is_some()
    }

    /// `value`, stated in `unit`, as it is recorded; nothing if it may not be. A unit is never guessed, and converted
    /// only into one of the same quantity.
    pub fn read(&self, value: &Value, unit: &str) -> Option<Value> {
        let is_good = match (self, value) {
            (Self::Number { unit: expected, range }, Value::Number(n)) => {
                let n = unit::convert(*n, unit, expected)?;
                let in_range = range.is_none_or(|(low, high)| (low..=high).contains(&n));
                return (n.is_finite() && in_range).then_some(Value::Number(n));
            }
            (Self::Choice(words), Value::Text(word)) => words.contains(word),
            (Self::Text, Value::Text(text)) => !text.trim().is_empty(),
            (Self::Bool, Value::Bool(_)) | (Self::Date, Value::Date(_)) => true,
            _ => false,
        };
        (is_good && unit.is_empty()).then(|| value.clone())
    }

    /// Whether the value is a bool, a number, a text or a day as asked for, whatever its range and words.
    pub fn is_kind_of(&self, value: &Value) -> bool {
        matches!(
            (self, value),
            (Self::Bool, Value::Bool(_))
                | (Self::Number { .. }, Value::Number(_))
                | (Self::Choice(_) | Self::Text, Value::Text(_))
                | (Self::Date, Value::Date(_))
        )
    }

    /// Whether it has few values, which can be told: true and false, or words.
    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Bool | Self::Choice(_))
    }

    /// Values to try expressions with: all of a closed form, the ends of numbers; the last is an ordinary one.
    pub fn samples(&self) -> Vec<Value> {
        match self {
            Self::Bool => vec![Value::Bool(false), Value::Bool(true)],
            Self::Number { range, .. } => {
                let (low, high) = range.unwrap_or((-1e9, 1e9));
                let within = [low, high, 0.0, 1.0].into_iter().filter(|n| (low..=high).contains(n));
                within.map(Value::Number).collect()
            }
            Self::Choice(words) => words.iter().cloned().map(Value::Text).collect(),
            Self::Text => vec![Value::Text("Polish_CI_AS".into())],
            Self::Date => vec![Value::Date(jiff::civil::date(2027, 1, 4))],
        }
    }

    /// The unit that a value must be stated in; empty for all but numbers that have one.
    pub fn unit(&self) -> &str {
        match self {
            Self::Number { unit, .. } => unit,
            _ => "",
        }
    }

    /// What a refusal says is allowed.
    pub fn words(&self) -> Words {
        words(self.to_string(), self.polish())
    }

    fn polish(&self) -> String {
        match self {
            Self::Bool => "true albo false".into(),
            Self::Number { unit, range } => {
                let range = range.map(|(low, high)| format!(" od {low} do {high}")).unwrap_or_default();
                let unit = if unit.is_empty() {
                    " bez jednostki".into()
                } else {
                    format!(" w {}", units(unit, "albo"))
                };
                format!("liczba{range}{unit}")
            }
            Self::Choice(words) => format!("jedno z: {}", words.join(", ")),
            Self::Text => "tekst".into(),
            Self::Date => "dzień, ISO 8601".into(),
        }
    }
}

/// The unit, and those of the same quantity.
fn units(unit: &str, or: &str) -> String {
    let others = unit::others(unit).collect::<Vec<_>>().join(", ");
    if others.is_empty() { unit.to_owned() } else { format!("{unit} {or} {others}") }
}

/// In English.
impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("true or false"),
            Self::Number { unit, range } => {
                f.write_str("a number")?;
                if let Some((low, high)) = range {
                    write!(f, " from {low} to {high}")?;
                }
                match unit.as_str() {
                    "" => f.write_str(" without a unit"),
                    unit => write!(f, " in {}", units(unit, "or")),
                }
            }
            Self::Choice(words) => write!(f, "one of {}", words.join(", ")),
            Self::Text => f.write_str("a text"),
            Self::Date => f.write_str("a day, ISO 8601"),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn gb() -> Form {
        Form::Number { unit: "GB".into(), range: Some((0.0, 100.0)) }
    }

    #[rstest]
    #[case::right(gb(), Value::Number(16.0), "GB", true)]
    #[case::range_end(gb(), Value::Number(100.0), "GB", true)]
    #[case::above_range(gb(), Value::Number(100.5), "GB", false)]
    #[case::another_unit(gb(), Value::Number(16.0), "MB", true)]
    #[case::another_unit_above_range(gb(), Value::Number(1.0), "TB", false)]
    #[case::another_quantity(gb(), Value::Number(16.0), "MHz", false)]
    #[case::no_such_unit(gb(), Value::Number(16.0), "gb", false)]
    #[case::no_unit(gb(), Value::Number(16.0), "", false)]
    #[case::not_finite(Form::Number { unit: String::new(), range: None }, Value::Number(f64::NAN), "", false)]
    #[case::number_for_bool(Form::Bool, Value::Number(1.0), "", false)]
    #[case::bool_with_unit(Form::Bool, Value::Bool(true), "GB", false)]
    #[case::choice(Form::Choice(vec!["2022".into()]), Value::Text("2022".into()), "", true)]
    #[case::no_such_choice(Form::Choice(vec!["2022".into()]), Value::Text("2021".into()), "", false)]
    #[case::blank_text(Form::Text, Value::Text("  ".into()), "", false)]
    #[case::date(Form::Date, Value::Date(jiff::civil::date(2027, 1, 15)), "", true)]
    #[case::text_for_date(Form::Date, Value::Text("2027-01-15".into()), "", false)]
    fn wrong_kind_or_unit_is_not_accepted(
        #[case] form: Form,
        #[case] value: Value,
        #[case] unit: &str,
        #[case] ok: bool,
    ) {
        assert_eq!(form.read(&value, unit).is_some(), ok);
    }

    #[rstest]
    #[case(16.0, "GiB", "GB", 16.0)]
    #[case(3400.0, "MHz", "GHz", 3.4)]
    #[case(0.05, "s", "ms", 50.0)]
    #[case(1.0, "Gbit/s", "Mbit/s", 1000.0)]
    #[case(64.0, "KiB", "KB", 64.0)]
    #[case(36.0, "h", "d", 1.5)]
    fn a_unit_of_the_same_quantity_is_converted(
        #[case] sent: f64,
        #[case] unit: &str,
        #[case] kept_in: &str,
        #[case] kept: f64,
    ) {
        let form = Form::Number { unit: kept_in.into(), range: None };
        assert_eq!(form.read(&Value::Number(sent), unit), Some(Value::Number(kept)));
    }
}
