//! Events that stop their lanes, and messages that fit none.

use proto::{operations::v1 as pb, refusal::Refusal};

use super::{Operations, company, content, may};
use crate::{
    call::Call,
    clock,
    core::Core,
    error::Error,
    name,
    page::PageRequest,
    parked::{Parked, Place},
    text,
};

const PATTERN: &str = "services/{service}/parkedEvents/{event}";

impl Operations {
    /// RPC `ListParkedEvents`.
    pub async fn list_parked_events(
        &self,
        call: Call,
        request: pb::ListParkedEventsRequest,
    ) -> Result<pb::ListParkedEventsResponse, Error> {
        may(&call)?;
        let core = self.parent(&request.parent)?;
        let page = core.parked(PageRequest { size: request.page_size, token: &request.page_token }).await?;
        let parked_events = page
            .items
            .into_iter()
            .map(|event| to_proto(core, Parked { trace: None, follows: None, ..event }));
        Ok(pb::ListParkedEventsResponse {
            parked_events: parked_events.collect(),
            next_page_token: page.next_page_token,
        })
    }

    /// RPC `GetParkedEvent`.
    pub async fn get_parked_event(
        &self,
        call: Call,
        request: pb::GetParkedEventRequest,
    ) -> Result<pb::ParkedEvent, Error> {
        may(&call)?;
        let (core, place) = self.place(&request.name)?;
        let event = core.parked_at(&place).await?.ok_or_else(|| Error::not_found(&request.name))?;
        let payload = core.parked_payload(&place).await?;
        let content = payload.and_then(|payload| content(&place.source, &payload));
        Ok(pb::ParkedEvent { content, ..to_proto(core, event) })
    }

    /// RPC `ReplayParkedEvent`.
    pub async fn replay_parked_event(
        &self,
        call: Call,
        request: pb::ReplayParkedEventRequest,
    ) -> Result<pb::ReplayParkedEventResponse, Error> {
        may(&call)?;
        let (core, place) = self.place(&request.name)?;
        core.replay_parked(&call.principal, call.ticket()?, &place).await?;
        Ok(pb::ReplayParkedEventResponse { name: request.name })
    }

    /// RPC `DropParkedEvent`.
    pub async fn drop_parked_event(
        &self,
        call: Call,
        request: pb::DropParkedEventRequest,
    ) -> Result<pb::DropParkedEventResponse, Error> {
        may(&call)?;
        let (core, place) = self.place(&request.name)?;
        Refusal::unless_empty(text::note("reason", &request.reason).into_iter().collect())?;
        core.drop_parked(&call.principal, call.ticket()?, &place, request.reason.trim()).await?;
        Ok(pb::DropParkedEventResponse { name: request.name })
    }

    /// RPC `ListStrays`.
    pub async fn list_strays(
        &self,
        call: Call,
        request: pb::ListStraysRequest,
    ) -> Result<pb::ListStraysResponse, Error> {
        may(&call)?;
        let strays = self.parent(&request.parent)?.strays().await?.into_iter().map(|stray| pb::Stray {
            subject: stray.subject,
            error: stray.error,
            receive_time: Some(clock::to_wire(stray.received_at)),
        });
        Ok(pb::ListStraysResponse { strays: strays.collect() })
    }

    fn place(&self, name: &str) -> Result<(&Core, Place), Error> {
        let [service, event] = name::parts("name", PATTERN, name)?;
        let place = Place::parse(event);
        let place = place.ok_or_else(|| Error::invalid("name", name, "{source}.{lane}.{number}"))?;
        Ok((self.find(service, name)?, place))
    }
}

fn to_proto(core: &Core, event: Parked) -> pb::ParkedEvent {
    pb::ParkedEvent {
        name: core.name_of(&event.place),
        company: company(event.place.lane),
        source: event.place.source,
        sequence: event.place.seq,
        event_id: event.event_id,
        kind: event.kind,
        error: event.error,
        receive_time: Some(clock::to_wire(event.received_at)),
        record_time: Some(clock::to_wire(event.recorded_at)),
        behind: event.behind,
        anonymisations_behind: event.anonymisations,
        traceparent: event.trace.unwrap_or_default(),
        follows: event.follows.unwrap_or_default(),
        size_bytes: event.size,
        content: None,
    }
}
