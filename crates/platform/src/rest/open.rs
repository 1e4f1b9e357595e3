//! The one kind of path that needs no token: its last word is the secret itself.

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
    header::{CACHE_CONTROL, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS},
};

use super::{answer, headers};
use crate::{call::Service, error::Error, panics::caught, secret::Secret};

/// What is there for whoever knows the secret; none where there is nothing, or no longer.
pub type Find<S> = fn(Arc<S>, Secret) -> BoxFuture<'static, Result<Option<String>, Error>>;

/// `GET /<service>/v1<path>/{secret}<ending>` for everybody who knows the secret, such as programs that can send no
/// token. Whatever is not there is answered in the same way, without the path, and nothing of the path is logged.
pub fn open<S: Service>(
    service: &Arc<S>,
    path: &'static str,
    ending: &'static str,
    media_type: &'static str,
    find: Find<S>,
) -> Router {
    let service = Arc::clone(service);
    let respond = move |word: Result<Path<String>, PathRejection>, request: Request| {
        let service = Arc::clone(&service);
        async move {
            let secret = word.as_ref().ok().and_then(|Path(word)| word.strip_suffix(ending));
            let found = match secret {
                Some(secret) => caught(path, find(service, Secret::sent(secret))).await,
                None => Ok(None),
            };
            match found {
                Ok(Some(text)) => plain(StatusCode::OK, media_type, text),
                Ok(None) => {
                    plain(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "not found\n".to_owned())
                }
                Err(error) => {
                    error.log(path);
                    answer::failure(&error, path, headers::prefers_polish(request.headers()))
                }
            }
        }
    };
    Router::new().route(&format!("{path}/{{secret}}"), get(respond))
}

fn plain(status: StatusCode, media_type: &'static str, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let texts: [(HeaderName, &'static str); 4] = [
        (CONTENT_TYPE, media_type),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    for (name, text) in texts {
        response.headers_mut().insert(name, HeaderValue::from_static(text));
    }
    response
}
