//! What time alone brings, and when it next will.

use calendar::day_bounds;
use jiff::Timestamp;

use super::{Context, DateKind, Project, ProjectEvent, dates::WithdrawCause, days::Progress};

impl Project {
    /// Carries out what is due at `ctx.now`: missed dates, overdue readiness, the plan of a new day, the
    /// reserve and the end of a run's window. Calling it too often or too early does nothing.
    pub fn tick(&mut self, ctx: &Context) -> Vec<ProjectEvent> {
        self.note(ctx, |project, events| {
            if project.is_open() {
                events.extend(project.migration.tick(ctx.now).into_iter().map(ProjectEvent::from));
            }
        })
    }

    /// The next instant at which `tick` could have an effect, always after `now`: the end of an agreed date,
    /// the next local midnight while dates are agreed or integrations are announced for a later day, or a
    /// run's reserve or end. None: only a command moves the project.
    pub fn next_tick(&self, now: Timestamp) -> Option<Timestamp> {
        if !self.is_open() {
            return None;
        }
        let today = calendar::local_day(now);
        let midnight = day_bounds(today).end;
        let agreed = DateKind::ALL.into_iter().filter_map(|kind| {
            let agreed = self.dates.agreed(kind)?;
            let told = kind == DateKind::Readiness && self.dates.readiness.overdue;
            Some(if told { midnight } else { agreed.ends_at().min(midnight) })
        });
        let ahead = self.integrations.day().is_some_and(|day| day > today);
        let announced = (ahead && !self.integrations.waiting().is_empty()).then_some(midnight);
        agreed.chain(announced).chain(self.migration.next_tick()).min()
    }

    /// `DATE_MISSED` for audits and runs; a readiness day that passes only marks readiness overdue.
    pub(super) fn miss_dates(&mut self, ctx: &Context, events: &mut Vec<ProjectEvent>) {
        for kind in DateKind::ALL {
            let Some(agreed) = self.dates.agreed(kind) else { continue };
            if ctx.now < agreed.ends_at() || self.days().progress(kind) != Progress::Ahead {
                continue;
            }
            let day = agreed.date.day();
            if kind == DateKind::Readiness {
                let slot = &mut self.dates.readiness;
                if !std::mem::replace(&mut slot.overdue, true) {
                    slot.version += 1;
                    events.push(ProjectEvent::ReadinessOverdue { day });
                }
                continue;
            }
            let earliest = self.earliest_day(kind, ctx);
            self.end_date(kind, WithdrawCause::Missed, earliest, ctx.now, events);
        }
    }
}
