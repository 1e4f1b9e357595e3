//! Questions that nobody answers, and how the mails of a question hold together.

use platform::{auth::Principal, auth::Role, harness::request_id};
use proto::{
    notification::v1::{
        AnswerQuestionRequest, AskQuestionRequest, GetMessageRequest, Message, MessageState, Question,
    },
    scheduling::v1::{ContactAnonymised, ContactReplaced, ProjectOpened, scheduling_event::Event},
};
use testkit::Backend;

use super::telling::on_both_databases;
use super::world::{World, contact, softvig};
use crate::Notification;
use crate::fixtures::{COMPANY, DAGMARA, PROJECT, TADEK, name};

/// 15:00 on Wednesday, the first business day after Tuesday, 1 December 2026.
const ONE_DAY: &str = "2026-12-02T14:00:00Z";

const NONE: [&str; 0] = [];

fn tadek() -> Principal {
    contact(COMPANY, TADEK, Role::Technical)
}

async fn world(backend: Backend) -> World {
    let world = World::new(backend).await;
    world.tell(Event::ProjectOpened(ProjectOpened {})).await;
    world
}

async fn ask(world: &World, project: &str) -> Question {
    let request = AskQuestionRequest {
        parent: format!("companies/{COMPANY}"),
        project: project.to_owned(),
        subject: "Licencja".into(),
        text: "Która licencja będzie lepsza?".into(),
        request_id: request_id(),
        ..Default::default()
    };
    world.call(&tadek(), Notification::ask_question, request).await.expect("asked")
}

async fn answer(world: &World, question: &Question) {
    let request = AnswerQuestionRequest {
        name: question.name.clone(),
        text: "Runtime.".into(),
        request_id: request_id(),
        ..Default::default()
    };
    world.call(&softvig(), Notification::answer_question, request).await.expect("answered");
}

async fn raised(world: &World) -> Vec<Message> {
    let mut messages = world.messages().await;
    messages.retain(|message| message.topic == "question_unanswered");
    messages
}

async fn softvig_alone_hears_of_a_question_that_nobody_answered(backend: Backend) {
    let world = world(backend).await;
    ask(&world, "").await;
    world.advance("2026-12-02T13:59:59Z").await;
    assert_eq!(raised(&world).await, []);
    world.advance(ONE_DAY).await;
    let [one] = raised(&world).await.try_into().expect("one message");
    assert_eq!(one.contact, "", "SOFTVIG's");
    assert_eq!(one.subject, "Auto Łęcki sp. z o.o.: Pytanie bez odpowiedzi: Licencja");
    let get = GetMessageRequest { name: one.name };
    let text = world.call(&softvig(), Notification::get_message, get).await.expect("readable").text;
    for part in [
        "Pyta: Tadeusz Łęcki\nZadane: wtorek, 1 grudnia 2026, godz. 10:00\n\nKtóra licencja będzie lepsza?\n",
        "Firma: Auto Łęcki sp. z o.o.",
    ] {
        assert!(text.contains(part), "{part:?} in {text}");
    }
    world.advance("2026-12-14T14:00:00Z").await;
    assert_eq!(raised(&world).await.len(), 1, "not every day");
    world.send().await;
    world.assert_nothing_parked().await;
}

async fn a_question_that_was_answered_is_not_raised(backend: Backend) {
    let world = world(backend).await;
    let question = ask(&world, "").await;
    assert_eq!(world.timers().await, ["question"]);
    answer(&world, &question).await;
    assert_eq!(world.timers().await, NONE);
    world.advance(ONE_DAY).await;
    assert_eq!(raised(&world).await, []);
}

async fn an_answer_that_comes_before_the_mail_leaves_is_seen(backend: Backend) {
    let world = world(backend).await;
    let question = ask(&world, "").await;
    world.send().await;
    // The mail server is away.
    world.advance(ONE_DAY).await;
    answer(&world, &question).await;
    world.send().await;
    let dropped = world.messages_in(MessageState::Dropped).await;
    let dropped: Vec<_> = dropped.iter().map(|m| (m.topic.as_str(), m.outcome.as_str())).collect();
    assert_eq!(dropped, [("question_unanswered", "the question was answered")]);
}

async fn a_question_that_passed_to_a_successor_is_still_raised(backend: Backend) {
    let world = world(backend).await;
    ask(&world, "").await;
    let replaced = ContactReplaced { contact: name(TADEK), successor: name(DAGMARA) };
    world.tell(Event::ContactReplaced(replaced)).await;
    world.advance(ONE_DAY).await;
    assert_eq!(raised(&world).await.len(), 1);
}

async fn of_an_anonymised_asker_nothing_is_raised_and_no_word_is_left(backend: Backend) {
    let anonymised = || Event::ContactAnonymised(ContactAnonymised { contact: name(TADEK) });
    let before = world(backend).await;
    ask(&before, "").await;
    before.tell(anonymised()).await;
    assert_eq!(before.timers().await, NONE);
    before.advance(ONE_DAY).await;
    assert_eq!(raised(&before).await, []);

    let after = world(backend).await;
    ask(&after, "").await;
    after.advance(ONE_DAY).await;
    after.tell(anonymised()).await;
    let [one] = raised(&after).await.try_into().expect("one message");
    assert_eq!((one.subject.as_str(), one.state()), ("", MessageState::Dropped));
    after.assert_nothing_parked().await;
}

/// The value of a header of one line, in each mail.
fn headers(world: &World, header: &str) -> Vec<String> {
    let of = |file: &String| {
        let line = file.lines().find_map(|line| line.strip_prefix(&format!("{header}: ")));
        line.unwrap_or_default().trim().to_owned()
    };
    world.files().iter().map(of).collect()
}

async fn the_mails_of_a_question_are_one_conversation(backend: Backend) {
    let of_the_project = format!("companies/{COMPANY}/projects/{PROJECT}");
    for project in [String::new(), of_the_project] {
        let world = world(backend).await;
        let question = ask(&world, &project).await;
        world.advance(ONE_DAY).await;
        world.send().await;
        answer(&world, &question).await;
        world.send().await;
        let thread = if project.is_empty() { &question.name } else { &project };
        let thread = thread.rsplit('/').next().expect("an id");
        let expected = vec![format!("<{thread}@przesiadka.softvig.pl>"); 5];
        for header in ["In-Reply-To", "References"] {
            assert_eq!(headers(&world, header), expected, "asked, answered and raised, of {project:?}");
        }
    }
}

on_both_databases! {
    softvig_alone_hears_of_a_question_that_nobody_answered,
    a_question_that_was_answered_is_not_raised,
    an_answer_that_comes_before_the_mail_leaves_is_seen,
    a_question_that_passed_to_a_successor_is_still_raised,
    of_an_anonymised_asker_nothing_is_raised_and_no_word_is_left,
    the_mails_of_a_question_are_one_conversation,
}
