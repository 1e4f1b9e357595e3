//! Migration runs: started, databases restored, finished, or rolled back before that.
//!
//! A start is a command and is judged. What follows are facts, accepted however late; nothing here rolls
//! back by itself.

use calendar::Interval;
use calendar::local_time;
use jiff::{SignedDuration, Timestamp};
use platform::fact::Fact;
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, words},
};
use serde::{Deserialize, Serialize};

use super::{
    MigrationTerms, Stage,
    checks::{by_softvig, keys, licences_in_place, refuse, stage_locked},
    stops::{StopConfirmation, Stops},
};
use crate::{actor::Actor, company::SystemLists};

/// What a start is judged by, besides what is confirmed as stopped.
pub struct RunGate<'a> {
    /// When audit 2 was passed; none while the stage is locked.
    pub unlocked_at: Option<Timestamp>,
    /// Buffers that still run, each by its own name.
    pub buffers: &'a [Violation],
    /// The agreed window; none where none is agreed.
    pub window: Option<Interval>,
    /// What must stand still, as the company has stated it.
    pub lists: Option<&'a SystemLists>,
    /// Planned duration and reserve, as they were when the window was agreed.
    pub terms: MigrationTerms,
    /// Keys of checklist items whose measurement has expired.
    pub stale: &'a [String],
    /// What the licensing service no longer has as in place.
    pub licences_missing: &'a [String],
}

/// How far a run is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    Started,
    Restored {
        restored: Fact,
    },
    Finished {
        restored: Fact,
        finished: Fact,
    },
    RolledBack {
        restored: Option<Fact>,
        rolled_back: Fact,
        reason: String,
    },
    /// Finished, and opened again after verification found a problem; counts no more.
    Reopened {
        restored: Fact,
        finished: Fact,
        reopened: Fact,
        reason: String,
    },
}

impl RunState {
    /// When the first step after the start happened.
    fn first_step(&self) -> Option<Timestamp> {
        match self {
            Self::Started => None,
            Self::Restored { restored }
            | Self::Finished { restored, .. }
            | Self::Reopened { restored, .. }
            | Self::RolledBack { restored: Some(restored), .. } => Some(restored.occurred_at),
            Self::RolledBack { restored: None, rolled_back, .. } => Some(rolled_back.occurred_at),
        }
    }
}

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// From 1.
    pub number: u32,
    /// The agreed window, as it was when the run started.
    pub window: Interval,
    /// When the rollback reserve begins: the window's end less the reserve.
    pub reserve_at: Timestamp,
    pub started: Fact,
    /// What was confirmed as stopped or disconnected for this attempt.
    pub stopped: Vec<StopConfirmation>,
    pub state: RunState,
    reserve_told: bool,
    overrun_told: bool,
}

impl Run {
    /// Neither finished nor rolled back.
    pub fn in_progress(&self) -> bool {
        matches!(self.state, RunState::Started | RunState::Restored { .. })
    }

    /// The last recorded step; what comes next does not lie before it.
    fn last_step(&self) -> &Fact {
        match &self.state {
            RunState::Started => &self.started,
            RunState::Restored { restored } => restored,
            RunState::Finished { finished, .. } => finished,
            RunState::RolledBack { rolled_back, .. } => rolled_back,
            RunState::Reopened { reopened, .. } => reopened,
        }
    }
}

/// A step of a run whose time can be corrected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStep {
    Started,
    Restored,
    Finished,
    RolledBack,
}

/// What changed; `attempt` is the run's number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunEvent {
    Started { attempt: u32, occurred_at: Timestamp, reserve_at: Timestamp, window_ends_at: Timestamp },
    DatabasesRestored { attempt: u32, occurred_at: Timestamp },
    Finished { attempt: u32, occurred_at: Timestamp },
    RolledBack { attempt: u32, occurred_at: Timestamp, reason: String },
    Corrected { attempt: u32, step: RunStep, was: Timestamp, occurred_at: Timestamp, reason: String },
    Reopened { attempt: u32, reason: String },
    ReserveReached { attempt: u32 },
    WindowOverrun { attempt: u32 },
}

impl RunEvent {
    /// See [`ProjectEvent::name`](super::ProjectEvent::name).
    pub fn name(&self) -> &'static str {
        match self {
            Self::Started { .. } => "run_started",
            Self::DatabasesRestored { .. } => "databases_restored",
            Self::Finished { .. } => "run_finished",
            Self::RolledBack { .. } => "run_rolled_back",
            Self::Corrected { .. } => "run_corrected",
            Self::Reopened { .. } => "run_reopened",
            Self::ReserveReached { .. } => "reserve_reached",
            Self::WindowOverrun { .. } => "window_overrun",
        }
    }
}

/// The migration stage of one project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migration {
    runs: Vec<Run>,
}

impl Migration {
    /// In order of their numbers.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// The run that is neither finished nor rolled back.
    pub fn in_progress(&self) -> Option<&Run> {
        self.runs.last().filter(|run| run.in_progress())
    }

