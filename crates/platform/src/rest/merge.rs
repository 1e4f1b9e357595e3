//! One request message out of path, query, headers and body.

use std::collections::HashMap;

use axum::{
    body::{Body, Bytes},
    extract::{Query, RawPathParams},
};
use http::{HeaderMap, header::CONTENT_TYPE, request::Parts};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use proto::{
    common::v1::ErrorReason,
    refusal::{Violation, Words, words},
    request::Request,
};
use serde_json::{Map, Value};

use super::{Operation, headers};
use crate::{
    descriptor::{CONTRACT, FieldInfo, Kind, MessageInfo},
    edge::Limits,
    error::Error,
};

/// # Panics
/// At start, when a route cannot say where its path's parameters go.
pub(super) fn check(operation: &Operation) {
    let message = CONTRACT.message(operation.request);
    let params = operation.params();
    assert!(
        operation.path.contains(&operation.resource),
        "{}: the resource is not in its path",
        operation.path
    );
    if !operation.resource.is_empty() {
        assert!(name_place(message).is_some(), "{} has neither name nor parent", operation.request);
    }
    for param in params.iter().filter(|p| !operation.is_of_resource(p)) {
        assert!(message.field(param).is_some(), "{} has no field {param}", operation.request);
    }
}

impl Operation {
    /// The path's parameters, in order.
    pub(crate) fn params(&self) -> Vec<&str> {
        self.path.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect()
    }

    fn is_of_resource(&self, param: &str) -> bool {
        self.resource.contains(&format!("{{{param}}}"))
    }

    /// Fields that the path fills.
    pub(crate) fn path_fields(&self) -> Vec<&str> {
        let mut fields: Vec<_> = self.params().into_iter().filter(|p| !self.is_of_resource(p)).collect();
        match name_place(CONTRACT.message(self.request)) {
            Some(NamePlace::Request(field)) if !self.resource.is_empty() => fields.push(field),
            _ => {}
        }
        fields
    }
}

/// Where the resource's name goes.
enum NamePlace {
    /// The request's `name` or `parent`.
    Request(&'static str),
    /// An update carries the resource itself, which has the name (AIP-134); the field's JSON name.
    Resource(&'static str),
}

fn name_place(message: &'static MessageInfo) -> Option<NamePlace> {
    if let Some(name) = ["name", "parent"].into_iter().find(|name| message.field(name).is_some()) {
        return Some(NamePlace::Request(name));
    }
    let named = |kind: &Kind| match kind {
        Kind::Message(full) => CONTRACT.message(full).field("name").is_some(),
        _ => false,
    };
    let carried = message.fields.iter().find(|field| !field.repeated && named(&field.kind))?;
    Some(NamePlace::Resource(&carried.json_name))
}

fn put_name(json: &mut Map<String, Value>, place: NamePlace, name: String) -> Result<(), Error> {
    match place {
        NamePlace::Request(field) => put(json, field, Value::String(name)),
        NamePlace::Resource(field) => match json.entry(field).or_insert_with(|| Map::new().into()) {
            Value::Object(resource) => put(resource, "name", Value::String(name)),
            other => Err(Error::invalid(field, other, words("a JSON object", "obiekt JSON"))),
        },
    }
}

pub(super) async fn read_body(body: Body, limits: &Limits) -> Result<Bytes, Error> {
    let read = Limited::new(body, limits.body_bytes).collect();
    match tokio::time::timeout(limits.body_time, read).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(e)) if e.is::<LengthLimitError>() => {
            let most = limits.body_bytes;
            let allowed = words(format!("{most} bytes"), format!("{most} bajtów"));
            Err(Violation::new(ErrorReason::TooLarge).allowed(allowed).into())
        }
        Ok(Err(_)) => {
            let asked = words("a body that breaks off", "treść, która się urywa");
            Err(Error::invalid("body", asked, words("a whole one", "cała treść")))
        }
        Err(_) => {
            let seconds = limits.body_time.as_secs_f32();
            let asked = words("a body that comes too slowly", "treść, która napływa zbyt wolno");
            let allowed =
                words(format!("all of it within {seconds} s"), format!("całość w ciągu {seconds} s"));
            Err(Error::invalid("body", asked, allowed))
        }
    }
}

