use jiff::{SignedDuration, Timestamp};
use platform::id::ContactId;
use proto::scheduling::v1::{DateKind, StageDate, scheduling_event::Event};
use uuid::Uuid;

use super::{
    Calendar, Content, Envelope, Fact, Invitation, Lease, LeaseLost, Message, MessageId, Method, Notice,
    Recipient, State, Times, build,
};
use crate::fixtures::{
    BEATA, COMPANY, DAGMARA, TADEK, book, card, day, directory, head, messages, migration, now, renderer,
    told, unsubscribe_link, window,
};
use crate::kind::Kind;
use crate::project::{Entry, Planned};
use crate::recipients::{Directory, Language};

const TOKEN: Uuid = Uuid::from_u128(1);
const OTHER: Uuid = Uuid::from_u128(2);

fn message() -> Message {
    let mut book = book();
    let notices = told(&mut book, Event::RunFinished(Default::default()));
    messages(&book, &notices).remove(0)
}

fn lease(token: Uuid, machine_now: Timestamp) -> Lease {
    Lease { token, until: machine_now + SignedDuration::from_mins(1) }
}

fn times(machine: Timestamp) -> Times {
    Times { business: now(), machine }
}

fn claimed() -> Message {
    let mut message = message();
    assert!(message.claim(lease(TOKEN, now()), now()));
    message
}

#[test]
fn only_the_holder_of_the_lease_records_an_outcome() {
    type Act = fn(&mut Message, Uuid) -> Result<(), LeaseLost>;
    let acts: [(Act, &str); 5] = [
        (|m, t| m.sent(t, "250 ok".into(), times(now())), "sent"),
        (|m, t| m.refused(t, "550 no".into(), times(now())), "undeliverable"),
        (|m, t| m.rejected(t, "554 spam".into(), times(now())), "given_up"),
        (|m, t| m.postpone(t, "421 later".into(), times(now())), "pending"),
        (|m, t| m.drop(t, "left", now()), "dropped"),
    ];
    for (act, label) in acts {
        let mut message = claimed();
        let before = message.clone();
        assert_eq!(act(&mut message, OTHER), Err(LeaseLost));
        assert_eq!(message, before);
        act(&mut message, TOKEN).expect("the holder may");
        assert_eq!(message.label(), label);
        assert_eq!(act(&mut message, TOKEN), Err(LeaseLost), "the lease ended with it");
    }
}

#[test]
fn a_message_is_taken_once_until_the_lease_ends() {
    let mut message = claimed();
    assert!(!message.claim(lease(OTHER, now()), now()));
    let later = now() + SignedDuration::from_mins(1);
    assert!(message.claim(lease(OTHER, later), later), "its sender died");
    assert_eq!(message.attempts, 2);
    assert_eq!(
        message.sent(TOKEN, String::new(), times(later)),
        Err(LeaseLost),
        "the first one comes back too late"
    );
}

#[test]
fn a_lease_is_held_by_its_holder_until_it_ends() {
    let message = claimed();
    let ended = now() + SignedDuration::from_mins(1);
    for (token, at, held) in [
        (TOKEN, now(), true),
        (TOKEN, ended - SignedDuration::from_micros(1), true),
        (TOKEN, ended, false),
        (OTHER, now(), false),
    ] {
        assert_eq!(message.held(token, at).is_ok(), held, "{token} at {at}");
    }
}

#[test]
fn waits_double_up_to_an_hour_each_a_little_other_and_end_after_three_days() {
    let mut waits = Vec::new();
    for id in 0..20 {
        let mut message = Message { id: MessageId(Uuid::from_u128(id)), ..message() };
        let (mut machine, mut seconds) = (now(), Vec::new());
        while message.label() == "pending" {
            assert!(message.claim(lease(TOKEN, machine), machine));
            message.postpone(TOKEN, "421 later".into(), times(machine)).expect("held");
            let Some(due) = message.due_at() else { break };
            seconds.push((due - machine).total(jiff::Unit::Second).expect("seconds"));
            machine = due;
        }
        assert_eq!((message.label(), message.outcome.as_str()), ("given_up", "421 later"));
        assert!(machine >= now() + SignedDuration::from_hours(72));
        assert!(machine < now() + SignedDuration::from_hours(74), "{machine}");
        assert_eq!(message.tries.len(), message.attempts as usize);
        waits.push(seconds);
    }
    for (n, expected) in
        [30.0, 60.0, 120.0, 240.0, 480.0, 960.0, 1920.0, 3600.0, 3600.0].into_iter().enumerate()
    {
        let these: Vec<f64> = waits.iter().map(|waits| waits[n]).collect();
        assert!(these.iter().all(|wait| (0.8..=1.2).contains(&(wait / expected))), "{these:?}");
        assert!(these.iter().any(|wait| *wait != these[0]), "all are tried again together: {these:?}");
    }
}

