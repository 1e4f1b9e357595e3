//! What did not reach somebody, and can.

use jiff::{SignedDuration, Timestamp};
use platform::{auth::Role, clock::machine_now, harness::request_id};
use proto::{
    common::v1::ErrorReason,
    notification::v1::{self as pb, MessageState},
    scheduling::v1::{
        ContactCard, ContactReplaced, ContactRole, ContactState, DateAgreed, DateWithdrawn,
        IntegrationRestored, VariantRecommended, scheduling_event::Event,
    },
};
use testkit::Backend;

use super::telling::on_both_databases;
use super::world::{World, claim, describe, reason, softvig};
use crate::Notification;
use crate::fixtures::{BEATA, COMPANY, DAGMARA, TADEK, audit_2, card, card_in_state, migration, name};
use crate::message::{Hand, Lease, Recipient, Tried, store::StoredMessage};

fn recommended() -> Event {
    Event::VariantRecommended(VariantRecommended { variant: "hosted".into(), ..Default::default() })
}

fn agreed(agreement: &str, date: proto::scheduling::v1::StageDate) -> Event {
    Event::DateAgreed(DateAgreed { agreement: agreement.into(), date: Some(date), ..Default::default() })
}

fn replaced() -> Event {
    Event::ContactReplaced(ContactReplaced { contact: name(DAGMARA), successor: name(BEATA) })
}

fn corrected() -> Event {
    Event::ContactCard(ContactCard { email: "dagmara@auto-lecki.example".into(), ..card(DAGMARA) })
}

fn unknown() -> Tried {
    Tried::Refused { address: card(DAGMARA).email, answer: "550 5.1.1 unknown".into() }
}

impl World {
    /// Tries what is due; what becomes of it for Dagmara. All others get theirs.
    async fn try_for_dagmara(&self, outcome: fn() -> Tried) {
        let (hand, lease) = claim(&self.service, machine_now()).await;
        self.record_for_dagmara(hand, lease, outcome).await;
    }

    async fn record_for_dagmara(&self, hand: Hand, lease: Lease, outcome: fn() -> Tried) {
        let tried = |stored: StoredMessage| match stored.value.recipient {
            Recipient::Contact(DAGMARA) => (stored, outcome()),
            _ => (stored, Tried::Sent("250 ok".into())),
        };
        let tries: Vec<_> = hand.messages.into_iter().map(tried).collect();
        self.service.record(COMPANY, lease, &tries).await.expect("works");
    }

    async fn topics(&self, contact: &str, state: MessageState) -> Vec<String> {
        let messages = self.messages_in(state).await.into_iter().filter(|m| m.contact == contact);
        let mut topics: Vec<_> = messages.map(|m| m.topic).collect();
        topics.sort();
        topics
    }

    /// What is passed on waits for others of its kind from then on.
    async fn pass_on_and_send(&self) {
        self.send_now().await;
        self.send().await;
    }

    async fn resend(&self, message: &pb::Message) -> Result<pb::Message, platform::Error> {
        let name = message.name.clone();
        let request = pb::ResendMessageRequest { name, request_id: request_id(), ..Default::default() };
        self.call(&softvig(), Notification::resend_message, request).await
    }

    /// A mail server says of a mail to Dagmara, which it passed on elsewhere, that it does not arrive.
    async fn bounce(&self, message: &pb::Message, status: &str) -> pb::Message {
        let (id, to) = (message.name.rsplit('/').next().expect("a name"), card(DAGMARA).email);
        let id = if message.resends == 0 { id.to_owned() } else { format!("{id}.{}", message.resends) };
        let mail = format!(
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
             --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; m\r\n\r\n\
             Final-Recipient: rfc822; dagmara@elsewhere.example\r\nAction: failed\r\nStatus: {status}\r\n\r\n\
             --b\r\nContent-Type: text/rfc822-headers\r\n\r\nTo: Dagmara <{to}>\r\n\
             Message-ID: <{id}@przesiadka.softvig.pl>\r\n\r\n--b--\r\n",
        );
        let report = pb::ReportDeliveryStatusRequest {
            mail: mail.into(),
            request_id: request_id(),
            ..Default::default()
        };
        let operator = platform::harness::softvig(Role::Operator);
        self.call(&operator, Notification::report_delivery_status, report).await.expect("a notice")
    }