/// The request as one JSON object.
pub(super) fn merge(
    operation: &Operation,
    params: &RawPathParams,
    parts: &Parts,
    body: &[u8],
) -> Result<Map<String, Value>, Error> {
    let message = CONTRACT.message(operation.request);
    let mut json = parse_body(&parts.headers, body)?;

    let params: HashMap<_, _> = params.iter().collect();
    if params.values().any(|value| value.is_empty() || value.contains('/')) {
        return Err(Error::not_found(parts.uri.path()));
    }
    if let Some(place) = name_place(message).filter(|_| !operation.resource.is_empty()) {
        let mut name = operation.resource.clone();
        for (param, value) in &params {
            name = name.replace(&format!("{{{param}}}"), value);
        }
        put_name(&mut json, place, name)?;
    }
    for (param, value) in params.iter().filter(|(param, _)| !operation.is_of_resource(param)) {
        if let Some(field) = message.field(param) {
            put(&mut json, &field.json_name, typed(field, value)?)?;
        }
    }

    add_query(&mut json, message, parts)?;
    if let Some(key) = headers::idempotency_key(&parts.headers)? {
        let field = operation.is_command.then_some("requestId");
        put(&mut json, field.ok_or_else(|| unexpected("idempotency-key"))?, Value::String(key))?;
    }
    if let Some(etag) = headers::if_match(&parts.headers)? {
        let field = message.field("etag").map(|field| field.json_name.as_str());
        put(&mut json, field.ok_or_else(|| unexpected("if-match"))?, Value::String(etag))?;
    }
    Ok(json)
}

fn unexpected(header: &str) -> Error {
    let allowed = words("absent: this request does not know it", "brak: to żądanie go nie zna");
    Error::invalid(header, words("present", "obecny"), allowed)
}

fn parse_body(headers: &HeaderMap, body: &[u8]) -> Result<Map<String, Value>, Error> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    let kind = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("application/json");
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Error::invalid("content-type", kind, "application/json"));
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(json)) => Ok(json),
        Ok(_) => Err(not_an_object(words("JSON that is no object", "JSON, który nie jest obiektem"))),
        Err(e) => Err(not_an_object(words(format!("broken JSON: {e}"), format!("błędny JSON: {e}")))),
    }
}

fn not_an_object(asked: Words) -> Error {
    Error::invalid("body", asked, words("one JSON object", "jeden obiekt JSON"))
}

fn add_query(json: &mut Map<String, Value>, message: &MessageInfo, parts: &Parts) -> Result<(), Error> {
    let query = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
    let unreadable = || words("one that cannot be read", "zapytanie, którego nie da się odczytać");
    let Query(pairs) = query.map_err(|_| Error::invalid("query", unreadable(), "name=value"))?;
    let mut lists: HashMap<String, Vec<Value>> = HashMap::new();
    for (name, text) in pairs {
        let field = message.json_field(&name);
        let field = field.ok_or_else(|| {
            let asked = words("an unknown parameter", "nieznany parametr");
            Error::invalid(name, asked, words("a field of the request", "pole żądania"))
        })?;
        let value = typed(field, &text)?;
        if field.repeated {
            lists.entry(field.json_name.clone()).or_default().push(value);
        } else {
            put(json, &field.json_name, value)?;
        }
    }
    for (name, values) in lists {
        put(json, &name, Value::Array(values))?;
    }
    Ok(())
}

/// A field is given once, or twice alike.
fn put(json: &mut Map<String, Value>, field: &str, value: Value) -> Result<(), Error> {
    match json.get(field) {
        Some(there) if *there != value => {
            let asked = words("two different values", "dwie różne wartości");
            Err(Error::invalid(field, asked, words("one", "jedna")))
        }
        _ => {
            json.insert(field.to_owned(), value);
            Ok(())
        }
    }
}

/// Text from path or query as the field's JSON.
fn typed(field: &FieldInfo, text: &str) -> Result<Value, Error> {
    let invalid = |en, pl| Error::invalid(&field.name, text, words(en, pl));
    match &field.kind {
        Kind::Bool => {
            text.parse::<bool>().map(Value::Bool).map_err(|_| invalid("true or false", "true albo false"))
        }
        Kind::Int => {
            text.parse::<i64>().map(Value::from).map_err(|_| invalid("a whole number", "liczba całkowita"))
        }
        Kind::Float => text.parse::<f64>().map(Value::from).map_err(|_| invalid("a number", "liczba")),
        // These, and messages that are strings in JSON (times), are judged when the message is read.
        Kind::Long | Kind::String | Kind::Bytes | Kind::Enum(_) | Kind::Message(_) => {
            Ok(Value::String(text.to_owned()))
        }
    }
}

fn unknown_field(path: &str) -> Error {
    let allowed = words("a field of the contract", "pole z kontraktu");
    Error::invalid(path, words("an unknown field", "nieznane pole"), allowed)
}

/// The typed request; unknown fields and wrong types are refused by their path.
pub(super) fn decode<Req: Request>(json: Map<String, Value>) -> Result<Req, Error> {
    serde_path_to_error::deserialize(Value::Object(json)).map_err(|e| {
        let (path, error) = (e.path().to_string(), e.inner().to_string());
        let path = if path == "." { "" } else { path.as_str() };
        let unknown = error.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
        match unknown {
            // The path ends at the unknown field already.
            Some(_) if !path.is_empty() => unknown_field(path),
            Some(field) => unknown_field(field),
            None => Error::invalid(path, error, words("what the contract says", "to, co mówi kontrakt")),
        }
    })
}
