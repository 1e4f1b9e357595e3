//! Who was told what, against what the producers' events ask for: each recipient once.

use std::collections::{BTreeMap, HashMap};

use journeys::Service;
use platform::clock::from_wire;
use prost::Message as _;
use proto::{
    notification::v1::{NotificationEvent, notification_event::Event as Notification},
    scheduling::v1::{ContactState, scheduling_event::Event},
};

use super::{
    Databases,
    fold::{Heard, heard_by},
    known::{Known, id},
    lane_of, reminders, routing,
};
use crate::{run::Journey, timekeeper::Stop};

/// What is sent at a time of its own, and dropped where it is overtaken.
const REMINDERS: &str = "('reminder', 'integrations_today', 'dates_unanswered', 'dates_still_unanswered', \
                         'question_unanswered')";

/// How many messages each recipient of each event has.
type Count = BTreeMap<(String, String), i64>;

pub async fn findings(
    databases: &Databases<'_>,
    journey: &Journey,
    stops: &[Stop],
) -> anyhow::Result<Vec<String>> {
    let mut findings = Vec::new();
    let lane = lane_of(journey);
    let heard = heard_by(Service::Notification, databases, lane).await?;
    let (expected, going_on) = expected(&heard);
    let found = found(databases, lane).await?;
    let passed_on = passed_on(databases, lane).await?;
    for key in expected.keys().chain(found.keys().filter(|key| !expected.contains_key(*key))) {
        let count = |of: &Count| of.get(key).copied().unwrap_or_default();
        // A successor gets what the one before had not got yet.
        let more = passed_on.get(&key.0).copied().unwrap_or_default() + count(&going_on);
        if !(count(&expected)..=count(&expected) + more).contains(&count(&found)) {
            let (way, (event, to)) = (journey.way, key);
            findings.push(format!(
                "{lane}, {way:?}: {to} has {} messages of the event {event} ({}), not {}",
                count(&found),
                heard.iter().find(|heard| event_id(heard) == event).map_or("unknown".to_owned(), kind),
                count(&expected)
            ));
        }
    }
    findings.extend(reminders::findings(databases, lane, &heard, stops).await?);
    Ok(findings)
}

/// And the entries of dates that go on, which the build before left out: in a rolling upgrade either may have written.
fn expected(heard: &[Heard]) -> (Count, Count) {
    let (mut count, mut going_on) = (Count::new(), Count::new());
    let mut known = Known::default();
    for heard in heard {
        let mut tell = |event: &str, to: String, times: usize| {
            if times > 0 {
                count.insert((event.to_owned(), to), i64::try_from(times).expect("a few"));
            }
        };
        let event_id = event_id(heard);
        let times = times(heard, &known);
        for recipient in routing::recipients(heard, &known) {
            tell(event_id, recipient, times);
        }
        let before = entries(heard, &known);
        let summary = routing::summary(heard, &known);
        known.hear(heard);
        if let Some((contact, [ahead, now])) = before {
            tell(event_id, contact.clone(), ahead);
            going_on.insert((event_id.to_owned(), contact), i64::try_from(now).expect("a few"));
        }
        for recipient in summary {
            *count.entry((event_id.to_owned(), recipient)).or_default() += 1;
        }
    }
    (count, going_on)
}

/// What cancels a project takes each date that is still agreed out of the calendars; a withdrawal of what has
/// ended already is told nobody.
fn times(heard: &Heard, known: &Known) -> usize {
    let Heard::Scheduling(event) = heard else { return 1 };
    let project = known.projects.get(id(&event.project));
    let live = |agreement: Option<&str>| {
        let entries = project.into_iter().flat_map(|p| p.entries.values());
        entries.filter(|e| e.live && agreement.is_none_or(|agreement| e.agreement == agreement)).count()
    };
    match &event.event {
        Some(Event::ProjectCancelled(_)) => 1 + live(None),
        Some(Event::DateWithdrawn(withdrawn)) => live(Some(&withdrawn.agreement)),
        Some(Event::DateAgreed(_)) if project.is_some_and(|p| p.closed.is_some()) => 0,
        _ => 1,
    }
}

/// Whose calendar changes with a contact's card, and how many dates in it lie ahead, and how many go on.
fn entries(heard: &Heard, known: &Known) -> Option<(String, [usize; 2])> {
    let Heard::Scheduling(event) = heard else { return None };
    let (contact, active) = match event.event.as_ref()? {
        Event::ContactCard(card) => (id(&card.contact), card.state() == ContactState::Active),
        Event::ContactReplaced(replaced) => (id(&replaced.contact), false),
        _ => return None,
    };
    let was_active = known.contacts.get(contact).is_some_and(|person| person.active);
    if active == was_active {
        return None;
    }
    let at = event.occurred_at.as_ref().and_then(from_wire)?;
    let open = known.projects.values().filter(|project| project.closed.is_none());
    let live: Vec<_> = open.flat_map(|p| p.entries.values()).filter(|e| e.live && e.ends_at > at).collect();
    let ahead = live.iter().filter(|entry| entry.starts_at > at).count();
    Some((contact.to_owned(), [ahead, live.len() - ahead]))
}

fn event_id(heard: &Heard) -> &str {
    match heard {
        Heard::Scheduling(event) => &event.event_id,
        Heard::Audit(event) => &event.event_id,
        Heard::Licensing(event) => &event.event_id,
    }
}

/// The event's name, as Rust writes it.
fn kind(heard: &Heard) -> String {
    let event = match heard {
        Heard::Scheduling(event) => format!("{:?}", event.event),
        Heard::Audit(event) => format!("{:?}", event.event),
        Heard::Licensing(event) => format!("{:?}", event.event),
    };
    event.split('(').nth(1).unwrap_or_default().to_owned()
}

