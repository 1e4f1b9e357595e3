//! Random commands by random people, allowed and not, with time going on: after each one the service and
//! a model of the process that shares no code with it agree on the refusal's rules and on the state.

mod dates;
mod process;

use std::collections::BTreeSet;

use dates::{Dates, Kind, night, plus};
use futures::future::LocalBoxFuture;
use jiff::SignedDuration;
use platform::{Error, auth::Principal, harness};
use process::{Process, What, Who};
use proptest::{prelude::*, test_runner::RngSeed};
use proto::{common::v1::ErrorReason, scheduling::v1 as pb};
use serde_json::{Value, json};
use testkit::Backend;

use crate::project::{
    command::Command,
    journey::{Journey, Point, window},
};
use crate::world::{NOW, auditor, crm, operator};

/// One step of a random walk. What depends on the state is filled in when its turn comes.
#[derive(Clone, Debug)]
enum Step {
    /// What the model says would bring the process on.
    Next,
    Wait {
        hours: i64,
    },
    Contract {
        days_ago: i64,
        by: Who,
    },
    /// Of each of the four dates that is meant, by how many days it lies behind the earliest.
    Propose {
        behind: [Option<i64>; 4],
        by: Who,
    },
    Do {
        what: What,
        by: Who,
    },
}

const CONDITIONS: [&str; 4] =
    ["it_environment", "purchase.server_hardware", "purchase.backup_storage", "server_prepared"];
const BRANDS: [&str; 2] = ["vw", "skoda"];

fn who() -> impl Strategy<Value = Who> {
    prop::sample::select(vec![Who::Crm, Who::Operator, Who::Auditor, Who::Technical, Who::Decision])
}

fn kind() -> impl Strategy<Value = Kind> {
    prop::sample::select(Kind::ALL.to_vec())
}

