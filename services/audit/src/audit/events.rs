//! What happened, as the public events of the contract, and as lines of the history.

use jiff::Timestamp;
use platform::{
    Error,
    actor::{self, Actor},
    clock::to_wire,
    files::{self, FileInfo},
    unit::{NewEvent, NewHistory, Unit},
};
use prost::Message as _;
use proto::{
    audit::v1::{self as pb, audit_event::Event as Public},
    refusal::Refusal,
};
use uuid::Uuid;

use super::{
    model::{Dossier, Event, Finding, FindingId},
    view,
};

/// Puts what happened to a dossier into the unit's outbox and history.
pub fn tell(unit: &mut Unit, dossier: &Dossier, actor: &Actor, events: &[Event]) -> Result<(), Error> {
    let project = view::project_name(dossier).to_string();
    for event in events {
        unit.record(NewHistory {
            kind: event.name().to_owned(),
            project: Some(project.clone()),
            actor: actor.in_history(dossier.company),
            body: serde_json::to_value(event).map_err(anyhow::Error::new)?,
        });
        if let Some((kind, occurred_at, public)) = public(dossier, event, unit.now())? {
            let event_id = Uuid::now_v7();
            let message = pb::AuditEvent {
                event_id: event_id.to_string(),
                company: format!("companies/{}", dossier.company),
                project: project.clone(),
                occurred_at: Some(to_wire(occurred_at)),
                recorded_at: Some(to_wire(unit.now())),
                actor: actor::to_proto(actor, dossier.company),
                event: Some(public),
            };
            unit.emit(NewEvent {
                event_id,
                kind,
                project: Some(project.clone()),
                payload: message.encode_to_vec(),
            });
        }
    }
    Ok(())
}

