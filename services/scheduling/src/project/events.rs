//! Internal events become the outbox's public messages and the history's lines; in this place only.

use jiff::Timestamp;
use platform::{Error, unit::Unit};
use proto::{
    common::v1::ErrorReason,
    scheduling::v1::{self as pb, scheduling_event::Event},
};

use super::{
    AuditNo, Context, DateKind, Project, ProjectEvent, Stage,
    audits::AuditEvent,
    dates::{Agreed, WithdrawCause, Withdrawn},
    integrations::IntegrationEvent,
    proposals::ProposalOutcome,
    protocol::ProtocolEvent,
    readiness::ReadinessEvent,
    run::RunEvent,
    stops::StopList,
    verification::VerificationEvent,
    wire,
};
use crate::events::Source;

/// Puts the events of one change on the lane, and each into the history.
pub(super) fn emit(
    unit: &mut Unit,
    project: &Project,
    ctx: &Context,
    events: Vec<ProjectEvent>,
) -> Result<(), Error> {
    let source = Source { company: project.company, project: Some(project.id), actor: ctx.actor };
    for event in events {
        source.record(unit, event.name(), &event)?;
        let occurred_at = occurred_at(&event).unwrap_or(ctx.now);
        for event in public(event, project, ctx) {
            source.tell(unit, event, occurred_at);
        }
    }
    Ok(())
}

/// When it happened, where that can differ from when it was recorded.
fn occurred_at(event: &ProjectEvent) -> Option<Timestamp> {
    Some(match event {
        ProjectEvent::Readiness(
            ReadinessEvent::Declared { occurred_at } | ReadinessEvent::Corrected { occurred_at, .. },
        )
        | ProjectEvent::Audit { event: AuditEvent::Opened { occurred_at, .. }, .. }
        | ProjectEvent::Run(
            RunEvent::Started { occurred_at, .. }
            | RunEvent::DatabasesRestored { occurred_at, .. }
            | RunEvent::Finished { occurred_at, .. }
            | RunEvent::RolledBack { occurred_at, .. },
        )
        | ProjectEvent::Integrations(IntegrationEvent::Restored { occurred_at, .. })
        | ProjectEvent::Verification(
            VerificationEvent::ProblemReported { occurred_at, .. }
            | VerificationEvent::Verified { occurred_at },
        )
        | ProjectEvent::Protocol(ProtocolEvent::Signed { occurred_at, .. }) => *occurred_at,
        _ => return None,
    })
}

