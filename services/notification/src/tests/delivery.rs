use std::{os::unix::fs::PermissionsExt as _, path::Path, time::Duration};

use jiff::{SignedDuration, Timestamp};
use platform::{
    clock::machine_now,
    db::{execute, query_all, query_one},
    harness::request_id,
};
use proto::{
    common::v1::ErrorReason,
    notification::v1::{
        ClearUndeliverableRequest, MessageState, ReportDeliveryStatusRequest, ResendMessageRequest,
    },
    scheduling::v1::{ContactCard, scheduling_event::Event},
};
use testkit::{Backend, eventually};
use uuid::Uuid;

use super::telling::on_both_databases;
use super::world::{World, claim, contact, describe, reason, softvig};
use crate::Notification;
use crate::fixtures::{COMPANY, DAGMARA, TADEK, card, name};
use crate::message::{
    Hand, Lease, MessageId, Recipient, Tried,
    store::{self, StoredMessage},
};

/// What is not held, nor joined with others.
fn finished() -> Event {
    Event::RunFinished(Default::default())
}

fn ids(hand: &Hand) -> Vec<MessageId> {
    hand.messages.iter().map(|stored| stored.value.id).collect()
}

async fn nothing_is_due(service: &Notification, now: Timestamp) -> bool {
    service.claim(service.lease(now), now).await.expect("works").is_empty()
}

async fn several_replicas_send_each_message_once(backend: Backend) {
    let world = World::new(backend).await;
    for _ in 0..10 {
        world.tell(finished()).await;
    }
    let (a, b) = (world.replica().await, world.replica().await);
    let drain = async |service: &Notification| while service.send_due().await.expect("works") > 0 {};
    tokio::join!(drain(&a), drain(&b), drain(&world.service));
    let sent = world.messages_in(MessageState::Sent).await;
    assert_eq!(sent.len(), 30);
    assert!(sent.iter().all(|m| m.attempts == 1), "nobody tried a message that another one held");
    assert_eq!(world.outbox_kinds().await.len(), 30);
}

async fn what_a_killed_sender_held_is_sent_by_another_when_the_lease_has_ended(backend: Backend) {
    let world = World::new(backend).await;
    world.tell(finished()).await;
    let now = machine_now();
    let lease = world.service.channel.lease();
    assert_eq!(world.service.messages_pending().await.expect("counted"), 3);
    let (dead, _) = claim(&world.service, now).await;
    assert_eq!(dead.messages.len(), 3);
    assert_eq!(world.service.messages_pending().await.expect("counted"), 3, "in somebody's hands");

    let other = world.replica().await;
    assert!(nothing_is_due(&other, now + lease - SignedDuration::from_secs(1)).await, "held");
    let (again, new_lease) = claim(&other, now + lease).await;
    assert_eq!(ids(&dead), ids(&again));
    other.send(again, new_lease, || now + lease).await.expect("works");
    let sent = world.messages_in(MessageState::Sent).await;
    assert_eq!(sent.iter().map(|m| m.attempts).collect::<Vec<_>>(), [2, 2, 2]);
    assert_eq!(world.service.messages_pending().await.expect("counted"), 0);
}

