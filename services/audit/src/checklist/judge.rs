//! Judging a value by the checklist: the forms of comparison that checklists have.

use serde::{Deserialize, Serialize};

use super::{Expression, Item, Known, Severity, Unknown, Value};

/// How one value fares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Nothing if the item passed.
    pub failed: Option<Severity>,
    /// What is expected, with references resolved: "≥ 240".
    pub limit: String,
}

/// A number to compare with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Bound {
    Fixed(f64),
    Worked(Expression),
}

/// What a value must be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Expect {
    Is(bool),
    Equals(Bound),
    NotEquals(Bound),
    AtLeast(Bound),
    AtMost(Bound),
    Above(Bound),
    Below(Bound),
    /// Both ends included.
    Between(Bound, Bound),
    /// Good below the first; from the second on a failure is blocking; between them the item's own severity.
    Tiers {
        good_below: Bound,
        blocking_from: Bound,
    },
    OneOf(Vec<String>),
    /// The text that this gives.
    SameAs(Expression),
    /// This is true; it may refer to the value by the item's key.
    Holds(Expression),
    /// Whatever is recorded passes.
    Recorded,
}

impl Item {
    /// Judges a value. Fails with the keys that have no value yet and are needed for the limit.
    pub fn judge(&self, value: &Value, known: Known) -> Result<Judgement, Unknown> {
        let with_own = |key: &str| if key == self.key { Some(value.clone()) } else { known(key) };
        let (ok, limit) = self.expect.compare(value, &with_own)?;
        let severity = match (&self.expect, value) {
            (Expect::Tiers { blocking_from, .. }, Value::Number(n))
                if *n >= blocking_from.resolve(known)? =>
            {
                Severity::Blocking
            }
            _ => self.severity,
        };
        Ok(Judgement { failed: (!ok).then_some(severity), limit })
    }

    /// What will be expected of a value; empty while something that it refers to is not known.
    pub fn limit(&self, known: Known) -> String {
        self.expect.limit(known).unwrap_or_default()
    }

    /// Whether a failure can be blocking.
    pub fn can_block(&self) -> bool {
        self.severity == Severity::Blocking || matches!(self.expect, Expect::Tiers { .. })
    }
}

impl Expect {
    /// Expressions that give numbers.
    pub fn bounds(&self) -> Vec<&Expression> {
        self.limits().into_iter().filter_map(Bound::expression).collect()
    }

    /// Whether all numbers that it states are finite.
    pub fn is_finite(&self) -> bool {
        self.limits().into_iter().all(|bound| !matches!(bound, Bound::Fixed(limit) if !limit.is_finite()))
    }

    /// The same comparison with these numbers, from low to high; nothing where it has not as many limits.
    pub fn with_limits(&self, limits: &[f64]) -> Option<Self> {
        let good = limits.iter().all(|limit| limit.is_finite()) && limits.is_sorted();
        let one = |make: fn(Bound) -> Self| match limits {
            [limit] => Some(make(Bound::Fixed(*limit))),
            _ => None,
        };
        let two = |make: fn(Bound, Bound) -> Self| match limits {
            [low, high] => Some(make(Bound::Fixed(*low), Bound::Fixed(*high))),
            _ => None,
        };
        let replaced = match self {
            Self::Equals(_) => one(Self::Equals),
            Self::NotEquals(_) => one(Self::NotEquals),
            Self::AtLeast(_) => one(Self::AtLeast),
            Self::AtMost(_) => one(Self::AtMost),
            Self::Above(_) => one(Self::Above),
            Self::Below(_) => one(Self::Below),
            Self::Between(..) => two(Self::Between),
            Self::Tiers { .. } => two(|good_below, blocking_from| Self::Tiers { good_below, blocking_from }),
            Self::Is(_) | Self::OneOf(_) | Self::SameAs(_) | Self::Holds(_) | Self::Recorded => None,
        };
        replaced.filter(|_| good)
    }

    /// The numbers that it compares with.
    pub fn limits(&self) -> Vec<&Bound> {
        match self {
            Self::Equals(b)
            | Self::NotEquals(b)
            | Self::AtLeast(b)
            | Self::AtMost(b)
            | Self::Above(b)
            | Self::Below(b) => vec![b],
            Self::Between(low, high) => vec![low, high],
            Self::Tiers { good_below, blocking_from } => vec![good_below, blocking_from],
            Self::Is(_) | Self::OneOf(_) | Self::SameAs(_) | Self::Holds(_) | Self::Recorded => Vec::new(),
        }
    }

    /// Whether the value is as expected, and what is expected. A value of another kind never is.
    fn compare(&self, value: &Value, known: Known) -> Result<(bool, String), Unknown> {
        let number = match value {
            Value::Number(n) => *n,
            _ => f64::NAN,
        };
        let ok = match self {
            Self::Is(expected) => *value == Value::Bool(*expected),
            Self::Equals(bound) => number == bound.resolve(known)?,
            Self::NotEquals(bound) => !number.is_nan() && number != bound.resolve(known)?,
            Self::AtLeast(bound) => number >= bound.resolve(known)?,
            Self::AtMost(bound) => number <= bound.resolve(known)?,
            Self::Above(bound) => number > bound.resolve(known)?,
            Self::Below(bound) | Self::Tiers { good_below: bound, .. } => number < bound.resolve(known)?,
            Self::Between(low, high) => number >= low.resolve(known)? && number <= high.resolve(known)?,
            Self::OneOf(words) => words.iter().any(|word| *value == Value::Text(word.clone())),
            Self::SameAs(expression) => {
                let expected = expression.evaluate(known)?;
                matches!((value, &expected), (Value::Text(is), Value::Text(must)) if is.trim() == must.trim())
            }
            Self::Holds(expression) => expression.evaluate(known)? == Value::Bool(true),
            Self::Recorded => true,
        };
        Ok((ok, self.limit(known)?))
    }

    /// What is expected, with references resolved.
    fn limit(&self, known: Known) -> Result<String, Unknown> {
        let with = |sign: &str, bound: &Bound| Ok(format!("{sign} {}", bound.resolve(known)?));
        match self {
            Self::Is(expected) => Ok(format!("= {expected}")),
            Self::Equals(bound) => with("=", bound),
            Self::NotEquals(bound) => with("≠", bound),
            Self::AtLeast(bound) => with("≥", bound),
            Self::AtMost(bound) => with("≤", bound),
            Self::Above(bound) => with(">", bound),
            Self::Below(bound) | Self::Tiers { good_below: bound, .. } => with("<", bound),
            Self::Between(low, high) => Ok(format!("{}–{}", low.resolve(known)?, high.resolve(known)?)),
            Self::OneOf(words) => Ok(words.join(" | ")),
            Self::SameAs(expression) => Ok(format!("= {}", expression.evaluate(known)?)),
            Self::Holds(expression) => Ok(expression.to_string()),
            Self::Recorded => Ok(String::new()),
        }
    }
}

impl Bound {
    pub fn expression(&self) -> Option<&Expression> {
        match self {
            Self::Fixed(_) => None,
            Self::Worked(expression) => Some(expression),
        }
    }

    pub(super) fn resolve(&self, known: Known) -> Result<f64, Unknown> {
        match self {
            Self::Fixed(limit) => Ok(*limit),
            Self::Worked(expression) => match expression.evaluate(known)? {
                Value::Number(limit) => Ok(limit),
                other => {
                    let needs = expression.references().unwrap_or_default().into_iter().collect();
                    Err(Unknown { needs, problem: format!("{expression} gives {other}, which is no number") })
                }
            },
        }
    }
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
