//! Bodies that are files.

use axum::{
    body::{Body, HttpBody as _},
    response::Response,
};
use futures::StreamExt as _;
use http::{
    HeaderValue,
    header::{
        CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
        X_CONTENT_TYPE_OPTIONS,
    },
    request::Parts,
};
use proto::refusal::words;

use crate::{
    edge::Limits,
    error::Error,
    files::{Content, Download, broken_off, too_large},
};

/// The file that a request brings.
///
/// # Errors
/// `TOO_LARGE` for one that says so at its head; `INVALID_ARGUMENT` for a form, and for a query that says what the
/// body says.
pub(super) fn sent(body: Body, parts: &Parts, limits: &Limits) -> Result<Content, Error> {
    too_large(body.size_hint().lower())?;
    let kind = parts.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.trim_start().to_ascii_lowercase().starts_with("multipart/") {
        let allowed = words("the file as it is: any other type", "sam plik: każdy inny typ");
        return Err(Error::invalid(CONTENT_TYPE.as_str(), kind, allowed));
    }
    let query = parts.uri.query().unwrap_or_default();
    if query.split('&').any(|pair| pair.split('=').next() == Some("data")) {
        let asked = words("in the query", "w zapytaniu");
        return Err(Error::invalid("data", asked, words("the body", "treść żądania")));
    }
    let stream = body.into_data_stream().map(|piece| piece.map_err(|_| broken_off()));
    Ok(Content::new(stream, limits.upload_time))
}

/// A file as an answer. Browsers are to keep it and not to show it as a page of this server.
pub(super) fn answer(download: Download) -> Response {
    let Download { file, content } = download;
    let content = content.map(|piece| piece.inspect_err(|e| e.log("download")));
    let mut response = Response::new(Body::from_stream(content));
    let headers = response.headers_mut();
    let texts = [
        (CONTENT_TYPE, file.media_type.clone()),
        (CONTENT_LENGTH, file.size_bytes.to_string()),
        (CONTENT_DISPOSITION, disposition(&file.display_name)),
        (CACHE_CONTROL, "no-store".to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".to_owned()),
    ];
    for (name, text) in texts {
        headers.insert(name, HeaderValue::try_from(text).expect("media types and the rest are ASCII"));
    }
    response
}

/// Attached, with the name twice: in ASCII for old clients, and as it is (RFC 6266, RFC 8187).
fn disposition(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_graphic() && !"\"\\%".contains(c) || c == ' ' { c } else { '_' };
    let ascii: String = name.chars().map(plain).collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_told_in_ascii_and_as_it_is() {
        assert_eq!(
            disposition("zażółć \"1\" 50%.pdf"),
            "attachment; filename=\"za____ _1_ 50_.pdf\"; \
             filename*=UTF-8''za%C5%BC%C3%B3%C5%82%C4%87%20%221%22%2050%25.pdf"
        );
    }
}