    async fn latest_to_dagmara(&self) -> pb::Message {
        let all = self.messages().await;
        all.into_iter().find(|m| m.contact == name(DAGMARA)).expect("written")
    }

    /// The `Date` headers of the mails to an address.
    fn days(&self, address: &str) -> Vec<String> {
        let to = |mail: &&String| mail.contains(address);
        let date =
            |mail: &String| mail.lines().find_map(|line| line.strip_prefix("Date: ")).map(str::to_owned);
        self.files().iter().filter(to).filter_map(date).collect()
    }
}

/// What Dagmara missed: a recommendation on the first day; on the tenth one mail that no server wanted and one that did
/// not fit into her mailbox, two recommendations in one, after which her address is known not to work, another one, a
/// date and its end, a date that stands, and a brand that is back.
async fn missed(world: &World) {
    world.tell(recommended()).await;
    world.wait_out().await;
    world.try_for_dagmara(|| Tried::Rejected("554 5.7.1 spam".into())).await;
    world.send().await;
    world.advance("2026-12-10T09:00:00Z").await;
    world.tell(Event::ReadinessDeclared(Default::default())).await;
    world.wait_out().await;
    world.try_for_dagmara(|| Tried::Rejected("554 5.7.1 spam".into())).await;
    world.tell(Event::ReadinessWithdrawn(Default::default())).await;
    world.send().await;
    world.bounce(&world.latest_to_dagmara().await, "5.2.2").await;
    world.tell(recommended()).await;
    world.tell(recommended()).await;
    world.wait_out().await;
    world.try_for_dagmara(unknown).await;
    world.tell(recommended()).await;
    world.tell(agreed("m", migration())).await;
    let withdrawn = DateWithdrawn { agreement: "m".into(), date: Some(migration()), ..Default::default() };
    world.tell(Event::DateWithdrawn(withdrawn)).await;
    world.tell(agreed("a", audit_2())).await;
    world.tell(Event::IntegrationRestored(IntegrationRestored { brand: "audi".into() })).await;
    world.send().await;
    let given_up = ["readiness_declared", "variant_recommended"];
    assert_eq!(world.topics(&name(DAGMARA), MessageState::GivenUp).await, given_up);
    assert_eq!(world.topics(&name(DAGMARA), MessageState::Bounced).await, ["readiness_withdrawn"]);
    assert_eq!(world.topics(&name(DAGMARA), MessageState::Joined).await.len(), 2);
    let undeliverable = [
        "date_agreed",
        "date_agreed",
        "date_withdrawn",
        "integration_restored",
        "variant_recommended",
        "variant_recommended",
    ];
    assert_eq!(world.topics(&name(DAGMARA), MessageState::Undeliverable).await, undeliverable);
    world.advance("2026-12-11T09:00:00Z").await;
}

async fn what_did_not_arrive_goes_to_the_successor(backend: Backend) {
    let world = World::new(backend).await;
    missed(&world).await;
    world.tell(Event::ContactCard(card(BEATA))).await;
    world.tell(replaced()).await;
    world.pass_on_and_send().await;
    let beata = world.topics(&name(BEATA), MessageState::Sent).await;
    let expected = [
        "contact_replaced",
        "entry_added",
        "integration_restored",
        "readiness_declared",
        "readiness_withdrawn",
        "variant_recommended",
    ];
    assert_eq!(beata, expected);
    let sent = world.messages_in(MessageState::Sent).await;
    let one = sent.iter().find(|m| m.contact == name(BEATA) && m.topic == "variant_recommended");
    assert_eq!(one.map(|m| m.joins.len()), Some(3), "in one mail, without the first day's");
    world.assert_nothing_parked().await;

    // By hand the contact's own, in one mail, is not sent again; nor is one of them.
    let mut of_dagmara = world.messages_in(MessageState::Undeliverable).await;
    of_dagmara.retain(|m| m.topic == "variant_recommended");
    assert_eq!(of_dagmara.iter().filter(|m| m.joins.len() == 2).count(), 1);
    for old in of_dagmara {
        let refused = world.resend(&old).await.expect_err("Beata has it");
        assert_eq!(refused.reason(), ErrorReason::InvalidArgument);
        let names = &refused.violations()[0].allowed;
        let hers = world.messages_in(MessageState::Joined).await;
        let named = hers.iter().filter(|m| m.contact == name(BEATA) && names.contains(&m.name)).count();
        assert_eq!(named, old.joins.len().max(1), "{names}");
    }
}

