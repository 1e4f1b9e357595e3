//! What the model calls by a short name, as the service's functions and other services' events have it.

use platform::{Error, auth::Principal, clock, harness::request_id};
use proto::{
    audit::v1 as audit, licensing::v1 as licensing, notification::v1 as notification, scheduling::v1 as pb,
};
use scheduling::Scheduling;
use serde_json::{Value, json};

use super::{
    both::{Both, name},
    dates::{Dates, Kind, Variant, plus},
    process::{CONDITIONS, Reopen, What, Who},
};
use crate::{
    project::{
        command::Command,
        journey::{concluded, window},
    },
    world::{auditor, company, crm, open, operator, token},
};

const BRANDS: [&str; 2] = ["vw", "skoda"];

impl Both {
    /// Asks the service, or lets it hear of a fact; answers with the project that came of it.
    pub async fn ask(&mut self, what: &What, who: Who) -> Result<pb::Project, Error> {
        match what {
            What::LicencesInPlace(all) => self.hear_of_licences(*all).await,
            What::Conclude(passed) => self.hear_result(pb::AuditAttemptState::Open, *passed).await,
            What::LateResult => self.hear_result(pb::AuditAttemptState::Voided, true).await,
            What::Measured(days) => {
                let until = self.model.now + jiff::SignedDuration::from_hours(24 * days);
                let evidence =
                    audit::Evidence { item: "link".into(), valid_until: Some(clock::to_wire(until)) };
                let attempt = uuid::Uuid::now_v7().to_string();
                let refreshed = audit::EvidenceRefreshed { attempt, evidence: vec![evidence] };
                self.hear_audit(audit::audit_event::Event::EvidenceRefreshed(refreshed)).await;
            }
            What::Unreachable(true) => self.hear_of_address().await,
            What::Unreachable(false) => self.clear_address().await,
            What::Replaced => self.replace_decision().await,
            What::OpenLate(late) => self.change_hours(*late).await,
            command => return self.command(command, who).await,
        }
        Ok(self.journey.project().await)
    }

    async fn command(&self, what: &What, who: Who) -> Result<pb::Project, Error> {
        let by = &self.principal(who);
        let (command, fields) = self.fields(what);
        match command {
            // Their fields here are all that they need.
            Command::AcceptProposal | Command::DeclineProposal | Command::AnswerProblem => {
                command.call(&self.journey, by, fields).await
            }
            _ => command.send(&self.journey, by, fields).await,
        }
    }

    fn principal(&self, who: Who) -> Principal {
        match who {
            Who::Crm => crm(),
            Who::Operator => operator(),
            Who::Auditor => auditor(),
            Who::Technical => self.journey.world.dealer.technical.clone(),
            Who::Decision => self.journey.world.dealer.decision.clone(),
            Who::Former => self.former.clone(),
        }
    }

    /// The command, with what it says besides [`Command::body`].
    fn fields(&self, what: &What) -> (Command, Value) {
        let unknown = || uuid::Uuid::now_v7().to_string();
        let oldest = || self.project.proposals.first().map_or_else(unknown, |open| open.proposal.clone());
        let problem = || {
            let open = self.project.problems.iter().find(|problem| problem.answer.is_empty());
            open.map_or_else(unknown, |open| open.problem.clone())
        };
        let protocol = || self.project.protocols.last().map_or(1, |protocol| protocol.number);
        match what {
            What::Contract(day) => {
                (Command::RecordContract, json!({ "contractDay": day, "reason": "misread" }))
            }
            What::AskHelp => (Command::AskVariantHelp, json!({})),
            What::Recommend(variant) => (Command::RecommendVariant, json!({ "variant": key(*variant) })),
            What::Choose(variant) => {
                (Command::ChooseVariant, json!({ "variant": key(*variant), "reason": "no room" }))
            }
            What::Propose(dates) => (Command::ProposeDates, json!({ "dates": written(dates) })),
            What::Counter(dates) => {
                (Command::ProposeDates, json!({ "dates": written(dates), "counters": oldest() }))
            }
            What::Accept => (Command::AcceptProposal, json!({ "proposal": oldest() })),
            What::Decline => {
                (Command::DeclineProposal, json!({ "proposal": oldest(), "reason": "too late for us" }))
            }
            What::Withdraw(kind) => (Command::WithdrawDate, json!({ "kind": name(*kind) })),
            What::Override((kind, day, rule)) => {
                let over = json!({ "kind": name(*kind), "day": day, "rule": rule.name() });
                (Command::RecordOverride, over)
            }
            What::Confirm(which) => (Command::ConfirmCondition, json!({ "condition": CONDITIONS[*which].1 })),
            What::Retract(which) => (Command::RetractCondition, json!({ "condition": CONDITIONS[*which].1 })),
            What::Declare => (Command::DeclareReadiness, json!({})),
            What::CorrectReadiness(at) => (Command::CorrectReadiness, json!({ "occurredAt": at })),
            What::WithdrawReadiness => (Command::WithdrawReadiness, json!({})),
            What::StartAudit(kind) => (Command::StartAudit, number(*kind)),
            What::VoidAudit(kind) => (Command::VoidAudit, number(*kind)),
            What::Stop => (Command::ConfirmStopped, json!({})),
            What::RetractStop => (Command::RetractStopped, json!({})),
            What::StartRun => (Command::StartRun, json!({})),
            What::Restored => (Command::RecordRestored, json!({})),
            What::Finish => (Command::FinishRun, json!({})),
            What::RollBack => (Command::RollBackRun, json!({})),
            What::Integrate(brand) => (Command::RestoreIntegration, json!({ "brand": BRANDS[*brand] })),
            What::AskDrop(brand) => (Command::DropIntegration, json!({ "brand": BRANDS[*brand] })),
            What::AnswerDrop(brand, consent) => {
                (Command::AnswerDrop, json!({ "brand": BRANDS[*brand], "consent": consent }))
            }
            What::Works => (Command::ConfirmWorks, json!({})),
            What::Problem => (Command::ReportProblem, json!({})),
            What::Answer(reopen) => {
                let mut fields = json!({ "problem": problem(), "answer": "loaded again" });
                match reopen {
                    Reopen::Nothing => {}
                    Reopen::Brand(brand) => fields["reopenBrand"] = json!(BRANDS[*brand]),
                    Reopen::Migration => fields["reopenMigration"] = json!(true),
                }
                (Command::AnswerProblem, fields)
            }
            What::Sign => (Command::SignProtocol, json!({ "number": protocol() })),
            What::DeclineProtocol => (Command::DeclineProtocol, json!({ "number": protocol() })),
            What::Cancel => (Command::CancelProject, json!({})),
            What::LicencesInPlace(_)
            | What::Conclude(_)
            | What::LateResult
            | What::Measured(_)
            | What::Unreachable(_)
            | What::Replaced
            | What::OpenLate(_) => unreachable!("a fact"),
        }
    }

