//! What scheduling's events change here. An event is a fact and is never refused: each meets one
//! cell of the table below.

use async_trait::async_trait;
use jiff::Timestamp;
use platform::{
    Error,
    actor::Actor,
    bus::Message,
    clock,
    consumer::{ApplyError, OnEvent},
    lane::Lane,
    name::{self, ProjectName},
    outcome::Outcome,
    restored::Difference,
    unit::Unit,
};
use prost::Message as _;
use proto::scheduling::v1::{self as pb, scheduling_event::Event};

use crate::{
    Licensing,
    company::{self, Company},
    licences::{self, Licences, Phase, Variant},
};

/// How far a project is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Unknown,
    Open,
    Closed,
}

const NEVER_OPENED: &str = "the project was never opened";
const CLOSED: &str = "the project is over";

/// The events that can change something here.
const HEEDED: [&str; 8] = [
    "company_changed",
    "contact_card",
    "contact_replaced",
    "contact_anonymised",
    "project_opened",
    "variant_chosen",
    "project_cancelled",
    "project_completed",
];

/// Event × state. An event that is not named changes nothing that licensing keeps.
fn outcome(event: &Event, state: State) -> Outcome {
    use Outcome::{Apply, Ignore, Raise};
    use State::{Closed, Open, Unknown};
    match (event, state) {
        (Event::ProjectOpened(_), Unknown) => Apply,
        (Event::ProjectOpened(_), Open | Closed) => Raise("the project was opened before"),
        (Event::VariantChosen(_) | Event::ProjectCancelled(_) | Event::ProjectCompleted(_), Open) => Apply,
        (Event::VariantChosen(_) | Event::ProjectCancelled(_) | Event::ProjectCompleted(_), Unknown) => {
            Raise(NEVER_OPENED)
        }
        (Event::VariantChosen(_), Closed) => Ignore(CLOSED),
        (Event::ProjectCancelled(_) | Event::ProjectCompleted(_), Closed) => {
            Raise("the project ended before")
        }
        _ => Ignore("no concern of licensing"),
    }
}

#[async_trait]
impl OnEvent for Licensing {
    fn sources(&self) -> &'static [&'static str] {
        &["scheduling"]
    }

    fn ignores(&self, source: &str, kind: &str) -> bool {
        proto::event::is_known(source, kind) && !HEEDED.contains(&kind)
    }

    async fn set_back(
        &self,
        unit: &mut Unit,
        _source: &str,
        snapshot: Option<&Message>,
    ) -> Result<Vec<Difference>, ApplyError> {
        self.take_snapshot(unit, snapshot).await
    }

    async fn apply(&self, unit: &mut Unit, message: &Message) -> Result<(), ApplyError> {
        let envelope = decode(message)?;
        let Some(event) = &envelope.event else { return Err(ApplyError::UnknownType) };
        let Lane::Company(company) = message.lane else { return Ok(()) };
        let named = name::company("company", &envelope.company).map_err(undecodable)?;
        if company != named {
            return Err(ApplyError::Undecodable(format!("{} on the lane of {company}", envelope.company)));
        }
        unit.project_contact(event).await?;
        if let Event::CompanyChanged(changed) = event {
            return Ok(company::put(unit, company, facts(changed)?).await?);
        }
        if envelope.project.is_empty() {
            return Ok(());
        }
        let project = ProjectName::parse("project", &envelope.project).map_err(undecodable)?;
        self.apply_to_project(unit, project, event, occurred_at(&envelope)?).await
    }
}

