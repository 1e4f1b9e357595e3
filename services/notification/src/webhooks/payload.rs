//! What is sent: an event as the contract has it, in JSON, without what people wrote and who they are.

use serde::Serialize;
use serde_json::Value;

/// What of an event is never sent, by its name in JSON: people's names and words, which may name people, and
/// those of machines. Whoever may know asks the API for it.
pub const LEFT_OUT: [&str; 15] = [
    "actor",
    "answer",
    "approver",
    "auditor",
    "description",
    "displayName",
    "email",
    "host",
    "language",
    "name",
    "note",
    "owner",
    "person",
    "reason",
    "supplier",
];

#[derive(Serialize)]
struct Payload<'a> {
    r#type: &'a str,
    timestamp: &'a Value,
    data: &'a Value,
}

/// The content of the request; `event` is the public event in proto3's JSON.
pub fn payload(event_type: &str, mut event: Value) -> Result<String, serde_json::Error> {
    strip(&mut event);
    serde_json::to_string(&Payload { r#type: event_type, timestamp: &event["occurredAt"], data: &event })
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, value| !LEFT_OUT.contains(&name.as_str()) || is_a_word(name, value));
            fields.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

/// Why an offer was released is a word of the contract.
fn is_a_word(name: &str, value: &Value) -> bool {
    name == "reason" && value.as_str().is_some_and(|word| word.starts_with("OFFER_RELEASE_REASON_"))
}