/// What others hear of it; nothing where it is nobody else's business.
pub(super) fn public(event: ProjectEvent, project: &Project, ctx: &Context) -> Vec<Event> {
    let one = |event| vec![event];
    match event {
        ProjectEvent::Opened => one(Event::ProjectOpened(pb::ProjectOpened {})),
        ProjectEvent::ContractRecorded { day, .. } => {
            one(Event::ContractRecorded(pb::ContractRecorded { contract_day: day.to_string() }))
        }
        ProjectEvent::VariantHelpAsked { note } => {
            one(Event::VariantHelpAsked(pb::VariantHelpAsked { note }))
        }
        ProjectEvent::VariantRecommended { variant, note } => {
            one(Event::VariantRecommended(pb::VariantRecommended { variant, note }))
        }
        ProjectEvent::VariantChosen { variant, .. } => one(Event::VariantChosen(pb::VariantChosen {
            demands: variant.licences.iter().chain(&variant.purchases).cloned().collect(),
            variant: variant.key,
            licence_kind_required: variant.licence_kind_required,
            data_crosses_link: variant.data_crosses_link,
            audit_1_checklist: variant.audit_1_checklist,
            audit_2_checklist: variant.audit_2_checklist,
            planned_duration_hours: variant.migration.planned_hours.into(),
            rollback_reserve_hours: variant.migration.reserve_hours.into(),
            licences: variant.licences,
        })),
        ProjectEvent::LicenceMissing { missing } => {
            one(Event::LicenceMissing(pb::LicenceMissing { missing }))
        }
        ProjectEvent::PassHeld { attempt, missing } => {
            one(Event::AuditPassHeld(pb::AuditPassHeld { attempt: attempt.to_string(), missing }))
        }
        ProjectEvent::DatesProposed { proposal, counters } => one(Event::DatesProposed(pb::DatesProposed {
            proposal: proposal.id.to_string(),
            proposed_by: wire::party(proposal.by).into(),
            dates: proposal.dates.iter().map(|(kind, date)| wire::stage_date(*kind, date)).collect(),
            would_withdraw: proposal
                .would_withdraw
                .iter()
                .map(|kind| wire::date_kind(*kind).into())
                .collect(),
            counters: counters.map(|id| id.to_string()).unwrap_or_default(),
        })),
        ProjectEvent::ProposalClosed { proposal, outcome, reason } => {
            one(Event::ProposalClosed(pb::ProposalClosed {
                proposal: proposal.to_string(),
                reason,
                outcome: match outcome {
                    ProposalOutcome::Accepted => "accepted",
                    ProposalOutcome::Countered => "countered",
                    ProposalOutcome::Declined => "declined",
                    ProposalOutcome::Withdrawn => "withdrawn",
                    ProposalOutcome::Invalid => "invalid",
                }
                .to_owned(),
            }))
        }
        ProjectEvent::DateAgreed { kind, agreed, replaces } => {
            date_agreed(project, kind, &agreed, replaces, ctx)
        }
        ProjectEvent::DateWithdrawn(withdrawn) => one(date_withdrawn(withdrawn)),
        ProjectEvent::OverrideRecorded(over) => one(Event::OverrideRecorded(pb::OverrideRecorded {
            kind: wire::date_kind(over.kind).into(),
            rule: over.rule.reason().name().to_owned(),
            day: over.day.to_string(),
            person: over.person,
            note: over.note,
        })),
        ProjectEvent::ReadinessOverdue { day } => {
            one(Event::ReadinessOverdue(pb::ReadinessOverdue { day: day.to_string() }))
        }
        ProjectEvent::StageUnlocked { stage, earliest_start } => {
            let unlocked = Event::StageUnlocked(pb::StageUnlocked {
                stage: wire::stage(stage).into(),
                earliest_start: earliest_start.map(|day| day.to_string()).unwrap_or_default(),
            });
            match stage {
                Stage::Verification => {
                    vec![unlocked, Event::VerificationRequested(pb::VerificationRequested {})]
                }
                _ => one(unlocked),
            }
        }
        ProjectEvent::StageReopened { stage, reason } => {
            one(Event::StageReopened(pb::StageReopened { stage: wire::stage(stage).into(), reason }))
        }
        ProjectEvent::Readiness(event) => readiness(event, project, ctx).into_iter().collect(),
        ProjectEvent::Audit { no, event } => audit(no, event, project, ctx).into_iter().collect(),
        ProjectEvent::RunPrepared { stop_at } => run_prepared(stop_at, ctx).into_iter().collect(),
        // Who stopped what is read from the project; a run tells when all stands still.
        ProjectEvent::Stops(_) => Vec::new(),
        ProjectEvent::Run(event) => run(event).into_iter().collect(),
        ProjectEvent::Integrations(event) => integrations(event, project).into_iter().collect(),
        ProjectEvent::Verification(event) => one(verification(event)),
        ProjectEvent::Protocol(event) => one(protocol(event)),
        ProjectEvent::Cancelled { reason } => one(Event::ProjectCancelled(pb::ProjectCancelled { reason })),
    }
}

fn date_agreed(
    project: &Project,
    kind: DateKind,
    agreed: &Agreed,
    replaces: Option<Agreed>,
    ctx: &Context,
) -> Vec<Event> {
    let date = wire::stage_date(kind, &agreed.date);
    let mut events = vec![Event::DateAgreed(pb::DateAgreed {
        agreement: agreed.id.to_string(),
        date: Some(date),
        provided_that: gate(project, kind).map_or(pb::Stage::Unspecified, wire::stage).into(),
        replaces: replaces.map(|replaced| replaced.id.to_string()).unwrap_or_default(),
    })];
    if let (DateKind::Migration, Some(window)) = (kind, agreed.date.window()) {
        events.extend(run_prepared(window.start.at, ctx));
    }
    events
}

