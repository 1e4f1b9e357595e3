use jiff::SignedDuration;
use platform::{
    bus::Message,
    clock::{machine_now, to_db},
    db::query_one,
    id::CompanyId,
};
use prost::Message as _;
use proto::{
    audit::v1::{AuditEvent, ItemWaived, ValuesRecorded, audit_event},
    common::v1::ErrorReason,
    notification::v1::{self as pb, WebhookDeliveryState},
    scheduling::v1::{
        Actor, CompanyChanged, DateAgreed, OverrideRecorded, SchedulingEvent, VariantHelpAsked,
        scheduling_event::Event,
    },
};
use testkit::Backend;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{ELSEWHERE, company_name, receiver::Receiver};
use crate::Notification;
use crate::fixtures::{BEATA, COMPANY, PROJECT, TADEK, card, event, migration, name, now, pb as instant};
use crate::tests::telling::on_both_databases;
use crate::tests::world::{World, reason, softvig};

fn agreed() -> Event {
    Event::DateAgreed(DateAgreed { agreement: "m".into(), date: Some(migration()), ..Default::default() })
}

async fn an_event_goes_to_each_endpoint_that_wants_it_signed(backend: Backend) {
    let world = World::new(backend).await;
    let (all, some, others) =
        (Receiver::willing().await, Receiver::willing().await, Receiver::willing().await);
    let endpoint = world.endpoint(&all).await;
    let only = |receiver: &Receiver, types: &[&str], company: String| pb::WebhookEndpoint {
        url: receiver.url(),
        event_types: types.iter().map(ToString::to_string).collect(),
        company,
        ..Default::default()
    };
    let own = company_name(COMPANY);
    world.endpoint_of(only(&some, &["scheduling.date_agreed", "audit.item_waived"], own)).await;
    world.endpoint_of(only(&others, &[], company_name(CompanyId(Uuid::from_u128(9))))).await;

    let agreed = world.happens("date_agreed", agreed(), Some(PROJECT)).await;
    let verified = world.verified(PROJECT).await;
    assert_eq!(world.post_all(machine_now()).await, 3);
    let got = all.take();
    assert_eq!(got.iter().map(|got| got.id()).collect::<Vec<_>>(), [agreed.clone(), verified.clone()]);
    assert_eq!(some.take_ids(), [agreed.as_str()], "only what it wants");
    assert!(others.take().is_empty(), "another company's");

    assert!(got[0].is_signed_by(&endpoint.secret), "{:?}", got[0]);
    let body = got[0].json();
    assert_eq!(body["type"], "scheduling.date_agreed");
    assert_eq!(body["timestamp"], "2026-12-01T09:00:00+00:00");
    assert_eq!(body["data"]["eventId"], agreed);
    assert_eq!(body["data"]["project"], format!("companies/{COMPANY}/projects/{PROJECT}"));
    assert_eq!(body["data"]["dateAgreed"]["agreement"], "m");
    assert_eq!(body["data"]["dateAgreed"]["date"]["startsAt"], "2027-01-15T21:00:00+00:00");
    assert_eq!(got[0].header("content-type"), "application/json");
    assert_eq!(got[0].path, "/events");

    let log = world.deliveries(&endpoint.name).await;
    let states: Vec<_> =
        log.iter().map(|d| (d.event_type.as_str(), d.state(), d.status_code, d.attempts)).collect();
    let delivered = WebhookDeliveryState::Delivered;
    assert_eq!(
        states,
        [("scheduling.date_agreed", delivered, 204, 1), ("scheduling.verified", delivered, 204, 1)]
    );
    assert_eq!(log[0].name, format!("{}/deliveries/{agreed}", endpoint.name));
    assert_eq!(log[1].name, format!("{}/deliveries/{verified}", endpoint.name));
    assert_eq!(world.post_all(machine_now()).await, 0, "each once");
    world.assert_nothing_parked().await;
}