#[test]
fn a_message_is_sent_again_as_a_mail_of_its_own() {
    let mut message = claimed();
    assert!(!message.is_resendable(), "on its way");
    message.postpone(TOKEN, "421 later".into(), times(now())).expect("held");
    let later = now() + SignedDuration::from_hours(80);
    assert!(message.claim(lease(TOKEN, later), later));
    message.postpone(TOKEN, "421 later".into(), times(later)).expect("held");
    assert_eq!(message.label(), "given_up");
    let first = message.mail_id();
    assert!(message.is_resendable());
    message.resend(times(later));
    assert_eq!((message.label(), message.mail_id()), ("pending", format!("{first}.1")));
    assert!(message.claim(lease(TOKEN, later), later));
    message.postpone(TOKEN, "421 later".into(), times(later)).expect("held");
    assert_eq!(message.label(), "pending", "three days begin anew");
    let wait = message.due_at().expect("it waits").duration_since(later);
    assert!(wait <= SignedDuration::from_secs(36), "and the waits: {wait}");
    assert!(message.scrub(TADEK, later) || message.scrub(DAGMARA, later));
    assert!(!message.is_resendable(), "it has lost its words");
    assert!(message.tries.iter().all(|one| one.answer.is_empty()), "what servers said may name the person");
}

#[test]
fn a_message_that_is_older_than_versions_has_none() {
    let message = message();
    assert_eq!(message.template_version.len(), 12);
    let mut stored = serde_json::to_value(&message).expect("serialises");
    stored.as_object_mut().expect("an object").remove("template_version");
    let read: Message = serde_json::from_value(stored).expect("as it was stored");
    assert_eq!(read, Message { template_version: String::new(), ..message });
}

#[test]
fn only_what_was_sent_bounces() {
    let mut message = claimed();
    assert!(!message.bounced("5.1.1".into(), times(now())));
    message.sent(TOKEN, "250 ok".into(), times(now())).expect("held");
    assert!(message.bounced("5.1.1".into(), times(now())));
    assert_eq!((message.label(), message.outcome.as_str()), ("bounced", "5.1.1"));
    assert!(!message.bounced("5.1.1".into(), times(now())), "known");
    message.heard("4.4.1 late".into(), times(now()));
    assert_eq!(message.outcome, "5.1.1", "a notice that only informs is no outcome");
    assert_eq!(
        message.tries.iter().map(|t| t.answer.as_str()).collect::<Vec<_>>(),
        ["250 ok", "5.1.1", "4.4.1 late"]
    );
}

#[test]
fn a_known_bad_address_is_not_tried() {
    let mut directory = directory();
    assert!(directory.mark_undeliverable(TADEK));
    let notice = Notice::new(Kind::RunFinished, Uuid::nil(), None, now()).fact("attempt", Fact::Number(1));
    let messages =
        renderer().messages(&notice, &directory, &unsubscribe_link, now(), now()).expect("renders");
    let labels: Vec<_> = messages.iter().map(|m| (m.recipient, m.label())).collect();
    assert_eq!(
        labels,
        [
            (Recipient::Contact(TADEK), "undeliverable"),
            (Recipient::Contact(DAGMARA), "pending"),
            (Recipient::Softvig, "pending")
        ]
    );
}

#[test]
fn anonymising_takes_the_words_of_messages_to_and_about_the_person() {
    let mine = claimed();
    let about = Message { recipient: Recipient::Softvig, mentions: vec![TADEK], ..message() };
    let sent = Message { state: State::Sent { at: now() }, ..message() };
    for (mut message, label) in [(mine, "dropped"), (about, "dropped"), (sent, "sent")] {
        assert!(message.scrub(TADEK, now()));
        assert_eq!(message.content, Content::default());
        assert_eq!(message.label(), label);
    }
    let mut others = Message { recipient: Recipient::Contact(DAGMARA), ..message() };
    let before = others.clone();
    assert!(!others.scrub(TADEK, now()));
    assert_eq!(others, before);
}

fn invitation(wrap: fn(Entry) -> Calendar, date: StageDate, to: ContactId) -> Invitation {
    let date = Planned::read(&date).expect("well-formed");
    let entry = Entry { uid: "u1".into(), sequence: 3, agreement: "a".into(), date, live: true };
    let mut directory = Directory::new(COMPANY);
    directory.apply_card(to, &card(to));
    let contact = directory.contact(to).expect("just added");
    let words = "Linia 1;\nlinia, 2 \\ koniec";
    Invitation::new(&wrap(entry), "Audyt I – Auto Łęcki", words, contact, &renderer().identity, now())
}