fn what() -> impl Strategy<Value = What> {
    let audit = || prop::sample::select(vec![Kind::Audit1, Kind::Audit2]);
    prop_oneof![
        4 => Just(What::Accept),
        2 => kind().prop_map(What::Withdraw),
        2 => audit().prop_map(What::StartAudit),
        4 => any::<bool>().prop_map(What::Conclude),
        1 => audit().prop_map(What::VoidAudit),
        1 => (0..4_usize).prop_map(What::Confirm),
        1 => (0..4_usize).prop_map(What::Retract),
        1 => (0..2_usize).prop_map(What::Integrate),
        14 => prop::sample::select(vec![
            What::ChooseVariant,
            What::LicencesInPlace,
            What::Decline,
            What::Declare,
            What::WithdrawReadiness,
            What::Stop,
            What::StartRun,
            What::Restored,
            What::Finish,
            What::RollBack,
            What::Works,
            What::Problem,
            What::Answer,
            What::Sign,
            What::DeclineProtocol,
        ]),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let behind = prop::array::uniform4(prop::option::of(-2..6_i64));
    prop_oneof![
        60 => Just(Step::Next),
        6 => (1..72_i64).prop_map(|hours| Step::Wait { hours }),
        1 => (-1..20_i64, who()).prop_map(|(days_ago, by)| Step::Contract { days_ago, by }),
        8 => (behind, who()).prop_map(|(behind, by)| Step::Propose { behind, by }),
        25 => (what(), who()).prop_map(|(what, by)| Step::Do { what, by }),
        1 => who().prop_map(|by| Step::Do { what: What::Cancel, by }),
    ]
}

/// The service and the model, side by side.
struct Both {
    journey: Journey,
    model: Process,
}

impl Both {
    async fn opened() -> Self {
        let journey = Journey::at(Backend::Sqlite, Point::Opened).await;
        journey.state_systems().await;
        Self { journey, model: Process::opened(harness::instant(NOW)) }
    }

    async fn take(&mut self, step: &Step) -> Result<(), TestCaseError> {
        let (what, by) = match step {
            Step::Next if self.model.ended => return Ok(()),
            Step::Next => match self.model.next() {
                Ok(next) => next,
                Err(later) => return self.wait_until(later).await,
            },
            Step::Wait { hours } => {
                return self.wait_until(self.model.now + SignedDuration::from_hours(*hours)).await;
            }
            Step::Contract { days_ago, by } => (What::Contract(plus(self.model.today(), -days_ago)), *by),
            Step::Propose { behind, by } => {
                let earliest = self.model.ground().earliest_days(&self.model.agreed);
                let dates: Dates = Kind::ALL
                    .into_iter()
                    .zip(behind)
                    .filter_map(|(kind, behind)| Some((kind, plus(earliest[&kind], (*behind)?))))
                    .collect();
                if dates.is_empty() {
                    return Ok(());
                }
                (What::Propose(dates), *by)
            }
            Step::Do { what, by } => (what.clone(), *by),
        };
        if !self.model.knows(&what) {
            return Ok(());
        }
        let asked = format!("{what:?} by {by:?} at {}", self.model.now);
        let answered = self.ask(&what, by).await;
        let expected = self.model.apply(&what, by);
        prop_assert_eq!(answered.err().map(broken), expected.err(), "{}", &asked);
        self.agree(&asked).await
    }

    async fn wait_until(&mut self, later: jiff::Timestamp) -> Result<(), TestCaseError> {
        self.model.wait_until(later);
        self.journey.at_time(&later.to_string()).await;
        self.agree(&format!("waited until {later}")).await
    }

    /// Whether both see the same state.
    async fn agree(&self, after: &str) -> Result<(), TestCaseError> {
        let project = self.journey.project().await;
        let stages: Vec<_> = project.stages.iter().take(8).map(pb::StageStatus::state).collect();
        prop_assert_eq!(stages, self.model.stages(), "stages after {}", after);
        let agreed: Dates = project.dates.iter().filter_map(agreed).collect();
        prop_assert_eq!(&agreed, &self.model.agreed, "agreed dates after {}", after);
        prop_assert_eq!(project.proposals.len(), self.model.proposals.len(), "proposals after {}", after);
        prop_assert_eq!(project.end_time.is_some(), self.model.ended, "the end after {}", after);
        Ok(())
    }

    async fn ask(&self, what: &What, by: Who) -> Result<(), Error> {
        let by = match by {
            Who::Crm => crm(),
            Who::Operator => operator(),
            Who::Auditor => auditor(),
            Who::Technical => self.journey.world.dealer.technical.clone(),
            Who::Decision => self.journey.world.dealer.decision.clone(),
        };
        match what {
            What::LicencesInPlace => self.journey.licences(&[]).await,
            What::Conclude(passed) => self.conclude(*passed).await,
            What::Contract(day) => {
                self.send(Command::RecordContract, &by, json!({ "contractDay": day, "reason": "misread" }))
                    .await?
            }
            What::ChooseVariant => {
                self.send(Command::ChooseVariant, &by, json!({ "reason": "no room" })).await?
            }
            What::Propose(dates) => {
                let dates: Vec<_> = dates.iter().map(|(kind, day)| date(*kind, *day)).collect();
                self.send(Command::ProposeDates, &by, json!({ "dates": dates })).await?;
            }
            What::Accept => self.send(Command::AcceptProposal, &by, json!({})).await?,
            What::Decline => self.send(Command::DeclineProposal, &by, json!({})).await?,
            What::Withdraw(kind) => {
                self.send(Command::WithdrawDate, &by, json!({ "kind": name(*kind) })).await?;
            }
            What::Confirm(which) => {
                let which = json!({ "condition": CONDITIONS[*which] });
                self.send(Command::ConfirmCondition, &by, which).await?;
            }
            What::Retract(which) => {
                let which = json!({ "condition": CONDITIONS[*which] });
                self.send(Command::RetractCondition, &by, which).await?;
            }
            What::Declare => self.send(Command::DeclareReadiness, &by, json!({})).await?,
            What::WithdrawReadiness => self.send(Command::WithdrawReadiness, &by, json!({})).await?,
            What::StartAudit(kind) => self.send(Command::StartAudit, &by, audit(*kind)).await?,
            What::VoidAudit(kind) => self.send(Command::VoidAudit, &by, audit(*kind)).await?,
            What::Stop => self.send(Command::ConfirmStopped, &by, json!({})).await?,
            What::StartRun => self.send(Command::StartRun, &by, json!({})).await?,
            What::Restored => self.send(Command::RecordRestored, &by, json!({})).await?,
            What::Finish => self.send(Command::FinishRun, &by, json!({})).await?,
            What::RollBack => self.send(Command::RollBackRun, &by, json!({})).await?,
            What::Integrate(brand) => {
                self.send(Command::RestoreIntegration, &by, json!({ "brand": BRANDS[*brand] })).await?;
            }
            What::Works => self.send(Command::ConfirmWorks, &by, json!({})).await?,
            What::Problem => self.send(Command::ReportProblem, &by, json!({})).await?,
            What::Answer => self.answer(&by).await?,
            What::Sign => self.send(Command::SignProtocol, &by, self.last_protocol().await).await?,
            What::DeclineProtocol => {
                self.send(Command::DeclineProtocol, &by, self.last_protocol().await).await?;
            }
            What::Cancel => self.send(Command::CancelProject, &by, json!({})).await?,
        }
        Ok(())
    }

    fn send<'a>(
        &'a self,
        command: Command,
        by: &'a Principal,
        over: Value,
    ) -> LocalBoxFuture<'a, Result<(), Error>> {
        Box::pin(async move { command.send(&self.journey, by, over).await.map(drop) })
    }

    /// Of the attempt that is open.
    async fn conclude(&self, passed: bool) {
        let attempts = self.journey.project().await.audit_attempts;
        let open = attempts.iter().find(|a| a.state() == pb::AuditAttemptState::Open).expect("one is open");
        let concluded = crate::project::journey::concluded(&open.attempt, open.audit, passed);
        self.journey.hear_audit(concluded).await;
    }

    /// Answers every open problem; one that is not there where there is none.
    async fn answer(&self, by: &Principal) -> Result<(), Error> {
        let problems = self.journey.project().await.problems;
        let open: Vec<_> = problems.iter().filter(|problem| problem.answer.is_empty()).collect();
        if open.is_empty() {
            let unknown = json!({ "problem": uuid::Uuid::now_v7().to_string() });
            return self.send(Command::AnswerProblem, by, unknown).await;
        }
        for problem in open {
            self.send(Command::AnswerProblem, by, json!({ "problem": problem.problem })).await?;
        }
        Ok(())
    }

    async fn last_protocol(&self) -> Value {
        let protocols = self.journey.project().await.protocols;
        json!({ "number": protocols.last().map_or(1, |protocol| protocol.number) })
    }
}

