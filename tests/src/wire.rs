//! Requests as anybody could send them, good or bad, over both adapters; and what came back.
//!
//! A request is the contract's message as JSON, whichever adapter carries it.

use std::collections::BTreeMap;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use proto::{
    common::v1::ErrorReason,
    request::{Request, Visitor, each_request},
};
use reqwest::Method;
use serde_json::{Value, json};
use tonic::{
    Code, Status,
    client::Grpc,
    codegen::{BoxFuture, http::uri::PathAndQuery},
    transport::Channel,
};
use tonic_prost::ProstCodec;
use tonic_types::StatusExt as _;

use crate::{Installation, Service};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adapter {
    Rest,
    Grpc,
}

/// An answer or a refusal, the same from both adapters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// None for a success.
    pub reason: Option<ErrorReason>,
    /// Of the first violation: the path of its field as the adapter writes it, and what would be allowed.
    pub field: String,
    pub allowed: String,
    /// Every broken rule.
    pub rules: Vec<String>,
    /// The answer, or REST's problem.
    pub json: Value,
}

/// An RPC of the contract.
pub struct Rpc {
    pub is_command: bool,
    grpc: fn(Channel, Option<String>, Value) -> BoxFuture<Value, Status>,
    /// Verb and path with parameters in braces; none where only gRPC has it.
    rest: Option<(Method, String)>,
}

/// All RPCs of a running installation.
pub struct Wire {
    pub rpcs: BTreeMap<&'static str, Rpc>,
    client: reqwest::Client,
    urls: [String; 4],
    channels: [Channel; 4],
}

impl Wire {
    /// Asks a process which paths it serves.
    pub async fn of(installation: &Installation) -> Self {
        let mut rpcs = Rpcs::default();
        each_request(&mut rpcs);
        let mut channels = Vec::new();
        for service in Service::ALL {
            channels.push(installation.grpc(service).await);
        }
        let printed = installation.command(Service::Scheduling, &["openapi"]);
        let document: Value = printed.parse().expect("JSON");
        for (path, verbs) in document["paths"].as_object().expect("paths") {
            for (verb, operation) in verbs.as_object().expect("verbs") {
                let method = operation["operationId"].as_str().expect("an id").replace('_', ".");
                let rpc = rpcs.0.get_mut(method.as_str()).unwrap_or_else(|| panic!("{method}: no RPC"));
                let route = (verb.to_uppercase().parse().expect("a verb"), path.clone());
                assert!(rpc.rest.replace(route).is_none(), "{method} has two paths");
            }
        }
        Self {
            rpcs: rpcs.0,
            client: installation.client().clone(),
            urls: Service::ALL.map(|service| installation.rest(service)),
            channels: channels.try_into().expect("four"),
        }
    }

    /// The adapters that have an RPC.
    pub fn adapters(&self, method: &str) -> &'static [Adapter] {
        match self.rpcs[method].rest {
            Some(_) => &[Adapter::Rest, Adapter::Grpc],
            None => &[Adapter::Grpc],
        }
    }

    /// Sends a request; a command's has its `requestId`. Checks that codes, and the hint to try again, follow from the
    /// reason.
    pub async fn send(&self, adapter: Adapter, method: &str, token: Option<&str>, request: &Value) -> Answer {
        let rpc = &self.rpcs[method];
        let service = method.split('.').next().unwrap_or_default();
        // Each process answers for its own operations.
        let service = if service == "operations" { Service::Scheduling.name() } else { service };
        let service = Service::ALL.into_iter().find(|s| s.name() == service).expect("one of the four");
        match adapter {
            Adapter::Grpc => {
                let token = token.map(str::to_owned);
                let outcome =
                    (rpc.grpc)(self.channels[service as usize].clone(), token, request.clone()).await;
                outcome.map_or_else(|status| Answer::from_status(&status), Answer::success)
            }
            Adapter::Rest => {
                let (verb, path) = rpc.rest.as_ref().unwrap_or_else(|| panic!("{method} is gRPC's only"));
                let mut call = RestCall::new(verb, path, request);
                if let Some(token) = token {
                    call.headers.push(("authorization", format!("Bearer {token}")));
                }
                self.rest(service, call).await
            }
        }
    }

    /// Sends what is to be sent to the service's REST port.
    pub async fn rest(&self, service: Service, call: RestCall) -> Answer {
        let url = format!("{}{}", self.urls[service as usize], call.path);
        let mut request = self.client.request(call.verb, url).body(call.body);
        for (name, value) in call.headers {
            request = request.header(name, value);
        }
        let answer = request.send().await.expect("an answer");
        let status = answer.status();
        let hint = answer.headers().contains_key("retry-after");
        let kind = answer.headers().get("content-type").and_then(|kind| kind.to_str().ok());
        let is_json = kind.is_some_and(|kind| kind.contains("json"));
        let json = if is_json { answer.json().await.expect("JSON") } else { json!({}) };
        if status.is_success() {
            return Answer::success(json);
        }
        let answer = Answer::from_problem(status.as_u16(), json);
        assert_eq!(Some(hint), answer.reason.map(|reason| reason.spec().retry), "{answer:?}");
        answer
    }
}

