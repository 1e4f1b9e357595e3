//! Applies events in a unit of work: the book, the reminders and the messages change together.

use anyhow::Context as _;
use async_trait::async_trait;
use platform::{
    bus,
    consumer::{ApplyError, OnEvent},
    id::{CompanyId, ProjectId},
    lane::Lane,
    restored::Difference,
    unit::Unit,
};
use prost::Message as _;
use proto::{
    audit::v1::AuditEvent,
    licensing::v1::LicensingEvent,
    scheduling::v1::{ContactState, SchedulingEvent, scheduling_event::Event},
};
use uuid::Uuid;

use super::{Book, Outcome, audit, contact_id, id, licensing, scheduling};
use crate::Notification;
use crate::book::{OpenBook, tell};
use crate::links::store as links;
use crate::questions::pass_on;
use crate::webhooks::{Heard as Passed, NOBODY_WANTS_ANY};

/// An event of one of the services that are heard.
pub(crate) enum Heard {
    Scheduling(SchedulingEvent),
    Audit(AuditEvent),
    Licensing(LicensingEvent),
}

/// The events that change nothing here and are told nobody. Everything else is looked at.
fn passed_over(source: &str) -> &'static [&'static str] {
    match source {
        "audit" => &[
            "values_recorded",
            "item_waived",
            "limit_overridden",
            "finding_opened",
            "finding_verified",
            "evidence_refreshed",
            "audit_assigned",
            "audit_paused",
            "audit_resumed",
            "files_attached",
            "file_detached",
        ],
        "licensing" => &[
            "licence_status_changed",
            "licence_ordered",
            "licence_order_cancelled",
            "licence_recorded",
            "offer_reserved",
            "offer_accepted",
            "offer_released",
        ],
        _ => &["audit_attempt_opened", "licence_missing", "protocol_voided"],
    }
}

#[async_trait]
impl OnEvent for Notification {
    fn sources(&self) -> &'static [&'static str] {
        &["scheduling", "audit", "licensing"]
    }

    fn ignores(&self, source: &str, kind: &str) -> bool {
        passed_over(source).contains(&kind)
    }

    fn ignores_while(&self) -> &'static str {
        NOBODY_WANTS_ANY
    }

    async fn set_back(
        &self,
        unit: &mut Unit,
        source: &str,
        snapshot: Option<&bus::Message>,
    ) -> Result<Vec<Difference>, ApplyError> {
        self.take_snapshot(unit, source, snapshot).await
    }

    async fn apply(&self, unit: &mut Unit, event: &bus::Message) -> Result<(), ApplyError> {
        let heard = Heard::decode(&event.source, &event.payload)?;
        let Some((company, project)) = heard.about(unit.lane())? else {
            return Ok(());
        };
        let event_id = heard.event_id().map_err(undecodable)?;
        let passed_on = Passed { event_id, source: &event.source, kind: &event.kind, company, project };
        self.pass_on(unit, passed_on, || heard.to_json()).await?;
        if let Heard::Scheduling(SchedulingEvent { event: Some(event), .. }) = &heard {
            unit.project_contact(event).await?;
        }
        let mut open = OpenBook::read(unit.db(), company, project).await?;
        let outcome = heard.hear(&mut open.book).map_err(undecodable)?;
        if let Outcome::Ignored(why) = outcome {
            tracing::debug!(kind = event.kind, why, "event ignored");
        }
        if let Outcome::Told(notices) = &outcome
            && !unit.is_backfill()
        {
            tell(unit, &self.renderer, &open.book.directory, notices).await?;
        }
        let reachable = open.reachable_anew();
        open.keep(unit, &self.reminders).await?;
        for contact in reachable {
            self.send_undelivered(unit, company, contact).await?;
        }
        match &heard {
            Heard::Scheduling(SchedulingEvent { event: Some(event), .. }) => {
                self.follow_contact(unit, company, event).await
            }
            _ => Ok(()),
        }
    }
}

impl Heard {
    pub(crate) fn decode(source: &str, payload: &[u8]) -> Result<Self, ApplyError> {
        let heard = match source {
            "scheduling" => SchedulingEvent::decode(payload).map(Self::Scheduling),
            "audit" => AuditEvent::decode(payload).map(Self::Audit),
            "licensing" => LicensingEvent::decode(payload).map(Self::Licensing),
            _ => return Err(ApplyError::UnknownType),
        };
        let heard = heard.map_err(|e| ApplyError::Undecodable(e.to_string()))?;
        let known = match &heard {
            Self::Scheduling(e) => e.event.is_some(),
            Self::Audit(e) => e.event.is_some(),
            Self::Licensing(e) => e.event.is_some(),
        };
        if known { Ok(heard) } else { Err(ApplyError::UnknownType) }
    }