async fn what_did_not_arrive_goes_to_the_corrected_address(backend: Backend) {
    let world = World::new(backend).await;
    missed(&world).await;
    world.tell(corrected()).await;
    world.send().await;
    let expected = [
        "date_withdrawn",
        "entry_added",
        "integration_restored",
        "readiness_declared",
        "readiness_withdrawn",
        "variant_recommended",
        "variant_recommended",
    ];
    assert_eq!(world.topics(&name(DAGMARA), MessageState::Sent).await, expected);
    let days = world.days("dagmara@auto-lecki.example");
    let of_the_tenth = days.iter().filter(|date| date.starts_with("Thu, 10 Dec 2026")).count();
    assert_eq!((of_the_tenth, days.len()), (6, 7), "each is the mail of its day: {days:?}");
    world.tell(corrected()).await;
    world.send().await;
    assert_eq!(world.topics(&name(DAGMARA), MessageState::Sent).await, expected, "once");
    world.assert_nothing_parked().await;
}

async fn what_did_not_arrive_goes_to_the_address_that_works_after_all(backend: Backend) {
    let world = World::new(backend).await;
    missed(&world).await;
    let contact = name(DAGMARA);
    let clear = pb::ClearUndeliverableRequest { contact, request_id: request_id(), ..Default::default() };
    world.call(&softvig(), Notification::clear_undeliverable, clear).await.expect("allowed");
    let preferences = pb::ContactPreferences {
        name: format!("{}/preferences", name(DAGMARA)),
        muted_topics: vec!["integration_restored".to_owned()],
        ..Default::default()
    };
    let update = pb::UpdateContactPreferencesRequest {
        preferences: Some(preferences),
        request_id: request_id(),
        ..Default::default()
    };
    world.call(&softvig(), Notification::update_contact_preferences, update).await.expect("allowed");
    world.send().await;
    let expected = [
        "date_withdrawn",
        "entry_added",
        "readiness_declared",
        "readiness_withdrawn",
        "variant_recommended",
        "variant_recommended",
    ];
    assert_eq!(world.topics(&name(DAGMARA), MessageState::Sent).await, expected, "what is still wanted");
}

/// The server's answer comes when somebody else has taken her place.
async fn what_is_refused_after_the_contact_was_replaced_goes_to_the_successor(backend: Backend) {
    for outcome in [unknown, || Tried::Rejected("554 5.7.1 spam".into())] {
        let world = World::new(backend).await;
        world.tell(recommended()).await;
        world.wait_out().await;
        let (hand, lease) = claim(&world.service, machine_now()).await;
        world.tell(Event::ContactCard(card(BEATA))).await;
        world.tell(replaced()).await;
        world.record_for_dagmara(hand, lease, outcome).await;
        let later: Timestamp = machine_now() + SignedDuration::from_hours(2);
        let lease = world.service.lease(later);
        for hand in world.service.claim(lease, later).await.expect("works") {
            world.service.send(hand, lease, || later).await.expect("works");
        }
        world.send().await;
        let hers = world.topics(&name(BEATA), MessageState::Sent).await;
        assert!(hers.contains(&"variant_recommended".to_owned()), "{hers:?}");
    }
}

