//! The state of every stage, derived from what has happened.

use jiff::{Timestamp, civil::Date};

use super::{AuditNo, Context, DateKind, Project, ProjectEvent, Stage, StageState, StageStatus};

impl Project {
    /// All stages in order. A stage is locked until the one before it is done or skipped.
    pub fn stage_states(&self) -> [(Stage, StageState); 8] {
        let mut before = StageState::Done;
        Stage::ALL.map(|stage| {
            let state = if before.is_over() { self.unlocked_state(stage) } else { StageState::Locked };
            before = state;
            (stage, state)
        })
    }

    /// The state of one stage. `Completed` is done once the project is.
    pub fn stage_state(&self, stage: Stage) -> StageState {
        let states = self.stage_states();
        match states.iter().find(|(s, _)| *s == stage) {
            Some((_, state)) => *state,
            None if self.protocol.is_signed() => StageState::Done,
            None => StageState::Locked,
        }
    }

    /// When the step was done on which the start of an audit or a run rests; none while it is locked.
    pub fn unlocked_at(&self, stage: Stage) -> Option<Timestamp> {
        let done = match stage {
            Stage::Audit1 => self.readiness.declared(),
            Stage::Audit2 => self.audit_1.passed().map(|result| &result.concluded),
            Stage::Migration => self.audit_2.passed().map(|result| &result.concluded),
            _ => None,
        };
        done.filter(|_| self.stage_state(stage) != StageState::Locked).map(|fact| fact.occurred_at)
    }

    /// The first stage that is not over.
    pub fn current_stage(&self) -> Stage {
        let states = self.stage_states();
        states.iter().find(|(_, state)| !state.is_over()).map_or(Stage::Completed, |(stage, _)| *stage)
    }

    /// All stages with the first day on which each can begin.
    pub fn stages(&self, ctx: &Context) -> Vec<StageStatus> {
        let status = |(stage, state): (Stage, StageState)| StageStatus {
            stage,
            state,
            earliest_start: match state {
                StageState::Unlocked => self.earliest_start(stage, ctx),
                _ => None,
            },
        };
        self.stage_states().map(status).into()
    }

    /// What a stage is once it is not locked.
    fn unlocked_state(&self, stage: Stage) -> StageState {
        let audit = |no: AuditNo| {
            let audit = self.audit(no);
            (audit.passed().is_some(), audit.open().is_some())
        };
        let (done, begun) = match stage {
            Stage::Contracting => (
                self.contracting.done.is_some(),
                self.contracting.day().is_some() || self.variant.chosen().is_some(),
            ),
            Stage::Readiness => (self.readiness.declared().is_some(), self.readiness.in_progress()),
            Stage::Audit1 => audit(AuditNo::One),
            Stage::Audit2 => audit(AuditNo::Two),
            Stage::Migration => (self.migration.finished().is_some(), self.migration.in_progress().is_some()),
            Stage::Integrations if self.integrations.is_skipped() => return StageState::Skipped,
            Stage::Integrations => (
                self.integrations.is_over(),
                self.integrations.brands().is_some_and(|brands| brands.values().any(|b| b.is_over())),
            ),
            Stage::Verification => {
                let open = self.verification.open_problems().next().is_some();
                (self.verification.verified().is_some() && !open, open)
            }
            Stage::Acceptance => (self.protocol.is_signed(), self.protocol.open().is_some()),
            Stage::Completed => (true, false),
        };
        match (done, begun) {
            (true, _) => StageState::Done,
            (false, true) => StageState::InProgress,
            (false, false) => StageState::Unlocked,
        }
    }

    /// The first day that buffers and calendar allow for a stage.
    fn earliest_start(&self, stage: Stage, ctx: &Context) -> Option<Date> {
        match stage {
            Stage::Audit1 => self.earliest_day(DateKind::Audit1, ctx),
            Stage::Audit2 => self.earliest_day(DateKind::Audit2, ctx),
            Stage::Migration => self.earliest_day(DateKind::Migration, ctx),
            Stage::Integrations => self.integrations.day(),
            _ => None,
        }
    }

    /// Tells of each stage that is unlocked since the last time.
    pub(super) fn tell_unlocked(&mut self, ctx: &Context, events: &mut Vec<ProjectEvent>) {
        let unlocked: Vec<Stage> = self
            .stage_states()
            .into_iter()
            .filter(|(_, state)| !matches!(state, StageState::Locked | StageState::Skipped))
            .map(|(stage, _)| stage)
            .collect();
        for stage in &unlocked {
            if !self.told_unlocked.contains(stage) {
                let earliest_start = self.earliest_start(*stage, ctx);
                events.push(ProjectEvent::StageUnlocked { stage: *stage, earliest_start });
            }
        }
        self.told_unlocked = unlocked;
    }
}

impl From<DateKind> for Stage {
    fn from(kind: DateKind) -> Self {
        kind.stage()
    }
}
