//! What other services' events, and changes of the company, mean for a project.

use std::collections::BTreeMap;

use jiff::Timestamp;
use platform::{
    Error, actor::Actor, consumer::ApplyError, documents::Stored, id::CompanyId, name::ProjectName,
    outcome::Outcome, unit::Unit,
};
use proto::{
    audit::v1::{self as audit, audit_event::Event as AuditEvent},
    licensing::v1::{self as licensing, licensing_event::Event as LicensingEvent},
};

use super::{
    AuditNo, Project,
    audits::{AttemptId, MinorFinding},
    licence::LicenceStatus,
    parse, store,
};
use crate::{Scheduling, company::CompanyEvent, consume::of_company};

/// How far a project is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Unknown,
    Open,
    Closed,
}

impl State {
    fn of(stored: Option<&Stored<Project>>) -> Self {
        match stored {
            None => Self::Unknown,
            Some(stored) if stored.value.is_open() => Self::Open,
            Some(_) => Self::Closed,
        }
    }
}

const NEVER_OPENED: &str = "the project was never opened";

/// Event of audit × state. A result is kept also by a project that is over.
fn of_audit(event: &AuditEvent, state: State) -> Outcome {
    use Outcome::{Apply, Ignore, Raise};
    match (event, state) {
        (AuditEvent::AuditConcluded(_) | AuditEvent::EvidenceRefreshed(_), State::Unknown) => {
            Raise(NEVER_OPENED)
        }
        (AuditEvent::AuditConcluded(_), State::Open | State::Closed) => Apply,
        (AuditEvent::EvidenceRefreshed(_), State::Open) => Apply,
        (AuditEvent::EvidenceRefreshed(_), State::Closed) => Ignore("no run can start any more"),
        (
            AuditEvent::ValuesRecorded(_)
            | AuditEvent::ItemWaived(_)
            | AuditEvent::LimitOverridden(_)
            | AuditEvent::FilesAttached(_)
            | AuditEvent::FileDetached(_)
            | AuditEvent::AuditAssigned(_)
            | AuditEvent::AuditPaused(_)
            | AuditEvent::AuditResumed(_)
            | AuditEvent::FindingOpened(_)
            | AuditEvent::FindingAnswered(_)
            | AuditEvent::FindingVerified(_)
            | AuditEvent::FindingRejected(_)
            | AuditEvent::Snapshot(_),
            _,
        ) => Ignore("no concern of scheduling"),
    }
}

/// Event of licensing × state.
fn of_licensing(event: &LicensingEvent, state: State) -> Outcome {
    use Outcome::{Apply, Ignore, Raise};
    match (event, state) {
        (LicensingEvent::LicenceStatusChanged(_), State::Unknown) => Raise(NEVER_OPENED),
        (LicensingEvent::LicenceStatusChanged(_), State::Open) => Apply,
        (LicensingEvent::LicenceStatusChanged(_), State::Closed) => Ignore("the project is over"),
        (
            LicensingEvent::LicenceRecommended(_)
            | LicensingEvent::LicenceChosen(_)
            | LicensingEvent::LicenceChoiceEnded(_)
            | LicensingEvent::LicenceChoiceOutdated(_)
            | LicensingEvent::LicenceOrdered(_)
            | LicensingEvent::LicenceOrderCancelled(_)
            | LicensingEvent::LicenceRecorded(_)
            | LicensingEvent::ProofWithdrawn(_)
            | LicensingEvent::OfferReserved(_)
            | LicensingEvent::OfferAccepted(_)
            | LicensingEvent::OfferReleased(_)
            | LicensingEvent::Snapshot(_),
            _,
        ) => Ignore("no concern of scheduling"),
    }
}