async fn sent_to_dagmara(world: &World) -> pb::Message {
    world.tell(recommended()).await;
    world.send().await;
    let sent = world.messages_in(MessageState::Sent).await;
    sent.into_iter().find(|m| m.contact == name(DAGMARA)).expect("sent")
}

async fn what_bounces_after_the_contact_was_replaced_goes_to_the_successor(backend: Backend) {
    let world = World::new(backend).await;
    let hers = sent_to_dagmara(&world).await;
    world.tell(Event::ContactCard(card(BEATA))).await;
    world.tell(replaced()).await;
    assert_eq!(world.bounce(&hers, "5.1.1").await.state(), MessageState::Bounced);
    world.send().await;
    assert!(world.topics(&name(BEATA), MessageState::Sent).await.contains(&"variant_recommended".to_owned()));
}

async fn what_bounces_after_the_address_was_corrected_goes_to_the_new_one(backend: Backend) {
    let world = World::new(backend).await;
    let hers = sent_to_dagmara(&world).await;
    world.tell(corrected()).await;
    assert_eq!(world.bounce(&hers, "4.4.7").await.state(), MessageState::Pending, "whatever the reason");
    world.send().await;
    assert_eq!(world.days("dagmara@auto-lecki.example").len(), 1);
    assert_eq!(world.bounce(&hers, "4.4.7").await.state(), MessageState::Sent, "it is of the first mail");
    let hers = world.latest_to_dagmara().await;
    assert_eq!((hers.topic.as_str(), hers.resends), ("variant_recommended", 1));
    // A server writes the new address in a way that looks like another one.
    assert_eq!(world.bounce(&hers, "5.1.1").await.state(), MessageState::Bounced, "once");
}

/// Nobody knows what to correct, so SOFTVIG hears of it.
async fn what_bounces_elsewhere_is_not_sent_again(backend: Backend) {
    let world = World::new(backend).await;
    let hers = sent_to_dagmara(&world).await;
    assert_eq!(world.bounce(&hers, "5.1.1").await.state(), MessageState::Bounced);
    assert_eq!(world.told().await.iter().filter(|told| *told == "message_given_up softvig").count(), 1);
    assert!(!world.outbox_kinds().await.contains(&"address_undeliverable".to_owned()));
}

/// Scheduling's events of a replacement come one after the other, and a mail is due between them.
async fn what_was_due_when_the_successor_was_not_known_yet_is_not_lost(backend: Backend) {
    let world = World::new(backend).await;
    world.tell(recommended()).await;
    world.wait_out().await;
    world.tell(Event::ContactCard(card(BEATA))).await;
    world.tell(Event::ContactCard(card_in_state(DAGMARA, ContactState::Left))).await;
    world.send_now().await;
    assert_eq!(world.latest_to_dagmara().await.outcome, "the contact has left");
    world.tell(replaced()).await;
    world.send().await;
    assert!(world.topics(&name(BEATA), MessageState::Sent).await.contains(&"variant_recommended".to_owned()));
}

/// Beata, whose address does not work, follows Dagmara, and Tadek follows her before Dagmara's mails are passed on.
async fn what_was_for_the_first_of_a_chain_goes_to_the_last(backend: Backend) {
    let world = World::new(backend).await;
    let technical = vec![ContactRole::Technical.into()];
    let beata = ContactCard { email: "beata@nowhere.invalid".into(), roles: technical, ..card(BEATA) };
    world.tell(Event::ContactCard(beata)).await;
    world.tell(Event::Verified(Default::default())).await;
    world.send().await;
    assert_eq!(world.topics(&name(BEATA), MessageState::Undeliverable).await, ["verified"]);
    world.tell(recommended()).await;
    world.tell(replaced()).await;
    let tadek = ContactReplaced { contact: name(BEATA), successor: name(TADEK) };
    world.tell(Event::ContactReplaced(tadek)).await;
    for _ in 0..3 {
        world.send().await;
    }
    let sent = world.topics(&name(TADEK), MessageState::Sent).await;
    assert_eq!(sent.iter().filter(|topic| *topic == "variant_recommended").count(), 1, "{sent:?}");
    assert_eq!(sent.iter().filter(|topic| *topic == "verified").count(), 1, "his own: {sent:?}");
}

