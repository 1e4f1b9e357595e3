//! A contact whom mails do not reach.

use journeys::Layout::{self, Embedded, Spread};
use proto::{
    common::v1::ErrorReason,
    notification::v1::{AnswerQuestionRequest, AskQuestionRequest, MessageState, ResendMessageRequest},
    scheduling::v1::{Contact, GetContactRequest, UpdateContactRequest},
};
use rstest::rstest;
use story::{Dealership, Facts, Proposer, Through};

use crate::common::{Theatre, refused, written};

const NOBODY: &str = "pawel.zielinski@nowhere.invalid";

/// The topics of the messages to a contact that stand like this.
async fn topics(d: &Dealership<'_>, contact: &str, state: MessageState) -> Vec<String> {
    let mut messages = written(d).await;
    messages.retain(|message| message.contact == contact && message.state() == state);
    let mut topics: Vec<_> = messages.into_iter().map(|message| message.topic).collect();
    topics.sort();
    topics
}

/// Paweł asks something, and the answer does not reach him.
async fn misses_an_answer(d: &Dealership<'_>) {
    let question = AskQuestionRequest {
        parent: d.company.clone(),
        subject: "Kopie zapasowe".into(),
        text: "Kto robi kopie w czasie migracji?".into(),
        ..Default::default()
    };
    let asked = d.technical.portal.call(question).await.expect("asked");
    let answer =
        AnswerQuestionRequest { name: asked.name, text: "My, przed nią.".into(), ..Default::default() };
    d.world.crm.call(answer).await.expect("answered");
    let (pawel, undeliverable) = (&d.technical.contact, MessageState::Undeliverable);
    assert_eq!(topics(d, pawel, undeliverable).await, ["question_answered", "question_asked"]);
    let told = topics(d, &d.decision.contact, MessageState::Sent).await;
    assert_eq!(told, ["contact_undeliverable"], "the one who can do something about it");
}

async fn technical(d: &Dealership<'_>) -> Contact {
    let name = d.technical.contact.clone();
    d.world.crm.call(GetContactRequest { name }).await.expect("a contact")
}

#[rstest]
#[tokio::test]
async fn a_successor_gets_what_the_contact_could_not(#[values(Embedded, Spread)] layout: Layout) {
    let theatre = Theatre::open(layout).await;
    let facts = Facts { technical: (Facts::AUTODOM.technical.0, NOBODY), ..Facts::AUTODOM };
    let mut d = theatre.dealership(&facts).await;
    misses_an_answer(&d).await;
    assert!(technical(&d).await.undeliverable_since.is_some());
    d.contract("2026-11-09").await.expect("recorded");
    d.choose_variant("new_server").await.expect("chosen");
    let dates = d.missing_dates().await.expect("suggested");
    let proposed = d.propose(Proposer::Softvig, dates.clone(), "", "").await;
    assert_eq!(refused(proposed), ErrorReason::ContactsRequired);

    let pawel = d.technical.contact.clone();
    let anna = d.add_successor().await.expect("added");
    d.replace_technical(anna).await.expect("replaced");
    let hers = topics(&d, &d.technical.contact, MessageState::Sent).await;
    assert_eq!(hers, ["question_answered", "question_asked"]);
    let of_pawel = written(&d).await.into_iter().find(|message| message.contact == pawel);
    let again = ResendMessageRequest { name: of_pawel.expect("kept").name, ..Default::default() };
    assert_eq!(refused(theatre.world.crm.call(again).await), ErrorReason::InvalidArgument);
    d.agree(dates).await.expect("she can be reached");
}

#[rstest]
#[tokio::test]
async fn a_corrected_address_gets_what_the_wrong_one_could_not(#[values(Embedded, Spread)] layout: Layout) {
    let theatre = Theatre::open(layout).await;
    let facts = Facts { technical: (Facts::AUTODOM.technical.0, NOBODY), ..Facts::AUTODOM };
    let d = theatre.dealership(&facts).await;
    misses_an_answer(&d).await;
    let corrected = Contact { email: Facts::AUTODOM.technical.1.to_owned(), ..technical(&d).await };
    let update = UpdateContactRequest { contact: Some(corrected), ..Default::default() };
    theatre.world.crm.call(update).await.expect("corrected");
    let his = topics(&d, &d.technical.contact, MessageState::Sent).await;
    assert_eq!(his, ["question_answered", "question_asked"]);
    assert!(technical(&d).await.undeliverable_since.is_none());
    d.go_through(Through::Contracting).await.expect("dates are agreed");
}