/// A request of HTTP.
#[derive(Clone, Debug)]
pub struct RestCall {
    pub verb: Method,
    /// With its query.
    pub path: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl RestCall {
    /// The message as the route takes it: ids from its name into the path, two fields into headers, the
    /// rest into body or query.
    fn new(verb: &Method, template: &str, request: &Value) -> Self {
        let mut rest = request.as_object().expect("an object").clone();
        let carried =
            ["company", "contact", "preferences"].into_iter().find_map(|part| request[part]["name"].as_str());
        let name = ["name", "parent"].into_iter().find_map(|field| rest.remove(field));
        let name = name.as_ref().and_then(Value::as_str).or(carried).unwrap_or_default();
        let ids = name.split('/').skip(1).step_by(2);
        let mut path = template.to_owned();
        for id in ids {
            let Some((start, end)) = path.find('{').zip(path.find('}')) else { break };
            path.replace_range(start..=end, id);
        }
        let mut headers = Vec::new();
        let quoted = |value: Value| format!("\"{}\"", value.as_str().unwrap_or_default());
        headers.extend(rest.remove("requestId").map(|id| ("idempotency-key", quoted(id))));
        headers.extend(rest.remove("etag").map(|etag| ("if-match", quoted(etag))));
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let file = rest.remove("data");
        let body = if *verb == Method::GET || file.is_some() {
            let pairs: Vec<_> = rest.iter().map(|(key, value)| format!("{key}={}", text(value))).collect();
            path = format!("{path}?{}", pairs.join("&"));
            let file = file.as_ref().and_then(Value::as_str).unwrap_or_default();
            BASE64_STANDARD.decode(file).expect("base64")
        } else {
            headers.push(("content-type", "application/json".to_owned()));
            Value::Object(rest).to_string().into_bytes()
        };
        Self { verb: verb.clone(), path, headers, body }
    }
}

impl Answer {
    fn success(json: Value) -> Self {
        Self { json, ..Self::default() }
    }

    /// # Panics
    /// For a status whose code or hint to try again does not follow from its reason, or that has none.
    pub fn from_status(status: &Status) -> Self {
        let details = status.get_error_details();
        let info = details.error_info().unwrap_or_else(|| panic!("no reason: {status:?}"));
        let reason = ErrorReason::from_name(&info.reason).expect("a reason of the contract");
        assert_eq!(status.code(), reason.spec().grpc, "{status:?}");
        assert_eq!(details.retry_info().is_some(), reason.spec().retry, "{status:?}");
        let of = |key: &str| info.metadata.get(key).cloned().unwrap_or_default();
        let rules = details.precondition_failure().into_iter().flat_map(|all| &all.violations);
        let fields = details.bad_request().into_iter().flat_map(|all| &all.field_violations);
        let rules = rules.map(|rule| rule.r#type.clone());
        Self {
            reason: Some(reason),
            field: of("field"),
            allowed: of("allowed"),
            rules: rules.chain(fields.map(|field| field.reason.clone())).collect(),
            json: Value::Null,
        }
    }

    fn from_problem(status: u16, json: Value) -> Self {
        let reason = json["reason"].as_str().and_then(ErrorReason::from_name);
        let reason = reason.unwrap_or_else(|| panic!("no reason: {status} {json}"));
        assert_eq!((status, json["status"].as_u64()), (reason.spec().http, Some(status.into())), "{json}");
        let violations = json["violations"].as_array().cloned().unwrap_or_default();
        let first = |key: &str| violations.first().and_then(|v| v[key].as_str()).unwrap_or_default().into();
        let rules = violations.iter().filter_map(|v| v["reason"].as_str()).map(str::to_owned).collect();
        Self { reason: Some(reason), field: first("field"), allowed: first("allowed"), rules, json }
    }
}

#[derive(Default)]
struct Rpcs(BTreeMap<&'static str, Rpc>);

impl Visitor for Rpcs {
    fn request<R: Request>(&mut self) {
        let grpc =
            |channel, token, json| -> BoxFuture<Value, Status> { Box::pin(call::<R>(channel, token, json)) };
        self.0.insert(R::METHOD, Rpc { is_command: R::IS_COMMAND, grpc, rest: None });
    }
}

async fn call<R: Request>(channel: Channel, token: Option<String>, json: Value) -> Result<Value, Status> {
    let message: R = serde_json::from_value(json).expect("the contract's JSON");
    let mut request = tonic::Request::new(message);
    if let Some(token) = token {
        let value = format!("Bearer {token}").parse().expect("ASCII");
        request.metadata_mut().insert("authorization", value);
    }
    let mut grpc = Grpc::new(channel);
    grpc.ready().await.map_err(|error| Status::new(Code::Unavailable, error.to_string()))?;
    let path = PathAndQuery::from_static(R::GRPC_PATH);
    let codec = ProstCodec::<R, R::Response>::default();
    if [".WatchEvents", ".DownloadFile", ".RenderAuditReport"].iter().any(|rpc| R::METHOD.ends_with(rpc)) {
        // Whether it is let in shows at once; what it would tell is for other tests.
        grpc.server_streaming(request, path, codec).await?;
        return Ok(json!({}));
    }
    let answer = grpc.unary(request, path, codec).await?.into_inner();
    Ok(serde_json::to_value(answer).expect("JSON"))
}
