//! The lines that tell who saw and did what.

use std::fs;

use journeys::{Adapter, Installation, Layout, Service, Wire};
use serde_json::{Value, json};
use story::{Dealership, Facts};
use uuid::Uuid;

use crate::common::NOW;

fn lines(installation: &Installation) -> Vec<Value> {
    let log = fs::read_to_string(installation.folder().join("all.log")).expect("lines");
    let lines = log.lines().filter_map(|line| line.parse::<Value>().ok());
    lines.filter(|line| line["target"] == "access").collect()
}

#[tokio::test]
async fn each_call_is_told_with_who_made_it_about_what_and_what_came_of_it() {
    let settings = [("PRZESIADKA__TELEMETRY__FORMAT", "json".to_owned())];
    let installation = Installation::start_with(Layout::Embedded, NOW, &settings).await;
    let world = installation.world();
    let d = Dealership::open(&world, &Facts::AUTODOM).await.expect("a company with a project");
    let other = Dealership::open(&world, &Facts::NO_BRANDS).await.expect("another one");
    world.settled().await.expect("at rest");
    let wire = Wire::of(&installation).await;
    let crm = world.token(platform::auth::Role::Crm, None).expect("signed");
    let technical = d.technical.token.as_str();
    let before = lines(&installation).len();

    // One line each, and none for the last: nobody came in.
    let contact = json!({ "name": d.technical.contact });
    let id = Uuid::now_v7();
    let question =
        json!({ "parent": d.company, "subject": "Kiedy?", "text": "Pan Tadeusz pyta", "requestId": id });
    let judged =
        json!({ "name": d.project, "variant": "hosted", "requestId": "Tadeusz", "validateOnly": true });
    let nobody = json!({ "name": "companies/Tadeusz Lecki/contacts/1" });
    for (adapter, method, token, request) in [
        (Adapter::Grpc, "scheduling.GetContact", Some(crm.as_str()), &contact),
        (Adapter::Rest, "scheduling.GetContact", Some(technical), &contact),
        (Adapter::Rest, "scheduling.GetContact", Some(other.technical.token.as_str()), &contact),
        (Adapter::Rest, "notification.AskQuestion", Some(technical), &question),
        (Adapter::Rest, "scheduling.ChooseVariant", Some(technical), &judged),
        (Adapter::Grpc, "scheduling.GetContact", Some(crm.as_str()), &nobody),
        (Adapter::Rest, "scheduling.GetContact", None, &contact),
    ] {
        wire.send(adapter, method, token, request).await;
    }
    let link = json!({ "parent": d.company, "requestId": Uuid::now_v7() });
    let link = wire.send(Adapter::Rest, "notification.CreateCalendarLink", Some(technical), &link).await;
    let url = link.json["url"].as_str().expect("a link");
    let path = &url[url.find("/notification").expect("a path")..];
    for (path, status) in [(path, 200), ("/notification/v1/calendars/unknown.ics", 404)] {
        let url = format!("{}{path}", installation.rest(Service::Notification));
        assert_eq!(installation.client().get(url).send().await.expect("answered").status().as_u16(), status);
    }

    let told = lines(&installation).split_off(before);
    let field = |line: &Value, key: &str| line[key].as_str().unwrap_or_default().to_owned();
    let short: Vec<_> = told
        .iter()
        .map(|line| {
            let who = format!("{}{}", field(line, "subject"), field(line, "contact"));
            [field(line, "method"), who, field(line, "resource"), field(line, "outcome")]
        })
        .collect();
    let row = |method: &str, who: &str, resource: &str, outcome: &str| {
        [method, who, resource, outcome].map(str::to_owned)
    };
    let (us, them) = (d.technical.contact.as_str(), other.technical.contact.as_str());
    let crm = field(&told[0], "subject");
    assert!(!crm.is_empty());
    let get = "scheduling.GetContact";
    assert_eq!(
        short,
        [
            row(get, &crm, us, "OK"),
            row(get, us, us, "OK"),
            row(get, them, us, "NOT_FOUND"),
            row("notification.AskQuestion", us, &d.company, "OK"),
            row("scheduling.ChooseVariant", us, &d.project, "PERMISSION_DENIED"),
            row(get, &crm, "companies/*/contacts/*", "INVALID_ARGUMENT"),
            row("notification.CreateCalendarLink", us, &d.company, "OK"),
            row("GET /notification/v1/calendars", "", link.json["name"].as_str().expect("a name"), "OK"),
            row("GET /notification/v1/calendars", "", "", "NOT_FOUND"),
        ]
    );
    assert_eq!(
        (&told[1]["roles"], &told[1]["issuer"]),
        (&"technical".into(), &"przesiadka-development".into())
    );
    // What was done is in the history under the same id; an id that says something is left out.
    assert_eq!(
        (field(&told[3], "request_id"), field(&told[4], "request_id")),
        (id.to_string(), String::new())
    );
    assert_eq!(told[4]["validate_only"], true);
    let all = fs::read_to_string(installation.folder().join("all.log")).expect("lines");
    let secret = path.rsplit('/').next().and_then(|file| file.strip_suffix(".ics")).expect("a secret");
    for word in ["Tadeusz", secret, Facts::AUTODOM.technical.1] {
        assert!(!all.contains(word), "{word}");
    }
}
