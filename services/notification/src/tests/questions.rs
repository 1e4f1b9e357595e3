use futures::StreamExt as _;
use platform::{
    auth::{Principal, Role},
    harness::request_id,
    id::CompanyId,
};
use proto::{
    common::v1::ErrorReason,
    notification::v1::{
        AnswerQuestionRequest, AskQuestionRequest, GetQuestionRequest, ListQuestionsRequest,
        WatchEventsRequest,
    },
    scheduling::v1::{ContactAnonymised, ContactReplaced, ProjectOpened, scheduling_event::Event},
};
use testkit::Backend;
use uuid::Uuid;

use super::telling::on_both_databases;
use super::world::{World, contact, reason, softvig};
use crate::Notification;
use crate::fixtures::{BEATA, COMPANY, DAGMARA, PROJECT, TADEK, card, name};

fn ask() -> AskQuestionRequest {
    AskQuestionRequest {
        parent: format!("companies/{COMPANY}"),
        project: format!("companies/{COMPANY}/projects/{PROJECT}"),
        subject: "Licencja".into(),
        text: "Która licencja będzie lepsza?".into(),
        request_id: request_id(),
        ..Default::default()
    }
}

fn answer(name: &str, text: &str) -> AnswerQuestionRequest {
    AnswerQuestionRequest {
        name: name.into(),
        text: text.into(),
        request_id: request_id(),
        ..Default::default()
    }
}

fn tadek() -> Principal {
    contact(COMPANY, TADEK, Role::Technical)
}

async fn world(backend: Backend) -> World {
    let world = World::new(backend).await;
    world.tell(Event::ProjectOpened(ProjectOpened {})).await;
    world
}

async fn a_question_goes_to_softvig_and_the_answer_to_the_asker(backend: Backend) {
    let world = world(backend).await;
    let asked = world.call(&tadek(), Notification::ask_question, ask()).await.expect("asked");
    assert_eq!(world.told().await, ["question_asked softvig", "question_asked technical"]);

    let stale = asked.etag.clone();
    let answered = world
        .call(&softvig(), Notification::answer_question, answer(&asked.name, "Runtime."))
        .await
        .expect("answered");
    assert_eq!(answered.answers.len(), 1);
    assert_eq!(answered.answers[0].answered_by, "crm");
    let late = AnswerQuestionRequest { etag: stale, ..answer(&asked.name, "Standardowa.") };
    assert_eq!(
        reason(world.call(&softvig(), Notification::answer_question, late).await),
        ErrorReason::EtagMismatch
    );
    let fresh = AnswerQuestionRequest { etag: answered.etag, ..answer(&asked.name, "Albo inna.") };
    world.call(&softvig(), Notification::answer_question, fresh).await.expect("added");
    assert_eq!(world.outbox_kinds().await, ["question_asked", "question_answered", "question_answered"]);

    let seen = world
        .call(&tadek(), Notification::get_question, GetQuestionRequest { name: asked.name.clone() })
        .await
        .expect("seen");
    assert_eq!(seen.answers.len(), 2);
    assert_eq!(seen.answers[0].answered_by, "", "a contact is not told who at SOFTVIG");
    let told = world.told().await;
    assert_eq!(told.iter().filter(|t| *t == "question_answered technical").count(), 2);
}

async fn the_same_request_twice_asks_once(backend: Backend) {
    let world = world(backend).await;
    let request = ask();
    let ask_it = async |request| world.call(&tadek(), Notification::ask_question, request).await;
    let first = ask_it(request.clone()).await.expect("asked");
    let again = ask_it(request.clone()).await.expect("the same answer");
    assert_eq!(first, again);
    assert_eq!(world.told().await.len(), 2);
    let other = AskQuestionRequest { text: "Co innego?".into(), ..request };
    assert_eq!(reason(ask_it(other).await), ErrorReason::RequestIdReused);

    let judged = AskQuestionRequest { validate_only: true, ..ask() };
    ask_it(judged).await.expect("it would be asked");
    let list = ListQuestionsRequest { parent: format!("companies/{COMPANY}"), ..Default::default() };
    let list = world.call(&tadek(), Notification::list_questions, list).await.expect("listed");
    assert_eq!(list.questions, [first], "judging changed nothing");
}

