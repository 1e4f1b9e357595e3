//! JSON schemas of the contract's messages, by proto3's JSON mapping.

use std::collections::BTreeMap;

use proto::common::v1::ErrorReason;
use serde_json::{Map, Value, json};

use crate::descriptor::{CONTRACT, FieldInfo, Kind};

/// The schemas that were asked for, and all that they name.
#[derive(Default)]
pub(super) struct Schemas(BTreeMap<String, Value>);

impl Schemas {
    pub fn into_components(self) -> Map<String, Value> {
        self.0.into_iter().collect()
    }

    /// A reference to a message, or the schema itself where JSON has a form of its own for it.
    pub fn message(&mut self, full: &str) -> Value {
        if let Some(schema) = well_known(full) {
            return schema;
        }
        let name = component(full);
        if !self.0.contains_key(&name) {
            // First a place, for messages that contain themselves.
            self.0.insert(name.clone(), Value::Null);
            let message = CONTRACT.message(full);
            let properties: Map<_, _> =
                message.fields.iter().map(|f| (f.json_name.clone(), self.field(f))).collect();
            let mut schema =
                json!({ "type": "object", "description": message.comment, "properties": properties });
            let choices: Vec<_> = message.fields.iter().filter(|f| f.is_choice).collect();
            if !choices.is_empty() {
                schema["oneOf"] = choices.iter().map(|f| json!({ "required": [f.json_name] })).collect();
            }
            self.0.insert(name.clone(), schema);
        }
        reference(&name)
    }

    pub fn field(&mut self, field: &FieldInfo) -> Value {
        let mut schema = match &field.kind {
            Kind::Message(full) if CONTRACT.message(full).is_map_entry => {
                let value = CONTRACT.message(full).field("value").expect("an entry has a value");
                return described(
                    json!({ "type": "object", "additionalProperties": self.field(value) }),
                    field,
                );
            }
            Kind::Message(full) => self.message(full),
            Kind::Enum(full) => self.enumeration(full),
            kind => scalar(kind),
        };
        if field.repeated {
            schema = json!({ "type": "array", "items": schema });
        }
        described(schema, field)
    }

    fn enumeration(&mut self, full: &str) -> Value {
        let name = component(full);
        self.0.entry(name.clone()).or_insert_with(|| enumeration(full));
        reference(&name)
    }
}

/// The schema of a query parameter; none for messages that are objects.
pub(super) fn of_parameter(field: &FieldInfo) -> Option<Value> {
    let schema = match &field.kind {
        Kind::Message(full) => well_known(full).filter(|schema| schema["type"] == "string")?,
        Kind::Enum(full) => enumeration(full),
        kind => scalar(kind),
    };
    Some(if field.repeated { json!({ "type": "array", "items": schema }) } else { schema })
}

pub(super) fn reference(component: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{component}") })
}

fn described(mut schema: Value, field: &FieldInfo) -> Value {
    if !field.comment.is_empty() {
        schema["description"] = json!(field.comment);
    }
    schema
}

fn enumeration(full: &str) -> Value {
    let e = &CONTRACT.enums[full];
    let mut description = e.comment.clone();
    for (value, comment) in e.values.iter().filter(|(_, comment)| !comment.is_empty()) {
        description.push_str(&format!("\n- `{value}`: {comment}"));
    }
    let names: Vec<_> = e.values.iter().map(|(name, _)| name).collect();
    json!({ "type": "string", "enum": names, "description": description })
}

/// `przesiadka.scheduling.v1.Project` → `scheduling.Project`.
fn component(full: &str) -> String {
    full.trim_start_matches("przesiadka.").replacen(".v1.", ".", 1)
}

fn scalar(kind: &Kind) -> Value {
    match kind {
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Int => json!({ "type": "integer", "format": "int32" }),
        Kind::Long => json!({ "type": "string", "format": "int64" }),
        Kind::Float => json!({ "type": "number" }),
        Kind::Bytes => json!({ "type": "string", "contentEncoding": "base64" }),
        Kind::String | Kind::Enum(_) | Kind::Message(_) => json!({ "type": "string" }),
    }
}

fn well_known(full: &str) -> Option<Value> {
    match full {
        "google.protobuf.Timestamp" => Some(json!({ "type": "string", "format": "date-time" })),
        "google.protobuf.Duration" => Some(json!({ "type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?s$" })),
        "google.protobuf.FieldMask" => Some(json!({ "type": "string" })),
        "google.protobuf.Empty" => Some(json!({ "type": "object" })),
        "google.protobuf.Struct" => Some(json!({ "type": "object", "additionalProperties": true })),
        "google.protobuf.Value" => Some(json!({})),
        _ => None,
    }
}

/// Problem details with our members; the reasons with what they mean.
pub(super) fn problem() -> Value {
    let reasons: Vec<_> = CONTRACT.enums["przesiadka.common.v1.ErrorReason"]
        .values
        .iter()
        .filter_map(|(name, _)| ErrorReason::from_str_name(name))
        .filter(|reason| *reason != ErrorReason::Unspecified)
        .collect();
    let names: Vec<_> = reasons.iter().map(|r| r.name()).collect();
    let texts: String =
        reasons.iter().map(|r| format!("\n- `{}` ({}): {}", r.name(), r.spec().http, r.spec().en)).collect();
    let text = |description: &str| json!({ "type": "string", "description": description });
    let reason = json!({ "type": "string", "enum": names });
    json!({
        "type": "object",
        "description": format!("RFC 9457. The reasons and their statuses:{texts}"),
        "required": ["type", "title", "status", "detail", "detailPl", "reason", "instance"],
        "properties": {
            "type": text("A tag URI that ends in the reason; it names and is not fetched."),
            "title": text("The same for every problem of a reason; Polish where Accept-Language prefers it."),
            "status": { "type": "integer" },
            "detail": text("English; Polish where Accept-Language prefers it."),
            "detailPl": text("Polish."),
            "reason": reason,
            "instance": text("Path of the request."),
            "violations": {
                "type": "array",
                "description": "Everything that was wrong, the rules in their order.",
                "items": {
                    "type": "object",
                    "properties": {
                        "reason": reason,
                        "field": text("Path in the request's JSON, or a header's name; empty where no single field is at fault."),
                        "asked": text("What was asked for."),
                        "askedPl": text("The same in Polish; only where it differs."),
                        "allowed": text("What would be allowed; for a date the earliest possible one."),
                        "allowedPl": text("The same in Polish; only where it differs."),
                        "detail": text("English."),
                        "detailPl": text("Polish."),
                    },
                },
            },
        },
    })
}
