//! The state as the contract shows it.

use platform::{
    Error,
    actor::{self, Actor},
    clock, etag,
    id::CompanyId,
    name::ProjectName,
};
use proto::{common::v1::LocalizedText, licensing::v1 as pb, refusal::words, scheduling::v1 as scheduling};

use super::{
    Calculation, DemandState, Licences, Needs, OtherApplications, Phase, Proof, Status, Variant, calculate,
    resource_name,
};
use crate::{
    catalogue::{Catalogue, Model, Offer},
    events::{kind_to_proto, offer_name},
};

/// The whole resource.
pub(super) fn licensing(catalogue: &Catalogue, project: ProjectName, licences: &Licences) -> pb::Licensing {
    let company = project.company;
    let status = licences.status(catalogue);
    let variant = licences.variant.as_ref();
    let demanded = variant.map_or(&[][..], |variant| &variant.licences);
    pb::Licensing {
        name: resource_name(project),
        state: state(licences.phase, status.as_ref()).into(),
        variant: variant.map(|variant| variant.key.clone()).unwrap_or_default(),
        licence_kind_required: variant.is_some_and(|variant: &Variant| variant.kind_required),
        needs: Some(needs(&licences.needs)),
        recommendation: licences.recommendation.as_ref().map(|made| pb::Recommendation {
            kind: kind_to_proto(Some(made.kind)),
            note: made.note.clone(),
            actor: who(&made.made.by, company),
            recorded_at: Some(clock::to_wire(made.made.recorded_at)),
        }),
        choice: Some(choice(licences, company)),
        offer: Some(reservation(licences, company)),
        demands: demanded.iter().map(|key| demand(catalogue, licences, company, key)).collect(),
        missing: status.map_or_else(|| vec!["variant".to_owned()], |status| status.missing),
        calculations: calculate(catalogue, &licences.needs)
            .into_iter()
            .map(|c| calculation(catalogue, c))
            .collect(),
    }
}

fn state(phase: Phase, status: Option<&Status>) -> pb::LicensingState {
    match phase {
        Phase::Completed | Phase::Cancelled => pb::LicensingState::Closed,
        Phase::Open if status.is_some_and(Status::complete) => pb::LicensingState::Complete,
        Phase::Open => pb::LicensingState::Incomplete,
    }
}

/// The label that a list's state stands for; none for all.
pub(super) fn label(field: &str, number: i32) -> Result<Option<&'static str>, Error> {
    match pb::LicensingState::try_from(number) {
        Ok(pb::LicensingState::Unspecified) => Ok(None),
        Ok(pb::LicensingState::Incomplete) => Ok(Some("incomplete")),
        Ok(pb::LicensingState::Complete) => Ok(Some("complete")),
        Ok(pb::LicensingState::Closed) => Ok(Some("closed")),
        Err(_) => Err(Error::invalid(field, number, words("a LicensingState", "wartość LicensingState"))),
    }
}

fn needs(needs: &Needs) -> pb::Needs {
    let other_applications = match needs.other_applications {
        OtherApplications::Unknown => pb::OtherApplications::Unspecified,
        OtherApplications::No => pb::OtherApplications::No,
        OtherApplications::Yes => pb::OtherApplications::Yes,
    };
    pb::Needs {
        other_applications: other_applications.into(),
        cores: needs.cores.map(int),
        processors: needs.processors.map(int),
        virtual_machine: needs.virtual_machine,
        users: needs.users.map(int),
        devices: needs.devices.map(int),
        etag: etag::of(needs),
    }
}

fn choice(licences: &Licences, company: CompanyId) -> pb::Choice {
    let made = licences.choice.as_ref().map(|choice| &choice.made);
    pb::Choice {
        kind: kind_to_proto(licences.kind()),
        actor: made.and_then(|made| who(&made.by, company)),
        recorded_at: made.map(|made| clock::to_wire(made.recorded_at)),
        etag: etag::of(&licences.choice),
    }
}

fn reservation(licences: &Licences, company: CompanyId) -> pb::OfferReservation {
    let made = licences.offer.as_ref().map(|offer| &offer.made);
    pb::OfferReservation {
        offer: licences.offer.as_ref().map(|reservation| offer_name(&reservation.offer)).unwrap_or_default(),
        actor: made.and_then(|made| who(&made.by, company)),
        recorded_at: made.map(|made| clock::to_wire(made.recorded_at)),
        etag: etag::of(&licences.offer),
    }
}

fn demand(catalogue: &Catalogue, licences: &Licences, company: CompanyId, key: &str) -> pb::Demand {
    let proven = licences.proof(catalogue, key);
    let state = match licences.demand_state(catalogue, key) {
        DemandState::Missing => pb::DemandState::Missing,
        DemandState::InPlace => pb::DemandState::InPlace,
        DemandState::Withdrawn => pb::DemandState::Withdrawn,
    };
    let name = catalogue.licence(key).map(|licence| licence.name.clone().into());
    pb::Demand {
        key: key.to_owned(),
        display_name: Some(name.unwrap_or_else(|| LocalizedText { pl: key.to_owned(), en: key.to_owned() })),
        depends_on_licence_kind: licences.by_kind(catalogue, key),
        state: state.into(),
        proof: proven.map(|proven| proof(proven, company)),
        etag: etag::of(&proven),
    }
}

fn proof(proof: &Proof, company: CompanyId) -> pb::Proof {
    pb::Proof {
        note: proof.note.clone(),
        actor: who(&proof.recorded.by, company),
        occurred_at: Some(clock::to_wire(proof.recorded.occurred_at)),
        recorded_at: Some(clock::to_wire(proof.recorded.recorded_at)),
        withdrawal: proof.withdrawn.as_ref().map(|withdrawn| pb::Withdrawal {
            reason: withdrawn.reason.clone(),
            actor: who(&withdrawn.made.by, company),
            occurred_at: Some(clock::to_wire(withdrawn.made.occurred_at)),
            recorded_at: Some(clock::to_wire(withdrawn.made.recorded_at)),
        }),
    }
}

fn who(actor: &Actor, company: CompanyId) -> Option<scheduling::Actor> {
    actor::to_proto(actor, company)
}

fn calculation(catalogue: &Catalogue, calculation: Calculation) -> pb::Calculation {
    let model = match calculation.model {
        Model::PerCore => "per_core",
        Model::ServerAndCal => "server_and_cal",
    };
    let items = calculation.items.into_iter().map(|item| pb::CalculatedItem {
        key: item.key.to_owned(),
        quantity: int(item.quantity),
        explanation: Some(item.explanation.into()),
    });
    pb::Calculation {
        kind: kind_to_proto(Some(calculation.kind)),
        model: model.to_owned(),
        rules: catalogue.rules.clone(),
        items: items.collect(),
        conditions: calculation.conditions.into_iter().map(Into::into).collect(),
    }
}

/// An offer as one company sees it.
pub(super) fn offer(offer: &Offer, left: u32, available: bool) -> pb::Offer {
    pb::Offer {
        name: offer_name(&offer.key),
        display_name: Some(offer.name.clone().into()),
        description: Some(offer.description.clone().into()),
        kinds: offer.kinds.iter().map(|kind| kind_to_proto(Some(*kind))).collect(),
        valid_from: offer.valid_from.to_string(),
        valid_until: offer.valid_until.to_string(),
        quantity: int(offer.quantity),
        remaining: int(left),
        available,
    }
}

/// A count on the wire; data files and requests hold none that does not fit.
fn int(n: u32) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}