/// What must stand still and from when; nothing as long as the company has not stated it, because two
/// empty lists say that nothing does.
fn run_prepared(stop_at: Timestamp, ctx: &Context) -> Option<Event> {
    let lists = ctx.company.systems.as_ref()?;
    let list = |list| lists.list(list).iter().map(wire::system).collect();
    Some(Event::RunPrepared(pb::RunPrepared {
        systems: list(StopList::Systems),
        applications: list(StopList::Applications),
        stop_at: Some(platform::clock::to_wire(stop_at)),
    }))
}

/// The stage right before, where it is not over: "provided that audit 1 passes".
fn gate(project: &Project, kind: DateKind) -> Option<Stage> {
    let before = match kind {
        DateKind::Readiness => return None,
        DateKind::Audit1 => Stage::Readiness,
        DateKind::Audit2 => Stage::Audit1,
        DateKind::Migration => Stage::Audit2,
    };
    (!project.stage_state(before).is_over()).then_some(before)
}

fn date_withdrawn(withdrawn: Withdrawn) -> Event {
    let (rule, note) = match withdrawn.cause {
        WithdrawCause::Rules { rules } => (rules.into_iter().next().unwrap_or_default(), String::new()),
        WithdrawCause::Missed => (ErrorReason::DateMissed.name().to_owned(), String::new()),
        WithdrawCause::Party { note, .. } => (String::new(), note),
        WithdrawCause::Cancelled => (String::new(), "the project was cancelled".to_owned()),
    };
    Event::DateWithdrawn(pb::DateWithdrawn {
        agreement: withdrawn.id.to_string(),
        date: Some(wire::stage_date(withdrawn.kind, &withdrawn.date)),
        rule,
        note,
        earliest: withdrawn.earliest.map(|day| day.to_string()).unwrap_or_default(),
    })
}

fn readiness(event: ReadinessEvent, project: &Project, ctx: &Context) -> Option<Event> {
    Some(match event {
        ReadinessEvent::Declared { .. } => declared(project, ctx, false),
        ReadinessEvent::Corrected { .. } => declared(project, ctx, true),
        ReadinessEvent::Withdrawn { reason } => Event::ReadinessWithdrawn(pb::ReadinessWithdrawn { reason }),
        ReadinessEvent::ConditionConfirmed { .. }
        | ReadinessEvent::ConditionRetracted { .. }
        | ReadinessEvent::ConfirmationsCleared => return None,
    })
}

/// From which day audit 1 is possible, which a corrected time of the declaration moves.
fn declared(project: &Project, ctx: &Context, corrected: bool) -> Event {
    let earliest = project.earliest_day(DateKind::Audit1, ctx);
    let audit_1_earliest = earliest.map(|day| day.to_string()).unwrap_or_default();
    Event::ReadinessDeclared(pb::ReadinessDeclared { audit_1_earliest, corrected })
}

/// Results are the audit service's to tell.
fn audit(no: AuditNo, event: AuditEvent, project: &Project, ctx: &Context) -> Option<Event> {
    let variant = ctx.variant;
    Some(match event {
        AuditEvent::Opened { attempt, number, .. } => Event::AuditAttemptOpened(pb::AuditAttemptOpened {
            attempt: attempt.to_string(),
            audit: wire::audit(no),
            number: number.cast_signed(),
            variant: variant.map(|v| v.key.clone()).unwrap_or_default(),
            checklist: variant
                .map(|v| match no {
                    AuditNo::One => v.audit_1_checklist.clone(),
                    AuditNo::Two => v.audit_2_checklist.clone(),
                })
                .unwrap_or_default(),
            data_crosses_link: variant.is_some_and(|v| v.data_crosses_link),
            window_minutes: window_minutes(project, ctx),
        }),
        AuditEvent::Voided { attempt, reason } => Event::AuditAttemptVoided(pb::AuditAttemptVoided {
            attempt: attempt.to_string(),
            audit: wire::audit(no),
            reason,
        }),
        AuditEvent::Passed { .. }
        | AuditEvent::Failed { .. }
        | AuditEvent::Corrected { .. }
        | AuditEvent::ResultKept { .. } => {
            return None;
        }
    })
}

/// Elapsed minutes of the agreed window, or the least that the variant asks for.
fn window_minutes(project: &Project, ctx: &Context) -> i32 {
    let length = match project.agreed_window() {
        Some(window) => window.elapsed(),
        None => ctx.terms().migration.map(|terms| terms.length()).unwrap_or_default(),
    };
    i32::try_from(length.as_mins()).unwrap_or(i32::MAX)
}

