//! Every public event of projects is told by something that can happen.

use std::collections::BTreeSet;

use prost::Message as _;
use rstest::rstest;
use serde_json::json;
use testkit::Backend;

use super::{
    command::Command,
    journey::{Journey, Point, merge},
};
use crate::world::{crm, operator};

/// Fields of the event's oneof below this number are of companies and contacts.
const FIRST_OF_PROJECTS: i32 = 20;

/// The names of the fields of the oneof in the contract.
fn of_the_contract() -> BTreeSet<String> {
    let files = prost_types::FileDescriptorSet::decode(proto::DESCRIPTORS).expect("descriptors");
    let messages = files
        .file
        .iter()
        .filter(|file| file.package() == "przesiadka.scheduling.v1")
        .flat_map(|file| &file.message_type);
    let event = messages.into_iter().find(|message| message.name() == "SchedulingEvent").expect("the event");
    let fields = event.field.iter().filter(|f| f.oneof_index.is_some() && f.number() >= FIRST_OF_PROJECTS);
    fields.map(|field| field.name().to_owned()).collect()
}

/// What a journey told, by the names in the outbox; each must be the name of its content.
async fn kinds(journey: &Journey) -> Vec<String> {
    journey.told_kinds().await
}

#[rstest]
#[tokio::test]
async fn every_kind_of_event_is_told() {
    let backend = Backend::Sqlite;
    let mut seen = BTreeSet::new();
    let decision = |journey: &Journey| journey.world.dealer.decision.clone();

    let journey = Journey::at(backend, Point::Completed).await;
    seen.extend(kinds(&journey).await);

    let journey = Journey::at(backend, Point::Opened).await;
    journey.done(Command::AskVariantHelp, &decision(&journey)).await;
    journey.done(Command::RecommendVariant, &crm()).await;
    journey.done(Command::RecordOverride, &operator()).await;
    journey.done(Command::CancelProject, &crm()).await;
    seen.extend(kinds(&journey).await);

    let journey = Journey::at(backend, Point::Agreed).await;
    journey.at_time("2026-11-16T23:30:00Z").await;
    seen.extend(kinds(&journey).await);

    let journey = Journey::at(backend, Point::Audit1Open).await;
    journey.licences(&["sql_server"]).await;
    journey.done(Command::WithdrawReadiness, &crm()).await;
    seen.extend(kinds(&journey).await);

    let journey = Journey::at(backend, Point::Audit1Passed).await;
    journey.at_time("2026-12-21T09:00:00Z").await;
    Command::StartAudit.send(&journey, &operator(), json!({ "audit": 2 })).await.expect("started");
    journey.licences(&["sql_server"]).await;
    journey.conclude(true).await;
    seen.extend(kinds(&journey).await);

    let journey = Journey::at(backend, Point::Restored).await;
    journey.at_time("2027-01-09T02:00:00Z").await;
    journey.at_time("2027-01-09T06:00:00Z").await;
    journey.done(Command::RollBackRun, &operator()).await;
    seen.extend(kinds(&journey).await);

    let journey = Journey::at(backend, Point::DropAsked).await;
    journey.done(Command::AnswerDrop, &decision(&journey)).await;
    seen.extend(kinds(&journey).await);

    let journey = Journey::at(backend, Point::Problem).await;
    let mut brand = Command::AnswerProblem.body(&journey).await;
    merge(&mut brand, json!({ "reopenBrand": "skoda" }));
    Command::AnswerProblem.send(&journey, &crm(), brand).await.expect("answered");
    seen.extend(kinds(&journey).await);

    let journey = Journey::at(backend, Point::Verified).await;
    journey.done(Command::DeclineProtocol, &decision(&journey)).await;
    seen.extend(kinds(&journey).await);

    // A snapshot is told after a restoration alone, and not by this service's commands.
    seen.insert(proto::snapshot::NAME.to_owned());
    let never: Vec<_> = of_the_contract().difference(&seen).cloned().collect();
    assert!(never.is_empty(), "never told: {never:?}");
}
