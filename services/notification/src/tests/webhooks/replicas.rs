use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use jiff::SignedDuration;
use platform::{clock::machine_now, id::ProjectId};
use proto::notification::v1::{WebhookDelivery, WebhookDeliveryState};
use testkit::{Backend, eventually};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    hours, post_all,
    receiver::{Manner, Receiver},
};
use crate::fixtures::PROJECT;
use crate::tests::telling::on_both_databases;
use crate::tests::world::World;
use crate::webhooks::LONGEST_TRY;

async fn several_replicas_send_each_event_once_and_in_order(backend: Backend) {
    let world = World::new(backend).await;
    let receiver = Receiver::willing().await;
    world.endpoint(&receiver).await;
    let mut expected: Vec<Vec<String>> = Vec::new();
    for project in 0..6 {
        let mut of_one = Vec::new();
        for _ in 0..4 {
            of_one.push(world.verified(ProjectId(Uuid::from_u128(0xB100 + project))).await);
        }
        expected.push(of_one);
    }
    let (a, b) = (world.replica().await, world.replica().await);
    let drain = async |service| {
        while post_all(service, machine_now()).await > 0 {}
    };
    tokio::join!(drain(&a), drain(&b), drain(&*world.service));
    // What the last one to finish made due may have been left.
    drain(&a).await;
    let got = receiver.take_ids();
    assert_eq!(got.len(), 24, "each once");
    for of_one in expected {
        let of_it: Vec<_> = got.iter().filter(|id| of_one.contains(id)).cloned().collect();
        assert_eq!(of_it, of_one, "in order");
    }
}

/// The receiver knows it by its id.
async fn a_process_that_dies_before_it_records_has_the_same_id_sent_again(backend: Backend) {
    let world = World::new(backend).await;
    let receiver = Receiver::willing().await;
    let endpoint = world.endpoint(&receiver).await;
    let event = world.verified(PROJECT).await;
    world.verified(PROJECT).await;
    let now = machine_now();
    let taken = world.service.take_deliveries(&Default::default(), now).await.expect("works").remove(0);
    world.service.ask(&taken, now).await.expect("works").expect("an answer");
    // It dies here.
    let other = world.replica().await;
    assert_eq!(post_all(&other, now).await, 0, "held");
    assert_eq!(world.service.webhooks_pending().await.expect("counted"), 1);
    post_all(&other, taken.lease.until).await;
    let got = receiver.take();
    assert_eq!(got.iter().filter(|got| got.id() == event).count(), 2);
    assert_eq!(got[0].body, got[1].body);
    let log = world.deliveries(&endpoint.name).await;
    assert_eq!((log[0].attempts, log[1].attempts), (2, 1));
    assert_eq!(world.service.webhooks_pending().await.expect("counted"), 0);
}

/// Of every four tries one dies before its request, one between that and the record, and others find what they leave.
async fn only_who_dies_between_request_and_record_has_an_event_sent_twice(backend: Backend) {
    let world = World::new(backend).await;
    let receiver = Receiver::willing().await;
    let endpoint = world.endpoint(&receiver).await;
    let mut expected: Vec<Vec<String>> = vec![Vec::new(); 3];
    for (project, of_one) in (0xB100..).zip(&mut expected) {
        for _ in 0..5 {
            of_one.push(world.verified(ProjectId(Uuid::from_u128(project))).await);
        }
    }
    let replicas = [(*world.service).clone(), world.replica().await, world.replica().await];
    let (mut now, mut tries) = (machine_now(), 0);
    let mut in_all: BTreeMap<String, usize> = expected.iter().flatten().map(|id| (id.clone(), 1)).collect();
    let is_open = |delivery: &WebhookDelivery| delivery.state() != WebhookDeliveryState::Delivered;
    while world.deliveries(&endpoint.name).await.iter().any(is_open) {
        let mut hands = Vec::new();
        for replica in &replicas {
            let taken = replica.take_deliveries(&HashMap::new(), now).await.expect("works");
            hands.extend(taken.into_iter().map(|taken| (replica, taken)));
        }
        if hands.is_empty() {
            now += SignedDuration::try_from(LONGEST_TRY * 3 / 2).expect("seconds");
        }
        for (replica, taken) in hands {
            tries += 1;
            if tries % 4 == 0 {
                continue;
            }
            let answer = replica.ask(&taken, now).await.expect("works").expect("an answer");
            if tries % 4 == 1 {
                *in_all.entry(taken.delivery.event_id.to_string()).or_default() += 1;
            } else {
                replica.record_webhook(&taken, &answer, now).await.expect("recorded");
            }
        }
    }
    let got = receiver.take_ids();
    let mut arrived: BTreeMap<String, usize> = BTreeMap::new();
    got.iter().for_each(|id| *arrived.entry(id.clone()).or_default() += 1);
    assert_eq!(arrived, in_all, "once, and once more for each answer that was not recorded");
    assert!(got.len() > 15, "nobody died");
    for of_one in expected {
        let mut of_it: Vec<_> = got.iter().filter(|id| of_one.contains(id)).cloned().collect();
        of_it.dedup();
        assert_eq!(of_it, of_one, "in order, and none again after the next one");
    }
}

