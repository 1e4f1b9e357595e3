use jiff::SignedDuration;
use platform::{
    clock::{machine_now, to_wire},
    harness::request_id,
};
use proto::notification::v1::{
    self as pb, GetMessageRequest, WebhookDeliveryState, WebhookDisabledReason, WebhookEndpointState,
};
use testkit::Backend;

use super::{
    ELSEWHERE, hours, post_all,
    receiver::{Manner, Receiver},
};
use crate::Notification;
use crate::fixtures::PROJECT;
use crate::tests::telling::on_both_databases;
use crate::tests::world::{World, describe, softvig};
use crate::webhooks::GIVEN_UP_AFTER;

impl World {
    async fn enable(&self, name: &str) -> pb::WebhookEndpoint {
        let request = pb::EnableWebhookEndpointRequest {
            name: name.to_owned(),
            request_id: request_id(),
            ..Default::default()
        };
        self.call(&softvig(), Notification::enable_webhook_endpoint, request).await.expect("enabled")
    }

    /// SOFTVIG's mails about endpoints, with their texts.
    async fn mails_about_endpoints(&self) -> Vec<pb::Message> {
        let mut mails = Vec::new();
        for mail in self.messages().await.into_iter().filter(|m| m.topic == "webhook_switched_off") {
            assert_eq!(describe(&mail), "webhook_switched_off softvig");
            let request = GetMessageRequest { name: mail.name };
            mails.push(self.call(&softvig(), Notification::get_message, request).await.expect("there"));
        }
        mails
    }
}

async fn an_endpoint_that_fails_for_three_days_is_switched_off_with_one_mail(backend: Backend) {
    let world = World::new(backend).await;
    let other = world.replica().await;
    let receiver = Receiver::with(|_| Manner::Status(503)).await;
    let endpoint = world
        .endpoint_of(pb::WebhookEndpoint {
            url: receiver.url(),
            description: "CRM".into(),
            ..Default::default()
        })
        .await;
    let events = [world.verified(PROJECT).await, world.verified(PROJECT).await];
    let elsewhere = world.verified(ELSEWHERE).await;
    let begin = machine_now();
    let mut now = begin;
    while now < begin + GIVEN_UP_AFTER {
        post_all(&world.service, now).await;
        now += hours(1);
    }
    assert_eq!(world.read_endpoint(&endpoint.name).await.state(), WebhookEndpointState::Enabled);
    let tries = receiver.take_ids();
    assert!(tries.len() > 20 && !tries.contains(&events[1]), "{tries:?}");
    // Both have one of its last tries in hand.
    let end = begin + GIVEN_UP_AFTER;
    let replicas = [&*world.service, &other];
    let mut taken = Vec::new();
    for replica in replicas {
        taken.extend(replica.take_deliveries(&Default::default(), end).await.expect("works"));
    }
    assert_eq!(taken.len(), 2);
    for (replica, taken) in replicas.into_iter().zip(&taken) {
        replica.send_webhook(taken, || end).await.expect("recorded");
    }
    let off = world.read_endpoint(&endpoint.name).await;
    assert_eq!(
        (off.state(), off.disabled_reason(), off.disabled_at.is_some()),
        (WebhookEndpointState::Disabled, WebhookDisabledReason::Failing, true)
    );
    let mails = world.mails_about_endpoints().await;
    assert_eq!(mails.len(), 1);
    let kept: Vec<_> = world.history().await.into_iter().map(|line| (line.kind, line.actor)).collect();
    let switched_off = ("webhook_endpoint_switched_off".to_owned(), "system".to_owned());
    assert_eq!(kept.iter().filter(|line| **line == switched_off).count(), 1, "{kept:?}");
    assert_eq!(mails[0].subject, "Webhook wyłączony: CRM (127.0.0.1)");
    for told in ["503", "EnableWebhookEndpoint", endpoint.name.as_str()] {
        assert!(mails[0].text.contains(told), "{}", mails[0].text);
    }
    assert!(!mails[0].text.contains("Firma"), "it is of no company: {}", mails[0].text);

    receiver.take();
    let meanwhile = world.verified(PROJECT).await;
    assert_eq!(world.post_all(end + hours(10)).await, 0, "it is off");
    let log = world.deliveries(&endpoint.name).await;
    assert!(log.iter().all(|d| d.state() == WebhookDeliveryState::Pending), "all wait: {log:?}");

    receiver.behave(|_| Manner::Status(200));
    let on = world.enable(&endpoint.name).await;
    assert_eq!((on.state(), on.failing_since), (WebhookEndpointState::Enabled, None));
    world.post_all(machine_now()).await;
    let mut ids = receiver.take_ids();
    ids.retain(|id| *id != elsewhere);
    assert_eq!(ids, [events[0].clone(), events[1].clone(), meanwhile], "in order");
}

