//! Business time of everybody who plays on one installation.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
};

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use platform::clock::set_simulated;
use tokio::sync::Notify;

/// The simulated clock that all processes read. It goes on only when all who play wait for a later instant,
/// and then to the earliest of these: so any number of stories go abreast, and nobody's date passes while
/// somebody is still at work.
#[derive(Debug)]
pub struct Clock {
    file: PathBuf,
    state: Mutex<State>,
    moved: Notify,
}

#[derive(Debug)]
struct State {
    now: Timestamp,
    players: usize,
    /// What those who wait wait for.
    waits: Vec<Timestamp>,
}

/// Who plays by a clock. Dropping it leaves the clock to the others.
#[derive(Debug)]
pub struct Player {
    clock: Arc<Clock>,
}

impl Clock {
    /// # Errors
    /// A file without an RFC 3339 instant.
    pub fn open(file: &Path) -> anyhow::Result<Arc<Self>> {
        let now = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
        let state = State { now: now.trim().parse()?, players: 0, waits: Vec::new() };
        Ok(Arc::new(Self { file: file.to_owned(), state: Mutex::new(state), moved: Notify::new() }))
    }

    pub fn now(&self) -> Timestamp {
        self.state().now
    }

    /// Takes part from now on.
    pub fn join(self: &Arc<Self>) -> Player {
        self.state().players += 1;
        Player { clock: Arc::clone(self) }
    }

    /// Forward at once, whoever is at work. An instant that is over already changes nothing.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn set(&self, instant: Timestamp) -> anyhow::Result<()> {
        self.forward(&mut self.state(), instant)
    }

    /// As [`Self::set`], so long after now. Answers what time it was.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn jump(&self, by: SignedDuration) -> anyhow::Result<Timestamp> {
        let mut state = self.state();
        let from = state.now;
        self.forward(&mut state, from + by)?;
        Ok(from)
    }

    fn forward(&self, state: &mut State, instant: Timestamp) -> anyhow::Result<()> {
        if instant > state.now {
            set_simulated(&self.file, instant).with_context(|| self.file.display().to_string())?;
            state.now = instant;
            state.waits.retain(|wait| *wait > instant && *wait != NO_MATTER_WHEN);
            self.moved.notify_waiters();
        }
        Ok(())
    }

    /// Goes on if all wait.
    fn advance(&self, state: &mut State) -> anyhow::Result<()> {
        match state.waits.iter().min().copied().filter(|earliest| *earliest < NO_MATTER_WHEN) {
            Some(earliest) if state.waits.len() >= state.players => self.forward(state, earliest),
            _ => Ok(()),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics with the lock")
    }
}

/// Who waits for this waits for whatever the others wait for.
const NO_MATTER_WHEN: Timestamp = Timestamp::MAX;

impl Player {
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Waits until time goes on, to whatever instant. Between two of these it stands still.
    ///
    /// # Errors
    /// The clock's file cannot be written.
    pub async fn moved(&self) -> anyhow::Result<()> {
        let mut moved = std::pin::pin!(self.clock.moved.notified());
        moved.as_mut().enable();
        let _waiting = Waiting::new(&self.clock, NO_MATTER_WHEN)?;
        moved.await;
        Ok(())
    }

    /// Waits for an instant of business time; returns at once when it is over.
    ///
    /// # Errors
    /// The clock's file cannot be written.
    pub async fn until(&self, instant: Timestamp) -> anyhow::Result<()> {
        let clock = &self.clock;
        let mut moved = std::pin::pin!(clock.moved.notified());
        moved.as_mut().enable();
        if instant <= clock.now() {
            return Ok(());
        }
        let _waiting = Waiting::new(clock, instant)?;
        while instant > clock.now() {
            moved.as_mut().await;
            moved.set(clock.moved.notified());
            moved.as_mut().enable();
        }
        Ok(())
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        let mut state = self.clock.state();
        state.players -= 1;
        // If the file cannot be written, the next who waits learns of it.
        let _ = self.clock.advance(&mut state);
    }
}

