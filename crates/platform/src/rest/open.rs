//! The only paths that need no token: their last word is the secret itself.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Path, Request, rejection::PathRejection},
    response::Response,
    routing::get,
};
use futures::future::BoxFuture;
use http::{
    HeaderName, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS},
};

use super::{answer, headers};
use crate::{call::Service, error::Error, panics::caught, secret::Secret, telemetry::access::Access};

/// What is there for whoever knows the secret.
pub struct Found {
    pub text: String,
    /// What the secret is for, by its resource name: for the line that tells of its use.
    pub resource: String,
}

/// None where there is nothing, or no longer.
pub type Find<S> = fn(Arc<S>, Secret) -> BoxFuture<'static, Result<Option<Found>, Error>>;

/// `GET /<service>/v1<path>/{secret}<ending>` for everybody who knows the secret, such as programs that can send no
/// token. Whatever is not there is answered in the same way, without the path, and nothing of the path is logged.
pub fn open<S: Service>(
    service: &Arc<S>,
    path: &'static str,
    ending: &'static str,
    media_type: &'static str,
    find: Find<S>,
) -> Router {
    let find = respond(service, path, ending, media_type, find);
    Router::new().route(&format!("{path}/{{secret}}"), get(find))
}

/// An HTML page under the same rules that asks something: `GET` shows it and changes nothing, `POST` does what it asks
/// about, whatever the body says, and shows what came of it.
pub fn open_page<S: Service>(
    service: &Arc<S>,
    path: &'static str,
    show: Find<S>,
    carry_out: Find<S>,
) -> Router {
    let page = |find| respond(service, path, "", "text/html; charset=utf-8", find);
    Router::new().route(&format!("{path}/{{secret}}"), get(page(show)).post(page(carry_out)))
}

fn respond<S: Service>(
    service: &Arc<S>,
    path: &'static str,
    ending: &'static str,
    media_type: &'static str,
    find: Find<S>,
) -> impl Fn(Result<Path<String>, PathRejection>, Request) -> BoxFuture<'static, Response> + Clone + use<S> {
    let service = Arc::clone(service);
    move |word, request| {
        let service = Arc::clone(&service);
        Box::pin(async move {
            let secret = word.as_ref().ok().and_then(|Path(word)| word.strip_suffix(ending));
            let found = match secret {
                Some(secret) => caught(path, find(service, Secret::sent(secret))).await,
                None => Ok(None),
            };
            let resource = found.as_ref().ok().and_then(Option::as_ref).map(|found| found.resource.as_str());
            Access::by_link(request.method(), path, resource, &found);
            match found {
                Ok(Some(Found { text, .. })) => plain(StatusCode::OK, media_type, text),
                Ok(None) => {
                    plain(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "not found\n".to_owned())
                }
                Err(error) => {
                    error.log(path);
                    answer::failure(&error, path, headers::prefers_polish(request.headers()))
                }
            }
        })
    }
}

fn plain(status: StatusCode, media_type: &'static str, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let texts: [(HeaderName, &'static str); 5] = [
        (CONTENT_TYPE, media_type),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; form-action 'self'; frame-ancestors 'none'"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    for (name, text) in texts {
        response.headers_mut().insert(name, HeaderValue::from_static(text));
    }
    response
}