async fn who_wakes_after_the_lease_has_ended_sends_and_records_nothing(backend: Backend) {
    let world = World::new(backend).await;
    let receiver = Receiver::willing().await;
    let endpoint = world.endpoint(&receiver).await;
    world.verified(PROJECT).await;
    let now = machine_now();
    let taken = world.service.take_deliveries(&Default::default(), now).await.expect("works").remove(0);
    world.service.send_webhook(&taken, || taken.lease.until).await.expect("works");
    assert!(receiver.take().is_empty());

    // Another one has it by now, and its endpoint refuses; the first one's answer came too late.
    let other = world.replica().await;
    let until = taken.lease.until;
    let theirs = other.take_deliveries(&Default::default(), until).await.expect("works").remove(0);
    let late = world.service.ask(&taken, now).await.expect("works").expect("an answer");
    world.service.record_webhook(&taken, &late, until).await.expect("works");
    assert_eq!(world.deliveries(&endpoint.name).await[0].status_code, 0, "it is not recorded");
    other.send_webhook(&theirs, || until).await.expect("works");
    assert_eq!(world.deliveries(&endpoint.name).await[0].status_code, 204);
}

/// The loop itself, with an endpoint that never answers.
async fn a_slow_endpoint_holds_up_no_other(backend: Backend) {
    let world = World::new(backend).await;
    let (slow, quick) = (Receiver::with(|_| Manner::Silent).await, Receiver::willing().await);
    world.endpoint(&slow).await;
    world.endpoint(&quick).await;
    let stop = CancellationToken::new();
    let courier = tokio::spawn((*world.service).clone().run_courier(stop.clone()));
    let mut expected = BTreeSet::new();
    for project in 0..20 {
        expected.insert(world.verified(ProjectId(Uuid::from_u128(0xB100 + project))).await);
    }
    let mut got = BTreeSet::new();
    // Less than one try of the slow one may take.
    eventually(Duration::from_secs(10), "the quick one's events", async || {
        got.extend(quick.take_ids());
        (got == expected).then_some(())
    })
    .await;
    let mut held = Vec::new();
    eventually(Duration::from_secs(10), "all that go to the slow one", async || {
        held.extend(slow.take_ids());
        (held.len() >= 4).then_some(())
    })
    .await;
    assert_eq!(held.len(), 4, "no more at once to one");
    stop.cancel();
    courier.abort();
}

/// More of them than there are places in common.
async fn silent_endpoints_hold_up_no_other_however_many(backend: Backend) {
    let world = World::new(backend).await;
    let (silent, quick) = (Receiver::with(|_| Manner::Silent).await, Receiver::willing().await);
    for _ in 0..24 {
        world.endpoint(&silent).await;
    }
    world.endpoint(&quick).await;
    let mut expected = BTreeSet::new();
    for project in 0..4 {
        expected.insert(world.verified(ProjectId(Uuid::from_u128(0xB100 + project))).await);
    }
    let stop = CancellationToken::new();
    let courier = tokio::spawn((*world.service).clone().run_courier(stop.clone()));
    let mut got = BTreeSet::new();
    // Less than one try of a silent one may take.
    eventually(Duration::from_secs(10), "the quick one's events", async || {
        got.extend(quick.take_ids());
        (got == expected).then_some(())
    })
    .await;
    stop.cancel();
    courier.abort();
}

async fn an_endpoint_that_fails_gets_one_request_at_a_time(backend: Backend) {
    let world = World::new(backend).await;
    let receiver = Receiver::with(|_| Manner::Status(500)).await;
    world.endpoint(&receiver).await;
    for project in 0..3 {
        world.verified(ProjectId(Uuid::from_u128(0xB100 + project))).await;
    }
    let take = async |now| world.service.take_deliveries(&HashMap::new(), now).await.expect("works");
    let (now, later) = (machine_now(), machine_now() + hours(1));
    let first = take(now).await;
    assert_eq!(first.len(), 3);
    for taken in first {
        world.service.send_webhook(&taken, || now).await.expect("recorded");
    }
    let one = take(later).await;
    assert_eq!(one.len(), 1);
    receiver.behave(|_| Manner::Status(200));
    world.service.send_webhook(&one[0], || later).await.expect("recorded");
    assert_eq!(take(later).await.len(), 2, "it works again");
}

on_both_databases! {
    several_replicas_send_each_event_once_and_in_order,
    a_process_that_dies_before_it_records_has_the_same_id_sent_again,
    only_who_dies_between_request_and_record_has_an_event_sent_twice,
    who_wakes_after_the_lease_has_ended_sends_and_records_nothing,
    a_slow_endpoint_holds_up_no_other,
    silent_endpoints_hold_up_no_other_however_many,
    an_endpoint_that_fails_gets_one_request_at_a_time,
}