/// One wait. Who gives it up, such as by a time limit, no longer lets the clock go on.
struct Waiting<'a> {
    clock: &'a Clock,
    instant: Timestamp,
}

impl<'a> Waiting<'a> {
    fn new(clock: &'a Clock, instant: Timestamp) -> anyhow::Result<Self> {
        let mut state = clock.state();
        if instant > state.now {
            state.waits.push(instant);
        }
        let waiting = Self { clock, instant };
        clock.advance(&mut state)?;
        drop(state);
        Ok(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut state = self.clock.state();
        if let Some(mine) = state.waits.iter().position(|wait| *wait == self.instant) {
            state.waits.swap_remove(mine);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt as _, future::join};

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a fixed instant")
    }

    fn clock() -> Arc<Clock> {
        let file = std::env::temp_dir().join(format!("przesiadka-clock-{}", uuid::Uuid::now_v7()));
        std::fs::write(&file, "2026-11-09T08:00:00Z").expect("a file");
        Clock::open(&file).expect("a clock")
    }

    #[test]
    fn time_goes_on_when_all_wait_and_to_the_earliest() {
        let clock = clock();
        let (one, other) = (clock.join(), clock.join());
        let (early, late) = (at("2026-11-10T08:00:00Z"), at("2026-11-12T08:00:00Z"));
        let mut first = Box::pin(one.until(late));
        assert!(first.as_mut().now_or_never().is_none());
        assert_eq!(clock.now(), at("2026-11-09T08:00:00Z"), "somebody is at work");
        other.until(early).now_or_never().expect("both wait").expect("written");
        assert_eq!(clock.now(), early);
        assert!(first.as_mut().now_or_never().is_none());
        drop(other);
        first.now_or_never().expect("nobody else plays").expect("written");
        assert_eq!(clock.now(), late);
        assert_eq!(Clock::open(&clock.file).expect("a clock").now(), late);
    }

    #[test]
    fn who_alone_plays_waits_for_nobody_and_a_jump_wakes_all() {
        let clock = clock();
        let one = clock.join();
        let (early, late) = (at("2026-11-10T08:00:00Z"), at("2026-11-12T08:00:00Z"));
        let both = join(one.until(late), one.until(early)).now_or_never().expect("nobody to wait for");
        both.0.and(both.1).expect("written");
        let other = clock.join();
        let mut waiting = Box::pin(other.until(at("2026-11-13T08:00:00Z")));
        assert!(waiting.as_mut().now_or_never().is_none());
        clock.jump(SignedDuration::from_hours(7 * 24)).expect("written");
        waiting.now_or_never().expect("time has come").expect("written");
        assert_eq!(clock.now(), at("2026-11-19T08:00:00Z"));
    }

    #[test]
    fn who_waits_for_any_move_sees_each() {
        let clock = clock();
        let (keeper, player) = (clock.join(), clock.join());
        let (early, late) = (at("2026-11-10T08:00:00Z"), at("2026-11-12T08:00:00Z"));
        let mut first = Box::pin(player.until(early));
        assert!(first.as_mut().now_or_never().is_none(), "the keeper is at work");
        assert!(keeper.moved().now_or_never().is_some_and(|moved| moved.is_ok()), "to {early}");
        first.now_or_never().expect("time has come").expect("written");
        let mut second = Box::pin(player.until(late));
        assert!(second.as_mut().now_or_never().is_none(), "the keeper is at work again");
        assert_eq!(clock.now(), early);
        drop(keeper);
        second.now_or_never().expect("nobody else plays").expect("written");
        assert_eq!(clock.now(), late);
    }

    #[test]
    fn who_gives_up_waiting_holds_the_clock() {
        let clock = clock();
        let (one, other) = (clock.join(), clock.join());
        let late = at("2026-11-12T08:00:00Z");
        assert!(one.until(late).now_or_never().is_none(), "given up");
        assert!(other.until(late).now_or_never().is_none(), "the first is at work again");
        assert_eq!(clock.now(), at("2026-11-09T08:00:00Z"));
    }
}
