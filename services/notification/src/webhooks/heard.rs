//! An event that was heard becomes one delivery for each endpoint that wants it.

use platform::{
    Error, clock,
    id::{CompanyId, ProjectId},
    unit::Unit,
};
use serde_json::Value;
use uuid::Uuid;

use super::{endpoints, payload::payload, queue, settings::NEVER};
use crate::Notification;

/// What of an event an endpoint is chosen by, and its place in the order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heard<'a> {
    pub event_id: Uuid,
    pub source: &'a str,
    /// As in its subject.
    pub kind: &'a str,
    pub company: CompanyId,
    pub project: Option<ProjectId>,
}

impl Notification {
    /// Puts the deliveries in. Old history is none of them, and neither are contact cards.
    pub(crate) async fn pass_on(
        &self,
        unit: &Unit,
        heard: Heard<'_>,
        json: impl FnOnce() -> Result<Value, serde_json::Error>,
    ) -> Result<(), Error> {
        if unit.passes_over() || unit.is_backfill() || heard.kind == NEVER {
            return Ok(());
        }
        let event_type = format!("{}.{}", heard.source, heard.kind);
        let mut wanted_by = endpoints::all(unit.db()).await?;
        wanted_by.retain(|endpoint| endpoint.wants(&event_type, heard.company));
        if wanted_by.is_empty() {
            return Ok(());
        }
        let new = queue::New {
            event_id: heard.event_id,
            event_type: &event_type,
            company: heard.company,
            project: heard.project,
            payload: &json().and_then(|event| payload(&event_type, event)).map_err(anyhow::Error::new)?,
            heard_at: unit.now(),
            trace: unit.trace(),
        };
        for endpoint in &wanted_by {
            queue::insert(unit.db(), endpoint.id, &new, clock::machine_now()).await?;
        }
        Ok(())
    }
}
