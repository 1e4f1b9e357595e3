//! What happens to a run after its start: facts, their corrections, and the reopening of a finished run.

use calendar::local_time;
use jiff::Timestamp;
use platform::{fact::Fact, text};
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, Words, words},
};

use super::{Migration, Run, RunEvent, RunState, RunStep};
use crate::{
    actor::Actor,
    project::{
        Stage,
        checks::{by_softvig, refuse, stage_locked},
    },
};

impl Migration {
    /// The databases are up on the new instance. Recorded again, the last time counts.
    pub fn databases_restored(
        &mut self,
        occurred_at: Option<Timestamp>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<RunEvent>, Refusal> {
        let restored = Fact::new(by, occurred_at, now);
        let locked = words("while a run is in progress", "w trakcie migracji");
        let run = self.next_step(None, locked, &restored, by)?;
        let event = RunEvent::DatabasesRestored { attempt: run.number, occurred_at: restored.occurred_at };
        run.state = RunState::Restored { restored };
        Ok(vec![event])
    }

    /// The run is finished: the company works on the new instance.
    pub fn finish(
        &mut self,
        occurred_at: Option<Timestamp>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<RunEvent>, Refusal> {
        let finished = Fact::new(by, occurred_at, now);
        let locked = words(
            "once the databases of a run in progress are restored",
            "gdy bazy trwającej migracji będą odtworzone",
        );
        let run = self.next_step(None, locked, &finished, by)?;
        let RunState::Restored { restored } = &run.state else {
            return Err(stage_locked(
                Stage::Migration,
                words("once the databases are restored", "gdy bazy będą odtworzone"),
            )
            .into());
        };
        let event = RunEvent::Finished { attempt: run.number, occurred_at: finished.occurred_at };
        run.state = RunState::Finished { restored: restored.clone(), finished };
        Ok(vec![event])
    }

    /// Back to the old instance, at any point before finished; `ROLLBACK_CLOSED` after.
    pub fn roll_back(
        &mut self,
        reason: &str,
        occurred_at: Option<Timestamp>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<RunEvent>, Refusal> {
        let rolled_back = Fact::new(by, occurred_at, now);
        if let Some((run, _, finished)) = self.finished() {
            let (number, at) = (run.number, local_time(finished.occurred_at));
            return Err(Violation::new(ErrorReason::RollbackClosed)
                .asked(words(
                    format!("run {number}, finished {at}"),
                    format!("migracja {number}, zakończona {at}"),
                ))
                .allowed(words("until the run is finished", "dopóki migracja nie jest zakończona"))
                .into());
        }
        let blank = text::note("reason", reason);
        let locked = words("while a run is in progress", "w trakcie migracji");
        let run = self.next_step(blank, locked, &rolled_back, by)?;
        let restored = match &run.state {
            RunState::Restored { restored } => Some(restored.clone()),
            _ => None,
        };
        let reason = reason.trim().to_owned();
        let event = RunEvent::RolledBack {
            attempt: run.number,
            occurred_at: rolled_back.occurred_at,
            reason: reason.clone(),
        };
        run.state = RunState::RolledBack { restored, rolled_back, reason };
        Ok(vec![event])
    }

    /// The run in progress, once a fact about it is found to be SOFTVIG's and in its order of time.
    /// `fault`: what else is wrong with the request.
    fn next_step(
        &mut self,
        fault: Option<Violation>,
        locked: Words,
        fact: &Fact,
        by: &Actor,
    ) -> Result<&mut Run, Refusal> {
        let mut violations: Vec<_> = by_softvig(by).into_iter().chain(fault).collect();
        let Some(run) = self.runs.last_mut().filter(|run| run.in_progress()) else {
            return Err(refuse(violations, stage_locked(Stage::Migration, locked)));
        };
        violations.extend(fact.out_of_range(Some(run.last_step().occurred_at)));
        Refusal::unless_empty(violations)?;
        Ok(run)
    }

    /// SOFTVIG corrects when a step of the last run happened, between its neighbours, and says why.
    pub fn correct(
        &mut self,
        step: RunStep,
        occurred_at: Timestamp,
        reason: &str,
        by: &Actor,
        now: Timestamp,
    ) -> Result<Vec<RunEvent>, Refusal> {
        let corrected = Fact::new(by, Some(occurred_at), now);
        let mut violations = Vec::from_iter(by_softvig(by));
        let run = self.runs.last_mut();
        let attempt = run.as_ref().map_or(0, |run| run.number);
        let Some((before, fact, after)) = run.and_then(|run| neighbours(run, step)) else {
            let locked = stage_locked(
                Stage::Migration,
                words(
                    "once the last run has recorded that step",
                    "gdy ten krok ostatniej migracji będzie zapisany",
                ),
            );
            return Err(refuse(violations, locked));
        };
        violations.extend(corrected.outside(Some(before), after.unwrap_or(corrected.recorded_at)));
        violations.extend(text::note("reason", reason));
        Refusal::unless_empty(violations)?;
        let (was, occurred_at) = (fact.occurred_at, corrected.occurred_at);
        *fact = corrected;
        let reason = reason.trim().to_owned();
        Ok(vec![RunEvent::Corrected { attempt, step, was, occurred_at, reason }])
    }

    /// The answer to a problem: the finished run counts no more, and a new window is needed.
    pub fn reopen(&mut self, reason: &str, by: &Actor, now: Timestamp) -> Result<Vec<RunEvent>, Refusal> {
        let mut violations = Vec::from_iter(by_softvig(by));
        violations.extend(text::note("reason", reason));
        let last = self.runs.last_mut();
        let Some((run, restored, finished)) = last.and_then(|run| match run.state.clone() {
            RunState::Finished { restored, finished } => Some((run, restored, finished)),
            _ => None,
        }) else {
            return Err(refuse(
                violations,
                stage_locked(
                    Stage::Migration,
                    words("once a run is finished", "gdy migracja będzie zakończona"),
                ),
            ));
        };
        Refusal::unless_empty(violations)?;
        let reason = reason.trim().to_owned();
        let event = RunEvent::Reopened { attempt: run.number, reason: reason.clone() };
        run.state = RunState::Reopened { restored, finished, reopened: Fact::new(by, None, now), reason };
        Ok(vec![event])
    }
}

/// The step's fact, with the time of the step before it and of the one after it.
fn neighbours(run: &mut Run, step: RunStep) -> Option<(Timestamp, &mut Fact, Option<Timestamp>)> {
    let started = run.started.occurred_at;
    match (step, &mut run.state) {
        // It started in its window, with everything confirmed as stopped.
        (RunStep::Started, state) => {
            let stopped = run.stopped.iter().map(|stop| stop.confirmed.occurred_at);
            let before = stopped.chain([run.window.start]).max().expect("the window's start is among them");
            Some((before, &mut run.started, state.first_step()))
        }
        (RunStep::Restored, RunState::Restored { restored }) => Some((started, restored, None)),
        (RunStep::Restored, RunState::Finished { restored, finished }) => {
            Some((started, restored, Some(finished.occurred_at)))
        }
        (RunStep::Restored, RunState::RolledBack { restored: Some(restored), rolled_back, .. }) => {
            Some((started, restored, Some(rolled_back.occurred_at)))
        }
        (RunStep::Finished, RunState::Finished { restored, finished }) => {
            Some((restored.occurred_at, finished, None))
        }
        (RunStep::RolledBack, RunState::RolledBack { restored, rolled_back, .. }) => {
            let before = restored.as_ref().map_or(started, |r| r.occurred_at);
            Some((before, rolled_back, None))
        }
        _ => None,
    }
}
