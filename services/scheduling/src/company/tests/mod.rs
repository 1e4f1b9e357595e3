//! Every rule of the company, by its name.

mod contacts;
mod gdpr;
mod hours;
mod profile;

use jiff::Timestamp;
use jiff::civil::Date;
use platform::actor::{Actor, Roles, SoftvigRole};
use platform::id::{CompanyId, ContactId};
use proto::common::v1::ErrorReason;
use proto::refusal::Refusal;

use super::{Card, Company, CompanyEvent, Language, Profile, Site};
use crate::brands::Brands;

pub const TECHNICAL: Roles = Roles { technical: true, decision: false };
pub const DECISION: Roles = Roles { technical: false, decision: true };
pub const BOTH: Roles = Roles { technical: true, decision: true };

pub fn day(s: &str) -> Date {
    s.parse().expect(s)
}

pub fn noon(s: &str) -> Timestamp {
    format!("{s}T11:00:00Z").parse().expect(s)
}

pub fn crm() -> Actor {
    Actor::Softvig { subject: "crm".into(), role: SoftvigRole::Crm }
}

pub fn operator() -> Actor {
    Actor::Softvig { subject: "ola".into(), role: SoftvigRole::Operator }
}

pub fn auditor() -> Actor {
    Actor::Softvig { subject: "adam".into(), role: SoftvigRole::Auditor }
}

pub fn acting(id: ContactId, roles: Roles) -> Actor {
    Actor::Contact { id, roles }
}

/// The n-th contact of a test.
pub fn id(n: u128) -> ContactId {
    uuid::Uuid::from_u128(n).into()
}

pub fn card(first: &str) -> Card {
    Card {
        name: format!("{first} Nowak"),
        email: format!("{}@auto-nowak.pl", first.to_lowercase()),
        phone: "+48 22 123 45 67".into(),
        language: Language::Pl,
    }
}

pub fn profile() -> Profile {
    Profile {
        name: "Auto Nowak".into(),
        nip: "5260250274".parse().expect("a valid NIP"),
        client_since: Some(day("2015-04-01")),
        brands: vec!["vw".into(), "skoda".into(), "volvo".into()],
    }
}

pub fn registered(sites: Vec<Site>) -> Company {
    let id = CompanyId(uuid::Uuid::from_u128(100));
    Company::register(id, profile(), sites, &Brands::shipped(), &crm()).expect("allowed").0
}

/// With Anna (technical, id 1) and Jan (decision, id 2).
pub fn with_contacts() -> Company {
    let mut company = registered(Vec::new());
    company.add_contact(id(1), card("Anna"), TECHNICAL, noon("2026-11-16"), &crm()).expect("allowed");
    company.add_contact(id(2), card("Jan"), DECISION, noon("2026-11-16"), &crm()).expect("allowed");
    company
}

/// Expects a refusal for this reason, and that nothing changed.
pub fn refused(
    company: &mut Company,
    reason: ErrorReason,
    command: impl FnOnce(&mut Company) -> Result<Vec<CompanyEvent>, Refusal>,
) -> Refusal {
    let before = company.clone();
    let refusal = command(company).expect_err("refused");
    assert_eq!(refusal.reason(), reason, "{refusal}");
    assert_eq!(*company, before, "a refusal changes nothing");
    refusal
}