/// Those who could tell the contact otherwise are awake.
async fn that_a_message_of_a_running_migration_does_not_arrive_is_told_at_night(backend: Backend) {
    let world = World::new(backend).await;
    world.advance("2027-01-15T21:30:00Z").await;
    world.tell(Event::RunFinished(Default::default())).await;
    world.try_for_dagmara(unknown).await;
    let urgent: Vec<_> = world.messages_in(MessageState::Pending).await.iter().map(describe).collect();
    assert_eq!(urgent, ["contact_undeliverable softvig"]);
    world.send_now().await;
    world.tell(Event::WindowOverrun(Default::default())).await;
    let (hand, lease) = claim(&world.service, machine_now()).await;
    let tried = |stored| (stored, Tried::Rejected("554 5.7.1 spam".into()));
    let tries: Vec<_> = hand.messages.into_iter().map(tried).collect();
    world.service.record(COMPANY, lease, &tries).await.expect("works");
    world.send_now().await;
    let sent: Vec<_> = world.messages_in(MessageState::Sent).await.iter().map(describe).collect();
    assert!(sent.contains(&"message_given_up softvig".to_owned()), "{sent:?}");
}

async fn of_a_migration_that_is_over_nobody_is_woken(backend: Backend) {
    let world = World::new(backend).await;
    world.advance("2027-01-15T21:30:00Z").await;
    world.tell(Event::RunFinished(Default::default())).await;
    world.try_for_dagmara(unknown).await;
    world.send().await;
    world.advance("2027-01-16T21:30:00Z").await;
    world.tell(corrected()).await;
    world.send_now().await;
    assert_eq!(world.topics(&name(DAGMARA), MessageState::Held).await, ["run_finished"]);
    world.advance("2027-01-17T06:00:00Z").await;
    world.send_now().await;
    assert_eq!(world.topics(&name(DAGMARA), MessageState::Sent).await, ["run_finished"]);
}

async fn what_a_successor_got_is_sent_again_as_the_successors(backend: Backend) {
    let world = World::new(backend).await;
    world.tell(recommended()).await;
    world.tell(Event::ContactCard(card(BEATA))).await;
    world.tell(replaced()).await;
    world.send().await;
    world.send().await;
    let dropped = world.messages_in(MessageState::Dropped).await;
    let old = dropped.iter().find(|m| m.contact == name(DAGMARA)).expect("passed on");
    let refused = world.resend(old).await.expect_err("Beata has it");
    let sent = world.messages_in(MessageState::Sent).await;
    let hers = sent.iter().find(|m| m.contact == name(BEATA) && m.topic == old.topic).expect("hers");
    assert_eq!(refused.violations()[0].allowed, hers.name);
    assert_eq!(world.resend(hers).await.expect("as the refusal says").resends, 1);
    assert_eq!(reason(world.resend(old).await), ErrorReason::InvalidArgument, "also on its way");
}

on_both_databases! {
    what_did_not_arrive_goes_to_the_successor,
    what_did_not_arrive_goes_to_the_corrected_address,
    what_did_not_arrive_goes_to_the_address_that_works_after_all,
    what_is_refused_after_the_contact_was_replaced_goes_to_the_successor,
    what_bounces_after_the_contact_was_replaced_goes_to_the_successor,
    what_bounces_after_the_address_was_corrected_goes_to_the_new_one,
    what_bounces_elsewhere_is_not_sent_again,
    what_was_due_when_the_successor_was_not_known_yet_is_not_lost,
    what_was_for_the_first_of_a_chain_goes_to_the_last,
    that_a_message_of_a_running_migration_does_not_arrive_is_told_at_night,
    of_a_migration_that_is_over_nobody_is_woken,
    what_a_successor_got_is_sent_again_as_the_successors,
}
