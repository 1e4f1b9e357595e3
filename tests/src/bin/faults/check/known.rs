//! What anybody must know of a company who has heard these events: folded by the contract alone, without any of
//! the services' code.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
use proto::{
    audit::v1::{AuditEvent, audit_event::Event as Audit},
    common::v1::planned_date,
    licensing::v1::{LicenceStatusChanged, LicensingEvent, licensing_event::Event as Licensing},
    scheduling::v1::{
        ContactCard, ContactState, DateKind, SchedulingEvent, Stage, StageDate, VariantChosen,
        scheduling_event::Event as Scheduling,
    },
};

#[derive(Debug, Default)]
pub struct Known {
    pub display_name: String,
    pub client_since: String,
    /// The last card of each contact, by id; of one who has left the last with roles.
    pub contacts: BTreeMap<String, Person>,
    pub projects: BTreeMap<String, Project>,
}

#[derive(Clone, Debug)]
pub struct Person {
    pub card: ContactCard,
    pub active: bool,
}

#[derive(Debug, Default)]
pub struct Project {
    pub variant: Option<VariantChosen>,
    /// In the order in which they were opened.
    pub attempts: Vec<Attempt>,
    /// "completed" or "cancelled".
    pub closed: Option<&'static str>,
    pub stage: Stage,
    pub entries: BTreeMap<DateKind, Entry>,
    /// When the integrations come back that wait, once it is announced.
    pub integrations_day: Option<Date>,
    /// How far each brand's integration is.
    pub integrations: BTreeMap<String, Integration>,
    /// By attempt, whether it passed.
    pub results: BTreeMap<String, bool>,
    pub licence: Option<LicenceStatusChanged>,
    /// By item, until when it is fresh.
    pub evidence: BTreeMap<String, Option<Timestamp>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Integration {
    Waiting,
    Restored,
    Dropped,
}

#[derive(Debug)]
pub struct Attempt {
    pub id: String,
    pub audit: i32,
    pub number: i32,
    pub voided: bool,
}

/// The newest agreement on a date.
#[derive(Clone, Debug)]
pub struct Entry {
    pub agreement: String,
    pub first_day: Date,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    /// From when on a reminder is of no use; of a whole day its end.
    pub begins_at: Timestamp,
    pub live: bool,
}

impl Known {
    pub fn scheduling(&mut self, heard: &SchedulingEvent) {
        let Some(event) = &heard.event else { return };
        match event {
            Scheduling::CompanyChanged(changed) => {
                self.display_name.clone_from(&changed.display_name);
                self.client_since.clone_from(&changed.client_since);
            }
            Scheduling::ContactCard(card) => self.card(card),
            Scheduling::ContactReplaced(replaced) => {
                if let Some(person) = self.contacts.get_mut(id(&replaced.contact)) {
                    person.active = false;
                }
            }
            _ if heard.project.is_empty() => {}
            _ => self.projects.entry(id(&heard.project).to_owned()).or_default().scheduling(event),
        }
    }

    fn card(&mut self, card: &ContactCard) {
        let key = id(&card.contact).to_owned();
        let active = card.state() == ContactState::Active;
        let mut card = card.clone();
        if let (false, Some(known)) = (active, self.contacts.get(&key)) {
            card.roles.clone_from(&known.card.roles);
        }
        self.contacts.insert(key, Person { card, active });
    }

    pub fn audit(&mut self, heard: &AuditEvent) {
        let project = self.projects.entry(id(&heard.project).to_owned()).or_default();
        match &heard.event {
            Some(Audit::AuditConcluded(concluded)) => {
                project.results.insert(concluded.attempt.clone(), concluded.passed);
            }
            Some(Audit::EvidenceRefreshed(refreshed)) => {
                let until = |e: &proto::audit::v1::Evidence| {
                    e.valid_until.as_ref().and_then(platform::clock::from_wire)
                };
                project.evidence.extend(refreshed.evidence.iter().map(|e| (e.item.clone(), until(e))));
            }
            _ => {}
        }
    }