/// An invitation goes out before its cancellation, whoever dies and however often the first one has to be tried.
async fn messages_to_one_person_go_out_in_their_order(backend: Backend) {
    let world = World::new(backend).await;
    let mut now = machine_now();
    world.tell(finished()).await;
    let (dead, lease) = claim(&world.service, now + SignedDuration::from_secs(1)).await;
    let first = ids(&dead);
    world.tell(finished()).await;
    now = machine_now();
    let other = world.replica().await;
    assert_eq!(first.len(), 3);
    assert!(nothing_is_due(&other, now).await, "while an invitation is being sent");

    now = lease.until;
    let (again, lease) = claim(&other, now).await;
    assert_eq!(ids(&again), first, "its sender died");
    let tries: Vec<_> =
        again.messages.into_iter().map(|m| (m, Tried::Postponed("421 later".into()))).collect();
    other.record(COMPANY, lease, &tries).await.expect("works");
    assert!(nothing_is_due(&other, now).await, "it has to be tried once more");

    now += SignedDuration::from_hours(2);
    let (again, lease) = claim(&other, now).await;
    // Each waited a little longer or shorter.
    let mut sorted = ids(&again);
    sorted.sort();
    assert_eq!(sorted, first);
    other.send(again, lease, || now).await.expect("works");
    let (later, lease) = claim(&other, now).await;
    assert!(later.messages.len() == 3 && ids(&later) > first, "{later:?}");
    other.send(later, lease, || now).await.expect("works");
    assert!(nothing_is_due(&other, now).await);
    assert_eq!(world.files().len(), 6);
}

/// Such as while a mail server is away.
async fn a_message_that_is_not_taken_for_a_day_holds_up_nobody(backend: Backend) {
    let world = World::new(backend).await;
    world.tell(finished()).await;
    let (hand, lease) = claim(&world.service, machine_now()).await;
    let tries: Vec<_> =
        hand.messages.into_iter().map(|m| (m, Tried::Postponed("421 later".into()))).collect();
    world.service.record(COMPANY, lease, &tries).await.expect("works");
    world.tell(finished()).await;
    assert!(nothing_is_due(&world.service, machine_now()).await);
    assert_eq!(world.service.messages_pending().await.expect("counted"), 0, "all wait for a later try");
    let (all, _) = claim(&world.service, machine_now() + SignedDuration::from_hours(25)).await;
    assert_eq!(all.messages.len(), 6);
}

async fn a_sender_that_wakes_after_its_lease_has_ended_does_not_send(backend: Backend) {
    let world = World::new(backend).await;
    world.tell(finished()).await;
    let now = machine_now();
    let (hand, lease) = claim(&world.service, now).await;
    let woke = lease.until;
    world.service.send(hand.clone(), lease, || woke).await.expect("works");
    assert!(world.files().is_empty(), "nothing was handed over");
    assert_eq!(world.messages_in(MessageState::Sending).await.len(), 3, "nothing was recorded");
    let too_late = woke - SignedDuration::try_from(world.service.channel.longest_try()).expect("short")
        + SignedDuration::from_micros(1);
    world.service.send(hand, lease, || too_late).await.expect("works");
    assert!(world.files().is_empty(), "the lease might end while it tries");

    let other = world.replica().await;
    let (theirs, lease) = claim(&other, woke).await;
    other.send(theirs, lease, || woke).await.expect("works");
    assert_eq!(world.files().len(), 3);
}

/// Tries are recorded together, and none hangs on another.
async fn one_lost_lease_keeps_no_other_try_from_being_recorded(backend: Backend) {
    let world = World::new(backend).await;
    world.tell(finished()).await;
    let now = machine_now();
    let (mut hand, lease) = claim(&world.service, now).await;
    // The lease on the others lasts longer.
    let longer = Lease { until: lease.until + SignedDuration::from_mins(1), ..lease };
    let is_softvigs = |stored: &StoredMessage| stored.value.recipient == Recipient::Softvig;
    let (softvigs, mut others): (Vec<_>, Vec<_>) = hand.messages.into_iter().partition(is_softvigs);
    assert!(others.iter_mut().all(|stored| stored.value.claim(longer, lease.until)));
    let tx = world.service.core.db.begin().await.expect("begun");
    hand.messages = store::save(&tx, others).await.expect("written");
    tx.commit().await.expect("committed");
    hand.messages.extend(softvigs);
    let other = world.replica().await;
    let (theirs, their_lease) = claim(&other, lease.until).await;
    assert_eq!(theirs.messages.len(), 1);

    let tries: Vec<_> = hand.messages.into_iter().map(|m| (m, Tried::Sent("250 ok".into()))).collect();
    assert_eq!(tries.len(), 3);
    world.service.record(COMPANY, longer, &tries).await.expect("works");
    let described =
        async |state| -> Vec<String> { world.messages_in(state).await.iter().map(describe).collect() };
    assert_eq!(described(MessageState::Sent).await, ["run_finished decision", "run_finished technical"]);
    assert_eq!(described(MessageState::Sending).await, ["run_finished softvig"]);
    assert_eq!(world.outbox_kinds().await, ["message_sent"; 2]);

    other.send(theirs, their_lease, || lease.until).await.expect("works");
    assert_eq!(described(MessageState::Sent).await.len(), 3);
    assert_eq!(world.outbox_kinds().await, ["message_sent"; 3]);
}