    async fn hear_of_licences(&mut self, all: bool) {
        self.heard.push("licensing");
        let changed = licensing::LicenceStatusChanged {
            variant: self.project.variant.clone(),
            kind: licensing::LicenceKind::Standard.into(),
            complete: all,
            missing: if all { Vec::new() } else { vec!["sql_server".to_owned()] },
        };
        let event = licensing::licensing_event::Event::LicenceStatusChanged(changed);
        self.journey.hear_licensing(event).await;
    }

    /// The result of the last attempt in that state.
    async fn hear_result(&mut self, state: pb::AuditAttemptState, passed: bool) {
        let attempts = &self.project.audit_attempts;
        let attempt = attempts.iter().rev().find(|attempt| attempt.state() == state).expect("there is one");
        let concluded = concluded(&attempt.attempt, attempt.audit, passed);
        self.hear_audit(concluded).await;
    }

    async fn hear_audit(&mut self, event: audit::audit_event::Event) {
        self.heard.push("audit");
        self.journey.hear_audit(event).await;
    }

    async fn hear_of_address(&mut self) {
        self.heard.push("notification");
        let world = &self.journey.world;
        let contact = world.dealer.contact(&world.dealer.decision);
        let event = notification::AddressUndeliverable { contact, ..Default::default() };
        let message = notification::NotificationEvent {
            company: world.dealer.name.clone(),
            occurred_at: Some(clock::to_wire(self.model.now)),
            event: Some(notification::notification_event::Event::AddressUndeliverable(event)),
            ..Default::default()
        };
        world.harness.hear("notification", world.dealer.company, "address_undeliverable", &message).await;
    }

    async fn clear_address(&self) {
        let world = &self.journey.world;
        let request = pb::ClearAddressRequest {
            name: world.dealer.contact(&world.dealer.decision),
            request_id: request_id(),
            validate_only: false,
        };
        world.harness.call(&crm(), Scheduling::clear_address, request).await.expect("cleared");
    }

    async fn replace_decision(&mut self) {
        let world = &mut self.journey.world;
        let successor = world.add_contact(&world.dealer, "Ewa", &[pb::ContactRole::Decision]).await.name;
        let request = pb::ReplaceContactRequest {
            name: world.dealer.contact(&world.dealer.decision),
            successor: successor.clone(),
            request_id: request_id(),
            validate_only: false,
        };
        world.harness.call(&crm(), Scheduling::replace_contact, request).await.expect("replaced");
        let successor = token(&successor, &[platform::auth::Role::Decision]);
        self.former = std::mem::replace(&mut world.dealer.decision, successor);
    }

    async fn change_hours(&self, late: bool) {
        let world = &self.journey.world;
        let mut sites = company().sites;
        if late {
            sites[0].hours = (1..=5).map(|weekday| open(weekday, "08:00", "20:00")).collect();
        }
        let request = pb::SetWorkingHoursRequest {
            name: world.dealer.name.clone(),
            sites,
            request_id: request_id(),
            ..Default::default()
        };
        world.harness.call(&crm(), Scheduling::set_working_hours, request).await.expect("changed");
    }
}

fn key(variant: Variant) -> &'static str {
    match variant {
        Variant::NewServer => "new_server",
        Variant::SameServer => "same_server",
        Variant::Hosted => "hosted",
    }
}

fn number(audit: Kind) -> Value {
    json!({ "audit": if audit == Kind::Audit1 { 1 } else { 2 } })
}

fn written(dates: &Dates) -> Value {
    dates.iter().map(|(kind, day)| json!({ "kind": name(*kind), "date": date(*kind, *day) })).collect()
}

fn date(kind: Kind, day: jiff::civil::Date) -> Value {
    match kind {
        Kind::Migration => window(&format!("{day}T17:00"), &format!("{}T08:00", plus(day, 1))),
        Kind::Readiness | Kind::Audit1 | Kind::Audit2 => json!({ "day": day }),
    }
}
