//! What was done, and when, as it is printed.

use std::{
    collections::BTreeMap,
    fmt::Display,
    sync::{Mutex, MutexGuard},
    time::Instant,
};

/// The run's log. Faults and journeys write into it side by side.
pub struct Log {
    began: Instant,
    quiet: bool,
    counts: Mutex<BTreeMap<&'static str, usize>>,
}

impl Log {
    /// Begins now. A quiet one only counts.
    pub fn new(quiet: bool) -> Self {
        Self { began: Instant::now(), quiet, counts: Mutex::default() }
    }

    /// Something was done to something.
    pub fn did(&self, what: &'static str, to: impl Display) {
        *self.counts().entry(what).or_default() += 1;
        if !self.quiet {
            self.say(format_args!("{what}: {to}"));
        }
    }

    /// A line, also in a quiet log.
    pub fn say(&self, line: impl Display) {
        println!("{:7.1} s  {line}", self.seconds());
    }

    pub fn seconds(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    /// How often each thing was done.
    pub fn summary(&self) -> String {
        let counts = self.counts();
        let all: Vec<_> = counts.iter().map(|(what, times)| format!("{what} {times}")).collect();
        all.join(", ")
    }

    fn counts(&self) -> MutexGuard<'_, BTreeMap<&'static str, usize>> {
        self.counts.lock().expect("nobody panics with the lock")
    }
}
