//! The project as the contract shows it.

use platform::{actor, clock, etag, fact::Fact};
use proto::scheduling::v1 as pb;

use super::{
    AuditNo, Context, DateKind, Project,
    audits::{Attempt, AttemptState},
    days::Progress,
    integrations::{BrandState, Integrations},
    licence::LICENCE_KIND,
    model::Status,
    overrides::Override,
    proposals::Proposal,
    protocol::{Issue, ProtocolState},
    run::{Run, RunState},
    stops::{StopConfirmation, StopHow, StopList},
    store::name_of,
    suggest::{Candidate, Suggestion, Suggestions},
    verification::Problem,
    waiting::WaitingFor,
    wire,
};

/// All that its company and SOFTVIG may see of a project.
pub(super) fn project(project: &Project, ctx: &Context) -> pb::Project {
    let (cancel_reason, ended) = match &project.status {
        Status::Open => (String::new(), None),
        Status::Completed { at } => (String::new(), Some(*at)),
        Status::Cancelled { cancelled, reason } => (reason.clone(), Some(cancelled.occurred_at)),
    };
    let recommended = project.variant.recommendation.as_ref().map(|r| r.variant.clone());
    pb::Project {
        name: name_of(project).to_string(),
        open_time: Some(clock::to_wire(project.opened.occurred_at)),
        stage: wire::stage(project.current_stage()).into(),
        stages: project.stages(ctx).into_iter().map(|status| stage_status(project, status, ctx)).collect(),
        contract_day: project.contracting.day().map(|day| day.to_string()).unwrap_or_default(),
        variant: project.variant.chosen().unwrap_or_default().to_owned(),
        recommended_variant: recommended.unwrap_or_default(),
        dates: DateKind::ALL.map(|kind| date_status(project, kind, ctx)).into(),
        proposals: project.proposals.iter().map(|p| proposal(project, p)).collect(),
        overrides: project.overrides.iter().filter(|o| o.ended_at.is_none()).map(an_override).collect(),
        readiness: Some(readiness(project, ctx)),
        licence: Some(licence(project, ctx)),
        audit_attempts: AuditNo::ALL
            .into_iter()
            .flat_map(|no| project.audit(no).attempts().iter().map(move |attempt| audit_attempt(no, attempt)))
            .collect(),
        runs: project.migration.runs().iter().map(run).collect(),
        integrations: integrations(&project.integrations),
        problems: project.verification.problems().iter().map(problem).collect(),
        protocols: project.protocol.issues().iter().map(|issue| protocol(project, issue)).collect(),
        cancel_reason,
        end_time: ended.map(clock::to_wire),
        etag: etag::of(project),
        recommendation_note: project
            .variant
            .recommendation
            .as_ref()
            .map(|r| r.note.clone())
            .unwrap_or_default(),
        confirmed_stops: project.stops.confirmed().iter().map(|c| confirmed_stop(project, c)).collect(),
    }
}

fn confirmed_stop(project: &Project, confirmation: &StopConfirmation) -> pb::ConfirmedStop {
    let StopConfirmation { stopped, confirmed } = confirmation;
    pb::ConfirmedStop {
        key: stopped.key.clone(),
        application: stopped.list == StopList::Applications,
        disconnected: stopped.how == StopHow::Disconnected,
        confirmed_by: actor::to_proto(&confirmed.by, project.company),
        stop_time: Some(clock::to_wire(confirmed.occurred_at)),
    }
}

/// What `SuggestDates` answers.
pub(super) fn suggestions(suggestions: &Suggestions) -> pb::SuggestDatesResponse {
    let set = |set: &[Suggestion]| pb::DateSet {
        dates: set.iter().map(|s| suggested(s.kind, &s.chosen)).collect(),
    };
    let alternatives = suggestions.earliest.iter().map(|s| pb::DateAlternatives {
        kind: wire::date_kind(s.kind).into(),
        dates: s.alternatives.iter().map(|candidate| suggested(s.kind, candidate)).collect(),
    });
    pb::SuggestDatesResponse {
        earliest: Some(set(&suggestions.earliest)),
        with_slack: Some(set(&suggestions.with_slack)),
        alternatives: alternatives.collect(),
    }
}

fn suggested(kind: DateKind, candidate: &Candidate) -> pb::SuggestedDate {
    pb::SuggestedDate {
        kind: wire::date_kind(kind).into(),
        date: Some(wire::planned_date(&candidate.date)),
        integrations_day: candidate.integrations_day.map(|day| day.to_string()).unwrap_or_default(),
    }
}

