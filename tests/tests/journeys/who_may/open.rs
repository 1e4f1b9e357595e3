//! What needs no token: calendars and the links in mails, each by a secret of its own, and the documentation.

use std::fs;

use journeys::{Adapter, Installation, Layout, Service, Wire};
use serde_json::json;
use story::{Dealership, Facts, Through};
use uuid::Uuid;

use crate::common::{NOW, told};

const CALENDARS: &str = "/notification/v1/calendars/";
const UNSUBSCRIBE: &str = "/notification/v1/unsubscribe/";

/// From there to the end of the word.
fn path<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    let rest = &text[text.find(start)?..];
    rest.split(['>', '"', ' ', '\r', '\n']).next()
}

/// The path of a link in any of the mails, whose lines may be folded.
fn in_mail(installation: &Installation) -> String {
    let files = fs::read_dir(installation.mail()).expect("mails");
    let mails = files.map(|file| fs::read_to_string(file.expect("a file").path()).expect("a mail"));
    let mut links = mails.filter_map(|mail| {
        let header = &mail[mail.find("List-Unsubscribe:")?..];
        path(&header.replace("\r\n ", ""), UNSUBSCRIBE).map(str::to_owned)
    });
    links.next().expect("a mail of a kind that can be switched off")
}

#[tokio::test]
async fn without_a_token_there_are_links_with_a_secret_and_the_documentation() {
    let installation = Installation::start(Layout::Embedded, NOW).await;
    let world = installation.world();
    let d = Dealership::open(&world, &Facts::AUTODOM).await.expect("a company with a project");
    let wire = Wire::of(&installation).await;
    d.go_through(Through::Readiness).await.expect("ready");
    told(&d).await;
    let request = json!({ "parent": d.company, "requestId": Uuid::now_v7() });
    let link =
        wire.send(Adapter::Rest, "notification.CreateCalendarLink", Some(&d.technical.token), &request).await;
    let url = link.json["url"].as_str().expect("a link").to_owned();
    let calendar = path(&url, CALENDARS).expect("a calendar's path").to_owned();
    let unsubscribe = in_mail(&installation);

    let unknown = "A".repeat(43);
    for (path, status) in [
        (calendar, 200),
        (format!("{CALENDARS}{unknown}.ics"), 404),
        (unsubscribe, 200),
        (format!("{UNSUBSCRIBE}{unknown}"), 404),
        ("/docs".to_owned(), 200),
        ("/openapi.json".to_owned(), 200),
        (CALENDARS.to_owned(), 404),
        ("/notification/v1/companies".to_owned(), 404),
        (format!("/notification/v1/{}/messages", d.company), 401),
    ] {
        let url = format!("{}{path}", installation.rest(Service::Notification));
        let answer = installation.client().get(url).send().await.expect("answered");
        assert_eq!(answer.status().as_u16(), status, "{path}");
    }
}
