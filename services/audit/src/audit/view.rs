//! A dossier's parts as the contract's messages.

use calendar::local_day;
use jiff::Timestamp;
use platform::{actor, clock::to_wire, etag, id::CompanyId, name::ProjectName};
use proto::{audit::v1 as pb, refusal::Refusal};

use super::{
    model::{
        Attempt, AttemptId, AttemptState, Dossier, Entry, Finding, FindingId, FindingState, Outcome,
        Recorded, Verdict, Waiver,
    },
    names::{self, AuditName, FindingName},
};
use crate::checklist::{Item, Severity, Value, view as list_view};

/// The etag of an audit is compared with this.
pub fn audit_part(dossier: &Dossier, id: AttemptId) -> Result<(AttemptId, u64), Refusal> {
    dossier.attempt(id).map(|a| (a.id, a.revision))
}

/// The etag of a finding is compared with this.
pub fn finding_part(dossier: &Dossier, id: FindingId) -> Result<(FindingId, u64), Refusal> {
    dossier.finding(id).map(|f| (f.id, f.revision))
}

pub fn audit_name(dossier: &Dossier, id: AttemptId) -> String {
    AuditName { project: project_name(dossier), id }.to_string()
}

pub fn finding_name(dossier: &Dossier, id: FindingId) -> String {
    FindingName { project: project_name(dossier), id }.to_string()
}

pub fn project_name(dossier: &Dossier) -> ProjectName {
    ProjectName { company: dossier.company, project: dossier.project }
}

/// An audit without its facts and items, as lists show it.
pub fn audit_summary(dossier: &Dossier, attempt: &Attempt, now: Timestamp) -> pb::Audit {
    let conclusion = attempt.conclusion();
    let outcomes: Vec<_> = dossier.outcomes(attempt, judged_day(attempt, now)).collect();
    let keys = |wanted: fn(&Verdict) -> bool| {
        outcomes.iter().filter(move |(_, o)| wanted(&o.verdict)).map(|(item, _)| item.key.clone())
    };
    let facts = attempt.checklist.facts.iter().filter(|fact| attempt.known(&fact.key).is_none());
    pb::Audit {
        name: audit_name(dossier, attempt.id),
        audit: i32::from(u8::from(attempt.audit)),
        number: attempt.number.cast_signed(),
        state: audit_state(&attempt.state).into(),
        variant: attempt.variant.clone(),
        checklist: names::checklist(&attempt.checklist),
        started_at: Some(to_wire(attempt.started_at)),
        concluded_at: conclusion.map(|c| to_wire(c.occurred_at)),
        concluded_by: conclusion.and_then(|c| actor::to_proto(&c.by, dossier.company)),
        passed: conclusion.map(|c| c.passed),
        void_reason: match &attempt.state {
            AttemptState::Voided { reason, .. } => reason.clone(),
            _ => String::new(),
        },
        missing: facts.map(|fact| fact.key.clone()).chain(keys(|v| !v.is_complete())).collect(),
        failing: keys(|v| matches!(v, Verdict::Failed(_))).collect(),
        etag: etag::of(&(attempt.id, attempt.revision)),
        ..pb::Audit::default()
    }
}

/// An audit with everything.
pub fn audit(dossier: &Dossier, id: AttemptId, now: Timestamp) -> Result<pb::Audit, Refusal> {
    let attempt = dossier.attempt(id)?;
    let day = judged_day(attempt, now);
    let facts = attempt.checklist.facts.iter().map(|fact| {
        let entry = attempt.entries.get(&fact.key);
        pb::AuditFact {
            definition: Some(list_view::fact(fact)),
            recorded: entry.map(|e| recorded(&e.current, dossier.company)),
            carried_from: carried_from(dossier, entry),
            history: history(entry, dossier.company),
        }
    });
    let items = dossier.outcomes(attempt, day).map(|(item, outcome)| {
        let waiver = dossier.waiver_of(attempt, &item.key, day);
        audit_item(dossier, attempt, item, outcome, waiver)
    });
    Ok(pb::Audit {
        sections: list_view::sections(&attempt.checklist),
        facts: facts.collect(),
        items: items.collect(),
        ..audit_summary(dossier, attempt, now)
    })
}

/// A concluded audit is shown as it was judged; waivers end on a day.
fn judged_day(attempt: &Attempt, now: Timestamp) -> jiff::civil::Date {
    local_day(attempt.conclusion().map_or(now, |c| c.occurred_at))
}

