//! What requests say, in the model's words. Everything that cannot be read is named at once.

use calendar::WorkingHours;
use jiff::civil::{Date, Weekday};
use platform::{
    Error,
    actor::Roles,
    id::{CompanyId, ContactId},
    name,
};
use proto::{
    common::v1::ErrorReason,
    refusal::{Refusal, Violation, Words, words},
    scheduling::v1 as pb,
};

use super::{Card, Language, Profile, Site, SystemLists, email, nip::NipError};
use crate::project::{asked::read_day, stops::StopItem};

/// `companies/{company}/contacts/{contact}`.
pub(super) fn contact_name(field: &str, name: &str) -> Result<(CompanyId, ContactId), Error> {
    let [company, contact] = name::ids(field, "companies/{company}/contacts/{contact}", name)?;
    Ok((company.into(), contact.into()))
}

/// The part of a request that carries the resource.
pub(super) fn given<T>(field: &str, part: Option<T>) -> Result<T, Error> {
    part.ok_or_else(|| Error::invalid(field, words("none", "brak"), field))
}

/// The facts of a company.
pub(super) fn profile(company: pb::Company) -> Result<Profile, Refusal> {
    let nip = company.tax_id.parse().map_err(|e: NipError| invalid("tax_id", &company.tax_id, e.words()));
    let client_since = match company.client_since.as_str() {
        "" => Ok(None),
        text => day("client_since", text).map(Some),
    };
    let (nip, client_since) = both(nip, client_since)?;
    Ok(Profile { name: company.display_name, nip, client_since, brands: company.brands })
}

/// Sites with their hours.
pub(super) fn sites(sites: &[pb::Site]) -> Result<Vec<Site>, Refusal> {
    let mut violations = Vec::new();
    let sites: Vec<Site> = sites
        .iter()
        .enumerate()
        .filter_map(|(i, site)| {
            let hours = hours(&format!("sites[{i}]"), site).map_err(|v| violations.extend(v)).ok()?;
            Some(Site { name: site.display_name.clone(), hours })
        })
        .collect();
    Refusal::unless_empty(violations)?;
    Ok(sites)
}

fn hours(field: &str, site: &pb::Site) -> Result<WorkingHours, Vec<Violation>> {
    let mut violations = Vec::new();
    let text = |hours: &pb::OpenHours| format!("{}-{}", hours.opens, hours.closes);
    let mut weekly = Vec::new();
    for (i, hours) in site.hours.iter().enumerate() {
        match i8::try_from(hours.weekday).ok().and_then(|n| Weekday::from_monday_one_offset(n).ok()) {
            Some(weekday) => weekly.push((weekday, text(hours))),
            None => {
                let field = format!("{field}.hours[{i}].weekday");
                violations.push(invalid(
                    field,
                    hours.weekday,
                    words("1 (Monday) to 7 (Sunday)", "od 1 (poniedziałek) do 7 (niedziela)"),
                ));
            }
        }
    }
    let mut exceptions = Vec::new();
    for (i, exception) in site.exceptions.iter().enumerate() {
        match day(format!("{field}.exceptions[{i}].day"), &exception.day) {
            Ok(day) => exceptions.push((day, exception.hours.iter().map(text).collect::<Vec<_>>())),
            Err(violation) => violations.push(violation),
        }
    }
    let weekly: Vec<_> = weekly.iter().map(|(day, text)| (*day, text.as_str())).collect();
    let texts: Vec<Vec<&str>> =
        exceptions.iter().map(|(_, texts)| texts.iter().map(String::as_str).collect()).collect();
    let dated: Vec<_> =
        exceptions.iter().zip(&texts).map(|((day, _), texts)| (*day, texts.as_slice())).collect();
    match WorkingHours::parse(&weekly, &dated) {
        Ok(hours) if violations.is_empty() => Ok(hours),
        Ok(_) => Err(violations),
        Err(e) => {
            let problems =
                e.0.into_iter()
                    .map(|p| invalid(format!("{field}.hours"), p.day, words(p.problem, p.problem_pl)));
            violations.extend(problems);
            Err(violations)
        }
    }
}

/// Both lists of what is stopped.
pub(super) fn systems(systems: Vec<pb::System>, applications: Vec<pb::System>) -> SystemLists {
    let items = |systems: Vec<pb::System>| systems.into_iter().map(item).collect();
    SystemLists { systems: items(systems), applications: items(applications) }
}

fn item(system: pb::System) -> StopItem {
    let pb::System { key, name, owner } = system;
    StopItem { key, name, owner }
}

/// A contact's card and roles.
pub(super) fn card(contact: pb::Contact) -> Result<(Card, Roles), Refusal> {
    let mut violations = Vec::new();
    let language = match contact.language.as_str() {
        "pl" => Language::Pl,
        "en" => Language::En,
        other => {
            violations.push(invalid("language", other, words("pl or en", "pl lub en")));
            Language::default()
        }
    };
    let mut roles = Roles::default();
    for role in contact.roles {
        match pb::ContactRole::try_from(role) {
            Ok(pb::ContactRole::Technical) => roles.technical = true,
            Ok(pb::ContactRole::Decision) => roles.decision = true,
            Ok(pb::ContactRole::Unspecified) | Err(_) => {
                violations.push(invalid("roles", role, "CONTACT_ROLE_TECHNICAL, CONTACT_ROLE_DECISION"));
            }
        }
    }
    // What is no address is refused as it was written.
    let email = email::read(&contact.email).unwrap_or(contact.email);
    let card = Card { name: contact.display_name, email, phone: contact.phone, language };
    if !violations.is_empty() {
        violations.extend(card.violations());
    }
    Refusal::unless_empty(violations)?;
    Ok((card, roles))
}

/// The first and the last day of a closure.
pub(super) fn closure_days(first: &str, last: &str) -> Result<(Date, Date), Refusal> {
    both(day("first_day", first), day("last_day", last))
}

/// Both, or what is wrong with either.
fn both<A, B>(a: Result<A, Violation>, b: Result<B, Violation>) -> Result<(A, B), Refusal> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (a, b) => Err(Refusal::unless_empty(a.err().into_iter().chain(b.err()).collect())
            .expect_err("one of them is wrong")),
    }
}

fn day(field: impl Into<String>, text: &str) -> Result<Date, Violation> {
    read_day(text).map_err(|allowed| invalid(field, text, allowed))
}

fn invalid(field: impl Into<String>, asked: impl Into<Words>, allowed: impl Into<Words>) -> Violation {
    Violation::new(ErrorReason::InvalidArgument).field(field).asked(asked).allowed(allowed)
}