    /// Company and project; none for events of catalogues and policy, of which people hear nothing.
    fn about(&self, lane: Lane) -> Result<Option<(CompanyId, Option<ProjectId>)>, ApplyError> {
        let (company, project) = match self {
            Self::Scheduling(e) => (&e.company, &e.project),
            Self::Audit(e) => (&e.company, &e.project),
            Self::Licensing(e) => (&e.company, &e.project),
        };
        let Lane::Company(expected) = lane else { return Ok(None) };
        let company: Option<CompanyId> = id(company, "companies").map_err(undecodable)?;
        if company != Some(expected) {
            return Err(ApplyError::Undecodable(format!("company {company:?} on the lane of {expected}")));
        }
        Ok(Some((expected, id(project, "projects").map_err(undecodable)?)))
    }

    pub(crate) fn event_id(&self) -> anyhow::Result<Uuid> {
        let id = match self {
            Self::Scheduling(e) => &e.event_id,
            Self::Audit(e) => &e.event_id,
            Self::Licensing(e) => &e.event_id,
        };
        id.parse().context("event_id")
    }

    /// As the contract has it in JSON.
    pub(crate) fn to_json(&self) -> Result<serde_json::Value, serde_json::Error> {
        match self {
            Self::Scheduling(e) => serde_json::to_value(e),
            Self::Audit(e) => serde_json::to_value(e),
            Self::Licensing(e) => serde_json::to_value(e),
        }
    }

    /// What a snapshot of scheduling's holds.
    pub(crate) fn snapshot(self) -> Vec<SchedulingEvent> {
        match self {
            Self::Scheduling(SchedulingEvent { event: Some(Event::Snapshot(snapshot)), .. }) => {
                snapshot.events
            }
            _ => Vec::new(),
        }
    }

    fn hear(&self, book: &mut Book) -> anyhow::Result<Outcome> {
        match self {
            Self::Scheduling(e) => scheduling(e, book),
            Self::Audit(e) => audit(e, book),
            Self::Licensing(e) => licensing(e, book),
        }
    }
}

impl Notification {
    /// What a contact's end changes outside the book.
    async fn follow_contact(
        &self,
        unit: &mut Unit,
        company: CompanyId,
        event: &Event,
    ) -> Result<(), ApplyError> {
        if let Some(contact) = gone(event) {
            links::delete_of(unit.db(), company, contact_id(contact).map_err(undecodable)?).await?;
        }
        match event {
            Event::ContactReplaced(e) if !e.successor.is_empty() => {
                let from = contact_id(&e.contact).map_err(undecodable)?;
                let successor = contact_id(&e.successor).map_err(undecodable)?;
                pass_on(unit, company, from, successor).await?;
                Ok(self.send_undelivered(unit, company, from).await?)
            }
            Event::ContactAnonymised(e) => {
                let contact = contact_id(&e.contact).map_err(undecodable)?;
                Ok(self.forget(unit, company, contact).await?)
            }
            _ => Ok(()),
        }
    }
}

/// The contact who takes part no more.
fn gone(event: &Event) -> Option<&str> {
    match event {
        Event::ContactCard(card) if matches!(card.state(), ContactState::Left | ContactState::Anonymised) => {
            Some(&card.contact)
        }
        Event::ContactReplaced(e) => Some(&e.contact),
        Event::ContactAnonymised(e) => Some(&e.contact),
        _ => None,
    }
}

pub(crate) fn undecodable(error: anyhow::Error) -> ApplyError {
    ApplyError::Undecodable(format!("{error:#}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fixtures::{COMPANY, PROJECT, book, now, pb},
        project::Project,
    };

    #[test]
    fn what_is_passed_over_changes_nothing_and_is_told_nobody() {
        // The three kinds of envelope begin alike.
        let envelope = SchedulingEvent {
            event_id: uuid::Uuid::from_u128(1).to_string(),
            company: format!("companies/{COMPANY}"),
            project: format!("companies/{COMPANY}/projects/{PROJECT}"),
            occurred_at: pb(now()),
            ..Default::default()
        };
        for source in ["scheduling", "audit", "licensing"] {
            for name in passed_over(source) {
                let (_, number) =
                    proto::event::of(source).iter().find(|(known, _)| known == name).expect("known");
                let payload = [envelope.encode_to_vec(), proto::event::bare(*number)].concat();
                // It was opened before anything else was told of it.
                let mut book = Book { project: Some(Project::new(COMPANY, PROJECT)), ..book() };
                let before = book.clone();
                let outcome = Heard::decode(source, &payload).expect("an event").hear(&mut book);
                assert!(matches!(outcome, Ok(Outcome::Ignored(_))), "{name}: {outcome:?}");
                assert_eq!(book, before, "{name}");
            }
        }
    }
}
