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
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    counts: BTreeMap<&'static str, usize>,
    lines: String,
    findings: Vec<String>,
}

impl Log {
    /// Begins now. A quiet one prints only what is said.
    pub fn new(quiet: bool) -> Self {
        Self { began: Instant::now(), quiet, kept: Mutex::default() }
    }

    /// Something was done to something.
    pub fn did(&self, what: &'static str, to: impl Display) {
        *self.kept().counts.entry(what).or_default() += 1;
        self.line(!self.quiet, format_args!("{what}: {to}"));
    }

    /// A line, also in a quiet log.
    pub fn say(&self, line: impl Display) {
        self.line(true, line);
    }

    /// What must not be, and was seen on the way.
    pub fn found(&self, finding: String) {
        self.say(format_args!("FOUND: {finding}"));
        self.kept().findings.push(finding);
    }

    pub fn findings(&self) -> Vec<String> {
        self.kept().findings.clone()
    }

    /// All lines, also those that a quiet log did not print.
    pub fn lines(&self) -> String {
        self.kept().lines.clone()
    }

    fn line(&self, print: bool, line: impl Display) {
        let line = format!("{:7.1} s  {line}", self.seconds());
        if print {
            println!("{line}");
        }
        let lines = &mut self.kept().lines;
        lines.push_str(&line);
        lines.push('\n');
    }

    pub fn seconds(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    /// How often each thing was done.
    pub fn summary(&self) -> String {
        let kept = self.kept();
        let all: Vec<_> = kept.counts.iter().map(|(what, times)| format!("{what} {times}")).collect();
        all.join(", ")
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().expect("nobody panics with the lock")
    }
}