    pub fn licensing(&mut self, heard: &LicensingEvent) {
        if let Some(Licensing::LicenceStatusChanged(status)) = &heard.event {
            let project = self.projects.entry(id(&heard.project).to_owned()).or_default();
            project.licence = Some(status.clone());
        }
    }
}

impl Project {
    fn scheduling(&mut self, event: &Scheduling) {
        match event {
            Scheduling::ProjectOpened(_) => self.stage = Stage::Contracting,
            Scheduling::VariantChosen(chosen) => self.variant = Some(chosen.clone()),
            Scheduling::AuditAttemptOpened(opened) => self.attempts.push(Attempt {
                id: opened.attempt.clone(),
                audit: opened.audit,
                number: opened.number,
                voided: false,
            }),
            Scheduling::AuditAttemptVoided(voided) => {
                for attempt in self.attempts.iter_mut().filter(|attempt| attempt.id == voided.attempt) {
                    attempt.voided = true;
                }
            }
            Scheduling::DateAgreed(agreed) if self.closed.is_none() => {
                if let Some(date) = &agreed.date {
                    self.entries.insert(date.kind(), entry(&agreed.agreement, date));
                }
            }
            Scheduling::DateWithdrawn(withdrawn) => {
                for entry in self.entries.values_mut().filter(|e| e.agreement == withdrawn.agreement) {
                    entry.live = false;
                }
            }
            Scheduling::ReadinessWithdrawn(_) => self.stage = Stage::Readiness,
            Scheduling::StageUnlocked(unlocked) => {
                self.stage = unlocked.stage();
                if self.stage == Stage::Verification {
                    self.nothing_waits();
                }
            }
            Scheduling::StageReopened(reopened) => {
                self.stage = reopened.stage();
                if self.stage == Stage::Migration {
                    self.without_integrations();
                }
            }
            Scheduling::IntegrationsAnnounced(announced) if self.closed.is_none() => {
                self.integrations_day = announced.day.parse().ok();
                self.nothing_waits();
                let waiting = announced.brands.iter().map(|brand| (brand.clone(), Integration::Waiting));
                self.integrations.extend(waiting);
            }
            Scheduling::IntegrationsCancelled(_) | Scheduling::RunRolledBack(_) => {
                self.without_integrations()
            }
            Scheduling::IntegrationRestored(e) => {
                self.integrations.insert(e.brand.clone(), Integration::Restored);
            }
            Scheduling::IntegrationDropped(e) => {
                self.integrations.insert(e.brand.clone(), Integration::Dropped);
            }
            Scheduling::IntegrationReopened(e) => {
                self.integrations.insert(e.brand.clone(), Integration::Waiting);
            }
            Scheduling::ProjectCompleted(_) => self.close("completed"),
            Scheduling::ProjectCancelled(_) => self.close("cancelled"),
            _ => {}
        }
    }

    fn close(&mut self, how: &'static str) {
        self.closed = Some(how);
        self.entries.values_mut().for_each(|entry| entry.live = false);
        self.without_integrations();
    }

    fn nothing_waits(&mut self) {
        self.integrations.retain(|_, integration| *integration != Integration::Waiting);
    }

    fn without_integrations(&mut self) {
        self.integrations_day = None;
        self.integrations.clear();
    }

    /// The day for which a brand waits.
    pub fn awaited_day(&self) -> Option<Date> {
        let waits = self.integrations.values().any(|integration| *integration == Integration::Waiting);
        self.integrations_day.filter(|_| waits)
    }
}

fn entry(agreement: &str, date: &StageDate) -> Entry {
    let [starts_at, ends_at] = [&date.starts_at, &date.ends_at]
        .map(|at| at.as_ref().and_then(platform::clock::from_wire).expect("an instant"));
    let planned = date.date.as_ref().and_then(|date| date.date.as_ref());
    let begins_at = match planned {
        Some(planned_date::Date::Day(_)) => ends_at,
        _ => starts_at,
    };
    let agreement = agreement.to_owned();
    Entry { agreement, first_day: calendar::local_day(starts_at), starts_at, ends_at, begins_at, live: true }
}

/// The last word of a resource name.
pub fn id(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or_default()
}
