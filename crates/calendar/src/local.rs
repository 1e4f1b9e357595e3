//! Local time in Poland and what the two clock changes do to it (Directive 2000/84/EC).

use std::sync::LazyLock;

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};

use crate::Interval;

static WARSAW: LazyLock<TimeZone> = LazyLock::new(|| {
    TimeZoneDatabase::bundled().get("Europe/Warsaw").expect("the bundled zone database has Europe/Warsaw")
});

/// Europe/Warsaw, from the zone database built into the program: every machine has the same rules.
pub fn warsaw() -> TimeZone {
    WARSAW.clone()
}

/// Why a local time is not one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocalTimeError {
    /// The clock jumps over it.
    #[error("{asked} does not exist: the clock jumps to {next_valid}")]
    Skipped { asked: DateTime, next_valid: DateTime },
    /// The clock passes it twice and the offset says which is meant; the first one is summer time.
    #[error("{asked} happens twice: give its offset, {} or {}", offset_text(*first), offset_text(*second))]
    AmbiguousNeedsOffset { asked: DateTime, first: Offset, second: Offset },
    /// The offset is not one that the zone has at that time. `second` where two are possible.
    #[error("{asked} does not have the offset {} but {}{}", offset_text(*given), offset_text(*first), second.map(|o| format!(" or {}", offset_text(o))).unwrap_or_default())]
    OffsetWrong { asked: DateTime, given: Offset, first: Offset, second: Option<Offset> },
    /// Beyond what an instant can express (the last day of the year 9999).
    #[error("{asked} is out of range")]
    OutOfRange { asked: DateTime },
}

/// As times are written with it: "+02:00".
pub fn offset_text(offset: Offset) -> String {
    let (sign, minutes) = (if offset.is_negative() { '-' } else { '+' }, offset.seconds().abs() / 60);
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// The instant of a local time. The offset is needed only where the time happens twice; where it is
/// given it must be right.
pub fn resolve_local(
    at: DateTime,
    offset: Option<Offset>,
    tz: &TimeZone,
) -> Result<Timestamp, LocalTimeError> {
    use LocalTimeError::*;
    let (first, second) = match tz.to_ambiguous_timestamp(at).offset() {
        AmbiguousOffset::Unambiguous { offset } => (offset, None),
        AmbiguousOffset::Fold { before, after } => (before, Some(after)),
        AmbiguousOffset::Gap { after, .. } => {
            return Err(match end_of_gap(at, after, tz) {
                Some(next_valid) => Skipped { asked: at, next_valid },
                None => OutOfRange { asked: at },
            });
        }
    };
    let chosen = match (offset, second) {
        (None, None) => first,
        (None, Some(second)) => return Err(AmbiguousNeedsOffset { asked: at, first, second }),
        (Some(given), _) if given == first || Some(given) == second => given,
        (Some(given), _) => return Err(OffsetWrong { asked: at, given, first, second }),
    };
    chosen.to_timestamp(at).map_err(|_| OutOfRange { asked: at })
}

/// The first local time after the gap that `at` lies in. Read with the offset after the gap, `at`
/// lies before the change: the next transition is the one that made the gap.
fn end_of_gap(at: DateTime, after: Offset, tz: &TimeZone) -> Option<DateTime> {
    let before_change = after.to_timestamp(at).ok()?;
    let change = tz.following(before_change).next()?;
    Some(after.to_datetime(change.timestamp()))
}

/// The day in Poland on which an instant falls.
pub fn local_day(at: Timestamp) -> Date {
    WARSAW.to_datetime(at).date()
}

/// An instant as people in Poland read it, with its offset (ISO 8601), to the second.
pub fn local_time(at: Timestamp) -> String {
    at.to_zoned(WARSAW.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// The day in Poland from midnight to midnight: 23, 24 or 25 elapsed hours.
pub fn day_bounds(day: Date) -> Interval {
    day_bounds_in(day, &WARSAW)
}

/// The same in any zone; clamped to what an instant can express.
pub fn day_bounds_in(day: Date, tz: &TimeZone) -> Interval {
    let midnight = |day: Date| day.to_zoned(tz.clone()).map(|z| z.timestamp()).unwrap_or(Timestamp::MAX);
    Interval::new(midnight(day), day.tomorrow().map(midnight).unwrap_or(Timestamp::MAX))
}

/// A day's stretches of constant offset: one on most days, two on the day of a clock change.
pub(crate) fn stretches(day: Date, tz: &TimeZone) -> Vec<(Interval, Offset)> {
    let bounds = day_bounds_in(day, tz);
    let mut stretches = Vec::with_capacity(2);
    let mut rest = bounds;
    // One step back, so that a change exactly at midnight counts.
    let before = bounds.start.saturating_sub(SignedDuration::from_nanos(1)).expect("no units of calendar");
    for change in tz.following(before).take_while(|t| t.timestamp() < bounds.end) {
        stretches.push((Interval::new(rest.start, change.timestamp()), tz.to_offset(rest.start)));
        rest.start = change.timestamp();
    }
    stretches.push((rest, tz.to_offset(rest.start)));
    stretches.retain(|(stretch, _)| !stretch.is_empty());
    stretches
}
