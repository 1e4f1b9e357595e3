//! When a failed delivery is tried again, and when no more.

use jiff::{SignedDuration, Timestamp, fmt::rfc2822};
use uuid::Uuid;

/// Seconds after each failed try; the last one repeats.
const WAITS: [i64; 9] = [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 21_600];

/// After the first try. Whatever failed for so long is given up, or its endpoint is switched off.
pub const GIVEN_UP_AFTER: SignedDuration = SignedDuration::from_hours(72);

/// An endpoint may ask to be left alone for so long at once.
pub const LONGEST_RETRY_AFTER: SignedDuration = SignedDuration::from_hours(6);

/// The next try; none if it is given up. The last one is made when the time is over.
pub fn next_try(
    event: Uuid,
    attempts: i64,
    first: Timestamp,
    now: Timestamp,
    retry_after: Option<SignedDuration>,
) -> Option<Timestamp> {
    let end = first + GIVEN_UP_AFTER;
    let asked = retry_after.unwrap_or_default().min(LONGEST_RETRY_AFTER);
    (now < end).then(|| (now + wait(event, attempts).max(asked)).min(end))
}

/// A fifth longer or shorter, by the event: what failed together is not tried again together.
fn wait(event: Uuid, attempts: i64) -> SignedDuration {
    let index = usize::try_from(attempts - 1).unwrap_or(0).min(WAITS.len() - 1);
    // A UUID of version 7 ends with random bits; each attempt takes others.
    let bits = (event.as_u128() >> (attempts.rem_euclid(8) * 7)) & 0x7f;
    let percent = 80 + i64::try_from(bits).unwrap_or(0) * 40 / 127;
    SignedDuration::from_millis(WAITS[index] * 10 * percent)
}

/// What a `Retry-After` says: seconds, or a date.
pub fn retry_after(value: &str, now: Timestamp) -> Option<SignedDuration> {
    if let Ok(seconds) = value.trim().parse::<u32>() {
        return Some(SignedDuration::from_secs(seconds.into()));
    }
    let until = rfc2822::parse(value.trim()).ok()?.timestamp();
    Some(until.duration_since(now)).filter(|wait| wait.is_positive())
}
