//! When a message goes out that need not go out at once.

use jiff::{SignedDuration, Timestamp, ToSpan, civil::Time};
use serde::Deserialize;

use super::Message;

/// When messages wait; policy data.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendingPolicy {
    pub quiet_hours: QuietHours,
    pub joining: Joining,
    pub undelivered: Undelivered,
}

/// Hours in which people are left alone, by local time in Poland. They go over midnight.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    pub from: Time,
    /// Exclusive.
    pub until: Time,
}

/// How long messages of one kind to one recipient wait for each other.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Joining {
    pub minutes: u32,
}

/// How far back what did not reach somebody is sent again, once it can be.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Undelivered {
    pub days: u32,
}

impl Undelivered {
    /// What was written before is no news any more.
    pub fn since(&self, now: Timestamp) -> Timestamp {
        now - SignedDuration::from_hours(24 * i64::from(self.days))
    }
}

/// What is let go so long before an instant has left by then.
const HANDED_OVER_IN: SignedDuration = SignedDuration::from_mins(1);

impl SendingPolicy {
    /// The policy that is shipped.
    pub fn shipped() -> Self {
        toml::from_str(include_str!("../../data/sending.toml")).expect("the shipped sending policy is valid")
    }

    /// Until when a message that was just written waits; `None` if it goes out at once. Business time, as all here.
    pub fn holds_new(&self, message: &Message, now: Timestamp) -> Option<Timestamp> {
        if let Some(end) = self.quiet_hours.end(now) {
            return (!message.ignores_quiet_hours(now, end)).then_some(end);
        }
        message.is_joined().then(|| {
            let joining = SignedDuration::from_mins(self.joining.minutes.into());
            // What waits only for others need not wait all night for them, nor until its date has begun.
            let begins = message.dates.iter().map(|date| date.starts_at).filter(|starts_at| *starts_at > now);
            let last = begins.fold(self.quiet_hours.next_start(now), Timestamp::min);
            (now + joining).min(last - HANDED_OVER_IN).max(now)
        })
    }

    /// Until when a message that is due waits after all: no mail server that comes back at night wakes anybody.
    pub fn holds_due(&self, message: &Message, now: Timestamp) -> Option<Timestamp> {
        self.quiet_hours.end(now).filter(|end| !message.ignores_quiet_hours(now, *end))
    }
}

impl QuietHours {
    /// When those end that an instant lies in; `None` outside.
    pub fn end(&self, at: Timestamp) -> Option<Timestamp> {
        let local = calendar::warsaw().to_datetime(at);
        let day = if local.time() >= self.from {
            local.date().checked_add(1.day()).ok()?
        } else if local.time() < self.until {
            local.date()
        } else {
            return None;
        };
        Some(day.to_datetime(self.until).to_zoned(calendar::warsaw()).ok()?.timestamp())
    }

    /// When the next ones begin after an instant outside.
    fn next_start(&self, at: Timestamp) -> Timestamp {
        let start = calendar::local_day(at).to_datetime(self.from).to_zoned(calendar::warsaw());
        start.map_or(Timestamp::MAX, |start| start.timestamp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::at;

    #[test]
    fn reminders_are_not_due_in_quiet_hours() {
        let quiet = SendingPolicy::shipped().quiet_hours;
        let policy = crate::project::ReminderPolicy::shipped();
        assert!(policy.at >= quiet.until && policy.at < quiet.from, "{policy:?}");
    }

    #[test]
    fn quiet_hours_are_local_and_end_in_the_morning() {
        let quiet = SendingPolicy::shipped().quiet_hours;
        let cases = [
            ("2026-12-01T18:59:59Z", None),
            ("2026-12-01T19:00:00Z", Some("2026-12-02T06:00:00Z")),
            ("2026-12-01T23:30:00Z", Some("2026-12-02T06:00:00Z")),
            ("2026-12-02T05:59:59Z", Some("2026-12-02T06:00:00Z")),
            ("2026-12-02T06:00:00Z", None),
            // Summer time begins, and ends, in such a night.
            ("2027-03-27T19:00:00Z", Some("2027-03-28T05:00:00Z")),
            ("2027-03-28T18:00:00Z", Some("2027-03-29T05:00:00Z")),
            ("2027-10-30T18:00:00Z", Some("2027-10-31T06:00:00Z")),
        ];
        for (now, end) in cases {
            assert_eq!(quiet.end(at(now)), end.map(at), "{now}");
        }
    }
}
