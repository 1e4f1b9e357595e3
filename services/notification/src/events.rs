//! What this service tells the others: its public events.

use platform::{
    clock,
    id::{CompanyId, ContactId, ProjectId},
    name::ProjectName,
    unit::{NewEvent, Unit},
};
use prost::Message as _;
use proto::notification::v1::{NotificationEvent, notification_event::Event};
use uuid::Uuid;

use crate::message::MessageId;
use crate::questions::QuestionId;

/// `companies/{company}/contacts/{contact}`
pub fn contact_name(company: CompanyId, contact: ContactId) -> String {
    format!("companies/{company}/contacts/{contact}")
}

/// `companies/{company}/contacts/{contact}/preferences`
pub fn preferences_name(company: CompanyId, contact: ContactId) -> String {
    format!("{}/preferences", contact_name(company, contact))
}

/// `companies/{company}/messages/{message}`
pub fn message_name(company: CompanyId, message: MessageId) -> String {
    format!("companies/{company}/messages/{message}")
}

/// `companies/{company}/questions/{question}`
pub fn question_name(company: CompanyId, question: QuestionId) -> String {
    format!("companies/{company}/questions/{question}")
}

/// The name of a project, or nothing.
pub fn project_name(company: CompanyId, project: Option<ProjectId>) -> String {
    project.map(|project| ProjectName { company, project }.to_string()).unwrap_or_default()
}

/// Puts an event on the unit's lane; returns its id.
pub fn emit(unit: &mut Unit, company: CompanyId, project: Option<ProjectId>, event: Event) -> Uuid {
    let event_id = Uuid::now_v7();
    let now = Some(clock::to_wire(unit.now()));
    let kind = kind(&event);
    let public = NotificationEvent {
        event_id: event_id.to_string(),
        company: format!("companies/{company}"),
        project: project_name(company, project),
        occurred_at: now,
        recorded_at: now,
        event: Some(event),
    };
    unit.emit(NewEvent {
        event_id,
        kind,
        project: Some(public.project.clone()).filter(|p| !p.is_empty()),
        payload: public.encode_to_vec(),
    });
    event_id
}

fn kind(event: &Event) -> &'static str {
    match event {
        Event::MessageSent(_) => "message_sent",
        Event::MessageGivenUp(_) => "message_given_up",
        Event::MessageBounced(_) => "message_bounced",
        Event::AddressUndeliverable(_) => "address_undeliverable",
        Event::AddressCleared(_) => "address_cleared",
        Event::ContactPreferencesChanged(_) => "contact_preferences_changed",
        Event::QuestionAsked(_) => "question_asked",
        Event::QuestionAnswered(_) => "question_answered",
        Event::Snapshot(_) => "snapshot",
    }
}
