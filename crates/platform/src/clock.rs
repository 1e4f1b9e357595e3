//! Business time and machine time.
//!
//! Business time (due dates, days, `occurred_at`) comes from [`Clock`]: the system's, or simulated.
//! Machine time (leases, tokens, backoff, retention) is always real: [`machine_now`].

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use proto::refusal::words;
use tokio::time::{sleep, timeout};

use crate::error::Error;

/// How often loops that wait for business time look, and how often they see whether a simulated clock has moved.
const LOOK_EVERY: Duration = Duration::from_secs(1);
const SIMULATED_EVERY: Duration = Duration::from_millis(20);

/// Machine time in microseconds: always the system's clock.
#[allow(clippy::disallowed_methods)]
pub fn machine_now() -> Timestamp {
    micros(Timestamp::now())
}

/// Drops what lies below a microsecond: PostgreSQL keeps no more.
pub fn micros(t: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(t.as_microsecond()).expect("a timestamp's microseconds are in range")
}

/// For a column: sea-orm speaks chrono.
pub fn to_db(t: Timestamp) -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp_micros(t.as_microsecond()).expect("jiff's range lies within chrono's")
}

/// From a column.
pub fn from_db(t: chrono::DateTime<chrono::Utc>) -> Timestamp {
    Timestamp::from_microsecond(t.timestamp_micros()).expect("the database holds what we wrote")
}

/// For the contract's messages.
pub fn to_wire(t: Timestamp) -> pbjson_types::Timestamp {
    // Before 1970 jiff's fraction is negative; the contract's counts forward from the second before.
    let (seconds, nanos) = (t.as_second(), t.subsec_nanosecond());
    if nanos < 0 {
        return pbjson_types::Timestamp { seconds: seconds - 1, nanos: nanos + 1_000_000_000 };
    }
    pbjson_types::Timestamp { seconds, nanos }
}

/// From the contract's messages, in microseconds; none for what is no instant.
pub fn from_wire(t: &pbjson_types::Timestamp) -> Option<Timestamp> {
    // The contract has no negative nanos; jiff would take them.
    u32::try_from(t.nanos).ok()?;
    Timestamp::new(t.seconds, t.nanos).ok().map(micros)
}

/// From a request's field that may be absent.
///
/// # Errors
/// `INVALID_ARGUMENT` for `field`.
pub fn from_request(field: &str, t: Option<&pbjson_types::Timestamp>) -> Result<Option<Timestamp>, Error> {
    let instant = |t| {
        let allowed = || words("an instant", "moment w czasie");
        from_wire(t).ok_or_else(|| Error::invalid(field, t.seconds, allowed()))
    };
    t.map(instant).transpose()
}

/// Business time. Cloned freely; all clones of a simulated clock agree.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The system's clock.
    System,
    /// One file with an RFC 3339 instant, shared by all processes of an installation; never goes back.
    Simulated(Arc<SimulatedClock>),
}

/// The simulated clock's file, and the latest instant seen.
#[derive(Debug)]
pub struct SimulatedClock {
    file: PathBuf,
    latest: AtomicI64,
}

impl Clock {
    /// Opens a simulated clock. The file must hold an RFC 3339 instant.
    pub fn simulated(file: impl Into<PathBuf>) -> io::Result<Self> {
        let file = file.into();
        let start = read(&file)?;
        Ok(Self::Simulated(Arc::new(SimulatedClock { file, latest: AtomicI64::new(start.as_microsecond()) })))
    }

    /// Business time now, in microseconds.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => machine_now(),
            Self::Simulated(clock) => clock.now(),
        }
    }

    /// Waits until whoever looked at that time should look again: a second, or until a simulated clock has moved on.
    pub async fn moves_on_from(&self, looked_at: Timestamp) {
        let Self::Simulated(clock) = self else { return sleep(LOOK_EVERY).await };
        let moved = async {
            while clock.now() == looked_at {
                sleep(SIMULATED_EVERY).await;
            }
        };
        let _ = timeout(LOOK_EVERY, moved).await;
    }
}

impl SimulatedClock {
    fn now(&self) -> Timestamp {
        // A file that is being replaced reads as the latest known instant.
        if let Ok(t) = read(&self.file) {
            self.latest.fetch_max(t.as_microsecond(), Ordering::AcqRel);
        }
        Timestamp::from_microsecond(self.latest.load(Ordering::Acquire)).expect("only instants are stored")
    }
}

/// Moves the simulated clock of every process that reads `file`; the file is replaced as a whole.
pub fn set_simulated(file: &Path, now: Timestamp) -> io::Result<()> {
    let next = file.with_extension("next");
    fs::write(&next, now.to_string())?;
    fs::rename(next, file)
}

fn read(file: &Path) -> io::Result<Timestamp> {
    let text = fs::read_to_string(file)?;
    text.trim()
        .parse()
        .map(micros)
        .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, format!("{}: {e}", file.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_travels_in_microseconds_before_1970_too() {
        for text in ["2027-01-14T08:00:00.000001Z", "1969-12-31T23:59:59.25Z"] {
            let t: Timestamp = text.parse().expect("a fixed instant");
            assert_eq!(from_wire(&to_wire(t)), Some(t));
        }
        let far = pbjson_types::Timestamp { seconds: i64::MAX, nanos: 0 };
        assert_eq!(from_wire(&far), None);
        let error = from_request("occurred_at", Some(&far)).expect_err("no instant");
        assert_eq!(error.violations()[0].field, "occurred_at");
    }
}
