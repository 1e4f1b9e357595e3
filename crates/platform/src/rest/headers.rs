//! The two headers that are fields of the request in gRPC, and the language of refusals.

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{ACCEPT_LANGUAGE, IF_MATCH},
};
use proto::refusal::words;

use crate::error::Error;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The key of an Idempotency-Key header: a quoted string (draft-ietf-httpapi-idempotency-key-header).
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Error> {
    single(headers, IDEMPOTENCY_KEY)?.map(|value| quoted(IDEMPOTENCY_KEY, value)).transpose()
}

/// The etag of an If-Match header: one strong etag.
pub(super) fn if_match(headers: &HeaderMap) -> Result<Option<String>, Error> {
    single(headers, IF_MATCH)?.map(|value| quoted(IF_MATCH, value)).transpose()
}

fn single(headers: &HeaderMap, name: HeaderName) -> Result<Option<&HeaderValue>, Error> {
    let mut values = headers.get_all(&name).iter();
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        _ => Err(Error::invalid(name.as_str(), words("several", "kilka"), words("one", "jeden"))),
    }
}

/// A structured field string (RFC 8941): in quotes, `\"` and `\\` escaped.
fn quoted(name: HeaderName, value: &HeaderValue) -> Result<String, Error> {
    let text = value.to_str().unwrap_or_default().trim();
    let allowed = || words("a string in double quotes", "tekst w podwójnym cudzysłowie");
    unquote(text).ok_or_else(|| Error::invalid(name.as_str(), text, allowed()))
}

fn unquote(text: &str) -> Option<String> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return None,
            '\\' => out.push(chars.next().filter(|c| matches!(c, '"' | '\\'))?),
            c => out.push(c),
        }
    }
    (!out.is_empty()).then_some(out)
}

/// Whether Accept-Language puts Polish before English; English without the header.
pub(super) fn prefers_polish(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // (weight, is Polish) of what we speak; of equal weights the first one counts.
    let spoken = accepted.split(',').filter_map(|range| {
        let (tag, weight) = range.split_once(";q=").unwrap_or((range, "1"));
        let language = tag.trim().split('-').next().unwrap_or_default();
        let polish = language.eq_ignore_ascii_case("pl");
        let spoken = polish || language.eq_ignore_ascii_case("en");
        spoken.then(|| (weight.trim().parse::<f32>().unwrap_or(0.0), polish))
    });
    let best = spoken.reduce(|best, next| if next.0 > best.0 { next } else { best });
    best.is_some_and(|(weight, polish)| polish && weight > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idempotency_key_is_a_quoted_string() {
        for (header, key) in [
            ("\"abc\"", Some("abc")),
            ("\"a\\\"b\\\\\"", Some("a\"b\\")),
            ("abc", None),
            ("\"abc", None),
            ("\"", None),
            ("\"\"", None),
            ("\"a\"b\"", None),
            ("\"a\\b\"", None),
            ("W/\"a\"", None),
            ("\"a\", \"b\"", None),
        ] {
            assert_eq!(unquote(header).as_deref(), key, "{header}");
        }
    }

    #[test]
    fn the_preferred_language_is_found() {
        for (accepted, polish) in [
            ("", false),
            ("pl", true),
            // As browsers send it.
            ("pl-PL,pl;q=0.9,en-US;q=0.8,en;q=0.7", true),
            ("en-GB,pl;q=0.9", false),
            ("en;q=0.3, pl;q=0.8", true),
            ("de, fr", false),
            ("pl;q=0", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_LANGUAGE, HeaderValue::try_from(accepted).expect("a header"));
            assert_eq!(prefers_polish(&headers), polish, "{accepted}");
        }
    }
}
