//! Expectations in words, for people who read a checklist.

use std::fmt;

use proto::refusal::{Words, words};

use super::judge::{Bound, Choose, Computed, Expect, Reference};

/// What is expected, as the checklist states it: "≥ 2 × source.database_gb".
impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(expected) => write!(f, "= {expected}"),
            Self::Equals(bound) => write!(f, "= {bound}"),
            Self::AtLeast(bound) => write!(f, "≥ {bound}"),
            Self::AtMost(bound) => write!(f, "≤ {bound}"),
            Self::Below(bound) => write!(f, "< {bound}"),
            Self::Between(low, high) => write!(f, "{low}–{high}"),
            Self::Tiers { good_below, blocking_from } => {
                write!(f, "< {good_below}, blocking from {blocking_from}")
            }
            Self::OneOf(words) => f.write_str(&words.join(" | ")),
            Self::SameAs(keys) => write!(f, "= {}", keys.join(" + ")),
            Self::Recorded => Ok(()),
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(limit) => write!(f, "{limit}"),
            Self::Of(Reference { of, times, plus, cap }) => {
                if let Some(cap) = cap {
                    write!(f, "min({cap}, ")?;
                }
                if *times != 1.0 {
                    write!(f, "{times} × ")?;
                }
                f.write_str(of)?;
                if *plus != 0.0 {
                    let sign = if *plus < 0.0 { '−' } else { '+' };
                    write!(f, " {sign} {}", plus.abs())?;
                }
                if cap.is_some() { f.write_str(")") } else { Ok(()) }
            }
            Self::By(Choose { by, values, otherwise }) => {
                for (word, limit) in values {
                    write!(f, "{limit} ({by} = {word}), ")?;
                }
                write!(f, "otherwise {otherwise}")
            }
        }
    }
}

impl Computed {
    /// What the value is worked out from; for refusals.
    pub fn words(&self) -> Words {
        let inputs = self.inputs().join(", ");
        words(format!("computed from {inputs}"), format!("wyliczane z: {inputs}"))
    }
}
