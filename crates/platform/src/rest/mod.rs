//! REST from the same functions as gRPC: a service lists its routes, one line for each RPC.
//!
//! ```ignore
//! pub fn routes() -> Vec<Route<Scheduling>> {
//!     vec![
//!         get("/companies/{company}/projects/{project}", Scheduling::get_project),
//!         post("/companies/{company}/projects/{project}/declareReadiness", Scheduling::declare_readiness),
//!     ]
//! }
//! ```
//!
//! The path up to its last parameter is the resource name; it goes into the request's `name`, or
//! into `parent`. [`Route::resource`] says so where that is not the whole truth.

mod answer;
mod headers;
mod merge;

use std::sync::Arc;

use axum::{
    Router,
    extract::{FromRequestParts as _, RawPathParams, Request as HttpRequest},
    response::Response,
    routing::{MethodFilter, on},
};
use futures::future::BoxFuture;
use http::Method;
use proto::request::Request;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    call::{Function, Service},
    edge::{self, Caller, Done, Edge},
    error::Error,
};

/// What a route says of itself; the OpenAPI document is made of these.
#[derive(Clone, Debug)]
pub struct Operation {
    pub verb: Method,
    /// The whole path with its parameters in braces.
    pub path: String,
    /// The part of the path that is the resource name; empty for none.
    resource: String,
    /// Full name of the request message.
    pub request: &'static str,
    /// `<service>.<rpc>`.
    pub method: &'static str,
    /// Changes something and needs an Idempotency-Key.
    pub is_command: bool,
}

impl Operation {
    /// The first word of the method.
    pub fn service(&self) -> &'static str {
        self.method.split('.').next().unwrap_or_default()
    }
}

type Handler<S> = Arc<
    dyn Fn(Arc<S>, Caller, Map<String, Value>) -> BoxFuture<'static, Result<Done<Value>, Error>>
        + Send
        + Sync,
>;

/// One RPC at one path.
pub struct Route<S> {
    operation: Operation,
    handler: Handler<S>,
}

macro_rules! verbs {
    ($($name:ident $verb:ident),*) => {$(
        /// `path` starts after `/<service>/v1`.
        pub fn $name<S, Req, Resp, F>(path: &str, function: F) -> Route<S>
        where
            S: Service,
            Req: Request,
            Resp: Serialize + Send + 'static,
            F: for<'a> Function<'a, S, Req, Resp>,
        {
            Route::new(Method::$verb, path, function)
        }
    )*};
}
verbs!(get GET, post POST, put PUT, patch PATCH, delete DELETE);

impl<S: Service> Route<S> {
    fn new<Req, Resp, F>(verb: Method, path: &str, function: F) -> Self
    where
        Req: Request,
        Resp: Serialize + Send + 'static,
        F: for<'a> Function<'a, S, Req, Resp>,
    {
        let service = Req::METHOD.split('.').next().unwrap_or_default();
        let resource = path.rfind('}').map_or("", |end| path[..=end].trim_start_matches('/'));
        let operation = Operation {
            verb,
            path: format!("/{service}/v1{path}"),
            resource: resource.to_owned(),
            request: Req::NAME,
            method: Req::METHOD,
            is_command: Req::IS_COMMAND,
        };
        let handler: Handler<S> = Arc::new(move |service, caller, json| {
            let function = function.clone();
            Box::pin(async move {
                let request: Req = merge::decode(json)?;
                let Done { response, position } =
                    edge::run(service.as_ref(), &function, caller, request).await?;
                let response = serde_json::to_value(response).map_err(anyhow::Error::from)?;
                Ok(Done { response, position })
            })
        });
        Self { operation, handler }
    }

    /// Says which part of the path is the resource name, for a name that ends in a fixed word
    /// ("companies/{company}/projects/{project}/licensing") or a path with more parameters; those
    /// fill the request's fields of the same name.
    #[must_use]
    pub fn resource(mut self, template: &str) -> Self {
        template.clone_into(&mut self.operation.resource);
        self
    }

    pub fn operation(&self) -> &Operation {
        &self.operation
    }
}

/// All routes of a service.
pub fn router<S: Service>(edge: &Edge, service: &Arc<S>, routes: Vec<Route<S>>) -> Router {
    routes.into_iter().fold(Router::new(), |router, Route { operation, handler }| {
        let filter = MethodFilter::try_from(operation.verb.clone()).expect("one of the five verbs");
        let path = operation.path.clone();
        merge::check(&operation);
        let (edge, service, operation) = (edge.clone(), Arc::clone(service), Arc::new(operation));
        let respond = move |request: HttpRequest| {
            let (edge, service) = (edge.clone(), Arc::clone(&service));
            let (operation, handler) = (Arc::clone(&operation), Arc::clone(&handler));
            async move { respond(edge, service, operation, handler, request).await }
        };
        router.route(&path, on(filter, respond))
    })
}

/// Answers unknown paths and methods with problems, too; to be called on the merged router.
pub fn with_fallbacks(router: Router) -> Router {
    router.fallback(answer::no_such_path).method_not_allowed_fallback(answer::no_such_method)
}

async fn respond<S: Service>(
    edge: Edge,
    service: Arc<S>,
    operation: Arc<Operation>,
    handler: Handler<S>,
    request: HttpRequest,
) -> Response {
    let instance = request.uri().path().to_owned();
    let polish = headers::prefers_polish(request.headers());
    let outcome = async {
        let (mut parts, body) = request.into_parts();
        let caller = edge.caller(&parts.headers).await.inspect_err(|e| e.log(operation.method))?;
        let params = RawPathParams::from_request_parts(&mut parts, &()).await;
        let params = params.map_err(|_| Error::not_found(&instance))?;
        let body = merge::read_body(body, &edge.limits).await?;
        let json = merge::merge(&operation, &params, &parts, &body)?;
        handler(service, caller, json).await
    }
    .await;
    match outcome {
        Ok(done) => answer::success(done),
        Err(error) => answer::failure(&error, &instance, polish),
    }
}

#[cfg(test)]
mod tests;
