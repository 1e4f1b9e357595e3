//! A dossier whose project is another at scheduling than was heard of it: its database was restored from a backup.

use std::collections::BTreeMap;

use jiff::Timestamp;
use platform::restored::Difference;
use proto::{
    licensing::v1::{LicensingEvent, licensing_event::Event as Licensing},
    scheduling::v1::{SchedulingEvent, scheduling_event::Event as Scheduling},
};

use super::{Attempt, AttemptState, Dossier, Event, LicenceStatus};

const UNKNOWN: &str = "unknown at scheduling since its database was restored";

/// What scheduling tells of a project, as far as a dossier keeps it.
#[derive(Debug, Default)]
struct Told {
    opened: bool,
    variant: Option<String>,
    /// By id; whether it is voided.
    attempts: BTreeMap<String, bool>,
    closed: Option<String>,
}

impl Told {
    fn read(events: &[&SchedulingEvent]) -> Self {
        let mut told = Self::default();
        for event in events.iter().filter_map(|event| event.event.as_ref()) {
            match event {
                Scheduling::ProjectOpened(_) => told.opened = true,
                Scheduling::VariantChosen(chosen) => told.variant = Some(chosen.variant.clone()),
                Scheduling::AuditAttemptOpened(opened) => {
                    told.attempts.insert(opened.attempt.clone(), false);
                }
                Scheduling::AuditAttemptVoided(voided) => {
                    told.attempts.insert(voided.attempt.clone(), true);
                }
                Scheduling::ProjectCancelled(cancelled) => {
                    told.closed = Some(format!("cancelled: {}", cancelled.reason));
                }
                Scheduling::ProjectCompleted(_) => told.closed = Some("completed".to_owned()),
                _ => {}
            }
        }
        told
    }
}

impl Dossier {
    /// Follows what scheduling tells now. An attempt that it does not know is voided, as scheduling opens another one in
    /// its place; one that it does not hold to be voided counts again.
    pub fn set_back(
        &mut self,
        project: &str,
        events: &[&SchedulingEvent],
        at: Timestamp,
    ) -> (Vec<Difference>, Vec<Event>) {
        let told = Told::read(events);
        if !told.opened {
            let unknown = Difference::between(Some(project), "project", "opened", "");
            return (unknown.into_iter().collect(), self.close(UNKNOWN, at));
        }
        let mut differences = Vec::new();
        let mut differs = |what, here: &str, there: &str| {
            differences.extend(Difference::between(Some(project), what, here, there));
        };
        differs("variant", or_empty(&self.variant), or_empty(&told.variant));
        differs("closed", or_empty(&self.closed), or_empty(&told.closed));
        (self.variant, self.closed) = (told.variant, told.closed);
        let mut happened = Vec::new();
        let attempts: Vec<_> = self.attempts.iter().map(|a| (a.id, a.is_voided())).collect();
        for (index, (id, voided)) in attempts.into_iter().enumerate() {
            let there = told.attempts.get(&id.to_string()).copied();
            differs("attempt", &words(&id.to_string(), Some(voided)), &words(&id.to_string(), there));
            match (voided, there) {
                (false, None | Some(true)) => happened.extend(self.void(id, UNKNOWN, at)),
                (true, Some(false)) => self.attempts[index].count_again(),
                (true, None | Some(true)) | (false, Some(false)) => {}
            }
        }
        (differences, happened)
    }

    /// Follows what licensing tells now, unless the project is over.
    pub fn set_back_licence<'a>(
        &mut self,
        project: &str,
        events: impl Iterator<Item = &'a LicensingEvent>,
    ) -> Vec<Difference> {
        if self.closed.is_some() {
            return Vec::new();
        }
        let last = events.filter_map(|event| match &event.event {
            Some(Licensing::LicenceStatusChanged(status)) => Some(status),
            _ => None,
        });
        let told = last.last().map(LicenceStatus::of);
        let words = |status: &Option<LicenceStatus>| {
            status.as_ref().map_or_else(String::new, |status| match status.missing.as_slice() {
                [] => format!("{}: complete", status.variant),
                missing => format!("{}: missing {}", status.variant, missing.join(", ")),
            })
        };
        let before = std::mem::replace(&mut self.licence, told);
        let difference =
            Difference::between(Some(project), "licence_status", words(&before), words(&self.licence));
        difference.into_iter().collect()
    }
}

impl Attempt {
    fn count_again(&mut self) {
        self.state = match self.conclusion().cloned() {
            Some(conclusion) => AttemptState::Concluded(conclusion),
            None => AttemptState::Open,
        };
        self.revision += 1;
    }
}

fn or_empty(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or_default()
}

fn words(attempt: &str, voided: Option<bool>) -> String {
    match voided {
        Some(true) => format!("attempt {attempt} voided"),
        Some(false) => format!("attempt {attempt} counts"),
        None => String::new(),
    }
}