async fn what_follows_from_one_try_and_fails_keeps_no_other_from_being_recorded(backend: Backend) {
    let world = World::new(backend).await;
    world.tell(finished()).await;
    let (hand, lease) = claim(&world.service, machine_now()).await;
    let outcome = |stored: StoredMessage| {
        let tried = match stored.value.recipient {
            Recipient::Contact(TADEK) => {
                Tried::Refused { address: card(TADEK).email, answer: "550 5.1.2 no such domain".into() }
            }
            _ => Tried::Sent("250 ok".into()),
        };
        (stored, tried)
    };
    let tries: Vec<_> = hand.messages.into_iter().map(outcome).collect();
    let tx = world.service.core.db.begin().await.expect("begun");
    execute(&tx, "update directory set body = '{}'", vec![]).await.expect("written");
    tx.commit().await.expect("committed");

    world.service.record(COMPANY, lease, &tries).await.expect("works");
    assert_eq!(world.messages_in(MessageState::Sent).await.len(), 2);
    assert_eq!(world.outbox_kinds().await, ["message_sent"; 2]);
    assert_eq!(world.messages_in(MessageState::Undeliverable).await.len(), 1, "and is not sent again");
}

/// Both looked before either had taken anything.
#[tokio::test]
async fn what_another_replica_is_just_taking_is_not_overtaken() {
    let world = World::new(Backend::Postgres).await;
    let core = &world.service.core;
    world.tell(finished()).await;
    let now = machine_now();
    let tx = core.db.begin().await.expect("begun");
    let mut first = store::due(core.db.read(), now, 10).await.expect("read");
    let lease = world.service.lease(now);
    assert!(first.len() == 3 && first.iter_mut().all(|stored| stored.value.claim(lease, now)));
    store::save(&tx, first).await.expect("written");

    world.tell(finished()).await;
    let other = world.replica().await;
    let claiming = tokio::spawn(async move { nothing_is_due(&other, machine_now()).await });
    let waits =
        "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    eventually(Duration::from_secs(10), "the other one to wait", async || {
        query_one(core.db.read(), waits, vec![]).await.expect("readable").map(|_| ())
    })
    .await;
    tx.commit().await.expect("committed");
    assert!(claiming.await.expect("no panic"), "the later messages are to the same people");
}