async fn only_contacts_ask_and_only_softvig_answers(backend: Backend) {
    let world = world(backend).await;
    let asked = world.call(&tadek(), Notification::ask_question, ask()).await.expect("asked");
    let other = CompanyId(Uuid::from_u128(0xBAD));
    let cases = [
        (world.call(&softvig(), Notification::ask_question, ask()).await, ErrorReason::PermissionDenied),
        (
            world.call(&contact(COMPANY, TADEK, Role::Decision), Notification::ask_question, ask()).await,
            ErrorReason::PermissionDenied,
        ),
        (
            world.call(&contact(other, TADEK, Role::Technical), Notification::ask_question, ask()).await,
            ErrorReason::NotFound,
        ),
        (
            world
                .call(
                    &tadek(),
                    Notification::ask_question,
                    AskQuestionRequest { project: format!("companies/{COMPANY}/projects/{other}"), ..ask() },
                )
                .await,
            ErrorReason::NotFound,
        ),
        (
            world
                .call(
                    &tadek(),
                    Notification::ask_question,
                    AskQuestionRequest { text: String::new(), ..ask() },
                )
                .await,
            ErrorReason::InvalidArgument,
        ),
        (
            world.call(&tadek(), Notification::answer_question, answer(&asked.name, "x")).await,
            ErrorReason::PermissionDenied,
        ),
        (
            world
                .call(
                    &softvig(),
                    Notification::answer_question,
                    answer(&format!("companies/{COMPANY}/questions/{other}"), "x"),
                )
                .await,
            ErrorReason::NotFound,
        ),
    ];
    for (i, (result, expected)) in cases.into_iter().enumerate() {
        assert_eq!(reason(result), expected, "case {i}");
    }
}

async fn open_questions_pass_to_the_successor(backend: Backend) {
    let world = world(backend).await;
    let ask_it = async || world.call(&tadek(), Notification::ask_question, ask()).await.expect("asked").name;
    let (answered, open) = (ask_it().await, ask_it().await);
    let reply = async |name: &str| {
        world
            .call(&softvig(), Notification::answer_question, answer(name, "Runtime."))
            .await
            .expect("answered")
    };
    reply(&answered).await;
    let replaced = ContactReplaced { contact: name(TADEK), successor: name(DAGMARA) };
    world.tell(Event::ContactReplaced(replaced)).await;
    world.assert_nothing_parked().await;
    let question = reply(&open).await;
    assert_eq!(question.contact, name(TADEK), "who asked stays");
    let told = world.told().await;
    assert!(told.contains(&"question_answered decision".to_owned()), "{told:?}");
    assert_eq!(told.iter().filter(|t| *t == "question_answered technical").count(), 1, "the one before");
}

/// Somebody else who decides reads it, or whoever followed, also after a first answer.
async fn an_answer_to_who_has_left_is_read_by_somebody(backend: Backend) {
    let world = world(backend).await;
    let asked = world.call(&tadek(), Notification::ask_question, ask()).await.expect("asked").name;
    let reply = async || {
        let given = answer(&asked, "Runtime.");
        world.call(&softvig(), Notification::answer_question, given).await.expect("answered")
    };
    reply().await;
    let left = |successor| ContactReplaced { contact: name(TADEK), successor };
    world.tell(Event::ContactReplaced(left(String::new()))).await;
    reply().await;
    let to = |who: &'static str| format!("question_answered {who}");
    let told = world.told().await;
    assert!(told.contains(&to("decision")) && !told.contains(&to("another")), "{told:?}");
    world.tell(Event::ContactCard(card(BEATA))).await;
    world.tell(Event::ContactReplaced(left(name(BEATA)))).await;
    reply().await;
    let told = world.told().await;
    let count = |who| told.iter().filter(|told| **told == to(who)).count();
    assert_eq!([count("technical"), count("decision"), count("another")], [1, 1, 1], "{told:?}");
}

