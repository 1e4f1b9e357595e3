//! Who the company is: name, tax id, since when a client, and its brands.

use std::collections::BTreeSet;

use jiff::civil::Date;
use platform::actor::Actor;
use platform::id::CompanyId;
use proto::common::v1::ErrorReason;
use proto::refusal::{Refusal, Violation, words};
use serde::{Deserialize, Serialize};

use super::hours::site_violations;
use super::{Company, CompanyEvent, Nip, Site, permit};
use crate::brands::Brands;
use crate::project::checks::is_short_line;

/// The facts of a company, as the CRM keeps them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    pub name: String,
    pub nip: Nip,
    /// Day since which it is SOFTVIG's client; none if it is not (`OFFER_FOR_CLIENTS_ONLY`).
    pub client_since: Option<Date>,
    /// Manufacturer brands by key, in the order in which they were given.
    pub brands: Vec<String>,
}

impl Profile {
    fn violations(&self, known: &Brands) -> Vec<Violation> {
        let mut violations = Vec::new();
        if self.name.trim().is_empty() || !is_short_line(&self.name) {
            let violation =
                Violation::new(ErrorReason::InvalidArgument).field("display_name").asked(&self.name);
            violations.push(violation.allowed(words(
                "a name in one line, up to 200 characters",
                "nazwa w jednym wierszu, do 200 znaków",
            )));
        }
        let mut seen = BTreeSet::new();
        for key in self.brands.iter().filter(|key| known.get(key).is_none() || !seen.insert(key.as_str())) {
            let keys: Vec<&str> = known.all().iter().map(|brand| brand.key.as_str()).collect();
            let violation = Violation::new(ErrorReason::InvalidArgument).field("brands").asked(key);
            let keys = keys.join(", ");
            violations.push(
                violation
                    .allowed(words(format!("each once of {keys}"), format!("każda raz, spośród: {keys}"))),
            );
        }
        violations
    }
}

impl Company {
    /// A new company; its sites may follow later. By the CRM.
    pub fn register(
        id: CompanyId,
        profile: Profile,
        sites: Vec<Site>,
        known: &Brands,
        actor: &Actor,
    ) -> Result<(Self, Vec<CompanyEvent>), Refusal> {
        permit::crm(actor)?;
        let mut violations = profile.violations(known);
        violations.extend(site_violations(&sites));
        Refusal::unless_empty(violations)?;
        let company =
            Self { id, profile, sites, closures: Vec::new(), system_lists: None, contacts: Vec::new() };
        Ok((company, vec![CompanyEvent::Registered]))
    }

    /// Replaces the facts. By the CRM.
    pub fn update(
        &mut self,
        profile: Profile,
        known: &Brands,
        actor: &Actor,
    ) -> Result<Vec<CompanyEvent>, Refusal> {
        permit::crm(actor)?;
        Refusal::unless_empty(profile.violations(known))?;
        if self.profile == profile {
            return Ok(Vec::new());
        }
        let old = std::mem::replace(&mut self.profile, profile);
        let less = |these: &[String], those: &[String]| -> Vec<String> {
            these.iter().filter(|key| !those.contains(key)).cloned().collect()
        };
        let added = less(&self.profile.brands, &old.brands);
        let dropped = less(&old.brands, &self.profile.brands);
        let brands = !added.is_empty() || !dropped.is_empty();
        let changed = brands.then_some(CompanyEvent::BrandsChanged { added, dropped });
        Ok([CompanyEvent::ProfileChanged].into_iter().chain(changed).collect())
    }
}
