//! The state as the contract shows it.

use jiff::Timestamp;
use platform::{
    Error,
    actor::{self, Actor},
    clock, etag,
    files::FileInfo,
    id::CompanyId,
    name::ProjectName,
    text::Text,
};
use proto::{common::v1::LocalizedText, licensing::v1 as pb, refusal::words, scheduling::v1 as scheduling};

use super::{
    DemandState, DocumentKind, Form, LicenceDocument, Licences, Needs, Order, OrderState, OtherApplications,
    Owned, Phase, Proof, Question, Status, Variant, Withdrawal, advice, questions, resource_name,
};
use crate::{
    catalogue::{Catalogue, Offer},
    events::{kind_to_proto, metric_to_proto, offer_name},
};

/// The whole resource, with the advice of the local day of `now`.
pub(super) fn licensing(
    catalogue: &Catalogue,
    project: ProjectName,
    licences: &Licences,
    now: Timestamp,
) -> pb::Licensing {
    let mut whole = listed(catalogue, project, licences);
    whole.advice = Some(advice::to_proto(&licences.advice(catalogue, now)));
    if let (Some(shown), Some(made)) = (&mut whole.choice, &licences.choice) {
        shown.advice = Some(advice::to_proto(&made.advice));
    }
    whole
}

/// As a list shows it: without advice, of which a page would be some megabytes.
pub(super) fn listed(catalogue: &Catalogue, project: ProjectName, licences: &Licences) -> pb::Licensing {
    let company = project.company;
    let status = licences.status(catalogue);
    let ordered = |key: &&String| licences.demand_state(catalogue, key) == DemandState::Ordered;
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
        choice: Some(choice(catalogue, licences, company)),
        offer: Some(reservation(licences, company)),
        demands: demanded.iter().map(|key| demand(catalogue, licences, company, key)).collect(),
        missing: status.map_or_else(|| vec!["variant".to_owned()], |status| status.missing),
        advice: None,
        ordered: demanded.iter().filter(ordered).cloned().collect(),
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
    let owned = |owned: &Option<Owned>| owned.as_ref().map_or("", Owned::as_str).to_owned();
    let existing = &needs.existing;
    pb::Needs {
        other_applications: other_applications.into(),
        target_version: needs.target_version.clone().unwrap_or_default(),
        virtual_machine: needs.virtual_machine,
        cores: needs.cores.map(int),
        processors: needs.processors.map(int),
        virtual_cores: needs.virtual_cores.map(int),
        memory_gb: needs.memory_gb.map(int),
        users: needs.users.map(int),
        indirect_users: needs.indirect_users.map(int),
        devices: needs.devices.map(int),
        indirect_devices: needs.indirect_devices.map(int),
        mixed_cals: needs.mixed_cals,
        mix_users: needs.mix_users.map(int),
        mix_devices: needs.mix_devices.map(int),
        windows_version: needs.windows_version.clone().unwrap_or_default(),
        host_cores: needs.host_cores.map(int),
        host_processors: needs.host_processors.map(int),
        existing: Some(pb::ExistingLicences {
            sql_version: owned(&existing.sql_version),
            sql_cores: existing.sql_cores.map(int),
            sql_servers: existing.sql_servers.map(int),
            sql_user_cals: existing.sql_user_cals.map(int),
            sql_device_cals: existing.sql_device_cals.map(int),
            windows_version: owned(&existing.windows_version),
            windows_cores: existing.windows_cores.map(int),
            windows_user_cals: existing.windows_user_cals.map(int),
            windows_device_cals: existing.windows_device_cals.map(int),
        }),
        etag: etag::of(needs),
    }
}

/// All questions, and which comes next.
pub(super) fn questionnaire(
    catalogue: &Catalogue,
    project: ProjectName,
    licences: &Licences,
) -> pb::Questionnaire {
    let questions = questions(catalogue, &licences.needs, licences.variant.as_ref());
    let next = questions.iter().find(|question| question.asked && question.answer.is_none());
    pb::Questionnaire {
        name: resource_name(project),
        next: next.map(|question| question.key.to_owned()).unwrap_or_default(),
        questions: questions.into_iter().map(question).collect(),
        etag: etag::of(&licences.needs),
    }
}

fn question(question: Question) -> pb::Question {
    let kind = match question.form {
        Form::Bool => pb::AnswerKind::Bool,
        Form::Number(_) => pb::AnswerKind::Number,
        Form::Choice(_) => pb::AnswerKind::Choice,
    };
    let (range, choices) = match question.form {
        Form::Bool => (None, Vec::new()),
        Form::Number(range) => (Some(range), Vec::new()),
        Form::Choice(choices) => (None, choices),
    };
    let choice = |(value, text): (String, Text)| pb::AnswerChoice { value, text: Some(text.into()) };
    pb::Question {
        key: question.key.to_owned(),
        text: Some(question.text.into()),
        help: Some(question.help.into()),
        kind: kind.into(),
        minimum: range.as_ref().map(|range| int(*range.start())),
        maximum: range.as_ref().map(|range| int(*range.end())),
        choices: choices.into_iter().map(choice).collect(),
        answer: question.answer.unwrap_or_default(),
        asked: question.asked,
    }
}