async fn found(databases: &Databases<'_>, lane: &str) -> anyhow::Result<Count> {
    let sql = format!(
        "select event_id::text as event, recipient, count(*) as n from message \
         where company = $1 and kind not in {REMINDERS} and part not like 'joined/%' group by event_id, recipient"
    );
    let mut found = Count::new();
    for row in databases.rows(Service::Notification, &sql, vec![lane.into()]).await? {
        found.insert((row.try_get("", "event")?, row.try_get("", "recipient")?), row.try_get("", "n")?);
    }
    Ok(found)
}

/// By event, how many messages went to a successor instead.
async fn passed_on(databases: &Databases<'_>, lane: &str) -> anyhow::Result<BTreeMap<String, i64>> {
    let sql = "select event_id::text as event, count(*) as n from message where company = $1 and label = 'dropped' \
               and delivery ->> 'outcome' = 'passed on to the contact''s successor' group by event_id";
    let rows = databases.rows(Service::Notification, sql, vec![lane.into()]).await?;
    rows.iter().map(|row| Ok((row.try_get("", "event")?, row.try_get("", "n")?))).collect()
}

/// Every message went out, by itself or as a part of one other, its mail is there, and that it did was told once.
///
/// # Errors
/// Those of the database and the folder.
pub async fn kept(databases: &Databases<'_>, mails: &HashMap<String, u64>) -> anyhow::Result<Vec<String>> {
    let mut findings = Vec::new();
    let at = Service::Notification;
    // To who has left meanwhile nothing is sent any more, no reminder that was overtaken, and no invitation to a date
    // that was moved or withdrawn since.
    let unsent = format!(
        "select id::text || ' ' || label from message where label not in ('sent', 'joined') \
         and not (label = 'dropped' and delivery ->> 'outcome' in \
                  ('the contact has left', 'passed on to the contact''s successor')) \
         and not (label = 'dropped' and delivery ->> 'outcome' = 'the date was moved or withdrawn' \
                  and body -> 'content' -> 'invitation' ->> 'method' = 'REQUEST') \
         and not (label = 'dropped' and kind in {REMINDERS}) \
         union all \
         select part.id::text || ' is joined into what is ' || coalesce(whole.label, 'nothing') \
         from message part left join message whole \
         on whole.id::text = part.delivery -> 'state' -> 'joined' ->> 'into' \
         and whole.body -> 'joins' @> jsonb_build_array(jsonb_build_object('message', part.id)) \
         where part.label = 'joined' and whole.label is distinct from 'sent'"
    );
    for message in databases.column::<String>(at, &unsent).await? {
        findings.push(format!("not sent: message {message}"));
    }
    let sent: Vec<String> = databases.column(at, "select id::text from message where label = 'sent'").await?;
    let announced = "select count(*) from outbox where kind = 'message_sent'";
    let announced: i64 = databases.column(at, announced).await?[0];
    if announced != i64::try_from(sent.len())? {
        findings.push(format!("{} messages were sent, and {announced} events say so", sent.len()));
    }
    findings.extend(overtaken(databases).await?);
    for message in sent.iter().filter(|message| !mails.contains_key(*message)) {
        findings.push(format!("said to be sent, and there is no mail: message {message}"));
    }
    findings.extend(repeated(databases, mails).await?);
    Ok(findings)
}

/// A mail comes twice only where the server's yes to a try was not recorded: the process died or froze before, or the
/// yes was not there in time. So each mail that came once more has a try of which nothing is recorded, or that the
/// content got no answer.
async fn repeated(databases: &Databases<'_>, mails: &HashMap<String, u64>) -> anyhow::Result<Vec<String>> {
    let sql = "select id::text as id, coalesce((delivery ->> 'attempts')::bigint, 0) \
               - (select count(*) from jsonb_array_elements(coalesce(delivery -> 'tries', '[]')) as try \
                  where try ->> 'answer' not like 'Content: %') as open from message";
    let mut open: HashMap<String, i64> = HashMap::new();
    for row in databases.rows(Service::Notification, sql, vec![]).await? {
        open.insert(row.try_get("", "id")?, row.try_get("", "open")?);
    }
    let mut findings = Vec::new();
    for (message, times) in mails {
        let open = open.get(message).copied().unwrap_or_default();
        if i64::try_from(*times)? - 1 > open {
            findings.push(format!("{times} mails of message {message}, of which {open} tries had no end"));
        }
    }
    Ok(findings)
}

/// What calendars were told of a date after what was written later, to the same person.
async fn overtaken(databases: &Databases<'_>) -> anyhow::Result<Vec<String>> {
    let mut findings = Vec::new();
    let entries = "select id::text as id, recipient || ' ' || part as calendar from message \
                   where body -> 'content' -> 'invitation' ->> 'method' is not null";
    let mut calendars: HashMap<String, String> = HashMap::new();
    for row in databases.rows(Service::Notification, entries, vec![]).await? {
        calendars.insert(row.try_get("", "id")?, row.try_get("", "calendar")?);
    }
    let sql = "select payload from outbox where kind = 'message_sent' order by lane, seq";
    let mut last: HashMap<&str, String> = HashMap::new();
    for row in databases.rows(Service::Notification, sql, vec![]).await? {
        let event = NotificationEvent::decode(&*row.try_get::<Vec<u8>>("", "payload")?)?;
        let Some(Notification::MessageSent(sent)) = event.event else { continue };
        let message = id(&sent.message).to_owned();
        let Some(calendar) = calendars.get(&message) else { continue };
        // Ids are in the order in which messages are written.
        if let Some(before) = last.get(calendar.as_str()).filter(|before| **before > message) {
            findings.push(format!("{before} went out before {message}"));
        }
        last.insert(calendar, message);
    }
    Ok(findings)
}