impl Scheduling {
    /// An audit's result unlocks the next stage; fresh measurements allow a run.
    pub(crate) async fn apply_audit(
        &self,
        unit: &mut Unit,
        company: CompanyId,
        envelope: &audit::AuditEvent,
        event: &AuditEvent,
        occurred_at: Timestamp,
    ) -> Result<(), ApplyError> {
        of_company(company, &envelope.company)?;
        let stored = store::find(unit.db(), named(company, &envelope.project)?).await?;
        if !of_audit(event, State::of(stored.as_ref())).applies()? {
            return Ok(());
        }
        let Some(stored) = stored else { return Ok(()) };
        match event {
            AuditEvent::AuditConcluded(concluded) => {
                let no = parse::audit("audit", concluded.audit).map_err(undecodable)?;
                let attempt: AttemptId = parse::id("attempt", &concluded.attempt).map_err(undecodable)?;
                let open_minor = concluded.findings.iter().filter_map(|f| open_minor(no, f)).collect();
                let passed = concluded.passed;
                self.act(unit, &Actor::System, stored, |project, ctx| {
                    project.audit_concluded(no, attempt, passed, occurred_at, open_minor, ctx)
                })
                .await?;
            }
            AuditEvent::EvidenceRefreshed(refreshed) => {
                let valid_until = valid_until(refreshed);
                self.act(unit, &Actor::System, stored, |project, ctx| {
                    project.evidence_refreshed(valid_until, ctx)
                })
                .await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// What licensing says of the licences in place (`LICENCE_REQUIRED`).
    pub(crate) async fn apply_licensing(
        &self,
        unit: &mut Unit,
        company: CompanyId,
        envelope: &licensing::LicensingEvent,
        event: &LicensingEvent,
    ) -> Result<(), ApplyError> {
        of_company(company, &envelope.company)?;
        let stored = store::find(unit.db(), named(company, &envelope.project)?).await?;
        if !of_licensing(event, State::of(stored.as_ref())).applies()? {
            return Ok(());
        }
        if let (Some(stored), LicensingEvent::LicenceStatusChanged(changed)) = (stored, event) {
            let status = licence_status(changed);
            self.act(unit, &Actor::System, stored, |project, ctx| project.licence_changed(status, ctx))
                .await?;
        }
        Ok(())
    }

    /// The company changed. Hours, contacts, brands: the open project's dates and integrations are checked
    /// again by the one rule. What must stand still: it is told again.
    pub(crate) async fn surroundings_changed(
        &self,
        unit: &mut Unit,
        actor: &Actor,
        company: CompanyId,
        changed: &[CompanyEvent],
    ) -> Result<(), Error> {
        let Some(stored) = store::find_open(unit.db(), company).await? else { return Ok(()) };
        self.act(unit, actor, stored, |project, ctx| {
            let mut events = project.brands_changed(ctx);
            events.extend(project.recheck(ctx));
            if changed.contains(&CompanyEvent::SystemsStated) {
                events.extend(project.systems_stated());
            }
            events
        })
        .await
    }
}

fn named(company: CompanyId, project: &str) -> Result<ProjectName, ApplyError> {
    let name = ProjectName::parse("project", project).map_err(undecodable)?;
    if name.company != company {
        return Err(ApplyError::Undecodable(format!("{project} on the lane of {company}")));
    }
    Ok(name)
}

/// What audit 2 leaves open goes into the protocol; before it, nothing does.
fn open_minor(no: AuditNo, finding: &audit::FindingSummary) -> Option<MinorFinding> {
    (no == AuditNo::Two && finding.severity() == audit::Severity::Minor).then(|| MinorFinding {
        finding: finding.finding.clone(),
        item: finding.item.clone(),
        text: finding.question.as_ref().map(|question| question.pl.clone()).unwrap_or_default(),
    })
}

/// Until when each item counts, as audit tells it.
pub(super) fn valid_until(refreshed: &audit::EvidenceRefreshed) -> BTreeMap<String, Option<Timestamp>> {
    let until = |e: &audit::Evidence| e.valid_until.as_ref().and_then(platform::clock::from_wire);
    refreshed.evidence.iter().map(|e| (e.item.clone(), until(e))).collect()
}

/// What is in place, as licensing tells it.
pub(super) fn licence_status(changed: &licensing::LicenceStatusChanged) -> LicenceStatus {
    LicenceStatus {
        variant: changed.variant.clone(),
        kind: kind(changed.kind()),
        missing: changed.missing.clone(),
    }
}

fn kind(kind: licensing::LicenceKind) -> Option<String> {
    match kind {
        licensing::LicenceKind::Unspecified => None,
        licensing::LicenceKind::Standard => Some("standard".to_owned()),
        licensing::LicenceKind::Runtime => Some("runtime".to_owned()),
    }
}

fn undecodable(e: impl std::fmt::Display) -> ApplyError {
    ApplyError::Undecodable(e.to_string())
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;
    use crate::consume::heeded;

    #[test]
    fn what_is_passed_over_changes_nothing_in_any_state() {
        let heeds = |outcomes: [Outcome; 3]| outcomes.iter().any(|o| !matches!(o, Outcome::Ignore(_)));
        let states = [State::Unknown, State::Open, State::Closed];
        for (name, number) in proto::event::of("audit") {
            let event = audit::AuditEvent::decode(&*proto::event::bare(*number)).expect("an event");
            let event = event.event.expect("known");
            assert_eq!(heeded("audit").contains(name), heeds(states.map(|s| of_audit(&event, s))), "{name}");
        }
        for (name, number) in proto::event::of("licensing") {
            let event = licensing::LicensingEvent::decode(&*proto::event::bare(*number)).expect("an event");
            let event = event.event.expect("known");
            let heeds = heeds(states.map(|state| of_licensing(&event, state)));
            assert_eq!(heeded("licensing").contains(name), heeds, "{name}");
        }
    }
}
