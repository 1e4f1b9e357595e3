//! Templates as SOFTVIG sees them, and what is kept of them with a message.

use platform::{auth::Role, harness::request_id};
use proto::{
    common::v1::ErrorReason,
    notification::v1 as pb,
    scheduling::v1::{Verified, scheduling_event::Event},
};
use testkit::Backend;

use super::telling::on_both_databases;
use super::world::{World, contact, reason, softvig};
use crate::Notification;
use crate::fixtures::{COMPANY, DAGMARA};
use crate::kind::Kind;

async fn templates(world: &World) -> Vec<pb::Template> {
    let request = pb::ListTemplatesRequest {};
    world.call(&softvig(), Notification::list_templates, request).await.expect("listed").templates
}

fn preview(topic: &str, language: &str, sample: &str) -> pb::PreviewMessageRequest {
    let [topic, language, sample] = [topic, language, sample].map(str::to_owned);
    pb::PreviewMessageRequest { topic, language, sample }
}

async fn a_message_keeps_the_version_of_its_templates(backend: Backend) {
    let world = World::new(backend).await;
    world.tell(Event::Verified(Verified {})).await;
    world.send().await;
    let templates = templates(&world).await;
    let messages = world.messages().await;
    assert_eq!(messages.len(), 3);
    for message in messages {
        let template = templates
            .iter()
            .find(|template| (&template.topic, &template.language) == (&message.topic, &message.language))
            .expect("a template for each message");
        assert_eq!(message.template_version, template.template_version, "{message:?}");
        let again = pb::ResendMessageRequest {
            name: message.name.clone(),
            request_id: request_id(),
            ..Default::default()
        };
        let again = world.call(&softvig(), Notification::resend_message, again).await.expect("sent again");
        assert_eq!(again.template_version, template.template_version, "as its words");
    }
}

#[tokio::test]
async fn every_template_can_be_previewed_with_each_of_its_samples() {
    let world = World::new(Backend::Sqlite).await;
    let templates = templates(&world).await;
    assert_eq!(templates.len(), 2 * Kind::ALL.len());
    for template in templates {
        assert!(template.overridden.is_empty() && !template.samples.is_empty(), "{template:?}");
        for sample in &template.samples {
            let request = preview(&template.topic, &template.language, sample);
            let shown = world.call(&softvig(), Notification::preview_message, request).await.expect("shown");
            assert_eq!((&shown.sample, &shown.template_version), (sample, &template.template_version));
            let greeting = if template.language == "pl" { "Dzień dobry" } else { "Hello" };
            assert!(!shown.subject.is_empty() && shown.text.starts_with(greeting), "{shown:?}");
            assert!(shown.html.contains("</html>") && !shown.html.contains("{{"), "{shown:?}");
            let dated = ["date_agreed", "date_moved", "date_withdrawn", "date_missed"];
            let has_entry = dated.contains(&template.topic.as_str()) || template.topic.starts_with("entry_");
            assert_eq!(shown.calendar.starts_with("BEGIN:VCALENDAR"), has_entry, "{shown:?}");
        }
    }
    assert!(world.messages().await.is_empty() && world.files().is_empty(), "nothing is sent");
}

#[tokio::test]
async fn a_preview_says_what_there_is_where_it_cannot_be_shown() {
    let world = World::new(Backend::Sqlite).await;
    for (topic, language, sample, field, allowed) in [
        ("date_agred", "pl", "", "topic", "date_agreed"),
        ("", "", "", "topic", "date_agreed"),
        ("date_agreed", "de", "", "language", "pl, en"),
        ("reminder", "pl", "yesterday", "sample", "in_a_week, tomorrow, today"),
    ] {
        let refused =
            world.call(&softvig(), Notification::preview_message, preview(topic, language, sample)).await;
        let refused = refused.expect_err("there is none");
        assert_eq!(refused.reason(), ErrorReason::InvalidArgument);
        let said = refused.to_string();
        assert!(said.contains(&format!("({field})")) && said.contains(allowed), "{said}");
    }
    let first = world.call(&softvig(), Notification::preview_message, preview("reminder", "", "")).await;
    assert_eq!(first.expect("the first, in Polish").sample, "in_a_week");
    let dagmara = contact(COMPANY, DAGMARA, Role::Decision);
    let shown = world.call(&dagmara, Notification::preview_message, preview("reminder", "", "")).await;
    assert_eq!(reason(shown), ErrorReason::PermissionDenied);
    let listed = world.call(&dagmara, Notification::list_templates, pb::ListTemplatesRequest {}).await;
    assert_eq!(reason(listed), ErrorReason::PermissionDenied);
}

on_both_databases! {
    a_message_keeps_the_version_of_its_templates,
}
