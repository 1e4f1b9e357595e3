//! A dossier's parts as the contract's messages.

use jiff::Timestamp;
use platform::{actor, clock::to_wire, etag, files::FileInfo, id::CompanyId, name::ProjectName};
use proto::{audit::v1 as pb, refusal::Refusal};

use super::{
    model::{
        Assignment, Attachment, Attempt, AttemptId, AttemptState, Change, Dossier, Entry, Finding, FindingId,
        FindingState, Import, ImportOutcome, LimitOverride, Origin, Outcome, Pause, Recorded, Verdict,
        Waiver,
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
    let outcomes: Vec<_> = dossier.outcomes(attempt, attempt.judged_day(now)).collect();
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
        assignments: attempt.assignments.iter().map(|a| assignment(a, dossier.company)).collect(),
        pauses: attempt.pauses.iter().map(|p| pause(p, dossier.company)).collect(),
        paused: attempt.is_paused(),
        etag: etag::of(&(attempt.id, attempt.revision)),
        ..pb::Audit::default()
    }
}

/// An audit with everything.
pub fn audit(dossier: &Dossier, id: AttemptId, now: Timestamp) -> Result<pb::Audit, Refusal> {
    let attempt = dossier.attempt(id)?;
    let day = attempt.judged_day(now);
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
        let waiver = dossier.waiver_of(attempt, &item.key, day).map(|w| waiver_message(w, dossier.company));
        let overridden = dossier.override_of(attempt, item, day);
        let limit_override = overridden.map(|o| limit_override(o, dossier.company));
        let attachments =
            dossier.attachments(attempt, &item.key).map(|a| attachment(a, dossier.company)).collect();
        pb::AuditItem { waiver, limit_override, attachments, ..audit_item(dossier, attempt, item, outcome) }
    });
    Ok(pb::Audit {
        sections: list_view::sections(&attempt.checklist),
        facts: facts.collect(),
        items: items.collect(),
        imports: attempt.imports.iter().map(|i| import(i, dossier.company)).collect(),
        ..audit_summary(dossier, attempt, now)
    })
}

fn audit_item(dossier: &Dossier, attempt: &Attempt, item: &Item, outcome: Outcome) -> pb::AuditItem {
    let entry = attempt.entries.get(&item.key);
    let refreshed = attempt.refreshed.get(&item.key);
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
        history: [entry, refreshed].into_iter().flat_map(|e| history(e, dossier.company)).collect(),
        refreshed: refreshed.map(|e| recorded(&e.current, dossier.company)),
        ..pb::AuditItem::default()
    }
}

pub fn waiver_message(waiver: &Waiver, company: CompanyId) -> pb::Waiver {
    pb::Waiver {
        approver: waiver.terms.approver.clone(),
        reason: waiver.terms.reason.clone(),
        until: waiver.terms.until.to_string(),
        recorded_at: Some(to_wire(waiver.recorded_at)),
        recorded_by: actor::to_proto(&waiver.by, company),
        files: FileInfo::all_to_proto(&waiver.files, company),
    }
}

pub fn attachment(attachment: &Attachment, company: CompanyId) -> pb::Attachment {
    pb::Attachment {
        file: Some(attachment.file.to_proto(company)),
        note: attachment.note.clone(),
        recorded_at: Some(to_wire(attachment.at)),
        recorded_by: actor::to_proto(&attachment.by, company),
    }
}

pub fn limit_override(overridden: &LimitOverride, company: CompanyId) -> pb::LimitOverride {
    let LimitOverride { limits, expect, terms, made, .. } = overridden;
    pb::LimitOverride {
        limits: limits.clone(),
        expectation: expect.to_string(),
        approver: terms.approver.clone(),
        reason: terms.reason.clone(),
        until: terms.until.to_string(),
        for_variant: made.is_none(),
        recorded_at: made.as_ref().map(|(_, at, _)| to_wire(*at)),
        recorded_by: made.as_ref().and_then(|(_, _, by)| actor::to_proto(by, company)),
    }
}