fn unfold(ics: &str) -> Vec<String> {
    ics.replace("\r\n ", "").split("\r\n").map(str::to_owned).collect()
}

#[test]
fn the_entry_carries_what_rfc_5546_asks_for_each_method() {
    type Wrap = fn(Entry) -> Calendar;
    let cases: [(Wrap, Method, Option<&str>); 3] = [
        (Calendar::Request, Method::Request, Some("STATUS:CONFIRMED")),
        (Calendar::Cancel, Method::Cancel, Some("STATUS:CANCELLED")),
        (Calendar::Remove, Method::Cancel, None),
    ];
    for (wrap, method, status) in cases {
        let invitation = invitation(wrap, migration(), BEATA);
        let lines = unfold(&invitation.ics);
        assert_eq!(invitation.method, method);
        for expected in [
            format!("METHOD:{}", method.name()).as_str(),
            "UID:u1@przesiadka.softvig.example",
            "SEQUENCE:3",
            "DTSTAMP:20261201T090000Z",
            "DTSTART;TZID=Europe/Warsaw:20270115T220000",
            "DTEND;TZID=Europe/Warsaw:20270116T060000",
            "DESCRIPTION:Linia 1\\;\\nlinia\\, 2 \\\\ koniec",
            "BEGIN:VTIMEZONE",
        ] {
            assert!(lines.iter().any(|l| l == expected), "{expected} in {lines:#?}");
        }
        let statuses: Vec<&String> = lines.iter().filter(|l| l.starts_with("STATUS")).collect();
        assert_eq!(statuses.first().map(|s| s.as_str()), status);
        let starting = |prefix: &str| lines.iter().filter(|l| l.starts_with(prefix)).count();
        let alarms = usize::from(method == Method::Request) * 2;
        assert_eq!(starting("BEGIN:VALARM"), alarms, "none for what is cancelled");
        assert_eq!((starting("ORGANIZER;CN=\""), starting("ATTENDEE;CN=\"Beata 'Bea' Żak\"")), (1, 1));
        assert!(invitation.ics.split("\r\n").all(|l| l.len() <= 75), "folded at 75 octets");
    }
}

#[test]
fn a_day_is_a_whole_day_and_an_hour_that_happens_twice_is_given_in_utc() {
    let cases = [
        (day(DateKind::Readiness, "2026-12-31"), "DTSTART;VALUE=DATE:20261231", "DTEND;VALUE=DATE:20270101"),
        // 31 October 2027, 02:30 in winter time, the second one.
        (
            window(DateKind::Migration, "2027-10-31T01:30:00Z", "2027-10-31T04:00:00Z"),
            "DTSTART:20271031T013000Z",
            "DTEND;TZID=Europe/Warsaw:20271031T050000",
        ),
    ];
    for (date, start, end) in cases {
        let lines = unfold(&invitation(Calendar::Request, date, TADEK).ics);
        assert!(lines.iter().any(|l| l == start) && lines.iter().any(|l| l == end), "{lines:#?}");
    }
}

#[test]
fn calendars_warn_a_day_and_an_hour_before_a_window_and_on_the_eve_of_a_day() {
    for (date, expected) in [
        (migration(), &["TRIGGER:-P1D", "TRIGGER:-PT1H"][..]),
        (day(DateKind::Audit2, "2027-01-11"), &["TRIGGER:-PT15H"][..]),
    ] {
        let lines = unfold(&invitation(Calendar::Request, date, TADEK).ics);
        let starting = |prefix: &str| -> Vec<&str> {
            lines.iter().filter(|l| l.starts_with(prefix)).map(String::as_str).collect()
        };
        assert_eq!(starting("TRIGGER"), expected);
        assert_eq!(starting("ACTION"), vec!["ACTION:DISPLAY"; expected.len()]);
        assert_eq!(starting("DESCRIPTION:Audyt I – Auto Łęcki").len(), expected.len(), "{lines:#?}");
    }
}

fn dated_message() -> Message {
    let mut book = book();
    let agreed = proto::scheduling::v1::DateAgreed {
        agreement: "a".into(),
        date: Some(migration()),
        ..Default::default()
    };
    let notices = told(&mut book, Event::DateAgreed(agreed));
    messages(&book, &notices).remove(0)
}

fn envelope() -> Envelope {
    Envelope { name: "Tadeusz Łęcki".into(), address: "tadek@auto-lecki.example".into() }
}

