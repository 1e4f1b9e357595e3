//! What is sent: an event as the contract has it, in JSON, without what people wrote and who they are. Whoever may
//! know asks the API for it.

use proto::event::strip;
use serde::Serialize;
use serde_json::Value;

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