/// The outage begins with tries that hang or die, and later ones are refused at once: nothing was taken, so nothing may
/// be given up.
async fn nothing_is_given_up_of_what_an_endpoint_left_hanging(backend: Backend) {
    let world = World::new(backend).await;
    let receiver = Receiver::with(|_| Manner::Status(500)).await;
    let endpoint = world.endpoint(&receiver).await;
    world.verified(PROJECT).await;
    let begin = machine_now();
    let take =
        async |now| world.service.take_deliveries(&Default::default(), now).await.expect("works").remove(0);
    // One process dies with it, another one waits as long as it may, and what goes out later fails before that.
    let died = take(begin).await;
    let began = died.lease.until;
    let hanging = take(began).await;
    let failed = world.service.ask(&hanging, began).await.expect("works").expect("an answer");
    world.verified(ELSEWHERE).await;
    post_all(&world.service, began + SignedDuration::from_secs(1)).await;
    let in_the_end = began + SignedDuration::from_secs(15);
    world.service.record_webhook(&hanging, &failed, in_the_end).await.expect("recorded");

    let mut now = in_the_end;
    while now < began + GIVEN_UP_AFTER {
        world.post_all(now).await;
        now += hours(1);
    }
    world.post_all(began + GIVEN_UP_AFTER).await;
    let off = world.read_endpoint(&endpoint.name).await;
    assert_eq!(off.disabled_reason(), WebhookDisabledReason::Failing);
    let log = world.deliveries(&endpoint.name).await;
    assert!(log.iter().all(|d| d.state() == WebhookDeliveryState::Pending), "all wait: {log:?}");
}

async fn what_begins_anew_has_three_days_again(backend: Backend) {
    let world = World::new(backend).await;
    let receiver = Receiver::with(|_| Manner::Status(410)).await;
    let endpoint = world.endpoint(&receiver).await;
    world.verified(PROJECT).await;
    world.post_all(machine_now()).await;
    receiver.behave(|_| Manner::Status(500));
    world.enable(&endpoint.name).await;
    let later = machine_now() + GIVEN_UP_AFTER + hours(1);
    world.post_all(later).await;
    let log = world.deliveries(&endpoint.name).await;
    assert_eq!((log[0].state(), log[0].attempts), (WebhookDeliveryState::Pending, 1));
    assert_eq!(world.read_endpoint(&endpoint.name).await.state(), WebhookEndpointState::Enabled);
}

/// A process died with a delivery shortly before its endpoint was switched off.
async fn what_was_under_way_begins_anew_too(backend: Backend) {
    let world = World::new(backend).await;
    let receiver = Receiver::with(|_| Manner::Status(500)).await;
    let endpoint = world.endpoint(&receiver).await;
    world.verified(PROJECT).await;
    let begin = machine_now();
    world.post_all(begin).await;
    let died = world.service.take_deliveries(&Default::default(), begin + hours(1)).await.expect("works");
    assert_eq!(died.len(), 1);
    receiver.behave(|_| Manner::Status(410));
    world.verified(ELSEWHERE).await;
    world.post_all(begin + hours(1)).await;
    world.enable(&endpoint.name).await;
    receiver.behave(|_| Manner::Status(500));
    assert_eq!(world.post_all(begin + GIVEN_UP_AFTER + hours(1)).await, 2);
    let log = world.deliveries(&endpoint.name).await;
    assert_eq!((log[0].state(), log[0].attempts), (WebhookDeliveryState::Pending, 1));
}

