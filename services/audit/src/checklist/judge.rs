//! Judging a value by the checklist: the few forms of comparison that the checklists need.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Item, Severity, Value};

/// What is known when judging: the values of facts and items by key.
pub type Known<'a> = &'a dyn Fn(&str) -> Option<Value>;

/// Keys without a value, which a limit or a computed value needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown(pub Vec<String>);

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
    Of(Reference),
    By(Choose),
}

/// min(cap, times × value of `of` + plus).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    pub of: String,
    #[serde(default = "one")]
    pub times: f64,
    #[serde(default)]
    pub plus: f64,
    pub cap: Option<f64>,
}

fn one() -> f64 {
    1.0
}

/// A number looked up by the text of another key, or by "variant".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choose {
    pub by: String,
    pub values: BTreeMap<String, f64>,
    pub otherwise: f64,
}

/// What a value must be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Expect {
    Is(bool),
    Equals(Bound),
    AtLeast(Bound),
    AtMost(Bound),
    Below(Bound),
    /// Both ends included.
    Between(Bound, Bound),
    /// Good below the first; from the second on a failure is blocking; between them the item's own severity.
    Tiers {
        good_below: f64,
        blocking_from: f64,
    },
    OneOf(Vec<String>),
    /// The text of these keys, joined by a space.
    SameAs(Vec<String>),
    /// Whatever is recorded passes.
    Recorded,
}

/// A value that the checklist works out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "form", rename_all = "snake_case", deny_unknown_fields)]
pub enum Computed {
    /// A year-like version is not above another ("2008 R2" ≤ "2022").
    NotNewer { what: String, than: String },
    /// Sending `size_gb` at `mbps` takes at most `share_pct` % of `window_min`.
    TransferFits { size_gb: String, mbps: String, window_min: String, share_pct: f64 },
}

impl Item {
    /// Judges a value. Fails with the keys that have no value yet and are needed for the limit.
    pub fn judge(&self, value: &Value, known: Known) -> Result<Judgement, Unknown> {
        let (ok, limit) = self.expect.compare(value, known)?;
        let severity = match (&self.expect, value) {
            (Expect::Tiers { blocking_from, .. }, Value::Number(n)) if n >= blocking_from => {
                Severity::Blocking
            }
            _ => self.severity,
        };
        Ok(Judgement { failed: (!ok).then_some(severity), limit })
    }

    /// What will be expected of a value; empty while something that it refers to is not known.
    pub fn limit(&self, known: Known) -> String {
        // What is expected does not depend on the value.
        self.expect.compare(&Value::Bool(false), known).map(|(_, limit)| limit).unwrap_or_default()
    }

    /// Whether a failure can be blocking.
    pub fn can_block(&self) -> bool {
        self.severity == Severity::Blocking || matches!(self.expect, Expect::Tiers { .. })
    }
}

impl Expect {
    /// Keys that the limit refers to.
    pub fn references(&self) -> Vec<&str> {
        match self {
            Self::Equals(b) | Self::AtLeast(b) | Self::AtMost(b) | Self::Below(b) => {
                b.reference().into_iter().collect()
            }
            Self::Between(low, high) => low.reference().into_iter().chain(high.reference()).collect(),
            Self::SameAs(keys) => keys.iter().map(String::as_str).collect(),
            Self::Is(_) | Self::Tiers { .. } | Self::OneOf(_) | Self::Recorded => Vec::new(),
        }
    }

    /// Whether the value is as expected, and what is expected. A value of another kind never is.
    fn compare(&self, value: &Value, known: Known) -> Result<(bool, String), Unknown> {
        let number = match value {
            Value::Number(n) => *n,
            _ => f64::NAN,
        };
        Ok(match self {
            Self::Is(expected) => (*value == Value::Bool(*expected), format!("= {expected}")),
            Self::Equals(bound) => {
                let limit = bound.resolve(known)?;
                (number == limit, format!("= {limit}"))
            }
            Self::AtLeast(bound) => {
                let limit = bound.resolve(known)?;
                (number >= limit, format!("≥ {limit}"))
            }
            Self::AtMost(bound) => {
                let limit = bound.resolve(known)?;
                (number <= limit, format!("≤ {limit}"))
            }
            Self::Below(bound) => {
                let limit = bound.resolve(known)?;
                (number < limit, format!("< {limit}"))
            }
            Self::Between(low, high) => {
                let (low, high) = (low.resolve(known)?, high.resolve(known)?);
                (number >= low && number <= high, format!("{low}–{high}"))
            }
            Self::Tiers { good_below, .. } => (number < *good_below, format!("< {good_below}")),
            Self::OneOf(words) => (words.iter().any(|w| *value == Value::Text(w.clone())), words.join(" | ")),
            Self::SameAs(keys) => {
                let expected = all_known(keys.iter().map(String::as_str), known)?;
                let expected = expected.iter().map(Value::to_string).collect::<Vec<_>>().join(" ");
                (matches!(value, Value::Text(text) if text.trim() == expected), format!("= {expected}"))
            }
            Self::Recorded => (true, String::new()),
        })
    }
}

impl Bound {
    fn reference(&self) -> Option<&str> {
        match self {
            Self::Fixed(_) => None,
            Self::Of(reference) => Some(&reference.of),
            Self::By(choose) => Some(&choose.by),
        }
    }

    fn resolve(&self, known: Known) -> Result<f64, Unknown> {
        match self {
            Self::Fixed(limit) => Ok(*limit),
            Self::Of(Reference { of, times, plus, cap }) => {
                let limit = number(of, known)? * times + plus;
                Ok(cap.map_or(limit, |cap| limit.min(cap)))
            }
            Self::By(Choose { by, values, otherwise }) => {
                let word = known(by).ok_or_else(|| Unknown(vec![by.clone()]))?.to_string();
                Ok(values.get(&word).copied().unwrap_or(*otherwise))
            }
        }
    }
}

impl Computed {
    /// Keys that the value is worked out from.
    pub fn inputs(&self) -> Vec<&str> {
        match self {
            Self::NotNewer { what, than } => vec![what, than],
            Self::TransferFits { size_gb, mbps, window_min, .. } => vec![size_gb, mbps, window_min],
        }
    }

    /// Works the value out, or names the inputs that are missing.
    pub fn value(&self, known: Known) -> Result<Value, Unknown> {
        let inputs = all_known(self.inputs().into_iter(), known)?;
        Ok(Value::Bool(match self {
            // Versions begin with their year, so their order is that of the text.
            Self::NotNewer { .. } => inputs[0].to_string() <= inputs[1].to_string(),
            Self::TransferFits { size_gb, mbps, window_min, share_pct } => {
                let seconds = number(size_gb, known)? * 8000.0 / number(mbps, known)?;
                seconds <= number(window_min, known)? * 60.0 * share_pct / 100.0
            }
        }))
    }
}

fn all_known<'a>(keys: impl Iterator<Item = &'a str>, known: Known) -> Result<Vec<Value>, Unknown> {
    let mut missing = Vec::new();
    let values = keys
        .filter_map(|key| {
            known(key).or_else(|| {
                missing.push(key.to_owned());
                None
            })
        })
        .collect();
    if missing.is_empty() { Ok(values) } else { Err(Unknown(missing)) }
}

fn number(key: &str, known: Known) -> Result<f64, Unknown> {
    match known(key) {
        Some(Value::Number(n)) => Ok(n),
        _ => Err(Unknown(vec![key.to_owned()])),
    }
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
