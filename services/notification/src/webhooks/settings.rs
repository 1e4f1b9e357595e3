//! Reads what people decide about an endpoint from a request.

use platform::{Error, name, text};
use proto::{
    common::v1::ErrorReason,
    event,
    notification::v1 as pb,
    refusal::{Refusal, Violation, words},
};

use super::{Networks, Settings, address};

const FIELD: &str = "webhook_endpoint";
const LONGEST_DESCRIPTION: usize = 200;
const MOST_TYPES: usize = 200;
/// Whose events are passed on.
const SOURCES: [&str; 3] = ["scheduling", "audit", "licensing"];
/// Personal data, which never leaves as a webhook.
pub const NEVER: &str = "contact_card";

/// All that is wrong is said at once.
pub fn parse(asked: &pb::WebhookEndpoint, networks: &Networks) -> Result<Settings, Error> {
    let mut violations = Vec::new();
    violations.extend(address::parse(&asked.url, networks).err());
    violations.extend(text::length("description", &asked.description, 0..=LONGEST_DESCRIPTION));
    if asked.event_types.len() > MOST_TYPES {
        violations.push(invalid("event_types").asked(asked.event_types.len()).allowed(words(
            format!("at most {MOST_TYPES}, or none for all"),
            format!("najwyżej {MOST_TYPES} albo żaden, czyli wszystkie"),
        )));
    }
    for (i, wanted) in asked.event_types.iter().take(MOST_TYPES).enumerate() {
        violations.extend(unknown_type(&format!("event_types[{i}]"), wanted));
    }
    let company = match asked.company.as_str() {
        "" => None,
        company => match name::company("company", company) {
            Ok(company) => Some(company),
            Err(Error::Refused(refusal)) => {
                violations.extend(refusal.violations().iter().cloned());
                None
            }
            Err(e) => return Err(e),
        },
    };
    Refusal::unless_empty(violations).map_err(|refusal| refusal.within(FIELD))?;
    Ok(Settings {
        url: asked.url.clone(),
        description: asked.description.trim().to_owned(),
        event_types: asked.event_types.clone(),
        company,
    })
}

fn unknown_type(field: &str, wanted: &str) -> Option<Violation> {
    let (source, kind) = wanted.split_once('.').unwrap_or(("", ""));
    let known = SOURCES.contains(&source);
    if known && kind != NEVER && event::is_known(source, kind) {
        return None;
    }
    let allowed = if known {
        let kinds = event::of(source).iter().map(|(kind, _)| *kind).filter(|kind| *kind != NEVER);
        kinds.map(|kind| format!("{source}.{kind}")).collect::<Vec<_>>().join(", ")
    } else {
        SOURCES.map(|source| format!("{source}.<event>")).join(", ")
    };
    Some(invalid(field).asked(wanted).allowed(allowed))
}

fn invalid(field: &str) -> Violation {
    Violation::new(ErrorReason::InvalidArgument).field(field)
}
