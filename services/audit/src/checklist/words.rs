//! Expectations in words, for people who read a checklist.

use std::fmt;

use super::judge::{Bound, Expect};

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
