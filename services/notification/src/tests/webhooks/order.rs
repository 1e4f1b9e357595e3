use jiff::{SignedDuration, Timestamp};
use platform::clock::{from_wire, machine_now};
use proto::{
    notification::v1::{WebhookDeliveryState, WebhookEndpointState},
    scheduling::v1::{CompanyChanged, scheduling_event::Event},
};
use testkit::Backend;

use super::{
    ELSEWHERE, hours,
    receiver::{Manner, Receiver},
};
use crate::fixtures::PROJECT;
use crate::tests::telling::on_both_databases;
use crate::tests::world::World;
use crate::webhooks::{GIVEN_UP_AFTER, LONGEST_RETRY_AFTER};

/// Refuses one event as often as it comes.
fn refusing(id: &str) -> impl FnMut(&super::receiver::Got) -> Manner + Send + 'static {
    let id = id.to_owned();
    move |got| Manner::Status(if got.id() == id { 500 } else { 200 })
}

async fn later_events_of_a_project_wait_and_other_projects_go_on(backend: Backend) {
    let world = World::new(backend).await;
    let receiver = Receiver::with(|_| Manner::Later("600")).await;
    let endpoint = world.endpoint(&receiver).await;
    let first = world.verified(PROJECT).await;
    let second = world.verified(PROJECT).await;
    let now = machine_now();
    assert_eq!(world.post_all(now).await, 1);
    assert_eq!(receiver.take_ids(), [first.as_str()]);

    receiver.behave(|_| Manner::Status(200));
    let third = world.verified(PROJECT).await;
    let elsewhere = world.verified(ELSEWHERE).await;
    let changed = Event::CompanyChanged(CompanyChanged::default());
    let of_company = world.happens("company_changed", changed, None).await;
    world.post_all(machine_now()).await;
    let mut others = receiver.take_ids();
    others.sort();
    assert_eq!(others, [elsewhere, of_company], "of another project, and of none");

    assert_eq!(world.post_all(now + SignedDuration::from_secs(599)).await, 0, "its next try is later");
    assert_eq!(world.post_all(now + SignedDuration::from_secs(600)).await, 3);
    assert_eq!(receiver.take_ids(), [first, second, third]);
    let log = world.deliveries(&endpoint.name).await;
    assert!(log.iter().all(|delivery| delivery.state() == WebhookDeliveryState::Delivered), "{log:?}");
    assert_eq!(log[0].attempts, 2);
}

/// Each time later; with each failure the endpoint is known to fail since the first one.
async fn failures_are_seen_in_the_log_and_at_the_endpoint(backend: Backend) {
    let world = World::new(backend).await;
    let receiver = Receiver::with(|_| Manner::Status(500)).await;
    let endpoint = world.endpoint(&receiver).await;
    world.verified(PROJECT).await;
    let begin = machine_now();
    let mut now = begin;
    for (attempt, seconds) in (1..).zip([5, 30, 120, 600]) {
        assert_eq!(world.post_all(now).await, 1);
        let delivery = world.deliveries(&endpoint.name).await.remove(0);
        assert_eq!(
            (delivery.attempts, delivery.status_code, delivery.outcome.as_str()),
            (attempt, 500, "500")
        );
        assert_eq!(delivery.state(), WebhookDeliveryState::Pending);
        let next = next_try(&delivery);
        let wait = next.duration_since(now).as_secs_f64() / f64::from(seconds);
        assert!((0.8..=1.2).contains(&wait), "{attempt}: {wait}");
        now = next;
    }
    let failing = world.read_endpoint(&endpoint.name).await.failing_since.as_ref().and_then(from_wire);
    assert_eq!(failing, Some(begin));
    receiver.behave(|_| Manner::Status(200));
    world.post_all(now).await;
    assert_eq!(world.read_endpoint(&endpoint.name).await.failing_since, None);
}

fn next_try(delivery: &proto::notification::v1::WebhookDelivery) -> Timestamp {
    delivery.next_try_at.as_ref().and_then(from_wire).expect("a next try")
}

async fn an_endpoint_that_asks_for_time_gets_it_up_to_a_bound(backend: Backend) {
    let world = World::new(backend).await;
    let receiver = Receiver::with(|_| Manner::Later("600")).await;
    let endpoint = world.endpoint(&receiver).await;
    world.verified(PROJECT).await;
    let now = machine_now();
    world.post_all(now).await;
    let next = next_try(&world.deliveries(&endpoint.name).await[0]);
    assert_eq!(next, now + SignedDuration::from_secs(600));
    receiver.behave(|_| Manner::Later("99999999"));
    world.post_all(next).await;
    let bounded = next_try(&world.deliveries(&endpoint.name).await[0]);
    assert_eq!(bounded, next + LONGEST_RETRY_AFTER);
}

async fn what_is_not_taken_for_three_days_is_given_up_and_the_next_goes_out(backend: Backend) {
    let world = World::new(backend).await;
    let receiver = Receiver::willing().await;
    let endpoint = world.endpoint(&receiver).await;
    let first = world.verified(PROJECT).await;
    let second = world.verified(PROJECT).await;
    receiver.behave(refusing(&first));
    let begin = machine_now();
    let mut now = begin;
    while now <= begin + GIVEN_UP_AFTER {
        // What is taken in between shows that the endpoint works.
        world.verified(ELSEWHERE).await;
        world.post_all(now).await;
        now += hours(1);
    }
    let log = world.deliveries(&endpoint.name).await;
    assert_eq!(log[0].state(), WebhookDeliveryState::GivenUp, "{log:?}");
    assert_eq!(log[0].next_try_at, None);
    assert_eq!(log[1].state(), WebhookDeliveryState::Delivered);
    let ids: Vec<_> = receiver.take_ids().into_iter().filter(|id| *id == first || *id == second).collect();
    assert!(ids.len() > 10 && ids.iter().filter(|id| **id == second).count() == 1, "{ids:?}");
    assert_eq!(ids.last(), Some(&second));
    assert_eq!(world.read_endpoint(&endpoint.name).await.state(), WebhookEndpointState::Enabled);
}

on_both_databases! {
    later_events_of_a_project_wait_and_other_projects_go_on,
    failures_are_seen_in_the_log_and_at_the_endpoint,
    an_endpoint_that_asks_for_time_gets_it_up_to_a_bound,
    what_is_not_taken_for_three_days_is_given_up_and_the_next_goes_out,
}