async fn a_refused_address_is_told_once_and_used_again_when_corrected(backend: Backend) {
    let world = World::new(backend).await;
    let nowhere = |email: &str| Event::ContactCard(ContactCard { email: email.into(), ..card(TADEK) });
    world.tell(nowhere("tadek@nowhere.invalid")).await;
    world.tell(finished()).await;
    world.send().await;
    assert_eq!(
        world.told().await,
        [
            "contact_undeliverable decision",
            "contact_undeliverable softvig",
            "run_finished decision",
            "run_finished softvig",
            "run_finished technical"
        ]
    );
    let undeliverable = || world.messages_in(MessageState::Undeliverable);
    let refused = undeliverable().await;
    assert_eq!(refused.iter().map(describe).collect::<Vec<_>>(), ["run_finished technical"]);
    assert!(refused[0].outcome.contains("550") && !refused[0].outcome.contains("nowhere"), "{refused:?}");
    let news = |published: Vec<String>| published.iter().filter(|k| *k == "address_undeliverable").count();
    assert_eq!(news(world.outbox_kinds().await), 1);

    world.tell(finished()).await;
    world.send().await;
    assert_eq!(news(world.outbox_kinds().await), 1, "known already");
    let untried = world.messages_in(MessageState::Undeliverable).await;
    assert!(untried.iter().any(|m| m.attempts == 0), "not even tried");

    world.tell(nowhere("tadek@auto-lecki.example")).await;
    world.tell(finished()).await;
    world.send().await;
    assert!(undeliverable().await.is_empty());
    let sent = world.messages_in(MessageState::Sent).await;
    let arrived = sent.iter().filter(|m| describe(m) == "run_finished technical").count();
    assert_eq!(arrived, 3, "the two from before, too: {sent:?}");
    world.assert_nothing_parked().await;
}

async fn softvig_can_say_that_an_address_works_after_all(backend: Backend) {
    let world = World::new(backend).await;
    world.tell(Event::ContactCard(ContactCard { email: "t@nowhere.invalid".into(), ..card(TADEK) })).await;
    world.tell(finished()).await;
    world.send().await;
    let request =
        |id| ClearUndeliverableRequest { contact: name(id), request_id: request_id(), ..Default::default() };
    let by_contact = contact(COMPANY, DAGMARA, platform::auth::Role::Decision);
    let denied = world.call(&by_contact, Notification::clear_undeliverable, request(TADEK)).await;
    assert_eq!(reason(denied), ErrorReason::PermissionDenied);
    let unknown = platform::id::ContactId(Uuid::from_u128(9));
    let unknown = world.call(&softvig(), Notification::clear_undeliverable, request(unknown)).await;
    assert_eq!(reason(unknown), ErrorReason::NotFound);
    for _ in 0..2 {
        world.call(&softvig(), Notification::clear_undeliverable, request(TADEK)).await.expect("cleared");
    }
    let cleared = world.outbox_kinds().await.iter().filter(|k| *k == "address_cleared").count();
    assert_eq!(cleared, 1, "the second time nothing changed");
    world.tell(finished()).await;
    world.send().await;
    let tried = world.messages_in(MessageState::Undeliverable).await;
    let mut attempts: Vec<_> = tried.iter().map(|m| m.attempts).collect();
    attempts.sort();
    assert_eq!(attempts, [1, 2], "the address was used again, for the first message too: {tried:?}");
}