fn stage_status(project: &Project, status: super::StageStatus, ctx: &Context) -> pb::StageStatus {
    let waiting = |w: WaitingFor| pb::WaitingFor {
        party: w.party.map_or(pb::Party::Unspecified, wire::party).into(),
        rpc: w.rpc.to_owned(),
        rule: w.rule.map(|rule| rule.name().to_owned()).unwrap_or_default(),
        subject: w.subject,
        text: Some(w.text.into()),
    };
    pb::StageStatus {
        waiting_for: project.waiting_for(status.stage, ctx).into_iter().map(waiting).collect(),
        stage: wire::stage(status.stage).into(),
        state: wire::stage_state(status.state).into(),
        earliest_start: status.earliest_start.map(|day| day.to_string()).unwrap_or_default(),
    }
}

fn date_status(project: &Project, kind: DateKind, ctx: &Context) -> pb::DateStatus {
    let slot = project.dates.slot(kind);
    let ahead = project.is_open() && project.days().progress(kind) != Progress::Over;
    let earliest = if ahead { project.earliest_day(kind, ctx) } else { None };
    pb::DateStatus {
        kind: wire::date_kind(kind).into(),
        agreed: slot.agreed.as_ref().map(|agreed| wire::stage_date(kind, &agreed.date)),
        agreement: slot.agreed.as_ref().map(|agreed| agreed.id.to_string()).unwrap_or_default(),
        earliest: earliest.map(|day| day.to_string()).unwrap_or_default(),
        etag: etag::of(slot),
        overdue: slot.overdue,
        used: slot.used.as_ref().map(|used| wire::stage_date(kind, &used.date)),
    }
}

fn proposal(project: &Project, proposal: &Proposal) -> pb::Proposal {
    pb::Proposal {
        proposal: proposal.id.to_string(),
        proposed_by: actor::to_proto(&proposal.proposed_by, project.company),
        dates: proposal.dates.iter().map(|(kind, date)| wire::stage_date(*kind, date)).collect(),
        would_withdraw: proposal.would_withdraw.iter().map(|kind| wire::date_kind(*kind).into()).collect(),
        note: proposal.note.clone(),
        propose_time: Some(clock::to_wire(proposal.proposed_at)),
    }
}

fn an_override(over: &Override) -> pb::Override {
    pb::Override {
        kind: wire::date_kind(over.kind).into(),
        rule: over.rule.reason().name().to_owned(),
        day: over.day.to_string(),
        person: over.person.clone(),
        reason: over.note.clone(),
    }
}

fn readiness(project: &Project, ctx: &Context) -> pb::Readiness {
    let confirmations = project.readiness.confirmations();
    let conditions = project.demanded(ctx).into_iter().map(|condition| {
        let confirmation = confirmations.get(&condition);
        pb::ReadinessCondition {
            condition: condition.to_string(),
            confirmed: confirmation.is_some(),
            note: confirmation.map(|c| c.proof.note.clone()).unwrap_or_default(),
            evidence: confirmation.map(|c| c.proof.evidence.clone()).unwrap_or_default(),
            confirmed_by: confirmation.and_then(|c| actor::to_proto(&c.confirmed.by, project.company)),
            display_name: ctx.variant.map(|variant| condition.name(variant).into()),
        }
    });
    pb::Readiness {
        conditions: conditions.collect(),
        declare_time: project.readiness.declared().map(|fact| clock::to_wire(fact.occurred_at)),
    }
}

fn licence(project: &Project, ctx: &Context) -> pb::LicenceStatus {
    let missing = project.licences_missing(ctx);
    pb::LicenceStatus {
        kind_chosen: ctx.variant.is_some() && missing.iter().all(|key| key != LICENCE_KIND),
        complete: ctx.variant.is_some() && missing.is_empty(),
        missing,
    }
}

fn audit_attempt(no: AuditNo, attempt: &Attempt) -> pb::AuditAttempt {
    let (state, ended) = match &attempt.state {
        AttemptState::Open => (pb::AuditAttemptState::Open, None),
        AttemptState::Concluded(result) if result.passed => {
            (pb::AuditAttemptState::Passed, Some(result.concluded.occurred_at))
        }
        AttemptState::Concluded(result) => {
            (pb::AuditAttemptState::Failed, Some(result.concluded.occurred_at))
        }
        AttemptState::Voided { voided, .. } => (pb::AuditAttemptState::Voided, Some(voided.occurred_at)),
    };
    pb::AuditAttempt {
        attempt: attempt.id.to_string(),
        audit: wire::audit(no),
        number: attempt.number.cast_signed(),
        state: state.into(),
        start_time: Some(clock::to_wire(attempt.started.occurred_at)),
        end_time: ended.map(clock::to_wire),
    }
}

