//! What a caller asks beyond its share, and when it may ask again.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, header::RETRY_AFTER};
use proto::{
    common::v1::ErrorReason,
    refusal::{Violation, Words, words},
};

use super::status;
use crate::edge::Rate;

/// Names of draft-ietf-httpapi-ratelimit-headers.
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// A request or stream too many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooMany {
    pub(super) violation: Violation,
    pub(super) wait: Duration,
    rate: Option<Rate>,
}

impl TooMany {
    pub(crate) fn requests(rate: Rate, wait: Duration) -> Self {
        let Rate { per_second, burst } = rate;
        let allowed = words(
            format!("{burst} requests at once, and {per_second} a second after that"),
            format!("{burst} żądań naraz, a potem {per_second} na sekundę"),
        );
        Self { violation: of(allowed), wait, rate: Some(rate) }
    }

    pub(crate) fn streams(allowed: Words) -> Self {
        Self { violation: of(allowed), wait: status::RETRY_AFTER, rate: None }
    }

    /// Whole seconds, rounded up.
    fn seconds(&self) -> u64 {
        self.wait.as_millis().div_ceil(1000).max(1).try_into().unwrap_or(u64::MAX)
    }

    /// For an answer of REST.
    pub(crate) fn put_headers(&self, headers: &mut HeaderMap) {
        headers.insert(RETRY_AFTER, HeaderValue::from(self.seconds()));
        let Some(Rate { per_second, burst }) = self.rate else { return };
        let window = burst.get().div_ceil(per_second.get());
        let fields = [
            (RATE_LIMIT_POLICY, format!("\"caller\";q={burst};w={window}")),
            (RATE_LIMIT, format!("\"caller\";r=0;t={}", self.seconds())),
        ];
        for (name, value) in fields {
            headers.insert(name, HeaderValue::try_from(value).expect("ASCII"));
        }
    }
}

fn of(allowed: Words) -> Violation {
    Violation::new(ErrorReason::RateLimited).allowed(allowed)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    #[test]
    fn the_headers_say_when_to_ask_again_and_what_is_allowed() {
        let [per_second, burst] = [20, 200].map(|n| NonZeroU32::new(n).expect("not 0"));
        let mut headers = HeaderMap::new();
        TooMany::requests(Rate { per_second, burst }, Duration::from_millis(1050)).put_headers(&mut headers);
        for (name, value) in [
            ("retry-after", "2"),
            ("ratelimit-policy", "\"caller\";q=200;w=10"),
            ("ratelimit", "\"caller\";r=0;t=2"),
        ] {
            assert_eq!(headers[name], value);
        }
    }
}