async fn softvig_sends_a_message_again_and_hears_that_it_bounced(backend: Backend) {
    let world = World::new(backend).await;
    world.tell(finished()).await;
    world.send().await;
    let sent = world.messages_in(MessageState::Sent).await;
    let mut to_tadek = sent.into_iter().find(|m| m.contact == name(TADEK)).expect("told");
    let resend =
        |id: String| ResendMessageRequest { name: id, request_id: request_id(), ..Default::default() };
    let by_contact = contact(COMPANY, DAGMARA, platform::auth::Role::Decision);
    let denied = world.call(&by_contact, Notification::resend_message, resend(to_tadek.name.clone())).await;
    assert_eq!(reason(denied), ErrorReason::PermissionDenied);
    let again = world.call(&softvig(), Notification::resend_message, resend(to_tadek.name.clone())).await;
    assert_eq!(again.expect("it is not on its way").state(), MessageState::Pending);
    let twice = world.call(&softvig(), Notification::resend_message, resend(to_tadek.name.clone())).await;
    assert_eq!(reason(twice), ErrorReason::InvalidArgument, "on its way");
    world.send().await;
    assert_eq!(world.files().len(), 4, "a mail of its own");

    let id = to_tadek.name.rsplit('/').next().expect("an id").to_owned();
    let email = card(TADEK).email;
    let mail = format!(
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; m\r\n\r\n\
         Final-Recipient: rfc822; {email}\r\n\
         Action: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 <{email}> unknown\r\n\r\n\
         --b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{id}.1@przesiadka.softvig.pl>\r\n\r\n--b--\r\n"
    );
    let report = |mail: &str| ReportDeliveryStatusRequest {
        mail: mail.into(),
        request_id: request_id(),
        ..Default::default()
    };
    let operator = platform::harness::softvig(platform::auth::Role::Operator);
    let denied = world.call(&by_contact, Notification::report_delivery_status, report(&mail)).await;
    assert_eq!(reason(denied), ErrorReason::PermissionDenied);
    let unknown = mail.replace(&id, &Uuid::from_u128(9).to_string());
    let unknown = world.call(&operator, Notification::report_delivery_status, report(&unknown)).await;
    assert_eq!(reason(unknown), ErrorReason::NotFound);
    // A late one about the first mail, which says nothing of the second.
    let late = mail.replace(&format!("{id}.1@"), &format!("{id}@"));
    let reported = world.call(&operator, Notification::report_delivery_status, report(&late)).await;
    assert_eq!(reported.expect("a notice").state(), MessageState::Sent);
    for _ in 0..2 {
        let reported = world.call(&operator, Notification::report_delivery_status, report(&mail)).await;
        to_tadek = reported.expect("a notice");
    }
    assert_eq!(to_tadek.state(), MessageState::Bounced);
    assert_eq!((to_tadek.tries.len(), to_tadek.resends), (5, 1), "{to_tadek:?}");
    assert_eq!(to_tadek.outcome, "5.1.1 smtp; 550 (address) unknown");
    assert!(to_tadek.sent_at.is_some());
    let kinds = world.outbox_kinds().await;
    for kind in ["message_bounced", "address_undeliverable"] {
        assert_eq!(kinds.iter().filter(|k| *k == kind).count(), 1, "{kind}");
    }
    world.send().await;
    let told = world.told().await;
    assert!(told.contains(&"contact_undeliverable softvig".to_owned()), "{told:?}");
}

/// A server may bounce a mail sooner than its sender has recorded that it was taken.
async fn a_notice_waits_until_the_try_is_recorded(backend: Backend) {
    let world = World::new(backend).await;
    world.tell(finished()).await;
    let (hand, lease) = claim(&world.service, machine_now()).await;
    let id = hand.messages[0].value.id;
    let mail = format!(
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; m\r\n\r\n\
         Action: failed\r\nStatus: 5.7.1\r\n\r\n\
         --b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{id}@przesiadka.softvig.pl>\r\n\r\n--b--\r\n"
    );
    let report =
        ReportDeliveryStatusRequest { mail: mail.into(), request_id: request_id(), ..Default::default() };
    let operator = platform::harness::softvig(platform::auth::Role::Operator);
    let early = world.call(&operator, Notification::report_delivery_status, report.clone()).await;
    assert!(matches!(early, Err(platform::Error::Unavailable(_))), "{early:?}");
    let tries: Vec<_> = hand.messages.into_iter().map(|m| (m, Tried::Sent("250 ok".into()))).collect();
    world.service.record(COMPANY, lease, &tries).await.expect("works");
    assert_eq!(world.messages_in(MessageState::Sent).await.len(), 3, "recorded");
    let bounced =
        world.call(&operator, Notification::report_delivery_status, report).await.expect("a notice");
    assert_eq!(bounced.state(), MessageState::Bounced);
    assert!(!world.outbox_kinds().await.contains(&"address_undeliverable".to_owned()), "it is the policy");
}

