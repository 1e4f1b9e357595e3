//! What happened goes two ways: a line of the history, people by id only, and the public events of
//! the contract. `company/events.rs` and `project/events.rs` say which internal event becomes which.

use jiff::Timestamp;
use platform::{
    Error,
    actor::{self, Actor},
    clock,
    id::{CompanyId, ProjectId},
    name::ProjectName,
    unit::{NewEvent, NewHistory, Unit},
};
use prost::Message as _;
use proto::scheduling::v1::{SchedulingEvent, scheduling_event::Event as Public};
use serde::Serialize;
use uuid::Uuid;

/// Whose events these are, and who brought them about.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    pub company: CompanyId,
    /// None for events of the company.
    pub project: Option<ProjectId>,
    pub actor: &'a Actor,
}

impl Source<'_> {
    fn project_name(&self) -> Option<String> {
        self.project.map(|project| ProjectName { company: self.company, project }.to_string())
    }

    /// Puts a public event on the lane. `kind` is the name of its field in `oneof event`.
    pub fn tell(&self, unit: &mut Unit, kind: &'static str, event: Public, occurred_at: Timestamp) {
        let event_id = Uuid::now_v7();
        let project = self.project_name();
        let message = SchedulingEvent {
            event_id: event_id.to_string(),
            company: format!("companies/{}", self.company),
            project: project.clone().unwrap_or_default(),
            occurred_at: Some(clock::to_wire(occurred_at)),
            recorded_at: Some(clock::to_wire(unit.now())),
            actor: actor::to_proto(self.actor, self.company),
            event: Some(event),
        };
        unit.emit(NewEvent { event_id, kind, project, payload: message.encode_to_vec() });
    }

    /// Puts an internal event into the history; `tag` is the field of its JSON that names it.
    pub fn record(&self, unit: &mut Unit, tag: &str, event: &impl Serialize) -> Result<(), Error> {
        let body = serde_json::to_value(event).map_err(anyhow::Error::from)?;
        let kind = body[tag].as_str().unwrap_or_default().to_owned();
        unit.record(NewHistory {
            kind,
            project: self.project_name(),
            actor: self.actor.in_history(self.company),
            body,
        });
        Ok(())
    }
}
