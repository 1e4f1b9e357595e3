//! How much this process does at once: requests that are worked on, and streams that are open.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use proto::{
    common::v1::ErrorReason,
    refusal::{Violation, words},
};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};

use super::rate::Key;
use crate::error::{Error, TooMany};

/// Places for requests: whoever finds none free waits a little, as long as few others do.
pub(crate) struct Places {
    free: Semaphore,
    waiting: AtomicUsize,
    most_waiting: usize,
    longest_wait: Duration,
}

/// Room for all, for callers that come in by no port.
impl Default for Places {
    fn default() -> Self {
        Self::new(Semaphore::MAX_PERMITS, Duration::ZERO)
    }
}

impl Places {
    /// As many may wait as may be worked on.
    pub fn new(most: usize, longest_wait: Duration) -> Self {
        Self { free: Semaphore::new(most), waiting: AtomicUsize::new(0), most_waiting: most, longest_wait }
    }

    /// Refuses at once when even waiting would be in vain. Whoever asks before anything else is done costs little.
    ///
    /// # Errors
    /// UNAVAILABLE.
    pub fn ensure_room(&self) -> Result<(), Error> {
        if self.waiting.load(Ordering::Relaxed) < self.most_waiting { Ok(()) } else { Err(busy()) }
    }

    /// A place, for as long as it is held.
    ///
    /// # Errors
    /// UNAVAILABLE, if none becomes free in time.
    pub async fn take(&self) -> Result<SemaphorePermit<'_>, Error> {
        if let Ok(place) = self.free.try_acquire() {
            return Ok(place);
        }
        let waiting = Waiting(&self.waiting);
        if waiting.0.fetch_add(1, Ordering::Relaxed) >= self.most_waiting {
            return Err(busy());
        }
        let place = timeout(self.longest_wait, self.free.acquire()).await.map_err(|_| busy())?;
        Ok(place.expect("the semaphore is never closed"))
    }
}

/// Counted until it is dropped, however that comes about.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn busy() -> Error {
    let asked = words("more than this process does at once", "więcej, niż ten proces robi naraz");
    Violation::new(ErrorReason::Unavailable).asked(asked).into()
}

/// Open streams, in all and of each caller.
pub(crate) struct Watches {
    most: usize,
    most_per_caller: usize,
    open: Mutex<HashMap<Key, usize>>,
}

impl Watches {
    pub fn new(most: usize, most_per_caller: usize) -> Self {
        Self { most, most_per_caller, open: Mutex::default() }
    }

    /// One more stream of this caller, open until it is dropped.
    ///
    /// # Errors
    /// RATE_LIMITED for a caller with too many; UNAVAILABLE if there are too many in all.
    pub fn open(self: &Arc<Self>, caller: Key) -> Result<Watch, Error> {
        let mut open = self.open.lock().expect("nobody panics while holding it");
        let (all, own) = (open.values().sum::<usize>(), open.get(&caller).copied().unwrap_or_default());
        let most = self.most_per_caller;
        if own >= most {
            let allowed = words(format!("{most} open streams"), format!("{most} otwartych strumieni"));
            return Err(TooMany::streams(allowed).into());
        }
        if all >= self.most {
            return Err(busy());
        }
        *open.entry(caller.clone()).or_default() += 1;
        Ok(Watch { watches: Arc::clone(self), caller })
    }
}

/// An open stream.
pub(crate) struct Watch {
    watches: Arc<Watches>,
    caller: Key,
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut open = self.watches.open.lock().expect("nobody panics while holding it");
        if let Some(own) = open.get_mut(&self.caller) {
            *own -= 1;
            if *own == 0 {
                open.remove(&self.caller);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn whoever_finds_no_place_waits_unless_too_many_do() {
        let places = Arc::new(Places::new(1, LONG));
        let held = places.take().await.expect("free");
        let waits = tokio::spawn({
            let places = Arc::clone(&places);
            async move { places.take().await.map(drop) }
        });
        testkit::eventually(LONG, "one to wait", async || places.ensure_room().is_err().then_some(())).await;
        let refused = places.take().await.expect_err("one waits already");
        assert_eq!(refused.reason(), ErrorReason::Unavailable);
        drop(held);
        waits.await.expect("no panic").expect("its turn");
        places.ensure_room().expect("nobody waits any more");
    }

    #[tokio::test]
    async fn nobody_waits_for_ever_and_whoever_leaves_does_not_count() {
        let places = Places::new(1, Duration::from_millis(1));
        let held = places.take().await.expect("free");
        assert_eq!(places.take().await.expect_err("in vain").reason(), ErrorReason::Unavailable);
        let patient = Places::new(1, LONG);
        let _held = patient.take().await.expect("free");
        let gone = timeout(Duration::from_millis(1), patient.take()).await;
        assert!(gone.is_err());
        patient.ensure_room().expect("whoever waited has gone");
        drop(held);
        drop(places.take().await.expect("free again"));
    }

    #[test]
    fn streams_are_counted_in_all_and_by_caller() {
        let watches = Arc::new(Watches::new(3, 2));
        let caller = |name: &str| ("issuer".to_owned(), name.to_owned());
        let open = |name: &str| watches.open(caller(name)).map_err(|e| e.reason());
        let first = open("a").expect("the first");
        let _second = open("a").expect("the second");
        assert_eq!(open("a").err(), Some(ErrorReason::RateLimited));
        let _third = open("b").expect("somebody else's");
        assert_eq!(open("c").err(), Some(ErrorReason::Unavailable));
        drop(first);
        open("c").expect("one is free again");
        assert_eq!(watches.open.lock().expect("unpoisoned").len(), 2, "nothing is kept of who left");
    }
}
