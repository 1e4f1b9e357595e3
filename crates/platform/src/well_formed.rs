//! What holds for every text of a request, whatever it is for. A field's own rules may be stricter.

use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, Words, words},
};
use serde::Serialize;
use serde_json::Value;

use crate::error::Error;

/// In characters; the longest that anybody is meant to write is a question.
const LONGEST: usize = 4000;
/// Whoever sends thousands of bad texts needs no list of all.
const MOST_NAMED: usize = 20;

/// Refuses texts with control characters, which no field means and PostgreSQL cannot keep, and overlong
/// ones.
///
/// # Errors
/// `INVALID_ARGUMENT` naming the fields.
pub(crate) fn check(request: &impl Serialize) -> Result<(), Error> {
    // A number that the contract has no name for has no JSON: whoever reads the field refuses it by name.
    let Ok(json) = serde_json::to_value(request) else { return Ok(()) };
    let mut violations = Vec::new();
    walk("", &json, &mut violations);
    violations.truncate(MOST_NAMED);
    Ok(Refusal::unless_empty(violations)?)
}

fn walk(path: &str, value: &Value, violations: &mut Vec<Violation>) {
    match value {
        Value::String(text) => violations.extend(wrong(text).map(|(asked, allowed)| {
            Violation::new(ErrorReason::InvalidArgument).field(path).asked(asked).allowed(allowed)
        })),
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                walk(&format!("{path}[{i}]"), item, violations);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                let dot = if path.is_empty() { "" } else { "." };
                walk(&format!("{path}{dot}{}", snake(name)), field, violations);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What it is and what would be allowed.
fn wrong(text: &str) -> Option<(Words, Words)> {
    if let Some(control) = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        let code = u32::from(control);
        return Some((
            words(format!("the control character U+{code:04X}"), format!("znak sterujący U+{code:04X}")),
            words(
                "text, line breaks and tabs, no other control characters",
                "tekst, znaki nowego wiersza i tabulacji, bez innych znaków sterujących",
            ),
        ));
    }
    let length = text.chars().count();
    (length > LONGEST).then(|| {
        (
            words(format!("{length} characters"), format!("liczba znaków: {length}")),
            words(format!("at most {LONGEST} characters"), format!("liczba znaków do {LONGEST}")),
        )
    })
}

/// `windowStart` → `window_start`, as the contract names fields.
fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 2);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_text_is_looked_at_however_deep_it_lies() {
        let long = "ż".repeat(LONGEST);
        let good =
            json!({ "text": "dwa\r\nwiersze\ti tabulator", "list": [long], "number": 1, "none": null });
        check(&good).expect("fine");
        let bad =
            json!({ "openHours": [{ "opensAt": "8\u{0}" }], "note": format!("{long}ż"), "b": "\u{7f}" });
        let refused = check(&bad).expect_err("refused");
        let named: Vec<_> =
            refused.violations().iter().map(|v| (v.field.as_str(), v.asked.as_str())).collect();
        let expected = [
            ("b", "the control character U+007F"),
            ("note", "4001 characters"),
            ("open_hours[0].opens_at", "the control character U+0000"),
        ];
        assert_eq!(named, expected);
        let many = check(&json!({ "list": vec!["\u{1b}"; 1000] })).expect_err("refused");
        assert_eq!(many.violations().len(), MOST_NAMED);
    }
}
