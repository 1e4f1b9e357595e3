//! The company and its contacts as the contract shows them.

use calendar::Hours;
use jiff::civil::Weekday;
use platform::{actor::Roles, clock, etag, id::CompanyId};
use proto::scheduling::v1 as pb;

use super::{Address, Closure, Company, Contact, ContactState, Site, contact_name, resource_name};
use crate::{
    project::stops::StopItem,
    variants::{Demand, DemandKind, Variant},
};

/// The whole resource but its contacts, which are resources of their own.
pub(super) fn company(company: &Company) -> pb::Company {
    let profile = &company.profile;
    let lists = company.system_lists.clone().unwrap_or_default();
    pb::Company {
        name: resource_name(company.id),
        display_name: profile.name.clone(),
        tax_id: profile.nip.to_string(),
        client_since: profile.client_since.map(|day| day.to_string()).unwrap_or_default(),
        brands: profile.brands.clone(),
        sites: company.sites.iter().map(site).collect(),
        closures: company.closures.iter().map(closure).collect(),
        systems: lists.systems.into_iter().map(system).collect(),
        applications: lists.applications.into_iter().map(system).collect(),
        systems_stated: company.system_lists.is_some(),
        etag: etag::of(&facts(company)),
    }
}

/// What a company's etag covers: everything but its contacts, who have their own.
pub(super) fn facts(company: &Company) -> impl serde::Serialize {
    (&company.profile, &company.sites, &company.closures, &company.system_lists)
}

fn site(site: &Site) -> pb::Site {
    let week = Weekday::Monday.cycle_forward().take(7);
    let hours = week.flat_map(|day| {
        let weekday = day.to_monday_one_offset().into();
        site.hours.regular(day).iter().map(move |hours| open_hours(weekday, hours))
    });
    let exceptions = site.hours.exceptions().iter().map(|(day, hours)| pb::HoursException {
        day: day.to_string(),
        hours: hours.iter().map(|hours| open_hours(0, hours)).collect(),
    });
    pb::Site { display_name: site.name.clone(), hours: hours.collect(), exceptions: exceptions.collect() }
}

fn open_hours(weekday: i32, hours: &Hours) -> pb::OpenHours {
    pb::OpenHours { weekday, opens: hours.start().to_string(), closes: hours.end().to_string() }
}

fn closure(closure: &Closure) -> pb::Closure {
    pb::Closure {
        first_day: closure.first.to_string(),
        last_day: closure.last.to_string(),
        note: closure.note.clone(),
    }
}

fn system(item: StopItem) -> pb::System {
    let StopItem { key, name, owner } = item;
    pb::System { key, name, owner }
}

/// A contact; without personal data once that is removed.
pub(super) fn contact(company: CompanyId, contact: &Contact) -> pb::Contact {
    let card = contact.card();
    let undeliverable_since = match contact.active().map(|active| active.address) {
        Some(Address::Undeliverable { since }) => Some(clock::to_wire(since)),
        Some(Address::Deliverable) | None => None,
    };
    pb::Contact {
        name: contact_name(company, contact.id),
        display_name: card.map(|card| card.name.clone()).unwrap_or_default(),
        email: card.map(|card| card.email.clone()).unwrap_or_default(),
        phone: card.map(|card| card.phone.clone()).unwrap_or_default(),
        language: card.map(|card| card.language.key().to_owned()).unwrap_or_default(),
        roles: roles(contact.roles()),
        state: contact_state(contact).into(),
        successor: contact.successor().map(|id| contact_name(company, id)).unwrap_or_default(),
        undeliverable_since,
        etag: etag::of(contact),
    }
}

pub(super) fn roles(roles: Roles) -> Vec<i32> {
    let technical = roles.technical.then_some(pb::ContactRole::Technical);
    let decision = roles.decision.then_some(pb::ContactRole::Decision);
    technical.into_iter().chain(decision).map(i32::from).collect()
}

pub(super) fn contact_state(contact: &Contact) -> pb::ContactState {
    match contact.state {
        ContactState::Active(_) => pb::ContactState::Active,
        ContactState::Left { .. } => pb::ContactState::Left,
        ContactState::Anonymised { .. } => pb::ContactState::Anonymised,
    }
}

/// An entry of the catalogue.
pub(super) fn variant(variant: &Variant) -> pb::Variant {
    pb::Variant {
        key: variant.key.clone(),
        display_name_pl: variant.name.pl.clone(),
        display_name_en: variant.name.en.clone(),
        description_pl: variant.description.pl.clone(),
        description_en: variant.description.en.clone(),
        demands: variant.demands.iter().map(demand).collect(),
        licence_kind_required: variant.licence_kind_required,
        documentation_uri: variant.documentation.clone(),
        planned_duration_hours: variant.planned_duration_hours.into(),
        rollback_reserve_hours: variant.rollback_reserve_hours.into(),
        migration_buffer_days: variant.migration_buffer_days.into(),
    }
}

fn demand(demand: &Demand) -> pb::VariantDemand {
    pb::VariantDemand {
        key: demand.key.clone(),
        display_name: Some(demand.name.clone().into()),
        licence: demand.kind == DemandKind::Licence,
    }
}