async fn an_answer_of_the_place_before_counts_for_nothing(backend: Backend) {
    let world = World::new(backend).await;
    let (old, new) = (Receiver::with(|_| Manner::Status(410)).await, Receiver::willing().await);
    let endpoint = world.endpoint(&old).await;
    let event = world.verified(PROJECT).await;
    let now = machine_now();
    let taken = world.service.take_deliveries(&Default::default(), now).await.expect("works").remove(0);
    let gone = world.service.ask(&taken, now).await.expect("works").expect("an answer");
    let moved = pb::UpdateWebhookEndpointRequest {
        webhook_endpoint: Some(pb::WebhookEndpoint { url: new.url(), ..endpoint.clone() }),
        request_id: request_id(),
        ..Default::default()
    };
    world.call(&softvig(), Notification::update_webhook_endpoint, moved).await.expect("moved");
    world.service.record_webhook(&taken, &gone, now).await.expect("works");
    assert_eq!(world.read_endpoint(&endpoint.name).await.state(), WebhookEndpointState::Enabled);
    assert!(world.mails_about_endpoints().await.is_empty());
    world.post_all(machine_now()).await;
    assert_eq!(new.take_ids(), [event], "at once");
}

async fn gone_switches_an_endpoint_off_at_once(backend: Backend) {
    let world = World::new(backend).await;
    let receiver = Receiver::with(|_| Manner::Status(410)).await;
    let endpoint = world.endpoint(&receiver).await;
    world.verified(PROJECT).await;
    world.post_all(machine_now()).await;
    let off = world.read_endpoint(&endpoint.name).await;
    assert_eq!(off.disabled_reason(), WebhookDisabledReason::Gone);
    assert_eq!(world.mails_about_endpoints().await.len(), 1);
    let delivery = world.deliveries(&endpoint.name).await.remove(0);
    assert_eq!((delivery.state(), delivery.status_code), (WebhookDeliveryState::Pending, 410));
    // Enabled twice: the second one changes nothing.
    let on = world.enable(&endpoint.name).await;
    assert_eq!(world.enable(&endpoint.name).await, on);
    world.post_all(machine_now()).await;
    assert_eq!(world.mails_about_endpoints().await.len(), 2, "gone again, told again");
}

async fn everything_from_an_instant_on_is_sent_again_in_order(backend: Backend) {
    let world = World::new(backend).await;
    let receiver = Receiver::willing().await;
    let endpoint = world.endpoint(&receiver).await;
    let before = world.verified(PROJECT).await;
    world.advance("2026-12-02T09:00:00Z").await;
    let (second, third) = (world.verified(PROJECT).await, world.verified(PROJECT).await);
    world.post_all(machine_now()).await;
    assert_eq!(receiver.take_ids(), [before.clone(), second.clone(), third.clone()]);

    let replay = async |since: &str, request_id: String| {
        let since = Some(to_wire(since.parse().expect("an instant")));
        let request = pb::ReplayWebhookEndpointRequest {
            name: endpoint.name.clone(),
            request_id,
            since,
            ..Default::default()
        };
        let replayed = world.call(&softvig(), Notification::replay_webhook_endpoint, request).await;
        replayed.expect("replayed").deliveries
    };
    let id = request_id();
    assert_eq!(replay("2026-12-02T09:00:00Z", id.clone()).await, 2);
    world.post_all(machine_now()).await;
    assert_eq!(receiver.take_ids(), [second.clone(), third.clone()]);
    assert_eq!(replay("2026-12-02T09:00:00Z", id).await, 0, "the same request happens once");
    assert_eq!(world.post_all(machine_now()).await, 0);

    // While the last one is under way: it goes out again in its turn.
    let fourth = world.verified(PROJECT).await;
    let now = machine_now();
    let taken = world.service.take_deliveries(&Default::default(), now).await.expect("works");
    assert_eq!(replay("2026-12-01T09:00:00Z", request_id()).await, 4);
    world.service.send_webhook(&taken[0], || now).await.expect("its outcome does not count");
    assert_eq!(receiver.take_ids(), [fourth.as_str()]);
    world.post_all(machine_now() + SignedDuration::from_secs(1)).await;
    assert_eq!(receiver.take_ids(), [before, second, third, fourth]);
}

on_both_databases! {
    an_endpoint_that_fails_for_three_days_is_switched_off_with_one_mail,
    nothing_is_given_up_of_what_an_endpoint_left_hanging,
    what_begins_anew_has_three_days_again,
    what_was_under_way_begins_anew_too,
    an_answer_of_the_place_before_counts_for_nothing,
    gone_switches_an_endpoint_off_at_once,
    everything_from_an_instant_on_is_sent_again_in_order,
}