async fn the_words_of_a_question_go_when_the_asker_is_anonymised(backend: Backend) {
    let world = world(backend).await;
    let asked = world.call(&tadek(), Notification::ask_question, ask()).await.expect("asked").name;
    world
        .call(&softvig(), Notification::answer_question, answer(&asked, "Runtime."))
        .await
        .expect("answered");
    let anonymised = ContactAnonymised { contact: name(TADEK) };
    world.tell(Event::ContactAnonymised(anonymised)).await;
    world.assert_nothing_parked().await;
    let request = GetQuestionRequest { name: asked };
    let question = world.call(&softvig(), Notification::get_question, request).await.expect("it stays");
    assert_eq!((question.subject, question.text), Default::default());
    assert_eq!(question.answers.iter().map(|a| a.text.as_str()).collect::<Vec<_>>(), [""]);
    let about = world.messages().await.into_iter().filter(|m| m.topic.starts_with("question_"));
    let subjects: Vec<String> = about.map(|m| m.subject).collect();
    assert_eq!(subjects, [""; 4], "SOFTVIG's copies, too");
}

async fn open_questions_of_all_companies_are_softvigs_to_list(backend: Backend) {
    let world = world(backend).await;
    let asked = world.call(&tadek(), Notification::ask_question, ask()).await.expect("asked");
    world.call(&tadek(), Notification::ask_question, ask()).await.expect("asked");
    world
        .call(&softvig(), Notification::answer_question, answer(&asked.name, "Runtime."))
        .await
        .expect("answered");
    let all = ListQuestionsRequest { parent: "companies/-".into(), open_only: true, ..Default::default() };
    let open = world.call(&softvig(), Notification::list_questions, all.clone()).await.expect("listed");
    assert_eq!(open.questions.len(), 1);
    assert_eq!(
        reason(world.call(&tadek(), Notification::list_questions, all).await),
        ErrorReason::PermissionDenied
    );
}

async fn a_watch_goes_on_where_a_list_ended(backend: Backend) {
    let world = world(backend).await;
    let parent = format!("companies/{COMPANY}");
    let list = ListQuestionsRequest { parent: parent.clone(), ..Default::default() };
    let token = world.call(&softvig(), Notification::list_questions, list).await.expect("listed").watch_token;
    world.call(&tadek(), Notification::ask_question, ask()).await.expect("asked");
    world.service.core.sequence().await.expect("sequenced");
    let watch = WatchEventsRequest { company: parent, resume_token: token, ..Default::default() };
    let denied = world.call(&tadek(), Notification::watch_events, watch.clone()).await.map(|_| ());
    assert_eq!(reason(denied), ErrorReason::PermissionDenied, "the stream is SOFTVIG's");
    let items = world.call(&softvig(), Notification::watch_events, watch).await.expect("watching");
    let first = std::pin::pin!(items).next().await.expect("an item").expect("no error");
    let event = first.event.and_then(|e| e.event);
    assert!(
        matches!(event, Some(proto::notification::v1::notification_event::Event::QuestionAsked(_))),
        "{event:?}"
    );
}

on_both_databases! {
    a_question_goes_to_softvig_and_the_answer_to_the_asker,
    the_same_request_twice_asks_once,
    only_contacts_ask_and_only_softvig_answers,
    open_questions_pass_to_the_successor,
    an_answer_to_who_has_left_is_read_by_somebody,
    the_words_of_a_question_go_when_the_asker_is_anonymised,
    open_questions_of_all_companies_are_softvigs_to_list,
    a_watch_goes_on_where_a_list_ended,
}
