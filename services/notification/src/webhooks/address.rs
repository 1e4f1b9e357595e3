//! What a target's URL may be.

use std::net::IpAddr;

use proto::{
    common::v1::ErrorReason,
    refusal::{Violation, Words, words},
};
use url::{Host, Url};

use super::Networks;

const LONGEST: usize = 2000;

/// Reads a URL. Names are not resolved here: that is done for each connection.
///
/// # Errors
/// `INVALID_ARGUMENT` for `url`, with what would be allowed.
pub fn parse(text: &str, networks: &Networks) -> Result<Url, Violation> {
    let refused = |asked: Words, allowed: Words| {
        Violation::new(ErrorReason::InvalidArgument).field("url").asked(asked).allowed(allowed)
    };
    let a_url =
        || words("such as https://crm.example.pl/events", "na przykład https://crm.example.pl/zdarzenia");
    if text.chars().count() > LONGEST {
        let length = text.chars().count();
        return Err(refused(
            words(format!("{length} characters"), format!("liczba znaków: {length}")),
            words(format!("at most {LONGEST} characters"), format!("najwyżej {LONGEST} znaków")),
        ));
    }
    let url = Url::parse(text).map_err(|_| refused(Words::from(text), a_url()))?;
    if !url.username().is_empty() || url.password().is_some() {
        // Not repeated: it holds a password.
        return Err(refused(
            words("a user or a password in the URL", "użytkownik lub hasło w adresie"),
            words(
                "neither: every request is signed, see webhook-signature",
                "ani jedno, ani drugie: każde żądanie jest podpisane, zob. webhook-signature",
            ),
        ));
    }
    let Some(host) = url.host() else { return Err(refused(Words::from(text), a_url())) };
    if !is_as_written(text, &url) {
        return Err(refused(
            Words::from(text),
            words(
                "a host as it is looked up: a name in ASCII without a dot at its end, or an address in its usual form",
                "host w postaci, w jakiej jest wyszukiwany: nazwa w ASCII bez kropki na końcu albo adres w zwykłym zapisie",
            ),
        ));
    }
    if !(is_loopback(&host) && networks.has_loopback()) {
        match url.scheme() {
            "https" => {}
            _ => return Err(refused(Words::from(url.scheme()), Words::from("https"))),
        }
    } else if !matches!(url.scheme(), "https" | "http") {
        return Err(refused(Words::from(url.scheme()), words("https or http", "https lub http")));
    }
    let allowed = match host {
        Host::Domain(_) => !is_loopback(&host) || networks.has_loopback(),
        Host::Ipv4(address) => networks.allow(address.into()),
        Host::Ipv6(address) => networks.allow(address.into()),
    };
    if allowed { Ok(url) } else { Err(not_public(host)) }
}

/// A refusal of a host whose address requests may not go to.
pub fn not_public(host: impl std::fmt::Display) -> Violation {
    Violation::new(ErrorReason::InvalidArgument).field("url").asked(Words::from(host)).allowed(words(
        "an address of the public internet, or of notification.webhooks.allowed_networks",
        "adres w publicznym internecie albo z notification.webhooks.allowed_networks",
    ))
}

/// The address that the URL has instead of a name.
pub fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Domain(_) => None,
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
    }
}

/// Decimal, octal and short addresses, names in other alphabets and characters that URLs skip would mean something
/// else than they look like.
fn is_as_written(text: &str, url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let begin = format!("{}://{host}", url.scheme());
    let rest = text.to_ascii_lowercase();
    let Some(rest) = rest.strip_prefix(&begin) else { return false };
    !host.ends_with('.') && (rest.is_empty() || rest.starts_with([':', '/', '?', '#']))
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}
