//! Half-open intervals of instants.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// From `start` up to, but not including, `end`. Empty where `end <= start`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    pub start: Timestamp,
    pub end: Timestamp,
}

impl Interval {
    /// As the two instants come; empty where they are not in order.
    pub fn new(start: Timestamp, end: Timestamp) -> Self {
        Self { start, end }
    }

    /// Whether no instant belongs to it.
    pub fn is_empty(&self) -> bool {
        self.end <= self.start
    }

    /// Whether an instant belongs to both. Intervals that only touch do not overlap.
    pub fn overlaps(&self, other: &Self) -> bool {
        !self.intersection(other).is_empty()
    }

    /// What belongs to both; empty where nothing does.
    pub fn intersection(&self, other: &Self) -> Self {
        Self { start: self.start.max(other.start), end: self.end.min(other.end) }
    }

    /// Whether the instant belongs to it; the end does not.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }

    /// Whether the other lies within this one.
    pub fn covers(&self, other: &Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Elapsed time, whatever the clocks did meanwhile; zero where empty.
    pub fn elapsed(&self) -> SignedDuration {
        self.end.duration_since(self.start).max(SignedDuration::ZERO)
    }
}

/// Sorts, drops what is empty, and joins what overlaps or touches.
pub(crate) fn merge(mut intervals: Vec<Interval>) -> Vec<Interval> {
    intervals.retain(|i| !i.is_empty());
    intervals.sort();
    let mut merged: Vec<Interval> = Vec::with_capacity(intervals.len());
    for next in intervals {
        match merged.last_mut() {
            Some(last) if next.start <= last.end => last.end = last.end.max(next.end),
            _ => merged.push(next),
        }
    }
    merged
}

/// What of `within` belongs to none of the intervals, which come merged.
pub(crate) fn gaps(within: Interval, merged: &[Interval]) -> Vec<Interval> {
    let mut gaps = Vec::new();
    let mut free_from = within.start;
    for taken in merged.iter().filter(|i| i.overlaps(&within)) {
        gaps.push(Interval::new(free_from, taken.start));
        free_from = taken.end;
    }
    gaps.push(Interval::new(free_from, within.end));
    gaps.retain(|gap| !gap.is_empty());
    gaps
}