    /// The run that counts, with the last restoration of its databases and its end.
    pub fn finished(&self) -> Option<(&Run, &Fact, &Fact)> {
        let run = self.runs.last()?;
        match &run.state {
            RunState::Finished { restored, finished } => Some((run, restored, finished)),
            _ => None,
        }
    }

    /// When the databases of the last run came up, unless it was rolled back or reopened.
    pub fn restored(&self) -> Option<&Fact> {
        match &self.runs.last()?.state {
            RunState::Restored { restored } | RunState::Finished { restored, .. } => Some(restored),
            _ => None,
        }
    }

    /// Whether `VARIANT_FROZEN` holds: from a run's start until it is rolled back, and once one is finished.
    pub fn freezes_variant(&self) -> bool {
        self.runs.iter().any(|run| !matches!(run.state, RunState::RolledBack { .. }))
    }

    /// The number of the run that would be started next.
    pub fn next_number(&self) -> u32 {
        self.runs.last().map_or(1, |last| last.number + 1)
    }

    /// SOFTVIG starts a run. Takes over what is confirmed in `stops`.
    pub fn start(
        &mut self,
        gate: &RunGate<'_>,
        stops: &mut Stops,
        occurred_at: Option<Timestamp>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<RunEvent>, Refusal> {
        let started = Fact::new(by, occurred_at, now);
        let mut violations = Vec::from_iter(by_softvig(by));
        violations.extend(self.start_locked(gate));
        let last_step = self.runs.last().map(|run| run.last_step().occurred_at);
        let steps_before = [gate.unlocked_at, last_step, stops.last_confirmed()];
        violations.extend(started.out_of_range(steps_before.into_iter().flatten().max()));
        violations.extend_from_slice(gate.buffers);
        violations.extend(licences_in_place(gate.licences_missing));
        if !gate.stale.is_empty() {
            violations.push(
                Violation::new(ErrorReason::EvidenceStale)
                    .asked(keys("expired", "po terminie ważności", &gate.stale.join(", ")))
                    .allowed(words("once measured again", "gdy pomiar będzie powtórzony")),
            );
        }
        violations.extend(stops.not_stopped(gate.lists, gate.window));
        let window = match fits(gate, started.occurred_at) {
            Ok(window) => window,
            Err(violation) => return Err(refuse(violations, violation)),
        };
        Refusal::unless_empty(violations)?;
        let run = Run {
            number: self.next_number(),
            window,
            reserve_at: window.end - SignedDuration::from_hours(i64::from(gate.terms.reserve_hours)),
            started,
            stopped: stops.take_confirmed(),
            state: RunState::Started,
            reserve_told: false,
            overrun_told: false,
        };
        let event = RunEvent::Started {
            attempt: run.number,
            occurred_at: run.started.occurred_at,
            reserve_at: run.reserve_at,
            window_ends_at: window.end,
        };
        self.runs.push(run);
        Ok(vec![event])
    }

    fn start_locked(&self, gate: &RunGate<'_>) -> Option<Violation> {
        let why = if gate.unlocked_at.is_none() {
            words("once audit 2 is passed", "gdy audyt II będzie zaliczony")
        } else if self.in_progress().is_some() {
            words("once the run in progress is rolled back", "gdy trwająca migracja będzie wycofana")
        } else if self.finished().is_some() {
            words(
                "once migration is reopened: a run is finished",
                "po ponownym otwarciu etapu: migracja jest zakończona",
            )
        } else {
            return None;
        };
        Some(stage_locked(Stage::Migration, why))
    }

    /// What time alone brings: the reserve begins, the window ends. Each is told once for a run.
    pub fn tick(&mut self, now: Timestamp) -> Vec<RunEvent> {
        let Some(run) = self.runs.last_mut().filter(|run| run.in_progress()) else {
            return Vec::new();
        };
        let attempt = run.number;
        let mut events = Vec::new();
        if now >= run.reserve_at && !std::mem::replace(&mut run.reserve_told, true) {
            events.push(RunEvent::ReserveReached { attempt });
        }
        if now >= run.window.end && !std::mem::replace(&mut run.overrun_told, true) {
            events.push(RunEvent::WindowOverrun { attempt });
        }
        events
    }

    /// When `tick` next has something to say.
    pub fn next_tick(&self) -> Option<Timestamp> {
        let run = self.in_progress()?;
        match (run.reserve_told, run.overrun_told) {
            (false, _) => Some(run.reserve_at),
            (true, false) => Some(run.window.end),
            (true, true) => None,
        }
    }
}

/// `RUN_OUTSIDE_WINDOW` unless the start lies in the window and the planned duration and the reserve fit behind it.
fn fits(gate: &RunGate<'_>, start: Timestamp) -> Result<Interval, Violation> {
    let violation = Violation::new(ErrorReason::RunOutsideWindow).asked(local_time(start));
    let Some(window) = gate.window else {
        return Err(violation
            .allowed(words("once a migration window is agreed", "gdy okno migracji będzie ustalone")));
    };
    let latest = window.end - gate.terms.length();
    if window.start <= start && start <= latest {
        return Ok(window);
    }
    Err(violation.allowed(format!("{}/{}", local_time(window.start), local_time(latest))))
}

mod steps;
#[cfg(test)]
mod tests;
