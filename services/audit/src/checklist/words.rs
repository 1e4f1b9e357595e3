//! Expectations and values in words: as a checklist states them, and for people who read a report.

use std::fmt;

use super::{
    Form, Known, Text, Value,
    judge::{Bound, Expect},
};

/// What is expected, as the checklist states it: "≥ 2 * source.database_gb".
impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(expected) => write!(f, "= {expected}"),
            Self::Equals(bound) => write!(f, "= {bound}"),
            Self::NotEquals(bound) => write!(f, "≠ {bound}"),
            Self::AtLeast(bound) => write!(f, "≥ {bound}"),
            Self::AtMost(bound) => write!(f, "≤ {bound}"),
            Self::Above(bound) => write!(f, "> {bound}"),
            Self::Below(bound) => write!(f, "< {bound}"),
            Self::Between(low, high) => write!(f, "{low}–{high}"),
            Self::Tiers { good_below, blocking_from } => {
                write!(f, "< {good_below}, blocking from {blocking_from}")
            }
            Self::OneOf(words) => f.write_str(&words.join(" | ")),
            Self::SameAs(expression) => write!(f, "= {expression}"),
            Self::Holds(expression) => write!(f, "{expression}"),
            Self::Recorded => Ok(()),
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(limit) => write!(f, "{limit}"),
            Self::Worked(expression) => write!(f, "{expression}"),
        }
    }
}

/// A value as people read it: yes and no in their language, a number with its unit, in Polish with a comma.
pub fn value(value: &Value, unit: &str) -> Text {
    match value {
        Value::Bool(answer) => yes_or_no(*answer),
        Value::Number(number) => quantity(*number, unit),
        Value::Text(_) | Value::Date(_) => same(value.to_string()),
    }
}

/// What is expected, with references resolved; nothing while that is not known, and where any value will do.
pub fn limit(expect: &Expect, unit: &str, known: Known) -> Option<Text> {
    let number = |bound: &Bound| Some(quantity(bound.resolve(known).ok()?, unit));
    let with = |sign: &str, bound: &Bound| {
        let Text { pl, en } = number(bound)?;
        Some(Text { pl: format!("{sign} {pl}"), en: format!("{sign} {en}") })
    };
    match expect {
        Expect::Is(expected) => Some(yes_or_no(*expected)),
        Expect::Equals(bound) => with("=", bound),
        Expect::NotEquals(bound) => with("≠", bound),
        Expect::AtLeast(bound) => with("≥", bound),
        Expect::AtMost(bound) => with("≤", bound),
        Expect::Above(bound) => with(">", bound),
        Expect::Below(bound) => with("<", bound),
        Expect::Between(low, high) => {
            let (low, high) = (quantity(low.resolve(known).ok()?, ""), number(high)?);
            Some(Text { pl: format!("{}–{}", low.pl, high.pl), en: format!("{}–{}", low.en, high.en) })
        }
        Expect::Tiers { good_below, blocking_from } => {
            let (good, blocking) = (number(good_below)?, number(blocking_from)?);
            Some(Text {
                pl: format!("< {}, blokujące od {}", good.pl, blocking.pl),
                en: format!("< {}, blocking from {}", good.en, blocking.en),
            })
        }
        Expect::OneOf(words) => {
            let (last, others) = words.split_last()?;
            if others.is_empty() {
                return Some(same(last));
            }
            let others = others.join(", ");
            Some(Text { pl: format!("{others} lub {last}"), en: format!("{others} or {last}") })
        }
        Expect::SameAs(expression) => Some(value(&expression.evaluate(known).ok()?, unit)),
        Expect::Holds(expression) => Some(same(expression.to_string())),
        Expect::Recorded => None,
    }
}

/// A value or a limit that a finding keeps as text, as people read it.
pub fn kept(text: &str, form: &Form) -> Text {
    match (form, text.strip_prefix("= ").unwrap_or(text)) {
        (Form::Bool, "true") => yes_or_no(true),
        (Form::Bool, "false") => yes_or_no(false),
        (Form::Number { .. }, _) => Text { pl: text.replace('.', ","), en: text.to_owned() },
        _ => same(text),
    }
}

/// A text that is the same in both languages.
pub fn same(text: impl Into<String>) -> Text {
    let text = text.into();
    Text { pl: text.clone(), en: text }
}

fn yes_or_no(answer: bool) -> Text {
    let (pl, en) = if answer { ("tak", "yes") } else { ("nie", "no") };
    Text { pl: pl.to_owned(), en: en.to_owned() }
}

fn quantity(number: f64, unit: &str) -> Text {
    let en = format!("{number} {unit}").trim_end().to_owned();
    let pl = format!("{number}").replace('.', ",");
    Text { pl: format!("{pl} {unit}").trim_end().to_owned(), en }
}
