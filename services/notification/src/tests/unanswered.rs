//! Proposals that nobody answers.

use proto::{
    notification::v1::MessageState,
    scheduling::v1::{scheduling_event::Event, *},
};
use testkit::Backend;

use super::telling::on_both_databases;
use super::world::{World, describe};
use crate::fixtures::{audit_2, migration};

fn propose(proposal: &str, by: Party, counters: &str) -> Event {
    Event::DatesProposed(DatesProposed {
        proposal: proposal.into(),
        proposed_by: by.into(),
        dates: vec![audit_2(), migration()],
        counters: counters.into(),
        ..Default::default()
    })
}

fn close(proposal: &str, outcome: &str) -> Event {
    Event::ProposalClosed(ProposalClosed {
        proposal: proposal.into(),
        outcome: outcome.into(),
        ..Default::default()
    })
}

/// `topic recipient` of what was told of missing answers, sorted.
async fn asked(world: &World) -> Vec<String> {
    let mut told = world.told().await;
    told.retain(|told| told.contains("unanswered"));
    told
}

/// Thursday and Monday after Tuesday, 1 December 2026.
const TWO_DAYS: &str = "2026-12-03T14:00:00Z";
const FOUR_DAYS: &str = "2026-12-07T14:00:00Z";

async fn the_decision_contact_is_reminded_and_then_everybody_hears(backend: Backend) {
    let world = World::new(backend).await;
    world.tell(propose("p", Party::Softvig, "")).await;
    world.advance("2026-12-03T13:59:59Z").await;
    assert_eq!(asked(&world).await, [""; 0]);
    world.advance(TWO_DAYS).await;
    assert_eq!(asked(&world).await, ["dates_unanswered decision"]);
    let messages = world.messages().await;
    assert_eq!(messages[0].subject, "A reminder: proposed dates wait for your answer");
    world.advance(FOUR_DAYS).await;
    assert_eq!(
        asked(&world).await,
        [
            "dates_still_unanswered decision",
            "dates_still_unanswered softvig",
            "dates_still_unanswered technical",
            "dates_unanswered decision"
        ]
    );
    world.advance("2027-01-04T14:00:00Z").await;
    assert_eq!(asked(&world).await.len(), 4, "nobody is told for ever");
    world.send().await;
    world.assert_nothing_parked().await;
}

async fn softvig_is_reminded_of_its_own_answers(backend: Backend) {
    let world = World::new(backend).await;
    world.tell(propose("p", Party::Company, "")).await;
    world.advance(TWO_DAYS).await;
    assert_eq!(asked(&world).await, ["dates_unanswered softvig"]);
    world.advance(FOUR_DAYS).await;
    assert_eq!(asked(&world).await, ["dates_still_unanswered softvig", "dates_unanswered softvig"]);
}

async fn nobody_is_asked_for_an_answer_that_was_given(backend: Backend) {
    for outcome in ["accepted", "declined", "withdrawn", "invalid"] {
        let world = World::new(backend).await;
        world.tell(propose("p", Party::Softvig, "")).await;
        world.tell(close("p", outcome)).await;
        world.advance(FOUR_DAYS).await;
        assert_eq!(asked(&world).await, [""; 0], "{outcome}");
    }
}

async fn a_counter_proposal_waits_from_its_own_day_for_the_other_side(backend: Backend) {
    let world = World::new(backend).await;
    world.tell(propose("p", Party::Softvig, "")).await;
    world.advance("2026-12-02T09:00:00Z").await;
    world.tell(close("p", "countered")).await;
    world.tell_at("2026-12-02T09:00:00Z", propose("q", Party::Company, "p")).await;
    world.advance(TWO_DAYS).await;
    assert_eq!(asked(&world).await, [""; 0]);
    world.advance("2026-12-04T14:00:00Z").await;
    assert_eq!(asked(&world).await, ["dates_unanswered softvig"]);
}

async fn an_answer_that_comes_before_the_mail_leaves_is_seen(backend: Backend) {
    let world = World::new(backend).await;
    world.tell(propose("p", Party::Softvig, "")).await;
    world.send().await;
    world.advance(TWO_DAYS).await;
    world.tell(close("p", "accepted")).await;
    world.send().await;
    let dropped = world.messages_in(MessageState::Dropped).await;
    let dropped: Vec<_> = dropped.iter().map(|m| (describe(m), m.outcome.as_str())).collect();
    assert_eq!(dropped, [("dates_unanswered decision".to_owned(), "the proposal is no longer open")]);
}

on_both_databases! {
    the_decision_contact_is_reminded_and_then_everybody_hears,
    softvig_is_reminded_of_its_own_answers,
    nobody_is_asked_for_an_answer_that_was_given,
    a_counter_proposal_waits_from_its_own_day_for_the_other_side,
    an_answer_that_comes_before_the_mail_leaves_is_seen,
}