fn audit_item(
    dossier: &Dossier,
    attempt: &Attempt,
    item: &Item,
    outcome: Outcome,
    waiver: Option<&Waiver>,
) -> pb::AuditItem {
    let entry = attempt.entries.get(&item.key);
    let computed = item.computed.as_ref().and(outcome.value);
    let (waits_for, problem) = match &outcome.verdict {
        Verdict::Waiting(unknown) => (unknown.needs.clone(), unknown.problem.clone()),
        _ => Default::default(),
    };
    pb::AuditItem {
        definition: Some(list_view::item(item)),
        verdict: verdict(&outcome.verdict).into(),
        limit: outcome.limit,
        recorded: entry.map(|e| recorded(&e.current, dossier.company)),
        computed_value: computed.map(|v| v.to_string()).unwrap_or_default(),
        waits_for,
        problem,
        carried_from: carried_from(dossier, entry),
        valid_until: outcome.valid_until.map(to_wire),
        waiver: waiver.map(|w| waiver_message(w, dossier.company)),
        history: history(entry, dossier.company),
        refreshed: attempt.refreshed.get(&item.key).map(|e| recorded(&e.current, dossier.company)),
    }
}

fn waiver_message(waiver: &Waiver, company: CompanyId) -> pb::Waiver {
    pb::Waiver {
        approver: waiver.terms.approver.clone(),
        reason: waiver.terms.reason.clone(),
        until: waiver.terms.until.to_string(),
        recorded_at: Some(to_wire(waiver.recorded_at)),
        recorded_by: actor::to_proto(&waiver.by, company),
    }
}

fn carried_from(dossier: &Dossier, entry: Option<&Entry>) -> String {
    entry.and_then(|e| e.carried_from).map(|id| audit_name(dossier, id)).unwrap_or_default()
}

fn history(entry: Option<&Entry>, company: CompanyId) -> Vec<pb::RecordedValue> {
    entry.map(|e| e.history.iter().map(|r| recorded(r, company)).collect()).unwrap_or_default()
}

fn recorded(recorded: &Recorded, company: CompanyId) -> pb::RecordedValue {
    use pb::recorded_value::Value as Wire;
    pb::RecordedValue {
        value: Some(match &recorded.value {
            Value::Bool(v) => Wire::BoolValue(*v),
            Value::Number(v) => Wire::NumberValue(*v),
            Value::Text(v) => Wire::TextValue(v.clone()),
            Value::Date(v) => Wire::DateValue(v.to_string()),
        }),
        note: recorded.note.clone(),
        measured_at: Some(to_wire(recorded.measured_at)),
        recorded_at: Some(to_wire(recorded.recorded_at)),
        recorded_by: actor::to_proto(&recorded.by, company),
    }
}

/// A finding with its steps.
pub fn finding(dossier: &Dossier, finding: &Finding) -> pb::Finding {
    pb::Finding {
        name: finding_name(dossier, finding.id),
        number: finding.number.cast_signed(),
        audit: audit_name(dossier, finding.attempt),
        item: finding.item.clone(),
        question: Some(finding.question.clone().into()),
        severity: severity(finding.severity).into(),
        measured: finding.measured.clone(),
        limit: finding.limit.clone(),
        state: finding_state(finding.state).into(),
        voided: !dossier.counts(finding.attempt),
        steps: finding
            .steps
            .iter()
            .map(|step| pb::FindingStep {
                state: finding_state(step.state).into(),
                text: step.text.clone(),
                at: Some(to_wire(step.at)),
                actor: actor::to_proto(&step.by, dossier.company),
            })
            .collect(),
        etag: etag::of(&(finding.id, finding.revision)),
    }
}

pub fn severity(severity: Severity) -> pb::Severity {
    match severity {
        Severity::Minor => pb::Severity::Minor,
        Severity::Blocking => pb::Severity::Blocking,
    }
}

pub fn finding_state(state: FindingState) -> pb::FindingState {
    match state {
        FindingState::Open => pb::FindingState::Open,
        FindingState::Answered => pb::FindingState::Answered,
        FindingState::Verified => pb::FindingState::Verified,
        FindingState::Rejected => pb::FindingState::Rejected,
    }
}

fn audit_state(state: &AttemptState) -> pb::AuditState {
    match state {
        AttemptState::Open => pb::AuditState::Open,
        AttemptState::Concluded(c) if c.passed => pb::AuditState::Passed,
        AttemptState::Concluded(_) => pb::AuditState::Failed,
        AttemptState::Voided { .. } => pb::AuditState::Voided,
    }
}

fn verdict(verdict: &Verdict) -> pb::Verdict {
    match verdict {
        Verdict::Missing => pb::Verdict::Missing,
        Verdict::Waiting(_) => pb::Verdict::Waiting,
        Verdict::Passed => pb::Verdict::Passed,
        Verdict::Failed(Severity::Minor) => pb::Verdict::FailedMinor,
        Verdict::Failed(Severity::Blocking) => pb::Verdict::FailedBlocking,
        Verdict::Waived => pb::Verdict::Waived,
        Verdict::NotApplicable => pb::Verdict::NotApplicable,
    }
}
