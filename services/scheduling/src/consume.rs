//! What the events of other services change here, by the service that tells them. An event is a fact
//! and is never refused: each meets one cell of a table, event × state, in the folder of what it
//! changes.

use async_trait::async_trait;
use jiff::Timestamp;
use platform::{
    bus::Message,
    clock,
    consumer::{ApplyError, OnEvent},
    id::CompanyId,
    lane::Lane,
    name,
    unit::Unit,
};
use prost::Message as _;
use proto::notification::v1::NotificationEvent;

use crate::Scheduling;

/// What becomes of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Apply,
    /// Nothing is to be done, and why.
    Ignore(&'static str),
    /// It contradicts what is known here: parked, and so raised to SOFTVIG.
    Raise(&'static str),
}

#[async_trait]
impl OnEvent for Scheduling {
    fn sources(&self) -> &'static [&'static str] {
        &["notification"]
    }

    async fn apply(&self, unit: &mut Unit, message: &Message) -> Result<(), ApplyError> {
        let Lane::Company(company) = message.lane else { return Ok(()) };
        let envelope = NotificationEvent::decode(message.payload.clone())
            .map_err(|e| ApplyError::Undecodable(e.to_string()))?;
        let Some(event) = &envelope.event else { return Err(ApplyError::UnknownType) };
        of_company(company, &envelope.company)?;
        self.apply_to_contact(unit, company, event, occurred_at(envelope.occurred_at.as_ref())?).await
    }
}

/// An event must lie on its company's lane.
pub(crate) fn of_company(lane: CompanyId, named: &str) -> Result<(), ApplyError> {
    match name::company("company", named) {
        Ok(company) if company == lane => Ok(()),
        _ => Err(ApplyError::Undecodable(format!("{named:?} on the lane of {lane}"))),
    }
}

pub(crate) fn occurred_at(at: Option<&pbjson_types::Timestamp>) -> Result<Timestamp, ApplyError> {
    let at = at.and_then(clock::from_wire);
    at.ok_or_else(|| ApplyError::Undecodable("occurred_at is missing".to_owned()))
}