type Told = (&'static str, Timestamp, Public);

/// The name, time and content of a public event; nothing for what other services know already.
fn public(dossier: &Dossier, event: &Event, now: Timestamp) -> Result<Option<Told>, Refusal> {
    let told = |public| Some((event.name(), now, public));
    Ok(match event {
        Event::AttemptOpened { .. }
        | Event::AttemptVoided { .. }
        | Event::ProjectClosed { .. }
        | Event::ValuesImported { .. } => None,
        Event::AttemptAssigned { attempt } => {
            dossier.attempt(*attempt)?.assignments.last().and_then(|last| {
                told(Public::AuditAssigned(pb::AuditAssigned {
                    attempt: attempt.to_string(),
                    auditor: last.auditor.clone(),
                    note: last.note.clone(),
                }))
            })
        }
        Event::AttemptPaused { attempt } => dossier.attempt(*attempt)?.pauses.last().and_then(|last| {
            told(Public::AuditPaused(pb::AuditPaused {
                attempt: attempt.to_string(),
                reason: last.reason.clone(),
            }))
        }),
        Event::AttemptResumed { attempt } => {
            told(Public::AuditResumed(pb::AuditResumed { attempt: attempt.to_string() }))
        }
        Event::ValuesRecorded { attempt, keys, origin } => told(Public::ValuesRecorded(pb::ValuesRecorded {
            attempt: attempt.to_string(),
            keys: keys.clone(),
            origin: origin.as_ref().map(view::origin),
        })),
        Event::FilesAttached { attempt, key, files, note } => {
            told(Public::FilesAttached(pb::FilesAttached {
                attempt: attempt.to_string(),
                item: key.clone(),
                files: files::names_of(files.iter().copied(), dossier.company),
                note: note.clone(),
            }))
        }
        Event::FileDetached { attempt, key, file, reason } => told(Public::FileDetached(pb::FileDetached {
            attempt: attempt.to_string(),
            item: key.clone(),
            file: files::name_of(dossier.company, *file),
            reason: reason.clone(),
        })),
        Event::ItemWaived { attempt, key } => {
            let waiver = dossier.waivers.iter().rev().find(|w| w.attempt == *attempt && w.key == *key);
            waiver.and_then(|waiver| {
                told(Public::ItemWaived(pb::ItemWaived {
                    attempt: attempt.to_string(),
                    item: key.clone(),
                    approver: waiver.terms.approver.clone(),
                    reason: waiver.terms.reason.clone(),
                    until: waiver.terms.until.to_string(),
                    files: names(dossier, &waiver.files),
                }))
            })
        }
        Event::LimitOverridden { attempt, key } => {
            let made = dossier.overrides.iter().rev().find(|o| o.key == *key);
            made.and_then(|made| {
                told(Public::LimitOverridden(pb::LimitOverridden {
                    attempt: attempt.to_string(),
                    item: key.clone(),
                    limits: made.limits.clone(),
                    approver: made.terms.approver.clone(),
                    reason: made.terms.reason.clone(),
                    until: made.terms.until.to_string(),
                }))
            })
        }
        Event::AuditConcluded { attempt } => {
            let attempt = dossier.attempt(*attempt)?;
            attempt.conclusion().map(|conclusion| {
                let concluded = pb::AuditConcluded {
                    attempt: attempt.id.to_string(),
                    audit: i32::from(u8::from(attempt.audit)),
                    number: attempt.number.cast_signed(),
                    passed: conclusion.passed,
                    findings: dossier.unverified().map(|f| summary(dossier, f)).collect(),
                };
                (event.name(), conclusion.occurred_at, Public::AuditConcluded(concluded))
            })
        }
        Event::FindingOpened { finding } => {
            let (finding, ..) = last_step(dossier, *finding)?;
            told(Public::FindingOpened(pb::FindingOpened { finding }))
        }
        Event::FindingAnswered { finding } => {
            let (finding, answer, files) = last_step(dossier, *finding)?;
            told(Public::FindingAnswered(pb::FindingAnswered { finding, answer, files }))
        }
        Event::FindingVerified { finding } => {
            let (finding, note, files) = last_step(dossier, *finding)?;
            told(Public::FindingVerified(pb::FindingVerified { finding, note, files }))
        }
        Event::FindingRejected { finding } => {
            let (finding, reason, files) = last_step(dossier, *finding)?;
            told(Public::FindingRejected(pb::FindingRejected { finding, reason, files }))
        }
        Event::EvidenceRefreshed { attempt } => {
            let evidence = dossier.evidence().into_iter();
            let evidence =
                evidence.map(|e| pb::Evidence { item: e.key, valid_until: e.valid_until.map(to_wire) });
            told(Public::EvidenceRefreshed(pb::EvidenceRefreshed {
                attempt: attempt.to_string(),
                evidence: evidence.collect(),
            }))
        }
    })
}

type Step = (Option<pb::FindingSummary>, String, Vec<String>);

/// The finding, what was said last, and the names of the files that show it.
fn last_step(dossier: &Dossier, id: FindingId) -> Result<Step, Refusal> {
    let finding = dossier.finding(id)?;
    let said = finding.steps.last().map(|step| (step.text.clone(), names(dossier, &step.files)));
    let (text, files) = said.unwrap_or_default();
    Ok((Some(summary(dossier, finding)), text, files))
}

fn names(dossier: &Dossier, files: &[FileInfo]) -> Vec<String> {
    files::names_of(files.iter().map(|file| file.id), dossier.company)
}

fn summary(dossier: &Dossier, finding: &Finding) -> pb::FindingSummary {
    pb::FindingSummary {
        finding: view::finding_name(dossier, finding.id),
        number: finding.number.cast_signed(),
        audit: i32::from(u8::from(finding.audit)),
        item: finding.item.clone(),
        question: Some(finding.question.clone().into()),
        severity: view::severity(finding.severity).into(),
        state: view::finding_state(finding.state).into(),
        measured: finding.measured.clone(),
        limit: finding.limit.clone(),
    }
}
