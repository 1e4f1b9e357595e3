//! REST, for the partner portal: a company's contacts. They may speak gRPC as well.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use http::Method;
use proto::request::Request;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    Contacts, Error, Installation,
    after::{AFTER, POSITION},
    patience::patiently,
};

/// A contact of a company.
#[derive(Clone, Debug)]
pub struct Portal {
    installation: Installation,
    token: String,
}

impl Portal {
    pub(crate) fn new(installation: Installation, token: String) -> Self {
        Self { installation, token }
    }

    /// One RPC as the portal calls it, after everything that was written before. A command gets a
    /// request id of its own.
    ///
    /// # Errors
    /// The service's refusal, or that nobody answered.
    pub async fn call<R: Request>(&self, mut request: R) -> Result<R::Response, Error> {
        request.set_request_id(Uuid::now_v7().to_string());
        self.send(request).await
    }

    /// As [`Self::call`], with the request id that the request has.
    ///
    /// # Errors
    /// The service's refusal, or that nobody answered.
    pub async fn send<R: Request>(&self, request: R) -> Result<R::Response, Error> {
        match self.installation.contacts {
            Contacts::Rest => self.installation.hook.around::<R>(self.send_rest(request)).await,
            Contacts::Grpc => self.installation.softvig(&self.token).send(request).await,
        }
    }

    async fn send_rest<R: Request>(&self, mut request: R) -> Result<R::Response, Error> {
        let id = request.take_request_id();
        let json = serde_json::to_value(&request).map_err(|e| Error::Unreadable(e.to_string()))?;
        let Value::Object(json) = json else { return Err(Error::Unreadable(json.to_string())) };
        let call = RestCall::new(R::METHOD, R::IS_COMMAND, json);
        patiently(&self.installation, async |attempt| {
            let replica = self.installation.replica(R::METHOD, attempt);
            let mut http = self
                .installation
                .http
                .request(call.verb.clone(), format!("http://{}{}", replica.rest, call.path))
                .bearer_auth(&self.token);
            if R::IS_COMMAND {
                http = http.header("idempotency-key", format!("\"{id}\""));
                http = match &call.file {
                    Some(file) => http.body(file.clone()),
                    None => http.json(&call.fields),
                };
            }
            if let Some(after) = self.installation.after.header() {
                http = http.header(AFTER, after);
            }
            let away = |e: reqwest::Error| Error::away(e.without_url());
            let answer = http.send().await.map_err(away)?;
            let status = answer.status();
            let position = answer.headers().get(POSITION).and_then(|v| v.to_str().ok()).map(str::to_owned);
            let body = answer.bytes().await.map_err(away)?;
            if !status.is_success() {
                return Err(Error::from_problem(status.as_u16(), &body));
            }
            if let Some(position) = position {
                self.installation.after.written(id.clone(), &position);
            }
            serde_json::from_slice(&body).map_err(|e| Error::Unreadable(e.to_string()))
        })
        .await
    }
}

/// Where an RPC is in REST, and what of it goes into the body or the query.
#[derive(Debug, PartialEq)]
struct RestCall {
    verb: Method,
    path: String,
    fields: Map<String, Value>,
    /// What is sent in place of the fields.
    file: Option<Vec<u8>>,
}

impl RestCall {
    /// The path is made of the resource's name and a last word, which mostly is the RPC's.
    fn new(method: &str, is_command: bool, mut fields: Map<String, Value>) -> Self {
        let (service, rpc) = method.split_once('.').expect("<service>.<rpc>");
        let name = ["name", "parent"].into_iter().find_map(|key| fields.remove(key));
        let name = name.as_ref().and_then(Value::as_str).unwrap_or_default();
        let last = match (rpc, is_command) {
            ("AnswerFinding", _) => "/answer".to_owned(),
            ("AskQuestion", _) => "/questions".to_owned(),
            ("CreateContact", _) => "/contacts".to_owned(),
            ("UploadFile", _) => "/files".to_owned(),
            ("ReplaceContact", _) => "/replace".to_owned(),
            ("RemoveContact", _) => "/remove".to_owned(),
            ("ListHistory", _) => "/history".to_owned(),
            ("SuggestDates", _) | (_, true) => format!("/{}", lower_camel(rpc)),
            (rpc, false) => {
                rpc.strip_prefix("List").map_or(String::new(), |what| format!("/{}", lower_camel(what)))
            }
        };
        let name = if name.is_empty() { String::new() } else { format!("/{name}") };
        let mut path = format!("/{service}/v1{name}{last}");
        let data = fields.remove("data");
        let file = data.as_ref().and_then(Value::as_str).and_then(|data| BASE64_STANDARD.decode(data).ok());
        if !is_command || file.is_some() {
            path += &query(&std::mem::take(&mut fields));
        }
        Self { verb: if is_command { Method::POST } else { Method::GET }, path, fields, file }
    }
}

/// Values that need no escaping: enum names, plain names of files, numbers, days, page tokens in URL-safe base64.
fn query(fields: &Map<String, Value>) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let pairs: Vec<_> = fields.iter().map(|(key, value)| format!("{key}={}", text(value))).collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

fn lower_camel(rpc: &str) -> String {
    let mut chars = rpc.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_rpc_is_found_at_its_rest_path() {
        for (method, is_command, fields, verb, path, rest) in [
            (
                "scheduling.ProposeDates",
                true,
                json!({ "name": "companies/c/projects/p", "note": "x" }),
                Method::POST,
                "/scheduling/v1/companies/c/projects/p/proposeDates",
                json!({ "note": "x" }),
            ),
            ("scheduling.ListVariants", false, json!({}), Method::GET, "/scheduling/v1/variants", json!({})),
            (
                "audit.ListFindings",
                false,
                json!({ "parent": "companies/c/projects/p", "state": "FINDING_STATE_OPEN" }),
                Method::GET,
                "/audit/v1/companies/c/projects/p/findings?state=FINDING_STATE_OPEN",
                json!({}),
            ),
            (
                "scheduling.SuggestDates",
                false,
                json!({ "name": "companies/c/projects/p", "fromDay": "2026-12-01" }),
                Method::GET,
                "/scheduling/v1/companies/c/projects/p/suggestDates?fromDay=2026-12-01",
                json!({}),
            ),
            (
                "audit.AnswerFinding",
                true,
                json!({ "name": "companies/c/projects/p/findings/f", "answer": "ok" }),
                Method::POST,
                "/audit/v1/companies/c/projects/p/findings/f/answer",
                json!({ "answer": "ok" }),
            ),
            (
                "audit.UploadFile",
                true,
                json!({ "parent": "companies/c", "displayName": "a.txt", "data": "dGFr" }),
                Method::POST,
                "/audit/v1/companies/c/files?displayName=a.txt",
                json!({}),
            ),
        ] {
            let Value::Object(fields) = fields else { unreachable!("an object") };
            let call = RestCall::new(method, is_command, fields);
            assert_eq!((call.verb, call.path.as_str()), (verb, path), "{method}");
            assert_eq!(Value::Object(call.fields), rest, "{method}");
        }
    }
}