fn broken(refused: Error) -> BTreeSet<ErrorReason> {
    refused.violations().iter().map(|violation| violation.reason).collect()
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Readiness => "DATE_KIND_READINESS",
        Kind::Audit1 => "DATE_KIND_AUDIT_1",
        Kind::Audit2 => "DATE_KIND_AUDIT_2",
        Kind::Migration => "DATE_KIND_MIGRATION",
    }
}

fn audit(kind: Kind) -> Value {
    json!({ "audit": if kind == Kind::Audit1 { 1 } else { 2 } })
}

fn date(kind: Kind, day: jiff::civil::Date) -> Value {
    let date = match kind {
        Kind::Migration => window(&format!("{day}T17:00"), &format!("{}T08:00", plus(day, 1))),
        Kind::Readiness | Kind::Audit1 | Kind::Audit2 => json!({ "day": day }),
    };
    json!({ "kind": name(kind), "date": date })
}

/// The day of an agreed date.
fn agreed(status: &pb::DateStatus) -> Option<(Kind, jiff::civil::Date)> {
    let starts_at = status.agreed.as_ref()?.starts_at.expect("a first instant");
    let starts_at = platform::clock::from_wire(&starts_at).expect("an instant");
    let kind = Kind::ALL.into_iter().find(|kind| name(*kind) == status.kind().as_str_name()).expect("a kind");
    let day = starts_at.to_zoned(jiff::tz::TimeZone::get("Europe/Warsaw").expect("known")).date();
    assert!(kind != Kind::Migration || starts_at == night(day).0, "a night that nobody proposed");
    Some((kind, day))
}

/// The same few walks each time where nobody says how many (`PROPTEST_CASES`).
fn config() -> ProptestConfig {
    let default = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => default,
        None => ProptestConfig { cases: 12, rng_seed: RngSeed::Fixed(2026), ..default },
    }
}

proptest! {
    #![proptest_config(config())]
    #[test]
    fn the_service_agrees_with_a_simple_model(steps in prop::collection::vec(step(), 1..150)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let mut both = Both::opened().await;
            for step in &steps {
                both.take(step).await?;
            }
            Ok::<(), TestCaseError>(())
        })?;
    }
}
