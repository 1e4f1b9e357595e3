use platform::{
    Error,
    auth::{Principal, Role},
    harness::{self, request_id},
    id::CompanyId,
};
use proto::{
    common::v1::ErrorReason,
    notification::v1::{
        AnswerQuestionRequest, AskQuestionRequest, ContactExport, CreateCalendarLinkRequest,
        ExportContactRequest, MessageState,
    },
    scheduling::v1::{ContactAnonymised, ContactState, scheduling_event::Event},
};
use testkit::Backend;
use uuid::Uuid;

use super::telling::on_both_databases;
use super::world::{World, contact, reason, softvig};
use crate::Notification;
use crate::fixtures::{COMPANY, DAGMARA, TADEK, card_in_state, name};

fn tadek() -> Principal {
    contact(COMPANY, TADEK, Role::Technical)
}

async fn export(
    world: &World,
    who: &Principal,
    page_size: i32,
    page_token: &str,
) -> Result<ContactExport, Error> {
    let request = ExportContactRequest { name: name(TADEK), page_size, page_token: page_token.to_owned() };
    world.call(who, Notification::export_contact, request).await
}

/// Tadek asks and is answered, so does Dagmara; Tadek has a calendar link; everybody hears that all works.
async fn world(backend: Backend) -> World {
    let world = World::new(backend).await;
    for (who, subject) in
        [(tadek(), "Licencja"), (contact(COMPANY, DAGMARA, Role::Decision), "Sprawa Dagmary")]
    {
        let ask = AskQuestionRequest {
            parent: format!("companies/{COMPANY}"),
            subject: subject.into(),
            text: "Która?".into(),
            request_id: request_id(),
            ..Default::default()
        };
        let asked = world.call(&who, Notification::ask_question, ask).await.expect("asked");
        let answer = AnswerQuestionRequest {
            name: asked.name,
            text: "Runtime.".into(),
            request_id: request_id(),
            ..Default::default()
        };
        world.call(&softvig(), Notification::answer_question, answer).await.expect("answered");
    }
    let link = CreateCalendarLinkRequest {
        parent: format!("companies/{COMPANY}"),
        request_id: request_id(),
        ..Default::default()
    };
    world.call(&tadek(), Notification::create_calendar_link, link).await.expect("made");
    world.tell(Event::Verified(Default::default())).await;
    world.send().await;
    world
}

async fn an_export_holds_all_that_is_kept_of_a_contact_and_nothing_of_others(backend: Backend) {
    let world = world(backend).await;
    let export = export(&world, &tadek(), 0, "").await.expect("one's own");
    let topics: Vec<_> = export.messages.iter().map(|m| m.topic.as_str()).collect();
    assert_eq!(topics, ["verified", "question_answered", "question_asked"], "newest first");
    for message in &export.messages {
        assert_eq!((message.contact.as_str(), message.state()), (name(TADEK).as_str(), MessageState::Sent));
        assert!(!message.subject.is_empty() && message.text.contains("Tadeusz Łęcki"), "{message:?}");
        assert!(message.sent_at.is_some());
    }
    let [question] = &export.questions[..] else { panic!("{:?}", export.questions) };
    assert_eq!((question.subject.as_str(), question.answers[0].text.as_str()), ("Licencja", "Runtime."));
    let [link] = &export.calendar_links[..] else { panic!("{:?}", export.calendar_links) };
    assert_eq!((link.contact.as_str(), link.url.as_str()), (name(TADEK).as_str(), ""));
    assert!(export.preferences.as_ref().is_some_and(|p| !p.optional_topics.is_empty()));
    assert!(!format!("{export:?}").contains("Dagmar"), "{export:?}");
}

async fn an_export_of_many_messages_has_pages(backend: Backend) {
    let world = world(backend).await;
    let first = export(&world, &softvig(), 2, "").await.expect("the CRM may");
    assert_eq!((first.messages.len(), first.questions.len()), (2, 1));
    let last = export(&world, &softvig(), 2, &first.next_page_token).await.expect("the next");
    assert_eq!(last.messages.iter().map(|m| m.topic.as_str()).collect::<Vec<_>>(), ["question_asked"]);
    assert!(last.preferences.is_none() && last.questions.is_empty() && last.calendar_links.is_empty());
    assert!(last.next_page_token.is_empty());
    let another =
        ExportContactRequest { name: name(DAGMARA), page_size: 2, page_token: first.next_page_token.clone() };
    let refused = world.call(&softvig(), Notification::export_contact, another).await;
    assert_eq!(reason(refused), ErrorReason::PageTokenInvalid);
}

async fn an_export_is_for_the_crm_and_the_contact(backend: Backend) {
    let world = world(backend).await;
    let stranger = contact(CompanyId(Uuid::from_u128(0xC1)), TADEK, Role::Technical);
    for (who, why) in [
        (contact(COMPANY, DAGMARA, Role::Decision), ErrorReason::PermissionDenied),
        (harness::softvig(Role::Operator), ErrorReason::PermissionDenied),
        (harness::softvig(Role::Auditor), ErrorReason::PermissionDenied),
        (stranger, ErrorReason::NotFound),
    ] {
        assert_eq!(reason(export(&world, &who, 0, "").await), why);
    }
}

async fn of_who_was_anonymised_an_export_holds_no_word(backend: Backend) {
    let world = world(backend).await;
    world.tell(Event::ContactCard(card_in_state(TADEK, ContactState::Left))).await;
    let left = export(&world, &softvig(), 0, "").await.expect("still kept");
    assert!(left.preferences.is_none() && left.calendar_links.is_empty());
    assert_eq!((left.messages.len(), left.questions[0].subject.as_str()), (3, "Licencja"));

    world.tell(Event::ContactAnonymised(ContactAnonymised { contact: name(TADEK) })).await;
    let gone = export(&world, &softvig(), 0, "").await.expect("the history keeps its shape");
    assert_eq!(gone.messages.len(), 3);
    assert!(gone.messages.iter().all(|m| m.subject.is_empty() && m.text.is_empty()));
    assert!(gone.questions.iter().all(|q| q.text.is_empty() && q.answers[0].text.is_empty()));
}

on_both_databases! {
    an_export_holds_all_that_is_kept_of_a_contact_and_nothing_of_others,
    an_export_of_many_messages_has_pages,
    an_export_is_for_the_crm_and_the_contact,
    of_who_was_anonymised_an_export_holds_no_word,
}
