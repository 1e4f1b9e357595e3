//! The switch within the project: what must stand still, the runs, the integrations after them.

use calendar::Interval;
use jiff::Timestamp;
use proto::refusal::{Refusal, words};

use super::{
    Context, DateKind, Project, ProjectEvent, Stage,
    checks::stage_locked,
    model::Outcome,
    run::{RunGate, RunStep},
    stops::{StopList, Stopped},
};

impl Project {
    /// Systems and applications are confirmed as stopped or disconnected, within the agreed window.
    pub fn confirm_stopped(
        &mut self,
        entries: &[Stopped],
        occurred_at: Option<Timestamp>,
        ctx: &Context,
    ) -> Outcome {
        self.step(ctx, |project| {
            let (lists, window) = (ctx.company.systems.as_ref(), project.agreed_window());
            project.stops.confirm(entries, lists, window, occurred_at, ctx.actor, ctx.now)
        })
    }

    /// Confirmations are taken back.
    pub fn retract_stopped(&mut self, entries: &[(StopList, String)], ctx: &Context) -> Outcome {
        self.step(ctx, |project| project.stops.retract(entries, ctx.actor))
    }

    /// The company stated anew what must stand still: who stops it hears so, once a window is agreed.
    pub fn systems_stated(&self) -> Vec<ProjectEvent> {
        let window = self.agreed_window().filter(|_| self.is_open());
        window.map(|window| ProjectEvent::RunPrepared { stop_at: window.start }).into_iter().collect()
    }

    /// The migration window that is agreed now.
    pub fn agreed_window(&self) -> Option<Interval> {
        self.dates.agreed(DateKind::Migration).map(|agreed| agreed.date.span())
    }

    /// SOFTVIG starts a run inside the agreed window; the window is used by it.
    pub fn start_run(&mut self, occurred_at: Option<Timestamp>, ctx: &Context) -> Outcome {
        let starts_at = occurred_at.unwrap_or(ctx.now);
        self.step(ctx, |project| {
            let agreed = project.dates.agreed(DateKind::Migration);
            let terms = agreed.map_or_else(|| ctx.terms(), |agreed| agreed.terms).migration;
            let terms = terms.ok_or_else(|| {
                stage_locked(
                    Stage::Migration,
                    words("once a variant is chosen", "gdy zostanie wybrany wariant"),
                )
            })?;
            let gate = RunGate {
                unlocked_at: project.unlocked_at(Stage::Migration),
                lists: ctx.company.systems.as_ref(),
                buffers: &project.buffers_running(DateKind::Migration, starts_at, ctx),
                window: project.agreed_window(),
                terms,
                stale: &project.evidence.stale(starts_at),
                licences_missing: &project.licences_missing(ctx),
            };
            let started =
                project.migration.start(&gate, &mut project.stops, occurred_at, ctx.actor, ctx.now)?;
            project.use_date(DateKind::Migration, ctx.now);
            Ok(started)
        })
    }

    /// The databases are up on the new instance: from here the day of the integrations is known.
    pub fn databases_restored(&mut self, occurred_at: Option<Timestamp>, ctx: &Context) -> Outcome {
        self.step(ctx, |project| project.migration.databases_restored(occurred_at, ctx.actor, ctx.now))
    }

    /// The run is finished; the brand list is taken.
    pub fn finish_run(&mut self, occurred_at: Option<Timestamp>, ctx: &Context) -> Outcome {
        self.change(ctx, |project, events| {
            let finished = project.migration.finish(occurred_at, ctx.actor, ctx.now)?;
            events.extend(finished.into_iter().map(ProjectEvent::from));
            if let Some((_, restored, finished)) = project.migration.finished() {
                let (restored, finished) = (restored.occurred_at, finished.occurred_at);
                let brands = &ctx.company.brands;
                let listed = project.integrations.run_finished(restored, finished, brands, ctx.calendar);
                events.extend(listed.into_iter().map(ProjectEvent::from));
            }
            Ok(())
        })
    }

    /// Back to the old instance: announced integration days hold no more, a new window is needed.
    pub fn roll_back(&mut self, reason: &str, occurred_at: Option<Timestamp>, ctx: &Context) -> Outcome {
        self.change(ctx, |project, events| {
            let rolled_back = project.migration.roll_back(reason, occurred_at, ctx.actor, ctx.now)?;
            events.extend(rolled_back.into_iter().map(ProjectEvent::from));
            events.extend(project.integrations.rolled_back().into_iter().map(ProjectEvent::from));
            Ok(())
        })
    }

    /// SOFTVIG corrects when a step of the last run happened.
    pub fn correct_run(
        &mut self,
        step: RunStep,
        occurred_at: Timestamp,
        reason: &str,
        ctx: &Context,
    ) -> Outcome {
        self.step(ctx, |project| project.migration.correct(step, occurred_at, reason, ctx.actor, ctx.now))
    }

    /// SOFTVIG records that a brand's integration works again.
    pub fn restore_brand(&mut self, brand: &str, occurred_at: Option<Timestamp>, ctx: &Context) -> Outcome {
        self.step(ctx, |project| project.integrations.restore(brand, occurred_at, ctx.actor, ctx.now))
    }

    /// SOFTVIG asks the decision contact to do without a brand.
    pub fn propose_drop(&mut self, brand: &str, reason: &str, ctx: &Context) -> Outcome {
        self.step(ctx, |project| project.integrations.propose_drop(brand, reason, ctx.actor, ctx.now))
    }

    /// The decision contact consents to dropping a brand, or does not.
    pub fn answer_drop(&mut self, brand: &str, consent: bool, ctx: &Context) -> Outcome {
        self.step(ctx, |project| project.integrations.answer_drop(brand, consent, ctx.actor, ctx.now))
    }

    /// The company's brands changed: one added before the protocol is signed reopens the stage.
    pub fn brands_changed(&mut self, ctx: &Context) -> Vec<ProjectEvent> {
        self.note(ctx, |project, events| {
            if !project.is_open() {
                return;
            }
            let done = project.stage_state(Stage::Integrations).is_over();
            let added: Vec<_> = ctx
                .company
                .brands
                .iter()
                .flat_map(|brand| project.integrations.add_brand(brand, ctx.now))
                .collect();
            if added.is_empty() {
                return;
            }
            events.extend(added.into_iter().map(ProjectEvent::from));
            let reason = "a brand was added";
            if done {
                let stage = Stage::Integrations;
                events.push(ProjectEvent::StageReopened { stage, reason: reason.to_owned() });
            }
            project.verify_again(reason, ctx, events);
        })
    }

    /// The day of the integrations: the last restoration counts, also of a run that is finished, and so do
    /// the holidays as they are now.
    pub(super) fn count_from_restoration(&mut self, ctx: &Context, events: &mut Vec<ProjectEvent>) {
        if let Some(restored) = self.migration.restored() {
            let (at, brands) = (restored.occurred_at, &ctx.company.brands);
            let announced = self.integrations.databases_restored(at, brands, ctx.calendar, ctx.today());
            events.extend(announced.into_iter().map(ProjectEvent::from));
        }
    }

    /// A command that concerns one part of the project only.
    pub(super) fn step<E: Into<ProjectEvent>>(
        &mut self,
        ctx: &Context,
        part: impl FnOnce(&mut Self) -> Result<Vec<E>, Refusal>,
    ) -> Outcome {
        self.change(ctx, |project, events| {
            events.extend(part(project)?.into_iter().map(Into::into));
            Ok(())
        })
    }
}
