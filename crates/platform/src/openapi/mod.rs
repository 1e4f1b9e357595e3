//! OpenAPI 3.1 from the routes and the contract's descriptors, and a page that shows it.

mod page;
mod schema;
mod table;

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Map, Value, json};

use crate::{
    descriptor::{CONTRACT, FieldInfo, MessageInfo},
    edge::{AFTER, POSITION},
    error::DOMAIN,
    rest::{Body, Operation},
};
pub use page::router;
use schema::Schemas;
pub use table::{in_document, rpc_table};

/// One document for all the operations.
pub fn document(operations: &[Operation]) -> Value {
    let mut schemas = Schemas::default();
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for operation in operations {
        let verb = operation.verb.as_str().to_lowercase();
        paths.entry(&operation.path).or_default().insert(verb, describe(operation, &mut schemas));
    }
    let mut components = schemas.into_components();
    components.insert("Problem".to_owned(), schema::problem());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Przesiadka",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The REST API of Przesiadka for the partner portal: the way of a dealership \
                to its new MS SQL. Begin with the project: each stage says in `waitingFor` whose turn it \
                is, for what, and by which operation. Every refusal is a problem (RFC 9457) that names its rule, \
                what was asked and what would be allowed; `Accept-Language: pl` makes its title and detail Polish.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "contact": { "name": "SOFTVIG", "url": format!("https://{DOMAIN}") },
        },
        "servers": [{ "url": "/" }],
        "tags": tags(operations),
        "paths": paths,
        "security": [{ "token": [] }],
        "components": {
            "schemas": components,
            "responses": { "Problem": {
                "description": "Refused or failed; `reason` says why and the status follows from it.",
                "content": { "application/problem+json": { "schema": schema::reference("Problem") } },
            } },
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" } },
        },
    })
}

fn tags(operations: &[Operation]) -> Vec<Value> {
    let mut names: Vec<_> = operations.iter().map(Operation::service).collect();
    names.dedup();
    names.into_iter().map(|name| json!({ "name": name, "description": CONTRACT.services[name] })).collect()
}

fn describe(operation: &Operation, schemas: &mut Schemas) -> Value {
    let method = &CONTRACT.methods[operation.method];
    let message = CONTRACT.message(operation.request);
    let has_body = operation.body != Body::Upload && !matches!(operation.verb, Method::GET | Method::DELETE);
    let content = match operation.body {
        Body::Download => binary("*/*"),
        _ => json!({ "application/json": { "schema": schemas.message(&method.output) } }),
    };
    let mut described = json!({
        "tags": [operation.service()],
        "operationId": operation.method.replace('.', "_"),
        "summary": first_sentence(&method.comment),
        "description": method.comment,
        "parameters": parameters(operation, message, has_body),
        "responses": {
            "200": {
                "description": "Done.",
                "headers": answer_headers(operation, message),
                "content": content,
            },
            "4XX": { "$ref": "#/components/responses/Problem" },
            "5XX": { "$ref": "#/components/responses/Problem" },
        },
    });
    if has_body {
        let fields: Vec<_> = in_body_or_query(operation, message).collect();
        let properties: Map<_, _> = fields.iter().map(|f| (f.json_name.clone(), schemas.field(f))).collect();
        described["requestBody"] = json!({
            "required": !fields.is_empty(),
            "content": { "application/json": { "schema": {
                "type": "object",
                "description": message.comment,
                "properties": properties,
                "additionalProperties": false,
            } } },
        });
    }
    if operation.body == Body::Upload {
        described["requestBody"] = json!({ "required": true, "content": binary("application/octet-stream") });
    }
    described
}

/// A file as it is; of raw content OpenAPI 3.1 says no more than its media type.
fn binary(media_type: &str) -> Value {
    json!({ media_type: {} })
}

/// What is in neither the path nor a header.
fn in_body_or_query<'a>(
    operation: &'a Operation,
    message: &'a MessageInfo,
) -> impl Iterator<Item = &'a FieldInfo> {
    let from_path = operation.path_fields();
    message.fields.iter().filter(move |field| {
        let file = operation.body == Body::Upload && field.name == "data";
        let elsewhere =
            from_path.contains(&field.name.as_str()) || ["etag", "request_id"].contains(&field.name.as_str());
        !file && !elsewhere
    })
}

fn parameters(operation: &Operation, message: &MessageInfo, has_body: bool) -> Vec<Value> {
    let mut parameters = Vec::new();
    for name in operation.params() {
        let field = message.field(name).filter(|_| operation.path_fields().contains(&name));
        let description = field.map_or_else(|| format!("Id of the {name}."), |f| f.comment.clone());
        parameters.push(json!({
            "name": name, "in": "path", "required": true, "description": description,
            "schema": { "type": "string" },
        }));
    }
    if !has_body {
        for field in in_body_or_query(operation, message) {
            // Only what fits into one value; the rest is not for REST.
            if let Some(schema) = schema::of_parameter(field) {
                parameters.push(json!({
                    "name": field.json_name, "in": "query", "description": field.comment, "schema": schema,
                }));
            }
        }
    }
    if operation.is_command {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": true,
            "description": "A string in double quotes, new for each wish and the same for each repeat of it.",
            "schema": { "type": "string", "pattern": "^\".+\"$", "examples": ["\"0193a1c0-7e4c-7000-8000-5d1f3c2b1a00\""] },
        }));
    }
    if message.field("etag").is_some() {
        parameters.push(json!({
            "name": "If-Match", "in": "header",
            "description": "The etag that you saw, in double quotes; another one is refused (ETAG_MISMATCH).",
            "schema": { "type": "string", "pattern": "^\".+\"$" },
        }));
    }
    parameters.push(json!({
        "name": AFTER, "in": "header",
        "description": format!("Positions of earlier answers ({POSITION}): waits up to 2 s until they are applied."),
        "schema": { "type": "string" },
    }));
    parameters
}

fn answer_headers(operation: &Operation, message: &MessageInfo) -> Value {
    let mut headers = Map::new();
    let text = |description: &str| json!({ "description": description, "schema": { "type": "string" } });
    if message.field("etag").is_some() {
        headers.insert("ETag".to_owned(), text("Where the answer has an etag of its own."));
    }
    if operation.is_command {
        headers.insert(
            POSITION.to_owned(),
            text("Send it back in x-przesiadka-after to see this change elsewhere."),
        );
    }
    Value::Object(headers)
}

fn first_sentence(comment: &str) -> String {
    let text = comment.replace('\n', " ");
    text.split_once(". ").map_or(text.as_str(), |(first, _)| first).trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests;
