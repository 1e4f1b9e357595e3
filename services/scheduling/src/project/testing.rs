//! People and instants for the models' tests.

use std::sync::LazyLock;

use jiff::Timestamp;
use platform::id::ContactId;
use proto::{common::v1::ErrorReason, refusal::Refusal};

use crate::actor::{Actor, Roles, SoftvigRole};

/// An instant by its RFC 3339 text.
pub fn at(text: &str) -> Timestamp {
    text.parse().expect("a timestamp")
}

fn contact(technical: bool, decision: bool) -> Actor {
    Actor::Contact { id: ContactId::new(), roles: Roles { technical, decision } }
}

pub static TECHNICAL: LazyLock<Actor> = LazyLock::new(|| contact(true, false));
pub static DECISION: LazyLock<Actor> = LazyLock::new(|| contact(false, true));
pub static CRM: LazyLock<Actor> =
    LazyLock::new(|| Actor::Softvig { subject: "anna.nowak".into(), role: SoftvigRole::Crm });

/// The reasons of a refusal in order.
pub fn reasons<T: std::fmt::Debug>(result: Result<T, Refusal>) -> Vec<ErrorReason> {
    result.expect_err("a refusal").violations().iter().map(|v| v.reason).collect()
}

/// What the first violation would allow.
pub fn allowed<T: std::fmt::Debug>(result: Result<T, Refusal>) -> String {
    result.expect_err("a refusal").violations()[0].allowed.clone()
}

/// The same state after a way through its stored form.
pub fn stored<T: serde::Serialize + serde::de::DeserializeOwned>(state: &T) -> T {
    let text = serde_json::to_string(state).expect("a document");
    serde_json::from_str(&text).expect("the document read back")
}