fn run(run: &Run) -> pb::Run {
    let (state, restored, ended, reason): (_, Option<&Fact>, Option<&Fact>, &str) = match &run.state {
        RunState::Started => (pb::RunState::Started, None, None, ""),
        RunState::Restored { restored } => (pb::RunState::DatabasesRestored, Some(restored), None, ""),
        RunState::Finished { restored, finished } => {
            (pb::RunState::Finished, Some(restored), Some(finished), "")
        }
        RunState::RolledBack { restored, rolled_back, reason } => {
            (pb::RunState::RolledBack, restored.as_ref(), Some(rolled_back), reason)
        }
        RunState::Reopened { restored, finished, reason, .. } => {
            (pb::RunState::Reopened, Some(restored), Some(finished), reason)
        }
    };
    pb::Run {
        attempt: run.number.cast_signed(),
        state: state.into(),
        start_time: Some(clock::to_wire(run.started.occurred_at)),
        restore_time: restored.map(|fact| clock::to_wire(fact.occurred_at)),
        end_time: ended.map(|fact| clock::to_wire(fact.occurred_at)),
        reason: reason.to_owned(),
    }
}

fn integrations(integrations: &Integrations) -> Vec<pb::Integration> {
    match integrations {
        Integrations::Waiting => Vec::new(),
        Integrations::Announced { day, brands } => {
            let announced = |brand: &String| pb::Integration {
                brand: brand.clone(),
                state: pb::IntegrationState::Announced.into(),
                day: day.to_string(),
                reason: String::new(),
            };
            brands.iter().map(announced).collect()
        }
        Integrations::Listed { day, brands } => {
            let listed = brands.iter().map(|(key, brand)| {
                let (state, reason) = match &brand.state {
                    BrandState::Open => (pb::IntegrationState::Announced, &brand.reopened_because),
                    BrandState::DropProposed { reason, .. } => (pb::IntegrationState::DropAsked, reason),
                    BrandState::Restored(_) => (pb::IntegrationState::Restored, &brand.reopened_because),
                    BrandState::Dropped { reason, .. } => (pb::IntegrationState::Dropped, reason),
                };
                pb::Integration {
                    brand: key.clone(),
                    state: state.into(),
                    day: day.to_string(),
                    reason: reason.clone(),
                }
            });
            listed.collect()
        }
    }
}

fn problem(problem: &Problem) -> pb::Problem {
    pb::Problem {
        problem: problem.id.to_string(),
        description: problem.description.clone(),
        answer: problem.answer.as_ref().map(|answer| answer.text.clone()).unwrap_or_default(),
        report_time: Some(clock::to_wire(problem.reported.occurred_at)),
    }
}

fn protocol(project: &Project, issue: &Issue) -> pb::Protocol {
    use platform::actor::Party;
    let (mut company, mut softvig, mut void_reason) = (None, None, String::new());
    let mut sign = |party: &Party, fact: &Fact| match party {
        Party::Company => company = Some(fact.clone()),
        Party::Softvig => softvig = Some(fact.clone()),
    };
    let signature = |fact: &Option<Fact>| fact.as_ref().and_then(|f| actor::to_proto(&f.by, project.company));
    let time = |fact: &Option<Fact>| fact.as_ref().map(|f| clock::to_wire(f.occurred_at));
    let state = match &issue.state {
        ProtocolState::Issued { signed } => {
            signed.iter().for_each(|(party, fact)| sign(party, fact));
            pb::ProtocolState::Issued
        }
        ProtocolState::Signed { company, softvig } => {
            sign(&Party::Company, company);
            sign(&Party::Softvig, softvig);
            pb::ProtocolState::Signed
        }
        ProtocolState::Voided { signed, reason, .. } => {
            signed.iter().for_each(|(party, fact)| sign(party, fact));
            void_reason.clone_from(reason);
            pb::ProtocolState::Voided
        }
    };
    pb::Protocol {
        number: issue.number.cast_signed(),
        state: state.into(),
        issue_time: Some(clock::to_wire(issue.issued_at)),
        company_signature: signature(&company),
        softvig_signature: signature(&softvig),
        company_sign_time: time(&company),
        softvig_sign_time: time(&softvig),
        open_findings: issue.open_minor.iter().map(|finding| finding.text.clone()).collect(),
        void_reason,
    }
}