fn run(event: RunEvent) -> Option<Event> {
    let wired = platform::clock::to_wire;
    Some(match event {
        RunEvent::Started { attempt, reserve_at, window_ends_at, .. } => Event::RunStarted(pb::RunStarted {
            attempt: attempt.cast_signed(),
            reserve_at: Some(wired(reserve_at)),
            window_ends_at: Some(wired(window_ends_at)),
        }),
        RunEvent::DatabasesRestored { attempt, .. } => {
            Event::DatabasesRestored(pb::DatabasesRestored { attempt: attempt.cast_signed() })
        }
        RunEvent::Finished { attempt, .. } => {
            Event::RunFinished(pb::RunFinished { attempt: attempt.cast_signed() })
        }
        RunEvent::RolledBack { attempt, reason, .. } => {
            Event::RunRolledBack(pb::RunRolledBack { attempt: attempt.cast_signed(), reason })
        }
        RunEvent::ReserveReached { attempt } => {
            Event::ReserveReached(pb::ReserveReached { attempt: attempt.cast_signed() })
        }
        RunEvent::WindowOverrun { attempt } => {
            Event::WindowOverrun(pb::WindowOverrun { attempt: attempt.cast_signed() })
        }
        // What a correction moves is told by its own events; a reopened stage by the project's.
        RunEvent::Corrected { .. } | RunEvent::Reopened { .. } => return None,
    })
}

fn integrations(event: IntegrationEvent, project: &Project) -> Option<Event> {
    Some(match event {
        IntegrationEvent::Announced { day, brands } => {
            let restored = project.migration.restored();
            Event::IntegrationsAnnounced(pb::IntegrationsAnnounced {
                brands,
                day: day.to_string(),
                databases_restored_at: restored.map(|fact| platform::clock::to_wire(fact.occurred_at)),
            })
        }
        IntegrationEvent::Cancelled { brands } => {
            Event::IntegrationsCancelled(pb::IntegrationsCancelled { brands })
        }
        IntegrationEvent::Restored { brand, .. } => {
            Event::IntegrationRestored(pb::IntegrationRestored { brand })
        }
        IntegrationEvent::DropProposed { brand, reason } => {
            Event::IntegrationDropAsked(pb::IntegrationDropAsked { brand, reason })
        }
        IntegrationEvent::DropRefused { brand } => {
            Event::IntegrationDropRefused(pb::IntegrationDropRefused { brand })
        }
        IntegrationEvent::Dropped { brand, reason } => {
            Event::IntegrationDropped(pb::IntegrationDropped { brand, reason })
        }
        IntegrationEvent::Reopened { brand, reason } => {
            Event::IntegrationReopened(pb::IntegrationReopened { brand, reason })
        }
        // The stage that this unlocks is told.
        IntegrationEvent::Skipped => return None,
    })
}

fn verification(event: VerificationEvent) -> Event {
    match event {
        VerificationEvent::ProblemReported { problem, description, .. } => {
            Event::ProblemReported(pb::ProblemReported { problem: problem.to_string(), description })
        }
        VerificationEvent::ProblemAnswered { problem, answer, .. } => {
            Event::ProblemAnswered(pb::ProblemAnswered { problem: problem.to_string(), answer })
        }
        VerificationEvent::Verified { .. } => Event::Verified(pb::Verified {}),
    }
}

fn protocol(event: ProtocolEvent) -> Event {
    match event {
        ProtocolEvent::Issued { number, .. } => {
            Event::ProtocolIssued(pb::ProtocolIssued { number: number.cast_signed() })
        }
        ProtocolEvent::Signed { number, party, .. } => Event::ProtocolSigned(pb::ProtocolSigned {
            number: number.cast_signed(),
            party: wire::party(party).into(),
        }),
        ProtocolEvent::Declined { number, party, reason } => Event::ProtocolDeclined(pb::ProtocolDeclined {
            number: number.cast_signed(),
            party: wire::party(party).into(),
            reason,
        }),
        ProtocolEvent::Voided { number, reason } => {
            Event::ProtocolVoided(pb::ProtocolVoided { number: number.cast_signed(), reason })
        }
        ProtocolEvent::Completed { .. } => Event::ProjectCompleted(pb::ProjectCompleted {}),
    }
}