fn choice(catalogue: &Catalogue, licences: &Licences, company: CompanyId) -> pb::Choice {
    let choice = licences.choice.as_ref();
    pb::Choice {
        kind: kind_to_proto(licences.kind()),
        actor: choice.and_then(|choice| who(&choice.made.by, company)),
        recorded_at: choice.map(|choice| clock::to_wire(choice.made.recorded_at)),
        etag: etag::of(&licences.choice),
        metric: metric_to_proto(choice.and_then(|choice| choice.metric)),
        advice: None,
        misfits: licences.misfits(catalogue).iter().map(advice::remark_to_proto).collect(),
    }
}

fn reservation(licences: &Licences, company: CompanyId) -> pb::OfferReservation {
    let held = licences.offer.as_ref();
    let made = held.map(|held| &held.made);
    let accepted = held.and_then(|held| held.accepted.as_ref());
    pb::OfferReservation {
        offer: held.map(|held| offer_name(&held.offer)).unwrap_or_default(),
        actor: made.and_then(|made| who(&made.by, company)),
        recorded_at: made.map(|made| clock::to_wire(made.recorded_at)),
        expires_at: held.and_then(|held| held.expires_at).map(clock::to_wire),
        accepted_by: accepted.and_then(|accepted| who(&accepted.by, company)),
        accepted_at: accepted.map(|accepted| clock::to_wire(accepted.recorded_at)),
        etag: etag::of(&licences.offer),
    }
}

fn demand(catalogue: &Catalogue, licences: &Licences, company: CompanyId, key: &str) -> pb::Demand {
    let records = licences.records(catalogue, key);
    let state = match licences.demand_state(catalogue, key) {
        DemandState::Missing => pb::DemandState::Missing,
        DemandState::Ordered => pb::DemandState::Ordered,
        DemandState::InPlace => pb::DemandState::InPlace,
        DemandState::Withdrawn => pb::DemandState::Withdrawn,
    };
    let name = catalogue.licence(key).map(|licence| licence.name.clone().into());
    pb::Demand {
        key: key.to_owned(),
        display_name: Some(name.unwrap_or_else(|| LocalizedText { pl: key.to_owned(), en: key.to_owned() })),
        depends_on_licence_kind: licences.by_kind(catalogue, key),
        state: state.into(),
        proof: records.1.map(|proven| proof(proven, company)),
        etag: etag::of(&records),
        order: records.0.map(|ordered| order(ordered, company)),
    }
}

fn proof(proof: &Proof, company: CompanyId) -> pb::Proof {
    pb::Proof {
        document: Some(document(&proof.document)),
        note: proof.note.clone(),
        actor: who(&proof.recorded.by, company),
        occurred_at: Some(clock::to_wire(proof.recorded.occurred_at)),
        recorded_at: Some(clock::to_wire(proof.recorded.recorded_at)),
        files: FileInfo::all_to_proto(&proof.files, company),
        withdrawal: proof.withdrawn.as_ref().map(|withdrawn| withdrawal(withdrawn, company)),
    }
}

fn order(order: &Order, company: CompanyId) -> pb::LicenceOrder {
    let (state, cancelled) = match &order.state {
        OrderState::Open => (pb::LicenceOrderState::Open, None),
        OrderState::Delivered => (pb::LicenceOrderState::Delivered, None),
        OrderState::Cancelled(cancelled) => (pb::LicenceOrderState::Cancelled, Some(cancelled)),
    };
    pb::LicenceOrder {
        number: order.number.clone(),
        supplier: order.supplier.clone(),
        expected_on: order.expected_on.map(|day| day.to_string()).unwrap_or_default(),
        state: state.into(),
        actor: who(&order.recorded.by, company),
        occurred_at: Some(clock::to_wire(order.recorded.occurred_at)),
        recorded_at: Some(clock::to_wire(order.recorded.recorded_at)),
        files: FileInfo::all_to_proto(&order.files, company),
        cancellation: cancelled.map(|cancelled| withdrawal(cancelled, company)),
    }
}

fn withdrawal(withdrawn: &Withdrawal, company: CompanyId) -> pb::Withdrawal {
    pb::Withdrawal {
        reason: withdrawn.reason.clone(),
        actor: who(&withdrawn.made.by, company),
        occurred_at: Some(clock::to_wire(withdrawn.made.occurred_at)),
        recorded_at: Some(clock::to_wire(withdrawn.made.recorded_at)),
    }
}

/// The document as the contract shows it.
pub(crate) fn document(document: &LicenceDocument) -> pb::LicenceDocument {
    let kind = match document.kind {
        DocumentKind::Invoice => pb::LicenceDocumentKind::Invoice,
        DocumentKind::Certificate => pb::LicenceDocumentKind::Certificate,
    };
    pb::LicenceDocument { kind: kind.into(), number: document.number.clone() }
}

fn who(actor: &Actor, company: CompanyId) -> Option<scheduling::Actor> {
    actor::to_proto(actor, company)
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
        reserved_for_days: offer.reserved_for_days.into(),
        available,
    }
}

/// A count on the wire; data files and requests hold none that does not fit.
pub(super) fn int(n: u32) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}
