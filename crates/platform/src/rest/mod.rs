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
mod content;
mod headers;
mod merge;
mod open;

pub(crate) use answer::secured;
pub use open::{Find, Found, open, open_page};

use std::sync::Arc;

use axum::{
    Router,
    extract::{FromRequestParts as _, RawPathParams, Request as HttpRequest},
    middleware::from_fn,
    response::Response,
    routing::{MethodFilter, on},
};
use bytes::Bytes;
use futures::future::BoxFuture;
use http::Method;
use proto::request::Request;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    call::{Function, Service},
    edge::{self, Caller, Done, Edge},
    error::Error,
    files::Download,
    telemetry::serving,
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
    pub body: Body,
}

/// What is not JSON: a file, as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    Json,
    /// The request's body is a file, and its fields are parameters of the query.
    Upload,
    /// The answer's body is a file.
    Download,
}

impl Operation {
    /// The first word of the method.
    pub fn service(&self) -> &'static str {
        self.method.split('.').next().unwrap_or_default()
    }
}

type Handler<S> = Arc<
    dyn Fn(Arc<S>, Caller, Map<String, Value>) -> BoxFuture<'static, Result<Response, Error>> + Send + Sync,
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

/// An RPC whose request's body is a file, as it is.
pub fn upload<S, Req, Resp, F>(path: &str, function: F) -> Route<S>
where
    S: Service,
    Req: Request,
    Resp: Serialize + Send + 'static,
    F: for<'a> Function<'a, S, Req, Resp>,
{
    let mut route = Route::new(Method::POST, path, function);
    route.operation.body = Body::Upload;
    route
}

/// An RPC that is answered with a file, as it is.
pub fn download<S, Req, F>(path: &str, function: F) -> Route<S>
where
    S: Service,
    Req: Request,
    F: for<'a> Function<'a, S, Req, Download>,
{
    let mut route = Route::answered(Method::GET, path, function, |done| Ok(content::answer(done.response)));
    route.operation.body = Body::Download;
    route
}

impl<S: Service> Route<S> {
    fn new<Req, Resp, F>(verb: Method, path: &str, function: F) -> Self
    where
        Req: Request,
        Resp: Serialize + Send + 'static,
        F: for<'a> Function<'a, S, Req, Resp>,
    {
        Self::answered(verb, path, function, |Done { response, position }| {
            let response = serde_json::to_value(response).map_err(anyhow::Error::from)?;
            Ok(answer::success(Done { response, position }))
        })
    }

    fn answered<Req, Resp, F>(
        verb: Method,
        path: &str,
        function: F,
        answer: fn(Done<Resp>) -> Result<Response, Error>,
    ) -> Self
    where
        Req: Request,
        Resp: Send + 'static,
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
            body: Body::Json,
        };
        let handler: Handler<S> = Arc::new(move |service, caller, json| {
            let function = function.clone();
            Box::pin(async move {
                let request: Req = merge::decode(json).inspect_err(|e| e.log(Req::METHOD))?;
                answer(edge::run(service.as_ref(), &function, caller, request).await?)
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

/// Answers unknown paths and methods with problems, too, and measures all; to be called on the merged router.
pub fn with_fallbacks(router: Router) -> Router {
    let router = router.fallback(answer::no_such_path).method_not_allowed_fallback(answer::no_such_method);
    router.layer(from_fn(serving::rest))
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
    let read = async {
        let (mut parts, body) = request.into_parts();
        let mut caller = edge.caller(&parts.headers).await?;
        let params = RawPathParams::from_request_parts(&mut parts, &()).await;
        let params = params.map_err(|_| Error::not_found(&instance))?;
        let body = if operation.body == Body::Upload {
            caller.content = Some(content::sent(body, &parts, &edge.limits)?);
            Bytes::new()
        } else {
            merge::read_body(body, &edge.limits).await?
        };
        Ok((caller, merge::merge(&operation, &params, &parts, &body)?))
    };
    let outcome = match read.await {
        Ok((caller, json)) => handler(service, caller, json).await,
        Err(error) => Err(error).inspect_err(|e: &Error| e.log(operation.method)),
    };
    outcome.unwrap_or_else(|error| answer::failure(&error, &instance, polish))
}

#[cfg(test)]
mod foreign;
#[cfg(test)]
mod tests;
