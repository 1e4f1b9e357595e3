//! What the events of scheduling and licensing change here. An event is a fact and is never refused:
//! each meets one cell of the tables below.

use async_trait::async_trait;
use jiff::Timestamp;
use platform::{
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
use proto::{
    licensing::v1::{self as licensing, licensing_event::Event as Licensing},
    scheduling::v1::{self as scheduling, scheduling_event::Event as Scheduling},
};

use crate::{
    Audits,
    audit::{
        events,
        model::{Dossier, Event, LicenceStatus, Opening},
        store,
    },
    checklist::AuditKind,
};

/// How far a project is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Unknown,
    /// No attempt is open.
    Idle,
    Auditing,
    Closed,
}

const NEVER_OPENED: &str = "the project was never opened";
const CLOSED: &str = "the project is over";
const NO_CONCERN: &str = "no concern of audits";

impl State {
    fn of(dossier: Option<&Dossier>) -> Self {
        match dossier {
            None => Self::Unknown,
            Some(dossier) if dossier.closed.is_some() => Self::Closed,
            Some(dossier) if dossier.attempts.iter().any(|a| a.is_open()) => Self::Auditing,
            Some(_) => Self::Idle,
        }
    }
}

/// The events that can change something here.
fn heeded(source: &str) -> &'static [&'static str] {
    match source {
        "licensing" => &["licence_status_changed"],
        _ => &[
            "company_changed",
            "contact_card",
            "contact_replaced",
            "contact_anonymised",
            "project_opened",
            "variant_chosen",
            "audit_attempt_opened",
            "audit_attempt_voided",
            "project_cancelled",
            "project_completed",
        ],
    }
}

/// Scheduling's event × state.
fn of_scheduling(event: &Scheduling, state: State) -> Outcome {
    use Outcome::{Apply, Ignore, Raise};
    use State::{Auditing, Closed, Idle, Unknown};
    match (event, state) {
        (Scheduling::ProjectOpened(_), Unknown) => Apply,
        // Licensing's lane is another one: its status can come first.
        (Scheduling::ProjectOpened(_), Idle) => Ignore("licensing spoke of the project first"),
        (Scheduling::ProjectOpened(_), Auditing | Closed) => Raise("the project was opened before"),
        (Scheduling::VariantChosen(_), Idle | Auditing) => Apply,
        (Scheduling::VariantChosen(_), Closed) => Ignore(CLOSED),
        (Scheduling::AuditAttemptOpened(_), Idle) => Apply,
        (Scheduling::AuditAttemptOpened(_), Auditing) => Raise("an attempt is open already"),
        (Scheduling::AuditAttemptOpened(_), Closed) => Raise(CLOSED),
        // A concluded attempt is voided too, when the variant changes.
        (Scheduling::AuditAttemptVoided(_), Idle | Auditing) => Apply,
        (Scheduling::AuditAttemptVoided(_), Closed) => Ignore(CLOSED),
        (Scheduling::ProjectCancelled(_) | Scheduling::ProjectCompleted(_), Idle | Auditing) => Apply,
        (Scheduling::ProjectCancelled(_) | Scheduling::ProjectCompleted(_), Closed) => {
            Raise("the project ended before")
        }
        (
            Scheduling::VariantChosen(_)
            | Scheduling::AuditAttemptOpened(_)
            | Scheduling::AuditAttemptVoided(_)
            | Scheduling::ProjectCancelled(_)
            | Scheduling::ProjectCompleted(_),
            Unknown,
        ) => Raise(NEVER_OPENED),
        _ => Ignore(NO_CONCERN),
    }
}

/// Licensing's event × state.
fn of_licensing(event: &Licensing, state: State) -> Outcome {
    match (event, state) {
        (Licensing::LicenceStatusChanged(_), State::Closed) => Outcome::Ignore(CLOSED),
        (Licensing::LicenceStatusChanged(_), State::Unknown | State::Idle | State::Auditing) => {
            Outcome::Apply
        }
        _ => Outcome::Ignore(NO_CONCERN),
    }
}

#[async_trait]
impl OnEvent for Audits {
    fn sources(&self) -> &'static [&'static str] {
        &["scheduling", "licensing"]
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
        match message.source.as_str() {
            "licensing" => self.apply_licensing(unit, message).await,
            _ => self.apply_scheduling(unit, message).await,
        }
    }
}

impl Audits {
    async fn apply_scheduling(&self, unit: &mut Unit, message: &Message) -> Result<(), ApplyError> {
        let envelope: scheduling::SchedulingEvent = decode(message)?;
        let Some(event) = &envelope.event else { return Err(ApplyError::UnknownType) };
        check_company(message.lane, &envelope.company)?;
        if message.lane == Lane::Global {
            return Ok(());
        }
        unit.project_contact(event).await?;
        if let (Scheduling::CompanyChanged(changed), Lane::Company(company)) = (event, message.lane) {
            store::put_company(unit.db(), company, &changed.display_name).await?;
        }
        let outcome = |state| of_scheduling(event, state);
        let at = instant(envelope.occurred_at.as_ref())?;
        self.apply_to_project(unit, &envelope.project, outcome, |dossier| self.follow(dossier, event, at))
            .await
    }