pub fn assignment(assignment: &Assignment, company: CompanyId) -> pb::Assignment {
    pb::Assignment {
        auditor: assignment.auditor.clone(),
        note: assignment.note.clone(),
        recorded_at: Some(to_wire(assignment.at)),
        recorded_by: actor::to_proto(&assignment.by, company),
    }
}

pub fn pause(pause: &Pause, company: CompanyId) -> pb::Pause {
    let ended = pause.ended.as_ref();
    pb::Pause {
        reason: pause.reason.clone(),
        paused_at: Some(to_wire(pause.at)),
        paused_by: actor::to_proto(&pause.by, company),
        resumed_at: ended.map(|end| to_wire(end.at)),
        resumed_by: ended.and_then(|end| actor::to_proto(end.by.as_ref()?, company)),
    }
}

fn import(import: &Import, company: CompanyId) -> pb::Import {
    let values = import.values.iter().map(|(key, outcome)| pb::ImportedValue {
        key: key.clone(),
        outcome: match outcome {
            ImportOutcome::Recorded => pb::ImportOutcome::Recorded,
            ImportOutcome::Older => pb::ImportOutcome::Older,
            ImportOutcome::TooEarly => pb::ImportOutcome::TooEarly,
            ImportOutcome::UnknownKey => pb::ImportOutcome::UnknownKey,
            ImportOutcome::Computed => pb::ImportOutcome::Computed,
            ImportOutcome::ByHand => pb::ImportOutcome::ByHand,
            ImportOutcome::Locked => pb::ImportOutcome::Locked,
        }
        .into(),
    });
    pb::Import {
        fingerprint: import.fingerprint.clone(),
        origin: Some(origin(&import.origin)),
        collected_at: Some(to_wire(import.collected_at)),
        recorded_at: Some(to_wire(import.recorded_at)),
        recorded_by: actor::to_proto(&import.by, company),
        values: values.collect(),
    }
}

pub fn origin(origin: &Origin) -> pb::Origin {
    let Origin { collector, version, host } = origin.clone();
    pb::Origin { collector, version, host }
}

/// Two attempts side by side.
pub fn comparison(dossier: &Dossier, base: &Attempt, later: &Attempt, now: Timestamp) -> pb::AuditComparison {
    let items = dossier.compare(base, later, now).into_iter().map(|compared| pb::ItemComparison {
        item: compared.item.key.clone(),
        question: Some(compared.item.question.clone().into()),
        change: change(compared.change).into(),
        before: compared.before.map(|(item, outcome)| item_state(item, outcome)),
        after: compared.after.map(|outcome| item_state(compared.item, outcome)),
    });
    pb::AuditComparison {
        name: audit_name(dossier, later.id),
        base: audit_name(dossier, base.id),
        items: items.collect(),
    }
}

fn item_state(item: &Item, outcome: Outcome) -> pb::ItemState {
    let value = outcome.value.map(|value| format!("{value} {}", item.form.unit()));
    pb::ItemState {
        verdict: verdict(&outcome.verdict).into(),
        value: value.map(|value| value.trim_end().to_owned()).unwrap_or_default(),
        limit: outcome.limit,
        measured_at: outcome.measured_at.map(to_wire),
    }
}

fn change(change: Change) -> pb::Change {
    match change {
        Change::None => pb::Change::None,
        Change::Value => pb::Change::Value,
        Change::Better => pb::Change::Better,
        Change::Worse => pb::Change::Worse,
        Change::Added => pb::Change::Added,
        Change::Removed => pb::Change::Removed,
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
        origin: recorded.origin.as_ref().map(origin),
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
                files: FileInfo::all_to_proto(&step.files, dossier.company),
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

pub fn audit_state(state: &AttemptState) -> pb::AuditState {
    match state {
        AttemptState::Open => pb::AuditState::Open,
        AttemptState::Concluded(c) if c.passed => pb::AuditState::Passed,
        AttemptState::Concluded(_) => pb::AuditState::Failed,
        AttemptState::Voided { .. } => pb::AuditState::Voided,
    }
}

pub fn verdict(verdict: &Verdict) -> pb::Verdict {
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
