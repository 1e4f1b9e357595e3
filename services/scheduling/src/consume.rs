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
    restored::Difference,
    unit::Unit,
};
use proto::{audit::v1::AuditEvent, licensing::v1::LicensingEvent, notification::v1::NotificationEvent};

use crate::Scheduling;

/// The events that can change something here.
pub(crate) fn heeded(source: &str) -> &'static [&'static str] {
    match source {
        "audit" => &["audit_concluded", "evidence_refreshed"],
        "licensing" => &["licence_status_changed"],
        _ => &["address_undeliverable", "address_cleared"],
    }
}

#[async_trait]
impl OnEvent for Scheduling {
    fn sources(&self) -> &'static [&'static str] {
        &["audit", "licensing", "notification"]
    }

    fn ignores(&self, source: &str, kind: &str) -> bool {
        proto::event::is_known(source, kind) && !heeded(source).contains(&kind)
    }

    async fn set_back(
        &self,
        unit: &mut Unit,
        source: &str,
        snapshot: Option<&Message>,
    ) -> Result<Vec<Difference>, ApplyError> {
        self.take_snapshot(unit, source, snapshot).await
    }

    async fn apply(&self, unit: &mut Unit, message: &Message) -> Result<(), ApplyError> {
        let Lane::Company(company) = message.lane else { return Ok(()) };
        match message.source.as_str() {
            "audit" => {
                let envelope: AuditEvent = decode(message)?;
                let event = envelope.event.as_ref().ok_or(ApplyError::UnknownType)?;
                let occurred_at = occurred_at(envelope.occurred_at.as_ref())?;
                self.apply_audit(unit, company, &envelope, event, occurred_at).await
            }
            "licensing" => {
                let envelope: LicensingEvent = decode(message)?;
                let event = envelope.event.as_ref().ok_or(ApplyError::UnknownType)?;
                self.apply_licensing(unit, company, &envelope, event).await
            }
            _ => {
                let envelope: NotificationEvent = decode(message)?;
                let event = envelope.event.as_ref().ok_or(ApplyError::UnknownType)?;
                of_company(company, &envelope.company)?;
                self.apply_to_contact(unit, company, event, occurred_at(envelope.occurred_at.as_ref())?).await
            }
        }
    }
}

pub(crate) fn decode<T: prost::Message + Default>(message: &Message) -> Result<T, ApplyError> {
    T::decode(message.payload.clone()).map_err(|e| ApplyError::Undecodable(e.to_string()))
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