impl Licensing {
    async fn apply_to_project(
        &self,
        unit: &mut Unit,
        project: ProjectName,
        event: &Event,
        occurred_at: Timestamp,
    ) -> Result<(), ApplyError> {
        let stored = licences::find(unit.db(), project).await?;
        let state = stored.as_ref().map_or(State::Unknown, |stored| match stored.value.phase {
            Phase::Open => State::Open,
            Phase::Completed | Phase::Cancelled => State::Closed,
        });
        if !outcome(event, state).applies()? {
            return Ok(());
        }
        let Some(mut stored) = stored else {
            return Ok(licences::insert(unit, project, &Licences::open(occurred_at)).await?);
        };
        let events = match event {
            Event::VariantChosen(chosen) => stored.value.variant_chosen(&self.catalogue, variant(chosen)),
            Event::ProjectCancelled(_) => stored.value.project_cancelled(),
            Event::ProjectCompleted(_) => stored.value.project_completed(),
            _ => return Ok(()),
        };
        Ok(licences::keep(unit, project, &stored, &Actor::System, events).await?)
    }
}

pub(crate) fn decode(message: &Message) -> Result<pb::SchedulingEvent, ApplyError> {
    pb::SchedulingEvent::decode(message.payload.clone()).map_err(|e| ApplyError::Undecodable(e.to_string()))
}

pub(crate) fn variant(chosen: &pb::VariantChosen) -> Variant {
    Variant {
        key: chosen.variant.clone(),
        kind_required: chosen.licence_kind_required,
        licences: chosen.licences.clone(),
    }
}

pub(crate) fn facts(changed: &pb::CompanyChanged) -> Result<Company, ApplyError> {
    let client_since = match changed.client_since.as_str() {
        "" => None,
        day => Some(day.parse().map_err(|_| ApplyError::Undecodable(format!("client_since {day:?}")))?),
    };
    Ok(Company { client_since })
}

fn occurred_at(envelope: &pb::SchedulingEvent) -> Result<Timestamp, ApplyError> {
    let at = envelope.occurred_at.as_ref().and_then(clock::from_wire);
    at.ok_or_else(|| ApplyError::Undecodable("occurred_at is missing".to_owned()))
}

fn undecodable(e: Error) -> ApplyError {
    ApplyError::Undecodable(e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_meets_its_cell_in_every_state() {
        use Outcome::{Apply, Ignore, Raise};
        const OTHER: Outcome = Ignore("no concern of licensing");
        const AGAIN: Outcome = Raise("the project was opened before");
        const ENDED: Outcome = Raise("the project ended before");
        // Event; its outcome for a project that is unknown, open, closed.
        let table = [
            (Event::ProjectOpened(pb::ProjectOpened {}), [Apply, AGAIN, AGAIN]),
            (
                Event::VariantChosen(pb::VariantChosen::default()),
                [Raise(NEVER_OPENED), Apply, Ignore(CLOSED)],
            ),
            (Event::ProjectCancelled(pb::ProjectCancelled::default()), [Raise(NEVER_OPENED), Apply, ENDED]),
            (Event::ProjectCompleted(pb::ProjectCompleted {}), [Raise(NEVER_OPENED), Apply, ENDED]),
            (Event::ContractRecorded(pb::ContractRecorded::default()), [OTHER; 3]),
            (Event::ReadinessDeclared(pb::ReadinessDeclared::default()), [OTHER; 3]),
            (Event::RunStarted(pb::RunStarted::default()), [OTHER; 3]),
        ];
        for (event, expected) in table {
            let got = [State::Unknown, State::Open, State::Closed].map(|state| outcome(&event, state));
            assert_eq!(got, expected, "{event:?}");
        }
    }

    #[test]
    fn what_is_passed_over_changes_nothing_in_any_state() {
        for (name, number) in proto::event::of("scheduling") {
            let event = pb::SchedulingEvent::decode(&*proto::event::bare(*number)).expect("an event");
            let event = event.event.expect("known");
            let states = [State::Unknown, State::Open, State::Closed];
            let of_project = states.map(|state| !matches!(outcome(&event, state), Outcome::Ignore(_)));
            // Of the company and its people, whatever the project's state.
            let of_company = name.starts_with("contact_") || *name == "company_changed";
            assert_eq!(HEEDED.contains(name), of_company || of_project.contains(&true), "{name}");
        }
    }
}