    async fn apply_licensing(&self, unit: &mut Unit, message: &Message) -> Result<(), ApplyError> {
        let envelope: licensing::LicensingEvent = decode(message)?;
        let Some(event) = &envelope.event else { return Err(ApplyError::UnknownType) };
        check_company(message.lane, &envelope.company)?;
        let outcome = |state| of_licensing(event, state);
        self.apply_to_project(unit, &envelope.project, outcome, |dossier| {
            if let Licensing::LicenceStatusChanged(status) = event {
                dossier.licence_told(LicenceStatus::of(status));
            }
            Ok(Vec::new())
        })
        .await
    }

    async fn apply_to_project(
        &self,
        unit: &mut Unit,
        project: &str,
        outcome: impl Fn(State) -> Outcome,
        change: impl Fn(&mut Dossier) -> Result<Vec<Event>, ApplyError>,
    ) -> Result<(), ApplyError> {
        if project.is_empty() {
            return Ok(());
        }
        let project = ProjectName::parse("project", project).map_err(|e| bad(e.to_string()))?;
        let stored = store::find(unit.db(), project).await?;
        let state = State::of(stored.as_ref().map(|stored| &stored.value));
        if !outcome(state).applies()? {
            return Ok(());
        }
        match stored {
            None => {
                let mut dossier = Dossier::new(project.company, project.project);
                let happened = change(&mut dossier)?;
                events::tell(unit, &dossier, &Actor::System, &happened)?;
                store::insert(unit.db(), &dossier).await?;
            }
            Some(mut stored) => {
                let before = stored.value.clone();
                let happened = change(&mut stored.value)?;
                events::tell(unit, &stored.value, &Actor::System, &happened)?;
                store::save(unit.db(), &stored, &before).await?;
            }
        }
        Ok(())
    }

    fn follow(
        &self,
        dossier: &mut Dossier,
        event: &Scheduling,
        at: Timestamp,
    ) -> Result<Vec<Event>, ApplyError> {
        Ok(match event {
            Scheduling::VariantChosen(chosen) => dossier.choose_variant(&chosen.variant, at),
            Scheduling::AuditAttemptOpened(opened) => {
                let opening = opening(opened, at)?;
                let list = self.checklists.get(opening.audit, &opened.checklist).ok_or_else(|| {
                    bad(format!("audit {} has no checklist of version {:?}", opened.audit, opened.checklist))
                })?;
                let overrides = self.checklists.overrides(opening.audit, &opening.variant);
                dossier.open(opening, list, &overrides)
            }
            Scheduling::AuditAttemptVoided(voided) => {
                let attempt =
                    voided.attempt.parse().map_err(|_| bad(format!("attempt {:?}", voided.attempt)))?;
                dossier.void(attempt, &voided.reason, at)
            }
            Scheduling::ProjectCancelled(cancelled) => {
                dossier.close(&format!("cancelled: {}", cancelled.reason), at)
            }
            Scheduling::ProjectCompleted(_) => dossier.close("completed", at),
            _ => Vec::new(),
        })
    }
}

pub(crate) fn decode<T: prost::Message + Default>(message: &Message) -> Result<T, ApplyError> {
    T::decode(message.payload.clone()).map_err(|e| bad(e.to_string()))
}

fn opening(opened: &scheduling::AuditAttemptOpened, started_at: Timestamp) -> Result<Opening, ApplyError> {
    let number = |n: i32, what: &str| u32::try_from(n).map_err(|_| bad(format!("{what} {n}")));
    let audit = u8::try_from(opened.audit).ok().and_then(|n| AuditKind::try_from(n).ok());
    Ok(Opening {
        attempt: opened.attempt.parse().map_err(|_| bad(format!("attempt {:?}", opened.attempt)))?,
        audit: audit.ok_or_else(|| bad(format!("audit {}", opened.audit)))?,
        number: number(opened.number, "number")?,
        variant: opened.variant.clone(),
        data_crosses_link: opened.data_crosses_link,
        window_minutes: number(opened.window_minutes, "window of minutes")?,
        started_at,
    })
}

/// An event of one company on another's lane is forged or broken.
fn check_company(lane: Lane, company: &str) -> Result<(), ApplyError> {
    let Lane::Company(id) = lane else { return Ok(()) };
    match name::ids("company", "companies/{company}", company) {
        Ok([named]) if named == id.0 => Ok(()),
        Ok(_) => Err(bad(format!("{company} on the lane of {id}"))),
        Err(e) => Err(bad(e.to_string())),
    }
}

fn instant(at: Option<&pbjson_types::Timestamp>) -> Result<Timestamp, ApplyError> {
    at.and_then(clock::from_wire).ok_or_else(|| bad("occurred_at is missing"))
}

fn bad(problem: impl Into<String>) -> ApplyError {
    ApplyError::Undecodable(problem.into())
}

#[cfg(test)]
mod tests;
