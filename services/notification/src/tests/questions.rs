use futures::StreamExt as _;
use platform::{Call, auth::Role, id::CompanyId};
use proto::{
    common::v1::ErrorReason,
    notification::v1::{
        AnswerQuestionRequest, AskQuestionRequest, GetQuestionRequest, ListQuestionsRequest,
        WatchEventsRequest,
    },
    scheduling::v1::{ProjectOpened, scheduling_event::Event},
};
use testkit::Backend;
use uuid::Uuid;

use super::telling::on_both_databases;
use super::world::{World, contact, reason, softvig};
use crate::fixtures::{COMPANY, PROJECT, TADEK};

fn ask() -> AskQuestionRequest {
    AskQuestionRequest {
        parent: format!("companies/{COMPANY}"),
        project: format!("companies/{COMPANY}/projects/{PROJECT}"),
        subject: "Licencja".into(),
        text: "Która licencja będzie lepsza?".into(),
        ..Default::default()
    }
}

fn answer(name: &str, text: &str) -> AnswerQuestionRequest {
    AnswerQuestionRequest { name: name.into(), text: text.into(), ..Default::default() }
}

fn tadek() -> Call {
    contact(COMPANY, TADEK, Role::Technical)
}

async fn world(backend: Backend) -> World {
    let mut world = World::new(backend).await;
    world.hear(Event::ProjectOpened(ProjectOpened {})).await;
    world
}

async fn a_question_goes_to_softvig_and_the_answer_to_the_asker(backend: Backend) {
    let world = world(backend).await;
    let service = &world.service;
    let asked = service.ask_question(tadek(), ask()).await.expect("asked");
    assert_eq!(world.told().await, ["question_asked softvig", "question_asked technical"]);

    let stale = asked.etag.clone();
    let answered =
        service.answer_question(softvig(), answer(&asked.name, "Runtime.")).await.expect("answered");
    assert_eq!(answered.answers.len(), 1);
    assert_eq!(answered.answers[0].answered_by, "crm-1");
    let late = Call { etag: Some(stale), ..softvig() };
    assert_eq!(
        reason(service.answer_question(late, answer(&asked.name, "Standardowa.")).await),
        ErrorReason::EtagMismatch
    );
    let fresh = Call { etag: Some(answered.etag), ..softvig() };
    service.answer_question(fresh, answer(&asked.name, "Albo inna.")).await.expect("added");
    assert_eq!(world.published().await, ["question_asked", "question_answered", "question_answered"]);

    let seen =
        service.get_question(tadek(), GetQuestionRequest { name: asked.name.clone() }).await.expect("seen");
    assert_eq!(seen.answers.len(), 2);
    assert_eq!(seen.answers[0].answered_by, "", "a contact is not told who at SOFTVIG");
    let told = world.told().await;
    assert_eq!(told.iter().filter(|t| *t == "question_answered technical").count(), 2);
}

async fn the_same_request_twice_asks_once(backend: Backend) {
    let world = world(backend).await;
    let call = tadek();
    let first = world.service.ask_question(call.clone(), ask()).await.expect("asked");
    let again = world.service.ask_question(call.clone(), ask()).await.expect("the same answer");
    assert_eq!(first, again);
    assert_eq!(world.told().await.len(), 2);
    let other = Call { payload_hash: [1; 32], ..call };
    assert_eq!(reason(world.service.ask_question(other, ask()).await), ErrorReason::RequestIdReused);

    let judged = Call { validate_only: true, ..tadek() };
    world.service.ask_question(judged, ask()).await.expect("it would be asked");
    let list = ListQuestionsRequest { parent: format!("companies/{COMPANY}"), ..Default::default() };
    let list = world.service.list_questions(tadek(), list).await.expect("listed");
    assert_eq!(list.questions, [first], "judging changed nothing");
}

async fn only_contacts_ask_and_only_softvig_answers(backend: Backend) {
    let world = world(backend).await;
    let service = &world.service;
    let asked = service.ask_question(tadek(), ask()).await.expect("asked");
    let other = CompanyId(Uuid::from_u128(0xBAD));
    let cases = [
        (service.ask_question(softvig(), ask()).await, ErrorReason::PermissionDenied),
        (
            service.ask_question(contact(COMPANY, TADEK, Role::Decision), ask()).await,
            ErrorReason::PermissionDenied,
        ),
        (service.ask_question(contact(other, TADEK, Role::Technical), ask()).await, ErrorReason::NotFound),
        (
            service
                .ask_question(
                    tadek(),
                    AskQuestionRequest { project: format!("companies/{COMPANY}/projects/{other}"), ..ask() },
                )
                .await,
            ErrorReason::NotFound,
        ),
        (
            service.ask_question(tadek(), AskQuestionRequest { text: String::new(), ..ask() }).await,
            ErrorReason::InvalidArgument,
        ),
        (service.answer_question(tadek(), answer(&asked.name, "x")).await, ErrorReason::PermissionDenied),
        (
            service
                .answer_question(softvig(), answer(&format!("companies/{COMPANY}/questions/{other}"), "x"))
                .await,
            ErrorReason::NotFound,
        ),
    ];
    for (i, (result, expected)) in cases.into_iter().enumerate() {
        assert_eq!(reason(result), expected, "case {i}");
    }
}

async fn open_questions_of_all_companies_are_softvigs_to_list(backend: Backend) {
    let world = world(backend).await;
    let service = &world.service;
    let asked = service.ask_question(tadek(), ask()).await.expect("asked");
    service.ask_question(tadek(), ask()).await.expect("asked");
    service.answer_question(softvig(), answer(&asked.name, "Runtime.")).await.expect("answered");
    let all = ListQuestionsRequest { parent: "companies/-".into(), open_only: true, ..Default::default() };
    let open = service.list_questions(softvig(), all.clone()).await.expect("listed");
    assert_eq!(open.questions.len(), 1);
    assert_eq!(reason(service.list_questions(tadek(), all).await), ErrorReason::InvalidArgument);
}

async fn a_watch_goes_on_where_a_list_ended(backend: Backend) {
    let world = world(backend).await;
    let service = &world.service;
    let parent = format!("companies/{COMPANY}");
    let list = ListQuestionsRequest { parent: parent.clone(), ..Default::default() };
    let token = service.list_questions(tadek(), list).await.expect("listed").watch_token;
    service.ask_question(tadek(), ask()).await.expect("asked");
    service.core.sequence().await.expect("sequenced");
    let watch = WatchEventsRequest { company: parent, resume_token: token, ..Default::default() };
    let items = service.watch_events(tadek(), watch).await.expect("watching");
    let first = std::pin::pin!(items).next().await.expect("an item").expect("no error");
    let event = first.event.and_then(|e| e.event);
    assert!(
        matches!(event, Some(proto::notification::v1::notification_event::Event::QuestionAsked(_))),
        "{event:?}"
    );
    let nobody = service.watch_events(tadek(), WatchEventsRequest::default()).await.map(|_| ());
    assert_eq!(reason(nobody), ErrorReason::PermissionDenied);
}

on_both_databases! {
    a_question_goes_to_softvig_and_the_answer_to_the_asker,
    the_same_request_twice_asks_once,
    only_contacts_ask_and_only_softvig_answers,
    open_questions_of_all_companies_are_softvigs_to_list,
    a_watch_goes_on_where_a_list_ended,
}
