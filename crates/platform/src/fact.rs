//! Recorded facts and their two times: when it happened and when it was recorded.

use calendar::{local_day, local_time};
use jiff::{Timestamp, civil::Date};
use proto::{common::v1::ErrorReason, refusal::Violation};
use serde::{Deserialize, Serialize};

use crate::actor::Actor;

/// Something that happened and was recorded, in microseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// Who recorded it.
    pub by: Actor,
    /// When it happened; local days and buffers count from here.
    pub occurred_at: Timestamp,
    /// When it was recorded.
    pub recorded_at: Timestamp,
}

impl Fact {
    /// A fact recorded now; without `occurred_at` it happened now.
    pub fn new(by: &Actor, occurred_at: Option<Timestamp>, now: Timestamp) -> Self {
        let occurred_at = micros(occurred_at.unwrap_or(now));
        Self { by: by.clone(), occurred_at, recorded_at: micros(now) }
    }

    /// The day in Poland on which it happened.
    pub fn local_day(&self) -> Date {
        local_day(self.occurred_at)
    }

    /// `OCCURRED_AT_INVALID` where it lies in the future, or before the step before it.
    pub fn out_of_range(&self, step_before: Option<Timestamp>) -> Option<Violation> {
        self.outside(step_before, self.recorded_at)
    }

    /// The same for a correction, which also must not pass the step after it.
    pub fn outside(&self, step_before: Option<Timestamp>, latest: Timestamp) -> Option<Violation> {
        outside("occurred_at", self.occurred_at, step_before, latest.min(self.recorded_at))
    }
}

/// `OCCURRED_AT_INVALID` where the time in a field lies after `latest`, or before the step before it.
pub fn outside(
    field: &str,
    at: Timestamp,
    step_before: Option<Timestamp>,
    latest: Timestamp,
) -> Option<Violation> {
    if step_before.is_none_or(|earliest| earliest <= at) && at <= latest {
        return None;
    }
    let earliest = step_before.map_or("..".to_owned(), local_time);
    Some(
        Violation::new(ErrorReason::OccurredAtInvalid)
            .field(field)
            .asked(local_time(at))
            .allowed(format!("{earliest}/{}", local_time(latest))),
    )
}

fn micros(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

#[cfg(test)]
mod tests;