#[test]
fn a_mail_with_an_entry_has_the_parts_that_calendars_understand() {
    let message = dated_message();
    let mail = build(&message, &envelope(), &renderer().identity).expect("builds");
    let text = String::from_utf8(mail.formatted()).expect("ASCII");
    let id = message.id;
    let order = [
        format!("Message-ID: <{id}@przesiadka.softvig.example>"),
        "Auto-Submitted: auto-generated".into(),
        format!("Content-Type: multipart/mixed;\r\n boundary=\"mixed-{id}\""),
        format!("Content-Type: multipart/alternative;\r\n boundary=\"alternative-{id}\""),
        "Content-Type: text/plain; charset=utf-8".into(),
        "Content-Type: text/html; charset=utf-8".into(),
        "Content-Type: text/calendar; charset=utf-8; method=REQUEST".into(),
        "Content-Disposition: attachment; filename=\"termin.ics\"".into(),
    ];
    let mut rest = text.as_str();
    for part in order {
        let found = rest.find(&part).unwrap_or_else(|| panic!("{part} in its place in {text}"));
        rest = &rest[found + part.len()..];
    }
    let project = message.project.expect("a date is a project's");
    for header in ["In-Reply-To", "References"] {
        let thread = format!("{header}: <{project}@przesiadka.softvig.example>\r\n");
        assert!(text.contains(&thread), "{thread} in {text}");
    }
}

#[test]
fn only_who_gets_the_calendar_entry_is_told_of_it() {
    let mut book = book();
    let agreed = proto::scheduling::v1::DateAgreed {
        agreement: "a".into(),
        date: Some(migration()),
        ..Default::default()
    };
    let withdrawn = proto::scheduling::v1::DateWithdrawn { agreement: "a".into(), ..Default::default() };
    for (event, polish, english) in [
        (
            Event::DateAgreed(agreed),
            "Wpis do kalendarza jest w załączniku.",
            "The calendar entry is attached.",
        ),
        (Event::DateWithdrawn(withdrawn), "Wpis zniknie z kalendarza.", "The entry leaves your calendar."),
    ] {
        let notices = told(&mut book, event);
        for message in messages(&book, &notices) {
            let sentence = if message.language == Language::Pl { polish } else { english };
            let told = message.content.text.contains(sentence);
            assert_eq!(told, message.recipient != Recipient::Softvig, "{}", message.content.text);
            let entry = message.content.invitation.map(|invitation| invitation.ics).unwrap_or_default();
            assert!(!entry.contains(sentence), "it would make no sense inside the entry: {entry}");
        }
    }
}

#[test]
fn the_same_message_gives_the_same_bytes() {
    let message = dated_message();
    let mail = || build(&message, &envelope(), &renderer().identity).expect("builds").formatted();
    assert_eq!(mail(), mail());
}

#[test]
fn nothing_that_people_write_becomes_a_header_or_markup() {
    let mut book = book();
    let mut evil = card(TADEK);
    evil.display_name = "<b>{{ 7*7 }}</b>\r\nBcc: x@evil.example".into();
    book.directory.apply_card(TADEK, &evil);
    book.directory.rename("Auto\r\nSubject: x {% raw %}<script>");
    let notices = told(&mut book, Event::RunFinished(Default::default()));
    for message in messages(&book, &notices) {
        let to = Envelope { name: evil.display_name.clone(), ..envelope() };
        let mail = build(&message, &to, &renderer().identity).expect("builds").formatted();
        let mail = String::from_utf8(mail).expect("ASCII");
        let headers = mail.split("\r\n\r\n").next().expect("headers");
        assert!(!headers.contains("\r\nBcc:"), "{headers}");
        assert_eq!(headers.matches("\r\nSubject:").count(), 1, "{headers}");
        assert!(!message.content.html.contains("<script>") && !message.content.html.contains("<b>"));
        assert!(!message.content.text.contains("49"), "{}", message.content.text);
        if message.recipient == Recipient::Contact(TADEK) {
            assert!(message.content.text.contains("<b>{{ 7*7 }}</b> Bcc"), "{}", message.content.text);
            assert!(message.content.html.contains("&lt;b&gt;{{ 7*7 }}"), "{}", message.content.html);
        }
    }
}

#[test]
fn a_missing_fact_is_an_error_and_no_empty_place() {
    let notice = head();
    let notice = Notice::new(Kind::RunRolledBack, notice.event_id, notice.project, now());
    let error =
        renderer().messages(&notice, &directory(), &unsubscribe_link, now(), now()).expect_err("no facts");
    assert!(format!("{error:#}").contains("attempt"), "{error:#}");
}