fn audit(what: audit_event::Event) -> Vec<u8> {
    AuditEvent {
        event_id: Uuid::now_v7().to_string(),
        company: company_name(COMPANY),
        project: format!("companies/{COMPANY}/projects/{PROJECT}"),
        occurred_at: instant(now()),
        event: Some(what),
        ..Default::default()
    }
    .encode_to_vec()
}

async fn what_changes_nothing_here_is_sent_too(backend: Backend) {
    let world = World::new(backend).await;
    let recorded = || audit(audit_event::Event::ValuesRecorded(ValuesRecorded::default()));
    let hear = async |payload| {
        let message = world.message("audit", COMPANY.into(), "values_recorded", payload);
        world.receive(message).await;
    };
    hear(recorded()).await;
    let receiver = Receiver::willing().await;
    let endpoint = world.endpoint(&receiver).await;
    hear(recorded()).await;
    hear(recorded()).await;
    assert_eq!(world.post_all(machine_now()).await, 2, "what came before it was made is not");
    let got = receiver.take();
    assert!(got.iter().all(|got| got.json()["type"] == "audit.values_recorded"), "{got:?}");

    let gone = pb::DeleteWebhookEndpointRequest {
        name: endpoint.name,
        request_id: "gone".into(),
        ..Default::default()
    };
    world.call(&softvig(), Notification::delete_webhook_endpoint, gone).await.expect("deleted");
    hear(recorded()).await;
    let sql = "select seq, (select count(*) from webhook_delivery) as n from cursor where source = 'audit'";
    let row =
        query_one(world.service.core.db.read(), sql, vec![]).await.expect("readable").expect("a cursor");
    let (seq, rows): (i64, i64) =
        (row.try_get("", "seq").expect("a number"), row.try_get("", "n").expect("a number"));
    assert_eq!((seq, rows), (4, 2));
    world.assert_nothing_parked().await;
}

async fn no_personal_data_leaves(backend: Backend) {
    let world = World::new(backend).await;
    let receiver = Receiver::willing().await;
    world.endpoint(&receiver).await;
    world.happens("contact_card", Event::ContactCard(card(BEATA)), None).await;
    let renamed = CompanyChanged { display_name: "Jan Kowalski Auto".into(), ..Default::default() };
    world.happens("company_changed", Event::CompanyChanged(renamed), None).await;
    let overridden = OverrideRecorded {
        rule: "AUDIT1_BUFFER".into(),
        person: "Anna Nowak".into(),
        note: "Anna Nowak agrees".into(),
        ..Default::default()
    };
    world.happens("override_recorded", Event::OverrideRecorded(overridden), Some(PROJECT)).await;
    let asked = SchedulingEvent {
        event_id: Uuid::now_v7().to_string(),
        actor: Some(Actor { contact: name(TADEK), subject: "anna.nowak".into(), ..Default::default() }),
        ..event(Event::VariantHelpAsked(VariantHelpAsked { note: "Tadeusz asks".into() }))
    };
    let asked = world.message("scheduling", COMPANY.into(), "variant_help_asked", asked.encode_to_vec());
    world.receive(asked).await;
    let waived = ItemWaived {
        approver: "Anna Nowak".into(),
        reason: "Anna".into(),
        item: "cpu.ghz".into(),
        ..Default::default()
    };
    let waived =
        world.message("audit", COMPANY.into(), "item_waived", audit(audit_event::Event::ItemWaived(waived)));
    world.receive(waived).await;

    world.post_all(machine_now()).await;
    let got = receiver.take();
    let kinds: Vec<_> =
        got.iter().map(|got| got.json()["type"].as_str().expect("a type").to_owned()).collect();
    assert_eq!(
        kinds.iter().map(String::as_str).collect::<std::collections::BTreeSet<_>>(),
        [
            "audit.item_waived",
            "scheduling.company_changed",
            "scheduling.override_recorded",
            "scheduling.variant_help_asked"
        ]
        .into()
    );
    for got in got {
        for personal in ["Anna", "anna", "Kowalski", "Tadeusz", "Beata", "@"] {
            assert!(!got.body.contains(personal), "{personal}: {}", got.body);
        }
    }
}