async fn a_message_that_no_server_takes_for_three_days_is_given_up(backend: Backend) {
    let world = World::new(backend).await;
    world.tell(finished()).await;
    let (hand, lease) = claim(&world.service, machine_now()).await;
    let tried = |mut stored: StoredMessage| {
        // As if the first try had been then.
        stored.value.tried_since = Some(machine_now() - SignedDuration::from_hours(73));
        (stored, Tried::Postponed("421 later".into()))
    };
    let tries: Vec<_> = hand.messages.into_iter().map(tried).collect();
    world.service.record(COMPANY, lease, &tries).await.expect("works");
    assert_eq!(world.messages_in(MessageState::GivenUp).await.len(), 3);
    assert_eq!(world.outbox_kinds().await, ["message_given_up"; 3]);
}

async fn a_folder_that_cannot_be_written_postpones_and_loses_nothing(backend: Backend) {
    let world = World::new(backend).await;
    std::fs::write(&world.mails, "in the way").expect("a file");
    world.tell(finished()).await;
    world.send().await;
    let waiting = world.messages_in(MessageState::Pending).await;
    assert_eq!(waiting.len(), 3);
    assert!(waiting.iter().all(|m| m.attempts == 1 && m.next_try_at.is_some()), "{waiting:?}");
    assert!(world.outbox_kinds().await.is_empty());
}

async fn mails_in_a_folder_are_for_their_owner_alone(backend: Backend) {
    let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
    let world = World::new(backend).await;
    world.tell(finished()).await;
    world.send().await;
    assert_eq!(mode(&world.mails), 0o700);
    let files: Vec<_> = std::fs::read_dir(&world.mails).expect("a folder").collect();
    assert_eq!(files.len(), 3);
    for file in files {
        assert_eq!(mode(&file.expect("an entry").path()), 0o600);
    }
}

/// PostgreSQL goes by what it saw when nothing was due, and there is a backlog now.
#[tokio::test]
async fn postgres_looks_up_the_first_message_to_each_person_with_old_statistics_too() {
    let world = World::empty(Backend::Postgres).await;
    let db = &world.service.core.db;
    let messages = |count: u32, label: &str, due: &str| {
        format!(
            "insert into message (id, company, event_id, recipient, kind, part, mentions, label, due_at, version, body) \
             select gen_random_uuid(), n % 500, gen_random_uuid(), n % 3, 'k', '', '', '{label}', {due}, 1, '{{}}' \
             from generate_series(1, {count}) as n"
        )
    };
    for sql in [&messages(20_000, "sent", "null"), "analyze message", &messages(5_000, "pending", "now()")] {
        db.execute(sql, vec![]).await.expect("works");
    }
    let look =
        store::due_sql(40).replace("$1", "now()").replace("$2", "'00000000-0000-0000-0000-000000000000'");
    let plan = query_all(db.read(), &format!("explain {look}"), vec![]).await.expect("a plan");
    let lines = plan.iter().map(|row| row.try_get("", "QUERY PLAN")).collect::<Result<Vec<String>, _>>();
    let plan = lines.expect("text").join("\n");
    assert!(plan.contains("message_open"), "{plan}");
}

on_both_databases! {
    mails_in_a_folder_are_for_their_owner_alone,
    several_replicas_send_each_message_once,
    what_a_killed_sender_held_is_sent_by_another_when_the_lease_has_ended,
    messages_to_one_person_go_out_in_their_order,
    a_message_that_is_not_taken_for_a_day_holds_up_nobody,
    a_sender_that_wakes_after_its_lease_has_ended_does_not_send,
    one_lost_lease_keeps_no_other_try_from_being_recorded,
    what_follows_from_one_try_and_fails_keeps_no_other_from_being_recorded,
    a_refused_address_is_told_once_and_used_again_when_corrected,
    softvig_can_say_that_an_address_works_after_all,
    softvig_sends_a_message_again_and_hears_that_it_bounced,
    a_notice_waits_until_the_try_is_recorded,
    a_message_that_no_server_takes_for_three_days_is_given_up,
    a_folder_that_cannot_be_written_postpones_and_loses_nothing,
}
