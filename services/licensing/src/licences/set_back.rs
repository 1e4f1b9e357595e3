//! Licences whose project is another at scheduling than was heard of it: its database was restored from a backup.

use platform::restored::Difference;
use proto::scheduling::v1::{SchedulingEvent, scheduling_event::Event as Scheduling};

use super::{Event, Licences, Phase, Variant};
use crate::{catalogue::Catalogue, consume};

impl Licences {
    /// Follows what scheduling tells now. Of a project that it does not know nothing is kept set aside.
    pub fn set_back(
        &mut self,
        catalogue: &Catalogue,
        project: &str,
        told: &[&SchedulingEvent],
    ) -> (Vec<Difference>, Vec<Event>) {
        let (mut opened, mut variant, mut phase) = (false, None, Phase::Open);
        for event in told.iter().filter_map(|event| event.event.as_ref()) {
            match event {
                Scheduling::ProjectOpened(_) => opened = true,
                Scheduling::VariantChosen(chosen) => variant = Some(consume::variant(chosen)),
                Scheduling::ProjectCancelled(_) => phase = Phase::Cancelled,
                Scheduling::ProjectCompleted(_) => phase = Phase::Completed,
                _ => {}
            }
        }
        if !opened {
            let unknown = Difference::between(Some(project), "project", "opened", "");
            return (unknown.into_iter().collect(), self.project_cancelled());
        }
        let key = |variant: &Option<Variant>| variant.as_ref().map_or_else(String::new, |v| v.key.clone());
        let differences = [
            Difference::between(Some(project), "variant", key(&self.variant), key(&variant)),
            Difference::between(Some(project), "phase", word(self.phase), word(phase)),
        ];
        (self.variant, self.phase) = (variant, phase);
        let mut events = Vec::new();
        if self.phase == Phase::Open {
            self.announce(catalogue, &mut events);
        }
        (differences.into_iter().flatten().collect(), events)
    }
}

fn word(phase: Phase) -> &'static str {
    match phase {
        Phase::Open => "open",
        Phase::Completed => "completed",
        Phase::Cancelled => "cancelled",
    }
}