async fn old_history_is_not_sent(backend: Backend) {
    let world = World::new(backend).await;
    let receiver = Receiver::willing().await;
    world.endpoint(&receiver).await;
    let old = world.happening(
        "verified",
        Event::Verified(Default::default()),
        Some(PROJECT),
        &Uuid::now_v7().to_string(),
    );
    let sequenced_at = old.sequenced_at - SignedDuration::from_hours(25);
    world.receive(Message { sequenced_at, ..old }).await;
    let new = world.verified(PROJECT).await;
    world.post_all(machine_now()).await;
    assert_eq!(receiver.take_ids(), [new]);
}

async fn an_event_that_comes_twice_is_sent_once(backend: Backend) {
    let world = World::new(backend).await;
    let receiver = Receiver::willing().await;
    world.endpoint(&receiver).await;
    let id = Uuid::now_v7().to_string();
    let message = world.happening("verified", Event::Verified(Default::default()), Some(PROJECT), &id);
    world.receive(message.clone()).await;
    world.receive(message.clone()).await;
    // A producer's database that was set back numbers it anew.
    world.receive(Message { seq: message.seq + 1, ..message }).await;
    world.post_all(machine_now()).await;
    assert_eq!(receiver.take_ids(), [id]);
}

async fn what_is_old_is_deleted_and_what_is_gone_too(backend: Backend) {
    let world = World::new(backend).await;
    let receiver = Receiver::willing().await;
    let (kept, gone) = (world.endpoint(&receiver).await, world.endpoint(&receiver).await);
    world.verified(PROJECT).await;
    world.verified(ELSEWHERE).await;
    let request = pb::DeleteWebhookEndpointRequest {
        name: gone.name.clone(),
        request_id: "1".into(),
        ..Default::default()
    };
    world.call(&softvig(), Notification::delete_webhook_endpoint, request).await.expect("deleted");
    let rows = async || {
        let row =
            query_one(world.service.core.db.read(), "select count(*) as n from webhook_delivery", vec![])
                .await;
        row.expect("readable").expect("a row").try_get::<i64>("", "n").expect("a number")
    };
    assert_eq!(rows().await, 4);
    let (day, stop) = (SignedDuration::from_hours(24), CancellationToken::new());
    world.service.delete_old_deliveries(machine_now() + day * 29, &stop).await.expect("deleted");
    assert_eq!((rows().await, world.deliveries(&kept.name).await.len()), (2, 2));
    world.service.delete_old_deliveries(machine_now() + day * 30, &stop).await.expect("deleted");
    assert_eq!(rows().await, 0);
    let listed = pb::ListWebhookDeliveriesRequest { parent: gone.name, ..Default::default() };
    let listed = world.call(&softvig(), Notification::list_webhook_deliveries, listed).await;
    assert_eq!(reason(listed), ErrorReason::NotFound);
}

async fn what_is_deleted_holds_up_nothing(backend: Backend) {
    let world = World::new(backend).await;
    let receiver = Receiver::willing().await;
    world.endpoint(&receiver).await;
    let (old, new) = (world.verified(PROJECT).await, world.verified(PROJECT).await);
    let sql = "update webhook_delivery set created_at = $1 where event_id = $2";
    let (then, old): (_, Uuid) =
        (machine_now() - SignedDuration::from_hours(31 * 24), old.parse().expect("an id"));
    world.service.core.db.execute(sql, vec![to_db(then).into(), old.into()]).await.expect("written");
    world.service.delete_old_deliveries(machine_now(), &CancellationToken::new()).await.expect("deleted");
    world.post_all(machine_now()).await;
    assert_eq!(receiver.take_ids(), [new]);
}

on_both_databases! {
    an_event_goes_to_each_endpoint_that_wants_it_signed,
    what_changes_nothing_here_is_sent_too,
    no_personal_data_leaves,
    old_history_is_not_sent,
    an_event_that_comes_twice_is_sent_once,
    what_is_old_is_deleted_and_what_is_gone_too,
    what_is_deleted_holds_up_nothing,
}
