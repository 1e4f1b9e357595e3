//! Internal events become the outbox's public messages and the history's lines; in this place only.

use jiff::Timestamp;
use platform::{
    Error,
    actor::{self, Actor},
    clock, files,
    id::CompanyId,
    name::ProjectName,
    unit::{NewEvent, NewHistory, Unit},
};
use prost::Message as _;
use proto::licensing::v1::{self as pb, licensing_event::Event as Public};
use uuid::Uuid;

use crate::{
    catalogue::{LicenceKind, Metric},
    licences::{Event, ReleaseReason, Status, document_to_proto, remark_to_proto},
};

/// Puts the events of one change on the lane, and each into the history.
pub fn emit(unit: &mut Unit, project: ProjectName, actor: &Actor, events: Vec<Event>) -> Result<(), Error> {
    for event in events {
        let body = serde_json::to_value(&event).map_err(anyhow::Error::from)?;
        let kind = body["event"].as_str().unwrap_or_default().to_owned();
        let project_name = Some(project.to_string());
        unit.record(NewHistory {
            kind,
            project: project_name,
            actor: actor.in_history(project.company),
            body,
        });
        if let Some(event) = outgoing(project, actor, event, unit.now()) {
            unit.emit(event);
        }
    }
    Ok(())
}

fn outgoing(project: ProjectName, actor: &Actor, event: Event, now: Timestamp) -> Option<NewEvent> {
    let occurred_at = match &event {
        Event::LicenceOrdered { occurred_at, .. }
        | Event::LicenceOrderCancelled { occurred_at, .. }
        | Event::LicenceRecorded { occurred_at, .. }
        | Event::ProofWithdrawn { occurred_at, .. } => *occurred_at,
        _ => now,
    };
    let (kind, event) = public(event, project.company)?;
    let event_id = Uuid::now_v7();
    let message = pb::LicensingEvent {
        event_id: event_id.to_string(),
        company: format!("companies/{}", project.company),
        project: project.to_string(),
        occurred_at: Some(clock::to_wire(occurred_at)),
        recorded_at: Some(clock::to_wire(now)),
        actor: actor::to_proto(actor, project.company),
        event: Some(event),
    };
    Some(NewEvent { event_id, kind, project: Some(project.to_string()), payload: message.encode_to_vec() })
}

/// The public event with the name of its field; none for what is nobody else's business.
fn public(event: Event, company: CompanyId) -> Option<(&'static str, Public)> {
    Some(match event {
        Event::NeedsSet { .. } => return None,
        Event::LicenceRecommended { kind, note } => (
            "licence_recommended",
            Public::LicenceRecommended(pb::LicenceRecommended { kind: kind_to_proto(Some(kind)), note }),
        ),
        Event::LicenceChosen { kind, previous, metric, .. } => (
            "licence_chosen",
            Public::LicenceChosen(pb::LicenceChosen {
                kind: kind_to_proto(Some(kind)),
                previous: kind_to_proto(previous),
                metric: metric_to_proto(metric),
            }),
        ),
        Event::ChoiceEnded { kind } => (
            "licence_choice_ended",
            Public::LicenceChoiceEnded(pb::LicenceChoiceEnded {
                kind: kind_to_proto(Some(kind)),
                rule: "RUNTIME_ONLY_AUTOSTACJA".to_owned(),
            }),
        ),
        Event::ChoiceOutdated { kind, misfits } => (
            "licence_choice_outdated",
            Public::LicenceChoiceOutdated(pb::LicenceChoiceOutdated {
                kind: kind_to_proto(Some(kind)),
                misfits: misfits.iter().map(remark_to_proto).collect(),
            }),
        ),
        Event::LicenceOrdered { demand, number, supplier, expected_on, files, .. } => (
            "licence_ordered",
            Public::LicenceOrdered(pb::LicenceOrdered {
                demand,
                number,
                supplier,
                expected_on: expected_on.map(|day| day.to_string()).unwrap_or_default(),
                files: files::names_of(files, company),
            }),
        ),
        Event::LicenceOrderCancelled { demand, number, reason, .. } => (
            "licence_order_cancelled",
            Public::LicenceOrderCancelled(pb::LicenceOrderCancelled { demand, number, reason }),
        ),
        Event::LicenceRecorded { demand, document, note, files, .. } => (
            "licence_recorded",
            Public::LicenceRecorded(pb::LicenceRecorded {
                demand,
                note,
                document: Some(document_to_proto(&document)),
                files: files::names_of(files, company),
            }),
        ),
        Event::ProofWithdrawn { demand, reason, .. } => {
            ("proof_withdrawn", Public::ProofWithdrawn(pb::ProofWithdrawn { demand, reason }))
        }
        Event::OfferReserved { offer, expires_at } => (
            "offer_reserved",
            Public::OfferReserved(pb::OfferReserved {
                offer: offer_name(&offer),
                expires_at: expires_at.map(clock::to_wire),
            }),
        ),
        Event::OfferAccepted { offer } => {
            ("offer_accepted", Public::OfferAccepted(pb::OfferAccepted { offer: offer_name(&offer) }))
        }
        Event::OfferReleased { offer, reason } => (
            "offer_released",
            Public::OfferReleased(pb::OfferReleased {
                offer: offer_name(&offer),
                reason: released(reason).into(),
            }),
        ),
        Event::StatusChanged(status) => {
            ("licence_status_changed", Public::LicenceStatusChanged(status_to_proto(status)))
        }
    })
}

fn status_to_proto(status: Status) -> pb::LicenceStatusChanged {
    pb::LicenceStatusChanged {
        complete: status.complete(),
        kind: kind_to_proto(status.kind),
        variant: status.variant,
        missing: status.missing,
    }
}

fn released(reason: ReleaseReason) -> pb::OfferReleaseReason {
    match reason {
        ReleaseReason::GivenBack => pb::OfferReleaseReason::GivenBack,
        ReleaseReason::KindChanged => pb::OfferReleaseReason::LicenceKindChanged,
        ReleaseReason::NoKindDemanded => pb::OfferReleaseReason::NoLicenceKindDemanded,
        ReleaseReason::ProjectCancelled => pb::OfferReleaseReason::ProjectCancelled,
        ReleaseReason::Expired => pb::OfferReleaseReason::Expired,
    }
}

/// `offers/{offer}`.
pub fn offer_name(key: &str) -> String {
    format!("offers/{key}")
}

/// The contract's number of a kind; unspecified for none.
pub fn kind_to_proto(kind: Option<LicenceKind>) -> i32 {
    match kind {
        None => pb::LicenceKind::Unspecified,
        Some(LicenceKind::Standard) => pb::LicenceKind::Standard,
        Some(LicenceKind::Runtime) => pb::LicenceKind::Runtime,
    }
    .into()
}

/// The contract's number of a metric; unspecified for none.
pub fn metric_to_proto(metric: Option<Metric>) -> i32 {
    match metric {
        None => pb::LicenceMetric::Unspecified,
        Some(Metric::PerCore) => pb::LicenceMetric::PerCore,
        Some(Metric::ServerAndCal) => pb::LicenceMetric::ServerAndCal,
    }
    .into()
}
