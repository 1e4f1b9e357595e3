//! The link in a mail that switches its kind off, through REST.

use http::{HeaderMap, StatusCode};
use mail_parser::MessageParser;
use platform::{auth::Role, harness::request_id};
use proto::{
    notification::v1::{ContactPreferences, UpdateContactPreferencesRequest},
    scheduling::v1::{ContactCard, ContactState, Stage, StageUnlocked, scheduling_event::Event},
};
use serde_json::json;

use super::adapters::Portal;
use super::world::{contact, softvig};
use crate::Notification;
use crate::fixtures::{COMPANY, DAGMARA, TADEK, card, card_in_state, name};

fn unlocked() -> Event {
    Event::StageUnlocked(StageUnlocked { stage: Stage::Audit1.into(), ..Default::default() })
}

/// Where the one-click link of the mail to this address leads.
fn link_to(portal: &Portal, address: &str) -> String {
    let mails: Vec<Vec<u8>> = portal.world.files().into_iter().map(String::into_bytes).collect();
    let parsed: Vec<_> = mails.iter().filter_map(|mail| MessageParser::default().parse(mail)).collect();
    let mail = parsed.iter().find(|mail| mail.to().is_some_and(|to| to.contains(address))).expect("a mail");
    let header = |name: &'static str| mail.header_raw(name).unwrap_or_default().trim();
    assert_eq!(header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    let link = header("List-Unsubscribe").strip_prefix('<').and_then(|link| link.strip_suffix('>'));
    let link = link.expect("one address").to_owned();
    let text = mail.body_text(0).expect("a text");
    assert!(text.contains(&link), "{text}");
    let html = mail.body_html(0).expect("a page").replace("&#x2f;", "/");
    assert!(html.contains(&format!("<a href=\"{link}\"")), "{html}");
    link.strip_prefix("https://127.0.0.1:8080").expect("the host of the settings").to_owned()
}

fn assert_strict(headers: &HeaderMap) {
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("content-security-policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(headers[name], value, "{name}");
    }
}

#[tokio::test]
async fn one_click_ends_mails_of_that_kind_and_looking_at_the_page_does_not() {
    let portal = Portal::new().await;
    portal.world.tell(unlocked()).await;
    portal.world.send().await;
    let path = link_to(&portal, &card(TADEK).email);

    // As a program does that looks through mails.
    for verb in ["GET", "HEAD", "GET"] {
        let (status, headers, _) = portal.open(verb, &path).await;
        assert_eq!(status, StatusCode::OK, "{verb}");
        assert_strict(&headers);
    }
    let (_, _, page) = portal.open("GET", &path).await;
    assert!(
        page.contains("<form method=\"post\">") && page.contains("wiadomości o kolejnych etapach"),
        "{page}"
    );
    assert!(!page.contains("script") && !page.contains("://") && !page.contains("Tadeusz"), "{page}");
    portal.world.tell(unlocked()).await;
    assert_eq!(portal.world.told().await.len(), 4, "both hear of both");

    let (status, headers, done) = portal.open("POST", &path).await;
    assert_eq!(status, StatusCode::OK);
    assert_strict(&headers);
    assert!(done.contains("Wyłączone") && !done.contains("<form"), "{done}");
    assert_eq!(portal.open("POST", &path).await.2, done, "once more");
    portal.world.tell(unlocked()).await;
    portal.world.tell(Event::Verified(Default::default())).await;
    let told = portal.world.told().await;
    let count = |what: &str| told.iter().filter(|told| told.as_str() == what).count();
    assert_eq!((count("stage_unlocked technical"), count("stage_unlocked decision")), (2, 3));
    assert_eq!(count("verified technical"), 1, "everything else is told");
    let changes = portal.world.outbox_kinds().await;
    assert_eq!(changes.iter().filter(|kind| *kind == "contact_preferences_changed").count(), 1);
    let history = portal.world.history().await;
    assert_eq!(
        history.last().map(|line| (line.kind.as_str(), line.actor.clone())),
        Some(("contact_preferences_changed", name(TADEK)))
    );

    let tadek = contact(COMPANY, TADEK, Role::Technical);
    let preferences = format!("{}/preferences", name(TADEK));
    let (status, read) = portal.send(&tadek, "GET", &preferences, json!(null)).await;
    assert_eq!((status, &read["mutedTopics"]), (StatusCode::OK, &json!(["stage_unlocked"])));
    let (status, again) =
        portal.send(&tadek, "PUT", &preferences, json!({ "preferences": { "mutedTopics": [] } })).await;
    assert_eq!((status, again.get("mutedTopics")), (StatusCode::OK, None), "{again}");
    portal.world.tell(unlocked()).await;
    let told = portal.world.told().await;
    assert_eq!(told.iter().filter(|told| *told == "stage_unlocked technical").count(), 3);
}

#[tokio::test]
async fn the_page_speaks_the_language_of_the_mails() {
    let portal = Portal::new().await;
    portal.world.tell(unlocked()).await;
    portal.world.send().await;
    let path = link_to(&portal, &card(DAGMARA).email);
    assert!(portal.open("GET", &path).await.2.contains("Switch these messages off?"));
    let polish = ContactPreferences {
        name: format!("{}/preferences", name(DAGMARA)),
        language: "pl".into(),
        ..Default::default()
    };
    let request = UpdateContactPreferencesRequest {
        preferences: Some(polish),
        request_id: request_id(),
        ..Default::default()
    };
    let changed = portal.world.call(&softvig(), Notification::update_contact_preferences, request).await;
    changed.expect("changed");
    assert!(portal.open("GET", &path).await.2.contains("Wyłączyć te wiadomości?"));
}

#[tokio::test]
async fn who_has_left_is_answered_alike_and_a_forged_link_is_none() {
    let portal = Portal::new().await;
    portal.world.tell(unlocked()).await;
    portal.world.send().await;
    let path = link_to(&portal, &card(TADEK).email);
    let here = portal.open("GET", &path).await;
    portal.world.tell(Event::ContactCard(ContactCard { ..card_in_state(TADEK, ContactState::Left) })).await;
    assert_eq!(portal.open("GET", &path).await.2, here.2);
    assert_eq!(portal.open("POST", &path).await.0, StatusCode::OK);
    let kinds = portal.world.outbox_kinds().await;
    assert!(!kinds.contains(&"contact_preferences_changed".to_owned()), "nothing changed: {kinds:?}");

    let (start, token) = path.rsplit_once('/').expect("a path");
    let turned: String = token.chars().rev().collect();
    for forged in [turned.as_str(), &token[1..], &token[..token.len() - 1], "x", "%00", "%FF"] {
        for verb in ["GET", "POST"] {
            let (status, headers, body) = portal.open(verb, &format!("{start}/{forged}")).await;
            assert_eq!((status, body.as_str()), (StatusCode::NOT_FOUND, "not found\n"), "{verb} {forged}");
            assert_eq!(headers["content-type"], "text/plain; charset=utf-8");
        }
    }
    assert_eq!(portal.open("DELETE", &path).await.0, StatusCode::METHOD_NOT_ALLOWED);
}
